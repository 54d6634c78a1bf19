"""What cannot be discovered from a model: one row of facts per family.

Everything else (layers, which of them the projector reads, where each token looks) is read from
the checkpoint or measured at start-up, so that most families need no row, and none needs code.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """What is particular to one ``model_type`` of transformers.

    Attributes:
        eye: name of the module that is the vision encoder, where ``get_encoder`` gives another.
        one_image: whether a prompt can have but one image; several are put side by side in one.
        image: what stands for an image in a text, where neither chat template nor processor says.
        prompt: a prompt without a chat template: ``{images}`` and ``{text}``.
        text_alone: whether the family answers without an image.
        padding: on which side the prompts of a batch are padded.
        closed: how many tokens the processor puts after every text; they are taken off again,
            for an answer that has been begun would come after them.
        plain_control_tokens: whether its processor can take control tokens in a question as text.
        adds: whether what is projected is added to the image token's embedding.
        mapless: why no token has a place in its picture, where measuring does not tell.
        refused: why the family is not measured.
    """

    eye: str | None = None
    one_image: bool = False
    image: str | None = None
    prompt: str = "{images}\n{text}\n"
    text_alone: bool = True
    padding: str = "left"
    closed: int = 0
    plain_control_tokens: bool = True
    adds: bool = False
    mapless: str | None = None
    refused: str | None = None


_QUESTION = "{images}Question: {text} Answer:"

FAMILIES = {
    "blip-2": Family(one_image=True, image="", prompt=_QUESTION, text_alone=False),
    # What is between question and answer is what its processor puts after a text.
    "chameleon": Family(
        image="<image>",
        prompt="{images}{text}<reserved08706>",
        closed=1,
        mapless="its pictures become words of a codebook, which do not change little by little",
    ),
    "florence2": Family(
        refused="it is an encoder–decoder that was trained on task tokens and not on questions, "
        "and drops what its encoder is given instead of pixels"
    ),
    "fuyu": Family(refused="it has no vision encoder: pixels go straight into its LLM"),
    "got_ocr2": Family(refused="it was trained to transcribe pages only, and takes no questions"),
    "idefics3": Family(plain_control_tokens=False),
    # Its template puts what pads a batch between image and question unless it is on the right.
    "instructblip": Family(
        one_image=True, image="", prompt="{images}{text}\n", text_alone=False, padding="right"
    ),
    "janus": Family(eye="model.vision_model"),
    "kosmos-2": Family(
        refused="its prompts take one image whose places in the text are counted by hand, and it "
        "answers no question without one"
    ),
    # Its cross-attention does not know the order of images.
    "mllama": Family(one_image=True),
    "molmo2": Family(adds=True),
    "paligemma": Family(image="<image>", prompt="{images}{text}\n", text_alone=False, closed=1),
    "video_llava": Family(eye="model.image_tower"),
}
"""Rows by ``model_type``; a family without one has nothing that would have to be said."""

ONE_IMAGE = re.compile(r"(?i)llava[-_]?(v)?1\.5|bakllava")
"""Checkpoints trained on one image per prompt: several are given side by side in one.

Matched against the name and the place that were given. A finetune of such a model in a folder of
another name says so with ``--vlm-images=composite``."""


def family_of(model_type: str) -> Family:
    """The facts of a family."""
    return FAMILIES.get(model_type, Family())
