"""From prompts to what a model is given: chat template or, where there is none, plain text."""

from __future__ import annotations

import functools
import warnings
from typing import TYPE_CHECKING, Any

from .base import MeasurementError, ModelError, Prompt
from .prompts import PRIMERS, Primer, conversation, letter_tokens, primers_for, wording

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from PIL.Image import Image

    from .families import Family

_DROPPED = ("labels",)
"""What processors add for training."""


class Chat:
    """One model's way of being asked.

    Args:
        processor: of the model; its tokenizer is set to the family's padding.
        family: facts of the model's family.
        name: as shown in errors.

    Raises:
        ModelError: nothing says what stands for an image.
    """

    def __init__(self, processor: Any, *, family: Family, name: str) -> None:
        self._processor, self._family, self._name = processor, family, name
        self._tokenizer = processor.tokenizer
        self._tokenizer.padding_side = family.padding
        if self._tokenizer.pad_token is None:
            self._tokenizer.pad_token = self._tokenizer.eos_token
        # Phi-4's processor drops its own when it is loaded; the tokenizer keeps it.
        self._template = getattr(processor, "chat_template", None) or getattr(
            self._tokenizer, "chat_template", None
        )
        self._image = family.image
        if self._image is None:
            self._image = getattr(processor, "image_token", None)
        if self._template is None and not isinstance(self._image, str):
            raise ModelError(
                f"{name}: there is no chat template and nothing says what stands for an image in "
                "a prompt; put a chat_template.jinja beside the tokenizer's files"
            )
        self._primers: dict[tuple[tuple[Primer, ...], int], tuple[Primer, list[int]]] = {}

    @property
    def form(self) -> str:
        """How prompts are written, for provenance."""
        return "chat template" if self._template else f"no chat template: {self._family.prompt!r}"

    @property
    def primer(self) -> str | None:
        """The start of the answer that letters were scored after; None before any was.

        That of the usual wording.
        """
        usual = [count for primers, count in self._primers if primers == PRIMERS]
        return self._primers[PRIMERS, min(usual)][0].text if usual else None

    def encode(
        self, asked: Sequence[tuple[Prompt, Sequence[Image]]], *, primer: Primer | None
    ) -> dict[str, Any]:
        """What the model is given for a batch, as tensors on the CPU.

        Args:
            asked: prompts and the canvases that their images are given on; as many in each.
            primer: the start of the answer; None where the answer is to be generated.

        Raises:
            MeasurementError: the family answers nothing without an image, or takes but one.
        """
        counts = {len(images) for _, images in asked}
        if 0 in counts and not self._family.text_alone:
            raise MeasurementError(
                f"{self._name} cannot be asked without an image (its family's processor or model "
                "refuses); use --vlm-blind=blank, noise or shuffled"
            )
        with warnings.catch_warnings():
            # Several processors of transformers 5.23 use what numpy 2 deprecates.
            warnings.filterwarnings("ignore", ".*__array__.*copy keyword", DeprecationWarning)
            x = self._templated(asked, primer) if self._template else self._plain(asked, primer)
        rows, length = x["input_ids"].shape
        kept = length - self._family.closed
        return {
            key: value[:, :kept] if getattr(value, "shape", ())[:2] == (rows, length) else value
            for key, value in x.items()
            if key not in _DROPPED
        }

    def letters(self, prompt: Prompt) -> tuple[Primer, list[int]]:
        """Primer and letter tokens for a number of options, worked out once per number."""
        primers, count = primers_for(prompt), len(prompt.options)
        if (primers, count) not in self._primers:

            def tokenize(text: str) -> list[int]:
                ids: list[int] = self._tokenizer(text, add_special_tokens=False)["input_ids"]
                return ids

            self._primers[primers, count] = letter_tokens(
                tokenize,
                lambda primer: self._rendered(prompt, primer),
                count=count,
                primers=primers,
            )
        return self._primers[primers, count]

    def words(self, prompt: Prompt, images: int, primer: Primer) -> list[int]:
        """Tokens of a prompt's text as it is written, with what stands for so many images."""
        text = self._rendered(prompt, primer, images=images)
        ids: list[int] = self._tokenizer(text, add_special_tokens=False)["input_ids"]
        return ids

    @functools.cached_property
    def marks(self) -> frozenset[int]:
        """Numbers of the tokens that were added to the vocabulary of plain text."""
        return frozenset(self._tokenizer.get_added_vocab().values())

    def _rendered(self, prompt: Prompt, primer: Primer, *, images: int | None = None) -> str:
        images = len(prompt.images) if images is None else images
        if not self._template:
            return self._text(prompt, images, primer)
        text: str = self._processor.apply_chat_template(
            conversation(prompt, images=[None] * images, primer=primer),
            chat_template=self._template,
            continue_final_message=True,
        )
        return text

    def _templated(
        self, asked: Sequence[tuple[Prompt, Sequence[Image]]], primer: Primer | None
    ) -> Mapping[str, Any]:
        x: Mapping[str, Any] = self._processor.apply_chat_template(
            [conversation(prompt, images=images, primer=primer) for prompt, images in asked],
            chat_template=self._template,
            tokenize=True,
            return_dict=True,
            return_tensors="pt",
            add_generation_prompt=primer is None,
            continue_final_message=primer is not None,
            sanitize_control_tokens=self._family.plain_control_tokens,
            processor_kwargs={"padding": True},
        )
        return x

    def _plain(
        self, asked: Sequence[tuple[Prompt, Sequence[Image]]], primer: Primer | None
    ) -> Mapping[str, Any]:
        pictures = [picture for _, images in asked for picture in images]
        texts = [self._text(prompt, len(images), primer) for prompt, images in asked]
        x: Mapping[str, Any] = self._processor(
            images=pictures or None, text=texts, padding=True, return_tensors="pt"
        )
        return x

    def _text(self, prompt: Prompt, images: int, primer: Primer | None) -> str:
        text = self._family.prompt.format(images=(self._image or "") * images, text=wording(prompt))
        if primer is None:
            return text
        # A prompt that ends with a word for the answer does not need another.
        return text.removesuffix("Answer:") + primer.text
