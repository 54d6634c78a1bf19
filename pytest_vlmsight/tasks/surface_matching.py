"""Generated task ``texture``: which of two objects has the reference's kind of surface.

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

NAME = "texture"
VERSION = "1"
KNOBS = (
    SIZE,
    CLUTTER,
    conflict("shape"),
    Knob(
        name="scale",
        meaning="how much finer or coarser patterns are than the reference's, at most",
        span=(1.0, 1.5),
        limits=(1.0, 2.0),
        bands=(1.15, 1.3),
        why="beyond that a pattern is too fine or too coarse to be told",
    ),
)
FORMS = ("ball", "cube", "can", "cone", "pill", "mushroom", "corner", "snowman", "stairs")
"""Those with room for a pattern."""

_QUESTION = (
    "The first image is the reference. Which of the other two images shows an object with the same "
    "kind of surface as the first (smooth, rough, striped, checked, dotted and so on), "
    "whatever its shape and colours?"
)
_WEIGHTS = {"sharpness": 6.0}  # most surfaces have one of their own
_SCALE = (3.2, 4.6)  # of the reference's pattern
_PLAIN = 0.2  # of the items


def texture(*, canvas: Canvas = DEFAULT_CANVAS, difficulty: Mapping[str, str] = {}) -> Task:
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
        source="objects of which two have one kind of surface, in other shapes and colours",
        question=_QUESTION,
        casting=_Surfaces(),
        knobs=KNOBS,
        weights=_WEIGHTS,
        canvas=canvas,
        difficulty=difficulty,
    )


@dataclass(frozen=True, slots=True)
class _Surfaces:
    """Draws two kinds of surface and two forms."""

    def __call__(
        self, rng: np.random.Generator, values: Mapping[str, float], *, conflicting: bool
    ) -> Cast:
        from .scenes.drawn import between, one_of
        from .scenes.forms import FORMS as ALL
        from .scenes.forms import any_view, meet
        from .scenes.surfaces import FIGURED, PLAIN, SURFACES, differ

        among = PLAIN if float(rng.random()) < _PLAIN else FIGURED
        own, other = one_of(rng, [(a, b) for a in among for b in among if differ(a, b)])
        form, unlike = one_of(rng, [(a, b) for a in FORMS for b in FORMS if meet(a, b)])
        solids = {name: ALL[name].build(rng) for name in (form, unlike)}
        scale = between(rng, *_SCALE)

        def subject(name: str, surface: str, most: float) -> Subject:
            scales = (scale / most, scale * most)
            return Subject(form=name, solids=solids[name], surface=surface, scales=scales)

        forms = (unlike, form) if conflicting else (form, unlike)
        return Cast(
            references=(subject(form, own, 1.0), subject(unlike, other, 1.0)),
            options=(
                subject(forms[0], own, values["scale"]),
                subject(forms[1], other, values["scale"]),
            ),
            facings=(any_view(rng, ALL[form]), any_view(rng, ALL[unlike])),
            turn=_Anyhow(forms),
            slices=(
                (("surface", SURFACES[own].family),),
                (("surface", SURFACES[other].family),),
            ),
        )


@dataclass(frozen=True, slots=True)
class _Anyhow:
    """Turns forms so that they can be told.

    Attributes:
        forms: of either kind's option.
    """

    forms: tuple[str, str]

    def __call__(self, rng: np.random.Generator, kind: int) -> Frame:
        from .scenes.forms import FORMS as ALL
        from .scenes.forms import any_view

        return any_view(rng, ALL[self.forms[kind]])
