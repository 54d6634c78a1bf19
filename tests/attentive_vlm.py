"""A model in a few lines that tells what it attends to, and in which truths are planted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from fake_vlm import PATCH, FakeVlm, grid

from pytest_vlmsight.models.base import Answer, Attention, ImageTokens, NoMapError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from PIL.Image import Image

    from pytest_vlmsight.models.base import KnockOut, Prompt

    Look = Callable[[Prompt, ImageTokens], np.ndarray]
    """(t,) how much each image token is looked at; what is left of 1 is on the text."""

LAYERS, HEADS, WORDS = 2, 3, 6
"""The prompt has so many tokens of text, all after the images but the first."""


def tokens_of(images: Iterable[Image], *, placeless: str = "") -> ImageTokens:
    """A token for each patch of 16 px, after one word."""
    rows: list[np.ndarray] = []
    grids = []
    for number, image in enumerate(images):
        own = grid(image)
        ys, xs = np.meshgrid(own.ys, own.xs, indexing="ij")
        start = sum(len(one) for one in rows)
        grids.append(start + np.arange(xs.size).reshape(xs.shape))
        rows.append(np.stack([np.full(xs.size, number), xs.ravel(), ys.ravel()], axis=1))
    image_of, x, y = np.concatenate(rows).T
    side = np.full(len(x), float(PATCH))
    return ImageTokens(
        numbers=1 + np.arange(len(x)),
        image=image_of.astype(int),
        x=x,
        y=y,
        width=side,
        height=side,
        grids=() if placeless else tuple(grids),
        placeless=placeless,
    )


class AttentiveVlm(FakeVlm):
    """Attends by ``look`` in one head of the last layer, and alike to all tokens elsewhere.

    Args:
        look: of that head.
        uses: prompt and tokens → (t,) whether each is one that answers are made from: with any of
            them hidden it answers B, with all there A.
        placeless: why tokens have no place in the images.
        blind: whether images have no tokens at all.
        others: layers that hand out no attention.
    """

    name = "attentive"

    def __init__(
        self,
        *,
        look: Look | None = None,
        uses: Look | None = None,
        placeless: str = "",
        blind: bool = False,
        others: tuple[int, ...] = (),
    ) -> None:
        super().__init__(lambda _: [0.0])
        self.look_at, self.uses, self.placeless, self.blind = look, uses, placeless, blind
        self.others = others

    def attend(self, prompts: Iterable[Prompt], *, rollout: bool = False) -> Iterator[Attention]:
        for prompt in prompts:
            tokens = self._tokens(prompt)
            length = len(tokens.x) + WORDS
            rows = np.full((LAYERS, HEADS, length), 1 / length)
            if self.look_at is not None:
                own = self.look_at(prompt, tokens)
                rows[-1, 1] = (1 - own.sum()) / WORDS
                rows[-1, 1, tokens.numbers] = own
            yield Attention(
                answer=_says(0, prompt),
                layers=tuple(range(1, LAYERS + 1)),
                others=self.others,
                rows=rows,
                rollout=rows.mean((0, 1)) if rollout else None,
                tokens=tokens,
            )

    def knocked_out(self, prompts: Iterable[KnockOut]) -> Iterator[Answer]:
        for prompt in prompts:
            tokens = self._tokens(prompt)
            used = np.zeros(len(tokens.x), bool)
            if self.uses is not None:
                used = self.uses(prompt, tokens)
            hidden = np.isin(tokens.numbers, prompt.hidden)
            yield _says(int((used & hidden).any()), prompt)

    def _tokens(self, prompt: Prompt) -> ImageTokens:
        if self.blind:
            raise NoMapError("images have no tokens of their own in the LLM: cross-attention")
        return tokens_of(prompt.images, placeless=self.placeless)


def _says(position: int, prompt: Prompt) -> Answer:
    return Answer(
        logprobs=tuple(0.0 if k == position else -5.0 for k in range(len(prompt.options)))
    )
