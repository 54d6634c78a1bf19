"""What cannot be used is refused at the start: exit code 4 and one line that says what to do."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from made_tasks import add_made_tasks
from plugin_fixtures import rewrite_lines

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from plugin_fixtures import RunSuite

Record = dict[str, object]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (
            "llava-1.4",
            ["--vlm=llava-1.4: neither a folder", "did you mean llava-1.6, llava-1.5", "`vlmsight"],
        ),
        ("./nowhere", ["--vlm=./nowhere: there is no such folder", "nowhere"]),
        ("tiny", ["--vlm=tiny: the folder is no checkpoint", "config.json"]),
        ("owner/name@", ["--vlm=owner/name@: '@' must be followed by a revision"]),
        ("a::b", ["--vlm='a::b'", "without '::'"]),
        ("http://localhost:8000/v1#m", ["--vlm=http://localhost:8000/v1#m: endpoints cannot"]),
        ("", ["--vlm"]),
    ],
)
def test_model_that_is_none(run_suite: RunSuite, given: str, words: list[str]) -> None:
    error = run_suite(f"--vlm={given}", "--vlm-tasks=tiny").error
    assert all(word in error for word in words), error


def test_two_models_of_one_name(
    run_suite: RunSuite, folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in (folders / "llava-1.5", folders / "llava-1.5" / "llava-1.5"):
        folder.mkdir()
        (folder / "config.json").write_text("{}")
    monkeypatch.chdir(folders / "llava-1.5")
    error = run_suite("--vlm=llava-1.5", "--vlm=.", "--collect-only").error
    assert error == "--vlm=llava-1.5: two models would share this name"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("low_level_matchin", ["no such task or folder", "did you mean low_level_matching"]),
        ("nothing/*", ["'nothing/*'", "matches no built-in task and none of 0 paths"]),
        ("oracle", ["'oracle'", "a folder without task.toml"]),
    ],
)
def test_task_that_is_none(run_suite: RunSuite, given: str, words: list[str]) -> None:
    error = run_suite("--vlm=oracle", f"--vlm-tasks={given}").error
    assert all(word in error for word in ["--vlm-tasks", *words]), error


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("--vlm-margin=1.5", ["--vlm-margin=1.5: expected a proportion between 0 and 1"]),
        ("--vlm-margin=nan", ["--vlm-margin=nan", "(vlm_margin in an ini file)"]),
        ("--vlm-recovery=0", ["--vlm-recovery=0: expected a proportion"]),
        ("--vlm-min-gain=ten", ["--vlm-min-gain=ten", "vlm_min_gain"]),
        ("--vlm-alpha=.5", ["--vlm-alpha=.5: expected an error rate between 0 and .5"]),
        ("--vlm-blind=dark", ["--vlm-blind=dark: expected any of blank, none, noise, shuffled"]),
        ("--vlm-blind=blank,dark", ["--vlm-blind=blank dark"]),
        ("--vlm-ceiling=high", ["--vlm-ceiling=high: expected any of matched, native"]),
        ("--vlm-rotations=0", ["--vlm-rotations=0: expected a whole number of at least 1, or all"]),
        ("--vlm-items=many", ["--vlm-items=many: expected a whole number of at least 1"]),
        ("--vlm-items=-3", ["--vlm-items=-3"]),
        ("--vlm-seed=-1", ["--vlm-seed=-1: expected a whole number of at least 0"]),
        ("--vlm-scoring=words", ["--vlm-scoring=words: expected one of letters, generate"]),
        ("--vlm-inconclusive=maybe", ["--vlm-inconclusive=maybe: expected one of fail, skip"]),
        ("--vlm-dtype=int3", ["--vlm-dtype=int3"]),
        ("--vlm-batch=0", ["--vlm-batch=0"]),
        ("--vlm-images=both", ["--vlm-images=both"]),
        ("--vlm-trust-remote-code=perhaps", ["--vlm-trust-remote-code=perhaps: expected true"]),
        ("--vlm-marker=colour", ["--vlm-marker=colour: expected attribute=value"]),
        ("--vlm-marker=size=big", ["--vlm-marker=size=big"]),
        ("--vlm-marker=vary shape=star", ["marker shape: got 'star'; expected one of"]),
        ("--vlm-size=1000", ["--vlm-size=1000: expected a whole number from 224 to 672"]),
        ("--vlm-difficulty=tiny", ["--vlm-difficulty=tiny: expected 'TASK name=VALUE"]),
        ("--vlm-difficulty=tiny shade=1", ["a line for 'tiny'", "built-in tasks: there are none"]),
        ("--vlm-cache-dir=tiny/task.toml", ["--vlm-cache-dir=tiny/task.toml: got a file"]),
        (
            "--vlm-items=28",
            ["task tiny: 28 items cannot pass", "needs at least 29", "raise --vlm-items"],
        ),
        (
            "--vlm-margin=.05",
            ["task tiny: 32 items cannot pass: at margin 0.05 and alpha 0.05", "--vlm-margin"],
        ),
    ],
)
def test_setting_that_cannot_be_used(run_suite: RunSuite, arguments: str, words: list[str]) -> None:
    error = run_suite("--vlm=oracle", "--vlm-tasks=tiny", arguments).error
    assert all(word in error for word in words), error


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("made_colour shade=99", ["'made_colour'", "built-in tasks: made_colours"]),
        ("low_* shade=99", ["a line for 'low_*'", "the run's built-in tasks: made_colours"]),
        ("made_* hue=3", ["task made_colours: got an unknown setting 'hue'", "shade (brightness"]),
        ("* shade=99..300", ["made_colours: shade: got 99..300", "from 50 to 255 levels"]),
        ("* shade=dark", ["made_colours: shade: got 'dark'"]),
    ],
)
def test_difficulty_that_no_task_can_have(
    run_suite: RunSuite, monkeypatch: pytest.MonkeyPatch, line: str, words: list[str]
) -> None:
    add_made_tasks(monkeypatch)
    error = run_suite("--vlm=oracle", "--vlm-tasks=made_colours", f"--vlm-difficulty={line}").error
    assert all(word in error for word in words), error


def test_generated_task_of_too_few_items(
    run_suite: RunSuite, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_made_tasks(monkeypatch)
    error = run_suite("--vlm=oracle", "--vlm-tasks=made_colours", "--vlm-items=28").error
    assert error.startswith("task made_colours: 28 items cannot pass")


@pytest.fixture
def pack(folders: Path) -> Path:
    """A task folder that a test may spoil."""
    return shutil.copytree(folders / "tiny", folders / "mine")


def point_outside(index: int, line: Record) -> Record:
    points = line["points"]
    assert isinstance(points, list)
    return {**line, "points": [{**points[0], "x": 500}, *points[1:]]} if index == 2 else line


def without_answer(index: int, line: Record) -> Record:
    return {k: v for k, v in line.items() if k != "answer"} if index == 4 else line


def answer_of_another_type(index: int, line: Record) -> Record:
    return {**line, "answer": "B"} if index == 0 else line


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (point_outside, ["items.jsonl:3: field 'points[0].x': got 500", "less than 112"]),
        (without_answer, ["items.jsonl:5: field 'answer': got nothing"]),
        (answer_of_another_type, ["items.jsonl:1: field 'answer': got 'B'"]),
    ],
)
def test_item_that_is_wrong(
    run_suite: RunSuite,
    pack: Path,
    spoil: Callable[[int, Record], Record],
    words: list[str],
) -> None:
    rewrite_lines(pack, spoil)
    error = run_suite("--vlm=oracle", "--vlm-tasks=mine").error
    assert all(word in error for word in words), error


def test_task_folder_that_cannot_be_read(run_suite: RunSuite, pack: Path) -> None:
    def error() -> str:
        return run_suite("--vlm=oracle", "--vlm-tasks=mine").error

    (pack / "images" / "0007-1.png").write_bytes(b"no picture")
    assert "items.jsonl:8: field 'images[1]': got 'images/0007-1.png', which does not open" in (
        error()
    )
    (pack / "items.jsonl").write_text("{not json\n")
    assert "items.jsonl:1: " in error()
    (pack / "items.jsonl").write_text("\n")
    assert "items.jsonl: got a file without items" in error()
    (pack / "items.jsonl").unlink()
    assert "items.jsonl: got a file that cannot be read" in error()
    (pack / "task.toml").write_text("name = \n")
    (pack / "items.jsonl").write_text("")
    assert "task.toml: got a file that is not valid TOML" in error()


def test_two_tasks_of_one_name(run_suite: RunSuite, pack: Path) -> None:
    error = run_suite("--vlm=oracle", "--vlm-tasks=mine", "--vlm-tasks=tiny").error
    assert "got two tasks named 'tiny'" in error
