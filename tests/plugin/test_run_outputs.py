"""At the end of a run each of its outputs is written by itself, by the process that was started."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest
from plugin_fixtures import junit_suite, rewrite_lines

from pytest_vlmsight import outputs
from pytest_vlmsight.records.run_file import read_run

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from plugin_fixtures import RunSuite

WHAT = ("--vlm=./oracle", "--vlm-tasks=tiny", "--vlm-items=32")


def told(lines: list[str]) -> list[str]:
    """What the plugin says of its outputs, temporary folders left out."""
    return [line.removeprefix("vlmsight: ") for line in lines if line.startswith("vlmsight: ")]


def test_a_run_writes_its_badge_beside_its_record(run_suite: RunSuite, folders: Path) -> None:
    done = run_suite(*WHAT, "--vlm-json=run.json", "--vlm-badge=sight.json")
    assert done.code == pytest.ExitCode.OK
    badge = json.loads((folders / "sight.json").read_text())
    assert (badge["message"], badge["color"]) == ("1/1", "brightgreen")
    assert read_run(folders / "run.json").models == ("oracle",)
    assert [line.partition(": ")[0] for line in told(done.out)[-2:]] == ["record", "badge"]


def test_a_run_that_was_stopped_has_a_record_and_no_badge(
    run_suite: RunSuite, folders: Path
) -> None:
    what = ("--vlm=./always_a", *WHAT)
    done = run_suite(*what, "-x", "--vlm-json=run.json", "--vlm-badge=sight.svg")
    assert len(read_run(folders / "run.json").cases) == 1
    assert not (folders / "sight.svg").exists()
    assert "no badge: the run did not come to its end" in told(done.out)


def faulty(*_: Any, **__: Any) -> Any:
    raise KeyError("a fault of ours")


def test_an_output_that_fails_fails_the_run_and_no_other_output(
    run_suite: RunSuite, folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pytest_vlmsight.report.badge.write_badges", faulty)
    done = run_suite(*WHAT, "--vlm-json=run.json", "--vlm-badge=sight.svg")
    assert done.code == pytest.ExitCode.TESTS_FAILED
    assert "badge: KeyError: 'a fault of ours'" in told(done.out)
    assert read_run(folders / "run.json").models == ("oracle",)
    assert not any("kept in" in line for line in done.out)


def test_where_there_is_no_record_one_is_kept_of_what_could_not_be_written(
    run_suite: RunSuite, folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pytest_vlmsight.report.badge.write_badges", faulty)
    done = run_suite(*WHAT, "--vlm-badge=sight.svg")
    assert done.code == pytest.ExitCode.TESTS_FAILED
    (kept,) = (line for line in told(done.out) if line.startswith("the record was kept in "))
    assert read_run(folders / kept.partition(" kept in ")[2]).models == ("oracle",)


# -- GitHub ---------------------------------------------------------------------------------------


@pytest.fixture
def summary(folders: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The summary of a step, with something in it."""
    path = folders / "summary.md"
    path.write_text("before\n")
    monkeypatch.setenv(outputs.STEP_SUMMARY, str(path))
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    return path


def commands(lines: list[str]) -> list[str]:
    return [line for line in lines if line.startswith("::")]


def test_github_gets_a_summary_and_one_annotation(run_suite: RunSuite, summary: Path) -> None:
    done = run_suite(*WHAT)
    assert done.code == pytest.ExitCode.OK
    text = summary.read_text()
    assert text.startswith("before\n\n\n## vlmsight: PASS\n\n**1 of 1 tasks pass**")
    assert "| tiny | 100.0 [" in text
    assert commands(done.out) == ["::notice title=vlmsight::1 of 1 tasks pass"]


def test_texts_of_a_task_are_no_commands_to_github(
    run_suite: RunSuite, folders: Path, summary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The slices of a task stand at the beginning of lines where its gate fails."""
    hostile = {"::error::owned": "##[error]mine", " ::stop-commands::x": "a"}
    others = {"::error::owned": "b", " ::stop-commands::x": "c"}
    shutil.copytree(folders / "tiny", folders / "mine")
    rewrite_lines(
        folders / "mine",
        lambda index, line: {**line, "slices": hostile if index % 2 else others},
    )
    what = ("--vlm=./always_a", "--vlm-tasks=mine", "-v")

    def found(out: list[str]) -> list[str]:
        return [line for line in out if line.lstrip().startswith("::") or "##[" in line]

    shown = run_suite(*what).out
    (annotation,) = found(shown)
    assert annotation.startswith("::error title=vlmsight::0 of 1 tasks pass")
    monkeypatch.setenv("GITHUB_ACTIONS", "false")  # elsewhere they are left as they are
    assert len(found(run_suite(*what).out)) > 2


def test_a_summary_that_cannot_be_written_is_told_and_breaks_nothing(
    run_suite: RunSuite, summary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(outputs.STEP_SUMMARY, str(summary / "no" / "summary.md"))
    done = run_suite(*WHAT)
    assert done.code == pytest.ExitCode.OK
    assert any(line.startswith("step summary: ") for line in told(done.out))
    assert len(commands(done.out)) == 1
    assert not any("kept in" in line for line in done.out)


def test_elsewhere_there_is_no_annotation_and_nothing_is_attached(
    run_suite: RunSuite, summary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "false")
    monkeypatch.delenv(outputs.STEP_SUMMARY)
    attached: list[object] = []
    monkeypatch.setattr("pytest_vlmsight.recorder.attach", lambda *given: attached.append(given))
    assert not commands(run_suite(*WHAT).out)
    assert summary.read_text() == "before\n"
    assert not attached


def test_runs_without_a_model_tell_github_nothing(pytester: pytest.Pytester, summary: Path) -> None:
    pytester.makepyfile(test_one="def test_one():\n    pass\n")
    done = pytester.runpytest_inprocess("test_one.py")
    assert not commands(done.outlines)
    assert summary.read_text() == "before\n"


@pytest.mark.slow  # a whole run in several processes
def test_of_several_processes_one_writes(pytester: pytest.Pytester, summary: Path) -> None:
    done = pytester.runpytest_subprocess(
        *WHAT, "--vlm=./always_a", "-n2", "--vlm-badge=sight.json", timeout=300
    )
    text = summary.read_text()
    assert text.count("## vlmsight: ") == text.count("### oracle") == text.count("### always_a") + 1
    assert len(commands(done.outlines)) == 1
    messages = {
        path.name: json.loads(path.read_text())["message"] for path in summary.parent.glob("sight*")
    }
    assert messages == {"sight-oracle.json": "1/1", "sight-always_a.json": "0/1"}


# -- JUnit ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("models", "inconclusive", "counted", "code"),
    [
        (("oracle", "always_a", "refuses", "broken"), "fail", (8, 4, 2, 0), 1),
        pytest.param(("oracle", "refuses"), "skip", (4, 0, 0, 2), 0, marks=pytest.mark.slow),
        pytest.param(("oracle", "refuses"), "pass", (4, 0, 0, 0), 0, marks=pytest.mark.slow),
        (("broken",), "pass", (2, 0, 2, 0), 1),
    ],
)
def test_junit_counts_what_the_exit_code_says(
    run_suite: RunSuite,
    folders: Path,
    models: tuple[str, ...],
    inconclusive: str,
    counted: tuple[int, ...],
    code: int,
) -> None:
    done = run_suite(
        *(f"--vlm=./{model}" for model in models),
        *("--vlm-tasks=tiny", "--vlm-scoring=generate", "--junitxml=sight.xml"),
        f"--vlm-inconclusive={inconclusive}",
    )
    suite = junit_suite(folders / "sight.xml")
    keys = ("tests", "failures", "errors", "skipped")
    assert tuple(int(str(suite.get(key))) for key in keys) == counted
    assert done.code == code == int(any(counted[1:3]))
    outcomes = list(done.outcomes.values())
    assert tuple(outcomes.count(o) for o in ("failed", "error", "skipped")) == counted[1:]
