"""The hook ``pytest_vlmsight_tasks`` in runs of the suite, on the documented task."""

from __future__ import annotations

import pytest
from own_project import DOCS, MODELS, blocks, notes

from pytest_vlmsight.records.run_file import read_run

RUN = ("--vlm=seeing", "--vlm-items=40", "--vlm-no-cache", "-W", "error")

BROKEN = """

import dataclasses


def broken(canvas):
    return dataclasses.replace(
        colours(canvas), available=9, make_items=lambda n, seed: 1 / 0
    )
"""


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A user's folder with the documented task and models that compare colours."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.syspath_prepend(DOCS.parents[1] / "tests")
    pytester.makeconftest(MODELS + blocks()["conftest.py"])
    return pytester


def collected(project: pytest.Pytester, *arguments: str) -> list[str]:
    result = project.runpytest_inprocess(*RUN, "--collect-only", "-q", *arguments)
    return [line for line in result.outlines if "::" in line]


@pytest.mark.parametrize("pattern", ["colours", "col*", "c?lours"])
def test_a_task_is_asked_for_by_name_and_pattern(project: pytest.Pytester, pattern: str) -> None:
    assert collected(project, f"--vlm-tasks={pattern}") == [
        "vlmsight::seeing::colours::ceiling",
        "vlmsight::seeing::colours::blind",
    ]


def test_a_run_without_tasks_is_of_the_built_in_ones(project: pytest.Pytester) -> None:
    cases = collected(project)
    assert len(cases) == 20
    assert not any("colours" in case for case in cases)
    assert len(collected(project, "--vlm-tasks=*")) == 22


def test_the_documented_task_is_judged_recorded_and_shown(project: pytest.Pytester) -> None:
    outputs = ("--vlm-json=run.json", "--vlm-report=run.html")
    models = ("--vlm=blind-one", "--vlm-size=240")
    result = project.runpytest_inprocess(*RUN, *models, "--vlm-tasks=colours", *outputs)
    result.assert_outcomes(passed=2, failed=2)
    run = read_run(project.path / "run.json")
    one = run.evaluations[0]
    assert one.provenance["image_size"] == "240x240"
    assert one.provenance["task_version"] == "1"
    assert {dict(labels)["shade"] for labels in one.slices} == {"dark", "bright"}
    page = (project.path / "run.html").read_text("utf-8")
    assert "data:image/webp;base64," in page  # what "blind-one" misses
    assert "Pictures are not at hand" not in page


@pytest.mark.parametrize(
    ("hook", "told"),
    [
        ("return [colours]", "pytest_vlmsight_tasks returned "),
        ("return {'texture': colours}", "the name of task texture is that of a built-in task too"),
        ("return {'mine': colours}", "task mine: what makes it returned a task named 'colours'"),
        ("return {'mine': len}", "task mine: what makes it failed: TypeError: "),
        (
            "return {'mine': lambda canvas: dataclasses.replace(broken(canvas), name='mine')}",
            "task mine: make_items(40, 0): ZeroDivisionError: division by zero (conftest.py:",
        ),
    ],
)
def test_a_hook_that_is_wrong_is_told_in_a_line(
    project: pytest.Pytester, hook: str, told: str
) -> None:
    wrong = f"{BROKEN}\n\ndef pytest_vlmsight_tasks(config):\n    {hook}\n"
    project.makeconftest(MODELS + blocks()["conftest.py"] + wrong)
    tasks = "--vlm-tasks=mine" if "mine" in hook else "--vlm-tasks=shape"
    result = project.runpytest_inprocess(*RUN, tasks)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    lines = [line for line in result.errlines if line.strip()]
    assert len(lines) == 1
    assert lines[0].startswith("ERROR: ")
    assert told in lines[0]
    assert not notes("load")


def test_items_that_cannot_be_made_are_an_error_of_the_task(project: pytest.Pytester) -> None:
    broken = (
        "\n\nimport dataclasses\n\ndef pytest_vlmsight_tasks(config):\n    return {'colours':"
        " lambda canvas: dataclasses.replace(colours(canvas), readout='nearest_patch')}\n"
    )
    project.makeconftest(MODELS + blocks()["conftest.py"] + broken)
    result = project.runpytest_inprocess(*RUN, "--vlm-tasks=colours")
    result.assert_outcomes(errors=2)
    told = "task colours, item 0: field 'points': got no point labelled REF, A, B; expected "
    assert told in result.stdout.str()
    assert "evaluation.py" not in result.stdout.str()  # no frames of the plugin's


def test_two_conftest_files_with_a_task_of_one_name_are_an_error(
    project: pytest.Pytester,
) -> None:
    (project.path / "tests").mkdir()
    (project.path / "tests" / "conftest.py").write_text(blocks()["conftest.py"])
    result = project.runpytest_inprocess(*RUN, "--vlm-tasks=colours", "tests", "vlmsight")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "task colours is that of another conftest.py or plugin too" in result.stderr.str()


def test_the_hook_is_not_called_without_a_model(pytester: pytest.Pytester) -> None:
    pytester.makeconftest("def pytest_vlmsight_tasks(config):\n    raise AssertionError\n")
    pytester.makepyfile("def test_it():\n    pass\n")
    pytester.runpytest_inprocess("-W", "error").assert_outcomes(passed=1)


def test_a_difficulty_of_a_task_of_ones_own_is_an_error(project: pytest.Pytester) -> None:
    result = project.runpytest_inprocess(
        *RUN, "--vlm-tasks=colours", "--vlm-difficulty=colours shade=3"
    )
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "expected the name or a glob of the run's built-in tasks" in result.stderr.str()
