"""The picture of part ``layers``: the readout from the eye to the answer, and its controls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .axes import Axes
from .diagnoses import value_of
from .drawing import Drawing, Shape

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_vlmsight.diagnosis.result import Diagnosis, Estimate

WIDTH, HEIGHT = 740, 348
_AXES = Axes(left=44, right=724, top=34, bottom=254)
_LOOKS = {
    "readout": "ceiling",
    "fitted readout": "ceiling dashed",
    "untrained twin": "blind",
    "random labels": "blind dotted",
}
"""Group of estimates → how its curve looks."""

_PARTS = {"encoder": "encoder", "projector": "", "llm": "LLM"}


def draw(diagnosis: Diagnosis) -> Drawing | None:
    """The curves, chance, the control by positions and the answers; None without a curve."""
    read = diagnosis.of("readout")
    if not read:
        return None
    stages = [one.name for one in read]
    step = (_AXES.right - _AXES.left) / (len(stages) + 1)
    xs = {name: round(_AXES.left + step * (k + 0.5), 1) for k, name in enumerate(stages)}
    xs["answers"] = round(_AXES.right - step / 2, 1)
    chance = float(diagnosis.details["chance"])
    way = {str(stage): str(name) for name, stage in diagnosis.details["way"].items()}
    shapes = [
        *_AXES.grid(),
        *_parts(stages, xs, step),
        _AXES.level(chance, look="chance", title=f"chance {100 * chance:.1f}%"),
    ]
    curves = {group: diagnosis.of(group) for group in _LOOKS if diagnosis.of(group)}
    for group, found in reversed(curves.items()):
        at = [xs[one.name] for one in found if one.name in xs]
        known = [one for one in found if one.name in xs]
        if group == "readout":
            shapes.append(_AXES.band(at, known, look="ceiling"))
        shapes.append(_AXES.curve(at, known, look=_LOOKS[group]))
    for one in read:
        radius = 4.5 if one.name in way else 2.5
        shapes.append(_dot(one, xs[one.name], way.get(one.name, ""), radius))
    shapes += [
        _AXES.level(one.value, look="blind thin", title=_words(one, ""))
        for one in diagnosis.of("controls")
    ]
    for one in diagnosis.of("answers"):
        shapes += _answer(one, xs["answers"])
    lines = [*curves, *(one.name for one in diagnosis.of("controls"))]
    return Drawing(
        title=f"Readout of {diagnosis.task} at every layer of {diagnosis.model}",
        told=_told(diagnosis, curves, chance),
        width=WIDTH,
        height=HEIGHT,
        shapes=(*shapes, *_legend(lines)),
        caption=(
            f"Per cent right of {diagnosis.n} items; the area is the "
            f"{100 * diagnosis.confidence:.0f}% interval of the readout. Large dots are the stages "
            "that are compared."
        ),
    )


def _parts(stages: Sequence[str], xs: Mapping[str, float], step: float) -> list[Shape]:
    """Names of parts above, of some layers below, and a line between parts."""
    shapes = []
    parts = [name.partition("[")[0] for name in stages]
    for part in dict.fromkeys(parts):
        own = [name for name, of in zip(stages, parts, strict=True) if of == part]
        first, last = xs[own[0]], xs[own[-1]]
        shapes.append(_text((first + last) / 2, _AXES.top - 14, _PARTS.get(part, part)))
        if part != parts[0]:
            x = round(first - step / 2, 1)
            at = {"x1": x, "x2": x, "y1": _AXES.top, "y2": _AXES.bottom}
            shapes.append(Shape(tag="line", at=at, look="grid"))
        every = max(1, round(26 / step))
        for number, name in enumerate(own):
            word = name.partition("[")[2].rstrip("]")
            if number % every == 0 and word:
                shapes.append(_text(xs[name], _AXES.bottom + 16, word, look="tick"))
    if "projector" in xs:
        shapes.append(_text(xs["projector"], _AXES.bottom + 32, "projector", look="tick"))
    shapes.append(_text(_AXES.right, _AXES.bottom + 32, "answers", look="tick", anchor="end"))
    return shapes


def _dot(one: Estimate, x: float, name: str, radius: float) -> Shape:
    at = {"cx": x, "cy": _AXES.y(one.value), "r": radius}
    return Shape(tag="circle", at=at, look="ceiling", title=_words(one, name))


def _answer(one: Estimate, x: float) -> list[Shape]:
    low, high = _AXES.y(one.interval.low), _AXES.y(one.interval.high)
    return [
        Shape(tag="line", at={"x1": x, "x2": x, "y1": low, "y2": high}, look="line sighted"),
        Shape(
            tag="circle",
            at={"cx": x, "cy": _AXES.y(one.value), "r": 5},
            look="sighted",
            title=_words(one, "answers"),
        ),
    ]


def _legend(names: Sequence[str]) -> list[Shape]:
    """What each line is, below."""
    shapes = []
    looks = {**_LOOKS, "position only": "blind thin", "chance": "chance"}
    x = _AXES.left
    for name in (*names, "chance"):
        at = {"x1": x, "x2": x + 22, "y1": HEIGHT - 18, "y2": HEIGHT - 18}
        shapes += [
            Shape(tag="line", at=at, look=f"curve {looks.get(name, 'blind thin')}"),
            _text(x + 27, HEIGHT - 14, name, anchor="start"),
        ]
        x += 40 + 6.3 * len(name)
    return shapes


def _text(x: float, y: float, words: str, *, look: str = "", anchor: str = "middle") -> Shape:
    at: dict[str, float | str] = {"x": round(x, 1), "y": y, "text-anchor": anchor}
    return Shape(tag="text", at=at, look=look, text=words)


def _words(one: Estimate, name: str) -> str:
    return f"{name}{': ' if name else ''}{one.name} {value_of(one).strip()}"


def _told(diagnosis: Diagnosis, curves: Mapping[str, Sequence[Estimate]], chance: float) -> str:
    parts = [
        f"{group}: {', '.join(f'{one.name} {value_of(one).strip()}' for one in found)}"
        for group, found in curves.items()
    ]
    others = (*diagnosis.of("controls"), *diagnosis.of("answers"))
    parts += [f"{one.name} {value_of(one).strip()}" for one in others]
    return "; ".join([*parts, f"chance {100 * chance:.1f}%"])
