"""What the rest of the project asks of a VLM, whatever it is made of.

An adapter answers multiple-choice prompts with option log-probabilities and hands out the
features of its own vision encoder together with the place in the picture where each was taken.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from .wordings import DEFAULT, Wording

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    import numpy as np
    from PIL.Image import Image
    from torch import Tensor


class ModelError(RuntimeError):
    """A model cannot be loaded or cannot be asked; the message says what to do."""


class MeasurementError(RuntimeError):
    """Something could not be measured: an ERROR, never a verdict."""


class NoMapError(MeasurementError):
    """Tokens at a stage have no place in the picture: there is nothing to read there."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Where features are read: ``encoder[layer]``, ``projector`` or ``llm[layer]``.

    ``encoder[k]`` and ``llm[k]`` are the k-th of the hidden states as transformers counts them:
    0 is the embedding, k the output of layer k.
    """

    part: str
    layer: int | None = None

    def __post_init__(self) -> None:
        if self.part not in {"encoder", "projector", "llm"}:
            raise ValueError(f"a stage is encoder[k], projector or llm[k], not {self.part!r}")
        if (self.layer is None) != (self.part == "projector"):
            raise ValueError(f"encoder and llm take a layer and projector takes none: {self!r}")

    @classmethod
    def parse(cls, text: str) -> Stage:
        """The stage that ``str`` wrote: ``Stage.parse("llm[3]") == Stage("llm", 3)``."""
        match = re.fullmatch(r"(encoder|llm)\[(\d+)\]|projector", text)
        if match is None:
            raise ValueError(f"a stage is encoder[k], projector or llm[k], not {text!r}")
        return cls("projector") if match[1] is None else cls(match[1], int(match[2]))

    def __str__(self) -> str:
        return self.part if self.layer is None else f"{self.part}[{self.layer}]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """One multiple-choice question as it is put to a model; letters follow the options' order.

    Attributes:
        images: in front of the text.
        question: without the options.
        options: their texts.
        wording: how question and options are made one text.
    """

    images: tuple[Image, ...]
    question: str
    options: tuple[str, ...]
    wording: Wording = DEFAULT


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchGrid:
    """Features on a grid of patches and where each looks.

    Attributes:
        features: (rows, cols, d) float32 on the model's device.
        xs: (cols,) pixel x of the patch centres in the picture that was given, increasing.
        ys: (rows,) pixel y, increasing.
    """

    features: Tensor
    xs: np.ndarray
    ys: np.ndarray

    @property
    def tokens(self) -> Tensor:
        """(rows * cols, d): the same features as a list."""
        return self.features.flatten(0, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a model said to one prompt.

    Attributes:
        logprobs: log-probability of each option's letter as the next token, over the whole
            vocabulary; or, where an answer was generated, 0 for the option named and -inf for
            the others (all -inf: nothing could be parsed).
        text: what was generated, None where letters were scored.
        grids: one per image of the prompt where a stage was asked for, else empty.
    """

    logprobs: tuple[float, ...]
    text: str | None = None
    grids: tuple[PatchGrid, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What was read at many stages of one forward of a batch.

    Attributes:
        answers: one per prompt, without grids.
        grids: stage → per prompt one grid per image, laid out when it is called. Raises
            NoMapError where the stage has no spatial map, MeasurementError where other tokens went
            through it than were mapped.
    """

    answers: tuple[Answer, ...]
    grids: Callable[[Stage], list[tuple[PatchGrid, ...]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class KnockOut(Prompt):
    """A prompt whose answer is not to be made from some of its tokens.

    Attributes:
        hidden: numbers of tokens of the prompt, as ``ImageTokens.numbers`` has them, that are not
            attended to in any layer of the LLM.
        alone: by the answer position alone; else by every position that is no image token.
    """

    hidden: tuple[int, ...] = ()
    alone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageTokens:
    """The tokens by which an LLM is shown a prompt's images.

    Attributes:
        numbers: (t,) places among the prompt's tokens, from 0.
        image: (t,) number of the prompt's image; -1 of padding and gaps between images.
        x: (t,) middle of what a token shows, px of that image.
        y: (t,) likewise.
        width: (t,) of what it shows, px.
        height: (t,) likewise.
        grids: per image (rows, cols) numbers in these arrays, of its finest view.
        placeless: why tokens have no place in an image; empty where they have.
    """

    numbers: np.ndarray
    image: np.ndarray
    x: np.ndarray
    y: np.ndarray
    width: np.ndarray
    height: np.ndarray
    grids: tuple[np.ndarray, ...] = ()
    placeless: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attention:
    """What an answer was made from.

    Attributes:
        answer: by letters, with eager attention.
        layers: (l,) numbers of the LLM's layers that can be read, from 1.
        others: numbers of those that cannot, as they attend linearly or not at all; nothing can be
            cut off there.
        rows: (l, heads, tokens) weights of the answer position; a row sums to 1. Of a model whose
            layers differ in their heads, their mean.
        rollout: (tokens,) of the same position; None where it was not asked for.
        tokens: where the images are.
    """

    answer: Answer
    layers: tuple[int, ...]
    others: tuple[int, ...]
    rows: np.ndarray
    rollout: np.ndarray | None
    tokens: ImageTokens


class Vlm(Protocol):
    """A loaded model that can be asked."""

    @property
    def name(self) -> str:
        """As shown in case ids."""

    @property
    def fed_from(self) -> Stage:
        """The encoder stage whose features the projector (and so the LLM) is given."""

    @property
    def provenance(self) -> Mapping[str, Any]:
        """All that decides the answers: ids, revision, dtype, device, prompt form, versions."""

    def ask(
        self, prompts: Iterable[Prompt], *, stage: Stage | None = None, scoring: str = "letters"
    ) -> Iterator[Answer]:
        """Answers in the prompts' order, with the features at a stage from the same pixels."""

    def look(self, images: Iterable[Image], *, stage: Stage) -> Iterator[PatchGrid]:
        """Features of each image by itself at the encoder's full input (no LLM stages)."""

    def close(self) -> None:
        """Give the model's memory back."""


@runtime_checkable
class LayeredVlm(Vlm, Protocol):
    """A model that can be read at every layer; a part of diagnosis needs it."""

    @property
    def stages(self) -> tuple[Stage, ...]:
        """Every stage, in the order in which what is seen goes through them."""

    def read(self, prompts: Iterable[Prompt], *, stages: Sequence[Stage]) -> Iterator[Reading]:
        """Answers and features at these stages, all of a batch from one forward."""

    def untrained(self, *, seed: int) -> LayeredVlm:
        """The same with random weights; raises MeasurementError or ModelError."""


class Learning(Protocol):
    """Weights of a model that learn which letter is right; see ``tuning.Learner``."""

    size: int

    def loss(self, prompts: Sequence[Prompt], right: Sequence[int], *, learn: bool) -> float:
        """Mean cross-entropy of the right letters; with ``learn``, gradients for a step."""

    def step(self, rate: float) -> None:
        """Change the weights by the gradients of the last loss."""

    def state(self) -> Mapping[str, Tensor]:
        """All that the next step depends on."""

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Go on from a state; raises ValueError where it is that of other weights."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A way to tune a model.

    Attributes:
        name: a part (encoder, projector, llm) by matrices of low rank, or the whole projector.
        size: how many numbers learn.
        told: the ranks, in words.
    """

    name: str
    size: int
    told: str


@runtime_checkable
class TunableVlm(Vlm, Protocol):
    """A model whose parts can be tuned; a part of diagnosis needs it."""

    def ways(self, *, rank: int) -> tuple[Sequence[Way], Mapping[str, str]]:
        """Ways to tune it, and those that it has not → why; raises ModelError without peft."""

    def tuned(self, name: str, *, rank: int, seed: int) -> AbstractContextManager[Learning]:
        """Within it the model is asked as it is tuned; afterwards it is as before, bit for bit."""


@runtime_checkable
class PrefixableVlm(Vlm, Protocol):
    """A model in front of whose prompts embeddings can be learned; a part of diagnosis needs it."""

    def prefixed(self, count: int, *, seed: int) -> AbstractContextManager[Learning]:
        """Within it the model is asked with so many; afterwards it is as before, bit for bit."""


@runtime_checkable
class AttentiveVlm(Vlm, Protocol):
    """A model whose LLM's attention can be read and cut off; a part of diagnosis needs it."""

    def attend(self, prompts: Iterable[Prompt], *, rollout: bool = False) -> Iterator[Attention]:
        """What each answer was made from; raises NoMapError where images are not among tokens."""

    def knocked_out(self, prompts: Iterable[KnockOut]) -> Iterator[Answer]:
        """Answers that are not made from some tokens."""
