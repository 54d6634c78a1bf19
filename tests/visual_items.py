"""Layouts, offers and items of ``visual_correspondence``, made once; what pictures show."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pytest_vlmsight.tasks.generated import (
    generator,
)
from pytest_vlmsight.tasks.marker_words import parse_markers
from pytest_vlmsight.tasks.scenes.exact import sub
from pytest_vlmsight.tasks.scenes.trace import trace_at
from pytest_vlmsight.tasks.scenes.view import View
from pytest_vlmsight.tasks.visual_correspondence import (
    KNOBS,
    Layout,
    layout,
    visual_correspondence,
)
from pytest_vlmsight.tasks.visual_offers import CHANGES, Offer, Shot, offer

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_vlmsight.tasks.item import Item
    from pytest_vlmsight.tasks.scenes.exact import Vec

SPANS = {knob.name: knob.span for knob in KNOBS}
MIDDLE = {knob.name: float(sum(knob.span) // 2) for knob in KNOBS}
VARIED = parse_markers(["vary"])
each = pytest.mark.parametrize("change", CHANGES)


@cache
def layouts() -> list[Layout]:
    """Whole blocks of answers and of changes."""
    return [layout(0, index, SPANS) for index in range(12)]


@cache
def some() -> list[Item]:
    return visual_correspondence().make_items(3, 0)


@cache
def an_offer(change: str) -> Offer:
    drawn = (offer(generator("offer", change, k), change, MIDDLE) for k in range(20))
    return next(found for found in drawn if found)


def maker() -> Callable[[int, int], Item]:
    return visual_correspondence().make_items.make  # type: ignore[attr-defined, no-any-return]


def hit(shot: Shot, x: float, y: float) -> Vec:
    """The point of the scene that a picture shows at a place, exactly."""
    camera = shot.camera
    samples = trace_at(
        View(shot.scene, camera),
        np.array([(x - 0.5) / camera.focal]),
        np.array([(y - 0.5) / camera.focal]),
    )
    return camera.at(x, y, float(samples.depth[0]))


def gap(one: Vec, other: Vec) -> float:
    return float(np.linalg.norm(sub(one, other)))


def offered(found: Layout) -> tuple[Vec, list[Vec]]:
    """What REF shows and what the options show."""
    first, second = found.shots
    return hit(first, *found.reference), [hit(second, *place) for place in found.candidates]
