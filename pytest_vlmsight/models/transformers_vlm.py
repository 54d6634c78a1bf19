"""Any vision-language model of transformers.

The model answers by its own forward, and what its layers are given and return is read on the way:
one run serves both the answer and the readout, which sees the very features the LLM was given.
"""

from __future__ import annotations

import contextlib
import hashlib
import inspect
import itertools
import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .anatomy import anatomy
from .base import Answer, MeasurementError, ModelError, PatchGrid, Prompt, Stage
from .chat import Chat
from .composite import side_by_side, squared
from .families import ONE_IMAGE, family_of
from .grids import cut_out
from .loading import Loaded, load, unasked
from .maps import Maps
from .prompts import parse_letter
from .recording import PROJECTED, recorded, replaced, without_layers
from .selfcheck import check_places

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence

    from PIL.Image import Image
    from torch import Tensor

    from .maps import Sizes
    from .names import ModelName

GENERATED_TOKENS = 32
"""Enough for a sentence that names its letter; what says more than that is not an answer."""

AUTO_BATCH = {"cpu": 4, "cuda": 16}
"""Prompts per forward: on a CPU larger batches are no faster and only need memory."""

_CHECKED = (224, 224)
"""Size of the picture of the self-check, in px."""


class TransformersVlm:
    """A loaded checkpoint; implements ``base.Vlm``.

    Args:
        name: as shown in case ids.
        loaded: model and processor.
        batch: prompts per forward; None chooses by device.
        images: "auto", "separate" (several images in one prompt) or "composite" (side by side).

    Raises:
        ModelError: the family is refused, or the self-check fails.
    """

    def __init__(
        self, name: str, loaded: Loaded, *, batch: int | None = None, images: str = "auto"
    ) -> None:
        self.name = name
        self._model, self._processor = loaded.model, loaded.processor
        self._config = loaded.model.config
        self._device = loaded.device
        self._batch = batch or AUTO_BATCH.get(loaded.device.split(":")[0], 8)
        self._family = family_of(self._config.model_type)
        if self._family.refused:
            raise ModelError(
                f"{name}: model_type {self._config.model_type!r} is not measured: "
                f"{self._family.refused}"
            )
        self._chat = Chat(loaded.processor, family=self._family, name=name)
        self._anatomy = anatomy(loaded.model, eye=self._family.eye)
        self._accepted = set(inspect.signature(loaded.model.forward).parameters)
        self._loaded = loaded
        self._maps = self._new_maps()
        self._uniform: dict[Hashable, Hashable] = {}
        one = self._family.one_image or self._takes_one_image()
        self._composite = images == "composite" or (images == "auto" and one)
        self.fed_from = self._deepest_read()
        """The encoder layer that the projector reads; the deepest where it reads several."""
        self._check()

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
    ) -> TransformersVlm:
        """Load and check a model; see ``loading.load`` and the class for arguments and errors."""
        loaded = load(name, device=device, dtype=dtype, trust_remote_code=trust_remote_code)
        try:
            return cls(name.shown, loaded, batch=batch, images=images)
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

        return {
            "source": self._config._name_or_path,
            "revision": self._loaded.revision,
            "adapter": self._loaded.adapter,
            "model_type": self._config.model_type,
            "encoder": _encoder_of(self._config),
            "fed_from": str(self.fed_from),
            "dtype": self._loaded.dtype,
            "quantisation": self._loaded.quantisation,
            "device": self._loaded.devices or self._device,
            "batch": self._batch,
            "several_images": "composite" if self._composite else "separate",
            "prompt": self._chat.form,
            "primer": self._chat.primer,
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
        for batch in _batches(prompts, self._batch):
            # Blind prompts recur (a task's question about grey images): each is asked once.
            keys = [None if stage is not None else self._recurring(p) for p in batch]
            new: dict[Hashable, Prompt] = {}
            for index, (key, prompt) in enumerate(zip(keys, batch, strict=True)):
                if key is None or key not in known:
                    new.setdefault(index if key is None else key, prompt)
            fresh = dict(zip(new, self._ask_new(list(new.values()), stage, scoring), strict=True))
            known |= {key: fresh[key] for key in keys if key in fresh}
            for index, key in enumerate(keys):
                yield fresh[index] if key is None else known[key]

    def look(self, images: Iterable[Image], *, stage: Stage) -> Iterator[PatchGrid]:
        """Features of each image by itself, at an encoder layer or after the projector."""
        if stage.part == "llm":
            raise ValueError(f"{stage} needs a prompt: use ask(..., stage=...)")
        for own in _batches(images, self._batch):
            # Grids are of images of one size in one forward.
            for _, group in itertools.groupby(own, lambda image: image.size):
                yield from self._look(list(group), stage)

    def projection(self) -> tuple[Tensor, Tensor] | None:
        """(tokens, d) what the LLM is given at image tokens, and what the model says it projects.

        None where the family hands out no projected features, or none at image tokens.
        """
        import torch

        base = self._model.base_model
        image = getattr(self._config, "image_token_id", None)
        if image is None or not hasattr(base, "get_image_features"):
            return None
        x = self._encode([(_ANY, [_noise()])], primer=None)
        accepted = inspect.signature(base.get_image_features).parameters
        given: list[Tensor] = []

        def keep(_: Any, __: Any, named: Mapping[str, Any]) -> None:
            if (
                named.get("inputs_embeds") is not None
            ):  # some LLMs add places to it before their first layer
                given.append(named["inputs_embeds"])

        handle = self._model.get_decoder().register_forward_pre_hook(keep, with_kwargs=True)
        with torch.inference_mode(), recorded(self._anatomy, [PROJECTED]) as record:
            self._forward(x)
            handle.remove()
            said = base.get_image_features(
                **{key: value for key, value in x.items() if key in accepted}, return_dict=True
            ).pooler_output
        if said is None:
            return None
        heard = given[0] if given else record[PROJECTED]
        heard = heard[(x["input_ids"] == image).to(heard.device)]
        if not len(heard):
            return None
        if self._family.adds:
            heard = heard - self._model.get_input_embeddings().weight[image].to(heard.device)
        parts = [said] if isinstance(said, torch.Tensor) else list(said)
        return heard, torch.cat([part.flatten(0, -2).to(heard.device) for part in parts])

    def close(self) -> None:
        """Drop the model and give GPU memory back."""
        import gc

        import torch

        self._model = self._processor = None
        self._loaded = self._anatomy = self._maps = self._chat = None  # type: ignore[assignment]
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def _ask_new(
        self, prompts: Sequence[Prompt], stage: Stage | None, scoring: str
    ) -> Iterator[Answer]:
        # Prompts with and without images, or with other letters, go in forwards of their own;
        # and those with images of other sizes, where features are to be laid out.
        def kind(prompt: Prompt) -> Hashable:
            sizes = None if stage is None else tuple(image.size for image in prompt.images)
            return (len(prompt.images), len(prompt.options), sizes)

        for _, group in itertools.groupby(prompts, kind):
            yield from self._ask_halving(list(group), stage=stage, scoring=scoring)

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
        return (prompt.question, prompt.options, self._uniform[key])

    def _processed(self, prompt: Prompt) -> Hashable:
        """What the processor makes of a prompt's images: those alike to it are alike."""
        import torch

        canvases, _ = self._given(prompt)
        x = self._encode([(_ANY, canvases)], primer=None)
        digest = hashlib.sha256()
        for _, value in sorted(x.items()):
            if isinstance(value, torch.Tensor):
                digest.update(str(value.shape).encode())
                digest.update(value.cpu().double().numpy().tobytes())
        return digest.hexdigest()

    # -- one batch -------------------------------------------------------------------------------

    def _ask_halving(
        self, prompts: Sequence[Prompt], *, stage: Stage | None, scoring: str
    ) -> list[Answer]:
        """As many at a time as there is memory for."""
        import torch

        size, done = min(len(prompts), self._batch), list[Answer]()
        while len(done) < len(prompts):
            some = prompts[len(done) : len(done) + size]
            try:
                done += self._ask_batch(some, stage=stage, scoring=scoring)
                continue
            except torch.OutOfMemoryError as error:
                words = str(error).splitlines()[0]
                sizes = ", ".join(f"{w}×{h}" for w, h in (i.size for i in some[0].images))
            # Outside of the except block: the exception keeps the forward's tensors alive.
            torch.cuda.empty_cache()
            if size == 1:
                raise MeasurementError(
                    f"{self.name}: one prompt with images of {sizes or 'no'} px does not fit in "
                    f"memory on {self._device} in {self._loaded.dtype}: {words}"
                )
            size = self._batch = max(1, size // 2)
        return done

    def _ask_batch(
        self, prompts: Sequence[Prompt], *, stage: Stage | None, scoring: str
    ) -> list[Answer]:
        import torch

        given = [self._given(prompt) for prompt in prompts]
        generate = scoring == "generate"
        if generate and stage is not None and stage.part == "llm":
            raise ValueError(f"{stage} is read while letters are scored, not from generated text")
        primer, ids = (None, []) if generate else self._chat.letters(prompts[0])
        x = self._encode(
            [(p, images) for p, (images, _) in zip(prompts, given, strict=True)], primer=primer
        )
        read = [] if stage is None or not given[0][0] else [stage]
        with torch.inference_mode(), recorded(self._anatomy, read) as record:
            if generate:
                texts = self._generate(x)
                answers = [_parsed(t, p.options) for t, p in zip(texts, prompts, strict=True)]
            else:
                logits = self._next_words(x)
                if not torch.isfinite(logits).all():
                    raise MeasurementError(
                        f"{self.name} answered with NaN or infinite logits (dtype "
                        f"{self._loaded.dtype}); try --vlm-dtype=float32"
                    )
                scores = logits.log_softmax(-1)[:, ids].tolist()
                answers = [Answer(logprobs=tuple(row)) for row in scores]
        if not read:
            return answers
        grids = self._grids(record, read[0], [canvases for canvases, _ in given], x)
        return [_with_grids(*one) for one in zip(answers, prompts, grids, given, strict=True)]

    def _look(self, images: Sequence[Image], stage: Stage) -> Iterator[PatchGrid]:
        import torch

        canvases = [(self._whole(image),) for image in images]
        x = self._encode([(_ANY, own) for own in canvases], primer=None)
        with torch.inference_mode(), recorded(self._anatomy, [stage], stop=True) as record:
            self._forward(x)
        for (grid,), image in zip(self._grids(record, stage, canvases, x), images, strict=True):
            yield cut_out(grid, x0=0, size=image.size)

    def _grids(
        self,
        record: Mapping[Stage, Tensor],
        stage: Stage,
        canvases: Sequence[Sequence[Image]],
        x: Mapping[str, Any],
    ) -> list[tuple[PatchGrid, ...]]:
        if stage not in record:
            raise MeasurementError(f"{self.name}: nothing went through {stage}")
        sizes: Sizes = tuple(canvas.size for canvas in canvases[0])
        return self._maps.grids(record[stage], stage=stage, sizes=sizes, x=x)

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
        if not self._maps.hides(canvas.size, self.fed_from):
            return canvas
        mean = getattr(self._processor.image_processor, "image_mean", None) or (0.0, 0.0, 0.0)
        red, green, blue = (round(255 * share) for share in mean)
        return squared(canvas, (red, green, blue))

    def _encode(
        self, asked: Sequence[tuple[Prompt, Sequence[Image]]], *, primer: Any
    ) -> dict[str, Any]:
        import torch

        dtype = getattr(torch, self._loaded.dtype)
        return {
            key: value.to(self._device, dtype if value.is_floating_point() else None)
            for key, value in self._chat.encode(asked, primer=primer).items()
            if hasattr(value, "is_floating_point")
        }

    def _forward(self, x: Mapping[str, Any]) -> Any:
        import torch

        extra: dict[str, Any] = {"use_cache": False, "return_dict": True}
        if self._family.padding == "left":
            extra["logits_to_keep"] = 1
        dtype = getattr(torch, self._loaded.dtype)
        given = {
            key: value.to(self._device, dtype if value.is_floating_point() else None)
            for key, value in x.items()
        }
        return self._model(**given, **{k: v for k, v in extra.items() if k in self._accepted})

    def _next_words(self, x: Mapping[str, Any]) -> Tensor:
        """(batch, vocabulary) float32 logits of what follows each prompt."""
        import torch

        logits: Tensor = self._forward(x).logits
        if self._family.padding == "left":
            return logits[:, -1].float()
        last = x["attention_mask"].sum(-1) - 1
        return logits[torch.arange(len(logits), device=logits.device), last].float()

    def _generate(self, x: Mapping[str, Any]) -> list[str]:
        import torch

        pad = self._processor.tokenizer.pad_token_id
        out = self._model.generate(
            **x, max_new_tokens=GENERATED_TOKENS, do_sample=False, pad_token_id=pad
        )
        given = x["input_ids"]
        # Some families hand out the prompt with the answer, and some the answer alone.
        if torch.equal(out[:, : given.shape[1]], given):
            out = out[:, given.shape[1] :]
        texts: list[str] = self._processor.tokenizer.batch_decode(out, skip_special_tokens=True)
        return texts

    def _new_maps(self) -> Maps:
        return Maps(
            lambda images: self._encode([(_ANY, images)], primer=None),
            self._forward,
            anatomy=self._anatomy,
            coarse=self._loaded.dtype not in {"float32", "float64"},
            mapless=self._family.mapless,
        )

    # -- start-up --------------------------------------------------------------------------------

    def _deepest_read(self) -> Stage:
        """The deepest encoder layer that what the LLM is given depends on, found by changing it."""
        import torch

        x = self._encode([(_ANY, [_noise()])], primer=None)
        eye = self._anatomy.eye
        if eye is not None:
            with torch.inference_mode(), recorded(self._anatomy, [_EYE], stop=True) as record:
                self._forward(x)
            if _EYE not in record:  # a list of parts that are called one by one
                eye = None
                self._anatomy = replace(self._anatomy, eye=None)
                self._maps = self._new_maps()
        if eye is None:
            return PROJECTED

        def heard(layer: int) -> tuple[Tensor, Tensor]:
            """What the LLM is given, and says, with a layer's output changed."""
            change = contextlib.nullcontext() if not layer else replaced(eye, layer, _spoilt)
            with torch.inference_mode(), change, recorded(self._anatomy, [PROJECTED]) as record:
                logits = self._next_words(x)
            return record[PROJECTED], logits

        before = heard(0)
        if not torch.isfinite(before[0]).all():
            raise ModelError(
                f"{self.name}: self-check failed: the LLM is given NaN or infinite numbers "
                f"(dtype {self._loaded.dtype}); try --vlm-dtype=float32"
            )
        # Cross-attention feeds the LLM later on: then its answer tells. A layer that nothing reads
        # changes nothing at all.
        for part in (0, 1):
            for layer in range(len(eye), 0, -1):
                if not torch.equal(heard(layer)[part], before[part]):
                    return Stage("encoder", layer)
        raise ModelError(
            f"{self.name}: self-check failed: nothing that the LLM is given depends on a layer of "
            f"the vision encoder ({type(eye[0]).__name__} × {len(eye)})"
        )

    def _check(self) -> None:
        import torch

        lists = [one for one in (self._anatomy.eye, *self._anatomy.between) if one is not None]
        for stage in (_EYE, PROJECTED):
            if self._maps.reason(_CHECKED, stage):
                continue

            def look(picture: Image, stage: Stage = stage) -> PatchGrid:
                x = self._encode([(_ANY, [picture])], primer=None)
                with (
                    torch.inference_mode(),
                    without_layers(lists),
                    recorded(self._anatomy, [stage], stop=True) as record,
                ):
                    self._forward(x)
                ((grid,),) = self._grids(record, stage, [[picture]], x)
                return grid

            what = "the encoder's input" if stage.part == "encoder" else "the LLM's input"
            check_places(look, size=_CHECKED, what=what, name=self.name)

    def _takes_one_image(self) -> bool:
        return any(ONE_IMAGE.search(s) for s in (self.name, str(self._config._name_or_path)))


_EYE = Stage("encoder", 0)
"""What the encoder's first layer is given."""

_ANY = Prompt(images=(), question="?", options=("a", "b"))
"""A question where only images matter."""


def _batches(some: Iterable[Any], size: int) -> Iterator[list[Any]]:
    some = iter(some)
    while batch := list(itertools.islice(some, size)):
        yield batch


def _noise() -> Image:
    import numpy as np
    from PIL import Image

    pixels = np.random.default_rng(0).integers(0, 256, (_CHECKED[1], _CHECKED[0], 3), np.uint8)
    return Image.fromarray(pixels)


def _spoilt(states: Tensor) -> Tensor:
    """Other numbers of the same size, token by token."""
    import torch

    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(states.shape, generator=generator).to(states)
    return states + noise * states.std()


def _encoder_of(config: Any) -> str:
    vision = getattr(config, "vision_config", None) or getattr(config, "vq_config", None)
    return str(getattr(vision, "model_type", "") or type(vision).__name__)


def _with_grids(
    answer: Answer,
    prompt: Prompt,
    laid: Sequence[PatchGrid],
    given: tuple[tuple[Image, ...], tuple[int, ...]],
) -> Answer:
    """An answer with the grid of each image; all of a composite's are parts of one."""
    _, offsets = given
    own = list(laid) * len(prompt.images) if len(laid) < len(prompt.images) else laid
    grids = tuple(
        cut_out(grid, x0=x0, size=picture.size)
        for grid, x0, picture in zip(own, offsets, prompt.images, strict=True)
    )
    return Answer(logprobs=answer.logprobs, text=answer.text, grids=grids)


def _parsed(text: str, options: Sequence[str]) -> Answer:
    chosen = parse_letter(text, options)
    scores = tuple(0.0 if j == chosen else -math.inf for j in range(len(options)))
    return Answer(logprobs=scores, text=text)
