"""--vlm-baseline: a case of its own for each task, and who may change the file."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from made_runs import evaluation, run
from plugin_fixtures import fill_up
from web_page import web_page

from pytest_vlmsight.cli import main
from pytest_vlmsight.records.baseline import read_baseline
from pytest_vlmsight.records.run_file import read_run, write_run

if TYPE_CHECKING:
    from plugin_fixtures import RunSuite

    from pytest_vlmsight.records.run import Run

# 32 items cannot show less than a loss of ten points.
HOW = ("--vlm-drop=.1", "--vlm-baseline=base/model.json")
TINY = ("--vlm-tasks=tiny", *HOW)
CASE = "vlmsight::oracle::tiny::regression"


@pytest.fixture(autouse=True)
def somewhere_else_than_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)


def baseline(folders: Path) -> Run:
    found = read_baseline(folders / "base" / "model.json")
    assert found is not None
    return found


def tasks(run: Run) -> list[str]:
    return [one.task for one in run.evaluations]


def words(text: str) -> str:
    return " ".join(text.split())


def test_first_run_makes_the_baseline_and_later_ones_are_held_to_it(
    run_suite: RunSuite, folders: Path
) -> None:
    first = run_suite("--vlm=./oracle", *TINY)
    assert first.code == pytest.ExitCode.TESTS_FAILED
    assert list(first.outcomes.values()) == ["passed", "passed", "failed"]
    assert "NEW: there was no baseline base/model.json: this run writes it." in words(
        first.reasons[CASE]
    )
    assert "vlmsight: baseline: base/model.json: added tiny" in first.out
    assert tasks(baseline(folders)) == ["tiny"]
    written = (folders / "base" / "model.json").read_bytes()

    again = run_suite("--vlm=oracle", *TINY)
    assert again.code == pytest.ExitCode.OK
    assert again.told[CASE]["vlm_baseline_status"] == "pass"
    assert again.told[CASE]["vlm_verdict"] == "PASS"
    assert any("3 gates" in line for line in again.out)
    assert any(
        line.startswith("vlmsight: baseline base/model.json: 1 task(s), ") for line in again.out
    )

    # The same line of checkpoints, trained until it says A whatever it is asked.
    outputs = ("--vlm-json=run.json", "--vlm-report=run.html")
    lost = run_suite("--vlm=always_a", *TINY, *outputs)
    case = CASE.replace("oracle", "always_a")
    assert lost.outcomes[case] == "failed"
    assert lost.reasons[case].startswith("FAIL: 100.0% → 25.0%: difference -75.0 points [")
    assert "also differs: source " in words(lost.reasons[case])
    told = lost.told[case]
    assert (told["vlm_baseline"], told["vlm_baseline_status"]) == ("base/model.json", "regressed")
    assert (told["vlm_baseline_old"], told["vlm_baseline_new"]) == (1.0, 0.25)
    assert told["vlm_baseline_difference"] == told["vlm_estimate"] == -0.75
    block = lost.section("vlmsight")
    start = block.index("against baseline base/model.json:")
    assert block[start + 2].startswith("tiny                100.0  25.0  -75.0 [")
    assert block[start + 2].endswith("REGRESSED")
    text = (folders / "run.html").read_text("utf-8")
    (row,) = web_page(text).one("table", class_="compared").one("tbody").all("tr")
    assert row.text.startswith("tiny REGRESSED 100.0 25.0 -75.0 [")
    assert row.text.endswith(" 24 0 32 FAIL")
    assert words(str(told["vlm_reason"])) in web_page(text).text
    # The record tells the same, whatever command makes the report.
    assert read_run(folders / "run.json").gates == 3
    assert main(["report", "run.json", "-o", "again.html", "--baseline=base/model.json"]) == 0
    (again_row,) = (
        web_page((folders / "again.html").read_text("utf-8"))
        .one("table", class_="compared")
        .one("tbody")
        .all("tr")
    )
    assert again_row.text == row.text
    assert all(len(line) <= 80 for line in block[: start + 5])
    assert (folders / "base" / "model.json").read_bytes() == written
    assert not list((folders / "base").glob(".*"))


def test_baseline_holds_no_path_of_the_machine_and_a_moved_checkpoint_is_the_same(
    run_suite: RunSuite, folders: Path, tmp_path: Path
) -> None:
    run_suite("--vlm=./oracle", *TINY)
    written = (folders / "base" / "model.json").read_text()
    for path in (folders, (folders / "oracle").resolve().parent, Path.home()):
        assert str(path) not in written
    (before,) = baseline(folders).evaluations
    assert before.provenance["source"] == "oracle"

    elsewhere = shutil.copytree(folders / "oracle", tmp_path / "elsewhere" / "step-2000")
    case = CASE.replace("oracle", str(elsewhere))
    moved = run_suite(f"--vlm={elsewhere}", *TINY)
    assert moved.told[case]["vlm_baseline_status"] == "pass"
    assert moved.told[case]["vlm_baseline_besides"] == "source oracle → step-2000"

    # What earlier versions wrote of the source is read, and is in nobody's way.
    old = replace(before, provenance={**before.provenance, "source": "/models/oracle"})
    write_run(run(old), folders / "base" / "model.json")
    again = run_suite("--vlm=./oracle", *TINY)
    assert again.told[CASE]["vlm_baseline_status"] == "pass"
    assert again.told[CASE]["vlm_baseline_besides"] == "source /models/oracle → oracle"

    # Other weights in the folder that it had are told by their hash.
    (folders / "oracle").unlink()
    shutil.copytree(folders / "always_a", folders / "oracle")
    other = run_suite("--vlm=./oracle", *TINY)
    assert other.told[CASE]["vlm_baseline_status"] == "regressed"
    assert "; weights " in str(other.told[CASE]["vlm_baseline_besides"])


def test_missing_baseline_is_an_error_on_ci_and_nothing_is_written(
    run_suite: RunSuite, folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    done = run_suite("--vlm=./oracle", *TINY, "-k", "regression")
    assert done.outcomes == {CASE: "error"}
    assert (
        "pytest --vlm=./oracle --vlm-tasks=tiny --vlm-drop=.1 --vlm-baseline=base/model.json "
        "-k regression --vlm-update-new"
    ) in done.reasons[CASE].splitlines()
    assert not (folders / "base").exists()


def test_runs_of_other_tasks_add_replace_and_keep_as_they_are_told(
    run_suite: RunSuite, folders: Path
) -> None:
    write = ("--vlm-drop=.1", "--vlm-baseline=base/model.json")
    kept = evaluation(model="before", task="kept", n=32)
    (folders / "base").mkdir()
    write_run(run(kept, evaluation(model="before", task="tiny", n=32)), folders / "base/model.json")

    report = "--vlm-report=run.html"
    other = run_suite("--vlm=oracle", "--vlm-tasks=tiny", "--vlm-tasks=one-scene", *write, report)
    new = "vlmsight::oracle::one-scene::regression"
    assert other.outcomes[CASE] == "error"  # these are other items
    assert "INCOMPARABLE: not asked the same" in other.reasons[CASE]
    assert "items 32 → 32 (0 of them in both)" in words(other.reasons[CASE])
    assert "task fingerprint none → " in words(other.reasons[CASE])
    assert other.outcomes[new] == "failed"
    assert "it is not in the baseline base/model.json. Add it: pytest" in words(other.reasons[new])
    assert tasks(baseline(folders)) == ["kept", "tiny"]
    # A run of some tasks says which it says nothing of, and does not fail for that.
    assert "  in the baseline base/model.json, not in this run: kept" in other.out
    page = web_page((folders / "run.html").read_text("utf-8")).one("main")
    compared = page.one("table", class_="compared").one("tbody").all("tr")
    assert [row.text.split()[:2] for row in compared] == [
        ["tiny", "INCOMPARABLE"],
        ["kept", "MISSING"],
        ["one-scene", "NEW"],
    ]
    assert "Of the baseline, not measured in this run: kept ." in page.text

    added = run_suite("--vlm=oracle", "--vlm-tasks=one-scene", *write, "--vlm-update-new")
    assert added.outcomes[new] == "passed"
    assert added.told[new]["vlm_baseline_updated"] is True
    assert tasks(baseline(folders)) == ["kept", "one-scene", "tiny"]

    update = run_suite("--vlm=oracle", *TINY, "--vlm-update")
    assert update.code == pytest.ExitCode.OK
    assert update.told[CASE]["vlm_baseline_status"] == "incomparable"
    assert any(line.endswith("INCOMPARABLE, updated") for line in update.out)
    assert "vlmsight: baseline: base/model.json: replaced tiny; kept kept, one-scene" in update.out
    found = baseline(folders)
    assert tasks(found) == ["kept", "one-scene", "tiny"]
    assert found.models == ("oracle",)
    before = next(one for one in found.evaluations if one.task == "kept")
    assert (before.sighted.choices == kept.sighted.choices).all()


def test_better_model_passes_and_is_told_to_update(run_suite: RunSuite, folders: Path) -> None:
    run_suite("--vlm=always_a", *TINY, "--vlm-update")
    done = run_suite("--vlm=oracle", *TINY)
    assert done.code == pytest.ExitCode.OK
    assert done.told[CASE]["vlm_baseline_status"] == "improved"
    assert str(done.told[CASE]["vlm_reason"]).endswith(
        "the baseline is stale. Update it: pytest --vlm=oracle --vlm-tasks=tiny --vlm-drop=.1 "
        "--vlm-baseline=base/model.json --vlm-update"
    )
    assert any(line.startswith("  Update it: pytest --vlm=oracle") for line in done.out)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"kind": "vlmsight run", "schema_ver', "is no JSON"),
        ('{"kind": "coverage"}', "no record of a run"),
        ('{"kind": "vlmsight run", "schema_version": 99}', "schema version 99"),
        ('{"kind": "vlmsight run", "schema_version": 1}', "is missing"),
    ],
)
def test_baseline_that_cannot_be_read_is_refused_at_once(
    run_suite: RunSuite, folders: Path, text: str, told: str
) -> None:
    (folders / "m.json").write_text(text)
    error = run_suite("--vlm=oracle", "--vlm-tasks=tiny", "--vlm-baseline=m.json").error
    assert error.startswith("--vlm-baseline=m.json: ")
    assert told in error
    assert (folders / "m.json").read_text() == text


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--vlm=always_a", "--vlm-baseline=m.json"), "2 models (oracle, always_a) and one file"),
        (("--vlm-update",), "--vlm-update: there is nothing to update"),
        (("--vlm-baseline=m.json",), "at drop 0.05 and alpha 0.05 the regression gate needs at"),
    ],
)
def test_setting_that_does_not_fit_is_refused_at_once(
    run_suite: RunSuite, arguments: tuple[str, ...], told: str
) -> None:
    assert told in run_suite("--vlm=oracle", "--vlm-tasks=tiny", *arguments).error


@pytest.mark.slow  # a whole run in several processes
def test_workers_judge_and_leave_the_writing_to_their_controller(
    folders: Path, pytester: pytest.Pytester
) -> None:
    (folders / "base").mkdir()
    oracle = folders / "base" / "oracle.json"
    write_run(run(evaluation(model="oracle", task="other")), oracle)
    before = oracle.read_bytes()
    done = pytester.runpytest_subprocess(
        *("--vlm=oracle", "--vlm=always_a", "--vlm-tasks=tiny", "--vlm-drop=.1"),
        *("--vlm-baseline=base/", "-n", "1", "-k", "regression"),
        timeout=120,
    )
    done.assert_outcomes(failed=2)
    shown = words(" ".join(done.outlines))
    assert "NEW: there was no baseline base/always_a.json: this run writes it." in shown
    # The words that were typed, not those that a worker is started with.
    assert "NEW: it is not in the baseline base/oracle.json. Add it: pytest " in shown
    assert (
        " --vlm=oracle --vlm=always_a --vlm-tasks=tiny --vlm-drop=.1 --vlm-baseline=base/ -n 1 "
        "-k regression --vlm-update-new"
    ) in shown
    written = read_baseline(folders / "base" / "always_a.json")
    assert written is not None
    assert (written.models, tasks(written)) == (("always_a",), ["tiny"])
    assert oracle.read_bytes() == before


def test_baseline_that_cannot_be_written_fails_the_run_and_loses_nothing(
    run_suite: RunSuite, folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk filled up while the models were asked."""
    fill_up(monkeypatch)
    done = run_suite("--vlm=oracle", *TINY, "--vlm-update", "--vlm-json=run.json")
    assert done.code == pytest.ExitCode.TESTS_FAILED
    assert any("No space left on device" in line for line in done.out)
    assert (folders / "run.json").exists() is False
    assert baseline(folders).models == ("oracle",)
