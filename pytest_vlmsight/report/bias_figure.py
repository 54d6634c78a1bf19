"""The picture of part ``bias``: letters sighted and blind, and which answers stay."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .axes import TICKS, Axes
from .diagnoses import value_of
from .drawing import Drawing, Shape

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_vlmsight.diagnosis.result import Diagnosis, Estimate

WIDTH, HEIGHT = 740, 330
_TOP, _BOTTOM = 36, 240
_AXES = Axes(left=44, right=450, top=_TOP, bottom=_BOTTOM)
_ROWS_LEFT, _ROWS_RIGHT = 580, 716
_PAINT = (0.95, 0.7, 0.48, 0.28)
"""How much colour the bars of each kind of blindness have."""

_LETTERS, _RIGHT, _SIGHTED = "letters, ", "right", "sighted"
_GAP = 10


def draw(diagnosis: Diagnosis) -> Drawing | None:
    """A bar of each letter for each run, and a line for each share that stays."""
    runs = {
        name: {one.name: one for one in diagnosis.of(f"{_LETTERS}{name}")}
        for name in (_SIGHTED, *diagnosis.details["blind"])
    }
    right = {one.name: one for one in diagnosis.of(f"{_LETTERS}{_RIGHT}")}
    if not right:
        return None
    rows = _rows(diagnosis)
    told = [
        f"{name}: " + ", ".join(f"{letter} {_value(one)}" for letter, one in found.items())
        for name, found in {_RIGHT: right, **runs}.items()
    ]
    told += [f"same answer, {name}: {_value(one)}" for name, one in rows.items()]
    return Drawing(
        title=f"{diagnosis.model} on {diagnosis.task}: what its answers lean on",
        told="; ".join(told),
        width=WIDTH,
        height=HEIGHT,
        shapes=(*_bars(right, runs), *_lines(rows), *_legend(list(runs))),
        caption=(
            f"Per cent of {diagnosis.n} items, with {100 * diagnosis.confidence:.0f}% intervals. "
            "Left: how often each letter is answered with the image, blind in each way, and right. "
            "Right: how often the same option is chosen as with the image, usual markers and the "
            "first order of options."
        ),
    )


def _rows(diagnosis: Diagnosis) -> dict[str, Estimate]:
    """Shares of answers that stay, by what is otherwise."""
    rows = {f"blind ({one.name})": one for one in diagnosis.of("sighted and blind agree")}
    for group, name, shown in (
        ("what stays when options are rotated", "option", "options rotated"),
        ("markers", "same option", "other markers"),
    ):
        for one in diagnosis.of(group):
            if one.name == name:
                rows[shown] = one
    return rows


def _bars(right: Mapping[str, Estimate], runs: Mapping[str, Mapping[str, Estimate]]) -> list[Shape]:
    """Left: a group of bars for each letter, and a line as high as it is right."""
    shapes = [*_AXES.grid(), _text((_AXES.left + _AXES.right) / 2, _TOP - 14, "letters answered")]
    step = (_AXES.right - _AXES.left) / len(right)
    width = min(30.0, (step - _GAP) / len(runs))
    for number, (letter, key) in enumerate(right.items()):
        middle = _AXES.left + step * (number + 0.5)
        start = middle - width * len(runs) / 2
        for place, (name, found) in enumerate(runs.items()):
            at = start + place * width
            shapes += _bar(found[letter], name=name, left=at, width=width, kind=place - 1)
        y = _AXES.y(key.value)
        line = {"x1": round(start - 3, 1), "x2": round(start + width * len(runs) + 3, 1)}
        title = f"{letter} {_RIGHT} {_value(key)}"
        shapes += [
            Shape(tag="line", at={**line, "y1": y, "y2": y}, look="curve ceiling", title=title),
            _text(middle, _BOTTOM + 18, letter),
        ]
    return shapes


def _bar(one: Estimate, *, name: str, left: float, width: float, kind: int) -> list[Shape]:
    """A bar and its interval; ``kind`` is the number of the way of not seeing, or -1."""
    top, middle = _AXES.y(one.value), round(left + width / 2, 1)
    at: dict[str, float | str] = {
        "x": round(left + 1, 1),
        "y": top,
        "width": round(width - 2, 1),
        "height": round(_BOTTOM - top, 1),
    }
    low, high = _AXES.y(one.interval.low), _AXES.y(one.interval.high)
    return [
        Shape(
            tag="rect",
            at={**at, **_paint(kind)},
            look=_look(kind),
            title=f"{one.name} {name} {_value(one)}",
        ),
        Shape(tag="line", at={"x1": middle, "x2": middle, "y1": low, "y2": high}, look="whisker"),
    ]


def _lines(rows: Mapping[str, Estimate]) -> list[Shape]:
    """Right: a dot with its interval for each share that stays."""
    shapes = [_text((_ROWS_LEFT + _ROWS_RIGHT) / 2, _TOP - 14, "same answer")]
    for tick in TICKS:
        x = _x(tick / 100)
        shapes += [
            Shape(tag="line", at={"x1": x, "x2": x, "y1": _TOP, "y2": _BOTTOM}, look="grid"),
            _text(x, _BOTTOM + 18, str(tick), look="tick"),
        ]
    step = (_BOTTOM - _TOP) / max(1, len(rows))
    for number, (name, one) in enumerate(rows.items()):
        y = round(_TOP + step * (number + 0.5), 1)
        look = "blind" if name.startswith("blind") else _SIGHTED
        at = {"x1": _x(one.interval.low), "x2": _x(one.interval.high), "y1": y, "y2": y}
        shapes += [
            _text(_ROWS_LEFT - 10, y + 4, name, look="tick", anchor="end"),
            Shape(tag="line", at=at, look=f"curve {look}"),
            Shape(
                tag="circle",
                at={"cx": _x(one.value), "cy": y, "r": 3.5},
                look=look,
                title=f"{name}: same answer {_value(one)}",
            ),
        ]
    return shapes


def _legend(runs: list[str]) -> list[Shape]:
    """What each bar is, below."""
    shapes: list[Shape] = []
    x, y = _AXES.left, HEIGHT - 30
    for place, name in enumerate(runs):
        at: dict[str, float | str] = {"x": x, "y": y - 6, "width": 22, "height": 12}
        shapes += [
            Shape(tag="rect", at={**at, **_paint(place - 1)}, look=_look(place - 1)),
            _text(x + 27, y + 4, name if place == 0 else f"blind ({name})", anchor="start"),
        ]
        x += 90 if place == 0 else 122
    line = {"x1": x, "x2": x + 22, "y1": y, "y2": y}
    return [
        *shapes,
        Shape(tag="line", at=line, look="curve ceiling"),
        _text(x + 27, y + 4, _RIGHT, anchor="start"),
    ]


def _paint(kind: int) -> dict[str, float]:
    return {} if kind < 0 else {"fill-opacity": _PAINT[kind]}


def _look(kind: int) -> str:
    return f"filled {_SIGHTED if kind < 0 else 'blind'}"


def _x(share: float) -> float:
    """Where a share is in the lines; those beyond the axis are at its end."""
    inside = min(max(share, 0.0), 1.0)
    return round(_ROWS_LEFT + inside * (_ROWS_RIGHT - _ROWS_LEFT), 1)


def _text(x: float, y: float, words: str, *, look: str = "", anchor: str = "middle") -> Shape:
    at: dict[str, float | str] = {"x": round(x, 1), "y": y, "text-anchor": anchor}
    return Shape(tag="text", at=at, look=look, text=words)


def _value(one: Estimate) -> str:
    return value_of(one).strip()
