"""Maps of attention over the pictures of a few items.

A record has the maps as small numbers; the pictures are made again, as those of the gallery are.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

from pytest_vlmsight.records.errors import RecordError

from .drawing import Drawing, Shape
from .gallery import NoPicturesError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_vlmsight.diagnosis.result import Diagnosis

    from .gallery import Pictures, Thumbnail

SIDE = 176
"""Longest side of a picture in the report in px."""

_GAP, _LINE = 12, 20
_HEAT = (225, 255, 0)
"""Red, green and blue of high attention; low attention is clear. Markers are red."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapped:
    """An item of which maps were kept.

    Attributes:
        task: its task.
        id: hash of its content.
        index: its place among the task's items.
        order: of its options, as it was shown.
        maps: as ``diagnosis/attention_maps.py`` keeps them.
    """

    task: str
    id: str
    index: int
    order: tuple[int, ...]
    maps: tuple[Mapping[str, Any], ...]


def mapped_items(diagnosis: Diagnosis) -> list[Mapped]:
    """The items of a diagnosis of which maps were kept.

    Raises:
        RecordError: they are not as the part writes them.
    """
    if diagnosis.part != "attention" or diagnosis.error:
        return []
    try:
        return [
            Mapped(
                task=diagnosis.task,
                id=str(one["id"]),
                index=int(one["index"]),
                order=tuple(map(int, one["order"])),
                maps=tuple(map(dict, one["maps"])),
            )
            for one in diagnosis.details.get("maps", ())
        ]
    except (KeyError, TypeError, ValueError) as error:
        raise _unfit(diagnosis, error) from error


def overlays(
    diagnosis: Diagnosis, *, pictures: Pictures, budget: int
) -> tuple[Drawing | None, int]:
    """Each item in a row: its pictures under each map.

    An item whose pictures would exceed the budget is not shown, nor are those after it; nor is one
    whose pictures are not at hand.

    Args:
        diagnosis: of any part.
        pictures: of an item, as they were shown.
        budget: bytes that all pictures may take.

    Returns:
        The drawing, None where there is nothing to show, and the bytes of its pictures.

    Raises:
        RecordError: the maps are not as the part writes them.
    """
    shapes: list[Shape] = []
    told: list[str] = []
    spent, top, width = 0, 0, 0
    for item in mapped_items(diagnosis):
        try:
            shown = pictures(item)
        except NoPicturesError:
            continue
        try:
            row, right, bottom = _row(item, shown, top=top)
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise _unfit(diagnosis, error) from error
        size = sum(len(str(shape.at.get("href", ""))) for shape in row)
        if spent + size > budget:
            break
        spent, top, width = spent + size, bottom, max(width, right)
        shapes += row
        told.append(
            f"item {item.index + 1}: {', '.join(dict.fromkeys(m['of'] for m in item.maps))}"
        )
    if not shapes:
        return None, 0
    drawn = Drawing(
        title=f"Where {diagnosis.model} attends to in items of {diagnosis.task}",
        told=f"attention over pictures of {'; '.join(told)}",
        width=width,
        height=top,
        shapes=tuple(shapes),
        caption=(
            "Attention of the answer position over the first items: the more a patch has, the "
            "yellower it is."
        ),
    )
    return drawn, spent


def _row(item: Mapped, shown: Sequence[Thumbnail], *, top: int) -> tuple[list[Shape], int, int]:
    """What is drawn of an item, and where it ends."""
    shapes: list[Shape] = []
    left, bottom, before = 0, top, None
    for one in item.maps:
        picture = shown[int(one["image"])]
        scale = SIDE / max(picture.width, picture.height)
        width, height = round(picture.width * scale), round(picture.height * scale)
        if one["of"] != before:
            before = one["of"]
            words = f"item {item.index + 1}, {before}"
            at: dict[str, float | str] = {"x": left, "y": top + 14}
            shapes.append(Shape(tag="text", at=at, look="tick", text=words))
        y = top + _LINE
        placed = {"x": left, "y": y, "width": width, "height": height}
        shapes.append(Shape(tag="image", at={**placed, "href": picture.uri}))
        x0, y0, x1, y1 = (float(one[side]) for side in ("left", "top", "right", "bottom"))
        over = {
            "x": round(left + x0 * width, 1),
            "y": round(y + y0 * height, 1),
            "width": round((x1 - x0) * width, 1),
            "height": round((y1 - y0) * height, 1),
        }
        heat: dict[str, float | str] = {**over, "preserveAspectRatio": "none", "href": _heat(one)}
        shapes.append(Shape(tag="image", at=heat, title=str(one["of"])))
        left += width + _GAP
        bottom = max(bottom, y + height + _GAP)
    return shapes, left, bottom


def _heat(one: Mapping[str, Any]) -> str:
    """A map as a picture whose pixels are patches; the browser makes it smooth."""
    import numpy as np
    from PIL import Image

    rows, cols = int(one["rows"]), int(one["cols"])
    values = np.frombuffer(base64.b64decode(one["heat"], validate=True), np.uint8)
    values = values.reshape(rows, cols)
    pixels = np.empty((rows, cols, 4), np.uint8)
    pixels[..., :3] = _HEAT
    pixels[..., 3] = np.rint(0.85 * values)
    content = BytesIO()
    Image.fromarray(pixels).save(content, "PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(content.getvalue()).decode('ascii')}"


def _unfit(diagnosis: Diagnosis, error: Exception) -> RecordError:
    return RecordError(
        f"diagnosis {diagnosis.part} of {diagnosis.model}, {diagnosis.task}: its maps cannot be "
        f"drawn: {type(error).__name__}: {error}"
    )
