"""Models whose answers may be kept, items for every readout, and runs that are killed."""

from __future__ import annotations

import hashlib
import os
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from fake_vlm import FakeVlm, grid
from made_items import flat, item, same_colour_items, task, tiles

from pytest_vlmsight.evaluation import Evaluation, evaluate
from pytest_vlmsight.models.base import Answer, PatchGrid, Prompt, Stage
from pytest_vlmsight.records.cache import AnswerCache
from pytest_vlmsight.settings import Settings
from pytest_vlmsight.tasks.item import DepthMap, Item, Point

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from PIL.Image import Image

SIDE, BATCH = 64, 4
PROVENANCE = {"source": "tests", "weights": "w", "files": "f", "dtype": "float32", "device": "cpu"}


def said(prompt: Prompt) -> list[float]:
    """Numbers that are those of this prompt alone."""
    digest = hashlib.sha256(f"{prompt.question}{prompt.options}".encode())
    for image in prompt.images:
        digest.update(image.tobytes())
    return [-byte / 7 for byte in digest.digest()[: len(prompt.options)]]


class KeptVlm(FakeVlm):
    """Has a hash of its weights; what it says to a prompt depends on the others of its batch.

    Args:
        batch: prompts that it is asked at a time.
        dies_after: so many prompts.
        provenance: what it says of itself otherwise.
        log: where it notes each prompt before it answers.
        pause: seconds that a prompt takes.
    """

    def __init__(
        self,
        *,
        batch: int = BATCH,
        dies_after: int | None = None,
        log: Path | None = None,
        pause: float = 0.0,
        **provenance: object,
    ) -> None:
        super().__init__(said)
        self.provenance: Mapping[str, Any] = {**PROVENANCE, "batch": batch, **provenance}
        self._batch, self._left, self._log, self._pause = batch, dies_after, log, pause

    def ask(
        self, prompts: Iterable[Prompt], *, stage: Stage | None = None, scoring: str = "letters"
    ) -> Iterator[Answer]:
        for batch in _batches(prompts, self._batch):
            together = sum(said(prompt)[0] for prompt in batch)
            for prompt in batch:
                self._live(prompt)
                self.prompts.append(prompt)
            for prompt in batch:
                grids = () if stage is None else tuple(map(grid, prompt.images))
                yield Answer(
                    logprobs=tuple(one + 1e-6 * together for one in said(prompt)), grids=grids
                )

    def look(self, images: Iterable[Image], *, stage: Stage) -> Iterator[PatchGrid]:
        for batch in _batches(images, self._batch):
            together = sum(float(np.asarray(image, float).mean()) for image in batch)
            for image in batch:
                self._live(None)
                self.looked.append(image)
                one = grid(image)
                yield replace(one, features=one.features + 1e-6 * together)

    def _live(self, prompt: Prompt | None) -> None:
        if self._log is not None:
            line = "look" if prompt is None else f"{prompt.question} {said(prompt)}"
            with self._log.open("ab", buffering=0) as log:
                log.write(f"{line}\n".encode())
        time.sleep(self._pause)
        if self._left is not None:
            self._left -= 1
            if self._left < 0:
                raise KeyboardInterrupt


def _batches(some: Iterable[Any], size: int) -> Iterator[list[Any]]:
    batch = []
    for one in some:
        batch.append(one)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def readable_items(readout: str, n: int) -> list[Item]:
    """Items that a readout can decide; "depth maps" are those of a depth readout with maps."""
    if readout in {"pooled", "gram"}:
        return same_colour_items(n)
    if readout == "oddity":
        colours = [(10 * k % 250, 90, 200 - k) for k in range(2 * n)]
        shown = [[flat(colours[k]), flat(colours[k]), flat(colours[n + k])] for k in range(n)]
        return [item(s, answer=2, options="abc", name=f"odd {k}") for k, s in enumerate(shown)]
    rng = np.random.default_rng(0)
    made = []
    for index in range(n):
        shades = [tuple(map(int, shade)) for shade in rng.integers(20, 235, (4, 3))]
        places = {"A": (16, 16), "B": (48, 48)}
        if readout == "nearest_patch":
            places["REF"] = (48, 16)
        one = item(
            (tiles(shades),),  # type: ignore[arg-type]
            answer=int(shades[3][0] > shades[0][0]),
            options=("point A", "point B"),
            scene=f"s{index % 8}",
            name=f"{readout} {index}",
            points=[Point(image=0, x=x, y=y, label=label) for label, (x, y) in places.items()],
        )
        made.append(replace(one, depth_maps=(_depths(index),)) if readout == "depth maps" else one)
    return made


def _depths(index: int) -> DepthMap:
    rng = np.random.default_rng([index, 1])
    array = rng.integers(500, 8000, (4, 4), np.uint16).repeat(16, axis=0).repeat(16, axis=1)
    digest = hashlib.sha256(array.tobytes()).hexdigest()
    return DepthMap(digest, (SIDE, SIDE), array.copy)


def measured(
    vlm: FakeVlm,
    items: Sequence[Item],
    *,
    folder: Path | None,
    readout: str = "pooled",
    told: list[str] | None = None,
    ceiling: tuple[str, ...] = ("matched", "native"),
    **settings: Any,
) -> Evaluation:
    """An evaluation by a run of its own that keeps answers in a folder."""
    cache = None if folder is None else AnswerCache(folder)
    try:
        return evaluate(
            vlm,
            task(items, readout=readout),
            settings=Settings(ceiling=ceiling, **settings),
            progress=None if told is None else lambda what, done, total: told.append(what),
            cache=cache,
        )
    finally:
        if cache is not None:
            cache.close()
            assert not cache.told


def assert_equal(one: Evaluation, other: Evaluation) -> None:
    """Bit for bit."""
    assert one.provenance == other.provenance
    assert (one.ids, one.unmeasured, one.slices) == (other.ids, other.unmeasured, other.slices)
    assert one.orders.tobytes() == other.orders.tobytes()
    for first, second in (
        (one.sighted, other.sighted),
        *((one.blind[kind], other.blind[kind]) for kind in one.blind),
    ):
        assert first.logprobs.tobytes() == second.logprobs.tobytes()
        assert first.choices.tobytes() == second.choices.tobytes()
    assert one.blind.keys() == other.blind.keys()
    assert one.ceilings.keys() == other.ceilings.keys()
    for kind, ceiling in one.ceilings.items():
        assert ceiling.choices.tolist() == other.ceilings[kind].choices.tolist()
        assert ceiling.trained_on == other.ceilings[kind].trained_on


KILLED: dict[str, Any] = {"readout": "linear", "blind": ("noise", "blank"), "rotations": 2}
"""What a run that is killed measures."""


def run_to_be_killed(folder: str, log: str) -> None:
    """A slow run, in a process of its own."""
    os.environ["OMP_NUM_THREADS"] = "1"
    vlm = KeptVlm(log=Path(log), pause=0.004)
    measured(vlm, readable_items("linear", 24), folder=Path(folder), **KILLED)
