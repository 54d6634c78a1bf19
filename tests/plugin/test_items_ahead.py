"""Items are made by other processes while the run's tests run, and nothing else changes."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from plugin_fixtures import junit_suite

if TYPE_CHECKING:
    from pathlib import Path


def ran(folder: Path, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A run in a process of its own, with a cache of its own."""
    return subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-W", "error", "--vlm=oracle"),
            *("--vlm-tasks=low_level_matching", "--vlm-items=30", "--vlm-inconclusive=pass"),
            *("--vlm-min-gain=.01", f"--junitxml={name}.xml", *arguments),
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        timeout=120,
        env={**os.environ, "COLUMNS": "80", "VLMSIGHT_CACHE": str(folder / name)},
    )


def told(path: Path) -> list[tuple[str | None, str | None]]:
    """All that a run says of its cases."""
    return [(one.get("name"), one.get("value")) for one in junit_suite(path).iter("property")]


@pytest.mark.slow  # two runs, of which one starts processes
def test_several_processes_make_what_one_makes(folders: Path) -> None:
    one = ran(folders, "one", "--vlm-jobs=1")
    several = ran(folders, "several", "--vlm-jobs=2")
    assert one.returncode == several.returncode, one.stdout + several.stdout
    assert "Traceback" not in several.stdout + several.stderr
    assert told(folders / "one.xml")
    assert told(folders / "one.xml") == told(folders / "several.xml")
    kept = [sorted(p.name for p in (folders / name).rglob("*.*")) for name in ("one", "several")]
    assert len(kept[0]) == 2 * 30 + 2  # pictures, items and answers
    assert kept[0] == kept[1]


@pytest.mark.slow  # a script of its own and its processes
def test_a_script_is_not_run_again_by_the_processes(folders: Path) -> None:
    """One that calls pytest without asking for its own name."""
    script = folders / "run.py"
    script.write_text(
        "import pytest, sys\n"
        "with open('runs', 'a') as file:\n    file.write('run\\n')\n"
        "sys.exit(pytest.main(['--vlm=oracle', '--vlm-tasks=low_level_matching', '--vlm-jobs=2',\n"
        "    '--vlm-items=30', '--vlm-inconclusive=pass', '--vlm-min-gain=.01']))\n"
    )
    done = subprocess.run(
        [sys.executable, str(script)],
        capture_output=True,
        text=True,
        check=False,
        cwd=folders,
        timeout=120,
        env={**os.environ, "VLMSIGHT_CACHE": str(folders / "scripted")},
    )
    assert "Traceback" not in done.stdout + done.stderr, done.stdout + done.stderr
    assert (folders / "runs").read_text() == "run\n"
    assert len(list((folders / "scripted").rglob("*.png"))) == 2 * 30


def test_collecting_makes_nothing(folders: Path) -> None:
    done = ran(folders, "collected", "--collect-only", "-q")
    assert done.returncode == 0
    assert not (folders / "collected").exists()
