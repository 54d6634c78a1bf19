"""Pictures of diagnoses: each part says what shapes its picture has, and the template draws them.

A part's picture is a function ``draw`` of a module of this package, diagnosis → drawing. Every
text and value of an attribute is escaped by the template, and only ``TAGS`` are drawn.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING

from pytest_vlmsight.records.errors import RecordError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_vlmsight.diagnosis.result import Diagnosis

FIGURES: dict[str, str] = {
    "layers": "layers_figure",
    "bias": "bias_figure",
    "prompt": "prompt_figure",
    "finetune": "finetune_figure",
    "attention": "attention_figure",
    "encoders": "encoders_figure",
}
"""Part of diagnosis → module of this package with its ``draw``."""

TAGS = ("circle", "image", "line", "path", "polygon", "polyline", "rect", "text")
"""Of SVG."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One element of SVG.

    Attributes:
        tag: one of ``TAGS``.
        at: its attributes, numbers in px of the picture. Colours come from ``look``: the page
            allows no styles but its own.
        look: class of the style sheet.
        text: in a text element.
        title: what is told of it where a pointer rests on it.

    Raises:
        ValueError: the tag is none of these.
    """

    tag: str
    at: Mapping[str, float | str] = field(default_factory=dict)
    look: str = ""
    text: str = ""
    title: str = ""

    def __post_init__(self) -> None:
        if self.tag not in TAGS:
            raise ValueError(f"a shape is one of {TAGS}, not {self.tag!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """A picture.

    Attributes:
        title: what it shows.
        told: the same in words, with all that can be read off it.
        width: in px.
        height: in px.
        shapes: from behind.
        caption: below it.
    """

    title: str
    told: str
    width: int
    height: int
    shapes: tuple[Shape, ...]
    caption: str = ""


Draw = Callable[["Diagnosis"], "Drawing | None"]


def drawing(diagnosis: Diagnosis) -> Drawing | None:
    """The picture of a diagnosis; None where its part has none, or it failed.

    Raises:
        RecordError: the diagnosis has not what its part writes.
    """
    module = FIGURES.get(diagnosis.part)
    if module is None or diagnosis.error:
        return None
    draw: Draw = import_module(f"{__package__}.{module}").draw
    try:
        return draw(diagnosis)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise RecordError(
            f"diagnosis {diagnosis.part} of {diagnosis.model}, {diagnosis.task} cannot be drawn: "
            f"{type(error).__name__}: {error}"
        ) from error
