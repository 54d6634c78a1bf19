"""Models that depend on how they are asked: on the wording, or on embeddings in front of it."""

from __future__ import annotations

import contextlib
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from fake_vlm import FakeVlm, always
from torch import Tensor
from tunable_vlm import COLOURS, WORDS

from pytest_vlmsight.models.base import Answer, MeasurementError
from pytest_vlmsight.models.prefixes import WEIGHT
from pytest_vlmsight.models.tuning import Learner

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from fake_vlm import Mouth
    from PIL import Image

    from pytest_vlmsight.models.base import Prompt, Stage

_WIDTH = 8


def listens_to(wording: str) -> Mouth:
    """Names the colour of the picture where it is asked in these words, and else says A."""

    def mouth(prompt: Prompt) -> Sequence[float]:
        seen = _seen(prompt)
        if prompt.wording.name != wording or seen is None:
            return always(0)(prompt)
        return [0.0 if option == seen else -5.0 for option in prompt.options]

    return mouth


def blind(prompt: Prompt) -> Sequence[float]:
    """Something else for each question in each wording, whatever is shown."""
    text = f"{prompt.wording.name} {prompt.question}"
    dice = np.random.default_rng(zlib.crc32(text.encode()))
    return [float(score) for score in dice.normal(size=len(prompt.options))]


class PrefixFake(FakeVlm):
    """A model that heeds what it sees as far as embeddings in front of its prompts tell it to.

    Without any it says A.

    Args:
        sees: whether it sees; else it has a colour of its own for each question.
        fails: numbers of embeddings that cannot be learned.
        step: called at each step.
    """

    def __init__(
        self,
        *,
        sees: bool = True,
        fails: Sequence[int] = (),
        step: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(always(0))
        self.fails, self.step = fails, step
        self.engine = _Engine(sees=sees)
        self.provenance = {"weights": f"prefix {sees}", "device": "cpu"}

    def ask(
        self, prompts: Iterable[Prompt], *, stage: Stage | None = None, scoring: str = "letters"
    ) -> Iterator[Answer]:
        for prompt in prompts:
            with torch.no_grad():
                x = self.engine.encode([(prompt, prompt.images)], primer=None)
                row = self.engine.next_words(x).log_softmax(-1)[0]
            yield Answer(logprobs=tuple(row.tolist()))

    @contextlib.contextmanager
    def prefixed(self, count: int, *, seed: int) -> Iterator[Learner]:
        if count in self.fails:
            raise MeasurementError(f"{count} do not fit")
        dice = torch.Generator().manual_seed(seed)
        prefix = (0.1 * torch.randn(count, _WIDTH, generator=dice)).requires_grad_()
        self.engine.prefix = prefix
        try:
            learner = _Watched(
                self.engine,  # type: ignore[arg-type]
                given=lambda prompt: prompt.images,
                kind=lambda _: None,
                batch=8,
                weights={WEIGHT: prefix},
            )
            learner.watch = self.step
            yield learner
        finally:
            self.engine.prefix = None


class _Watched(Learner):
    watch: Callable[[], None]

    def step(self, rate: float) -> None:
        self.watch()
        super().step(rate)


class _Engine:
    """As much of ``models.engine.Engine`` as a learner needs."""

    def __init__(self, *, sees: bool) -> None:
        self.sees, self.chat = sees, self
        self.prefix: Tensor | None = None
        dice = torch.Generator().manual_seed(0)
        self.heed = torch.randn(_WIDTH, generator=dice)

    def letters(self, prompt: Prompt) -> tuple[None, list[int]]:
        return None, list(range(len(prompt.options)))

    def encode(
        self, asked: Sequence[tuple[Prompt, Sequence[Image.Image]]], *, primer: object
    ) -> dict[str, Tensor]:
        rows = []
        for prompt, _ in asked:
            seen = _seen(prompt)
            if not self.sees:
                seen = WORDS[zlib.crc32(prompt.question.encode()) % len(WORDS)]
            rows.append([float(option == seen) for option in prompt.options])
        return {"right": torch.tensor(rows)}

    def next_words(self, x: Mapping[str, Any]) -> Tensor:
        heed = torch.zeros(()) if self.prefix is None else (self.prefix @ self.heed).sum()
        letters = torch.tensor([1.0, 0.0, 0.0])
        found: Tensor = letters + heed * x["right"]
        return found


def _seen(prompt: Prompt) -> str | None:
    """The word for the colour of the picture; None where there is none, or it is grey."""
    if not prompt.images:
        return None
    pixel = np.array(prompt.images[0].getpixel((0, 0)), dtype=float)
    if np.ptp(pixel) < 20:
        return None
    return WORDS[int(np.abs(COLOURS - pixel).sum(1).argmin())]
