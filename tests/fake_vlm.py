"""A model in a few lines, for tests of what is done with answers and features.

Its eye: every patch of 16 px is its mean colour. Its mouth: a function of the prompt.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from pytest_vlmsight.models.base import Answer, PatchGrid, Prompt, Stage

if TYPE_CHECKING:
    from PIL.Image import Image

PATCH = 16

Mouth = Callable[[Prompt], Sequence[float]]


def always(position: int) -> Mouth:
    """Log-probabilities that favour one letter."""
    return lambda prompt: [0.0 if j == position else -5.0 for j in range(len(prompt.options))]


class FakeVlm:
    """Implements ``models.base.Vlm``; remembers its prompts."""

    name = "fake"
    fed_from = Stage("encoder", 1)
    provenance: Mapping[str, Any] = {"source": "tests"}

    def __init__(self, mouth: Mouth) -> None:
        self.mouth = mouth
        self.prompts: list[Prompt] = []
        self.looked: list[Image] = []

    def ask(
        self, prompts: Iterable[Prompt], *, stage: Stage | None = None, scoring: str = "letters"
    ) -> Iterator[Answer]:
        for prompt in prompts:
            self.prompts.append(prompt)
            grids = () if stage is None else tuple(map(grid, prompt.images))
            yield Answer(logprobs=tuple(self.mouth(prompt)), grids=grids)

    def look(self, images: Iterable[Image], *, stage: Stage) -> Iterator[PatchGrid]:
        for image in images:
            self.looked.append(image)
            yield grid(image)

    def close(self) -> None:
        """Nothing to give back."""


def grid(image: Image) -> PatchGrid:
    """Mean colour of each 16 px patch; the picture's sides must be multiples of 16."""
    pixels = np.asarray(image, dtype=np.float32) - 127.5
    rows, cols = pixels.shape[0] // PATCH, pixels.shape[1] // PATCH
    cells = pixels.reshape(rows, PATCH, cols, PATCH, 3).mean(axis=(1, 3))
    return PatchGrid(
        features=torch.from_numpy(cells),
        xs=(np.arange(cols) + 0.5) * PATCH,
        ys=(np.arange(rows) + 0.5) * PATCH,
    )
