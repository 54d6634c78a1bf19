"""Runs of the plugin on tiny models: everything is built once and linked into a test's folder.

Runs happen in this process where they can: torch and transformers then load once for all tests.
``pytester`` forgets what a run imports, so what a run needs is imported here before the first.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

if TYPE_CHECKING:
    from pathlib import Path

N = 32
"""Items of the task folders: at margin .10 and alpha .05 the ceiling gate needs 29."""


@dataclass(frozen=True, slots=True)
class Run:
    """What a run of pytest did.

    Attributes:
        code: exit code.
        out: lines of standard output.
        err: lines of standard error.
        collected: node ids, in the order they are to run.
        outcomes: node id → passed, failed, skipped or error; of what ran.
        told: node id → user properties.
        reasons: node id → what the terminal shows of a failure or an error.
    """

    code: int
    out: list[str]
    err: list[str]
    collected: list[str]
    outcomes: dict[str, str]
    told: dict[str, dict[str, object]]
    reasons: dict[str, str]

    @property
    def error(self) -> str:
        """The one line that bad input is answered with."""
        assert self.code == pytest.ExitCode.USAGE_ERROR, self.out
        told = [line for line in self.err if line.strip()]
        assert len(told) == 1, told
        assert told[0].startswith("ERROR: ")
        assert not any("Traceback" in line or "INTERNALERROR" in line for line in self.out)
        return told[0].removeprefix("ERROR: ")

    def section(self, title: str) -> list[str]:
        """The lines below a heading of the terminal, up to the next one."""
        heads = [i for i, line in enumerate(self.out) if line.startswith("===")]
        start = next(i for i in heads if f" {title} " in self.out[i])
        end = next((i for i in heads if i > start), len(self.out))
        return self.out[start + 1 : end]


RunSuite = Callable[..., Run]


@pytest.fixture(scope="session")
def tiny_folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with models (oracle, always_a, …) and task folders (tiny, one-scene)."""
    import tiny_packs
    import tiny_vlms

    root = tmp_path_factory.mktemp("tiny")
    for behaviour in ("oracle", "always_a", "refuses"):
        tiny_vlms.build(root / behaviour, behaviour)
    tiny_packs.write_pack(root / "tiny", n=N)
    tiny_packs.write_pack(root / "one-scene", n=N, readout="linear", groups=1, name="one-scene")
    _break(root / "oracle", root / "broken")
    _fill_with_nan(root / "oracle", root / "nan")
    _warm_up(root)
    return root


def _break(whole: Path, folder: Path) -> None:
    """A checkpoint whose weights are cut off."""
    shutil.copytree(whole, folder)
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])


def _fill_with_nan(whole: Path, folder: Path) -> None:
    """A checkpoint that loads and whose answers are not numbers."""
    from safetensors.torch import load_file, save_file

    shutil.copytree(whole, folder)
    weights = load_file(folder / "model.safetensors")
    (head,) = [key for key in weights if "lm_head" in key]
    weights[head].fill_(float("nan"))
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


def _warm_up(root: Path) -> None:
    """Import all that a run imports."""
    import importlib
    import pkgutil

    import pytest_vlmsight
    from pytest_vlmsight import plan, suite
    from pytest_vlmsight.evaluation import evaluate
    from pytest_vlmsight.models.names import parse_name
    from pytest_vlmsight.models.transformers_vlm import TransformersVlm
    from pytest_vlmsight.settings import Settings
    from pytest_vlmsight.stats.power import smallest_margin
    from pytest_vlmsight.tasks.registry import resolve

    for module in pkgutil.walk_packages(pytest_vlmsight.__path__, "pytest_vlmsight."):
        if ".assembl" not in module.name:
            importlib.import_module(module.name)
    vlm = TransformersVlm.from_name(parse_name(str(root / "oracle")))
    for scoring in ("letters", "generate"):
        settings = Settings(items=29, scoring=scoring)
        evaluation = evaluate(vlm, resolve([str(root / "tiny")])[0], settings=settings)
    for gate in plan.GATES:
        suite._judge(gate, evaluation, settings=settings.gate, tests=2, kind="matched")
    smallest_margin(29, psi=0.3, alpha=0.05)
    vlm.close()


@pytest.fixture
def folders(
    tiny_folders: Path,
    pytester: pytest.Pytester,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    """The current folder of the test, with the tiny models and task folders in it.

    What the test's runs keep is its own: what models answered in another test is not known.
    """
    monkeypatch.setenv("VLMSIGHT_CACHE", str(tmp_path_factory.mktemp("kept")))
    for folder in tiny_folders.iterdir():
        (pytester.path / folder.name).symlink_to(folder)
    return pytester.path


@pytest.fixture
def run_suite(
    folders: Path, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> RunSuite:
    """Runs pytest in this process with arguments, 80 columns wide."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)

    def run(*arguments: str) -> Run:
        recorder = _Recorder()
        result = pytester.runpytest_inprocess(*arguments, plugins=[recorder])
        return Run(
            code=int(result.ret),
            out=result.outlines,
            err=result.errlines,
            collected=recorder.collected,
            outcomes=recorder.outcomes,
            told=recorder.told,
            reasons=recorder.reasons,
        )

    return run


class _Recorder:
    """Notes what is collected and the worst outcome of every node id."""

    def __init__(self) -> None:
        self.collected: list[str] = []
        self.outcomes: dict[str, str] = {}
        self.told: dict[str, dict[str, object]] = {}
        self.reasons: dict[str, str] = {}

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.collected += [item.nodeid for item in session.items]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.told[report.nodeid] = dict(report.user_properties)
        if report.when == "call" or not report.passed:
            error = report.failed and report.when != "call"
            self.outcomes[report.nodeid] = "error" if error else report.outcome
            self.reasons[report.nodeid] = str(report.longrepr or "")


def junit_suite(path: Path) -> ET.Element:
    """The suite of a JUnit file that a run wrote."""
    (suite,) = ET.parse(path).getroot().iter("testsuite")  # noqa: S314 - written by the test
    return suite


def rewrite_lines(folder: Path, change: Callable[[int, dict[str, object]], object]) -> None:
    """Change a task folder's items: ``change(index, line)`` gives the new line."""
    path = folder / "items.jsonl"
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    changed = [change(index, line) for index, line in enumerate(lines)]
    path.write_text("".join(f"{json.dumps(c)}\n" for c in changed), encoding="utf-8")


def fill_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have no space left on the disk for the next file that is written whole, and for no other."""
    written, failed = os.fsync, list[int]()

    def full(handle: int) -> None:
        if not failed:
            failed.append(handle)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written(handle)

    monkeypatch.setattr(os, "fsync", full)
