"""Without --vlm the plugin costs nothing and changes nothing, seen from the end of the process."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

HEAVY = {"torch", "transformers", "scipy", "numpy", "PIL", "tqdm", "safetensors"}

RUN = """
import json, os, sys
import pytest
code = int(pytest.main(sys.argv[2:]))
told = {"code": code, "modules": sorted(sys.modules), "environment": dict(os.environ)}
with open(sys.argv[1], "w") as file:
    json.dump(told, file)
"""

IMPORT = """
import importlib, sys, time
import pytest
names = ["pytest_vlmsight", "pytest_vlmsight.hooks", "pytest_vlmsight.fixtures"]
names += ["pytest_vlmsight.options", "pytest_vlmsight.plugin"]
times = []
for _ in range(30):
    for name in names:
        sys.modules.pop(name, None)
    start = time.perf_counter()
    for name in names:
        importlib.import_module(name)
    times.append(time.perf_counter() - start)
print(min(times[1:]))
"""


def in_own_process(folder: Path, *arguments: str) -> tuple[dict[str, Any], list[str]]:
    """What a run of pytest leaves behind, and the lines it writes."""
    told = folder.parent / "told.json"
    options = ["-p", "no:cacheprovider", "-W", "error", *arguments]
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(told), *options],
        capture_output=True,
        text=True,
        check=True,
        cwd=folder,
        timeout=60,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert not done.stderr
    lines = [
        line.replace("vlmsight-0.1.0, ", "") if line.startswith("plugins: ") else line
        for line in done.stdout.splitlines()
    ]
    return json.loads(told.read_text()), [
        re.sub(r" in \d+\.\d+s ", " ", line).strip("= ") for line in lines
    ]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "user"
    path.mkdir()
    return path


@pytest.mark.parametrize("test", [None, "def test_one():\n    pass\n"], ids=["empty", "one test"])
def test_idle_run_is_the_same_as_without_the_plugin(folder: Path, test: str | None) -> None:
    if test:
        (folder / "test_one.py").write_text(test)
    listing = sorted(folder.rglob("*"))
    with_it, shown = in_own_process(folder)
    without, expected = in_own_process(folder, "-p", "no:vlmsight")
    assert shown == expected
    assert with_it["code"] == without["code"]
    assert with_it["environment"] == without["environment"]
    assert sorted(folder.rglob("*")) == listing
    assert set(with_it["modules"]) - set(without["modules"]) == {
        "pytest_vlmsight",
        "pytest_vlmsight.fixtures",
        "pytest_vlmsight.hooks",
        "pytest_vlmsight.options",
        "pytest_vlmsight.plugin",
    }
    assert not HEAVY & set(with_it["modules"])


def test_importing_what_every_run_loads_takes_less_than_two_milliseconds(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", IMPORT],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        timeout=60,
        # Compiled once, as in any installation, wherever the tests are run from.
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(tmp_path)},
    )
    assert float(done.stdout) < 0.002


def test_collecting_the_suite_loads_no_model(tiny_folders: Path, folder: Path) -> None:
    model, tasks = tiny_folders / "oracle", tiny_folders / "tiny"
    told, shown = in_own_process(
        folder, f"--vlm={model}", f"--vlm-tasks={tasks}", "--collect-only", "-q"
    )
    assert told["code"] == pytest.ExitCode.OK
    assert [line for line in shown if "::" in line] == [
        f"vlmsight::{model}::tiny::ceiling",
        f"vlmsight::{model}::tiny::blind",
    ]
    assert not {"torch", "transformers"} & set(told["modules"])
    assert not list(folder.iterdir())


def test_model_given_to_a_run_without_the_plugin_is_an_unknown_option(folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:vlmsight", "--vlm=oracle"],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        timeout=60,
    )
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "unrecognized arguments: --vlm=oracle" in done.stderr
