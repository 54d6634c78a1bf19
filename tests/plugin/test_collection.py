"""Which cases a command line stands for, and in which order they run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from plugin_fixtures import RunSuite

ORACLE = ["vlmsight::oracle::tiny::ceiling", "vlmsight::oracle::tiny::blind"]
ALWAYS_A = ["vlmsight::always_a::tiny::ceiling", "vlmsight::always_a::tiny::blind"]
USER = "tests/test_user.py::test_user"

LIST = ("--collect-only", "-q", "--vlm-tasks=tiny")


@pytest.fixture
def repository(folders: Path) -> Path:
    """A user's repository with a test of its own."""
    (folders / "tests").mkdir()
    (folders / "tests" / "test_user.py").write_text("def test_user():\n    pass\n")
    return folders


def test_empty_directory_has_two_cases_per_model_and_task(run_suite: RunSuite) -> None:
    assert run_suite("--vlm=oracle", *LIST).collected == ORACLE


def test_models_come_first_and_tasks_in_the_order_typed(run_suite: RunSuite) -> None:
    run = run_suite("--vlm=oracle", "--vlm=always_a", "--vlm-tasks=one-scene", *LIST)
    assert run.collected == [
        f"vlmsight::{model}::{task}::{gate}"
        for model in ("oracle", "always_a")
        for task in ("one-scene", "tiny")
        for gate in ("ceiling", "blind")
    ]


@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((), ORACLE),
        (("tests", "vlmsight"), [USER, *ORACLE]),
        (("vlmsight", "tests"), [USER, *ORACLE]),
        (("tests",), [USER]),
        ((USER, "vlmsight::oracle::tiny::blind"), [USER, ORACLE[1]]),
        (("vlmsight/",), ORACLE),
    ],
)
def test_arguments_choose_between_suite_and_tests_of_the_user(
    run_suite: RunSuite, arguments: tuple[str, ...], expected: list[str]
) -> None:
    run = run_suite("--vlm=oracle", *LIST, *arguments)
    assert sorted(run.collected) == sorted(expected)
    assert run.code == pytest.ExitCode.OK


@pytest.mark.usefixtures("repository")
def test_testpaths_of_the_user_do_not_join_the_suite(run_suite: RunSuite, folders: Path) -> None:
    (folders / "pytest.ini").write_text("[pytest]\ntestpaths = tests\n")
    assert run_suite("--vlm=oracle", *LIST).collected == ORACLE
    assert run_suite("-q", "--collect-only").collected == [USER]


@pytest.mark.parametrize(
    ("pasted", "expected"),
    [
        (ORACLE[:1], ORACLE[:1]),
        (["vlmsight::oracle"], ORACLE),
        (["vlmsight::always_a::tiny"], ALWAYS_A),
        ([ORACLE[1], "vlmsight::always_a"], [ORACLE[1], *ALWAYS_A]),
        ([ORACLE[1], ORACLE[1]], ORACLE[1:]),
    ],
)
def test_pasted_node_ids_stand_for_their_cases(
    run_suite: RunSuite, pasted: list[str], expected: list[str]
) -> None:
    run = run_suite("--vlm=oracle", "--vlm=always_a", *LIST, *pasted)
    assert run.collected == expected


@pytest.mark.parametrize(
    "pasted",
    ["vlmsight::other", "vlmsight::oracle::tin", "vlmsight::oracle::tiny::regression"],
)
def test_pasted_node_id_of_another_run_is_refused(run_suite: RunSuite, pasted: str) -> None:
    error = run_suite("--vlm=oracle", *LIST, pasted).error
    assert error == f"not found: {pasted} (is its --vlm, --vlm-tasks or --vlm-baseline missing?)"


@pytest.mark.parametrize("name", ["org/model", "org/model[rev]", "my model, the second"])
def test_node_ids_of_any_folder_can_be_pasted(
    run_suite: RunSuite, folders: Path, name: str
) -> None:
    (folders / "org").mkdir()
    (folders / name).symlink_to(folders / "oracle")
    collected = run_suite(f"--vlm=./{name}", *LIST).collected
    assert collected == [f"vlmsight::{name}::tiny::{gate}" for gate in ("ceiling", "blind")]
    for nodeid in collected:
        assert run_suite(f"--vlm=./{name}", *LIST, nodeid).collected == [nodeid]


def test_hub_id_with_revision_is_collected_without_the_network(run_suite: RunSuite) -> None:
    run = run_suite("--vlm=owner/name@v1.0", *LIST, "vlmsight::owner/name@v1.0::tiny::blind")
    assert run.collected == ["vlmsight::owner/name@v1.0::tiny::blind"]


def test_folder_with_a_space_in_its_path_can_hold_tasks(run_suite: RunSuite, folders: Path) -> None:
    (folders / "my tasks").mkdir()
    (folders / "my tasks" / "one").symlink_to(folders / "tiny")
    run = run_suite("--vlm=oracle", "--vlm-tasks=./my tasks/*", "--collect-only", "-q")
    assert run.collected == ORACLE


def test_model_typed_twice_is_tested_once(run_suite: RunSuite) -> None:
    run = run_suite("--vlm=oracle", "--vlm=oracle", "--vlm=./oracle/", *LIST)
    assert run.collected == ORACLE


def test_keyword_selects_cases(run_suite: RunSuite) -> None:
    run = run_suite("--vlm=oracle", "--vlm=always_a", *LIST, "-k", "blind and not always_a")
    assert run.collected == ORACLE[1:]


def test_deselect_takes_a_model_out(run_suite: RunSuite) -> None:
    run = run_suite("--vlm=oracle", "--vlm=always_a", *LIST, "--deselect=vlmsight::oracle")
    assert run.collected == ALWAYS_A


def test_cases_of_a_model_stay_together_whatever_shuffles(
    run_suite: RunSuite, repository: Path
) -> None:
    (repository / "conftest.py").write_text(
        "def pytest_collection_modifyitems(items):\n"
        "    items.sort(key=lambda item: (item.name[::-1], item.nodeid))\n"
    )
    run = run_suite("--vlm=oracle", "--vlm=always_a", *LIST, "tests", "vlmsight")
    models = [nodeid.split("::")[1] for nodeid in run.collected if nodeid != USER]
    assert models in (["always_a"] * 2 + ["oracle"] * 2, ["oracle"] * 2 + ["always_a"] * 2)
    assert sorted(run.collected) == sorted([USER, *ORACLE, *ALWAYS_A])
    assert [n.split("::")[3] for n in run.collected if n in ORACLE] == ["blind", "ceiling"]


def test_first_failure_ends_a_run_with_x(run_suite: RunSuite) -> None:
    run = run_suite("--vlm=always_a", "--vlm=oracle", "--vlm-tasks=tiny", "-x")
    assert run.outcomes == {ALWAYS_A[0]: "failed"}
    assert run.code == pytest.ExitCode.TESTS_FAILED


def test_last_failed_runs_only_the_failed_cases(run_suite: RunSuite, repository: Path) -> None:
    (repository / "tests" / "test_user.py").write_text(
        "def test_user():\n    assert False\n\ndef test_fine():\n    pass\n"
    )
    arguments = ("--vlm=oracle", "--vlm=always_a", "--vlm-tasks=tiny", "tests", "vlmsight")
    first = run_suite(*arguments)
    failed = {nodeid for nodeid, outcome in first.outcomes.items() if outcome == "failed"}
    assert failed == {USER, *ALWAYS_A}
    assert set(run_suite(*arguments, "--lf", "--collect-only").collected) == failed
    assert set(run_suite(*arguments, "--lf").outcomes) == failed
    alone = run_suite(*arguments[:3], "--lf", "--collect-only")
    assert alone.collected == ALWAYS_A


@pytest.mark.slow
def test_stepwise_goes_on_at_the_failed_case(run_suite: RunSuite) -> None:
    arguments = ("--vlm=oracle", "--vlm=always_a", "--vlm-tasks=tiny", "--sw")
    assert list(run_suite(*arguments).outcomes) == [*ORACLE, ALWAYS_A[0]]
    assert list(run_suite(*arguments).outcomes) == [ALWAYS_A[0]]


def test_strict_settings_of_the_user_are_met(run_suite: RunSuite, folders: Path) -> None:
    (folders / "pytest.ini").write_text(
        "[pytest]\nstrict = true\nxfail_strict = true\nfilterwarnings = error\n"
    )
    run = run_suite("--vlm=oracle", "--vlm-tasks=tiny", "--strict-markers", "-W", "error")
    assert run.outcomes == dict.fromkeys(ORACLE, "passed")
    assert not any("warning" in line for line in run.out)
