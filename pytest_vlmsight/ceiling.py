"""The ceiling of an item: what a direct readout of the encoder's features chooses.

Features arrive item by item and are reduced at once to what the readout needs, so that a task of
any size fits in memory. Readouts work on the source's order of options; nothing here sees how an
item was presented, and none but the cross-fitted ones sees an answer or a depth map (those never
the answers or depth maps of the group they score).
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .depth_ceiling import DepthCeiling, has_depth
from .models.base import MeasurementError
from .tasks.groups import group_items
from .tasks.item import NO_READOUT, REFERENCE, Box, Point, letter

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import Tensor

    from .models.base import PatchGrid
    from .tasks.item import Item

UNDECIDED = "no readout of an encoder decides this task"
"""Why a task whose readout is ``NO_READOUT`` has no ceiling."""

TRAINED = frozenset({"linear", "depth"})
"""Readouts that are fitted (and so cross-fitted by group).

A depth readout learns from the depth maps of items, in ``depth_ceiling.py``; where not all items
have them, from answers, as the linear one does.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ceiling:
    """A readout's choices.

    Attributes:
        kind: matched or native.
        stage: where the features were read.
        choices: (n,) index of the chosen option in the source's order.
        trained_on: what a fitted readout was trained on; None for a zero-shot one.
    """

    kind: str
    stage: str
    choices: np.ndarray
    trained_on: str | None


class CeilingReader:
    """Collects the features of one task's items and decides them.

    Args:
        readout: the task's readout.
        items: all that will be observed, in order; a fitted readout deals them to folds.
        kind: matched or native.
        stage: where the features are read, for the record.
        seed: of the folds.

    Attributes:
        readout: as given.
        kind: as given.
        stage: as given.
    """

    def __init__(
        self, readout: str, *, items: Sequence[Item], kind: str, stage: str, seed: int
    ) -> None:
        self.readout, self.kind, self.stage, self._seed = readout, kind, stage, seed
        self._items = tuple(items)
        self._seen = 0
        self._taken: list[np.ndarray] = []
        dense = readout == "depth" and has_depth(items)
        self._depth = DepthCeiling(items, seed=seed) if dense else None
        self._learned: Callable[[int], int | None] | None = None

    @property
    def decided_by(self) -> dict[str, object]:
        """All that decides the result beside the features of the items."""
        return {
            "readout": self.readout,
            "kind": self.kind,
            "stage": self.stage,
            "seed": self._seed,
            "items": [item.id for item in self._items],
            "groups": group_items(self._items) if self.is_fitted else None,
        }

    @property
    def is_fitted(self) -> bool:
        """Whether items are decided by what was learned from others."""
        return self.readout in TRAINED

    def reduced(self, item: Item, grids: Sequence[PatchGrid]) -> tuple[np.ndarray, ...]:
        """What the readout needs of an item's features, one grid per image.

        Raises:
            MeasurementError: another number of grids than images, or an item without what its
                readout needs.
        """
        if self.readout == NO_READOUT:
            raise MeasurementError(UNDECIDED)
        if len(grids) != len(item.images):
            raise MeasurementError(
                f"item {item.name}: features of {len(grids)} images for {len(item.images)}"
            )
        if self._depth is not None:
            return self._depth.reduced(grids)
        if self.is_fitted:
            return (option_features(item, grids).float().cpu().numpy(),)
        return (np.array(_decide(self.readout, item, grids)),)

    def take(self, item: Item, reduced: Sequence[np.ndarray]) -> None:
        """Take what the readout needs of the next item.

        Raises:
            MeasurementError: an item without what its readout needs, or depth maps that do not fit.
        """
        assert item is self._items[self._seen], f"{item.name} is not the next item"
        self._seen += 1
        if self._depth is not None:
            self._depth.take(item, reduced)
        else:
            self._taken.append(reduced[0])

    def observe(self, item: Item, grids: Sequence[PatchGrid]) -> None:
        """Take the next item's features; see ``reduced`` and ``take``."""
        self.take(item, self.reduced(item, grids))

    def learn(self) -> None:
        """Fit the readout to all items taken so far, for those that come next."""
        if self._depth is not None:
            self._learned = self._depth.learned()
        elif self.is_fitted:
            self._learned = self._fit()

    def foretold(self, start: int, end: int) -> list[int]:
        """Choices of what was learned last, for items that were taken since.

        Args:
            start: number of the first of these items.
            end: one more than that of the last.

        Returns:
            One of each; -1 where nothing could be learned.
        """
        learned = self._learned
        if learned is None:
            return [-1] * (end - start)
        choices = (learned(index) for index in range(start, end))
        return [-1 if choice is None else choice for choice in choices]

    def result(self, n: int | None = None) -> Ceiling:
        """The choices of the first n items, which are all that were observed; of all by default.

        Raises:
            MeasurementError: not all of them were observed, or a fitted readout has fewer than two
                groups of items, items with different numbers of options, or too little depth.
        """
        n = len(self._items) if n is None else n
        if self._seen != n:
            raise MeasurementError(f"features of {self._seen} of {n} items were read")
        trained_on = None
        if self._depth is not None:
            choices, trained_on = self._depth.result()
        elif self.is_fitted:
            choices, trained_on = self._cross_fit()
        else:
            choices = [int(choice) for choice in self._taken]
        return Ceiling(
            kind=self.kind,
            stage=self.stage,
            choices=np.asarray(choices, dtype=np.int64),
            trained_on=trained_on,
        )

    def _by_size(self) -> dict[int, list[int]]:
        """Numbers of options → the items seen that have so many.

        A readout knows one number of options: items with three and with four are apart.
        """
        sizes = [len(item.options) for item in self._items[: self._seen]]
        return {
            size: [index for index, other in enumerate(sizes) if other == size]
            for size in sorted(set(sizes))
        }

    def _fit(self) -> Callable[[int], int | None]:
        """Number of an item → the choice of a linear readout of all items taken until now."""
        from .readouts.linear import LinearReadout, fit_linear

        groups = group_items(self._items)
        readouts: dict[int, LinearReadout] = {}
        for size, here in self._by_size().items():
            with suppress(ValueError):  # too few, or all alike
                readouts[size] = fit_linear(
                    [self._taken[index] for index in here],
                    [self._items[index].answer for index in here],
                    groups=[groups[index] for index in here],
                )

        def choose(index: int) -> int | None:
            readout = readouts.get(len(self._items[index].options))
            return None if readout is None else int(readout.choose([self._taken[index]])[0])

        return choose

    def _cross_fit(self) -> tuple[list[int], str]:
        """Choices of a linear readout of the options' features, and what it was trained on."""
        from .readouts.linear import cross_fit

        groups = group_items(self._items)
        choices, told = [-1] * self._seen, []
        for size, here in self._by_size().items():
            try:
                fit = cross_fit(
                    [self._taken[index] for index in here],
                    [self._items[index].answer for index in here],
                    groups=[groups[index] for index in here],
                    seed=self._seed,
                )
            except ValueError as error:
                raise MeasurementError(f"the {self.readout} readout: {error}") from error
            for index, choice in zip(here, fit.choices.tolist(), strict=True):
                choices[index] = choice
            told.append(
                fit.description if len(here) == self._seen else f"{size} options: {fit.description}"
            )
        return choices, "; ".join(told)


def option_features(item: Item, grids: Sequence[PatchGrid]) -> Tensor:
    """(k, d): one feature per option, for a readout that is fitted.

    The feature at the option's point or in its box; else the mean feature of its image. Where the
    item has a reference, the size of the difference to it, since only sameness counts then.
    """
    import torch

    features = _at_places(item, grids)
    if features is not None:
        reference, options = features
        return options if reference is None else (options - reference).abs()
    pooled = torch.stack([grid.tokens.mean(0) for grid in grids])
    if len(pooled) == len(item.options):
        rest = (pooled.sum(0) - pooled) / (len(pooled) - 1)
        return (pooled - rest).abs()
    return (pooled[1:] - pooled[0]).abs()


def _decide(readout: str, item: Item, grids: Sequence[PatchGrid]) -> int:
    """The option a zero-shot readout chooses for one item."""
    if readout == "nearest_patch":
        from .readouts.nearest_patch import nearest_patch

        features = _at_places(item, grids)
        if features is None or features[0] is None:
            raise MeasurementError(
                f"item {item.name}: nearest_patch needs a point {REFERENCE} and one per option"
            )
        return int(nearest_patch(features[0][None], features[1][None]))
    tokens = [grid.tokens for grid in grids]
    if readout == "gram":
        from .readouts.gram import nearest_gram

        return nearest_gram(tokens[0], tokens[1:])
    if readout == "pooled":
        from .readouts.pooled import nearest_pooled

        return nearest_pooled(tokens[0], tokens[1:])
    if readout == "oddity":
        from .readouts.oddity import odd_one_out

        return odd_one_out(tokens)
    raise MeasurementError(f"there is no readout called {readout!r}")


def _at_places(item: Item, grids: Sequence[PatchGrid]) -> tuple[Tensor | None, Tensor] | None:
    """Features at the reference (None without one) and at the options' points or boxes."""
    import torch

    marks: list[Point | Box] = [*item.points, *item.boxes]
    labels = [letter(j) for j in range(len(item.options))]
    if not {mark.label for mark in marks}.issuperset(labels):
        return None
    at = {box.label: _in_box(box, grids[box.image]) for box in item.boxes}
    for image, grid in enumerate(grids):
        here = [point for point in item.points if point.image == image]
        if here:
            at |= dict(zip((point.label for point in here), _at_points(here, grid), strict=True))
    return at.get(REFERENCE), torch.stack([at[label] for label in labels])


def _in_box(box: Box, grid: PatchGrid) -> Tensor:
    """(d,) the mean feature in a box."""
    import torch

    from .readouts.sampling import box_mean

    xs, ys = torch.as_tensor(grid.xs), torch.as_tensor(grid.ys)
    return box_mean(grid.features, xs=xs, ys=ys, box=(box.x0, box.y0, box.x1, box.y1))


def _at_points(points: Sequence[Point], grid: PatchGrid) -> Tensor:
    """(points, d) the features at points of one image, between those of the patches around."""
    import torch

    from .readouts.sampling import bilinear

    xs, ys = torch.as_tensor(grid.xs), torch.as_tensor(grid.ys)
    places = torch.tensor([[point.x, point.y] for point in points], dtype=torch.float64)
    return bilinear(grid.features, xs=xs, ys=ys, points=places)
