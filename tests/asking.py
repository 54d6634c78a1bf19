"""What tests of asking share: pictures, prompts, and what differs or is counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from pytest_vlmsight.models.base import Prompt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_vlmsight.models.base import Answer


def noise(seed: int, size: tuple[int, int] = (128, 96)) -> Image.Image:
    random = np.random.default_rng(seed)
    return Image.fromarray(random.integers(0, 256, (size[1], size[0], 3), np.uint8))


def prompt(
    *images: Image.Image, words: int = 1, options: int = 2, question: str = "Which?"
) -> Prompt:
    return Prompt(
        images=images,
        question=f"{question}{' word' * words}",
        options=tuple(f"thing {k}" for k in range(options)),
    )


def mixed() -> list[Prompt]:
    """Prompts of all lengths, with zero to three images of several sizes, and 2 to 4 options."""
    return [
        prompt(noise(seed), noise(seed + 50, (64, 160)), noise(seed + 90))
        if seed % 4 == 3
        else prompt(
            *(noise(seed + k, (100 + 7 * seed, 80)) for k in range(seed % 4)),
            words=seed * 5 % 13,
            options=2 + seed % 3,
        )
        for seed in range(14)
    ]


def gap(one: Sequence[Answer], other: Sequence[Answer]) -> float:
    assert [len(a.logprobs) for a in one] == [len(b.logprobs) for b in other]
    return max(
        abs(x - y)
        for a, b in zip(one, other, strict=True)
        for x, y in zip(a.logprobs, b.logprobs, strict=True)
    )


class Counter:
    """Counts how often a module is run, to its end or not, and on how many rows."""

    def __init__(self, module: Any) -> None:
        self.runs, self.rows = 0, 0
        self.handle = module.register_forward_pre_hook(self._count, with_kwargs=True)

    def _count(self, module: Any, args: Any, kwargs: Any) -> None:
        first = args[0] if args else kwargs.get("input_ids", kwargs.get("pixel_values"))
        self.runs, self.rows = self.runs + 1, self.rows + len(first)
