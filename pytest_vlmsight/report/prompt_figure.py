"""The picture of part ``prompt``: learned prefixes from 0 on, and the spread of wordings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .axes import TICKS, Axes
from .diagnoses import value_of
from .drawing import Drawing, Shape

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_vlmsight.diagnosis.result import Diagnosis, Estimate

WIDTH = 740
_TOP, _LEAST, _ROW, _BELOW = 36, 250, 20, 72
_LEFT, _MIDDLE, _ROWS_LEFT, _ROWS_RIGHT = 44, 320, 486, 716
_LONGEST = 22
"""Letters of a wording's name that there is room for."""

_BEST = "best of wordings"
_LOOKS = ("blind", "sighted")
"""Of curves and dots, from behind."""


def draw(diagnosis: Diagnosis) -> Drawing | None:
    """Accuracy by the number of prefixes, and in each wording; None without wordings."""
    rows = _rows(diagnosis)
    if not rows:
        return None
    bottom = max(_LEAST, _TOP + _ROW * len(rows))
    axes = Axes(left=_LEFT, right=_MIDDLE, top=_TOP, bottom=bottom)
    chance = float(diagnosis.details["chance"])
    readouts = diagnosis.of("readout")
    height = bottom + _BELOW
    curves = {look: diagnosis.of(look) for look in _LOOKS}
    told = [
        f"{name}: {', '.join(f'{look} {_value(one)}' for look, one in row.items())}"
        for name, row in (*_by_name(curves).items(), *rows.items())
    ]
    told += [f"readout {_value(one)}" for one in readouts]
    return Drawing(
        title=f"{diagnosis.model} on {diagnosis.task}, asked otherwise",
        told="; ".join([*told, f"chance {100 * chance:.1f}%"]),
        width=WIDTH,
        height=height,
        shapes=(
            *_curves(axes, curves, chance=chance, readouts=readouts),
            *_lines(rows, bottom=bottom, chance=chance, readouts=readouts),
            *_legend(height - 18, readout=bool(readouts)),
        ),
        caption=(
            f"Per cent right of {diagnosis.n} items, with {100 * diagnosis.confidence:.0f}% "
            "intervals. Left: by the number of embeddings learned in front of the prompt. Right: "
            "in each wording, and the best, chosen on the half of the items that it is not scored "
            "on."
        ),
    )


def _rows(diagnosis: Diagnosis) -> dict[str, dict[str, Estimate]]:
    """Name of a wording → how it is drawn → estimate; the best of them last."""
    found = {"blind": diagnosis.of("wordings, blind"), "sighted": diagnosis.of("wordings")}
    rows = _by_name(found)
    if rows and diagnosis.of(_BEST):
        best = {one.name: one for one in diagnosis.of(_BEST)}
        rows[_BEST] = {look: best[look] for look in _LOOKS}
    return rows


def _by_name(found: Mapping[str, Sequence[Estimate]]) -> dict[str, dict[str, Estimate]]:
    """Look → estimates, as name → look → estimate, in the order of those that are sighted."""
    rows: dict[str, dict[str, Estimate]] = {one.name: {} for one in found["sighted"]}
    for look, some in found.items():
        for one in some:
            rows[one.name][look] = one
    return rows


def _curves(
    axes: Axes,
    curves: Mapping[str, Sequence[Estimate]],
    *,
    chance: float,
    readouts: Sequence[Estimate],
) -> list[Shape]:
    """Left: prefixes."""
    shapes = [
        *axes.grid(),
        _text((axes.left + axes.right) / 2, axes.top - 14, "learned prefixes"),
        axes.level(chance, look="chance", title=f"chance {100 * chance:.1f}%"),
        *(
            axes.level(one.value, look="curve ceiling dashed", title=f"readout {_value(one)}")
            for one in readouts
        ),
    ]
    for look, found in curves.items():
        step = (axes.right - axes.left) / max(1, len(found))
        xs = [round(axes.left + step * (k + 0.5), 1) for k in range(len(found))]
        if len(found) > 1:
            shapes.append(axes.curve(xs, found, look=look))
        for x, one in zip(xs, found, strict=True):
            low, high = axes.y(one.interval.low), axes.y(one.interval.high)
            at = {"x1": x, "x2": x, "y1": low, "y2": high}
            shapes += [
                Shape(tag="line", at=at, look=f"curve {look}"),
                _dot(x, axes.y(one.value), look, one.name, one),
            ]
            if look == "sighted":
                shapes.append(_text(x, axes.bottom + 16, one.name.partition(" ")[0], look="tick"))
    return shapes


def _lines(
    rows: Mapping[str, Mapping[str, Estimate]],
    *,
    bottom: int,
    chance: float,
    readouts: Sequence[Estimate],
) -> list[Shape]:
    """Right: a line for each wording, with a dot sighted and one blind."""
    shapes = [_text((_ROWS_LEFT + _ROWS_RIGHT) / 2, _TOP - 14, "wordings")]
    for tick in TICKS:
        shapes += [
            _upright(tick / 100, bottom, look="grid"),
            _text(_x(tick / 100), bottom + 16, str(tick), look="tick"),
        ]
    shapes.append(_upright(chance, bottom, look="chance", title=f"chance {100 * chance:.1f}%"))
    shapes += [
        _upright(one.value, bottom, look="curve ceiling dashed", title=f"readout {_value(one)}")
        for one in readouts
    ]
    step = (bottom - _TOP) / len(rows)
    for number, (name, row) in enumerate(rows.items()):
        y = round(_TOP + step * (number + 0.5), 1)
        short = name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"
        shapes.append(_text(_ROWS_LEFT - 10, y + 4, short, look="tick", anchor="end"))
        for look, one in row.items():
            # Those that are blind stand a little lower, so that both intervals are seen.
            here = y + (3 if look == "blind" else -3)
            at = {"x1": _x(one.interval.low), "x2": _x(one.interval.high), "y1": here, "y2": here}
            shapes += [
                Shape(tag="line", at=at, look=f"curve {look}"),
                _dot(_x(one.value), here, look, name, one),
            ]
    return shapes


def _x(share: float) -> float:
    """Where a share is in the lines; those beyond the axis are at its end."""
    inside = min(max(share, 0.0), 1.0)
    return round(_ROWS_LEFT + inside * (_ROWS_RIGHT - _ROWS_LEFT), 1)


def _upright(share: float, bottom: float, *, look: str, title: str = "") -> Shape:
    at = {"x1": _x(share), "x2": _x(share), "y1": _TOP, "y2": bottom}
    return Shape(tag="line", at=at, look=look, title=title)


def _dot(x: float, y: float, look: str, name: str, one: Estimate) -> Shape:
    title = f"{name}: {look} {_value(one)}"
    return Shape(tag="circle", at={"cx": x, "cy": y, "r": 3.5}, look=look, title=title)


def _legend(y: float, *, readout: bool) -> list[Shape]:
    """What each line is, below."""
    lines = [("curve sighted", "sighted"), ("curve blind", "blind"), ("chance", "chance")]
    if readout:
        lines.append(("curve ceiling dashed", "readout of the encoder"))
    shapes = []
    x = _LEFT
    for look, words in lines:
        at = {"x1": x, "x2": x + 22, "y1": y, "y2": y}
        shapes += [
            Shape(tag="line", at=at, look=look),
            _text(x + 27, y + 4, words, anchor="start"),
        ]
        x += 100
    return shapes


def _text(x: float, y: float, words: str, *, look: str = "", anchor: str = "middle") -> Shape:
    at: dict[str, float | str] = {"x": round(x, 1), "y": y, "text-anchor": anchor}
    return Shape(tag="text", at=at, look=look, text=words)


def _value(one: Estimate) -> str:
    return value_of(one).strip()
