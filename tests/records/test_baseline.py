"""A baseline keeps what nobody measured, and is never half written."""

from __future__ import annotations

import multiprocessing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from made_runs import case, evaluation, run

from pytest_vlmsight.records.baseline import (
    Update,
    file_name,
    merge,
    read_baseline,
    update_baseline,
)
from pytest_vlmsight.records.errors import RecordError
from pytest_vlmsight.records.run_file import run_text, write_run

if TYPE_CHECKING:
    from pytest_vlmsight.records.run import Run

TASKS = ("a", "b", "c", "d")


def measured(*tasks: str, model: str = "m", seed: int = 0) -> Run:
    evaluations = [evaluation(model=model, task=task, seed=seed) for task in tasks]
    cases = [case(one, gate) for one in evaluations for gate in ("blind", "ceiling")]
    return run(*evaluations, cases=cases)


def shares(baseline: Run | None) -> dict[str, float]:
    """Task → share of right answers."""
    assert baseline is not None
    return {one.task: one.sighted.scores(one.gold).mean() for one in baseline.evaluations}


# -- names of files -------------------------------------------------------------------------------


@given(st.text())
@example("../../etc/passwd")
@example("..")
@example(".ssh/config")
@example("a\0b\n")
@example("x" * 400)
@example("C:\\evil")
@example("")
@example("step-\udcff\ud800")
def test_no_name_of_a_model_leaves_the_folder_or_hides(model: str) -> None:
    name = file_name(model)
    assert Path("base", name).resolve().parent == Path("base").resolve()
    assert not name.startswith(".")
    assert name.endswith(".json")
    assert len(name) < 120
    assert name.isascii()
    assert name.isprintable()
    assert not set(name) & set(r"\/:*?|<> ")


@given(st.lists(st.text("aA/.-_ é", max_size=6), unique=True))
def test_models_never_share_a_file_also_where_capitals_are_not_told_apart(
    models: list[str],
) -> None:
    assert len({file_name(model).lower() for model in models}) == len(models)


def test_plain_names_are_kept() -> None:
    assert file_name("llava-1.5") == "llava-1.5.json"
    assert file_name("Qwen/Qwen2.5-VL").startswith("qwen_qwen2.5-vl-")


# -- merging --------------------------------------------------------------------------------------


def test_first_run_is_the_baseline() -> None:
    new = measured("a", "b")
    merged, update = merge(None, new, model="m", tasks=TASKS, overwrite=False)
    assert merged == new
    assert update == Update(added=("a", "b"))


@given(
    before=st.sets(st.sampled_from(TASKS)),
    after=st.sets(st.sampled_from(TASKS)),
    taken=st.sets(st.sampled_from(TASKS)),
    overwrite=st.booleans(),
)
def test_partial_runs_never_delete_and_replace_only_what_they_measured(
    *, before: set[str], after: set[str], taken: set[str], overwrite: bool
) -> None:
    old, new = measured(*sorted(before), seed=1), measured(*sorted(after), seed=2)
    merged, update = merge(old, new, model="m", tasks=taken, overwrite=overwrite)
    assert set(shares(merged)) == before | (after & taken)
    assert set(update.added) == (after & taken) - before
    assert set(update.replaced) == (after & taken & before if overwrite else set())
    assert set(update.kept) == before - set(update.replaced)
    for task, share in shares(merged).items():
        source = old if task in update.kept else new
        assert share == shares(source)[task]
    assert {one.task for one in merged.cases} == set(shares(merged))


def test_other_models_of_a_run_are_left_out() -> None:
    both = run(*measured("a").evaluations, *measured("a", "b", model="other").evaluations)
    merged, update = merge(None, both, model="m", tasks=TASKS, overwrite=True)
    assert merged.models == ("m",)
    assert update.added == ("a",)


def test_kept_tasks_take_the_name_and_tell_what_they_were_measured_on() -> None:
    old = run(evaluation(model="step-1", task="a", provenance={"source": "step-1"}))
    merged, _ = merge(old, measured("b", model="step-2"), model="step-2", tasks="b", overwrite=True)
    assert merged.models == ("step-2",)
    assert {one.task: one.provenance["source"] for one in merged.evaluations}["a"] == "step-1"
    assert "vlmsight::step-2::a::blind" in {one.id for one in merged.cases}


def test_what_was_said_against_the_baseline_before_is_left_out() -> None:
    one = evaluation(model="m", task="a")
    new = run(one, cases=[case(one, gate) for gate in ("blind", "regression")])
    merged, _ = merge(None, new, model="m", tasks=TASKS, overwrite=True)
    assert [case.gate for case in merged.cases] == ["blind"]


# -- files ----------------------------------------------------------------------------------------


def test_file_is_made_with_its_folder_and_read_back(tmp_path: Path) -> None:
    path = tmp_path / "vlmsight" / "model.json"
    assert read_baseline(path) is None
    update_baseline(path, measured("a"), model="m", tasks=TASKS, overwrite=False)
    assert read_baseline(path) is not None
    assert path.read_text() == run_text(measured("a"))
    assert list(path.parent.iterdir()) == [path]


def test_file_is_left_alone_where_nothing_is_new(tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    update_baseline(path, measured("a"), model="m", tasks=TASKS, overwrite=False)
    before = path.stat()
    update = update_baseline(path, measured("a", seed=3), model="m", tasks=TASKS, overwrite=False)
    assert update == Update(kept=("a",))
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == (before.st_mtime_ns, before.st_ino)


def write(path: str, task: str) -> None:
    """What a process of its own does."""
    update_baseline(Path(path), measured(task), model="m", tasks=[task], overwrite=True)


def test_writers_at_the_same_time_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    spawn = multiprocessing.get_context("spawn")
    writers = [spawn.Process(target=write, args=(str(path), task)) for task in TASKS]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(120)
    assert [writer.exitcode for writer in writers] == [0] * len(TASKS)
    assert set(shares(read_baseline(path))) == set(TASKS)
    assert list(tmp_path.iterdir()) == [path]


def test_several_models_are_no_baseline(tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    several = run(evaluation(model="m\x1b"), evaluation(model="n"))
    write_run(several, path)
    with pytest.raises(RecordError, match=r"has 2 models \(m\\x1b, n\), a baseline has one: give"):
        read_baseline(path)


def test_broken_baseline_is_refused_and_stays_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    text = run_text(measured("a"))[:500]
    path.write_text(text)
    with pytest.raises(RecordError, match="is no JSON"):
        update_baseline(path, measured("b"), model="m", tasks=TASKS, overwrite=True)
    assert path.read_text() == text
    assert list(tmp_path.iterdir()) == [path]


def test_place_that_is_no_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    path = tmp_path / "file" / "model.json"
    with pytest.raises(RecordError, match=r"cannot be written: .*; nothing there was changed"):
        update_baseline(path, measured("b"), model="m", tasks=TASKS, overwrite=True)


def test_full_disk_leaves_the_baseline_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import errno
    import os

    path = tmp_path / "model.json"
    write_run(measured("a"), path)
    before = path.read_bytes()

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(RecordError, match="No space left on device; nothing there was changed"):
        update_baseline(path, measured("b"), model="m", tasks=TASKS, overwrite=True)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_kept_evaluations_are_the_same_to_the_last_digit(tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    write_run(measured("a"), path)
    write(str(path), "b")
    baseline = read_baseline(path)
    assert baseline is not None
    kept = next(one for one in baseline.evaluations if one.task == "a")
    alone = replace(baseline, evaluations=(kept,), cases=())
    assert run_text(alone) == run_text(replace(measured("a"), cases=()))
