"""What may come between a run and its baseline: other writers, clocks, folders, names."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from made_runs import evaluation, run

from pytest_vlmsight.records.baseline import read_baseline
from pytest_vlmsight.records.run_file import read_run, run_text, write_run

if TYPE_CHECKING:
    from pathlib import Path

    from plugin_fixtures import RunSuite

    from pytest_vlmsight.records.run import Run

HOW = ("--vlm-drop=.1", "--vlm-baseline=base/model.json")
TINY = ("--vlm=oracle", "--vlm-tasks=tiny", *HOW)
CASE = "vlmsight::oracle::tiny::regression"


@pytest.fixture(autouse=True)
def somewhere_else_than_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)


def baseline(folders: Path) -> Run:
    found = read_baseline(folders / "base" / "model.json")
    assert found is not None
    return found


def tasks(folders: Path) -> list[str]:
    return [one.task for one in baseline(folders).evaluations]


# -- other writers --------------------------------------------------------------------------------


def test_what_another_run_wrote_meanwhile_is_kept(
    run_suite: RunSuite, folders: Path, pytester: pytest.Pytester
) -> None:
    """The other one ends while this one asks its model."""
    write_run(run(evaluation(model="oracle", task="theirs")), folders / "theirs.json")
    pytester.makeconftest("""
        from pathlib import Path
        from pytest_vlmsight.records.baseline import update_baseline
        from pytest_vlmsight.records.run_file import read_run

        def pytest_runtest_teardown():
            update_baseline(
                Path("base/model.json"), read_run(Path("theirs.json")),
                model="oracle", tasks=["theirs"], overwrite=True,
            )
    """)
    done = run_suite(*TINY)
    assert "vlmsight: baseline: base/model.json: added tiny; kept theirs" in done.out
    assert tasks(folders) == ["theirs", "tiny"]


@pytest.mark.slow  # two whole runs in processes of their own
def test_runs_at_the_same_time_write_one_baseline(folders: Path) -> None:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "pytest", "--vlm=oracle", *HOW, *more, "--vlm-update"],
            cwd=folders,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        for more in (["--vlm-tasks=tiny"], ["--vlm-tasks=one-scene"])
    ]
    told = [one.communicate(timeout=300)[0] for one in started]
    assert all("vlmsight: baseline: base/model.json: added " in out for out in told), told
    assert tasks(folders) == ["one-scene", "tiny"]
    assert [one.name for one in (folders / "base").iterdir()] == ["model.json"]


# -- clocks ---------------------------------------------------------------------------------------


def test_clock_that_is_set_back_changes_nothing(
    run_suite: RunSuite, folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = run_suite(*TINY)
    assert first.outcomes[CASE] == "failed"  # nobody has looked at it yet
    before = baseline(folders)
    write_run(replace(before, started="2999-01-01T00:00:00+00:00"), folders / "base/model.json")
    now, calls = time.time(), []

    def set_back() -> float:
        calls.append(0)
        return now - 86_400 * len(calls)

    monkeypatch.setattr(time, "time", set_back)
    done = run_suite(*TINY, "--vlm-json=run.json", "--vlm-update")
    assert done.code == pytest.ExitCode.OK
    assert calls
    assert done.told[CASE]["vlm_baseline_status"] == "pass"
    assert read_run(folders / "run.json").seconds > 0
    after = baseline(folders)
    assert after.started < "2999"
    assert run_text(replace(after, cases=())).count('"ids"') == 1


# -- what is there, and where ---------------------------------------------------------------------


def test_baseline_that_was_edited_is_refused_at_once(run_suite: RunSuite, folders: Path) -> None:
    text = run_text(run(evaluation(model="oracle", task="tiny", n=2)))
    assert '"gold": [0, 1]' in text
    (folders / "m.json").write_text(text.replace('"gold": [0, 1]', '"gold": [0, 3]'))
    error = run_suite("--vlm=oracle", "--vlm-tasks=tiny", "--vlm-baseline=m.json").error
    assert error.startswith("--vlm-baseline=m.json: ")
    assert "evaluation of oracle, tiny: ids, names and right options do not fit" in error


@pytest.mark.parametrize("output", ["--vlm-baseline=base/model.json", "--vlm-json=base/run.json"])
def test_folder_that_is_read_only_is_told_before_anything_is_measured(
    run_suite: RunSuite, folders: Path, monkeypatch: pytest.MonkeyPatch, output: str
) -> None:
    (folders / "base").mkdir()
    allowed = os.access

    def access(path: object, mode: int, **how: bool) -> bool:
        return not str(path).endswith("base") and allowed(path, mode, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "access", access)
    error = run_suite("--vlm=oracle", "--vlm-tasks=tiny", "--vlm-drop=.1", output).error
    assert error.startswith(f"{output}: ")
    assert error.endswith("base cannot be written to")


def test_names_that_are_no_unicode_are_compared_recorded_and_shown(
    run_suite: RunSuite, folders: Path
) -> None:
    name = os.fsdecode(b"step-\xff")
    try:
        (folders / name).symlink_to((folders / "oracle").resolve())
    except OSError:
        pytest.skip("this file system has no such names")
    what = (f"--vlm=./{name}", "--vlm-tasks=tiny", "--vlm-drop=.1", "--vlm-baseline=base/")
    first = run_suite(*what)
    (file,) = (folders / "base").iterdir()
    assert file.name.isascii()
    assert any(f"baseline: base/{file.name}: added tiny" in line for line in first.out)
    outputs = ("--vlm-json=run.json", "--vlm-report=run.html", "--vlm-badge=sight.json")
    done = run_suite(*what, *outputs)
    assert done.code == pytest.ExitCode.OK
    assert done.told[r"vlmsight::step-\udcff::tiny::regression"]["vlm_baseline_status"] == "pass"
    record = read_run(folders / "run.json")
    assert record.models == (r"step-\udcff",)
    assert record.command[1] == f"--vlm=./{name}"
    assert r"<bdi>step-\udcff</bdi>" in (folders / "run.html").read_text("utf-8")
