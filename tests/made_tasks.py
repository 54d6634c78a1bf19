"""Built-in tasks for tests: with a knob, on pictures of flat colours, made in no time."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from made_items import flat, item

from pytest_vlmsight.tasks.generated import DEFAULT_CANVAS, Canvas, generated_task, tries
from pytest_vlmsight.tasks.knobs import Knob, spans_of
from pytest_vlmsight.tasks.registry import BUILT_IN

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pytest

    from pytest_vlmsight.tasks.item import Item, Task

SHADE = Knob(
    name="shade",
    meaning="brightness of a colour",
    span=(100, 250),
    limits=(50, 255),
    bands=(150, 200),
    unit="levels",
    whole=True,
)


@dataclass(frozen=True, slots=True)
class _Colours:
    """Which of two pictures has the reference's colour?"""

    canvas: Canvas
    span: tuple[float, float]

    def __call__(self, seed: int, index: int) -> Item:
        shade = int(SHADE.value(((seed + index) % 20) / 20, self.span))
        pictures = [
            flat(colour, size=(self.canvas.size,) * 2) for colour in ((shade, 0, 0), (0, shade, 0))
        ]
        right = index % 2
        shown = (pictures[0], pictures[right], pictures[1 - right])
        made = item(shown, answer=right, name=f"made-{index}")
        return replace(made, slices=(("shade", SHADE.label(shade)), ("scene", str(index // 10))))


def made_colours(*, canvas: Canvas = DEFAULT_CANVAS, difficulty: Mapping[str, str] = {}) -> Task:
    """A task with one knob."""
    spans = spans_of([SHADE], difficulty, task="made_colours")
    return generated_task(
        name="made_colours",
        version="1",
        readout="pooled",
        source="flat colours",
        make=_Colours(canvas, spans["shade"]),
        settings={"size": canvas.size, "spans": spans},
        knobs=[SHADE],
    )


@dataclass(frozen=True, slots=True)
class _Never:
    """Makes three items and no fourth."""

    canvas: Canvas

    def __call__(self, seed: int, index: int) -> Item:
        for _ in tries("made_never", "1", seed, index):
            if index < 3:
                return _Colours(self.canvas, SHADE.span)(seed, index)
        raise AssertionError


def made_never(*, canvas: Canvas = DEFAULT_CANVAS, difficulty: Mapping[str, str] = {}) -> Task:
    """A task that cannot make its items."""
    return generated_task(
        name="made_never",
        version="1",
        readout="pooled",
        source="",
        make=_Never(canvas),
        settings={},
    )


def add_made_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make both tasks built-in ones for the length of a test."""
    monkeypatch.setitem(sys.modules, "pytest_vlmsight.tasks.made_tasks", sys.modules[__name__])
    for name in ("made_colours", "made_never"):
        monkeypatch.setitem(BUILT_IN, name, f"made_tasks:{name}")
