"""A model in a few lines that can be read at its layers, and in which faults are planted."""

from __future__ import annotations

import zlib
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from fake_vlm import FakeVlm, always, grid
from made_items import item, picture
from PIL import Image

from pytest_vlmsight.models.base import (
    Answer,
    MeasurementError,
    NoMapError,
    PatchGrid,
    Reading,
    Stage,
)
from pytest_vlmsight.tasks.item import Point

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from fake_vlm import Mouth

    from pytest_vlmsight.models.base import Prompt
    from pytest_vlmsight.tasks.item import Item, Picture

    Fault = Callable[[PatchGrid, np.random.Generator], PatchGrid]

STAGES = tuple(
    map(Stage.parse, ("encoder[0]", "encoder[1]", "projector", "llm[1]", "llm[2]", "llm[3]"))
)

_SIDE, _TILE = 96, 32
_LABELS = "ABCD"


def destroyed(own: PatchGrid, rng: np.random.Generator) -> PatchGrid:
    """Features rotated at random, otherwise in each image."""
    size = own.features.shape[-1]
    rotation, _ = np.linalg.qr(rng.standard_normal((size, size)))
    return replace(own, features=own.features @ torch.from_numpy(rotation).float())


def shuffled(own: PatchGrid, rng: np.random.Generator) -> PatchGrid:
    """Patches in another order, otherwise in each image."""
    order = torch.from_numpy(rng.permutation(len(own.tokens)))
    return replace(own, features=own.tokens[order].view(own.features.shape))


def off_the_origin(own: PatchGrid, _: np.random.Generator) -> PatchGrid:
    """All directions far off the origin: cosines tell nothing, a fitted readout all."""
    return replace(own, features=own.features + 1e6)


class LayeredVlm(FakeVlm):
    """A model whose every stage is the mean colour of patches, but for faults.

    Args:
        mouth: as of ``FakeVlm``.
        faults: part or stage → what becomes of grids there and at all stages after it.
        mapless: parts without a spatial map.
        twin: whether it has an untrained one, in which nothing can be read.
        batch: prompts of a forward.
    """

    def __init__(
        self,
        mouth: Mouth | None = None,
        *,
        faults: Mapping[str, Fault] | None = None,
        mapless: Sequence[str] = (),
        twin: bool = False,
        batch: int = 4,
    ) -> None:
        super().__init__(mouth or always(0))
        self.faults, self.mapless, self.twin, self.batch = faults or {}, mapless, twin, batch
        self.forwards = 0

    @property
    def stages(self) -> tuple[Stage, ...]:
        return STAGES

    def read(self, prompts: Iterable[Prompt], *, stages: Sequence[Stage]) -> Iterator[Reading]:
        every = list(prompts)
        for start in range(0, len(every), self.batch):
            yield self._read(every[start : start + self.batch])

    def _read(self, batch: Sequence[Prompt]) -> Reading:
        self.forwards += 1

        def grids(stage: Stage) -> list[tuple[PatchGrid, ...]]:
            if stage.part in self.mapless:
                raise NoMapError(f"{stage} has no spatial map: it is a resampler")
            return [tuple(self._grid(i, stage) for i in one.images) for one in batch]

        answers = tuple(Answer(logprobs=tuple(self.mouth(one))) for one in batch)
        return Reading(answers=answers, grids=grids)

    def _grid(self, image: Image.Image, stage: Stage) -> PatchGrid:
        own = grid(image)
        rng = np.random.default_rng(zlib.crc32(image.tobytes()))
        for passed in STAGES[: STAGES.index(stage) + 1]:
            fault = self.faults.get(str(passed))
            own = own if fault is None else fault(own, rng)
        return own

    def untrained(self, *, seed: int) -> LayeredVlm:
        if not self.twin:
            raise MeasurementError("a model whose weights are quantised has no untrained twin")
        return LayeredVlm(faults={"encoder[0]": shuffled}, batch=self.batch)


def tile_items(n: int, *, fixed: bool = False) -> list[Item]:
    """Two pictures of nine coloured tiles: which of four marked ones is the one in the first?

    Args:
        n: items.
        fixed: whether the right tile always stands where the reference does, and the others
            elsewhere: positions alone then tell it.
    """
    rng = np.random.default_rng(5)
    made = []
    for index in range(n):
        colours = rng.integers(0, 256, (2, 9, 3))
        answer = index % 4
        places = rng.permutation(9)
        at, options = int(places[0]), [int(p) for p in places[1:5]]
        if fixed:
            options[answer] = at
        colours[1, options[answer]] = colours[0, at]
        points = [_point(0, at, "REF")]
        points += [_point(1, p, label) for p, label in zip(options, _LABELS, strict=True)]
        made.append(
            item(
                [_tiled(colours[k], key=f"{index} {k}") for k in range(2)],
                answer=answer,
                options=_LABELS,
                name=f"tiles-{index:03}",
                points=points,
            )
        )
    return made


def _point(image: int, place: int, label: str) -> Point:
    row, col = divmod(place, 3)
    return Point(image=image, x=(col + 0.5) * _TILE, y=(row + 0.5) * _TILE, label=label)


def _tiled(colours: np.ndarray, *, key: str) -> Picture:
    def paint() -> Image.Image:
        pixels = colours.reshape(3, 3, 3).astype(np.uint8).repeat(_TILE, 0).repeat(_TILE, 1)
        return Image.fromarray(pixels)

    return picture(paint, key=f"tiles {key}", size=(_SIDE, _SIDE))
