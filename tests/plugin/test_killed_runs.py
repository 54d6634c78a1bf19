"""``pytest --vlm=…`` that is killed at any moment and run again makes what one run makes."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from dying_plugin import Death

from pytest_vlmsight.records.cache_file import ANSWER, FEATURES

if TYPE_CHECKING:
    from pathlib import Path

BATCH, KILLS = 4, 10
WRITTEN = ("run.json", "base.json", "run.html")
COMMAND = (
    *("-p", "dying_plugin", "-p", "no:cacheprovider", "-q", "--vlm=./oracle"),
    *("--vlm-tasks=tiny", "--vlm-tasks=lines", "--vlm-tasks=low_level_matching"),
    *("--vlm-items=32", f"--vlm-batch={BATCH}", "--vlm-ceiling=matched,native", "--vlm-jobs=2"),
    *("--vlm-blind=blank,noise", "--vlm-drop=.1", "--vlm-baseline=base.json", "--vlm-update"),
    *("--vlm-json=run.json", "--vlm-report=run.html"),
)
VARYING = ("started", "seconds")
"""Of a record: when the run was made and how long it took. All else must be the same."""


def ran(folder: Path, cache: str, death: Death | None = None) -> int:
    """Run the command, and be sure that no process is left of it; returns the exit code."""
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", *COMMAND],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
            "VLMSIGHT_CACHE": str(folder / cache),
            "DYING_LOG": str(folder / "log"),
            **(death.environment() if death else {}),
        },
        start_new_session=True,
    )
    try:
        # The end of its output is that of the last process that was started for it.
        out, _ = process.communicate(timeout=300)
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
    assert b"Traceback" not in out, out.decode()
    assert b"vlmsight: warning" not in out, out.decode()
    return process.returncode


def record(path: Path) -> dict[str, Any]:
    """All that a record says but what varies."""
    plain: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return {key: value for key, value in plain.items() if key not in VARYING}


def entries(cache: Path) -> list[tuple[Any, ...]]:
    """All that is kept of answers, with its bytes."""
    if not (cache / "answers.sqlite").exists():
        return []
    with closing(sqlite3.connect(cache / "answers.sqlite")) as connection:
        rows = connection.execute(
            "SELECT task, what, context, key, value FROM entries "
            "JOIN parts ON part = parts.id ORDER BY context, key"
        )
        return rows.fetchall()


def kept(cache: Path) -> tuple[int, int]:
    """How many answers, and features of how many items."""
    kinds = [what for _, what, *_ in entries(cache)]
    return kinds.count(ANSWER), kinds.count(FEATURES)


def files(cache: Path) -> dict[str, list[bytes]]:
    """Items and pictures that are kept: lines by name."""
    return {
        path.name: sorted(path.read_bytes().splitlines())
        for path in cache.rglob("*")
        if path.suffix in {".png", ".jsonl"}
    }


def asked(folder: Path) -> dict[str, int]:
    """How much went through the model since this was looked at last, and prompts of the last."""
    log = folder / "log"
    noted = {"_ask_batch": 0, "_look": 0, "forwards": 0, "last": 0}
    for line in log.read_text().splitlines():
        what, count = line.split()
        noted[what] += int(count)
        noted["forwards"] += 1
        noted["last"] = int(count) if what == "_ask_batch" else 0
    log.write_text("")
    return noted


def deaths(rng: random.Random, *, forwards: int) -> list[Death]:
    """Moments all over a run's life: as it starts, as it asks, as it keeps what was answered, and
    as it writes what it found."""
    starting = [Death(forwards=0, moment=rng.randint(1, 9), seconds=rng.random()) for _ in range(2)]
    asking = []
    for index in range(KILLS - 4):
        through = rng.randint(1, forwards // (KILLS - 4))
        if index % 2:  # while a batch is asked, or whatever comes next
            later = rng.random() / 5
            asking.append(Death(forwards=through, moment=rng.randint(1, 12), seconds=later))
        else:  # while a batch is written
            asking.append(Death(forwards=through, moment=rng.randint(2, BATCH), rows=True))
    ending = [Death(forwards=-1, moment=rng.randint(1, 14)) for _ in range(2)]
    return [starting[0], *asking[:3], starting[1], *asking[3:], *ending]


@pytest.mark.slow  # a dozen runs, each in a process of its own
def test_ten_killed_runs_and_one_that_ends_make_what_one_makes(folders: Path) -> None:
    import tiny_packs

    tiny_packs.write_pack(folders / "lines", n=32, readout="linear", name="lines")
    (folders / "log").touch()
    first = ran(folders, "undisturbed")
    assert first in {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED}
    total = asked(folders)
    assert total["_ask_batch"] == kept(folders / "undisturbed")[0] > 200
    measured = record(folders / "run.json")["evaluations"]
    assert len(measured) == 3

    # From now on there is a baseline of another day, which is to be replaced.
    base = record(folders / "base.json")
    old = json.dumps(base | {"started": "2020-01-01T00:00:00+00:00", "seconds": 1.0})
    (folders / "base.json").write_text(old)
    assert ran(folders, "undisturbed") == first
    assert asked(folders)["forwards"] == 0
    want = {name: record(folders / name) for name in ("run.json", "base.json")}
    assert want["run.json"]["evaluations"] == measured
    (folders / "base.json").write_text(old)
    for name in ("run.json", "run.html"):
        (folders / name).unlink()

    def check() -> None:
        if (folders / "run.json").exists():
            assert record(folders / "run.json") == want["run.json"]
        if (folders / "run.html").exists():
            assert (folders / "run.html").read_text("utf-8").rstrip().endswith("</html>")
        if (folders / "base.json").read_text("utf-8") != old:
            assert record(folders / "base.json") == want["base.json"]

    met, forwards = list[int](), 0
    cache = folders / "kept"
    for death in deaths(random.Random(11), forwards=total["forwards"]):
        before, _ = kept(cache)
        assert ran(folders, "kept", death) == -signal.SIGKILL, death
        check()
        now = asked(folders)
        # What was asked was not known, and is kept now, but for the batch that was being asked or
        # written: that is kept as a whole or not at all.
        answers, features = kept(cache)
        lost = now["_ask_batch"] - (answers - before)
        assert lost in {0, now["last"]}, (death, lost, now)
        assert features % BATCH == 0, (death, features)
        met.append(answers)
        forwards += now["forwards"]
    assert len(set(met)) >= KILLS // 2, met  # they were killed all over their way
    before, _ = kept(cache)
    assert ran(folders, "kept") == first
    check()
    assert all((folders / name).exists() for name in WRITTEN)
    assert (folders / "base.json").read_text("utf-8") != old
    assert asked(folders)["_ask_batch"] == total["_ask_batch"] - before
    assert entries(cache) == entries(folders / "undisturbed")
    assert files(cache) == files(folders / "undisturbed")
    assert forwards <= total["forwards"] + 3 * KILLS
    assert ran(folders, "kept") == first
    assert asked(folders)["forwards"] == 0
