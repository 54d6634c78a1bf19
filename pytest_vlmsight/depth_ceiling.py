"""The ceiling of depth items: a dense depth head, trained on the depth maps of other items.

Items come one by one and their folds are known from the start. Of each only the sums that a head
is fitted from are kept, by fold, and the features at the places that the options are about. When
all have been seen, each fold is decided by a head that was fitted from the sums of the others.

A depth map is never of use to its own item: neither to the head that decides it, nor to the
choice of that head's penalty.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .models.base import MeasurementError, PatchGrid
from .readouts.sketch import WIDEST, sketch
from .tasks.groups import group_items
from .tasks.item import Box, Point, letter

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from torch import Tensor

    from .tasks.item import DepthMap, Item

FOLDS = 5
"""Into how many folds groups are dealt; where there are fewer groups, each is a fold."""

# With two folds only one is left to train on, whose pictures then choose the penalty in parts.
_PARTS_OF_TWO_FOLDS = 4


def has_depth(items: Sequence[Item]) -> bool:
    """Whether there are items and each of them has depth maps to train on."""
    return bool(items) and all(item.depth_maps for item in items)


class DepthCeiling:
    """Decides which of an item's points or boxes is closest.

    Kept in memory: (d + 2)² float64 for each of five folds, or for each of eight parts of two
    folds (66 MB or 105 MB at d = 1280), and d float32 for each option's point or each patch in an
    option's box.

    Args:
        items: all with depth maps.
        seed: of the folds.
        widest: wider features are narrowed to this (see ``readouts/sketch.py``).
    """

    def __init__(self, items: Sequence[Item], *, seed: int, widest: int = WIDEST) -> None:
        from .readouts.depth_moments import DepthMoments
        from .readouts.folds import deal

        groups = group_items(items)
        self._seed, self._groups = seed, groups
        self._folds: list[int] = deal(groups, folds=FOLDS, seed=seed).tolist()
        self._parts = _PARTS_OF_TWO_FOLDS if len(set(self._folds)) == 2 else 1
        self._moments = DepthMoments()
        self._places: list[list[Tensor]] = []
        self._part_of_map: dict[int, dict[str, int]] = {fold: {} for fold in self._folds}
        self._width, self._widest = 0, widest

    def reduced(self, grids: Sequence[PatchGrid]) -> tuple[np.ndarray, ...]:
        """The width of an item's features, and per image the narrowed features, xs and ys."""
        import numpy as np

        arrays = [np.array(grids[0].features.shape[-1])]
        for grid in grids:
            narrow = sketch(grid.features, width=self._widest)
            arrays += [narrow.detach().cpu().numpy(), grid.xs, grid.ys]
        return tuple(arrays)

    def observe(self, item: Item, grids: Sequence[PatchGrid]) -> None:
        """Take the next item's features, one grid per image; see ``take``."""
        self.take(item, self.reduced(grids))

    def take(self, item: Item, reduced: Sequence[np.ndarray]) -> None:
        """Take the next item, as it was reduced.

        Raises:
            MeasurementError: an option without a point or box, depth maps that do not fit the
                images or cannot be read, or features that are not sound.
        """
        import torch

        from .readouts.patch_depth import pool_depth

        if len(item.depth_maps) != len(item.images):
            raise MeasurementError(
                f"item {item.name}: {len(item.depth_maps)} depth maps for {len(item.images)} "
                "images; expected one per image"
            )
        width, *of_images = reduced
        fold, self._width = self._folds[len(self._places)], int(width)
        narrow = [
            PatchGrid(features=torch.from_numpy(features), xs=xs, ys=ys)
            for features, xs, ys in zip(*(of_images[part::3] for part in range(3)), strict=True)
        ]
        try:
            self._places.append(_places(item, narrow))
            for index, (grid, depth_map) in enumerate(zip(narrow, item.depth_maps, strict=True)):
                depths = pool_depth(
                    _load(item, index)[None],
                    xs=torch.as_tensor(grid.xs),
                    ys=torch.as_tensor(grid.ys),
                )
                self._moments.add(
                    grid.features[None], depths, part=(fold, self._part(fold, depth_map))
                )
        except (OSError, ValueError) as error:
            raise MeasurementError(f"item {item.name}: {error}") from error

    def learned(self) -> Callable[[int], int | None]:
        """Number of an item → the choice of a head fitted to all items taken until now.

        None of every item where they have too little depth.
        """
        from .readouts.depth import DenseDepthHead, closest

        try:
            head = DenseDepthHead.from_moments(self._moments, trained_on="the items before")
        except ValueError:
            return lambda _: None
        return lambda index: closest(head, self._places[index])

    def result(self) -> tuple[list[int], str]:
        """The choice for every item taken, and in words what decided it.

        Raises:
            MeasurementError: all items are of one group, or there is too little measured depth.
        """
        from .readouts.depth import DenseDepthHead, closest

        n = len(self._places)
        folds = sorted(set(self._folds[:n]))
        if len(folds) < 2:
            raise MeasurementError(
                f"the depth readout: Expected items of at least two groups to cross-fit but all "
                f"{n} are of one: label each independent source (scene, photograph) as a group of "
                "its own by a slice called scene"
            )
        heads = {}
        for fold in folds:
            own = [(fold, part) for part in range(self._parts)]
            try:
                heads[fold] = DenseDepthHead.from_moments(
                    self._moments, without=own, trained_on=f"items of all folds but {fold}"
                )
            except ValueError as error:
                raise MeasurementError(f"the depth readout: {error}") from error
        choices = [
            closest(heads[fold], places)
            for fold, places in zip(self._folds[:n], self._places, strict=True)
        ]
        return choices, self._describe(len(folds))

    def _part(self, fold: int, depth_map: DepthMap) -> int:
        """Which part of its fold a depth map is of; the same for the same map."""
        dealt = self._part_of_map[fold]
        return dealt.setdefault(depth_map.digest, len(dealt) % self._parts)

    def _describe(self, folds: int) -> str:
        groups = len(set(self._groups[: len(self._places)]))
        if groups <= FOLDS:
            way = f"leave-one-group-out over {groups} groups"
        else:
            way = f"{folds}-fold over {groups} groups (seed {self._seed})"
        narrowed = (
            f"; features of width {self._width} in {self._widest} signed sums"
            if self._width > self._widest
            else ""
        )
        return (
            f"dense depth head, linear per patch, cross-fitted by group on the depth maps of "
            f"{len(self._places)} items ({self._moments.n_images} images), {way}; no item was "
            f"decided by a head that saw a depth map of its group{narrowed}"
        )


def _places(item: Item, grids: Sequence[PatchGrid]) -> list[Tensor]:
    """Per option the (n, d) features at its point or in its box."""
    import torch

    from .readouts.depth import patches_in
    from .readouts.sampling import bilinear

    marks: dict[str, Point | Box] = {mark.label: mark for mark in item.points}
    marks.update((mark.label, mark) for mark in item.boxes)
    places = []
    for label in map(letter, range(len(item.options))):
        if label not in marks:
            raise ValueError(f"depth needs a point or box per option, and {label} has none")
        mark = marks[label]
        grid = grids[mark.image]
        xs, ys = torch.as_tensor(grid.xs), torch.as_tensor(grid.ys)
        if isinstance(mark, Point):
            at = torch.tensor([[mark.x, mark.y]], dtype=torch.float64)
            features = bilinear(grid.features, xs=xs, ys=ys, points=at)
        else:
            box = (mark.x0, mark.y0, mark.x1, mark.y1)
            features = patches_in(grid.features, xs=xs, ys=ys, box=box)
        # A copy: a part of the grid would keep all of it.
        places.append(features.detach().to("cpu", copy=True))
    return places


def _load(item: Item, index: int) -> Tensor:
    """(h, w) float64 depth of an image in units of length."""
    import numpy as np
    import torch

    depth_map, size = item.depth_maps[index], item.images[index].size
    array = depth_map.load()
    if depth_map.size != size or array.shape != size[::-1]:
        raise ValueError(
            f"depth map {index} is said to be {depth_map.size[0]}×{depth_map.size[1]} px and is "
            f"of shape {array.shape}; expected the image's {size[0]}×{size[1]} px"
        )
    return torch.from_numpy(array.astype(np.float64) / 1000)
