"""The picture of part ``finetune``: bars sighted and blind, before and after each tuning."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .axes import Axes
from .diagnoses import value_of
from .drawing import Drawing, Shape

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_vlmsight.diagnosis.result import Diagnosis, Estimate

WIDTH, HEIGHT = 740, 338
_AXES = Axes(left=44, right=724, top=20, bottom=250)
_BARS = ("sighted", "blind")
_SHOWN = {"llm": "LLM"}


def draw(diagnosis: Diagnosis) -> Drawing | None:
    """Two bars for each way, chance and the readout; None where nothing was tuned."""
    groups = {group: {one.name: one for one in diagnosis.of(group)} for group in _BARS}
    names = list(groups["sighted"])
    if not names:
        return None
    chance = float(diagnosis.details["chance"])
    ways: Mapping[str, Mapping[str, object]] = diagnosis.details["ways"]
    step = (_AXES.right - _AXES.left) / len(names)
    width = min(48.0, round(step * 0.34, 1))
    shapes = _AXES.grid()
    for number, name in enumerate(names):
        middle = _AXES.left + step * (number + 0.5)
        for place, group in enumerate(_BARS):
            left = middle + (place - 1) * width
            shapes += _bar(groups[group][name], left=left, width=width, look=group)
        shapes.append(_text(middle, _AXES.bottom + 18, _SHOWN.get(name, name)))
        if name in ways:
            size = f"{ways[name]['size']:,} weights"
            shapes.append(_text(middle, _AXES.bottom + 34, size, look="tick"))
    shapes.append(_AXES.level(chance, look="chance", title=f"chance {100 * chance:.1f}%"))
    readouts = diagnosis.of("readout")
    shapes += [
        _AXES.level(one.value, look="curve ceiling dashed", title=_words("readout", one))
        for one in readouts
    ]
    told = [
        f"{_SHOWN.get(name, name)}: "
        + ", ".join(_words(group, groups[group][name]) for group in _BARS)
        for name in names
    ]
    told += [_words("readout", one) for one in readouts]
    return Drawing(
        title=f"{diagnosis.model} on {diagnosis.task} before and after tuning its parts",
        told="; ".join([*told, f"chance {100 * chance:.1f}%"]),
        width=WIDTH,
        height=HEIGHT,
        shapes=(*shapes, *_legend(readout=bool(readouts))),
        caption=(
            f"Per cent right of {diagnosis.n} items, with {100 * diagnosis.confidence:.0f}% "
            "intervals. Encoder, projector and LLM are tuned by LoRA with about equally many "
            "weights."
        ),
    )


def _bar(one: Estimate, *, left: float, width: float, look: str) -> list[Shape]:
    """A bar and its interval."""
    top, middle = _AXES.y(one.value), round(left + width / 2, 1)
    low, high = _AXES.y(one.interval.low), _AXES.y(one.interval.high)
    at = {
        "x": round(left + 1, 1),
        "y": top,
        "width": round(width - 2, 1),
        "height": round(_AXES.bottom - top, 1),
    }
    ends = [
        {"x1": middle - 4, "x2": middle + 4, "y1": y, "y2": y} for y in dict.fromkeys((low, high))
    ]
    return [
        Shape(tag="rect", at=at, look=f"filled {look}", title=_words(look, one)),
        *(
            Shape(tag="line", at=end, look="whisker")
            for end in ({"x1": middle, "x2": middle, "y1": low, "y2": high}, *ends)
        ),
    ]


def _legend(*, readout: bool) -> list[Shape]:
    """What each bar and line is, below."""
    shapes: list[Shape] = []
    x, y = _AXES.left, HEIGHT - 18
    for look in _BARS:
        at = {"x": x, "y": y - 6, "width": 22, "height": 12}
        shapes += [
            Shape(tag="rect", at=at, look=f"filled {look}"),
            _text(x + 27, y + 4, look, anchor="start"),
        ]
        x += 90
    lines = [("chance", "chance")]
    if readout:
        lines.append(("curve ceiling dashed", "readout of the encoder before tuning"))
    for look, words in lines:
        at = {"x1": x, "x2": x + 22, "y1": y, "y2": y}
        shapes += [
            Shape(tag="line", at=at, look=look),
            _text(x + 27, y + 4, words, anchor="start"),
        ]
        x += 90
    return shapes


def _text(x: float, y: float, words: str, *, look: str = "", anchor: str = "middle") -> Shape:
    at: dict[str, float | str] = {"x": round(x, 1), "y": y, "text-anchor": anchor}
    return Shape(tag="text", at=at, look=look, text=words)


def _words(group: str, one: Estimate) -> str:
    return f"{group} {value_of(one).strip()}"
