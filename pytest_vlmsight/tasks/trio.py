"""Three portraits: a reference, and two options that are told apart by surface or by form.

One option is the right one, since it shares with the reference what is asked for (say, its
surface). The other thing (then its form) is shared by the wrong option in one half of the items
and by the right one in the other half, so whoever goes by it, or against it, is right in half of
the items. Both options have one palette and stand on one stage, and so differ in nothing but form
and surface; the reference has a palette and a stage of its own. Which option is the more like the
reference pixel by pixel is drawn beforehand, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from .decoys import balanced_index
from .generated import Canvas, tries
from .glance import even_pair, glance
from .item import Item
from .knobs import Knob

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np

    from .glance import Glance
    from .portrait import Portrait, Stage
    from .scenes.exact import Frame
    from .scenes.solids import Solid
    from .scenes.texture import Colour

OPTIONS = ("the second image", "the third image")

ROUNDS = (2, 8)
"""How many portraits of each option are drawn before two are chosen, and how many at most."""

_JITTER = 0.2
"""By how much an object's place varies between an option's portraits, see ``portrait``."""

SIZE = Knob(
    name="size",
    meaning="longer side of the object, as a share of the picture's",
    span=(0.72, 0.9),
    limits=(0.4, 0.92),
    bands=(0.6, 0.8),
    why="smaller objects do not show their surface, larger ones do not fit",
)
CLUTTER = Knob(
    name="clutter",
    meaning="small things beside the object",
    span=(0, 2),
    limits=(0, 4),
    bands=(1, 2),
    whole=True,
    why="more would hide each other",
)


def conflict(shared: str) -> Knob:
    """The knob that says which option shares with the reference what is not asked for.

    Args:
        shared: what that is.
    """
    return Knob(
        name="conflict",
        meaning=f"1: the wrong option has the reference's {shared}, 0: the right one has it",
        span=(0, 1),
        limits=(0, 1),
        bands=(1,),
        whole=True,
        why="one of both options has it",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """An object of an item, as far as it is the same however it is turned.

    Attributes:
        form: its name.
        solids: its parts.
        surface: its name.
        scales: bounds of the scale of its surface's pattern.
    """

    form: str
    solids: tuple[Solid, ...]
    surface: str
    scales: tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """The three objects of an item and how they are turned.

    Attributes:
        reference: asked about.
        right: the right option.
        wrong: the wrong one.
        facing: of the reference, its axes in the camera's coordinates.
        turn: random numbers, an option → such axes, others at each call; None where it found none.
        slices: what they are, in labels.
    """

    reference: Subject
    right: Subject
    wrong: Subject
    facing: Frame
    turn: Callable[[np.random.Generator, Subject], Frame | None]
    slices: tuple[tuple[str, str], ...]


class Casting(Protocol):
    """Draws the objects of an item; what tells one task from the other."""

    def __call__(
        self, rng: np.random.Generator, values: Mapping[str, float], *, conflicting: bool
    ) -> Cast:
        """Draw them.

        Args:
            rng: random numbers.
            values: of the item's knobs.
            conflicting: whether the wrong option is the one that shares with the reference what
                is not asked for.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class TrioItems:
    """Makes the items of a task; picklable, so that tasks can travel to workers.

    Attributes:
        name: of the task.
        version: of the task.
        question: of all items.
        casting: draws an item's objects.
        knobs: ``SIZE``, ``CLUTTER``, a ``conflict`` and those that the casting has.
        spans: of all knobs.
        measures: measures of ``Glance.unlike`` by which one option is to be the more like the
            reference: all of them or none.
        patience: stages tried for the same objects.
        canvas: how pictures are made.
    """

    name: str
    version: str
    question: str
    casting: Casting
    knobs: tuple[Knob, ...]
    spans: tuple[tuple[str, tuple[float, float]], ...]
    measures: tuple[str, ...]
    patience: int
    canvas: Canvas

    def __call__(self, seed: int, index: int) -> Item:
        """Item ``index`` of a seed.

        Raises:
            GenerationError: it could not be made in the bounded tries.
        """
        answer, nearer, third = (
            balanced_index(2, self.name, what, seed, index)
            for what in ("answer", "rank", "conflict")
        )
        spans = dict(self.spans)
        low, high = spans["conflict"]
        conflicting = bool(low if low == high else third)
        for attempt, rng in enumerate(tries(self.name, self.version, seed, index)):
            if attempt % self.patience == 0:
                # Kept while stages change, or else those casts would be rare that seldom give the
                # rank that was drawn, and the objects alone would tell the rank.
                values = {
                    knob.name: knob.value(float(rng.random()), spans[knob.name])
                    for knob in self.knobs
                }
                cast = self.casting(rng, values, conflicting=conflicting)
            shown = self._shown(rng, cast, values, nearer=nearer == 0)
            if shown is None:
                continue
            reference, right, wrong = shown
            ordered = (reference, right, wrong) if answer == 0 else (reference, wrong, right)
            pictures = tuple(
                one.picture(
                    size=self.canvas.size,
                    cache=self.canvas.cache,
                    task=self.name,
                    version=self.version,
                )
                for one in ordered
            )
            return Item(
                name=f"{self.name}-{seed}-{index}",
                images=pictures,
                clean_images=pictures,
                question=self.question,
                options=OPTIONS,
                answer=answer,
                slices=(
                    *cast.slices,
                    *(
                        (knob.name, knob.label(values[knob.name]))
                        for knob in self.knobs
                        if knob.name != "conflict"
                    ),
                    ("conflict", "conflicting" if conflicting else "agreeing"),
                ),
            )
        raise AssertionError  # tries() ends in an error

    def _shown(
        self, rng: np.random.Generator, cast: Cast, values: Mapping[str, float], *, nearer: bool
    ) -> tuple[Portrait, Portrait, Portrait] | None:
        """Portraits of reference, right and wrong option; None where no two options fit."""
        sharpness = "sharpness" in self.measures
        first = _Set.draw(rng, values)
        reference = first.shot(rng, cast.reference, cast.facing, sharpness=sharpness)
        if reference is None:
            return None
        second = _Set.draw(rng, values)
        drawn: list[list[Portrait]] = [[], []]
        unlike: list[list[dict[str, float]]] = [[], []]
        for number in range(1, ROUNDS[1] + 1):
            for subject, shots, found in zip((cast.right, cast.wrong), drawn, unlike, strict=True):
                turn = cast.turn(rng, subject)
                if turn is None:
                    continue
                shot = second.shot(rng, subject, turn, sharpness=sharpness)
                if shot is not None:
                    shots.append(shot[0])
                    found.append(shot[1].unlike(reference[1]))
            pair = even_pair(unlike[0], unlike[1], self.measures, nearer=nearer)
            if number >= ROUNDS[0] and pair is not None:
                return reference[0], drawn[0][pair[0]], drawn[1][pair[1]]
        return None


@dataclass(frozen=True, slots=True)
class _Set:
    """A stage, colours, and about how large and where an object is on it."""

    stage: Stage
    colours: tuple[Colour, Colour]
    size: float
    shift: tuple[float, float]

    @classmethod
    def draw(cls, rng: np.random.Generator, values: Mapping[str, float]) -> _Set:
        from .portrait import stage
        from .scenes.drawn import between
        from .scenes.surfaces import palette

        return cls(
            stage(rng, clutter=int(values["clutter"])),
            palette(rng),
            values["size"],
            (between(rng, -0.8, 0.8), between(rng, -0.8, 0.8)),
        )

    def shot(
        self, rng: np.random.Generator, subject: Subject, turn: Frame, *, sharpness: bool
    ) -> tuple[Portrait, Glance] | None:
        """A portrait and what is compared of it; None where the object is cut off."""
        from .portrait import portrait
        from .scenes.drawn import between
        from .scenes.surfaces import skin

        found = portrait(
            self.stage,
            kind=subject.form,
            solids=subject.solids,
            skin=skin(
                rng, subject.surface, colours=self.colours, scale=between(rng, *subject.scales)
            ),
            turn=turn,
            size=self.size,
            shift=(
                self.shift[0] + between(rng, -_JITTER, _JITTER),
                self.shift[1] + between(rng, -_JITTER, _JITTER),
            ),
        )
        seen = glance(found.scene, found.camera, sharpness=sharpness)
        return None if seen.cut else (found, seen)
