"""``pytest --vlm=llava-1.5``: names of the hub through a whole run, offline."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from hub_cache import lay_out, offline
from tiny_packs import write_pack
from tiny_vlms import build

if TYPE_CHECKING:
    from pathlib import Path

COMMIT, OLDER = "ab" * 20, "cd" * 20


@pytest.mark.slow
def test_an_alias_an_id_with_a_revision_and_a_missing_id_in_one_run(tmp_path: Path) -> None:
    oracle = build(tmp_path / "oracle", "oracle")
    always_a = build(tmp_path / "always_a", "always_a")
    cache = tmp_path / "hub"
    lay_out(
        cache,
        "llava-hf/llava-1.5-7b-hf",
        {COMMIT: oracle, OLDER: always_a},
        {"main": COMMIT, "v1": OLDER},
    )
    write_pack(tmp_path / "pack", n=160)
    done = subprocess.run(
        [
            sys.executable,
            *("-m", "pytest", "-p", "no:cacheprovider", "-W", "error"),
            *("--vlm=llava-1.5", "--vlm=llava-hf/llava-1.5-7b-hf@v1", "--vlm=nobody/nothing"),
            *("--vlm-tasks=pack", "--vlm-ceiling=native"),
        ],
        cwd=tmp_path,
        env={**offline(cache), "COLUMNS": "80"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    lines = done.stdout.splitlines()
    assert done.returncode == 1, done.stdout + done.stderr
    assert lines[-1].strip("= ").startswith("2 failed, 2 passed, 2 errors")
    table = [" ".join(line.split()) for line in lines if line.startswith("tiny ")]
    assert table == [
        "tiny 100.0 25.0 100.0 25.0 160 PASS PASS",
        "tiny 25.0 25.0 100.0 25.0 160 FAIL FAIL",
        "tiny – – – – – ERROR ERROR",
    ]
    told = done.stdout[: done.stdout.index("short test summary")]
    assert told.count("cannot load its configuration of nobody/nothing") == 1
    assert "Traceback" not in done.stdout + done.stderr
