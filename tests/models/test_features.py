"""Features are of the place that the grid says, at every stage and in every way of giving images.

The ground truth is drawn: a square on one of two otherwise equal pictures must change the feature
of the patch whose centre is nearest, whatever lies between the pixels and the grid.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tiny_vlms
import torch
from PIL import Image

from pytest_vlmsight.models.base import MeasurementError, ModelError, PatchGrid, Prompt, Stage
from pytest_vlmsight.models.names import parse_name
from pytest_vlmsight.models.transformers_vlm import TransformersVlm

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SIDE, PATCH = 112, 14
STAGES = [
    Stage("encoder", 0),
    Stage("encoder", 1),
    Stage("encoder", 2),
    Stage("projector"),
    Stage("llm", 0),
]
SIZES = [(224, 224), (336, 160), (150, 300)]


# -- checkpoints with other eyes ------------------------------------------------------------------


def _clip(*, layer: Any, select: str) -> tuple[Any, dict[str, Any]]:
    from transformers import CLIPVisionConfig

    eye = CLIPVisionConfig(
        hidden_size=32,
        intermediate_size=32,
        num_hidden_layers=3,
        num_attention_heads=4,
        image_size=SIDE,
        patch_size=PATCH,
    )
    return eye, {"layer": layer, "select": select, "extra": 1}


def _siglip() -> tuple[Any, dict[str, Any]]:
    from transformers import SiglipVisionConfig

    eye = SiglipVisionConfig(
        hidden_size=32,
        intermediate_size=32,
        num_hidden_layers=3,
        num_attention_heads=4,
        image_size=SIDE,
        patch_size=PATCH,
    )
    return eye, {"layer": -1, "select": "full", "extra": 0}


def _dinov2(registers: int) -> tuple[Any, dict[str, Any]]:
    from transformers import Dinov2Config, Dinov2WithRegistersConfig

    common = {
        "hidden_size": 32,
        "num_hidden_layers": 3,
        "num_attention_heads": 4,
        "image_size": SIDE,
        "patch_size": PATCH,
    }
    if registers:
        eye = Dinov2WithRegistersConfig(num_register_tokens=registers, **common)
    else:
        eye = Dinov2Config(**common)
    return eye, {"layer": 2, "select": "default", "extra": 1 + registers}


EYES: dict[str, Callable[[], tuple[Any, dict[str, Any]]]] = {
    "clip": lambda: _clip(layer=-2, select="default"),
    "clip, early layer": lambda: _clip(layer=1, select="default"),
    "clip, two layers": lambda: _clip(layer=[-1, 1], select="default"),
    "siglip": _siglip,
    "dinov2": lambda: _dinov2(0),
}
FED_FROM = {
    "clip": 2,
    "clip, early layer": 1,
    "clip, two layers": 3,
    "siglip": 3,
    "dinov2": 2,
}


def build(folder: Path, made: tuple[Any, dict[str, Any]], *, processor: Any = None) -> Path:
    """Save a LLaVA checkpoint with random weights and a given eye."""
    from transformers import (
        CLIPImageProcessorPil,
        LlamaConfig,
        LlavaConfig,
        LlavaForConditionalGeneration,
        LlavaProcessor,
    )
    from transformers.utils import logging

    eye, facts = made
    tokenizer = tiny_vlms._tokenizer()
    mouth = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=4096,
        pad_token_id=tokenizer.pad_token_id,
    )
    config = LlavaConfig(
        vision_config=eye,
        text_config=mouth,
        image_token_id=tokenizer.image_token_id,
        image_seq_length=(SIDE // PATCH) ** 2,
        vision_feature_layer=facts["layer"],
        vision_feature_select_strategy=facts["select"],
    )
    size = {"height": SIDE, "width": SIDE}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = LlavaForConditionalGeneration(config).eval()
    logging.disable_progress_bar()
    model.save_pretrained(folder)
    LlavaProcessor(
        image_processor=processor or CLIPImageProcessorPil(size=size, do_center_crop=False),
        tokenizer=tokenizer,
        patch_size=PATCH,
        vision_feature_select_strategy=facts["select"],
        num_additional_image_tokens=facts["extra"],
        chat_template=tiny_vlms._TEMPLATE,
    ).save_pretrained(folder)
    logging.enable_progress_bar()
    return folder


def loaded(folder: Path, **options: Any) -> TransformersVlm:
    return TransformersVlm.from_name(parse_name(str(folder)), **options)


@pytest.fixture(scope="module")
def eyes(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Name of an eye → its checkpoint, built once."""
    made: dict[str, Path] = {}

    def get(name: str) -> Path:
        if name not in made:
            made[name] = build(tmp_path_factory.mktemp("eye") / "model", EYES[name]())
        return made[name]

    return get


@pytest.fixture(scope="module")
def vlms(eyes: Callable[[str], Path]) -> dict[str, TransformersVlm]:
    """One checkpoint, given several images in either way."""
    return {images: loaded(eyes("clip"), images=images) for images in ("separate", "composite")}


# -- a drawn square -------------------------------------------------------------------------------


def texture(size: tuple[int, int], seed: int) -> Image.Image:
    random = np.random.default_rng(seed)
    coarse = random.integers(90, 150, (12, 12, 3), np.uint8)
    return Image.fromarray(coarse).resize(size, Image.Resampling.BILINEAR)


def with_square(image: Image.Image, x: float, y: float, side: int) -> Image.Image:
    """A copy with a white square around (x, y)."""
    drawn = image.copy()
    drawn.paste(
        (255, 255, 255),
        (int(x - side / 2), int(y - side / 2), int(x + side / 2), int(y + side / 2)),
    )
    return drawn


def changed(before: PatchGrid, after: PatchGrid) -> torch.Tensor:
    """(rows, cols): how far each feature moved."""
    assert np.array_equal(before.xs, after.xs)
    assert np.array_equal(before.ys, after.ys)
    moved: torch.Tensor = torch.linalg.vector_norm(after.features - before.features, dim=-1)
    return moved


def hottest(change: torch.Tensor) -> tuple[int, int]:
    row, col = np.unravel_index(int(change.argmax()), tuple(change.shape))
    return int(row), int(col)


def nearest(grid: PatchGrid, x: float, y: float) -> tuple[int, int]:
    return int(np.abs(grid.ys - y).argmin()), int(np.abs(grid.xs - x).argmin())


def asked(vlm: TransformersVlm, images: list[Image.Image], stage: Stage) -> tuple[PatchGrid, ...]:
    """The grids of a prompt that stands between others of other lengths in its batch."""
    others = [texture((200, 120), seed) for seed in range(len(images))]
    prompts = [
        Prompt(images=tuple(pictures), question=question, options=("a", "b"))
        for pictures, question in ((others, "?"), (images, "Which of these?"), (others, "So" * 9))
    ]
    return list(vlm.ask(prompts, stage=stage))[1].grids


@pytest.mark.parametrize("images", ["separate", "composite"])
@pytest.mark.parametrize("stage", STAGES, ids=str)
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_a_square_in_the_second_image_is_found_in_its_grid_at_its_place(
    vlms: dict[str, TransformersVlm], images: str, stage: Stage, size: tuple[int, int]
) -> None:
    vlm = vlms[images]
    pair = [texture((240, 200), 1), texture(size, 2)]
    before = asked(vlm, pair, stage)
    random = np.random.default_rng(3)
    for _ in range(3):
        grid = before[1]
        row, col = int(random.integers(len(grid.ys))), int(random.integers(len(grid.xs)))
        x, y = float(grid.xs[col]), float(grid.ys[row])
        after = asked(vlm, [pair[0], with_square(pair[1], x, y, 12)], stage)
        change = changed(grid, after[1])
        assert hottest(change) == nearest(grid, x, y) == (row, col)
        assert changed(before[0], after[0]).max() < 0.25 * change.max()


@pytest.mark.parametrize("images", ["separate", "composite"])
def test_a_square_in_the_first_image_is_not_seen_in_the_second(
    vlms: dict[str, TransformersVlm], images: str
) -> None:
    pair = [texture((240, 200), 1), texture((224, 224), 2)]
    stage = Stage("encoder", 0)
    before = asked(vlms[images], pair, stage)
    after = asked(vlms[images], [with_square(pair[0], 45, 132, 12), pair[1]], stage)
    assert hottest(changed(before[0], after[0])) == nearest(before[0], 45, 132)
    assert changed(before[1], after[1]).max() == 0


@pytest.mark.parametrize("stage", STAGES, ids=str)
def test_three_images_keep_their_grids(vlms: dict[str, TransformersVlm], stage: Stage) -> None:
    images = [texture(size, seed) for seed, size in enumerate(SIZES)]
    for vlm, which in itertools.product(vlms.values(), range(3)):
        before = asked(vlm, images, stage)
        x, y = float(before[which].xs[1]), float(before[which].ys[-2])
        lit = [
            with_square(image, x, y, 16) if k == which else image for k, image in enumerate(images)
        ]
        after = asked(vlm, lit, stage)
        change = [float(changed(b, a).max()) for b, a in zip(before, after, strict=True)]
        assert int(np.argmax(change)) == which
        assert hottest(changed(before[which], after[which])) == (len(before[which].ys) - 2, 1)


def test_centres_are_in_the_pixels_of_their_own_picture(vlms: dict[str, TransformersVlm]) -> None:
    images = [texture(size, seed) for seed, size in enumerate(SIZES)]
    for grids in (asked(vlm, images, Stage("projector")) for vlm in vlms.values()):
        for grid, (width, height) in zip(grids, SIZES, strict=True):
            assert 0 <= grid.xs[0] < grid.xs[-1] < width
            assert 0 <= grid.ys[0] < grid.ys[-1] < height
            assert grid.features.shape[:2] == (len(grid.ys), len(grid.xs))


def test_a_composite_shares_one_grid_out(vlms: dict[str, TransformersVlm]) -> None:
    images = [texture((224, 224), seed) for seed in range(2)]
    grids = asked(vlms["composite"], images, Stage("projector"))
    assert [len(grid.xs) for grid in grids] == [4, 4]  # eight columns on 458 px
    assert [len(grid.ys) for grid in grids] == [8, 8]
    (alone,) = asked(vlms["composite"], images[:1], Stage("projector"))
    assert alone.features.shape[:2] == (8, 8)


def test_a_picture_without_a_patch_in_a_composite_is_no_measurement(
    vlms: dict[str, TransformersVlm],
) -> None:
    images = [texture((600, 600), 0), texture((10, 10), 1)]
    with pytest.raises(
        MeasurementError, match="no patch of the model lies in a picture of 10×10 px"
    ):
        asked(vlms["composite"], images, Stage("projector"))


@pytest.mark.parametrize("images", ["separate", "composite"])
def test_the_llm_starts_from_what_the_projector_gave(
    vlms: dict[str, TransformersVlm], images: str
) -> None:
    pair = [texture((240, 200), 1), texture((100, 300), 2)]
    given = asked(vlms[images], pair, Stage("projector"))
    read = asked(vlms[images], pair, Stage("llm", 0))
    for one, other in zip(given, read, strict=True):
        assert torch.equal(one.features, other.features)
    later = asked(vlms[images], pair, Stage("llm", 1))
    assert not torch.equal(later[0].features, given[0].features)


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_looking_finds_a_square(vlms: dict[str, TransformersVlm], size: tuple[int, int]) -> None:
    image = texture(size, 0)
    drawn = with_square(image, size[0] * 0.7, size[1] * 0.3, 14)
    for stage in STAGES[:4]:
        before, after = vlms["separate"].look([image, drawn], stage=stage)
        want = nearest(before, size[0] * 0.7, size[1] * 0.3)
        assert hottest(changed(before, after)) == want


# -- other eyes -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", EYES)
def test_an_eye_is_read_where_its_projector_reads(eyes: Callable[[str], Path], name: str) -> None:
    vlm = loaded(eyes(name))
    assert vlm.fed_from == Stage("encoder", FED_FROM[name])
    pair = [texture((240, 200), 1), texture((180, 260), 2)]
    for stage in (Stage("encoder", 0), vlm.fed_from, Stage("projector"), Stage("llm", 0)):
        before = asked(vlm, pair, stage)
        assert before[1].features.shape[:2] == (8, 8)
        x, y = float(before[1].xs[5]), float(before[1].ys[2])
        after = asked(vlm, [pair[0], with_square(pair[1], x, y, 12)], stage)
        assert hottest(changed(before[1], after[1])) == (2, 5)


@pytest.mark.parametrize("name", EYES)
def test_an_eye_read_one_layer_off_does_not_start(
    eyes: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(TransformersVlm, "fed_from", Stage("encoder", FED_FROM[name] - 1))
    if name == "clip, two layers":  # nothing to compare with: its projector reads both
        loaded(eyes(name))
        return
    with pytest.raises(ModelError, match="self-check failed"):
        loaded(eyes(name))


def test_a_cls_token_that_the_llm_is_given_is_refused(tmp_path: Path) -> None:
    folder = build(tmp_path / "model", _clip(layer=-2, select="full"))
    with pytest.raises(ModelError, match=r"self-check failed: .* in shape"):
        loaded(folder)


def test_registers_that_the_llm_is_given_are_refused(tmp_path: Path) -> None:
    """LLaVA drops one token in front; an eye with registers has more."""
    folder = build(tmp_path / "model", _dinov2(4))
    with pytest.raises(ModelError, match=r"self-check failed: .* in shape"):
        loaded(folder)


@pytest.mark.parametrize("size", [(336, 160), (150, 300)], ids=str)
def test_a_picture_that_would_be_cropped_is_given_whole(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    """What lies beyond a centre crop neither LLM nor readout could see."""
    from transformers import CLIPImageProcessorPil

    crop = CLIPImageProcessorPil(
        size={"shortest_edge": SIDE}, crop_size={"height": SIDE, "width": SIDE}
    )
    folder = build(tmp_path / "model", EYES["clip"](), processor=crop)
    image = texture(size, 0)
    x, y = size[0] - 20, size[1] - 20
    marked = with_square(image, x, y, 36)
    for images in ("separate", "composite"):
        vlm = loaded(folder, images=images)
        shown = [asked(vlm, [image, second], Stage("encoder", 1))[1] for second in (image, marked)]
        for before, after in (shown, vlm.look([image, marked], stage=Stage("encoder", 1))):
            for centres, length in zip((before.xs, before.ys), size, strict=True):
                step = centres[1] - centres[0]
                assert centres[0] < step
                assert length - step < centres[-1] < length
            assert hottest(changed(before, after)) == nearest(before, x, y)


def test_padding_to_a_square_is_the_processors_mean_colour(tmp_path: Path) -> None:
    from transformers import CLIPImageProcessorPil

    crop = CLIPImageProcessorPil(
        size={"shortest_edge": SIDE}, crop_size={"height": SIDE, "width": SIDE}
    )
    vlm = loaded(build(tmp_path / "model", EYES["clip"](), processor=crop), images="separate")
    (canvas,), _ = vlm._given(Prompt(images=(texture((300, 150), 0),), question="?", options=()))
    assert canvas.size == (300, 300)
    assert canvas.getpixel((299, 299)) == tuple(round(255 * m) for m in crop.image_mean)
    assert abs(vlm._process(canvas)[:, -4:, -4:]).max() < 0.02  # nothing, after normalisation


def test_padding_is_on_no_grid(tmp_path: Path) -> None:
    from transformers import LlavaImageProcessorPil

    pad = LlavaImageProcessorPil(
        size={"shortest_edge": SIDE}, crop_size={"height": SIDE, "width": SIDE}, do_pad=True
    )
    vlm = loaded(build(tmp_path / "model", EYES["clip"](), processor=pad), images="separate")
    image = texture((320, 160), 0)
    for stage in (Stage("encoder", 2), Stage("projector")):
        before, after = vlm.look([image, with_square(image, 100, 60, 12)], stage=stage)
        assert before.features.shape[:2] == (4, 8)
        assert hottest(changed(before, after)) == nearest(before, 100, 60) == (1, 2)


def test_a_processor_that_moves_things_about_does_not_start(
    eyes: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    process = TransformersVlm._process
    monkeypatch.setattr(
        TransformersVlm, "_process", lambda self, image: process(self, image)[:, :, ::-1]
    )
    with pytest.raises(ModelError, match="does not map a 128×96 picture to a plain grid"):
        loaded(eyes("clip"))
