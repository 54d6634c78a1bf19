"""A run that was made before costs no forward pass, and a cache that cannot be used is told."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from plugin_fixtures import N

from pytest_vlmsight.models.transformers_vlm import TransformersVlm
from pytest_vlmsight.records.run_file import read_run, run_text

if TYPE_CHECKING:
    from pathlib import Path

    from plugin_fixtures import RunSuite

WHAT = ("--vlm=./oracle", "--vlm-tasks=tiny", "--vlm-ceiling=matched,native", "--vlm-json=run.json")


def record(folder: Path) -> str:
    return run_text(replace(read_run(folder / "run.json"), started="", seconds=0.0, command=()))


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What goes through models."""
    noted: list[str] = []
    for name in ("_ask_batch", "_look"):
        real = getattr(TransformersVlm, name)

        def noting(*args: object, name: str = name, real: object = real, **named: object) -> object:
            noted.append(name)
            return real(*args, **named)  # type: ignore[operator]

        monkeypatch.setattr(TransformersVlm, name, noting)
    return noted


def test_the_same_run_again_asks_nothing_and_makes_the_same_record(
    run_suite: RunSuite, folders: Path, asked: list[str]
) -> None:
    first = run_suite(*WHAT, "--vlm-cache-dir=kept")
    told = record(folders)
    assert len(asked) >= N // 4
    asked.clear()
    second = run_suite(*WHAT, "--vlm-cache-dir=kept")
    assert not asked
    assert record(folders) == told
    assert second.outcomes == first.outcomes
    assert second.section("vlmsight") == first.section("vlmsight")
    (folders / "moved").symlink_to(folders / "oracle")
    run_suite("--vlm=./moved", *WHAT[1:], "--vlm-cache-dir=kept")
    assert not asked
    run_suite(*WHAT, "--vlm-cache-dir=kept", "--vlm-no-cache")
    assert asked


def test_a_cache_that_cannot_be_used_is_told_and_changes_no_outcome(
    run_suite: RunSuite, folders: Path, asked: list[str]
) -> None:
    first = run_suite(*WHAT, "--vlm-cache-dir=kept")
    told = record(folders)
    (folders / "kept" / "answers.sqlite").write_bytes(b"no database " * 1000)
    asked.clear()
    second = run_suite(*WHAT, "--vlm-cache-dir=kept")
    assert asked
    assert second.outcomes == first.outcomes
    assert record(folders) == told
    section = " ".join(second.section("vlmsight"))
    assert "vlmsight: warning: the cache of answers could not be used" in section
    assert section.count("warning") == 1
