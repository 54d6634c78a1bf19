"""What users write, as docs/own-tests.md shows it, and a model that compares colours.

Everything that a run imports is imported here: ``pytester`` forgets what a run imports, and some
of it cannot be loaded twice.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from pathlib import Path

import numpy as np
from fake_vlm import FakeVlm
from made_items import same_colour_items, task

import pytest_vlmsight
from pytest_vlmsight import Prompt, Settings, evaluate, judge
from pytest_vlmsight.stats.power import smallest_margin

DOCS = Path(__file__).parents[1] / "docs" / "own-tests.md"

for module in pkgutil.walk_packages(pytest_vlmsight.__path__, "pytest_vlmsight."):
    if not module.name.startswith(("pytest_vlmsight.models.", "pytest_vlmsight.audit")):
        importlib.import_module(module.name)


def sees(prompt: Prompt) -> list[float]:
    """The option whose picture has the colour of the first; "red" where there is one picture."""
    means = [np.asarray(image, dtype=float).mean((0, 1)) for image in prompt.images]
    if len(means) == 1:
        return [0.0 if option == "red" else -9.0 for option in prompt.options]
    far = {
        name: float(np.abs(means[number] - means[0]).sum())
        for number, name in ((1, "the second image"), (2, "the third image"))
    }
    return [-far.get(option, 9.0) for option in prompt.options]


def blind(prompt: Prompt) -> list[float]:
    """Always the first option."""
    return [-float(position) for position in range(len(prompt.options))]


class Counting(FakeVlm):
    """Notes in files when it is loaded, asked and freed: a run may be in another process."""

    def __init__(self, name: str = "seeing") -> None:
        super().__init__(blind if name.startswith("blind") else sees)
        self.name = name
        self.note("load")

    def ask(self, prompts, **how):  # type: ignore[no-untyped-def]
        for prompt in prompts:
            self.note("ask")
            yield from super().ask([prompt], **how)

    def close(self) -> None:
        self.note("close")

    def note(self, what: str) -> None:
        with Path("notes").open("a") as file:
            file.write(f"{what} {self.name}\n")


MODELS = """
from functools import partial

from own_project import Counting


def pytest_vlmsight_models(config):
    return {name: partial(Counting, name) for name in ("seeing", "blind-one", "other")}
"""


def notes(what: str) -> list[str]:
    """The models that something was done with, in order."""
    path = Path("notes")
    lines = path.read_text().splitlines() if path.exists() else []
    return [line.removeprefix(f"{what} ") for line in lines if line.startswith(f"{what} ")]


def blocks() -> dict[str, str]:
    """Name of a file in the documentation → its content; "notebook" has none."""
    found = re.findall(r"^```python\n(.*?)^```", DOCS.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    named = {}
    for text in found:
        first = text.partition("\n")[0]
        named[first.removeprefix("# ") if first.startswith("# ") else "notebook"] = text
    return named


def _warm_up() -> None:
    evaluation = evaluate(FakeVlm(sees), task(same_colour_items(12)), settings=Settings(items=12))
    judge(evaluation)
    smallest_margin(29, psi=0.3, alpha=0.05)


_warm_up()
