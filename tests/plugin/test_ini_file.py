"""Every option has a twin in the ini file, in the types of pytest.ini and of TOML."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from made_tasks import add_made_tasks

from pytest_vlmsight.options import OPTIONS

if TYPE_CHECKING:
    from pathlib import Path

    from plugin_fixtures import RunSuite

    from pytest_vlmsight.settings import Settings
    from pytest_vlmsight.task_shelf import TaskShelf
    from pytest_vlmsight.tasks.item import Task

CASES = [
    f"vlmsight::oracle::{task}::{gate}"
    for task in ("tiny", "made_colours")
    for gate in ("ceiling", "blind", "regression")
]

INI = """
[pytest]
vlm = oracle
vlm_tasks = tiny made_colours
vlm_protocol = study
vlm_items = 30
vlm_seed = 3
vlm_margin = .2
vlm_recovery = .4
vlm_min_gain = .05
vlm_alpha = .1
vlm_drop = .12
vlm_blind = blank, none
vlm_ceiling = matched native
vlm_scoring = generate
vlm_rotations = 2
vlm_sequential = yes
vlm_inconclusive = skip
vlm_device = cpu
vlm_dtype = bfloat16
vlm_batch = 2
vlm_images = separate
vlm_marker = colour=red size=0.05
vlm_size = 256
vlm_difficulty = made_* shade=120..160
    made_colours shade=150
vlm_baseline = my baselines/
vlm_update = no
vlm_update_new = yes
vlm_diagnose = all
vlm_json = my record.json
vlm_report = my report.html
vlm_badge = my badge.svg
vlm_cache_dir = my pictures
vlm_no_cache = yes
vlm_data_dir = my data
vlm_jobs = 3
vlm_trust_remote_code = yes
vlm_gates =
    tiny margin=.15
    low_* alpha=.2 margin=.3
"""

TOML = """
[tool.pytest]
vlm = ["oracle"]
vlm_tasks = ["tiny", "made_colours"]
vlm_protocol = "study"
vlm_items = 30
vlm_seed = 3
vlm_margin = 0.2
vlm_recovery = 0.4
vlm_min_gain = 0.05
vlm_alpha = 0.1
vlm_drop = "0.12"
vlm_blind = ["blank", "none"]
vlm_ceiling = ["matched", "native"]
vlm_scoring = "generate"
vlm_rotations = "2"
vlm_sequential = true
vlm_inconclusive = "skip"
vlm_device = "cpu"
vlm_dtype = "bfloat16"
vlm_batch = "2"
vlm_images = "separate"
vlm_marker = ["colour=red", "size=0.05"]
vlm_size = 256
vlm_difficulty = ["made_* shade=120..160", "made_colours shade=150"]
vlm_baseline = "my baselines/"
vlm_update = false
vlm_update_new = true
vlm_diagnose = ["all"]
vlm_json = "my record.json"
vlm_report = "my report.html"
vlm_badge = "my badge.svg"
vlm_cache_dir = "my pictures"
vlm_no_cache = true
vlm_data_dir = "my data"
vlm_jobs = "3"
vlm_trust_remote_code = true
vlm_gates = ["tiny margin=.15", "low_* alpha=.2 margin=.3"]
"""


@pytest.fixture(autouse=True)
def made_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A built-in task with a knob."""
    add_made_tasks(monkeypatch)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[Settings]:
    """The settings of the runs of a test."""
    from pytest_vlmsight import session

    seen: list[Settings] = []
    checked = session._checked_tasks

    def watched(shelf: TaskShelf) -> tuple[Task, ...]:
        seen.append(shelf.settings)
        return checked(shelf)

    monkeypatch.setattr(session, "_checked_tasks", watched)
    return seen


@pytest.mark.parametrize(("file", "text"), [("pytest.ini", INI), ("pyproject.toml", TOML)])
def test_every_setting_can_be_made_in_a_file(
    run_suite: RunSuite, folders: Path, read: list[Settings], file: str, text: str
) -> None:
    assert all(f"\n{option.dest} = " in text for option in OPTIONS)
    (folders / file).write_text(text)
    (folders / "my data").mkdir()
    assert run_suite("--collect-only", "-q").collected == CASES
    (settings,) = read
    assert (settings.vlms, settings.tasks) == (("oracle",), ("tiny", "made_colours"))
    assert (settings.items, settings.seed, settings.rotations, settings.batch) == (30, 3, 2, 2)
    gate = settings.gate
    assert (gate.margin, gate.recovery, gate.min_gain, gate.alpha) == (0.2, 0.4, 0.05, 0.1)
    assert (settings.blind, settings.ceiling) == (("blank", "none"), ("matched", "native"))
    assert (settings.scoring, settings.inconclusive) == ("generate", "skip")
    assert (settings.device, settings.dtype) == ("cpu", "bfloat16")
    assert (settings.images, settings.marker) == ("separate", ("colour=red", "size=0.05"))
    assert (settings.size, settings.cache_dir, settings.no_cache) == (256, "my pictures", True)
    assert (settings.json, settings.report) == ("my record.json", "my report.html")
    assert settings.json == "my record.json"
    assert settings.badge == "my badge.svg"
    assert settings.baseline == "my baselines/"
    assert (settings.update, settings.update_new, gate.drop) == (False, True, 0.12)
    assert settings.jobs == 3
    assert settings.data_dir == "my data"
    assert settings.diagnose == ("all",)
    assert settings.protocol == "study"
    assert settings.difficulty == (
        ("made_*", (("shade", "120..160"),)),
        ("made_colours", (("shade", "150"),)),
    )
    assert settings.sequential is True
    assert settings.trust_remote_code is True
    assert (settings.gate_for("tiny").margin, settings.gate_for("tiny").alpha) == (0.15, 0.1)
    assert (settings.gate_for("low_one").margin, settings.gate_for("low_one").alpha) == (0.3, 0.2)


def test_command_line_beats_the_file(
    run_suite: RunSuite, folders: Path, read: list[Settings]
) -> None:
    (folders / "pytest.ini").write_text(INI)
    (folders / "my data").mkdir()
    typed = ("--vlm=always_a", "--vlm-items=31", "--vlm-margin=.25", "--vlm-blind=noise")
    run = run_suite(*typed, "--collect-only", "-q")
    assert run.collected == [case.replace("oracle", "always_a") for case in CASES]
    (settings,) = read
    assert settings.items == 31
    assert settings.gate.margin == 0.25
    assert settings.blind == ("noise",)
    assert settings.seed == 3


@pytest.mark.parametrize(
    ("typed", "no_cache", "trust"),
    [
        ((), False, True),
        (("--vlm-no-cache", "vlmsight"), True, True),
        (("--vlm-trust-remote-code=false",), False, False),
        (("-o", "vlm_trust_remote_code=no"), False, False),
        (("-o", "vlm_trust_remote_code=no", "--vlm-trust-remote-code", "-v"), False, True),
        (("-o", "vlm_trust_remote_code=no", "vlmsight", "--vlm-trust-remote-code"), False, True),
    ],
)
def test_flags_are_typed_without_a_value(
    run_suite: RunSuite,
    folders: Path,
    read: list[Settings],
    *,
    typed: tuple[str, ...],
    no_cache: bool,
    trust: bool,
) -> None:
    (folders / "pytest.ini").write_text("[pytest]\nvlm_trust_remote_code = yes\n")
    run = run_suite("--vlm=oracle", "--vlm-tasks=tiny", "--collect-only", "-q", *typed)
    assert run.collected == CASES[:2]
    (settings,) = read
    assert (settings.no_cache, settings.trust_remote_code) == (no_cache, trust)


def test_code_is_not_trusted_because_a_path_follows(run_suite: RunSuite) -> None:
    error = run_suite("--vlm=oracle", "--vlm-tasks=tiny", "--vlm-trust-remote-code", "tests").error
    assert "--vlm-trust-remote-code=tests: expected true or false (write =true where" in error


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("vlm_items = abc", ["vlm_items", "'abc'"]),
        ("vlm_margin = lots", ["vlm_margin", "'lots'"]),
        ("vlm_margin = 2", ["--vlm-margin=2", "expected a proportion", "vlm_margin in an ini"]),
        ("vlm_trust_remote_code = maybe", ["vlm_trust_remote_code", "'maybe'"]),
        ("vlm_rotations = some", ["--vlm-rotations=some"]),
        ("vlm_size = 100", ["--vlm-size=100: expected a whole number from 224 to 672"]),
        ("vlm_difficulty = made_* shade", ["--vlm-difficulty=made_* shade: expected 'TASK name="]),
        ("vlm_difficulty = made_* shade=120", ["a line for 'made_*'", "there are none"]),
        ("vlm_gates = tiny frog=1", ["vlm_gates: 'tiny frog=1'", "got 'frog=1'", "margin=…"]),
        ("vlm_gates = tiny margin=", ["vlm_gates: 'tiny margin='", "got 'margin='"]),
        ("vlm_gates = tiny margin=2", ["--vlm-margin=2: expected a proportion"]),
        ("vlm_gates = tiny", ["vlm_gates: 'tiny'", "got no setting"]),
        ("vlm_gates = tiny margin=.03", ["32 items cannot pass: at margin 0.03"]),
    ],
)
def test_line_that_cannot_be_used_is_named(
    run_suite: RunSuite, folders: Path, line: str, words: list[str]
) -> None:
    (folders / "pytest.ini").write_text(f"[pytest]\nvlm = oracle\nvlm_tasks = tiny\n{line}\n")
    error = run_suite().error
    assert all(word in error for word in words), error


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('vlm_items = "40"', ["vlm_items", "expects an int"]),
        ("vlm_margin = 1", ["--vlm-margin=1: expected a proportion"]),
        ('vlm_gates = [""]', ["vlm_gates: ''", "got no setting"]),
        ('vlm_blind = "blank"', ["vlm_blind", "expects a list"]),
    ],
)
def test_toml_value_that_cannot_be_used_is_named(
    run_suite: RunSuite, folders: Path, line: str, words: list[str]
) -> None:
    (folders / "pyproject.toml").write_text(
        f'[tool.pytest]\nvlm = ["oracle"]\nvlm_tasks = ["tiny"]\n{line}\n'
    )
    error = run_suite().error
    assert all(word in error for word in words), error
