"""Generated task: find the same part on another thing of the same kind.

A dog's ear on another dog, a chair's arm on another chair, a lobe of a blob on another blob of its
species: the two differ in proportions, colours, pose and light. Animals, vehicles and furniture
have parts with names, blobs have none: models that match by words do worse on them (arXiv
2604.02486). How position is kept from telling the answer is said in ``counterparts.py``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .generated import DEFAULT_CANVAS, Canvas
from .knobs import Knob
from .option_sets import Weights
from .part_task import Pair, Pairs, part_task

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from .item import Task

NAME = "semantic_correspondence"
VERSION = "1"
KNOBS = (
    Knob(
        name="rotation",
        meaning="between the sides that the two are seen from, once both face the same way",
        span=(0, 50),
        limits=(0, 70),
        bands=(15, 30),
        unit="degrees",
        why="beyond it too few parts are seen on both",
    ),
    Knob(
        name="tilt",
        meaning="of the second picture against the first",
        span=(0, 45),
        limits=(0, 180),
        bands=(15, 30),
        unit="degrees",
    ),
)

_CATEGORIES = ("animal", "vehicle", "furniture", "blob", "blob")
"""One block of five items; blobs, which have no names, are two in five."""
_OTHER_WAY = 0.95
"""How often the second thing faces the other way."""

_MEASURES = (
    *(0.0, 0.0, 0.0285, 0.0),
    *(0.0, 0.0105, 0.0598, 0.0069),
    *(0.0, 0.0041, 0.0305, 0.0),
    *(0.0051, 0.0007),
    *(0.0, 0.2065, 0.0),
)
"""Of the measures of unlikeness, by logistic regression of right against other parts."""

_WEIGHTS = {
    "animal": Weights(
        nearness=(4.58, 13.7, 14.8, 15.8),
        likeness=(0.00769, 0.0333, 0.146, 1),
        measures=_MEASURES,
    ),
    "blob": Weights(
        nearness=(3.38, 11.9, 15.9, 15.1),
        likeness=(0.0157, 0.0587, 0.257, 1),
        measures=_MEASURES,
    ),
    "furniture": Weights(
        nearness=(1.83, 7.44, 15.6, 19.1),
        likeness=(0.0161, 0.0528, 0.219, 1),
        measures=_MEASURES,
    ),
    "vehicle": Weights(
        nearness=(8.18, 14.7, 13.4, 14.2),
        likeness=(0.00971, 0.0348, 0.149, 1),
        measures=_MEASURES,
    ),
}
"""See ``option_sets.py``; both found by ``benchmarks/option_weights.py``."""

_QUESTION = (
    "The two images show two objects of the same kind. A point is marked REF on the first. "
    "Which marked point on the second is on the same part?"
)


def semantic_correspondence(
    *, canvas: Canvas = DEFAULT_CANVAS, difficulty: Mapping[str, str] = {}
) -> Task:
    """The task.

    Args:
        canvas: how pictures are made and marked.
        difficulty: knob → span, see ``KNOBS``.

    Raises:
        KnobError: a knob is unknown or beyond its limits.
    """
    return part_task(
        name=NAME,
        version=VERSION,
        source="the same part on two animals, vehicles, pieces of furniture or nameless blobs",
        question=_QUESTION,
        pairs=Pairs(sort="category", sorts=_CATEGORIES, draw=_pair),
        knobs=KNOBS,
        canvas=canvas,
        difficulty=difficulty,
    )


def _pair(rng: np.random.Generator, fixed: np.random.Generator, category: str) -> Pair:
    from .scenes.blobs import species, specimen
    from .scenes.catalogue import BLOB, NAMEABLE
    from .scenes.drawn import one_of

    if category == "blob":
        own = species(rng)
        kind, things = BLOB, (specimen(own, rng), specimen(own, rng))
    else:
        kind = one_of(fixed, tuple(NAMEABLE[category].values()))
        things = kind.build(rng), kind.build(rng)
    return Pair(
        kinds=(kind, kind),
        things=things,
        other_way=_OTHER_WAY,
        weights=_WEIGHTS[category],
        slices=(("nameable", "no" if category == "blob" else "yes"),),
    )
