"""Generated task ``shape``: which of two objects has the reference's shape.

See ``trio.py`` for what the options share and what is balanced.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .casting import Cast, Subject
from .generated import DEFAULT_CANVAS, Canvas
from .knobs import Knob
from .trio import CLUTTER, SIZE, conflict, trio_task

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from .item import Task
    from .scenes.exact import Frame

NAME = "shape"
VERSION = "1"
KNOBS = (
    SIZE,
    CLUTTER,
    conflict("surface"),
    Knob(
        name="rotation",
        meaning="by how much the right object is turned against the reference",
        span=(30, 120),
        limits=(20, 150),
        bands=(60, 90),
        unit="degrees",
        why="below it the outlines would be alike; beyond, some shapes have no telling view",
    ),
)

_QUESTION = (
    "The first image is the reference. Which of the other two images shows an object of the same "
    "shape as the first, whatever its surface and colours?"
)
_WEIGHTS = {"thumbnail": 2.0, "normalised thumbnail": 4.0}  # one shape covers similar pixels
_SCALES = (2.6, 4.0)  # of all patterns


def shape(*, canvas: Canvas = DEFAULT_CANVAS, difficulty: Mapping[str, str] = {}) -> Task:
    """The task.

    Args:
        canvas: how pictures are made; nothing is marked in them.
        difficulty: knob → span, see ``KNOBS``.

    Raises:
        KnobError: a knob is unknown or beyond its limits.
    """
    return trio_task(
        name=NAME,
        version=VERSION,
        source="objects of which two have one shape, from other sides, with other surfaces",
        question=_QUESTION,
        casting=_Shapes(),
        knobs=KNOBS,
        weights=_WEIGHTS,
        canvas=canvas,
        difficulty=difficulty,
    )


@dataclass(frozen=True, slots=True)
class _Shapes:
    """Draws two forms and two kinds of surface."""

    def __call__(
        self, rng: np.random.Generator, values: Mapping[str, float], *, conflicting: bool
    ) -> Cast:
        from .scenes.drawn import one_of
        from .scenes.forms import FORMS, any_view, meet
        from .scenes.surfaces import FIGURED, SURFACES, differ

        form, unlike = one_of(rng, [(a, b) for a in FORMS for b in FORMS if meet(a, b)])
        own, other = one_of(rng, [(a, b) for a in FIGURED for b in FIGURED if differ(a, b)])
        solids = {name: FORMS[name].build(rng) for name in (form, unlike)}

        def subject(name: str, surface: str) -> Subject:
            return Subject(form=name, solids=solids[name], surface=surface, scales=_SCALES)

        surfaces = (other, own) if conflicting else (own, other)
        facings = any_view(rng, FORMS[form]), any_view(rng, FORMS[unlike])
        return Cast(
            references=(subject(form, own), subject(unlike, other)),
            options=(subject(form, surfaces[0]), subject(unlike, surfaces[1])),
            facings=facings,
            turn=_Turned((form, unlike), facings, values["rotation"]),
            slices=(
                (("shape", FORMS[form].family), ("surface", SURFACES[own].family)),
                (("shape", FORMS[unlike].family), ("surface", SURFACES[other].family)),
            ),
        )


@dataclass(frozen=True, slots=True)
class _Turned:
    """Turns an option's form by a given angle against the reference of its kind.

    Attributes:
        forms: of either kind.
        facings: of the references, their axes in the camera's coordinates.
        degrees: the angle.
    """

    forms: tuple[str, str]
    facings: tuple[Frame, Frame]
    degrees: float

    def __call__(self, rng: np.random.Generator, kind: int) -> Frame | None:
        from .scenes.forms import FORMS, other_view

        return other_view(rng, FORMS[self.forms[kind]], self.facings[kind], self.degrees)
