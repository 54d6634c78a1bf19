"""The same items with markers that look otherwise."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_vlmsight.tasks.markers import COLOURS, Markers

if TYPE_CHECKING:
    from pytest_vlmsight.tasks.item import Item
    from pytest_vlmsight.tasks.markers import MarkerStyle


def other_style(style: MarkerStyle) -> MarkerStyle:
    """Another colour and another shape, as large.

    >>> from pytest_vlmsight.tasks.markers import DEFAULT_STYLE
    >>> other_style(DEFAULT_STYLE).description
    'markers-1 cross #00ffff size=0.032 letter_size=0.1 letters'
    """
    return replace(
        style,
        colour=COLOURS["red" if style.colour == COLOURS["cyan"] else "cyan"],
        shape="ring" if style.shape == "cross" else "cross",
    )


def marked_otherwise(item: Item) -> Item | None:
    """The item in another style; None where the plugin draws nothing whose looks can be changed.

    A box with a colour of its own keeps it, since the question may name it.
    """
    if not isinstance(item.draw, Markers):
        return None
    if not item.points and all(box.colour for box in item.boxes):
        return None
    draw = Markers(other_style(item.draw.style))
    images = draw.paint_all(item.clean_images, points=item.points, boxes=item.boxes)
    return replace(item, images=images, draw=draw)
