"""A LLaVA processor that squashes every picture to a square, so that no pixel is out of sight."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence


def squashing_processor(
    tokenizer: Any,
    *,
    side: int,
    patch: int,
    mean: Sequence[float],
    std: Sequence[float],
    image_token: str,
) -> Any:
    """A `LlavaProcessor` of an eye with one extra token, CLS, that the projector is not given.

    Args:
        tokenizer: with the image token and a chat template.
        side: of the square, in px.
        patch: side of a patch, in px.
        mean: of the channels, from 0 to 1.
        std: likewise.
        image_token: stands for a patch in texts.
    """
    from transformers import BitImageProcessorPil, LlavaProcessor

    square = {"height": side, "width": side}
    return LlavaProcessor(
        image_processor=BitImageProcessorPil(
            size=square,
            crop_size=square,
            do_center_crop=False,
            image_mean=list(mean),
            image_std=list(std),
        ),
        tokenizer=tokenizer,
        patch_size=patch,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        image_token=image_token,
        chat_template=tokenizer.chat_template,
    )
