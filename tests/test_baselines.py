"""Which file a model is compared with, and what a run may do to it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from made_runs import evaluation, old_and_new, run

from pytest_vlmsight.baselines import (
    Baselines,
    NoBaselineError,
    on_ci,
    open_baselines,
)
from pytest_vlmsight.records.baseline import read_baseline
from pytest_vlmsight.records.errors import RecordError
from pytest_vlmsight.records.run_file import run_plain, write_run
from pytest_vlmsight.regression import Status
from pytest_vlmsight.settings import GateSettings, Settings

if TYPE_CHECKING:
    from pathlib import Path

COMMAND = ("--vlm=m", "--vlm-tasks=my tasks/*", "--vlm-baseline=b.json")


def opened(
    folder: Path,
    baseline: str | None = "b.json",
    *,
    models: tuple[str, ...] = ("m",),
    ci: bool = False,
    update: bool = False,
    update_new: bool = False,
    command: tuple[str, ...] = COMMAND,
) -> Baselines:
    settings = Settings(baseline=baseline, update=update, update_new=update_new)
    found = open_baselines(settings, models=models, folder=folder, command=command, ci=ci)
    assert found is not None
    return found


def known(folder: Path) -> None:
    """A baseline with the task "one"."""
    write_run(run(old_and_new(n=400, b=0, c=0)[0]), folder / "b.json")


def compared(baselines: Baselines, b: int, c: int, *, seed: int = 0) -> Status:
    return said(baselines, b, c, seed=seed)[0]


def said(baselines: Baselines, b: int, c: int, *, seed: int = 0) -> tuple[Status, str]:
    """Status and text of the task "one" with b items won and c lost against ``known``."""
    old, new = old_and_new(n=400, b=b, c=c)
    if baselines.of["m"].run is not None:
        write_run(run(old), baselines.of["m"].path)
        fresh = read_baseline(baselines.of["m"].path)
        baselines = replace(baselines, of={"m": replace(baselines.of["m"], run=fresh)})
    new = replace(new, model="m", provenance={**new.provenance, "seed": seed or None})
    found = baselines.compare("m", new, gate=GateSettings(), tests=3)
    return found.status, baselines.told("m", found)


# -- places ---------------------------------------------------------------------------------------


def test_without_a_baseline_there_is_none(tmp_path: Path) -> None:
    assert open_baselines(Settings(), models=["m"], folder=tmp_path, command=(), ci=False) is None


def test_file_is_looked_for_where_pytest_was_started(tmp_path: Path) -> None:
    known(tmp_path)
    (baseline,) = opened(tmp_path).of.values()
    assert baseline.path == tmp_path / "b.json"
    assert baseline.run is not None
    assert baseline.evaluation("one") is not None
    assert baseline.evaluation("two") is None
    assert str(baseline) == "baseline b.json: 1 task(s), written 2026-11-26T10:00:00+00:00"


@pytest.mark.parametrize("typed", ["lines/", "lines"])
def test_folder_has_a_file_for_each_model(tmp_path: Path, typed: str) -> None:
    if typed == "lines":
        (tmp_path / "lines").mkdir()
    of = opened(tmp_path, typed, models=("llava-1.5", "../x")).of
    assert of["llava-1.5"].path == tmp_path / "lines" / "llava-1.5.json"
    assert of["llava-1.5"].shown == "lines/llava-1.5.json"
    assert of["../x"].path.parent == tmp_path / "lines"
    assert not (tmp_path / "lines" / "llava-1.5.json").exists()


def test_one_file_is_not_for_two_models(tmp_path: Path) -> None:
    with pytest.raises(
        RecordError, match=r"2 models \(m, n\) and one file; give a folder.*b.json/"
    ):
        opened(tmp_path, models=("m", "n"))


def test_update_without_a_baseline_is_refused(tmp_path: Path) -> None:
    for how, flag in (({"update": True}, "--vlm-update:"), ({"update_new": True}, "-new:")):
        with pytest.raises(RecordError, match=f"{flag} there is nothing to update"):
            opened(tmp_path, None, **how)  # type: ignore[arg-type]


def test_what_cannot_be_read_is_named_with_the_option(tmp_path: Path) -> None:
    (tmp_path / "b.json").write_text("<<<<<<< HEAD\n")
    with pytest.raises(RecordError, match=r"^--vlm-baseline=b.json: .*b.json is no JSON"):
        opened(tmp_path)


def test_newer_form_is_refused(tmp_path: Path) -> None:
    import json

    plain = {**run_plain(run(evaluation())), "schema_version": 99}
    (tmp_path / "b.json").write_text(json.dumps(plain))
    with pytest.raises(RecordError, match="schema version 99"):
        opened(tmp_path)


def test_place_that_cannot_be_written_is_found_before_anything_is_measured(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RecordError, match="file is no folder"):
        opened(tmp_path, "file/b.json")
    opened(tmp_path, "new/folders/b.json")
    assert not (tmp_path / "new").exists()


# -- what a run does ------------------------------------------------------------------------------


def test_missing_baseline_is_an_error_on_ci_that_says_how_to_make_it(tmp_path: Path) -> None:
    baselines = opened(tmp_path, ci=True)
    assert not baselines.writes("m")
    with pytest.raises(NoBaselineError) as caught:
        baselines.demand("m")
    first, command = str(caught.value).split(":\n")
    assert first.startswith("there is no baseline b.json, and CI keeps no file")
    assert command == (
        "pytest --vlm=m '--vlm-tasks=my tasks/*' --vlm-baseline=b.json --vlm-update-new"
    )


@pytest.mark.parametrize("how", [{"update": True}, {"update_new": True}])
def test_missing_baseline_is_made_on_ci_where_asked_for(
    tmp_path: Path, how: dict[str, bool]
) -> None:
    baselines = opened(tmp_path, ci=True, **how)  # type: ignore[arg-type]
    baselines.demand("m")
    assert baselines.writes("m")
    assert said(baselines, 0, 0) == (
        Status.NEW,
        "it is not in the old record, so there is nothing to compare with; it is added to b.json",
    )


def test_missing_baseline_is_made_by_the_first_run_elsewhere(tmp_path: Path) -> None:
    baselines = opened(tmp_path)
    baselines.demand("m")
    assert baselines.writes("m")
    status, text = said(baselines, 0, 0)
    assert status is Status.NEW
    assert text.startswith("there was no baseline b.json: this run writes it.")
    assert str(baselines.of["m"]) == "baseline b.json: there is none yet"


def test_baseline_that_is_there_is_only_read(tmp_path: Path) -> None:
    known(tmp_path)
    baselines = opened(tmp_path)
    assert not baselines.writes("m")
    assert compared(baselines, 4, 4) is Status.PASS


def test_every_status_says_what_to_do_next(tmp_path: Path) -> None:
    known(tmp_path)
    baselines = opened(tmp_path)
    update = f"pytest --vlm=m '{COMMAND[1]}' {COMMAND[2]} --vlm-update"
    status, text = said(baselines, 40, 4)
    assert status is Status.IMPROVED
    assert text.endswith(f"the baseline is stale. Update it: {update}")
    status, text = said(baselines, 0, 0, seed=1)
    assert status is Status.INCOMPARABLE
    assert text.endswith(f"seed none → 1. If meant, update it: {update}")
    found = baselines.compare("m", evaluation(task="two"), gate=GateSettings(), tests=3)
    assert found.status is Status.NEW
    assert baselines.told("m", found) == (f"it is not in the baseline b.json. Add it: {update}-new")
    status, text = said(baselines, 4, 60)
    assert status is Status.REGRESSED
    assert "pytest" not in text


def test_update_is_told_with_what_would_have_been_said(tmp_path: Path) -> None:
    known(tmp_path)
    baselines = opened(tmp_path, update=True, command=(*COMMAND, "--vlm-update"))
    for b, c, seed in ((4, 60, 0), (0, 0, 1), (40, 4, 0)):
        assert said(baselines, b, c, seed=seed)[1].endswith("; it is replaced in b.json")
    assert baselines.command_with("--vlm-update").count("--vlm-update") == 1


def test_adding_tasks_accepts_no_other_change(tmp_path: Path) -> None:
    known(tmp_path)
    baselines = opened(tmp_path, update_new=True)
    for task, accepted in (("one", False), ("two", True)):
        found = baselines.compare("m", evaluation(task=task), gate=GateSettings(), tests=3)
        assert baselines.accepts(found) is accepted


# -- what is written ------------------------------------------------------------------------------


def test_first_run_writes_the_tasks_whose_cases_failed_for_it(tmp_path: Path) -> None:
    from made_runs import case

    baselines = opened(tmp_path)
    one, two = evaluation(model="m", task="one"), evaluation(model="m", task="two")
    cases = [case(one, "regression"), case(two, "blind")]
    told = baselines.write("m", run(one, two, cases=cases))
    assert told == ["b.json: added one"]


def test_update_writes_all_that_was_measured_and_new_tasks_only_are_added(tmp_path: Path) -> None:
    known(tmp_path)
    measured = run(*(evaluation(model="m", task=task, seed=5) for task in ("one", "two")))
    added = opened(tmp_path, update_new=True).write("m", measured)
    assert added == ["b.json: added two; kept one"]
    assert opened(tmp_path, update_new=True).write("m", measured) == (["b.json: kept one, two"])
    replaced = opened(tmp_path, update=True).write("m", measured)
    assert replaced == ["b.json: replaced one, two"]


def test_what_another_run_wrote_meanwhile_is_kept(tmp_path: Path) -> None:
    """Baselines are read when a run starts, and written hours later to what is there then."""
    early = opened(tmp_path, update=True)
    for baselines, task in ((opened(tmp_path, update=True), "two"), (early, "one")):
        baselines.write("m", run(evaluation(model="m", task=task)))
    (baseline,) = opened(tmp_path).of.values()
    assert baseline.evaluation("one") is not None
    assert baseline.evaluation("two") is not None


# -- where it runs --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "ci"),
    [
        (None, False),
        ("", False),
        ("0", False),
        ("False", False),
        ("true", True),
        ("1", True),
        ("woodpecker", True),
    ],
)
def test_environment_says_whether_it_is_ci(
    monkeypatch: pytest.MonkeyPatch, value: str | None, *, ci: bool
) -> None:
    monkeypatch.delenv("CI", raising=False)
    if value is not None:
        monkeypatch.setenv("CI", value)
    assert on_ci() is ci


def test_run_that_measured_nothing_writes_nothing(tmp_path: Path) -> None:
    told = opened(tmp_path, "new/b.json", update=True).write("m", run())
    assert told == ["new/b.json: nothing was measured for it"]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("typed", ["x" * 300 + ".json", "~nobody-of-this-name/b.json"])
def test_path_that_cannot_be_looked_up_is_refused(tmp_path: Path, typed: str) -> None:
    with pytest.raises(RecordError, match=f"^--vlm-baseline={typed}: "):
        opened(tmp_path, typed)
