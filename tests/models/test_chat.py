"""What a model is given for a question: by its chat template, or by its processor's plain text."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import pytest
import torch
from asking import noise, prompt
from families.videos import without_videos
from tiny_families import FAMILIES, missing

from pytest_vlmsight.models.base import MeasurementError, ModelError
from pytest_vlmsight.models.chat import Chat
from pytest_vlmsight.models.families import Family, family_of
from pytest_vlmsight.models.prompts import wording

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_vlmsight.models.base import Prompt

ASKED = prompt(noise(0), options=3)


@pytest.fixture(scope="module")
def chats(families: Callable[[str], Path]) -> Callable[[str], Chat]:
    """Name of a family → how its tiny checkpoint is asked; made anew each time."""
    from transformers import AutoConfig, AutoProcessor

    def get(name: str) -> Chat:
        folder = families(name)
        with without_videos():
            processor = AutoProcessor.from_pretrained(folder)
        kind = AutoConfig.from_pretrained(folder).model_type
        return Chat(processor, family=family_of(kind), name=name)

    return get


def text_of(chat: Chat, x: dict[str, Any], row: int = 0) -> str:
    """What the model reads, without padding and with images as one token each."""
    ids = x["input_ids"][row][x["attention_mask"][row].bool()]
    text: str = chat._tokenizer.decode(ids)
    return text


MEASURED = [
    name for name in FAMILIES if not missing(name) and name not in {"florence2", "got_ocr2"}
]


@pytest.mark.parametrize("name", [name for name in MEASURED if name != "kosmos-2"])
def test_a_primed_prompt_ends_with_its_primer_and_holds_the_question(
    chats: Callable[[str], Chat], name: str
) -> None:
    chat = chats(name)
    primer, ids = chat.letters(ASKED)
    x = chat.encode([(ASKED, ASKED.images)], primer=primer)
    text = text_of(chat, x)
    assert text.endswith(primer.text)
    assert text.count(wording(ASKED)) == 1
    assert len(set(ids)) == 3
    assert chat._tokenizer.convert_ids_to_tokens(ids) == list("ABC")
    assert chat.primer == primer.text


@pytest.mark.parametrize(
    ("name", "end"),
    [
        ("llava-clip", "right option.\nASSISTANT: "),
        ("qwen2_vl", "right option.<|im_end|>\n<|im_start|>assistant\n"),
        ("chameleon", "right option.<reserved08706>"),
        ("paligemma", "right option.\n"),
        ("blip2", "right option. Answer:"),
        ("instructblip", "right option.\n"),
    ],
)
def test_an_answer_that_is_generated_comes_where_the_family_answers(
    chats: Callable[[str], Chat], name: str, end: str
) -> None:
    chat = chats(name)
    assert text_of(chat, chat.encode([(ASKED, ASKED.images)], primer=None)).endswith(end)


def test_images_come_before_the_question(chats: Callable[[str], Chat]) -> None:
    for name, image in (("llava-clip", "<image>"), ("paligemma", "<image>")):
        chat = chats(name)
        asked = prompt(noise(0), noise(1))
        text = text_of(chat, chat.encode([(asked, asked.images)], primer=None))
        assert text.count(image) == 2 * 64
        assert text.rindex(image) < text.index("Which?")


def test_a_prompt_without_a_template_says_so(chats: Callable[[str], Chat]) -> None:
    assert chats("llava-clip").form == "chat template"
    assert chats("blip2").form == "no chat template: '{images}Question: {text} Answer:'"


def test_a_prompt_that_asks_for_an_answer_asks_once(chats: Callable[[str], Chat]) -> None:
    chat = chats("blip2")
    primer, _ = chat.letters(ASKED)
    text = text_of(chat, chat.encode([(ASKED, ASKED.images)], primer=primer))
    assert text.endswith("right option. Answer: (")
    assert text.count("Answer:") == 1


# -- batches --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["llava-clip", "paligemma", "chameleon", "blip2", "instructblip"])
def test_prompts_of_a_batch_are_padded_on_the_familys_side(
    chats: Callable[[str], Chat], name: str
) -> None:
    padding = "right" if name == "instructblip" else "left"
    chat = chats(name)
    asked = [prompt(noise(k), words=words) for k, words in enumerate((1, 9))]
    primer, _ = chat.letters(asked[0])
    x = chat.encode([(p, p.images) for p in asked], primer=primer)
    mask = x["attention_mask"]
    # BLIP-2's processor puts its image tokens before what has been padded.
    assert mask[0].min() == 0
    assert mask[0, -1] == (padding == "left")
    assert mask[1].min() == 1
    for row, one in enumerate(asked):
        alone = text_of(chat, chat.encode([(one, one.images)], primer=primer))
        assert text_of(chat, x, row) == alone
        assert alone.endswith(primer.text)


# -- without an image -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["blip2", "instructblip", "paligemma"])
def test_a_family_that_needs_an_image_says_what_to_use_instead(
    chats: Callable[[str], Chat], name: str
) -> None:
    blind = prompt()
    with pytest.raises(MeasurementError, match=rf"{name} cannot be asked .*--vlm-blind=blank"):
        chats(name).encode([(blind, ())], primer=None)


@pytest.mark.parametrize("name", ["llava-clip", "chameleon", "qwen2_vl", "idefics3", "mllama"])
def test_other_families_are_asked_without_an_image(chats: Callable[[str], Chat], name: str) -> None:
    chat = chats(name)
    blind = prompt()
    x = chat.encode([(blind, ())], primer=None)
    assert "pixel_values" not in x
    assert wording(blind) in text_of(chat, x)


# -- control tokens -------------------------------------------------------------------------------


def test_control_tokens_in_a_question_are_text(chats: Callable[[str], Chat]) -> None:
    chat = chats("llava-clip")
    asked = prompt(noise(0), question="What is <image> here?")
    (ids,) = chat.encode([(asked, asked.images)], primer=None)["input_ids"]
    image = chat._tokenizer.convert_tokens_to_ids("<image>")
    assert int((ids == image).sum()) == 64


# -- made-up processors ---------------------------------------------------------------------------


class Words:
    """A tokenizer of bytes."""

    pad_token: str | None = None
    eos_token = "<end>"  # noqa: S105 - no password
    padding_side = "right"
    chat_template: str | None = None

    def __call__(self, text: str, *, add_special_tokens: bool) -> dict[str, list[int]]:
        assert not add_special_tokens
        return {"input_ids": list(text.encode())}


class Processor:
    """Gives the bytes of a text."""

    def __init__(self, *, template: str | None = None, image: str | None = None) -> None:
        self.tokenizer = Words()
        self.chat_template = template
        if image is not None:
            self.image_token = image
        self.warned: str | None = None
        self.templates: list[str | None] = []

    def __call__(self, *, text: list[str], **_: Any) -> dict[str, Any]:
        if self.warned:
            warnings.warn(self.warned, DeprecationWarning, stacklevel=2)
        ids = torch.tensor([list(one.encode()) for one in text])
        return {"input_ids": ids, "labels": ids, "token_type_ids": 0 * ids, "other": ids[0]}

    def apply_chat_template(self, chats: Any, **options: Any) -> Any:
        self.templates.append(options["chat_template"])
        if not options.get("tokenize"):
            return f"user: {chats[0]['content'][-1]['text']} {chats[1]['content'][0]['text']}"
        return self(text=["asked"] * len(chats))


def made(processor: Processor, **facts: Any) -> Chat:
    return Chat(processor, family=Family(**facts), name="made-up")


def encoded(chat: Chat, asked: Prompt = ASKED) -> dict[str, Any]:
    return chat.encode([(asked, asked.images)], primer=None)


def test_a_model_without_a_template_and_an_image_token_does_not_start() -> None:
    with pytest.raises(ModelError, match=r"made-up: there is no chat template .*jinja beside"):
        made(Processor())


def test_what_stands_for_an_image_is_the_processors_word_or_the_familys() -> None:
    for processor, facts, word in (
        (Processor(image="<pic>"), {}, "<pic>"),
        (Processor(image="<pic>"), {"image": "<mine>"}, "<mine>"),
        (Processor(), {"image": ""}, ""),
    ):
        text = bytes(encoded(made(processor, **facts))["input_ids"][0].tolist()).decode()
        assert text == f"{word}\n{wording(ASKED)}\n"


def test_what_processors_add_for_training_is_left_out() -> None:
    assert set(encoded(made(Processor(image="")))) == {"input_ids", "token_type_ids", "other"}


def test_what_a_processor_puts_after_a_text_is_taken_off() -> None:
    plain, cut = (encoded(made(Processor(image=""), closed=closed)) for closed in (0, 3))
    for key in ("input_ids", "token_type_ids"):
        assert torch.equal(cut[key], plain[key][:, :-3])
    assert torch.equal(cut["other"], plain["other"])


def test_a_tokenizer_without_padding_pads_with_its_end() -> None:
    processor = Processor(image="")
    made(processor, padding="left")
    assert processor.tokenizer.pad_token == processor.tokenizer.eos_token
    assert processor.tokenizer.padding_side == "left"


def test_a_template_that_only_the_tokenizer_keeps_is_used() -> None:
    processor = Processor()
    processor.tokenizer.chat_template = "the tokenizer's"
    chat = made(processor)
    encoded(chat)
    assert chat.form == "chat template"
    assert processor.templates == ["the tokenizer's"]


def test_letters_are_worked_out_once_per_number_of_options() -> None:
    processor = Processor(template="a template")
    chat = made(processor)
    assert chat.primer is None
    three = chat.letters(ASKED)
    rendered = len(processor.templates)
    assert chat.letters(prompt(noise(1), words=5, options=3)) is three
    assert len(processor.templates) == rendered
    assert three[1] == list(b"ABC")
    assert chat.letters(prompt(options=4))[1] == list(b"ABCD")
    assert chat.primer == "Answer: ("


def test_what_processors_use_of_an_older_numpy_is_not_the_users_concern() -> None:
    processor = Processor(image="")
    processor.warned = "__array__ implementation doesn't accept a copy keyword, so passing"
    encoded(made(processor))
    processor.warned = "something else is deprecated"
    with pytest.warns(DeprecationWarning, match="something else"):
        encoded(made(processor))
