"""Under xdist each model is loaded by one worker, and the whole is reported as ever."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from plugin_fixtures import junit_suite

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def repository(folders: Path) -> Path:
    """A user's repository with tests of its own."""
    (folders / "tests").mkdir()
    (folders / "tests" / "test_user.py").write_text(
        "import pytest\n\n@pytest.mark.parametrize('k', range(4))\ndef test_user(k):\n    pass\n"
    )
    return folders


def distributed(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A run of pytest with two workers."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-n2", "-v", "-W", "error", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        timeout=120,
        env={**os.environ, "COLUMNS": "80"},
    )


@pytest.mark.slow
def test_each_model_is_on_one_worker_beside_tests_of_the_user(repository: Path) -> None:
    done = distributed(
        repository,
        "--vlm=oracle",
        "--vlm=always_a",
        "--vlm-tasks=tiny",
        "--vlm-tasks=one-scene",
        "--junitxml=sight.xml",
        "vlmsight::oracle",
        "tests",
        "vlmsight::always_a::tiny",
    )
    assert done.returncode == pytest.ExitCode.TESTS_FAILED, done.stdout + done.stderr
    ran = re.findall(r"^\[(gw\d)\].*? (PASSED|FAILED|ERROR) (\S+)", done.stdout, re.MULTILINE)
    outcomes = {nodeid.removesuffix("@"): outcome for _, outcome, nodeid in ran}
    assert outcomes == {
        "vlmsight::oracle::tiny::ceiling": "PASSED",
        "vlmsight::oracle::tiny::blind": "PASSED",
        "vlmsight::oracle::one-scene::ceiling": "ERROR",
        "vlmsight::oracle::one-scene::blind": "PASSED",
        "vlmsight::always_a::tiny::ceiling": "FAILED",
        "vlmsight::always_a::tiny::blind": "FAILED",
        **{f"tests/test_user.py::test_user[{k}]": "PASSED" for k in range(4)},
    }
    for model in ("oracle", "always_a"):
        assert len({worker for worker, _, nodeid in ran if f"::{model}::" in nodeid}) == 1
    summary = done.stdout[done.stdout.index("= vlmsight =") :]
    assert re.search(r"^tiny +100\.0 +25\.0 +100\.0 +25\.0 +32 PASS +PASS$", summary, re.MULTILINE)
    assert re.search(r"^one-scene .* ERROR +PASS$", summary, re.MULTILINE)
    assert "the matched ceiling of one-scene could not be measured" in done.stdout
    assert "pluggy" not in done.stdout[done.stdout.index("= ERRORS =") :]
    suite = junit_suite(repository / "sight.xml")
    assert (suite.get("errors"), suite.get("failures")) == ("1", "2")
    properties = [
        {p.get("name"): p.get("value") for p in case.iter("property")}
        for case in suite.iter("testcase")
        if case.get("classname") == "vlmsight.oracle.tiny"
    ]
    assert [told["vlm_verdict"] for told in properties] == ["PASS", "PASS"]


@pytest.mark.parametrize(
    ("arguments", "tests"), [pytest.param((), 0, marks=pytest.mark.slow), (("tests",), 4)]
)
def test_workers_run_what_the_command_line_asks_for(
    repository: Path, arguments: tuple[str, ...], tests: int
) -> None:
    # The suite's own cases are left out again, so that no worker loads torch.
    left_out = "--deselect=vlmsight::oracle"
    done = distributed(repository, "--vlm=oracle", "--vlm-tasks=tiny", left_out, *arguments)
    passed = len(re.findall(r"PASSED tests/test_user\.py", done.stdout))
    assert passed == tests, done.stdout + done.stderr
    expected = pytest.ExitCode.OK if tests else pytest.ExitCode.NO_TESTS_COLLECTED
    assert done.returncode == expected


def test_bad_input_is_one_line_also_with_workers(folders: Path) -> None:
    done = distributed(folders, "--vlm=oracle", "--vlm-tasks=tiny", "--vlm-items=3")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert done.stderr.startswith("ERROR: task tiny: 3 items cannot pass")
    assert len(done.stderr.strip().splitlines()) == 1
