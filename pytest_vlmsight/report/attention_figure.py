"""The picture of part ``attention``: shares at each layer, and answers that change."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .axes import Axes
from .diagnoses import value_of
from .drawing import Drawing, Shape

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_vlmsight.diagnosis.result import Diagnosis, Estimate

WIDTH = 740
_TOP, _BOTTOM, _ROW = 34, 194, 22
_NAMES, _RIGHT = 264, 724
"""Where the lines of answers that change begin and end; their names stand before."""

_WHOLE = {"rest of the images": "sighted", "images": "sighted", "text": "blind"}
_MARKS = {
    "marked points": "ceiling",
    "points of another item": "blind dashed",
    "right answer's point": "sighted dashed",
}
_EVEN = "attending to all tokens alike"


def draw(diagnosis: Diagnosis) -> Drawing | None:
    """Curves of images and text, those of points, and a row for each thing cut off."""
    groups = {name: diagnosis.of(name) for name in (*_WHOLE, *_MARKS) if diagnosis.of(name)}
    if not groups:
        return None
    whole = {name: found for name, found in groups.items() if name in _WHOLE}
    marks = {name: found for name, found in groups.items() if name in _MARKS}
    even = {one.name: one for one in diagnosis.of(_EVEN)}
    half = 352 if marks else _RIGHT
    shapes = _panel(whole, Axes(left=44, right=half, top=_TOP, bottom=_BOTTOM), _WHOLE)
    if marks:
        highest = max(one.interval.high for found in marks.values() for one in found)
        axes = Axes(left=416, right=_RIGHT, top=_TOP, bottom=_BOTTOM, full=_full(highest))
        shapes += _panel(marks, axes, _MARKS)
        if "marked points" in even:
            alike = even["marked points"]
            shapes.append(axes.level(alike.value, look="chance", title=_words(alike, _EVEN)))
    bottom = _BOTTOM + 72 + (16 if marks else 0)
    rows = diagnosis.of("answers that change")
    shapes += [
        _text(44, bottom - 14, "answers that change, %", look="tick", anchor="start"),
        *_rows(rows, top=bottom),
    ]
    parts = [f"{name}: {', '.join(_words(one) for one in found)}" for name, found in groups.items()]
    parts += [f"{_EVEN}: {', '.join(map(_words, even.values()))}"] if even else []
    parts.append(f"answers that change: {', '.join(map(_words, rows))}")
    dashes = " The dashed level is attention to all tokens alike." if marks else ""
    return Drawing(
        title=f"What {diagnosis.model} attends to as it answers {diagnosis.task}",
        told="; ".join(parts),
        width=WIDTH,
        height=round(bottom + _ROW * len(rows) + 28),
        shapes=tuple(shapes),
        caption=(
            f"Per cent of the answer position's attention at each layer of the LLM, mean of heads "
            f"and {diagnosis.n} items, and answers that change where attention is cut off; "
            f"{100 * diagnosis.confidence:.0f}% intervals.{dashes}"
        ),
    )


def _full(highest: float) -> float:
    """The top of an axis: a share whose quarters are short numbers."""
    for full in (0.02, 0.04, 0.08, 0.12, 0.2, 0.4, 0.6, 0.8):
        if highest <= full:
            return full
    return 1.0


def _panel(
    groups: Mapping[str, Sequence[Estimate]], axes: Axes, looks: Mapping[str, str]
) -> list[Shape]:
    shapes = axes.grid()
    layers = [one.name for one in next(iter(groups.values()))]
    step = (axes.right - axes.left) / len(layers)
    xs = [round(axes.left + step * (k + 0.5), 1) for k in range(len(layers))]
    for name, found in reversed(list(groups.items())):
        look = looks[name]
        shapes.append(axes.band(xs, found, look=look.partition(" ")[0]))
        shapes.append(axes.curve(xs, found, look=look))
        shapes += [
            Shape(
                tag="circle",
                at={"cx": x, "cy": axes.y(one.value), "r": 2.5},
                look=look.partition(" ")[0],
                title=_words(one, name),
            )
            for x, one in zip(xs, found, strict=True)
        ]
    every = max(1, math.ceil(26 / step))
    shapes += [
        _text(x, axes.bottom + 16, layer.partition("[")[2].rstrip("]"), look="tick")
        for number, (x, layer) in enumerate(zip(xs, layers, strict=True))
        if number % every == 0
    ]
    shapes.append(_text(axes.left, axes.top - 14, "% of attention", look="tick", anchor="start"))
    y = axes.bottom + 34
    x = axes.left
    for name in groups:
        if x + 27 + 6.3 * len(name) > axes.right:
            x, y = axes.left, y + 16
        at = {"x1": x, "x2": x + 22, "y1": y - 4, "y2": y - 4}
        shapes += [
            Shape(tag="line", at=at, look=f"curve {looks[name]}"),
            _text(x + 27, y, name, anchor="start"),
        ]
        x += 40 + 6.3 * len(name)
    return shapes


def _rows(rows: Sequence[Estimate], *, top: float) -> list[Shape]:
    """Dots with intervals, one below the other, from 0 to 100 per cent."""

    def x(share: float) -> float:
        return round(_NAMES + share * (_RIGHT - _NAMES), 1)

    end = top + _ROW * len(rows)
    shapes = []
    for tick in (0, 25, 50, 75, 100):
        at = {"x1": x(tick / 100), "x2": x(tick / 100), "y1": top - 8, "y2": end - 6}
        shapes.append(Shape(tag="line", at=at, look="grid"))
        shapes.append(_text(x(tick / 100), end + 10, str(tick), look="tick"))
    for number, one in enumerate(rows):
        y = top + _ROW * number + 4
        look = "blind" if "others" in one.name else "ceiling"
        at = {"x1": x(one.interval.low), "x2": x(one.interval.high), "y1": y, "y2": y}
        shapes += [
            _text(44, y + 4, one.name, anchor="start"),
            Shape(tag="line", at=at, look=f"line {look}"),
            Shape(
                tag="circle",
                at={"cx": x(one.value), "cy": y, "r": 4.5},
                look=look,
                title=_words(one),
            ),
        ]
    return shapes


def _text(x: float, y: float, words: str, *, look: str = "", anchor: str = "middle") -> Shape:
    at: dict[str, float | str] = {"x": round(x, 1), "y": y, "text-anchor": anchor}
    return Shape(tag="text", at=at, look=look, text=words)


def _words(one: Estimate, name: str = "") -> str:
    return f"{name}{': ' if name else ''}{one.name} {value_of(one).strip()}"
