"""Any vision-language model of transformers.

The model answers by its own forward, and what its layers are given and return is read on the way:
one run serves both the answer and the readout, which sees the very features the LLM was given.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import math
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from .attention import cut_off, eager, watched
from .base import (
    Answer,
    Attention,
    MeasurementError,
    ModelError,
    NoMapError,
    PatchGrid,
    Prompt,
    Reading,
    Stage,
)
from .composite import side_by_side, squared
from .engine import ANY, Engine
from .extras import require
from .families import ONE_IMAGE
from .fed_from import deepest_read
from .grids import cut_out, parts_of
from .lit_squares import texture
from .loading import Loaded, load, unasked
from .prefixes import prefixed
from .projection import projection
from .prompts import parse_letter
from .reach import WHOLE, Reach, dealt_ranks, equal_weights, reach, ways_of
from .recording import PROJECTED, recorded
from .selfcheck import check_maps
from .sharing import SAVINGS, Held, Scored, Sharing, Sheet
from .tuning import Learner, freed, lora
from .untrained import untrained

if TYPE_CHECKING:
    from collections.abc import (
        Callable,
        Collection,
        Hashable,
        Iterable,
        Iterator,
        Mapping,
        Sequence,
    )

    from PIL.Image import Image
    from torch import Tensor

    from .base import ImageTokens, KnockOut, Way
    from .names import ModelName

T = TypeVar("T")
P = TypeVar("P", bound=Prompt)

AUTO_BATCH = {"cpu": 4, "cuda": 16}
"""Prompts per forward: on a CPU larger batches are no faster and only need memory."""

_COMBINATIONS = 4
"""Of image sizes, for which it is measured whether a prompt's images are seen each alone."""


class TransformersVlm:
    """A loaded checkpoint; implements ``base.Vlm``.

    Args:
        name: as shown in case ids.
        loaded: model and processor.
        batch: prompts per forward; None chooses by device.
        images: "auto", "separate" (several images in one prompt) or "composite" (side by side).
        savings: of ``sharing.SAVINGS``, all by default: what prompts have in common is computed
            once, where that is measured to change no answer.

    Raises:
        ModelError: the family is refused, or the self-check fails.
    """

    def __init__(
        self,
        name: str,
        loaded: Loaded,
        *,
        batch: int | None = None,
        images: str = "auto",
        savings: Collection[str] = SAVINGS,
    ) -> None:
        self.name = name
        self._engine = Engine(name, loaded)
        self.sharing = Sharing(self._engine, savings=savings)
        """What is computed once for several prompts."""
        self._loaded = loaded
        self._batch = batch or AUTO_BATCH.get(loaded.device.split(":")[0], 8)
        self._limit = self._batch
        kind = type(loaded.model)
        self._class = f"{kind.__module__}.{kind.__qualname__}"
        self._uniform: dict[Hashable, Hashable] = {}
        self._alone: dict[tuple[tuple[int, int], ...], bool] = {}
        self._found: Reach | None = None
        one = self._engine.family.one_image or self._takes_one_image()
        self._composite = images == "composite" or (images == "auto" and one)
        self.fed_from = deepest_read(self._engine)
        """The encoder layer that the projector reads; the deepest where it reads several."""
        check_maps(self._engine)

    @classmethod
    def from_name(
        cls,
        name: ModelName,
        *,
        device: str = "auto",
        dtype: str = "auto",
        batch: int | None = None,
        images: str = "auto",
        trust_remote_code: bool = False,
        savings: Collection[str] = SAVINGS,
    ) -> TransformersVlm:
        """Load and check a model; see ``loading.load`` and the class for arguments and errors."""
        loaded = load(name, device=device, dtype=dtype, trust_remote_code=trust_remote_code)
        try:
            return cls(name.shown, loaded, batch=batch, images=images, savings=savings)
        except MeasurementError as error:
            raise ModelError(str(error)) from error
        except ModelError:
            raise
        except (ValueError, RuntimeError, IndexError, TypeError) as error:
            raise ModelError(unasked(name.shown, loaded, error)) from error

    @property
    def provenance(self) -> Mapping[str, Any]:
        """What decides the answers."""
        import torch
        import transformers

        content = self._loaded.content
        # As a rule all are used, which is not told.
        unused = sorted(set(SAVINGS) - self.sharing.savings)
        return {
            **({"savings_unused": " ".join(unused)} if unused else {}),
            "source": self._loaded.source,
            "revision": self._loaded.revision,
            "adapter": self._loaded.adapter,
            "weights": None if content is None else content.weights,
            "files": None if content is None else content.files,
            "class": self._class,
            "model_type": self._engine.config.model_type,
            "encoder": _encoder_of(self._engine.config),
            "fed_from": str(self.fed_from),
            "dtype": self._loaded.dtype,
            "quantisation": self._loaded.quantisation,
            "device": self._loaded.devices or self._engine.device,
            "batch": self._batch,
            "batch_limit": self._limit,
            "several_images": "composite" if self._composite else "separate",
            "prompt": self._engine.chat.form,
            "primer": self._engine.chat.primer,
            "torch": torch.__version__,
            "transformers": transformers.__version__,
        }

    def ask(
        self, prompts: Iterable[Prompt], *, stage: Stage | None = None, scoring: str = "letters"
    ) -> Iterator[Answer]:
        """Answers in the prompts' order; see ``base.Answer``.

        Args:
            prompts: consumed a batch at a time.
            stage: also return features at this stage, from the very pixels the LLM was fed from.
            scoring: "letters" (next-token log-probability of each option's letter) or
                "generate" (greedy text, parsed strictly).

        Raises:
            MeasurementError: NaN logits, options that tokenise alike, images the model refuses.
        """
        known: dict[Hashable, Answer] = {}
        held = Held()
        for batch in _batches(prompts, self._batch):
            # Blind prompts recur (a task's question about grey images): each is asked once.
            keys = [None if stage is not None else self._recurring(p) for p in batch]
            new: dict[Hashable, Prompt] = {}
            for index, (key, prompt) in enumerate(zip(keys, batch, strict=True)):
                if key is None or key not in known:
                    new.setdefault(index if key is None else key, prompt)
            answers = self._ask_new(new, stage, scoring, held)
            fresh = dict(zip(new, answers, strict=True))
            known |= {key: fresh[key] for key in keys if key in fresh}
            for index, key in enumerate(keys):
                yield fresh[index] if key is None else known[key]

    @property
    def stages(self) -> tuple[Stage, ...]:
        """Every stage, in the order in which what is seen goes through them."""
        eye, mouth = self._engine.anatomy.eye, self._engine.anatomy.mouth
        encoder = () if eye is None else tuple(Stage("encoder", k) for k in range(len(eye) + 1))
        return (*encoder, PROJECTED, *(Stage("llm", k) for k in range(1, len(mouth) + 1)))

    def read(self, prompts: Iterable[Prompt], *, stages: Sequence[Stage]) -> Iterator[Reading]:
        """Answers by letters, and features at many stages from the one forward that made them.

        Args:
            prompts: with images; consumed a batch at a time, their order is kept.
            stages: some of ``stages``.

        Raises:
            MeasurementError: NaN logits, options that tokenise alike, images the model refuses.
        """
        for batch in _batches(prompts, self._batch):
            for _, group in itertools.groupby(batch, partial(_kind, laid_out=True)):
                yield from self._in_memory(list(group), partial(self._read_batch, stages=stages))

    def attend(self, prompts: Iterable[Prompt], *, rollout: bool = False) -> Iterator[Attention]:
        """What each answer is made from: attention of the LLM's answer position.

        The LLM attends eagerly meanwhile, and as before afterwards.

        Args:
            prompts: with images; consumed a batch at a time, their order is kept.
            rollout: see ``attention.watched``.

        Raises:
            NoMapError: images have no tokens of their own in the LLM.
            MeasurementError: no layer hands out its attention; and as of ``ask``.
        """
        for batch in _batches(prompts, self._batch):
            for _, group in itertools.groupby(batch, partial(_kind, laid_out=True)):
                for some in self._in_memory(
                    list(group), partial(self._attend_batch, rollout=rollout)
                ):
                    yield from some

    def knocked_out(self, prompts: Iterable[KnockOut]) -> Iterator[Answer]:
        """Answers by letters that are not made from some tokens; the rest is as in ``attend``.

        Raises:
            NoMapError: images have no tokens of their own in the LLM.
            MeasurementError: attention cannot be cut off; and as of ``ask``.
        """
        for batch in _batches(prompts, self._batch):
            for _, group in itertools.groupby(batch, partial(_kind, laid_out=True)):
                for some in self._in_memory(list(group), self._knocked_out_batch):
                    yield from some

    def untrained(self, *, seed: int) -> TransformersVlm:
        """The same architecture, processor and prompts with random weights, as it is initialised.

        It needs the memory of the model once more.

        Raises:
            MeasurementError: the weights are quantised or on several devices, or there is no
                memory for it.
            ModelError: it cannot be asked, as where its projector is initialised with zeros.
        """
        return TransformersVlm(
            f"{self.name} untrained",
            untrained(self._loaded, seed=seed),
            batch=self._batch,
            images="composite" if self._composite else "separate",
            savings=self.sharing.savings,
        )

    def ways(self, *, rank: int) -> tuple[Sequence[Way], Mapping[str, str]]:
        """Ways to tune it: matrices of low rank, equally many weights in each part; and others.

        Args:
            rank: in the part that has most weights then; see ``reach.equal_weights``.

        Returns:
            Ways, and those that it has not → why.

        Raises:
            ModelError: peft is not installed.
            MeasurementError: the weights are quantised.
        """
        require("diagnose", what="tuning parts of a model")
        if self._loaded.quantisation:
            raise MeasurementError(
                f"{self.name} has quantised weights ({self._loaded.quantisation}), which are not "
                "tuned; diagnose the checkpoint that they were made of"
            )
        found = self._reach()
        return ways_of(found, rank=rank, model=self._engine.model), found.missing

    @contextlib.contextmanager
    def tuned(self, name: str, *, rank: int, seed: int) -> Iterator[Learner]:
        """Tune it in one of its ways; afterwards all weights are as before, bit for bit.

        Args:
            name: of the way.
            rank: as of ``ways``.
            seed: of the matrices that start at random.
        """
        found, model = self._reach(), self._engine.model
        if name == WHOLE:
            learning = freed(model, found.projector)
        else:
            weights = equal_weights(found.layers, rank=rank)
            ranks = dealt_ranks(found.layers[name], weights=weights)
            learning = lora(model, ranks, seed=seed)
        with learning as weights_of:
            yield self._learner(weights_of)

    @contextlib.contextmanager
    def prefixed(self, count: int, *, seed: int) -> Iterator[Learner]:
        """Learn embeddings in front of every prompt; nothing of the model itself is changed.

        Args:
            count: how many.
            seed: of the words that they start as.

        Raises:
            ModelError: peft is not installed.
            MeasurementError: they do not come to the model's LLM.
        """
        require("diagnose", what="learning embeddings in front of prompts")
        with prefixed(self._engine, count, seed=seed) as weights_of:
            yield self._learner(weights_of)

    def _learner(self, weights: Mapping[str, Tensor]) -> Learner:
        return Learner(
            self._engine,
            given=lambda prompt: self._given(prompt)[0],
            kind=partial(_kind, laid_out=False),
            batch=self._batch,
            weights=weights,
        )

    def _reach(self) -> Reach:
        """What can be tuned; found once, before anything is."""
        if self._found is None:
            self._found = reach(self._engine, fed_from=self.fed_from)
        return self._found

    def look(self, images: Iterable[Image], *, stage: Stage) -> Iterator[PatchGrid]:
        """Features of each image by itself, at an encoder layer or after the projector."""
        if stage.part == "llm":
            raise ValueError(f"{stage} needs a prompt: use ask(..., stage=...)")
        for own in _batches(images, self._batch):
            # Grids are of images of one size in one forward.
            for _, group in itertools.groupby(own, lambda image: image.size):
                yield from self._look(list(group), stage)

    def sees_each_alone(self, sizes: tuple[tuple[int, int], ...]) -> bool:
        """Whether features of a prompt's images are those of each by itself.

        Of several images it is measured, for the first few combinations of sizes.

        Args:
            sizes: of the images, in px.
        """
        import torch

        if len(sizes) < 2 or self._composite:
            return len(sizes) == 1
        if sizes not in self._alone and len(self._alone) < _COMBINATIONS:
            images = tuple(texture(number, size) for number, size in enumerate(sizes))
            asked = replace(ANY, images=images)
            try:
                (answer,) = self.ask([asked], stage=self.fed_from)
                own = list(self.look(images, stage=self.fed_from))
            except NoMapError:
                self._alone[sizes] = False
                return False
            most = self.sharing.alike
            self._alone[sizes] = all(
                a.features.shape == b.features.shape
                and torch.allclose(a.features, b.features, rtol=most, atol=most)
                for a, b in zip(answer.grids, own, strict=True)
            )
        return self._alone.get(sizes, False)

    def projection(self) -> tuple[Tensor, Tensor] | None:
        """What the LLM is given, and what the model says it projects; see ``projection``."""
        return projection(self._engine)

    def close(self) -> None:
        """Drop the model and give GPU memory back."""
        self._loaded = None  # type: ignore[assignment]
        self._engine.close()

    def _ask_new(
        self, new: Mapping[Hashable, Prompt], stage: Stage | None, scoring: str, held: Held
    ) -> Iterator[Answer]:
        # Prompts with and without images, or with other letters, go in forwards of their own;
        # those with images of other sizes, where features are to be laid out; and those about
        # the same images without anything to see.
        def kind(one: tuple[Hashable, Prompt]) -> tuple[Hashable, Hashable]:
            key, prompt = one
            blank = key[-1] if isinstance(key, tuple) and prompt.images else None
            return _kind(prompt, laid_out=stage is not None), blank

        for (_, blank), group in itertools.groupby(new.items(), kind):
            ask = partial(
                self._ask_batch,
                stage=stage,
                scoring=scoring,
                start=None if blank is None else (held, blank),
            )
            for answers in self._in_memory([prompt for _, prompt in group], ask):
                yield from answers

    def _recurring(self, prompt: Prompt) -> Hashable:
        """What a prompt without anything to see amounts to for this model; None for others."""
        import numpy as np

        uniform = []
        for image in prompt.images:
            seen = image if image.mode == "RGB" else image.convert("RGB")
            extrema = np.asarray(seen.getextrema())
            if (extrema[:, 0] != extrema[:, 1]).any():
                return None
            uniform.append((image.size, *extrema[:, 0].tolist()))
        key = tuple(uniform)
        if key not in self._uniform:
            self._uniform[key] = self._processed(prompt)
        return (prompt.question, prompt.options, prompt.wording, self._uniform[key])

    def _processed(self, prompt: Prompt) -> Hashable:
        """What the processor makes of a prompt's images: those alike to it are alike."""
        import torch

        canvases, _ = self._given(prompt)
        x = self._engine.encode([(ANY, canvases)], primer=None)
        digest = hashlib.sha256()
        for _, value in sorted(x.items()):
            if isinstance(value, torch.Tensor):
                digest.update(str(value.shape).encode())
                digest.update(value.cpu().double().numpy().tobytes())
        return digest.hexdigest()

    # -- one batch -------------------------------------------------------------------------------

    def _in_memory(self, prompts: Sequence[P], ask: Callable[[Sequence[P]], T]) -> Iterator[T]:
        """What is made of as many prompts at a time as there is memory for."""
        import torch

        size, start = min(len(prompts), self._batch), 0
        while start < len(prompts):
            some = prompts[start : start + size]
            try:
                found = ask(some)
            except torch.OutOfMemoryError as error:
                words = str(error).splitlines()[0]
                sizes = ", ".join(f"{w}×{h}" for w, h in (i.size for i in some[0].images))
            else:
                start += len(some)
                yield found
                del found  # what was read is not kept while the next are asked
                continue
            # Outside of the except block: the exception keeps the forward's tensors alive.
            torch.cuda.empty_cache()
            if size == 1:
                raise MeasurementError(
                    f"{self.name}: one prompt with images of {sizes or 'no'} px does not fit in "
                    f"memory on {self._engine.device} in {self._loaded.dtype}: {words}"
                )
            size = self._batch = max(1, size // 2)

    def _ask_batch(
        self,
        prompts: Sequence[Prompt],
        *,
        stage: Stage | None,
        scoring: str,
        start: tuple[Held, Hashable] | None = None,
    ) -> list[Answer]:
        """Answers to a batch.

        Args:
            prompts: of one kind.
            stage: where features are read.
            scoring: letters or generate.
            start: starts that were run before and the key of this one, where all prompts are
                about the same images without anything to see.
        """
        import torch

        if scoring == "generate":
            return self._generated(prompts, stage)
        sheet, given = self._sheet(prompts)
        primer, ids = self._engine.chat.letters(prompts[0])
        read = [] if stage is None or not sheet.canvases[0] else [stage]
        # One question alone recurs as a whole, and is asked once.
        several = start is not None and len(prompts) > 1
        if several and not self.sharing.why_not("blank", len(sheet.canvases[0])):
            assert start is not None
            held, key = start
            with torch.inference_mode():
                logits = self.sharing.scored_blank(
                    prompts, sheet.canvases[0], held=held, key=key, primer=primer
                )
                if logits is not None:
                    return self._letters(logits, ids)
        way = self.sharing.way(sheet)
        with torch.inference_mode(), recorded(self._engine.anatomy, read) as record:
            scored = None if way is None else self.sharing.scored(sheet, way, primer=primer)
            if scored is None:
                sheet = sheet.apart()
                x = self._engine.encode(sheet.firsts, primer=primer)
                scored = Scored(logits=self._engine.next_words(x), given=x)
            answers = self._letters(scored.logits, ids)
        if not read:
            return answers
        grids = self._engine.grids(record, read[0], canvases=sheet.canvases, x=scored.given)
        return [
            Answer(
                logprobs=answer.logprobs,
                grids=_cut(prompt, grids[of], own),
            )
            for answer, prompt, of, own in zip(answers, prompts, sheet.of, given, strict=True)
        ]

    def _generated(self, prompts: Sequence[Prompt], stage: Stage | None) -> list[Answer]:
        import torch

        if stage is not None and stage.part == "llm":
            raise ValueError(f"{stage} is read while letters are scored, not from generated text")
        sheet, given = self._sheet(prompts)
        sheet = sheet.apart()
        x = self._engine.encode(sheet.firsts, primer=None)
        read = [] if stage is None or not sheet.canvases[0] else [stage]
        with torch.inference_mode(), recorded(self._engine.anatomy, read) as record:
            texts = self._engine.generate(x)
        answers = [_parsed(t, p.options) for t, p in zip(texts, prompts, strict=True)]
        if not read:
            return answers
        grids = self._engine.grids(record, read[0], canvases=sheet.canvases, x=x)
        return [
            Answer(logprobs=answer.logprobs, text=answer.text, grids=_cut(prompt, laid, own))
            for answer, prompt, laid, own in zip(answers, prompts, grids, given, strict=True)
        ]

    def _sheet(
        self, prompts: Sequence[Prompt]
    ) -> tuple[Sheet, list[tuple[tuple[Image, ...], tuple[int, ...]]]]:
        """Prompts by their images, and of each the canvases and where its pictures start."""
        seen: dict[Hashable, int] = {}
        own: list[tuple[tuple[Image, ...], tuple[int, ...]]] = []
        of = []
        for prompt in prompts:
            key = tuple(map(_pixels, prompt.images))
            if key not in seen:
                seen[key] = len(own)
                own.append(self._given(prompt))
            of.append(seen[key])
        return Sheet(prompts=prompts, canvases=[c for c, _ in own], of=of), [own[k] for k in of]

    def _read_batch(self, prompts: Sequence[Prompt], *, stages: Sequence[Stage]) -> Reading:
        import torch

        given = [self._given(prompt) for prompt in prompts]
        canvases = [own for own, _ in given]
        primer, ids = self._engine.chat.letters(prompts[0])
        x = self._engine.encode(list(zip(prompts, canvases, strict=True)), primer=primer)
        with torch.inference_mode(), recorded(self._engine.anatomy, stages) as record:
            answers = self._scored(x, ids)

        def grids(stage: Stage) -> list[tuple[PatchGrid, ...]]:
            laid = self._engine.grids(record, stage, canvases=canvases, x=x)
            return [_cut(*one) for one in zip(prompts, laid, given, strict=True)]

        return Reading(answers=tuple(answers), grids=grids)

    def _attend_batch(self, prompts: Sequence[Prompt], *, rollout: bool) -> list[Attention]:
        import numpy as np
        import torch

        x, ids, starts, tokens = self._with_tokens(prompts)
        last, mouth = _last(x["attention_mask"]), self._engine.anatomy.mouth
        with (
            torch.inference_mode(),
            eager(self._engine.model.get_decoder()),
            watched(mouth, last, rollout=rollout) as watch,
        ):
            answers = self._scored(x, ids)
        if not watch.rows:
            raise MeasurementError(
                f"{self.name}: no layer of its LLM hands out its attention; its code has none that "
                "transformers can switch to eager"
            )
        layers = tuple(sorted(watch.rows))
        rows = [watch.rows[layer].numpy() for layer in layers]
        if len({one.shape[1] for one in rows}) > 1:
            rows = [one.mean(1, keepdims=True) for one in rows]
        found = []
        for k, (answer, one, start) in enumerate(zip(answers, tokens, starts, strict=True)):
            end = int(last[k]) + 1
            rolled = watch.rolled
            found.append(
                Attention(
                    answer=answer,
                    layers=layers,
                    others=tuple(k for k in range(1, len(mouth) + 1) if k not in layers),
                    rows=np.stack([row[k, :, start:end] for row in rows]),
                    rollout=None if rolled is None else rolled[k, end - 1, start:end].cpu().numpy(),
                    tokens=one,
                )
            )
        return found

    def _knocked_out_batch(self, prompts: Sequence[KnockOut]) -> list[Answer]:
        import torch

        x, ids, starts, tokens = self._with_tokens(prompts)
        last = _last(x["attention_mask"])
        rows, length = x["attention_mask"].shape
        cut = torch.zeros(rows, length, length, dtype=torch.bool)
        for k, (prompt, one, start) in enumerate(zip(prompts, tokens, starts, strict=True)):
            end = int(last[k]) + 1
            # Words that stand between the tokens of images would carry on what these show.
            queries = torch.zeros(length, dtype=torch.bool)
            queries[end - 1 if prompt.alone else start : end] = True
            queries[start + torch.from_numpy(one.numbers)] = False
            keys = torch.zeros(length, dtype=torch.bool)
            keys[[start + number for number in prompt.hidden]] = True
            cut[k] = queries[:, None] & keys
        with (
            torch.inference_mode(),
            eager(self._engine.model.get_decoder()),
            cut_off(self._engine.anatomy.mouth, cut),
        ):
            return self._scored(x, ids)

    def _with_tokens(
        self, prompts: Sequence[Prompt]
    ) -> tuple[dict[str, Any], Sequence[int], list[int], list[ImageTokens]]:
        """What the model is given, the letters, where prompts begin, and their images' tokens."""
        given = [self._given(prompt) for prompt in prompts]
        canvases = [own for own, _ in given]
        primer, ids = self._engine.chat.letters(prompts[0])
        x = self._engine.encode(list(zip(prompts, canvases, strict=True)), primer=primer)
        sizes = tuple(canvas.size for canvas in canvases[0])
        starts, laid = self._engine.maps.image_tokens(x, sizes=sizes)
        tokens = [
            parts_of(laid, offsets=offsets, sizes=[image.size for image in prompt.images])
            for prompt, (_, offsets) in zip(prompts, given, strict=True)
        ]
        return x, ids, starts, tokens

    def _scored(self, x: Mapping[str, Any], ids: Sequence[int]) -> list[Answer]:
        """The log-probabilities of these tokens as what follows each prompt."""
        return self._letters(self._engine.next_words(x), ids)

    def _letters(self, logits: Tensor, ids: Sequence[int]) -> list[Answer]:
        import torch

        if not torch.isfinite(logits).all():
            raise MeasurementError(
                f"{self.name} answered with NaN or infinite logits (dtype "
                f"{self._loaded.dtype}); try --vlm-dtype=float32"
            )
        return [Answer(logprobs=tuple(row)) for row in logits.log_softmax(-1)[:, ids].tolist()]

    def _look(self, images: Sequence[Image], stage: Stage) -> Iterator[PatchGrid]:
        import torch

        canvases = [(self._whole(image),) for image in images]
        x = self._engine.encode([(ANY, own) for own in canvases], primer=None)
        with torch.inference_mode(), recorded(self._engine.anatomy, [stage], stop=True) as record:
            self._engine.forward(x)
        for (grid,), image in zip(
            self._engine.grids(record, stage, canvases=canvases, x=x), images, strict=True
        ):
            yield cut_out(grid, x0=0, size=image.size)

    def _given(self, prompt: Prompt) -> tuple[tuple[Image, ...], tuple[int, ...]]:
        """The canvases that the model is given, and where each picture starts in its own.

        One canvas per picture, or a composite of all.
        """
        canvases, offsets = prompt.images, (0,) * len(prompt.images)
        if self._composite and len(prompt.images) > 1:
            canvas, offsets = side_by_side(prompt.images)
            canvases = (canvas,)
        return tuple(map(self._whole, canvases)), offsets

    def _whole(self, canvas: Image) -> Image:
        """The canvas in colour, padded to a square where its processor would crop it.

        A point beyond a centre crop is seen by neither LLM nor readout. LLaVA-1.5 was trained
        on pictures padded to squares in the mean colour of its processor.
        """
        if canvas.mode != "RGB":  # some processors know no other
            canvas = canvas.convert("RGB")
        if not self._engine.maps.hides(canvas.size, self.fed_from):
            return canvas
        mean = getattr(self._engine.processor.image_processor, "image_mean", None) or (
            0.0,
            0.0,
            0.0,
        )
        red, green, blue = (round(255 * share) for share in mean)
        return squared(canvas, (red, green, blue))

    def _takes_one_image(self) -> bool:
        return any(ONE_IMAGE.search(s) for s in (self.name, str(self._engine.config._name_or_path)))


def _batches(some: Iterable[Any], size: int) -> Iterator[list[Any]]:
    some = iter(some)
    while batch := list(itertools.islice(some, size)):
        yield batch


def _encoder_of(config: Any) -> str:
    vision = getattr(config, "vision_config", None) or getattr(config, "vq_config", None)
    return str(getattr(vision, "model_type", "") or type(vision).__name__)


def _last(mask: Tensor) -> Tensor:
    """(batch,) the last position of each prompt, whichever side is padded."""
    places = mask.cpu().long().cumsum(-1)
    last: Tensor = places.argmax(-1)
    return last


def _pixels(image: Image) -> Hashable:
    """What is alike of images that show the same."""
    if image.mode == "P":  # the same numbers may stand for other colours
        image = image.convert("RGBA")
    return image.mode, image.size, hashlib.blake2b(image.tobytes(), digest_size=16).digest()


def _kind(prompt: Prompt, *, laid_out: bool) -> Hashable:
    """Prompts that differ in it cannot go through a model together."""
    sizes = tuple(image.size for image in prompt.images) if laid_out else None
    return (len(prompt.images), len(prompt.options), prompt.wording, sizes)


def _cut(
    prompt: Prompt,
    laid: Sequence[PatchGrid],
    given: tuple[tuple[Image, ...], tuple[int, ...]],
) -> tuple[PatchGrid, ...]:
    """The grid of each image of a prompt; all of a composite's are parts of one."""
    _, offsets = given
    own = list(laid) * len(prompt.images) if len(laid) < len(prompt.images) else laid
    return tuple(
        cut_out(grid, x0=x0, size=picture.size)
        for grid, x0, picture in zip(own, offsets, prompt.images, strict=True)
    )


def _parsed(text: str, options: Sequence[str]) -> Answer:
    chosen = parse_letter(text, options)
    scores = tuple(0.0 if j == chosen else -math.inf for j in range(len(options)))
    return Answer(logprobs=scores, text=text)
