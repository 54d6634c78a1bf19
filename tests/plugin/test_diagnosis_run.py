"""--vlm-diagnose: parts are run where a gate is not passed, and change nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from made_diagnoses import diagnosis, of_subject, plant

from pytest_vlmsight.cli import main
from pytest_vlmsight.records.diagnoses import diagnosis_of
from pytest_vlmsight.records.run_file import read_run

if TYPE_CHECKING:
    from plugin_fixtures import RunSuite

    from pytest_vlmsight.diagnosis.result import Diagnosis
    from pytest_vlmsight.diagnosis.subject import Subject

BOTH = ("--vlm=./oracle", "--vlm=./always_a", "--vlm-tasks=tiny", "--vlm-items=32")
GIVEN = ("--vlm-diagnose=all", "--vlm-json=run.json")


@pytest.fixture
def diagnosed(monkeypatch: pytest.MonkeyPatch) -> list[Subject]:
    """Who was diagnosed by a planted part."""
    seen: list[Subject] = []

    def part(subject: Subject) -> Diagnosis:
        seen.append(subject)
        return of_subject(subject)

    plant(monkeypatch, made=part)
    return seen


def test_a_task_whose_gate_fails_is_diagnosed_with_what_was_measured(
    run_suite: RunSuite, folders: Path, diagnosed: list[Subject]
) -> None:
    run_suite(*BOTH, *GIVEN)
    (one,) = diagnosed
    assert (one.vlm.name, one.task.name) == ("always_a", "tiny")
    kept, verdict = read_run(folders / "run.json").diagnoses
    assert (verdict.part, verdict.model, verdict.task) == ("verdict", "always_a", "tiny")
    assert verdict.details["gates"] == {"ceiling": "FAIL", "blind": "INCONCLUSIVE"}
    assert kept.seconds >= 0
    assert (kept.model, kept.task, kept.sentence) == (
        "always_a",
        "tiny",
        diagnosis().sentence,
    )
    evaluations = {e.model: e for e in read_run(folders / "run.json").evaluations}
    assert one.evaluation.ids == evaluations["always_a"].ids


def test_an_inconclusive_gate_is_diagnosed_though_its_case_passes(
    run_suite: RunSuite, diagnosed: list[Subject]
) -> None:
    # No answer has a letter: nothing can be judged.
    run = run_suite(
        "--vlm=./refuses",
        "--vlm-tasks=tiny",
        "--vlm-scoring=generate",
        "--vlm-inconclusive=pass",
        "--vlm-diagnose=all",
    )
    assert set(run.outcomes.values()) == {"passed"}
    assert [one.vlm.name for one in diagnosed] == ["refuses"]


def test_what_passes_or_could_not_be_measured_is_not_diagnosed(
    run_suite: RunSuite, diagnosed: list[Subject]
) -> None:
    run_suite("--vlm=./oracle", "--vlm=./nan", "--vlm-tasks=tiny", "--vlm-diagnose=all")
    assert not diagnosed


def test_nothing_is_diagnosed_unasked(run_suite: RunSuite, diagnosed: list[Subject]) -> None:
    run_suite(*BOTH)
    assert not diagnosed


def test_only_gates_that_were_run_count(run_suite: RunSuite, diagnosed: list[Subject]) -> None:
    run_suite(*BOTH, *GIVEN, "-k", "oracle")
    assert not diagnosed


def test_a_run_that_stops_at_its_first_failure_diagnoses_it(
    run_suite: RunSuite, folders: Path, diagnosed: list[Subject]
) -> None:
    run_suite("--vlm=./always_a", "--vlm=./oracle", "--vlm-tasks=tiny", "-x", *GIVEN)
    assert [one.vlm.name for one in diagnosed] == ["always_a"]
    assert len(read_run(folders / "run.json").diagnoses) == 2


def test_the_summary_says_what_was_found_in_a_few_lines(
    run_suite: RunSuite, diagnosed: list[Subject]
) -> None:
    lines = run_suite(*BOTH, "--vlm-diagnose=all").section("vlmsight")
    told = [line for line in lines if "diagnosis of" in line]
    assert told == [
        "diagnosis of always_a on tiny, made: lost: It is lost on the way.",
        "diagnosis of always_a on tiny, verdict: cannot tell: part layers was not run,",
    ]
    assert max(map(len, lines)) <= 80


def test_a_diagnosis_that_fails_changes_no_verdict_and_loses_no_record(
    run_suite: RunSuite, folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = run_suite(*BOTH)

    def fails(_: Subject) -> Diagnosis:
        raise ZeroDivisionError("division by zero")

    plant(monkeypatch, fails=fails, made=of_subject)
    run = run_suite(*BOTH, *GIVEN)
    assert (run.code, run.outcomes) == (plain.code, plain.outcomes)
    record = read_run(folders / "run.json")
    assert {case.id: case.result for case in record.cases} == run.outcomes
    assert [(one.part, one.error) for one in record.diagnoses] == [
        ("fails", "ZeroDivisionError: division by zero"),
        ("made", ""),
        ("verdict", ""),
    ]
    assert any(
        "fails: could not be made: ZeroDivisionError" in line for line in run.section("vlmsight")
    )


@pytest.mark.slow
def test_models_of_a_run_are_ranked_and_its_record_can_be_ranked_again(
    run_suite: RunSuite, folders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = run_suite(*BOTH, "--vlm=./refuses", "--vlm-diagnose=encoders", "--vlm-json=run.json")
    (found,) = read_run(folders / "run.json").diagnoses
    assert (found.part, found.model, found.task) == ("encoders", "3 models", "tiny")
    assert sorted(found.details["models"]) == ["always_a", "oracle", "refuses"]
    lines = run.section("vlmsight")
    assert "diagnosis of 3 models on tiny, encoders: cannot tell: by ceiling" in " ".join(lines)
    capsys.readouterr()
    assert main(["diagnose", "run.json", "--part=encoders", "--json"]) == 0
    (again,) = json.loads(capsys.readouterr().out)
    assert diagnosis_of({**again, "seconds": found.seconds}) == found


@pytest.mark.slow
def test_a_ranking_of_two_models_is_told_to_be_none(run_suite: RunSuite) -> None:
    run = run_suite(*BOTH, "--vlm-diagnose=encoders")
    told = " ".join(" ".join(run.section("vlmsight")).split())
    assert "encoders: could not be made: a ranking needs at least 3 models" in told


def test_a_part_that_does_not_exist_is_refused_before_anything_is_loaded(
    run_suite: RunSuite,
) -> None:
    error = run_suite(*BOTH, "--vlm-diagnose=nose").error
    assert "--vlm-diagnose=nose: expected any of " in error


@pytest.mark.slow
def test_diagnoses_of_workers_are_in_the_record(
    run_suite: RunSuite, folders: Path, pytester: pytest.Pytester
) -> None:
    (folders / "conftest.py").write_text(
        "import sys\n"
        f"sys.path.insert(0, {str(Path(__file__).parents[1])!r})\n"
        "from made_diagnoses import of_subject\n"
        "from pytest_vlmsight.diagnosis import parts\n"
        "parts.MODULES, parts.find = {'made': ''}, {'made': of_subject}.__getitem__\n"
    )
    pytester.runpytest_subprocess(*BOTH, *GIVEN, "-n", "2")
    kept, verdict = read_run(folders / "run.json").diagnoses
    assert (kept.model, kept.task) == ("always_a", "tiny")
    assert verdict.part == "verdict"
