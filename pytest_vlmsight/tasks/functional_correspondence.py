"""Generated task: find the place on another tool that serves the same purpose.

A teapot's spout on a watering can, a mallet's face on an axe, the trigger of a drill on a spray
bottle: the two tools are of different kinds and share at least four purposes. How position is
kept from telling the answer is said in ``counterparts.py``.
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

NAME = "functional_correspondence"
VERSION = "1"
KNOBS = (
    Knob(
        name="rotation",
        meaning="between the sides that the two are seen from, once both face the same way",
        span=(0, 50),
        limits=(0, 60),
        bands=(15, 30),
        unit="degrees",
        why="beyond it too few parts are seen on both",
    ),
    Knob(
        name="tilt",
        meaning="of the second picture against the first",
        span=(0, 60),
        limits=(0, 180),
        bands=(20, 40),
        unit="degrees",
    ),
)

_FAMILIES = ("vessel", "handled", "jointed", "powered")
_OTHER_WAY = {"vessel": 0.9, "handled": 0.62, "jointed": 0.65, "powered": 0.75}
"""How often the second tool faces the other way."""

_MEASURES = (
    *(0.0, 0.0, 0.0251, 0.0008),
    *(0.0, 0.0042, 0.0446, 0.0004),
    *(0.0, 0.0013, 0.04, 0.0),
    *(0.0158, 0.0017),
    *(0.0882, 0.0, 0.0),
)
"""Of the measures of unlikeness, by logistic regression of right against other parts."""

_WEIGHTS = {
    "handled": Weights(
        nearness=(1.25, 4.69, 3.41, 0.617),
        likeness=(0.114, 0.243, 0.671, 1),
        measures=_MEASURES,
    ),
    "jointed": Weights(
        nearness=(1.34, 8.06, 7.93, 1.17),
        likeness=(0.111, 0.146, 0.472, 1),
        measures=_MEASURES,
    ),
    "powered": Weights(
        nearness=(1.81, 4.56, 4.54, 1.57),
        likeness=(0.122, 0.258, 0.618, 1),
        measures=_MEASURES,
    ),
    "vessel": Weights(
        nearness=(1.07, 6.02, 12.8, 9.85),
        likeness=(0.0295, 0.0869, 0.278, 1),
        measures=_MEASURES,
    ),
}
"""See ``option_sets.py``; both found by ``benchmarks/option_weights.py``."""

_QUESTION = (
    "The two images show two different tools. A point is marked REF on the first. "
    "Which marked point on the second tool serves the same purpose?"
)


def functional_correspondence(
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
        source="places of the same purpose on two different tools",
        question=_QUESTION,
        pairs=Pairs(sort="family", sorts=_FAMILIES, draw=_pair),
        knobs=KNOBS,
        canvas=canvas,
        difficulty=difficulty,
    )


def _pair(rng: np.random.Generator, fixed: np.random.Generator, family: str) -> Pair:
    from .scenes.catalogue import TOOLS, roles, tool_pairs
    from .scenes.drawn import one_of

    first, second = (TOOLS[family][name] for name in one_of(fixed, tool_pairs(family)))
    things = first.build(rng), second.build(rng)
    return Pair(
        kinds=(first, second),
        things=things,
        other_way=_OTHER_WAY[family],
        weights=_WEIGHTS[family],
        among=roles(things[0]) & roles(things[1]),
    )
