"""What is shown of three portraits: objects of two kinds, and how they are turned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np

    from .scenes.exact import Frame
    from .scenes.solids import Solid

Labels = tuple[tuple[str, str], ...]
"""Names and values of slices."""


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
    """The objects of an item, of two kinds, and how they are turned.

    Attributes:
        references: one of each kind.
        options: one of each kind.
        facings: of the references, their axes in the camera's coordinates.
        turn: random numbers, the kind → such axes of its option, others at each call; None where
            it found none.
        slices: of either kind, what it is in labels.
    """

    references: tuple[Subject, Subject]
    options: tuple[Subject, Subject]
    facings: tuple[Frame, Frame]
    turn: Callable[[np.random.Generator, int], Frame | None]
    slices: tuple[Labels, Labels]


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
