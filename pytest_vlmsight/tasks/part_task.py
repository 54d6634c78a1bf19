"""Tasks that ask for a part on two things: what an item shows is drawn in the same way.

A task says which pairs of things there are, in sorts that take turns. How they are posed and
dressed is drawn here, and ``part_items.py`` makes items of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .generated import Canvas, generated_task, generator
from .knobs import Knob, spans_of
from .part_items import Draft, PartItems, poses
from .seeded import seeded_order

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np

    from .item import Task
    from .option_sets import Weights
    from .scenes.catalogue import Kind
    from .scenes.scene import Thing


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two things that share parts.

    Attributes:
        kinds: of the first and of the second.
        things: of these kinds.
        other_way: how often the second faces the other way, see ``counterparts.py``.
        weights: see ``counterparts.counterparts``.
        among: likewise.
        slices: (name, value) labels beside those of the sort and of the knobs.
    """

    kinds: tuple[Kind, Kind]
    things: tuple[Thing, Thing]
    other_way: float
    weights: Weights
    among: frozenset[str] | None = None
    slices: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """The pairs of a task.

    Attributes:
        sort: what its sorts are called, the name of their slice.
        sorts: one block of items has one item of each.
        draw: (random numbers of the try, those of the item, sort) → a pair. Its kinds are drawn
            from those of the item: else what is easier to make would be more frequent.
    """

    sort: str
    sorts: tuple[str, ...]
    draw: Callable[[np.random.Generator, np.random.Generator, str], Pair]


def part_task(
    *,
    name: str,
    version: str,
    source: str,
    question: str,
    pairs: Pairs,
    knobs: tuple[Knob, Knob],
    canvas: Canvas,
    difficulty: Mapping[str, str],
) -> Task:
    """A task that asks for a part.

    Args:
        name: of the task.
        version: see ``generated_task``.
        source: likewise.
        question: the same for all items.
        pairs: what its items show.
        knobs: ``rotation`` and ``tilt``, see ``part_items.poses``.
        canvas: how pictures are made and marked.
        difficulty: knob → span.

    Raises:
        KnobError: a knob is unknown or beyond its limits.
    """
    spans = spans_of(knobs, difficulty, task=name)
    draft = Drafts(
        name=name, version=version, pairs=pairs, knobs=knobs, spans=tuple(spans.values())
    )
    return generated_task(
        name=name,
        version=version,
        readout="nearest_patch",
        source=source,
        make=PartItems(name=name, version=version, question=question, draft=draft, canvas=canvas),
        settings={"size": canvas.size, "difficulty": spans},
        knobs=knobs,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafts:
    """Draws what an item may show, see ``PartItems.draft``.

    Attributes:
        name: of the task.
        version: of the task.
        pairs: of the task.
        knobs: ``rotation`` and ``tilt``.
        spans: of the knobs, in their order.
    """

    name: str
    version: str
    pairs: Pairs
    knobs: tuple[Knob, Knob]
    spans: tuple[tuple[float, float], ...]

    def __call__(self, rng: np.random.Generator, seed: int, index: int) -> Draft:
        """What a try at item ``index`` of a seed may show."""
        from .scenes.drawn import one_of
        from .scenes.dress import COATS

        label, sorts = self.pairs.sort, self.pairs.sorts
        block, place = divmod(index, len(sorts))
        sort = sorts[seeded_order(len(sorts), self.name, label, seed, block)[place]]
        # Of the item, not of the try: else what is easier to make would be more frequent.
        fixed = generator(self.name, self.version, seed, index, "item")
        values = [
            knob.value(float(fixed.random()), span)
            for knob, span in zip(self.knobs, self.spans, strict=True)
        ]
        rotation, tilt = values
        pair = self.pairs.draw(rng, fixed, sort)
        return Draft(
            things=pair.things,
            poses=poses(rng, pair.kinds, rotation=rotation, tilt=tilt, other_way=pair.other_way),
            coats=(one_of(rng, COATS), one_of(rng, COATS)),
            weights=pair.weights,
            among=pair.among,
            slices=(
                (label, sort),
                *pair.slices,
                *(
                    (knob.name, knob.label(value))
                    for knob, value in zip(self.knobs, values, strict=True)
                ),
            ),
        )
