"""A model of transformers that runs: what it is given, and what goes through it and comes out."""

from __future__ import annotations

import inspect
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .anatomy import anatomy
from .base import MeasurementError, ModelError, PatchGrid, Prompt, Stage
from .chat import Chat
from .families import family_of
from .maps import Maps
from .recording import recorded

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence, Set

    from PIL.Image import Image
    from torch import Tensor

    from .loading import Loaded
    from .prefixes import Prefix
    from .prompts import Primer

GENERATED_TOKENS = 32
"""Enough for a sentence that names its letter; what says more than that is not an answer."""

ANY = Prompt(images=(), question="?", options=("a", "b"))
"""A question where only images matter."""

_EYE = Stage("encoder", 0)


class Engine:
    """What a checkpoint's family, layers and processor make of prompts.

    Args:
        name: as shown in errors.
        loaded: model and processor.

    Attributes:
        name: as shown in errors.
        model: of transformers.
        processor: its own.
        config: its own.
        device: where its inputs go.
        dtype: in which it computes.
        quantised: whether its weights have fewer bits than that.
        family: facts of its family.
        chat: how it is asked.
        anatomy: where its layers are.
        maps: where its tokens look.
        prefix: what is put in front of every prompt; None as a rule.

    Raises:
        ModelError: the family is refused, or its layers are not found.
    """

    def __init__(self, name: str, loaded: Loaded) -> None:
        self.name, self.model, self.processor = name, loaded.model, loaded.processor
        self.config, self.device, self.dtype = loaded.model.config, loaded.device, loaded.dtype
        self.quantised = loaded.quantisation is not None
        self.family = family_of(self.config.model_type)
        if self.family.refused:
            raise ModelError(
                f"{name}: model_type {self.config.model_type!r} is not measured: "
                f"{self.family.refused}"
            )
        self.prefix: Prefix | None = None
        inner = loaded.model.base_model
        self._takes = {"all": _parameters(loaded.model), "inner": _parameters(inner)}
        self._has_head = inner is not loaded.model
        self.chat = Chat(loaded.processor, family=self.family, name=name)
        self.anatomy = self._called(anatomy(loaded.model, eye=self.family.eye))
        self.maps = self.new_maps()

    def new_maps(self) -> Maps:
        """Maps that nothing was measured for yet."""
        return Maps(
            lambda images: self.encode([(ANY, images)], primer=None),
            self.forward,
            anatomy=self.anatomy,
            coarse=self.dtype not in {"float32", "float64"},
            mapless=self.family.mapless,
        )

    def encode(
        self, asked: Sequence[tuple[Prompt, Sequence[Image]]], *, primer: Primer | None
    ) -> dict[str, Any]:
        """What the model is given for a batch, on its device; see ``Chat.encode``."""
        x = self.chat.encode(asked, primer=primer)
        return self._placed(x if self.prefix is None else self.prefix.before(x))

    def forward(self, x: Mapping[str, Any]) -> Any:
        """The model's output for what it is given; of its logits the last where it can."""
        extra: dict[str, Any] = {"use_cache": False}
        if self.family.padding == "left":
            extra["logits_to_keep"] = 1
        return self._run("all", x, extra)

    def next_words(self, x: Mapping[str, Any]) -> Tensor:
        """(batch, vocabulary) float32 logits of what follows each prompt."""
        if self.family.padding == "left":
            logits: Tensor = self.forward(x).logits
            return logits[:, -1].float()
        return self.logits_at(x, x["attention_mask"].sum(-1) - 1, use_cache=False)

    def logits_at(self, x: Mapping[str, Any], places: Tensor, **further: Any) -> Tensor:
        """(batch, vocabulary) float32 logits at one place of each row.

        Args:
            x: what the model is given.
            places: (batch,) of its tokens.
            further: arguments of the model's forward, such as a cache.
        """
        import torch

        kept = places
        extra = dict(further)
        if "logits_to_keep" in self._takes["all"]:
            wanted, kept = torch.unique(places, return_inverse=True)
            extra["logits_to_keep"] = wanted
        logits: Tensor = self._run("all", x, extra).logits
        return logits[torch.arange(len(logits), device=logits.device), kept].float()

    def states(self, x: Mapping[str, Any]) -> Any:
        """The output of the model without its head, with the cache of keys and values."""
        if self._has_head and x.keys() <= self._takes["inner"]:
            return self._run("inner", x, {"use_cache": True})
        return self._run("all", x, {"use_cache": True, "logits_to_keep": 1})

    def generate(self, x: Mapping[str, Any]) -> list[str]:
        """The text that follows each prompt, the likeliest token at a time."""
        import torch

        pad = self.processor.tokenizer.pad_token_id
        out = self.model.generate(
            **x, max_new_tokens=GENERATED_TOKENS, do_sample=False, pad_token_id=pad
        )
        given = x["input_ids"]
        # Some families hand out the prompt with the answer, and some the answer alone.
        if torch.equal(out[:, : given.shape[1]], given):
            out = out[:, given.shape[1] :]
        texts: list[str] = self.processor.tokenizer.batch_decode(out, skip_special_tokens=True)
        return texts

    def grids(
        self,
        record: Mapping[Stage, Tensor],
        stage: Stage,
        *,
        canvases: Sequence[Sequence[Image]],
        x: Mapping[str, Any],
    ) -> list[tuple[PatchGrid, ...]]:
        """The grids of each prompt of a batch.

        Args:
            record: what was read in its forward.
            stage: where.
            canvases: images of each prompt, of the same sizes in each.
            x: what the model was given.

        Raises:
            NoMapError: the stage has no spatial map.
            MeasurementError: nothing was read there, or other tokens than were mapped.
        """
        if stage not in record:
            raise MeasurementError(f"{self.name}: nothing went through {stage}")
        sizes = tuple(canvas.size for canvas in canvases[0])
        return self.maps.grids(record[stage], stage=stage, sizes=sizes, x=x)

    def close(self) -> None:
        """Drop the model and give GPU memory back."""
        import gc

        import torch

        self.model = self.processor = None
        self.anatomy = self.maps = self.chat = None  # type: ignore[assignment]
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def _run(self, part: str, x: Mapping[str, Any], extra: Mapping[str, Any]) -> Any:
        """What the model, or all of it but its head, returns.

        Of what it is asked further it is told what it knows.
        """
        known = {
            key: value
            for key, value in {"return_dict": True, **extra}.items()
            if key in self._takes[part]
        }
        run = self.model if part == "all" else self.model.base_model
        return run(**self._placed(x), **known)

    def _placed(self, x: Mapping[str, Any]) -> dict[str, Any]:
        """On the model's device and in its format; what is no tensor is left out."""
        import torch

        dtype = getattr(torch, self.dtype)
        return {
            key: value.to(self.device, dtype if value.is_floating_point() else None)
            for key, value in x.items()
            if isinstance(value, torch.Tensor)
        }

    def _called(self, own: Any) -> Any:
        """The anatomy without an eye whose layers are lists of parts that are called themselves."""
        import torch

        if own.eye is None:
            return own
        with torch.inference_mode(), recorded(own, [_EYE], stop=True) as record:
            self.forward(self.encode([(ANY, [noise()])], primer=None))
        return own if _EYE in record else replace(own, eye=None)


def _parameters(part: Any) -> Set[str]:
    """What a model, or its part without a head, can be given."""
    found = inspect.signature(part.forward).parameters
    # What transformers takes everywhere is in the keywords that most models hand on.
    further = {"use_cache", "return_dict"} if "kwargs" in found else set()
    return {*found, *further} - {"kwargs"}


def noise() -> Image:
    """A picture of 224×224 px in which nothing is to be seen."""
    import numpy as np
    from PIL import Image

    pixels = np.random.default_rng(0).integers(0, 256, (224, 224, 3), np.uint8)
    return Image.fromarray(pixels)
