"""Any vision-language model of transformers whose family has a row in ``families.py``.

One vision run serves both the answer and the readout: the tower's output is read and then handed
to the language model, so that the matched ceiling sees the very features the LLM was given.
"""

from __future__ import annotations

import hashlib
import inspect
import itertools
import math
from typing import TYPE_CHECKING, Any

from .base import Answer, MeasurementError, ModelError, PatchGrid, Prompt, Stage
from .composite import side_by_side, squared
from .families import ONE_IMAGE, family_of
from .grids import Grids, cut_out
from .loading import Loaded, load
from .prompts import Primer, conversation, letter_tokens, parse_letter
from .selfcheck import StageSamples, check_stages

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence

    import numpy as np
    from PIL.Image import Image
    from torch import Tensor

    from .names import ModelName

GENERATED_TOKENS = 32
"""Enough for a sentence that names its letter; what says more than that is not an answer."""

AUTO_BATCH = {"cpu": 4, "cuda": 16}
"""Prompts per forward: on a CPU larger batches are no faster and only need memory."""


class TransformersVlm:
    """A loaded checkpoint; implements ``base.Vlm``.

    Args:
        name: as shown in case ids.
        loaded: model and processor.
        batch: prompts per forward; None chooses by device.
        images: "auto", "separate" (several images in one prompt) or "composite" (side by side).

    Raises:
        ModelError: the family is not supported, or the self-check fails.
    """

    def __init__(
        self, name: str, loaded: Loaded, *, batch: int | None = None, images: str = "auto"
    ) -> None:
        self.name = name
        self._model, self._processor = loaded.model, loaded.processor
        self._base = loaded.model.base_model
        self._config = loaded.model.config
        self._device = loaded.device
        self._batch = batch or AUTO_BATCH.get(loaded.device.split(":")[0], 8)
        try:
            self._family = family_of(self._config.model_type)
        except KeyError as error:
            raise ModelError(f"{name}: {error.args[0]}") from None
        if getattr(self._processor, "chat_template", None) is None:
            raise ModelError(f"{name}: the processor has no chat template")
        self._processor.tokenizer.padding_side = "left"
        if self._processor.tokenizer.pad_token is None:
            self._processor.tokenizer.pad_token = self._processor.tokenizer.eos_token
        self._grids = Grids(self._process, patch=int(self._config.vision_config.patch_size))
        self._uniform: dict[Hashable, Hashable] = {}
        self._primers: dict[int, tuple[Primer, list[int]]] = {}
        self._layers = int(self._config.vision_config.num_hidden_layers)
        self._composite = images == "composite" or (images == "auto" and self._takes_one_image())
        self._loaded = loaded
        check_stages(self._one_prompt(), name=name, dtype=loaded.dtype)

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

    @property
    def fed_from(self) -> Stage:
        """The encoder layer that the projector reads; the deepest where it reads several."""
        chosen = self._config.vision_feature_layer
        layers = [chosen] if isinstance(chosen, int) else list(chosen)
        return Stage("encoder", max(k if k >= 0 else self._layers + 1 + k for k in layers))

    @property
    def provenance(self) -> Mapping[str, Any]:
        """What decides the answers."""
        import torch
        import transformers

        primer = self._primers[min(self._primers)][0].text if self._primers else None
        return {
            "source": self._config._name_or_path,
            "revision": self._loaded.revision,
            "model_type": self._config.model_type,
            "encoder": self._config.vision_config.model_type,
            "fed_from": str(self.fed_from),
            "dtype": self._loaded.dtype,
            "device": self._device,
            "batch": self._batch,
            "several_images": "composite" if self._composite else "separate",
            "primer": primer,
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
        prompts = iter(prompts)
        while batch := list(itertools.islice(prompts, self._batch)):
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
        import torch

        if stage.part == "llm":
            raise ValueError(f"{stage} needs a prompt: use ask(..., stage=...)")
        images = iter(images)
        while batch := list(itertools.islice(images, self._batch)):
            with torch.inference_mode():
                whole = [self._whole(image) for image in batch]
                x = self._processor.image_processor(images=whole, return_tensors="pt")
                features = self._see(self._to_device(x))
            tokens = self._tokens(features, stage)
            for own, canvas, image in zip(tokens, whole, batch, strict=True):
                grid = self._grids.lay_out(own, size=canvas.size, stage=stage)
                yield cut_out(grid, x0=0, size=image.size)

    def close(self) -> None:
        """Drop the model and give GPU memory back."""
        import gc

        import torch

        self._model = self._base = self._processor = None
        self._loaded = None  # type: ignore[assignment]
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def _ask_new(
        self, prompts: Sequence[Prompt], stage: Stage | None, scoring: str
    ) -> Iterator[Answer]:
        # Prompts with and without images, or with other letters, go in forwards of their own.
        for _, group in itertools.groupby(prompts, lambda p: (len(p.images), len(p.options))):
            yield from self._ask_batch(list(group), stage=stage, scoring=scoring)

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
            pixels = [self._process(image) for image in self._given(prompt)[0]]
            self._uniform[key] = tuple(
                (array.shape, hashlib.sha256(array.tobytes()).hexdigest()) for array in pixels
            )
        return (prompt.question, prompt.options, self._uniform[key])

    # -- one batch -------------------------------------------------------------------------------

    def _ask_batch(
        self, prompts: Sequence[Prompt], *, stage: Stage | None, scoring: str
    ) -> list[Answer]:
        import torch

        given = [self._given(prompt) for prompt in prompts]
        generate = scoring == "generate"
        primer, ids = (None, []) if generate else self._letters(prompts[0])
        with torch.inference_mode():
            x = self._encode(
                [
                    conversation(p, images=images, primer=primer)
                    for p, (images, _) in zip(prompts, given, strict=True)
                ]
            )
            features = self._see(x) if "pixel_values" in x else None
            if generate:
                texts = self._generate(x, features)
                answers = [_parsed(t, p.options) for t, p in zip(texts, prompts, strict=True)]
                states = None
            else:
                deep = stage is not None and stage.part == "llm"
                out = self._forward(x, features, hidden=deep)
                logits = out.logits[:, -1].float()
                if not torch.isfinite(logits).all():
                    raise MeasurementError(
                        f"{self.name} answered with NaN or infinite logits (dtype "
                        f"{self._loaded.dtype}); try --vlm-dtype=float32"
                    )
                scores = logits.log_softmax(-1)[:, ids].tolist()
                answers = [Answer(logprobs=tuple(row)) for row in scores]
                states = out.hidden_states
            if stage is None or features is None:
                return answers
            tokens = self._stage_tokens(stage, x, features, states)
            return self._with_grids(answers, prompts, given, tokens, stage)

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
        """The canvas, padded to a square where the processor would crop what is asked about.

        A point beyond a centre crop is seen by neither LLM nor readout. LLaVA-1.5 was trained
        on pictures padded to squares in the mean colour of its processor.
        """
        if not self._grids.hides(canvas.size):
            return canvas
        mean = getattr(self._processor.image_processor, "image_mean", None) or (0.0, 0.0, 0.0)
        red, green, blue = (round(255 * share) for share in mean)
        return squared(canvas, (red, green, blue))

    def _encode(self, chats: list[Any]) -> dict[str, Any]:
        primed = chats[0][-1]["role"] == "assistant"
        x = self._processor.apply_chat_template(
            chats,
            tokenize=True,
            return_dict=True,
            return_tensors="pt",
            add_generation_prompt=not primed,
            continue_final_message=primed,
            sanitize_control_tokens=True,
            processor_kwargs={"padding": True},
        )
        return self._to_device(x)

    def _to_device(self, x: Any) -> dict[str, Any]:
        dtype = next(self._model.parameters()).dtype
        return {
            key: value.to(self._device, dtype if value.is_floating_point() else None)
            for key, value in x.items()
        }

    def _see(self, x: Mapping[str, Any]) -> Any:
        """One run of the vision tower and projector over a batch's images."""
        accepted = inspect.signature(self._base.get_image_features).parameters
        return self._base.get_image_features(
            **{key: value for key, value in x.items() if key in accepted},
            output_hidden_states=True,
            return_dict=True,
        )

    def _forward(self, x: Mapping[str, Any], features: Any, *, hidden: bool) -> Any:
        kept = {k: v for k, v in x.items() if features is None or k != "pixel_values"}
        seen = {} if features is None else {"mm_encoder_outputs": {"image": features}}
        return self._model(
            **kept, **seen, logits_to_keep=1, use_cache=False, output_hidden_states=hidden
        )

    def _generate(self, x: Mapping[str, Any], features: Any) -> list[str]:
        import copy

        kept = {k: v for k, v in x.items() if features is None or k != "pixel_values"}
        # generate() changes the object that it is given.
        seen = {} if features is None else {"mm_encoder_outputs": {"image": copy.copy(features)}}
        pad = self._processor.tokenizer.pad_token_id
        out = self._model.generate(
            **kept, **seen, max_new_tokens=GENERATED_TOKENS, do_sample=False, pad_token_id=pad
        )
        texts: list[str] = self._processor.tokenizer.batch_decode(
            out[:, x["input_ids"].shape[1] :], skip_special_tokens=True
        )
        return texts

    def _letters(self, prompt: Prompt) -> tuple[Primer, list[int]]:
        """Primer and letter tokens for a number of options, worked out once per number."""
        count = len(prompt.options)
        if count not in self._primers:
            tokenizer = self._processor.tokenizer

            def render(primer: Primer) -> str:
                chat = conversation(prompt, images=[None] * len(prompt.images), primer=primer)
                text: str = self._processor.apply_chat_template(chat, continue_final_message=True)
                return text

            def tokenize(text: str) -> list[int]:
                ids: list[int] = tokenizer(text, add_special_tokens=False)["input_ids"]
                return ids

            self._primers[count] = letter_tokens(tokenize, render, count=count)
        return self._primers[count]

    # -- features --------------------------------------------------------------------------------

    def _stage_tokens(
        self, stage: Stage, x: Mapping[str, Any], features: Any, states: Any
    ) -> list[Tensor]:
        """Per image of the batch the (tokens, d) features of a stage."""
        if stage.part != "llm":
            return self._tokens(features, stage)
        if states is None:
            raise ValueError(f"{stage} is read while letters are scored, not from generated text")
        assert stage.layer is not None
        if stage.layer >= len(states):
            raise ValueError(f"{stage}: the LLM has layers 0 to {len(states) - 1}")
        at_images = states[stage.layer][x["input_ids"] == self._config.image_token_id]
        lengths = [len(image) for image in features.pooler_output]
        return list(at_images.split(lengths))

    def _tokens(self, features: Any, stage: Stage) -> list[Tensor]:
        """Per image (tokens, d) of an encoder layer, extra tokens in front, or of the projector."""
        if stage.part == "projector":
            return list(features.pooler_output)
        states = features.hidden_states
        assert stage.layer is not None
        if stage.layer >= len(states):
            raise ValueError(f"{stage}: the encoder has layers 0 to {len(states) - 1}")
        return list(states[stage.layer])

    def _with_grids(
        self,
        answers: Sequence[Answer],
        prompts: Sequence[Prompt],
        given: Sequence[tuple[tuple[Image, ...], tuple[int, ...]]],
        tokens: Sequence[Tensor],
        stage: Stage,
    ) -> list[Answer]:
        left = iter(tokens)
        done = []
        for answer, prompt, (canvases, offsets) in zip(answers, prompts, given, strict=True):
            laid = [self._grids.lay_out(next(left), size=c.size, stage=stage) for c in canvases]
            own = laid * len(prompt.images) if len(laid) < len(prompt.images) else laid
            grids = tuple(
                cut_out(grid, x0=x0, size=picture.size)
                for grid, x0, picture in zip(own, offsets, prompt.images, strict=True)
            )
            done.append(Answer(logprobs=answer.logprobs, text=answer.text, grids=grids))
        return done

    def _process(self, image: Image) -> np.ndarray:
        """One image through the model's own image processing: (3, height, width)."""
        processed = self._processor.image_processor(images=[image], return_tensors="np")
        pixels: np.ndarray = processed["pixel_values"][0]
        return pixels

    # -- start-up --------------------------------------------------------------------------------

    def _one_prompt(self) -> StageSamples:
        """What the stages hold for one prompt with two pictures of noise, through pixels alone."""
        import numpy as np
        import torch
        from PIL import Image

        noise = np.random.default_rng(0).integers(0, 256, (2, 96, 128, 3), np.uint8)
        pictures = tuple(Image.fromarray(picture) for picture in noise)
        prompt = Prompt(images=pictures, question="?", options=("a", "b"))
        images, _ = self._given(prompt)
        rows, cols = self._grids.shape(images[0].size)
        with torch.inference_mode():
            x = self._encode([conversation(prompt, images=images, primer=None)])
            features = self._see(x)
            out = self._model(**x, logits_to_keep=1, use_cache=False, output_hidden_states=True)
            source = torch.stack(self._tokens(features, self.fed_from))[:, -rows * cols :]
            again = None
            if isinstance(self._config.vision_feature_layer, int):
                again = getattr(self._base, self._family.projector)(source).flatten(0, 1)
            return StageSamples(
                llm_input=out.hidden_states[0][x["input_ids"] == self._config.image_token_id],
                projected=torch.cat(list(features.pooler_output)),
                projected_again=again,
                fed_from=str(self.fed_from),
            )

    def _takes_one_image(self) -> bool:
        return any(ONE_IMAGE.search(s) for s in (self.name, str(self._config._name_or_path)))


def _parsed(text: str, options: Sequence[str]) -> Answer:
    chosen = parse_letter(text, options)
    scores = tuple(0.0 if j == chosen else -math.inf for j in range(len(options)))
    return Answer(logprobs=scores, text=text)
