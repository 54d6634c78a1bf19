"""The picture of a task: where its ceiling, the model with and without its eye, and chance lie.

Only places are worked out here; the template draws them, so that every text is escaped there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_vlmsight.accuracy import Accuracy

    from .standing import Standing

LEFT, RIGHT = 124.0, 388.0
"""Where 0 and 100 per cent are, in px of the picture."""

WIDTH = 404
_TOP, _STEP = 20, 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Dot:
    """An accuracy in the picture.

    Attributes:
        role: sighted, blind or ceiling.
        label: what is written before it.
        accuracy: what it shows.
        x: of its share.
        low: of its interval's lower end.
        high: of its upper end.
        y: of its line.
    """

    role: str
    label: str
    accuracy: Accuracy
    x: float
    low: float
    high: float
    y: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """The picture of a task.

    Attributes:
        dots: from above.
        chance: share that guessing gets right.
        chance_x: where it is.
        ticks: per cents on the axis and where they are.
        height: of the picture.
    """

    dots: tuple[Dot, ...]
    chance: float
    chance_x: float
    ticks: tuple[tuple[int, float], ...]
    height: int

    @property
    def axis(self) -> int:
        """Its y."""
        return self.height - 22


def place(share: float) -> float:
    """Where a share is, in px from the left."""
    return round(LEFT + share * (RIGHT - LEFT), 1)


def figure(standing: Standing) -> Figure | None:
    """The ceilings (that which decides first), sighted, blind; None where nothing was measured."""
    if standing.chance is None:
        return None
    of = standing.accuracies
    first = f"ceiling_{standing.kind}"
    names = [
        *sorted((n for n in of if n.startswith("ceiling_")), key=lambda name: name != first),
        "sighted",
        *(n for n in of if n.startswith("blind_")),
    ]
    dots = tuple(
        Dot(
            role=name.partition("_")[0],
            label=label(name),
            accuracy=of[name],
            x=place(of[name].share),
            low=place(of[name].interval.low),
            high=place(of[name].interval.high),
            y=_TOP + _STEP * index,
        )
        for index, name in enumerate(names)
    )
    return Figure(
        dots=dots,
        chance=standing.chance,
        chance_x=place(standing.chance),
        ticks=tuple((percent, place(percent / 100)) for percent in (0, 25, 50, 75, 100)),
        height=_TOP + _STEP * len(dots) + 18,
    )


def label(name: str) -> str:
    """An accuracy's name for people: "ceiling_matched" → "ceiling (matched)"."""
    role, _, kind = name.partition("_")
    return f"{role} ({kind})" if kind else role
