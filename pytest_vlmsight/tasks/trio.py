"""Three portraits: a reference, and two options that are told apart by surface or by form.

One option is the right one, since it shares with the reference what is asked for (say, its
surface). The other thing (then its form) is shared by the wrong option in one half of the items
and by the right one in the other half, so whoever goes by it, or against it, is right in half of
the items. Both options have one palette and stand on one stage, and so differ in nothing but form
and surface; the reference has a palette and a stage of its own. It is drawn last, of two between
which neither the options nor their likeness to it say anything: see ``crossed.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .decoys import balanced_index
from .generated import Canvas, generated_task, tried
from .item import Item, Task
from .knobs import Knob, spans_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np

    from .casting import Cast, Casting, Subject
    from .generated import Choice
    from .portrait import Portrait, Stage
    from .scenes.exact import Frame
    from .scenes.texture import Colour

OPTIONS = ("the second image", "the third image")

REFERENCES, CANDIDATES = 5, 2
"""How many portraits are made of each kind's reference and of its option."""

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


def trio_task(
    *,
    name: str,
    version: str,
    source: str,
    question: str,
    casting: Casting,
    knobs: tuple[Knob, ...],
    weights: Mapping[str, float],
    canvas: Canvas,
    difficulty: Mapping[str, str],
) -> Task:
    """A task of three portraits.

    Args:
        name: of the task.
        version: changes whenever items would.
        source: in a sentence, after "generated: ".
        question: of all items.
        casting: draws an item's objects.
        knobs: ``SIZE``, ``CLUTTER``, a ``conflict`` and those that the casting has.
        weights: of measures of an impression that count more than others, see ``counted``.
        canvas: how pictures are made; nothing is marked in them.
        difficulty: knob → span.

    Raises:
        KnobError: a knob is unknown or beyond its limits.
    """
    spans = spans_of(knobs, difficulty, task=name)
    return generated_task(
        name=name,
        version=version,
        readout="linear",
        source=source,
        make=TrioItems(
            name=name,
            version=version,
            question=question,
            casting=casting,
            knobs=knobs,
            spans=tuple(spans.items()),
            weights=tuple(weights.items()),
            canvas=canvas,
        ),
        settings={"size": canvas.size, "difficulty": spans},
        knobs=knobs,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TrioItems:
    """Makes the items of a task; picklable, so that tasks can travel to workers.

    See ``trio_task`` for the attributes; ``spans`` are those of all knobs.
    """

    name: str
    version: str
    question: str
    casting: Casting
    knobs: tuple[Knob, ...]
    spans: tuple[tuple[str, tuple[float, float]], ...]
    weights: tuple[tuple[str, float], ...]
    canvas: Canvas

    def __call__(self, seed: int, index: int) -> Item:
        """Item ``index`` of a seed.

        Raises:
            GenerationError: it could not be made in the bounded tries.
        """
        _, item = self.found(seed, index)
        return item

    def found(self, seed: int, index: int, choice: Choice | None = None) -> tuple[Choice, Item]:
        """An item, and what was found for it; see ``__call__``.

        Args:
            seed: of the item.
            index: its number.
            choice: what is to be found, where that is known.
        """
        answer, kind, third = (
            balanced_index(2, self.name, what, seed, index)
            for what in ("answer", "kind", "conflict")
        )
        spans = dict(self.spans)
        low, high = spans["conflict"]
        conflicting = bool(low if low == high else third)
        for attempt, rng in tried(self.name, self.version, seed, index, choice):
            values = {
                knob.name: knob.value(float(rng.random()), spans[knob.name]) for knob in self.knobs
            }
            cast = self.casting(rng, values, conflicting=conflicting)
            shots = self._shots(rng, cast, values)
            if not all(shots):
                continue
            picked = self._picked(shots) if choice is None else choice[1:]
            one, other, first, second = (
                some[number] for some, number in zip(shots, picked, strict=True)
            )
            references, options = (one, other), (first, second)
            right, wrong = options[kind], options[1 - kind]
            ordered = (references[kind], *((wrong, right) if answer else (right, wrong)))
            pictures = tuple(
                one.picture(
                    size=self.canvas.size,
                    cache=self.canvas.cache,
                    task=self.name,
                    version=self.version,
                )
                for one in ordered
            )
            item = Item(
                name=f"{self.name}-{seed}-{index}",
                images=pictures,
                clean_images=pictures,
                question=self.question,
                options=OPTIONS,
                answer=answer,
                slices=(
                    *cast.slices[kind],
                    *(
                        (knob.name, knob.label(values[knob.name]))
                        for knob in self.knobs
                        if knob.name != "conflict"
                    ),
                    ("conflict", "conflicting" if conflicting else "agreeing"),
                ),
            )
            return (attempt, *picked), item
        raise AssertionError  # tried() ends in an error

    def _shots(
        self, rng: np.random.Generator, cast: Cast, values: Mapping[str, float]
    ) -> list[list[Portrait]]:
        """References and options of each kind; empty where objects do not fit in."""
        sets = [_Set.draw(rng, values) for _ in range(REFERENCES)]
        shots = [
            [shot for one in sets for shot in one.shots(rng, subject, [facing])]
            for subject, facing in zip(cast.references, cast.facings, strict=True)
        ]
        own = _Set.draw(rng, values)
        shots += [
            own.shots(rng, subject, [cast.turn(rng, kind) for _ in range(CANDIDATES)])
            for kind, subject in enumerate(cast.options)
        ]
        return shots

    def _picked(self, shots: Sequence[Sequence[Portrait]]) -> Choice:
        """Numbers of a reference and an option of each kind."""
        from .crossed import crossed
        from .impression import counted, unlikeness

        a, b, c, d = ([portrait.impression() for portrait in some] for some in shots)
        return crossed((a, b), (c, d), unlikeness, counted(dict(self.weights)))


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

    def shots(
        self, rng: np.random.Generator, subject: Subject, turns: Sequence[Frame | None]
    ) -> list[Portrait]:
        """Portraits of a subject, one for each turn in which it can be seen whole."""
        from .portrait import portrait
        from .scenes.drawn import between
        from .scenes.surfaces import skin

        found = []
        for turn in turns:
            worn = skin(
                rng, subject.surface, colours=self.colours, scale=between(rng, *subject.scales)
            )
            x, y = (value + between(rng, -_JITTER, _JITTER) for value in self.shift)
            if turn is None:
                continue
            shot = portrait(
                self.stage,
                kind=subject.form,
                solids=subject.solids,
                skin=worn,
                turn=turn,
                size=self.size,
                shift=(x, y),
            )
            if shot.whole:
                found.append(shot)
        return found
