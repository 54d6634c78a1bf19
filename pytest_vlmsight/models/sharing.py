"""What prompts have in common is computed once: their images, and the start of their text.

The options of an item in other orders, or the questions of a task about a grey image, begin alike.
Three savings, each used where it was measured on the model itself that it changes nothing:

- ``rotations``: prompts of a batch about the same images share their start in the LLM;
- ``blank``: so do all prompts about an image in which nothing is to be seen, beyond their batch;
- ``features``: where starts cannot be shared (an LLM that looks ahead in its prompt, images that
  come in by cross-attention), prompts about the same images share one run of the vision encoder.
"""

from __future__ import annotations

import contextlib
import copy
import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .base import Prompt
from .conformance import ALIKE, HALF_ALIKE
from .lit_squares import texture
from .prefill import begun, followed, longer
from .tails import Known, common

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from PIL.Image import Image
    from torch import Tensor

    from .engine import Engine
    from .prefill import Start
    from .prompts import Primer
    from .wordings import Wording

SAVINGS = ("rotations", "blank", "features")

_SIZE = (224, 224)
"""Of the pictures that a model is measured with, in px."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sheet:
    """Prompts of a batch by the images that they are about.

    Attributes:
        prompts: with as many images each.
        canvases: the images as the model is given them, each set once.
        of: per prompt the number of its set.
    """

    prompts: Sequence[Prompt]
    canvases: Sequence[Sequence[Image]]
    of: Sequence[int]

    @property
    def firsts(self) -> list[tuple[Prompt, Sequence[Image]]]:
        """The first prompt about each set."""
        return [
            (self.prompts[self.of.index(k)], canvases) for k, canvases in enumerate(self.canvases)
        ]

    def apart(self) -> Sheet:
        """The same with the images of each prompt for itself."""
        canvases = [self.canvases[k] for k in self.of]
        return Sheet(prompts=self.prompts, canvases=canvases, of=range(len(canvases)))

    @property
    def recurs(self) -> bool:
        """Whether several different prompts are about the same images."""
        asked = {(k, p.question, p.options) for k, p in zip(self.of, self.prompts, strict=True)}
        return bool(self.canvases and self.canvases[0]) and len(asked) > len(self.canvases)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scored:
    """What came out for a sheet.

    Attributes:
        logits: (prompts, vocabulary) float32 of what follows each prompt.
        given: what the model was given for the first prompts, or their starts, with the images.
    """

    logits: Tensor
    given: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Begun:
    """The start of prompts about images in which nothing is to be seen.

    Attributes:
        known: a prompt that begins so.
        tokens: of the start.
        start: which has gone through the LLM.
    """

    known: Known
    tokens: Sequence[int]
    start: Start


@dataclass(slots=True, eq=False)
class Held:
    """Starts that are followed in several batches: up to the question, and with the last one."""

    images: dict[Any, Begun] = field(default_factory=dict)
    question: tuple[Any, Begun] | None = None


class Sharing:
    """Shares work among the prompts that one model is asked.

    Args:
        engine: of the model.
        savings: of ``SAVINGS``, which may be used.
    """

    def __init__(self, engine: Engine, *, savings: Collection[str] = SAVINGS) -> None:
        if unknown := set(savings) - set(SAVINGS):
            raise ValueError(f"savings: got {sorted(unknown)}; expected some of {SAVINGS}")
        self._engine, self.savings = engine, frozenset(savings)
        self.alike = HALF_ALIKE if engine.quantised else ALIKE.get(engine.dtype, HALF_ALIKE)
        """Most that numbers may differ by that are computed in another way."""
        self._why_not: dict[tuple[str, int], str] = {}

    def why_not(self, saving: str, images: int) -> str:
        """Why a saving is not used for prompts of so many images; empty where it is.

        Measured once, by prompts that are answered both ways.
        """
        if saving not in self.savings:
            return "it is switched off"
        if self._engine.prefix is not None:
            return "embeddings are in front of prompts"
        if (saving, images) not in self._why_not:
            self._why_not[saving, images] = self._measured(saving, images)
        return self._why_not[saving, images]

    def way(self, sheet: Sheet) -> str | None:
        """By which saving a sheet's prompts are to be scored; None by themselves."""
        if not sheet.recurs:
            return None
        images = len(sheet.canvases[0])
        ways = ("rotations", "features")
        return next((way for way in ways if not self.why_not(way, images)), None)

    def scored(self, sheet: Sheet, way: str, *, primer: Primer) -> Scored | None:
        """Score prompts that share images; None where their tokens cannot be told."""
        return (
            self._by_start(sheet, primer)
            if way == "rotations"
            else self._by_features(sheet, primer)
        )

    def scored_blank(
        self,
        prompts: Sequence[Prompt],
        canvases: Sequence[Image],
        *,
        held: Held,
        key: Any,
        primer: Primer,
    ) -> Tensor | None:
        """(prompts, vocabulary) logits of prompts about the same images without anything to see.

        Args:
            prompts: of one wording.
            canvases: the images as the model is given them.
            held: starts that were run before, to which this one is added.
            key: of the images.
            primer: start of the answer.
        """
        import torch

        wording = prompts[0].wording
        if (key, wording) not in held.images:
            held.images[key, wording] = self._blank_start(canvases, wording, primer)
        images = held.images[key, wording]
        rows: list[Tensor | None] = [None] * len(prompts)
        asked: dict[str, list[int]] = {}
        for number, prompt in enumerate(prompts):
            asked.setdefault(prompt.question, []).append(number)
        # A question that is asked once in a batch is no start of its own.
        alone = [numbers[0] for numbers in asked.values() if len(numbers) == 1]
        groups: list[tuple[str | None, list[int]]] = [(None, alone)] if alone else []
        groups += [(question, own) for question, own in asked.items() if len(own) > 1]
        for question, numbers in groups:
            here = images
            if question is not None:
                if held.question is None or held.question[0] != (key, wording, question):
                    own = self._with_question(images, question, wording, len(canvases), primer)
                    held.question = (key, wording, question), own
                here = held.question[1]
            ends = []
            for number in numbers:
                words = self._engine.chat.words(prompts[number], len(canvases), primer)
                tokens = here.known.like(words)
                if tokens is None or common(tokens, here.tokens) < len(here.tokens):
                    return None
                ends.append(tokens[len(here.tokens) :])
            if not all(ends):
                return None
            found = followed(self._engine, here.start, ends, [0] * len(ends), again=True)
            for number, row in zip(numbers, found, strict=True):
                rows[number] = row
        return torch.stack([row for row in rows if row is not None])

    # -- ways ------------------------------------------------------------------------------------

    def _by_start(self, sheet: Sheet, primer: Primer) -> Scored | None:
        x = self._engine.encode(sheet.firsts, primer=primer)
        tokens = self._tokens(sheet, x, primer)
        if tokens is None:
            return None
        cuts = []
        for k in range(len(sheet.canvases)):
            first, *others = (own for own, of in zip(tokens, sheet.of, strict=True) if of == k)
            cuts.append(
                min([len(first) - 1, *(min(common(first, own), len(own) - 1) for own in others)])
            )
        start = begun(self._engine, x, cuts)
        ends = [own[cuts[of] :] for own, of in zip(tokens, sheet.of, strict=True)]
        return Scored(logits=followed(self._engine, start, ends, sheet.of), given=start.given)

    def _by_features(self, sheet: Sheet, primer: Primer) -> Scored | None:
        """A forward for each turn: families do not lay out alike what is projected."""
        import torch

        turns = [sum(of == own for of in sheet.of[:k]) for k, own in enumerate(sheet.of)]
        counts = {sheet.of.count(k) for k in range(len(sheet.canvases))}
        if len(counts) > 1:
            return None
        rows: list[Tensor | None] = [None] * len(turns)
        given: Mapping[str, Any] = {}
        with _one_run(self._engine.model):
            for turn in range(counts.pop()):
                here = sorted(
                    (k for k, own in enumerate(turns) if own == turn), key=sheet.of.__getitem__
                )
                x = self._engine.encode(
                    [(sheet.prompts[k], sheet.canvases[sheet.of[k]]) for k in here], primer=primer
                )
                given = given or x
                for k, row in zip(here, self._engine.next_words(x), strict=True):
                    rows[k] = row
        return Scored(logits=torch.stack([row for row in rows if row is not None]), given=given)

    def _blank_start(self, canvases: Sequence[Image], wording: Wording, primer: Primer) -> Begun:
        # Two questions that begin differently: what is alike does not depend on the question.
        one, other = (
            Prompt(images=tuple(canvases), question=text, options=("1", "2"), wording=wording)
            for text in ("Which?", "?")
        )
        x = self._engine.encode([(one, canvases)], primer=primer)
        words, further = (self._engine.chat.words(p, len(canvases), primer) for p in (one, other))
        known = Known(tokens=_tokens(x)[0], words=words, marks=self._engine.chat.marks)
        cut = len(known.tokens) - len(words) + common(words, further)
        return Begun(known=known, tokens=known.tokens[:cut], start=begun(self._engine, x, [cut]))

    def _with_question(
        self, images: Begun, question: str, wording: Wording, count: int, primer: Primer
    ) -> Begun:
        """The start with a question, up to where options begin."""
        made = []
        for text in ("which", "1"):
            prompt = Prompt(images=(), question=question, options=(text, "?"), wording=wording)
            made.append(images.known.like(self._engine.chat.words(prompt, count, primer)))
        one, other = made
        if one is None or other is None:
            return images
        cut = common(one, other)
        if common(one[:cut], images.tokens) < len(images.tokens) or cut == len(images.tokens):
            return images
        further = one[len(images.tokens) : cut]
        return Begun(
            known=images.known,
            tokens=one[:cut],
            start=longer(self._engine, images.start, further),
        )

    def _tokens(self, sheet: Sheet, x: Mapping[str, Any], primer: Primer) -> list[list[int]] | None:
        """The tokens of each prompt, where the processor has made the first about each set."""
        chat, count = self._engine.chat, len(sheet.canvases[0])
        words = [chat.words(prompt, count, primer) for prompt in sheet.prompts]
        known = [
            Known(tokens=own, words=words[sheet.of.index(k)], marks=chat.marks)
            for k, own in enumerate(_tokens(x))
        ]
        found = []
        for own, of in zip(words, sheet.of, strict=True):
            tokens = known[of].like(own)
            if tokens is None:
                return None
            found.append(tokens)
        return found

    # -- measuring -------------------------------------------------------------------------------

    def _measured(self, saving: str, images: int) -> str:
        import torch

        engine = self._engine
        pictures = [tuple(texture(10 * k + n, _SIZE) for n in range(images)) for k in range(2)]
        texts = ("yes", "it is so", "no, never")
        orders = list(itertools.permutations(texts, 3))[:3]
        if saving == "blank":
            pictures = pictures[:1]
        of = [k for k in range(len(pictures)) for _ in orders]
        prompts = [
            Prompt(
                images=pictures[k],
                question="Which is it?"
                + " Say!" * (2 * k + (turn // 2 if saving == "blank" else 0)),
                options=order,
            )
            for k in range(len(pictures))
            for turn, order in enumerate(orders)
        ]
        sheet = Sheet(prompts=prompts, canvases=pictures, of=of)
        primer, ids = engine.chat.letters(prompts[0])
        try:
            with torch.inference_mode():
                want = engine.next_words(
                    engine.encode(
                        [(p, pictures[k]) for p, k in zip(prompts, of, strict=True)], primer=primer
                    )
                )
                if saving == "blank":
                    got = self.scored_blank(prompts, pictures[0], held=Held(), key=0, primer=primer)
                else:
                    scored = self.scored(sheet, saving, primer=primer)
                    got = None if scored is None else scored.logits
        except torch.OutOfMemoryError:
            raise
        except Exception as error:  # a family may fail in any way
            return f"{type(error).__name__}: {error}"
        if got is None:
            return "its processor makes other tokens of a text with images than its tokenizer"
        gap = (want.log_softmax(-1) - got.log_softmax(-1))[:, ids].abs().max()
        most = self.alike
        return (
            "" if float(gap) <= most else f"answers differ by {float(gap):.1e} (allowed {most:.0e})"
        )


def _tokens(x: Mapping[str, Any]) -> list[list[int]]:
    """Tokens of each prompt that a model is given, without padding."""
    return [
        ids[mask.bool()].tolist()
        for ids, mask in zip(x["input_ids"].cpu(), x["attention_mask"].cpu(), strict=True)
    ]


@contextlib.contextmanager
def _one_run(model: Any) -> Iterator[None]:
    """Have a model look at the images of the first forward in it only.

    This does for every family what its ``mm_encoder_outputs`` does where it has them, and leaves
    to the family what it is given beside pixels.
    """
    part = model.base_model
    real: Callable[..., Any] | None = getattr(part, "get_image_features", None)
    if real is None:
        raise NotImplementedError("it has no get_image_features")
    kept: list[Any] = []

    def looking(*positional: Any, **named: Any) -> Any:
        if not kept:
            kept.append(real(*positional, **named))
        # Some models put further things into what they are returned.
        return copy.copy(kept[0])

    own = part.__dict__.get("get_image_features")
    part.get_image_features = looking
    try:
        yield
    finally:
        del part.get_image_features
        if own is not None:
            part.get_image_features = own
