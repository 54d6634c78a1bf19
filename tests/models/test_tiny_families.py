"""Tiny checkpoints of every family load, see their pictures and read their questions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tiny_families
import torch
from PIL import Image
from safetensors.torch import load_file
from tiny_families import FAMILIES, ONE_PICTURE, build, inputs, load, missing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from torch import Tensor

TOKENS: dict[str, tuple[int, int]] = {
    "aya_vision": (80, 48),
    "blip2": (16, 16),
    "chameleon": (64, 64),
    "cohere2_vision": (80, 48),
    "deepseek_vl": (64, 64),
    "deepseek_vl_hybrid": (64, 64),
    "ernie4_5_vl_moe": (16, 32),
    "fast_vlm": (16, 16),
    "florence2": (17, 17),
    "gemma3": (16, 16),
    "glm4v": (16, 32),
    "glm4v_moe": (16, 32),
    "got_ocr2": (256, 256),
    "idefics2": (16, 16),
    "idefics2-split": (80, 80),
    "idefics3": (80, 48),
    "instructblip": (16, 16),
    "internvl": (80, 48),
    "janus": (64, 64),
    "kosmos-2": (64, 64),
    "lfm2_vl": (80, 42),
    "llama4": (80, 48),
    "llava-clip": (64, 64),
    "llava-pixtral": (64, 128),
    "llava-siglip": (64, 64),
    "llava_next": (88, 52),
    "llava_next_video": (88, 52),
    "llava_onevision": (88, 52),
    "mistral3": (16, 32),
    "mllama": (1, 1),
    "molmo2": (65, 56),
    "ovis2": (80, 48),
    "paligemma": (64, 64),
    "paligemma2": (64, 64),
    "perception_lm": (80, 48),
    "phi4_multimodal": (545, 801),
    "qwen2_5_vl": (16, 32),
    "qwen2_vl": (16, 32),
    "qwen3_5": (16, 32),
    "qwen3_vl": (16, 32),
    "qwen3_vl_moe": (16, 32),
    "smolvlm": (80, 48),
    "video_llava": (64, 64),
    "vipllava": (64, 64),
}
"""Of the language model, for a picture of 112×112 px and one twice as wide."""

pytestmark = pytest.mark.filterwarnings(
    # Of transformers' processors for GLM, Ernie and PaliGemma.
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
)

NO_TEXT_ALONE = {
    "blip2": "pixel_values",
    "got_ocr2": "You must provide valid `images`",
    "instructblip": "pixel_values",
    "kosmos-2": "`pixel_values` or `image_embeds`",
    "paligemma": "`images` are expected",
    "paligemma2": "`images` are expected",
}
"""Families that refuse a question without a picture, and the words that they do it in."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A family's checkpoint."""

    family: str
    folder: Path
    model: Any
    processor: Any

    def inputs(self, *prompts: tuple[Sequence[Image.Image], str]) -> dict[str, Any]:
        return inputs(self.family, self.processor, prompts)

    def next_word(self, *prompts: tuple[Sequence[Image.Image], str]) -> Tensor:
        """(prompts, vocabulary) finite logits of the word that follows each prompt."""
        x = self.inputs(*prompts)
        with torch.inference_mode():
            logits: Tensor = self.model(**x).logits[:, -1]
        assert torch.isfinite(logits).all()
        return logits


@pytest.fixture(scope="module", params=[family for family in FAMILIES if not missing(family)])
def loaded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    family: str = request.param
    folder = build(tmp_path_factory.mktemp("families") / "model", family)
    model, processor = load(folder)
    # An encoder numbers its places from the left.
    processor.tokenizer.padding_side = "right" if family == "florence2" else "left"
    return Loaded(family, folder, model, processor)


@pytest.mark.parametrize("family", tiny_families.NEEDS)
def test_a_family_that_lacks_a_package_is_not_made(family: str, tmp_path: Path) -> None:
    if not missing(family):
        pytest.skip("all that it needs is installed")
    with pytest.raises(ImportError, match="(?i)" + "|".join(missing(family))):
        build(tmp_path / "model", family)


def picture(seed: int, *, height: int = 112, width: int = 112) -> Image.Image:
    rng = np.random.default_rng(seed)
    return Image.fromarray(rng.integers(0, 256, (height, width, 3), np.uint8))


def differ(a: Tensor, b: Tensor) -> bool:
    return bool((a - b).abs().max() > 1e-3)


def test_a_checkpoint_is_small(loaded: Loaded) -> None:
    assert sum(path.stat().st_size for path in loaded.folder.rglob("*")) < 3_000_000


@pytest.mark.slow
def test_weights_are_the_seeds(loaded: Loaded, tmp_path: Path) -> None:
    first, again, other = (
        load_file(folder / "model.safetensors")
        for folder in (
            loaded.folder,
            build(tmp_path / "again", loaded.family),
            build(tmp_path / "other", loaded.family, seed=1),
        )
    )
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not all(torch.equal(first[name], other[name]) for name in first)


def test_pictures_and_questions_change_the_answer(loaded: Loaded) -> None:
    answer = loaded.next_word(([picture(0)], "What is it?"))
    assert differ(answer, loaded.next_word(([picture(1)], "What is it?")))
    assert differ(answer, loaded.next_word(([picture(0)], "Which one?")))


def test_a_picture_is_as_many_tokens_as_its_family_says(loaded: Loaded) -> None:
    square, wide = picture(0), picture(1, width=224)
    loaded.next_word(([wide], "What is it?"))
    counted = [_tokens(loaded, image) for image in (square, wide)]
    assert tuple(counted) == TOKENS[loaded.family]


@pytest.mark.slow
def test_each_of_two_pictures_changes_the_answer(loaded: Loaded) -> None:
    if loaded.family in ONE_PICTURE:
        pytest.skip("its prompts have one picture")
    answer = loaded.next_word(([picture(0), picture(1)], "Which?"))
    assert differ(answer, loaded.next_word(([picture(2), picture(1)], "Which?")))
    assert differ(answer, loaded.next_word(([picture(0), picture(2)], "Which?")))


@pytest.mark.slow
def test_a_batch_is_answered_as_its_prompts_are(loaded: Loaded) -> None:
    short, long = "What is it?", "And what may this one be?"
    together = loaded.next_word(([picture(0)], short), ([picture(1)], long))
    alone = torch.cat(
        [loaded.next_word(([picture(0)], short)), loaded.next_word(([picture(1)], long))]
    )
    if loaded.family == "instructblip":  # puts the padding between picture and question
        assert differ(together[0], alone[0])
        together, alone = together[1], alone[1]
    torch.testing.assert_close(together, alone, atol=1e-4, rtol=0)


def test_a_question_without_a_picture_is_answered_or_refused(loaded: Loaded) -> None:
    if loaded.family in NO_TEXT_ALONE:
        with pytest.raises((TypeError, ValueError), match=NO_TEXT_ALONE[loaded.family]):
            loaded.next_word(([], "What is it?"))
    else:
        blind = loaded.next_word(([], "What is it?"))
        assert differ(blind, loaded.next_word(([], "Which one?")))


def test_blip2_ignores_a_second_picture(tmp_path: Path) -> None:
    model, processor = load(build(tmp_path / "model", "blip2"))
    one = Loaded("blip2", tmp_path, model, processor)
    answer = one.next_word(([picture(0)], "Which?"))
    assert torch.equal(answer, one.next_word(([picture(0), picture(1)], "Which?")))


def test_building_leaves_the_random_state_alone(tmp_path: Path) -> None:
    before = torch.get_rng_state()
    build(tmp_path / "model", "llava-clip")
    assert torch.equal(torch.get_rng_state(), before)


def test_an_unknown_family_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="'lava'; expected one of"):
        build(tmp_path, "lava")


def test_what_is_said_of_families_is_said_of_known_ones() -> None:
    for said in (
        TOKENS,
        NO_TEXT_ALONE,
        tiny_families.NEEDS,
        tiny_families.WITHOUT_TEMPLATE,
        tiny_families.UNSANITIZED,
        ONE_PICTURE,
    ):
        assert set(said) <= set(FAMILIES)


def _tokens(loaded: Loaded, image: Image.Image) -> int:
    x = loaded.inputs(([image], "What is it?"))
    if loaded.family == "kosmos-2":
        return int(x["image_embeds_position_mask"].sum())
    config = loaded.model.config
    if loaded.family == "phi4_multimodal":
        config = config.vision_config
    return int((x["input_ids"] == config.image_token_id).sum())
