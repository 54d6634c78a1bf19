"""The picture of part ``encoders``: each model's rank by ceiling, joined with its rank as VLM."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .diagnoses import value_of
from .drawing import Drawing, Shape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_vlmsight.diagnosis.result import Diagnosis, Estimate

WIDTH = 740
_LEFT, _RIGHT, _TOP, _STEP = 270, 470, 54, 34
_LONGEST = 22
"""Characters of a name that have room."""


def draw(diagnosis: Diagnosis) -> Drawing | None:
    """A line per model, and the intervals of its ranks beside it; None without models."""
    eyes, mouths = diagnosis.of("rank by ceiling"), diagnosis.of("rank as VLM")
    if not eyes:
        return None
    inverted = {better for better, _ in diagnosis.details["inverted"]}
    shares = (
        {one.name: one for one in diagnosis.of("by ceiling")},
        {one.name: one for one in diagnosis.of("as VLM")},
    )
    bottom = _y(len(eyes))
    shapes = [
        _text(_LEFT, _TOP - 26, "rank by ceiling", anchor="end"),
        _text(_RIGHT, _TOP - 26, "rank as VLM", anchor="start"),
        *(_axis(x, bottom) for x in (_LEFT, _RIGHT)),
    ]
    left, right = _places(eyes), _places(mouths)
    for index, (eye, mouth) in enumerate(zip(eyes, mouths, strict=True)):
        look = "sighted" if eye.name in inverted else "ceiling"
        ends = {"x1": _LEFT, "y1": _y(eye.value), "x2": _RIGHT, "y2": _y(mouth.value)}
        told = f"{eye.name}: rank {eye.value:g} by ceiling, {mouth.value:g} as VLM"
        shapes.append(Shape(tag="line", at=ends, look=f"line {look}", title=told))
        for x, side, one, places, share in (
            (_LEFT, -1, eye, left, shares[0]),
            (_RIGHT, 1, mouth, right, shares[1]),
        ):
            shapes += _end(x, side, one, places[one.name], share[one.name], index, look, len(eyes))
    shapes += _legend(bottom + 40, inverted=bool(inverted))
    return Drawing(
        title=f"Ranks of {len(eyes)} models by ceiling and as VLM",
        told="; ".join(
            f"{name}: {value_of(one).strip()}"
            for group in ("by ceiling", "as VLM", "rank by ceiling", "rank as VLM")
            for name, one in ((f"{e.name} {group}", e) for e in diagnosis.of(group))
        ),
        width=WIDTH,
        height=round(bottom + 56),
        shapes=tuple(shapes),
        caption=(
            f"Per cent right of {diagnosis.n} items; thin lines beside the ranks are their "
            f"{100 * diagnosis.confidence:.0f}% intervals over items, these models given."
        ),
    )


def _y(rank: float) -> float:
    return round(_TOP + (rank - 1) * _STEP, 1)


def _places(ranks: Sequence[Estimate]) -> dict[str, int]:
    """Name → line that its label stands in: equal ranks one below the other."""
    order = sorted(ranks, key=lambda one: one.value)
    return {one.name: place for place, one in enumerate(order, 1)}


def _end(
    x: float,
    side: int,
    rank: Estimate,
    place: int,
    share: Estimate,
    index: int,
    look: str,
    count: int,
) -> list[Shape]:
    """A dot, the interval of the rank beside it, and the label further out."""
    beside = round(x + side * (10 + 24 * index / max(count - 1, 1)), 1)
    bar = {"x1": beside, "x2": beside, "y1": _y(rank.interval.low), "y2": _y(rank.interval.high)}
    name = rank.name if len(rank.name) <= _LONGEST else f"{rank.name[: _LONGEST - 1]}…"
    number = f"{100 * share.value:.1f}"
    words = f"{name} {number}" if side < 0 else f"{number} {name}"
    title = f"{rank.name}: rank {value_of(rank)}, {value_of(share).strip()}"
    anchor = "end" if side < 0 else "start"
    return [
        Shape(tag="line", at=bar, look=f"curve {look}", title=title),
        Shape(tag="circle", at={"cx": x, "cy": _y(rank.value), "r": 5}, look=look, title=title),
        _text(x + side * 44, _y(place) + 4, words, anchor=anchor),
    ]


def _axis(x: float, bottom: float) -> Shape:
    return Shape(tag="line", at={"x1": x, "x2": x, "y1": _TOP, "y2": bottom}, look="grid")


def _legend(y: float, *, inverted: bool) -> list[Shape]:
    looks = [
        ("ceiling", "model"),
        *([("sighted", "shown to see more and say less than another")] if inverted else []),
    ]
    shapes = []
    for index, (look, words) in enumerate(looks):
        x = _LEFT - 60 + 120 * index
        at = {"x1": x, "x2": x + 22, "y1": y - 4, "y2": y - 4}
        shapes += [
            Shape(tag="line", at=at, look=f"line {look}"),
            _text(x + 28, y, words, anchor="start"),
        ]
    return shapes


def _text(x: float, y: float, words: str, *, anchor: str) -> Shape:
    return Shape(tag="text", at={"x": x, "y": y, "text-anchor": anchor}, text=words)
