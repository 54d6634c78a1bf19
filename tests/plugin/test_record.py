"""--vlm-json and --vlm-report write what the run was, whole and as the terminal has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from plugin_fixtures import N, fill_up

from pytest_vlmsight.gates import Outcome
from pytest_vlmsight.records import run_file
from pytest_vlmsight.records.run_file import read_run, run_text

if TYPE_CHECKING:
    from pathlib import Path

    from plugin_fixtures import RunSuite

WHAT = ("--vlm=./oracle", "--vlm-tasks=tiny", "--vlm-items=32")


def test_a_record_says_what_was_answered_judged_and_how(run_suite: RunSuite, folders: Path) -> None:
    done = run_suite(*WHAT, "--vlm=./always_a", "--vlm-json=run.json")
    run = read_run(folders / "run.json")
    assert run.models == ("always_a", "oracle")
    assert run.command == ("pytest", *WHAT, "--vlm=./always_a", "--vlm-json=run.json")
    assert run.settings["items"] == 32
    assert run.environment["packages"]["torch"]
    by_model = {one.model: one for one in run.evaluations}
    assert by_model["oracle"].sighted.scores(by_model["oracle"].gold).mean() == 1
    assert by_model["oracle"].n == N
    first_letter = by_model["always_a"].orders[:, :, 0]
    np.testing.assert_array_equal(by_model["always_a"].sighted.choices, first_letter)
    assert {case.id: case.result for case in run.cases} == done.outcomes
    verdicts = {case.id: case.verdict for case in run.cases}
    passed = verdicts["vlmsight::oracle::tiny::blind"]
    assert passed is not None
    assert passed.outcome is Outcome.PASS
    assert passed.reason == done.told["vlmsight::oracle::tiny::blind"]["vlm_reason"]
    assert any("vlmsight: record: " in line for line in done.out)


def test_answers_are_those_that_gates_can_be_judged_by_again(
    run_suite: RunSuite, folders: Path
) -> None:
    from pytest_vlmsight.gates import blind_gate
    from pytest_vlmsight.settings import GateSettings

    run_suite(*WHAT, "--vlm-json=run.json")
    run = read_run(folders / "run.json")
    (one,) = run.evaluations
    (case,) = (case for case in run.cases if case.gate == "blind")
    assert blind_gate(one, gate=GateSettings(**run.settings["gate"]), tests=2) == case.verdict


def test_what_could_not_be_measured_is_an_error_with_its_reason(
    run_suite: RunSuite, folders: Path
) -> None:
    run_suite("--vlm=./nan", "--vlm=./broken", "--vlm-tasks=tiny", "--vlm-json=run.json")
    run = read_run(folders / "run.json")
    assert not run.evaluations
    assert [case.result for case in run.cases] == ["error"] * 4
    told = {case.id: case.told for case in run.cases}
    assert "NaN" in told["vlmsight::nan::tiny::ceiling"]
    assert "vlmsight::broken::tiny::blind" in told


def test_the_same_run_makes_the_same_record_but_for_the_time(
    run_suite: RunSuite, folders: Path
) -> None:
    from dataclasses import replace

    texts = []
    for _ in range(2):
        run_suite(*WHAT, "--vlm-json=run.json")
        run = read_run(folders / "run.json")
        texts.append(run_text(replace(run, started="", seconds=0.0)))
    assert texts[0] == texts[1]


@pytest.mark.slow  # five processes; that workers share models is tested by default
def test_workers_make_the_record_that_one_process_makes(
    run_suite: RunSuite, folders: Path, pytester: pytest.Pytester
) -> None:
    arguments = (*WHAT, "--vlm=./always_a", "--vlm-json=run.json")

    def recorded() -> dict[str, object]:
        plain = run_file.run_plain(read_run(folders / "run.json"))
        return {key: plain[key] for key in ("tasks", "evaluations", "cases")}

    run_suite(*arguments)
    alone = recorded()
    pytester.runpytest_subprocess(*arguments, "--vlm-no-cache", "-n", "2", timeout=120)
    assert recorded() == alone
    assert len(read_run(folders / "run.json").cases) == 4


def test_a_run_of_some_cases_records_these(run_suite: RunSuite, folders: Path) -> None:
    run_suite(*WHAT, "--vlm-json=run.json", "-k", "blind")
    run = read_run(folders / "run.json")
    assert [case.id for case in run.cases] == ["vlmsight::oracle::tiny::blind"]
    assert len(run.evaluations) == 1


def test_without_the_option_nothing_is_written(run_suite: RunSuite, folders: Path) -> None:
    before = sorted(folders.iterdir())
    run_suite(*WHAT)
    assert [one for one in sorted(folders.iterdir()) if one.suffix == ".json"] == [
        one for one in before if one.suffix == ".json"
    ]


def test_a_report_is_written_with_the_pictures_that_were_shown(
    run_suite: RunSuite, folders: Path
) -> None:
    done = run_suite(
        "--vlm=./always_a", "--vlm-tasks=tiny", "--vlm-items=32", "--vlm-report=run.html"
    )
    text = (folders / "run.html").read_text("utf-8")
    assert "<bdi>always_a</bdi> passes 0 of 2 gates" in text
    assert "data:image/webp;base64," in text
    assert "Pictures are not at hand" not in text
    assert any("vlmsight: report: " in line for line in done.out)
    assert not list(folders.glob("*.json"))


def test_one_output_that_fails_takes_nothing_from_the_others(
    run_suite: RunSuite, folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pytest_vlmsight.report import html

    def broken(*_: object, **__: object) -> str:
        raise ZeroDivisionError("planted")

    monkeypatch.setattr(html, "html_report", broken)
    done = run_suite(*WHAT, "--vlm-report=run.html", "--vlm-json=run.json")
    assert done.code == pytest.ExitCode.TESTS_FAILED
    assert read_run(folders / "run.json").models == ("oracle",)
    assert not (folders / "run.html").exists()
    (told,) = (line for line in done.out if "planted" in line)
    assert "report: ZeroDivisionError: planted" in told
    assert not any("was kept in" in line for line in done.out)
    # Without a record of its own one is kept: the report can be made of it.
    done = run_suite(*WHAT, "--vlm-report=run.html")
    (kept,) = (line for line in done.out if "the record was kept in " in line)
    assert read_run(folders / kept.partition(" kept in ")[2].strip()).models == ("oracle",)


def test_without_jinja2_nothing_is_measured(
    run_suite: RunSuite, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pytest_vlmsight.models import extras

    monkeypatch.setattr(extras, "_installed", lambda package: package != "jinja2")
    error = run_suite(*WHAT, "--vlm-report=run.html").error
    assert error == ("--vlm-report=run.html needs jinja2: pip install 'pytest-vlmsight[report]'")


def test_a_file_that_was_there_stays_where_nothing_was_tested(
    run_suite: RunSuite, folders: Path
) -> None:
    (folders / "run.json").write_text("mine")
    run_suite(*WHAT, "--vlm-json=run.json", "--collect-only")
    assert (folders / "run.json").read_text() == "mine"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("json=tiny", "got a folder, expected a file to write"),
        ("json=no/run.json", "there is no folder"),
        ("report=no/run.html", "there is no folder"),
        ("report=./run.json --vlm-json=run.json", "--vlm-json is the same file"),
    ],
)
def test_a_place_that_cannot_be_is_refused_before_anything_is_measured(
    run_suite: RunSuite, given: str, told: str
) -> None:
    first, *more = f"--vlm-{given}".split()
    error = run_suite(*WHAT, first, *more).error
    assert f"{first}: {told}" in error


def test_a_record_that_cannot_be_written_is_kept_elsewhere_and_fails_the_run(
    run_suite: RunSuite, folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk filled up while the models were asked."""
    fill_up(monkeypatch)
    done = run_suite(*WHAT, "--vlm-json=run.json")
    assert done.code == pytest.ExitCode.TESTS_FAILED
    assert not (folders / "run.json").exists()
    (told,) = (line for line in done.out if "No space left on device" in line)
    assert "run.json" in told
    (kept,) = (line for line in done.out if "the record was kept in " in line)
    assert read_run(folders / kept.partition(" kept in ")[2].strip()).models == ("oracle",)
