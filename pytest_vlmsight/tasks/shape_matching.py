"""Generated task ``shape``: which of two objects has the reference's shape.

See ``trio.py`` for what the options share and what is balanced.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .generated import DEFAULT_CANVAS, Canvas, generated_task
from .knobs import Knob, spans_of
from .trio import CLUTTER, SIZE, Cast, Subject, TrioItems, conflict

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
_MEASURES = ("thumbnail", "area", "compactness")
_SCALES = (2.6, 4.0)  # of all patterns


def shape(*, canvas: Canvas = DEFAULT_CANVAS, difficulty: Mapping[str, str] = {}) -> Task:
    """The task.

    Args:
        canvas: how pictures are made; nothing is marked in them.
        difficulty: knob → span, see ``KNOBS``.

    Raises:
        KnobError: a knob is unknown or beyond its limits.
    """
    spans = spans_of(KNOBS, difficulty, task=NAME)
    return generated_task(
        name=NAME,
        version=VERSION,
        readout="linear",
        source="objects of which two have one shape, from other sides, with other surfaces",
        make=TrioItems(
            name=NAME,
            version=VERSION,
            question=_QUESTION,
            casting=_Shapes(),
            knobs=KNOBS,
            spans=tuple(spans.items()),
            measures=_MEASURES,
            patience=2,
            canvas=canvas,
        ),
        settings={"size": canvas.size, "difficulty": spans},
        knobs=KNOBS,
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

        right, wrong = (other, own) if conflicting else (own, other)
        facing = any_view(rng, FORMS[form])
        return Cast(
            reference=subject(form, own),
            right=subject(form, right),
            wrong=subject(unlike, wrong),
            facing=facing,
            turn=_Turned(form, facing, values["rotation"]),
            slices=(("shape", FORMS[form].family), ("surface", SURFACES[own].family)),
        )


@dataclass(frozen=True, slots=True)
class _Turned:
    """Turns the reference's form by a given angle, any other form anyhow.

    Attributes:
        form: the reference's.
        facing: its axes in the camera's coordinates.
        degrees: the angle.
    """

    form: str
    facing: Frame
    degrees: float

    def __call__(self, rng: np.random.Generator, subject: Subject) -> Frame | None:
        from .scenes.forms import FORMS, any_view, other_view

        if subject.form != self.form:
            return any_view(rng, FORMS[subject.form])
        return other_view(rng, FORMS[self.form], self.facing, self.degrees)
