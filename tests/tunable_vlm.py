"""A model of three matrices that can be tuned, and in which faults are planted.

It is asked which colour a picture has. The eye tells the colour, the projector passes it on, and
the LLM's matrix weighs it against each option's word; besides, what is projected moves letters.
"""

from __future__ import annotations

import contextlib
import zlib
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from fake_vlm import FakeVlm, always
from made_items import flat, item
from torch import Tensor, nn

from pytest_vlmsight.models.base import Answer, Way
from pytest_vlmsight.models.tuning import Learner, freed, lora

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from PIL.Image import Image

    from pytest_vlmsight.models.base import Prompt, Stage
    from pytest_vlmsight.tasks.item import Item

WORDS = ("red", "green", "blue")
COLOURS = np.array([[220, 30, 30], [30, 200, 30], [30, 30, 220]])
_WIDTH = 6


class _Matrices(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            self.encoder = nn.Linear(3, _WIDTH, bias=False)
            self.projector = nn.Linear(_WIDTH, _WIDTH, bias=False)
            self.llm = nn.Linear(_WIDTH, len(WORDS), bias=False)
            self.moves = nn.Linear(_WIDTH, len(WORDS), bias=False)

    def forward(self, seen: Tensor, options: Tensor) -> Tensor:
        """(b, letters) from (b, 3) colours and (b, letters, words) options."""
        projected = self.projector(self.encoder(seen))
        scores = torch.einsum("blw,bw->bl", options, self.llm(projected))
        letters: Tensor = scores + self.moves(projected)
        return letters


class _Engine:
    """As much of ``models.engine.Engine`` as a learner needs."""

    def __init__(self, model: nn.Module, *, shuffled: bool) -> None:
        self.model, self.shuffled, self.chat = model, shuffled, self

    def letters(self, prompt: Prompt) -> tuple[None, list[int]]:
        return None, list(range(len(prompt.options)))

    def encode(
        self, asked: Sequence[tuple[Prompt, Sequence[Image]]], *, primer: object
    ) -> dict[str, Tensor]:
        seen, options = [], []
        for prompt, images in asked:
            pixels = np.array(images[0].getpixel((0, 0)), dtype=float)  # of one colour
            if self.shuffled:
                dice = np.random.default_rng(zlib.crc32(prompt.question.encode()))
                pixels = dice.permutation(pixels)
            seen.append(pixels / 128 - 1)
            options.append([[float(word == own) for word in WORDS] for own in prompt.options])
        return {"seen": torch.tensor(np.array(seen)).float(), "options": torch.tensor(options)}

    def next_words(self, x: Mapping[str, Tensor]) -> Tensor:
        found: Tensor = self.model(x["seen"], x["options"])
        return found


class TunableFake(FakeVlm):
    """A model that can be tuned.

    Args:
        heedless: whether the LLM's matrix ignores what is projected.
        shuffled: whether the eye has the channels of each picture in another order.
        fails: names of ways in which nothing can be learned.
        step: called at each step.
    """

    def __init__(
        self,
        *,
        heedless: bool = False,
        shuffled: bool = False,
        fails: Sequence[str] = (),
        step: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(always(0))
        self.model = _Matrices()
        self.fails, self.step = fails, step
        with torch.no_grad():
            if heedless:
                self.model.llm.weight.zero_()
                # It says A, whatever is seen.
                self.model.moves.weight.mul_(0.3)
        self.model.requires_grad_(requires_grad=False)
        self.engine: Any = _Engine(self.model, shuffled=shuffled)
        self.provenance = {"weights": f"tests {heedless} {shuffled}", "device": "cpu"}

    def ask(
        self, prompts: Iterable[Prompt], *, stage: Stage | None = None, scoring: str = "letters"
    ) -> Iterator[Answer]:
        for prompt in prompts:
            with torch.no_grad():
                x = self.engine.encode([(prompt, prompt.images)], primer=None)
                row = self.engine.next_words(x).log_softmax(-1)[0]
            yield Answer(logprobs=tuple(row.tolist()))

    def ways(self, *, rank: int) -> tuple[Sequence[Way], Mapping[str, str]]:
        names = ("encoder", "projector", "llm", "whole projector")
        return [Way(name=name, size=36, told="rank 2") for name in names], {}

    @contextlib.contextmanager
    def tuned(self, name: str, *, rank: int, seed: int) -> Iterator[Learner]:
        whole = name == "whole projector"
        tuning = (
            partial(freed, self.model, ["projector.weight"])
            if whole
            else partial(lora, self.model, {name: 2}, seed=seed)
        )
        with tuning() as weights:
            learner = _Watched(
                self.engine,
                given=lambda prompt: prompt.images,
                kind=lambda _: None,
                batch=8,
                weights=weights,
            )
            learner.watch = self.step
            if name in self.fails:
                for one in weights.values():
                    one.requires_grad = False
            yield learner


class _Watched(Learner):
    watch: Callable[[], None]

    def step(self, rate: float) -> None:
        self.watch()
        super().step(rate)


def colour_items(n: int, *, seed: int = 0, first: int = 0) -> list[Item]:
    """Pictures of a colour that is about red, green or blue: which?

    Args:
        n: items.
        seed: of the colours.
        first: number of the first one.
    """
    rng = np.random.default_rng([9, seed])
    made = []
    for index in range(n):
        answer = int(rng.integers(3))
        colour = tuple((COLOURS[answer] + rng.integers(-25, 26, 3)).tolist())
        name = f"colour-{seed}-{first + index:04}"
        made.append(item([flat(colour)], answer=answer, options=WORDS, name=name))
    return made
