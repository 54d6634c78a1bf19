"""Users' own tests: fixtures and marker, alone and beside the suite, as docs/own-tests.md says."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Any

import pytest
from made_items import GREY, flat
from own_project import DOCS, MODELS, blocks, notes
from plugin_fixtures import junit_suite

from pytest_vlmsight.options import OPTIONS
from pytest_vlmsight.records.run_file import read_run
from pytest_vlmsight.tasks.generated import Canvas
from pytest_vlmsight.tasks.item import Point
from pytest_vlmsight.tasks.marker_words import parse_markers
from pytest_vlmsight.tasks.presentation import present

if TYPE_CHECKING:
    from pathlib import Path

SEEING = ("--vlm=seeing", "--vlm-tasks=colours", "--vlm-items=40", "--vlm-no-cache", "-W", "error")


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A user's repository with the documented task and models that compare colours."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    monkeypatch.setenv("VLMSIGHT_CACHE", str(pytester.path.parent / "kept"))
    monkeypatch.setenv("PYTHONPATH", str(DOCS.parents[1] / "tests"), prepend=":")
    monkeypatch.syspath_prepend(DOCS.parents[1] / "tests")
    pytester.makeconftest(MODELS + blocks()["conftest.py"])
    return pytester


def outcomes(result: pytest.RunResult) -> dict[str, str]:
    """Node id → outcome, of a run with -v."""
    found = re.findall(
        r"^(\S+::.+?) (PASSED|FAILED|ERROR|SKIPPED)\b", "\n".join(result.outlines), re.MULTILINE
    )
    return dict(found)


def test_a_test_is_run_for_each_model_and_task(project: pytest.Pytester) -> None:
    project.makepyfile(
        test_own="""
        import pytest

        @pytest.mark.vlm_task("colours", items=32)
        def test_sight(vlm_evaluation, vlm_task, vlm):
            assert vlm_evaluation.task == vlm_task.name == "colours"
            assert vlm_evaluation.model == vlm.name
            assert vlm_evaluation.n == 32
            assert vlm_evaluation.sighted.scores(vlm_evaluation.gold).mean() > 0.9

        def test_model(vlm):
            assert vlm.name

        def test_other():
            pass
        """
    )
    result = project.runpytest_inprocess(*SEEING, "--vlm=blind-one", "-v", "test_own.py")
    assert outcomes(result) == {
        "test_own.py::test_sight[seeing-colours]": "PASSED",
        "test_own.py::test_model[seeing]": "PASSED",
        "test_own.py::test_sight[blind-one-colours]": "FAILED",
        "test_own.py::test_model[blind-one]": "PASSED",
        "test_own.py::test_other": "PASSED",
    }
    assert notes("load") == notes("close") == ["seeing", "blind-one"]


def test_the_suite_and_a_test_have_the_same_evaluation(project: pytest.Pytester) -> None:
    project.makepyfile(
        test_own="""
        import pytest
        from pytest_vlmsight import judge

        seen = []

        @pytest.mark.vlm_task
        def test_marked(vlm_evaluation):
            seen.append(vlm_evaluation)

        def test_called(vlm_evaluate, vlm_settings):
            seen.append(vlm_evaluate("colours"))
            assert seen[0] is seen[1]
            verdict = judge(seen[1], settings=vlm_settings)["blind"]
            assert verdict.outcome == "PASS", verdict.reason
        """
    )
    result = project.runpytest_inprocess(*SEEING, "-v", "test_own.py", "vlmsight")
    assert outcomes(result) == {
        "test_own.py::test_marked[seeing-colours]": "PASSED",
        "test_own.py::test_called[seeing]": "PASSED",
        "vlmsight::seeing::colours::ceiling": "PASSED",
        "vlmsight::seeing::colours::blind": "PASSED",
    }
    assert notes("load") == notes("close") == ["seeing"]
    # The 40 items with their images; grey pictures that are alike are asked about once.
    assert 40 < len(notes("ask")) <= 80
    result.stdout.fnmatch_lines(["colours * 100.0  50.0   100.0   50.0    40 PASS         PASS"])


def test_each_of_several_models_is_loaded_once_beside_the_suite(project: pytest.Pytester) -> None:
    project.makepyfile(
        test_own="""
        def test_one(vlm):
            assert vlm

        def test_between():
            pass

        def test_two(vlm_evaluate):
            assert vlm_evaluate("colours").n == 40
        """
    )
    more = ("--vlm=blind-one", "--vlm=other", "-k", "not other or vlmsight")
    project.runpytest_inprocess(*SEEING, *more, "test_own.py", "vlmsight")
    # No test of the user's takes the model "other", so that it is not in memory with another.
    lines = [
        line for line in (project.path / "notes").read_text().splitlines() if "ask" not in line
    ]
    assert lines == [
        f"{what} {name}" for name in ("other", "seeing", "blind-one") for what in ("load", "close")
    ]


def test_settings_of_the_marker_and_of_a_call_are_those_of_the_evaluation(
    project: pytest.Pytester,
) -> None:
    project.makepyfile(
        test_own="""
        import pytest

        pytestmark = pytest.mark.vlm_task("texture")

        @pytest.mark.vlm_task("col*", items=8, seed=3, blind="noise", ceiling=("native",))
        def test_marked(vlm_evaluation):
            assert vlm_evaluation.n == 8
            assert set(vlm_evaluation.blind) == {"noise"}
            assert set(vlm_evaluation.ceilings) == {"native"}
            assert vlm_evaluation.provenance["seed"] == 3

        def test_called(vlm_evaluate):
            large = vlm_evaluate("colours", items=4, size=256, rotations="all")
            assert large.provenance["image_size"] == "256x256"
            assert large.sighted.choices.shape == (4, 2)
            assert vlm_evaluate("colours", items=4).provenance["image_size"] == "224x224"

        def test_a_task_made_here(vlm_evaluate):
            from made_items import same_colour_items, task
            made = task(same_colour_items(6), name="colours")
            assert vlm_evaluate(made).n == 6
            assert vlm_evaluate("colours").n == 40
        """
    )
    result = project.runpytest_inprocess(*SEEING, "--vlm-json=run.json", "test_own.py")
    result.assert_outcomes(passed=3)
    # Only what the run's settings would have measured is in its record.
    (recorded,) = read_run(project.path / "run.json").evaluations
    assert (recorded.task, recorded.n) == ("colours", 40)


@pytest.mark.parametrize(
    ("call", "told"),
    [
        ("vlm_evaluate('colour')", "no such task or folder (did you mean colours?)"),
        ("vlm_evaluate('colours', n=3)", "got n=3; expected any of items, seed, blind"),
        ("vlm_evaluate('colours', items=0)", "--vlm-items=0: expected a whole number"),
        ("vlm_evaluate('*')", "* stands for 11 tasks"),
        ("import made_items; vlm_evaluate(made_items.task([]), size=300)", "got size for a task"),
    ],
)
def test_a_call_that_cannot_be_is_told(project: pytest.Pytester, call: str, told: str) -> None:
    project.makepyfile(test_own=f"def test_it(vlm_evaluate):\n    {call}\n")
    result = project.runpytest_inprocess(*SEEING, "test_own.py")
    result.assert_outcomes(failed=1)
    assert told in re.sub(r"\s+", " ", result.stdout.str().replace("\nE   ", " "))


@pytest.mark.parametrize(
    ("marker", "taken", "told"),
    [
        ("('nothing')", "vlm_evaluation", "marker vlm_task: --vlm-tasks: got 'nothing': no such"),
        ("('colours', n=3)", "vlm_evaluation", "got n=3; expected any of items, seed"),
        ("('colours', seed='x')", "vlm_task", "--vlm-seed=x: expected a whole number"),
        ("(7)", "vlm_task", "got 7; expected names, folders or globs of tasks"),
        ("('colours')", "vlm", "the test takes neither vlm_evaluation nor vlm_task"),
    ],
)
def test_a_marker_that_cannot_be_is_an_error_of_its_module(
    project: pytest.Pytester, marker: str, taken: str, told: str
) -> None:
    marked = f"@pytest.mark.vlm_task{marker}\ndef test_it({taken}):\n    pass\n"
    project.makepyfile(test_own=f"import pytest\n\n{marked}")
    result = project.runpytest_inprocess(*SEEING, "test_own.py")
    result.assert_outcomes(errors=1)
    assert f"test_own.py::test_it: marker vlm_task: {told.removeprefix('marker vlm_task: ')}" in (
        result.stdout.str()
    )
    assert "Traceback" not in result.stdout.str()
    assert not notes("load")


def test_an_evaluation_without_a_marker_says_what_is_missing(project: pytest.Pytester) -> None:
    project.makepyfile("def test_it(vlm_evaluation):\n    pass\n")
    result = project.runpytest_inprocess(*SEEING, ".")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["vlm_task and vlm_evaluation need a marker that names tasks: *"])


def test_without_a_model_tests_that_need_one_are_skipped(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        import pytest

        @pytest.mark.vlm_task("colours", "no such task")
        def test_marked(vlm_evaluation): raise AssertionError
        def test_model(vlm): raise AssertionError
        def test_call(vlm_evaluate): raise AssertionError
        def test_settings(vlm_settings): raise AssertionError
        def test_other(): pass
        """
    )
    result = project.runpytest_inprocess("-rs", "--strict-markers", "-W", "error")
    result.assert_outcomes(skipped=4, passed=1)
    assert "no model is named: pytest --vlm=NAME" in result.stdout.str()


def test_a_model_that_cannot_be_loaded_is_tried_once(project: pytest.Pytester) -> None:
    failing = """
from pathlib import Path


def load():
    Path("notes").write_text("load ours\\n")
    raise OSError("gone")


def pytest_vlmsight_models(config):
    return {"ours": load}
"""
    project.makeconftest(blocks()["conftest.py"] + failing)
    project.makepyfile("def test_it(vlm):\n    pass\n")
    result = project.runpytest_inprocess("--vlm=ours", *SEEING[1:], ".", "vlmsight")
    result.assert_outcomes(errors=3)
    assert notes("load") == ["ours"]
    assert result.stdout.str().count("ours: its loader failed: OSError: gone") == 2  # and summary
    assert "ours could not be loaded: see the first ERROR of this model" in result.stdout.str()


def test_what_cannot_be_measured_is_an_error_and_not_asked_again(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        import pytest

        @pytest.mark.vlm_task("colours", rotations=3)
        @pytest.mark.parametrize("time", [1, 2])
        def test_it(vlm_evaluation, time):
            pass
        """
    )
    result = project.runpytest_inprocess(*SEEING, ".")
    result.assert_outcomes(errors=2)
    result.stdout.fnmatch_lines(["colours could not be measured: *items with 2 options only"])


def test_a_fixture_of_the_users_own_of_that_name_is_left_alone(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        import pytest

        @pytest.fixture
        def vlm():
            return "mine"

        def test_it(vlm):
            assert vlm == "mine"
        """
    )
    result = project.runpytest_inprocess(*SEEING, "-v", ".")
    assert outcomes(result) == {
        "test_a_fixture_of_the_users_own_of_that_name_is_left_alone.py::test_it": "PASSED"
    }


def test_evaluations_of_tests_are_recorded_and_not_counted(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    more = """

import dataclasses


def pytest_vlmsight_tasks(config):
    return {
        "colours": colours,
        "more": lambda canvas: dataclasses.replace(colours(canvas), name="more"),
    }
"""
    project.makeconftest(MODELS + blocks()["conftest.py"] + more)
    project.makepyfile("def test_it(vlm_evaluate):\n    vlm_evaluate('more')\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(project.path / "step.md"))
    outputs = ("--vlm-json=run.json", "--vlm-report=run.html", "--vlm-badge=badge.json")
    result = project.runpytest_inprocess(*SEEING, *outputs, ".", "vlmsight")
    result.assert_outcomes(passed=3)
    run = read_run(project.path / "run.json")
    assert run.tasks == ("colours", "more")
    assert {case.task for case in run.cases} == {"colours"}
    assert '"1/1"' in (project.path / "badge.json").read_text()
    assert "**1 of 1 tasks pass** (1 PASS)" in (project.path / "step.md").read_text()
    assert "| more |" in (project.path / "step.md").read_text()
    page = (project.path / "run.html").read_text("utf-8")
    assert "<bdi>more</bdi>" in page
    assert "Pictures are not at hand" not in page


def test_a_run_of_tests_alone_writes_its_record(project: pytest.Pytester) -> None:
    project.makepyfile(
        "import pytest\n\n@pytest.mark.vlm_task\ndef test_it(vlm_evaluation):\n    pass\n"
    )
    result = project.runpytest_inprocess(
        *SEEING, "--vlm-json=run.json", "--vlm-report=run.html", "--junitxml=out.xml", "."
    )
    result.assert_outcomes(passed=1)
    run = read_run(project.path / "run.json")
    assert [one.n for one in run.evaluations] == [40]
    assert not run.cases
    assert "colours" in (project.path / "run.html").read_text("utf-8")
    told = {
        one.get("name"): one.get("value")
        for one in junit_suite(project.path / "out.xml").iter("property")
    }
    assert (told["vlm_task"], told["vlm_sighted"], told["vlm_n"]) == ("colours", "1.0", "40")


def test_a_baseline_is_updated_with_what_a_test_measured(project: pytest.Pytester) -> None:
    project.makepyfile("def test_it(vlm_evaluate):\n    vlm_evaluate('colours')\n")
    update = ("--vlm-baseline=old.json", "--vlm-update")
    project.runpytest_inprocess(*SEEING, *update, ".").assert_outcomes(passed=1)
    result = project.runpytest_inprocess(*SEEING, update[0], "--vlm-drop=.1", "vlmsight")
    result.assert_outcomes(passed=3)


def test_a_folder_that_is_broken_is_an_error_in_a_sentence(project: pytest.Pytester) -> None:
    project.mkdir("broken")
    (project.path / "broken" / "task.toml").write_text(
        'name = "broken"\nversion = "1"\nreadout = "pooled"\nmarkers = "none"\n'
        'source = "here"\nlicence = "CC0"\n'
    )
    (project.path / "broken" / "items.jsonl").write_text(
        '{"id": "one", "images": ["a.png", "b.png", "c.png"], "question": "Which?", '
        '"options": ["the second image", "the third image"], "answer": 0}\n'
    )
    marked = "@pytest.mark.vlm_task('broken')\ndef test_it(vlm_evaluation):\n    pass\n"
    project.makepyfile(f"import pytest\n\n{marked}")
    result = project.runpytest_inprocess(*SEEING, ".")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["broken could not be measured: broken/items.jsonl:1: *a.png*"])


@pytest.mark.slow  # runs in several processes
def test_workers_load_each_model_once_and_record_the_same(project: pytest.Pytester) -> None:
    project.makepyfile(
        test_own="""
        import pytest

        @pytest.mark.vlm_task
        def test_marked(vlm_evaluation):
            assert vlm_evaluation.n == 40

        @pytest.mark.parametrize("k", range(3))
        def test_model(vlm, k):
            assert vlm
        """
    )
    more = ("--vlm=blind-one", "--vlm-json=run.json", "test_own.py", "vlmsight")
    project.runpytest_inprocess(*SEEING, *more)
    alone = read_run(project.path / "run.json")
    (project.path / "notes").unlink()
    result = project.runpytest_subprocess(*SEEING, *more, "-n2", timeout=120)
    result.assert_outcomes(passed=10, failed=2)
    assert sorted(notes("load")) == sorted(notes("close")) == ["blind-one", "seeing"]
    both = read_run(project.path / "run.json")
    assert [(one.model, one.ids) for one in both.evaluations] == [
        (one.model, one.ids) for one in alone.evaluations
    ]
    assert [(case.id, case.result) for case in both.cases] == [
        (case.id, case.result) for case in alone.cases
    ]


@pytest.mark.parametrize("given", [(), SEEING])
def test_a_fixture_of_that_name_in_a_plugin_of_the_users_is_taken(
    project: pytest.Pytester, given: tuple[str, ...]
) -> None:
    """As it is when it is in a conftest.py: no test of theirs is skipped for want of a model."""
    project.makepyfile(
        my_own_plugin="""
        import pytest

        @pytest.fixture(scope="module")
        def vlm():
            return "my own"
        """,
        test_mine="""
        def test_mine(vlm):
            assert vlm == "my own"
        """,
    )
    conftest = project.path / "conftest.py"
    conftest.write_text(f'pytest_plugins = ["my_own_plugin"]\n{conftest.read_text()}')
    project.syspathinsert()
    project.runpytest_inprocess(*given, "test_mine.py").assert_outcomes(passed=1)


def test_the_documented_tests_can_be_run(project: pytest.Pytester) -> None:
    (project.path / "tests").mkdir()
    files = [name for name in blocks() if name.startswith("tests/")]
    assert len(files) == 3
    for name in files:
        # Rendered tasks take a second for ten items.
        text = blocks()[name].replace("items=60", "items=4")
        (project.path / name).write_text(text)
    # Files of these names are among this package's own tests.
    result = project.runpytest_inprocess(*SEEING, "-v", "--import-mode=importlib", "tests")
    names = "tests/test_sight.py::test_what_is_answered_names_an_option"
    assert outcomes(result) == {
        "tests/test_blind_kinds.py::test_noise_tells_no_more_than_grey[seeing]": "PASSED",
        "tests/test_blind_kinds.py::test_other_items_are_no_harder[seeing]": "PASSED",
        "tests/test_prompts.py::test_a_red_picture_is_called_red[seeing]": "PASSED",
        f"{names}[seeing-relative_depth]": "PASSED",
        f"{names}[seeing-texture]": "PASSED",
        # Textures are not told by their mean colour, and the reason says so.
        "tests/test_sight.py::test_the_eye_helps[seeing-texture]": "FAILED",
    }
    result.stdout.fnmatch_lines(["E * AssertionError: sighted *% against *% blind (blank)*"])


def test_the_documented_notebook_can_be_run(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import own_project

    from pytest_vlmsight import models

    monkeypatch.setattr(models, "load_vlm", lambda name: own_project.Counting())
    text = blocks()["notebook"].replace("items=40", "items=6")
    exec(compile(text, DOCS, "exec"), {})  # noqa: S102 - the documentation's own
    assert re.findall(r"^(ceiling|blind) [A-Z]+ \S", capsys.readouterr().out, re.MULTILINE) == [
        "ceiling",
        "blind",
    ]


def test_documented_commands_have_options_that_exist() -> None:
    text = DOCS.read_text("utf-8")
    shells = re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    words = [word for shell in shells for word in shlex.split(shell, comments=True)]
    flags = {option.flag: option for option in OPTIONS}
    typed = [word.partition("=") for word in words if word.startswith("-")]
    assert len(typed) >= 8
    for flag, _, value in typed:
        flags[flag].read(value)
    assert set(re.findall(r"--vlm[a-z-]*", text)) <= set(flags)


def test_the_readme_links_here() -> None:
    readme = (DOCS.parents[1] / "README.md").read_text("utf-8")
    assert "](docs/own-tests.md)" in readme
    (example,) = re.findall(r"```python\n(@pytest.*?)```", readme, re.DOTALL)
    assert example in blocks()["tests/test_sight.py"]


def test_the_documented_way_to_draw_points_is_that_of_the_run() -> None:
    made: dict[str, Any] = {}
    exec(compile(blocks()["points.py"], DOCS, "exec"), made)  # noqa: S102 - the documentation's own
    points = tuple(Point(image=0, x=x, y=20, label=label) for x, label in ((16, "A"), (48, "B")))
    square = Canvas(markers=parse_markers(["shape=square", "colour=yellow"]))
    one, other = (
        made["marked"](
            canvas, "one", flat(GREY), points, question="?", options=("A", "B"), answer=0
        )
        for canvas in (square, Canvas())
    )
    assert (255, 255, 0) in {colour for _, colour in one.images[0].load().getcolors(9999)}
    assert (255, 255, 0) not in {colour for _, colour in other.images[0].load().getcolors(9999)}
    assert one.clean_images == (flat(GREY),)
    assert present(one, (1, 0)).images != one.images


def test_a_test_is_shown_with_its_models_when_it_is_collected(
    project: pytest.Pytester, tmp_path: Path
) -> None:
    project.makepyfile("def test_it(vlm):\n    pass\n")
    result = project.runpytest_inprocess(*SEEING, "--collect-only", "-q", ".")
    result.stdout.fnmatch_lines(["*::test_it[[]seeing[]]"])
    assert not notes("load")
