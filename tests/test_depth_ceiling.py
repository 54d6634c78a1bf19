"""Depth items are decided by a head that learned depth from the depth maps of other scenes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tiny_vlms
import torch
from fake_vlm import FakeVlm, always
from made_items import item, picture, task
from PIL import Image

from pytest_vlmsight.ceiling import Ceiling, CeilingReader
from pytest_vlmsight.depth_ceiling import DepthCeiling
from pytest_vlmsight.evaluation import evaluate
from pytest_vlmsight.models.base import MeasurementError, PatchGrid
from pytest_vlmsight.models.names import parse_name
from pytest_vlmsight.models.transformers_vlm import TransformersVlm
from pytest_vlmsight.settings import Settings
from pytest_vlmsight.tasks.item import Box, DepthMap, Item, Point

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

# A picture of 80 × 48 px of which a processor sees the middle 40, in patches of 8 px.
SIZE, PATCH = (80, 48), 8
LEFT, ROWS, COLS = 20, 6, 5
XS, YS = LEFT + PATCH * (np.arange(COLS) + 0.5), PATCH * (np.arange(ROWS) + 0.5)

Eye = Callable[[Item], PatchGrid]


# -- scenes ---------------------------------------------------------------------------------------


def depth_map(depths: NDArray[np.float64]) -> DepthMap:
    """Of (h, w) depths in units."""
    array = np.round(1000 * depths).astype(np.uint16)
    digest = hashlib.sha256(array.tobytes()).hexdigest()
    return DepthMap(digest, (array.shape[1], array.shape[0]), lambda: array)


def cells(seed: int) -> NDArray[np.float64]:
    """(rows, cols) depth of what each patch of a scene sees."""
    return np.random.default_rng([seed, 0]).uniform(0.5, 8, (ROWS, COLS))


def depths_of(seed: int) -> NDArray[np.float64]:
    """(h, w) depth of a scene: flat in each patch, anything where none looks."""
    depths = np.random.default_rng([seed, 1]).uniform(0.5, 8, (SIZE[1], SIZE[0]))
    seen = cells(seed).repeat(PATCH, axis=0).repeat(PATCH, axis=1)
    depths[:, LEFT : LEFT + PATCH * COLS] = seen
    return depths


def depth_items(n: int, *, boxes: bool = False, options: int = 2, scenes: int = 0) -> list[Item]:
    """Which place is closest? A place is a patch's centre, or a box around two patches."""
    made = []
    for index in range(n):
        seed = index % (scenes or n)
        pairs = np.random.default_rng([index, 2]).permutation(ROWS // 2 * COLS)[:options]
        points, marked, true = [], [], []
        for label, pair in zip("ABCD", pairs.tolist(), strict=False):
            row, col = 2 * (pair // COLS), pair % COLS
            x, y = float(XS[col]), float(YS[row])
            if boxes:
                marked.append(Box(image=0, x0=x - 4, y0=y - 4, x1=x + 4, y1=y + 12, label=label))
            else:
                points.append(Point(image=0, x=x, y=y, label=label))
            true.append(cells(seed)[row : row + 1 + boxes, col].mean())
        made.append(
            replace(
                item(
                    [picture(lambda: Image.new("RGB", SIZE), key=f"scene {seed}", size=SIZE)],
                    answer=int(np.argmin(true)),
                    options=[f"place {label}" for label in "ABCD"[:options]],
                    name=f"depth-{index}@{seed}",
                    points=points,
                    boxes=marked,
                    scene=str(seed),
                ),
                depth_maps=(depth_map(depths_of(seed)),),
            )
        )
    return made


def scene_of(one: Item) -> int:
    return int(one.name.partition("@")[2])


def seeing(one: Item) -> PatchGrid:
    """Features in which log-depth is mixed linearly with what else there is to see."""
    hidden = np.random.default_rng([scene_of(one), 3]).standard_normal((ROWS, COLS, 4))
    hidden[..., 0] = np.log(cells(scene_of(one)))
    mixed = hidden @ np.random.default_rng(0).standard_normal((4, 8))
    return PatchGrid(features=torch.from_numpy(mixed).float(), xs=XS, ys=YS)


def by_heart(one: Item) -> PatchGrid:
    """Features that tell the scene but not its depth, wide enough to learn all depths by heart."""
    features = np.random.default_rng([scene_of(one), 4]).standard_normal((ROWS, COLS, 240))
    return PatchGrid(features=torch.from_numpy(features).float(), xs=XS, ys=YS)


def as_if_even(one: Item) -> PatchGrid:
    """The fault: the same features, said to lie evenly over the whole picture."""
    centres = [(np.arange(n) + 0.5) * size / n for n, size in zip((COLS, ROWS), SIZE, strict=True)]
    return PatchGrid(features=seeing(one).features, xs=centres[0], ys=centres[1])


def read(items: Sequence[Item], eye: Eye = seeing) -> Ceiling:
    """What the depth readout decides."""
    reader = CeilingReader("depth", items=items, kind="native", stage="encoder[1]", seed=0)
    for one in items:
        reader.observe(one, [eye(one)] * len(one.images))
    return reader.result()


def share_right(items: Sequence[Item], eye: Eye = seeing) -> float:
    """Share of items decided rightly."""
    return float((read(items, eye).choices == [one.answer for one in items]).mean())


def with_depth(one: Item, depths: NDArray[np.float64]) -> Item:
    """The item with another depth map."""
    return replace(one, depth_maps=(depth_map(depths),))


# -- deciding -------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [2, 4])
@pytest.mark.parametrize("boxes", [False, True])
def test_depth_in_the_features_decides_every_item(boxes: bool, options: int) -> None:
    items = depth_items(40, boxes=boxes, options=options)
    assert {one.answer for one in items} == set(range(options))
    assert share_right(items) == 1


def test_it_is_said_what_the_head_was_trained_on() -> None:
    assert read(depth_items(12)).trained_on == (
        "dense depth head, linear per patch, cross-fitted by group on the depth maps of 12 items "
        "(12 images), 5-fold over 12 groups (seed 0); no item was decided by a head that saw a "
        "depth map of its group"
    )
    few = read(depth_items(12, scenes=3)).trained_on
    assert few is not None
    assert "leave-one-group-out over 3 groups" in few


def test_answers_are_not_looked_at() -> None:
    items = depth_items(30)
    inverted = [replace(one, answer=1 - one.answer) for one in items]
    assert read(items).choices.tolist() == read(inverted).choices.tolist()


@pytest.mark.parametrize("boxes", [False, True])
def test_a_grid_that_lies_elsewhere_than_it_says_is_caught(boxes: bool) -> None:
    assert share_right(depth_items(60, boxes=boxes), as_if_even) < 0.8


def test_depth_is_learned_from_what_was_measured() -> None:
    items = []
    for one in depth_items(30):
        depths = depths_of(scene_of(one))
        depths[np.random.default_rng([scene_of(one), 5]).random(depths.shape) < 0.5] = 0
        items.append(with_depth(one, depths))
    assert share_right(items) == 1


def test_options_may_lie_in_several_images_each_with_its_own_map() -> None:
    items = []
    for one in depth_items(20):
        a, b = one.points
        items.append(
            replace(
                one,
                images=one.images * 2,
                clean_images=one.clean_images * 2,
                points=(a, replace(b, image=1)),
                depth_maps=(depth_map(np.zeros((48, 80))), *one.depth_maps),
            )
        )
    ceiling = read(items)
    assert ceiling.choices.tolist() == [one.answer for one in items]
    assert ceiling.trained_on is not None
    assert "20 items (20 images)" in ceiling.trained_on


# -- what must not leak ---------------------------------------------------------------------------


def test_an_items_own_depth_map_has_no_say_in_its_choice() -> None:
    items = depth_items(8)
    before = read(items, by_heart).choices
    changed_others = 0
    for index, one in enumerate(items):
        # Such features give depths back that were trained on, so a leak would be followed.
        inverted = with_depth(one, 10 - depths_of(scene_of(one)))
        after = read([*items[:index], inverted, *items[index + 1 :]], by_heart).choices
        assert after[index] == before[index]
        changed_others += int((after != before).sum())
    assert changed_others > 0


def test_items_of_a_scene_are_never_trained_on_each_other() -> None:
    items = depth_items(60, scenes=8)
    assert share_right(items, by_heart) < 0.7
    # The fault: the same items, of which it is not said that they share scenes and pictures.
    apart = [
        replace(
            one,
            slices=(),
            clean_images=(picture(lambda: Image.new("RGB", SIZE), key=str(index), size=SIZE),),
        )
        for index, one in enumerate(items)
    ]
    assert share_right(apart, by_heart) > 0.9


def test_two_scenes_are_enough_and_one_is_not() -> None:
    items = [replace(one, slices=(("scene", f"{k % 2}"),)) for k, one in enumerate(depth_items(8))]
    assert share_right(items) > 0.8
    with pytest.raises(MeasurementError, match=r"at least two groups .* all 20 are of one"):
        read(depth_items(20, scenes=1))


def test_items_of_one_scene_leave_the_answers_usable() -> None:
    items = [
        replace(one, images=(picture(lambda: Image.new("RGB", (80, 48)), key="x", size=SIZE),))
        for one in depth_items(6, scenes=1)
    ]
    evaluation = evaluate(FakeVlm(always(0)), task(items, readout="depth"), settings=Settings())
    assert "at least two groups" in evaluation.unmeasured["matched"]
    assert evaluation.sighted.choices.shape == (6, 1)


# -- what else there is ---------------------------------------------------------------------------


def test_items_without_depth_maps_are_decided_by_the_linear_readout() -> None:
    items = depth_items(30)
    for some in (
        [replace(one, depth_maps=()) for one in items],
        [replace(items[0], depth_maps=()), *items[1:]],
    ):
        ceiling = read(some)
        assert ceiling.trained_on is not None
        assert ceiling.trained_on.startswith("linear readout")


def test_wide_features_are_narrowed_and_it_is_said() -> None:
    items = depth_items(30)
    narrow = DepthCeiling(items, seed=0, widest=6)
    for one in items:
        narrow.observe(one, [seeing(one)])
    choices, trained_on = narrow.result()
    # Four things are mixed in eight channels: six sums still hold all of them.
    assert choices == [one.answer for one in items]
    assert trained_on.endswith("; features of width 8 in 6 signed sums")


def test_unsound_items_are_errors_that_name_them() -> None:
    items = depth_items(6)
    first = items[0]

    def broken() -> NDArray[np.uint16]:
        raise OSError("depth file is truncated")

    narrow = np.ones((48, 60))
    for wrong, told in (
        (with_depth(first, narrow), "depth map 0 .* 60×48 px .* expected the image's 80×48 px"),
        (replace(first, depth_maps=first.depth_maps * 2), "2 depth maps for 1 images"),
        (replace(first, depth_maps=(DepthMap("0", SIZE, broken),)), "depth file is truncated"),
        (replace(first, points=first.points[:1]), "a point or box per option, and B has none"),
    ):
        with pytest.raises(MeasurementError, match=f"item depth-0@0: .*{told}"):
            read([wrong, *items[1:]])
    with pytest.raises(MeasurementError, match=r"item depth-0@0: .*NaN"):
        read(items, lambda one: replace(seeing(one), features=seeing(one).features * torch.nan))
    unmeasured = [with_depth(one, np.zeros((48, 80))) for one in items]
    with pytest.raises(MeasurementError, match=r"depth readout: .*measured depth"):
        read(unmeasured)


# -- a real eye's way through pixels --------------------------------------------------------------


def painted(n: int, *, size: tuple[int, int], wall: int = 40) -> list[Item]:
    """Square walls, of a side in px, whose hue tells how far they are."""
    wide, high = size[0] // wall, size[1] // wall
    red = np.array([2.0, -1.0, -1.0]) / np.sqrt(6)
    green = np.array([0.0, 1.0, -1.0]) / np.sqrt(2)
    made = []
    for index in range(n):
        rng = np.random.default_rng([index, 6])
        walls = rng.uniform(0, 1, (high, wide))
        log_depth = walls.repeat(wall, axis=0).repeat(wall, axis=1)
        hue = log_depth[..., None] * np.pi / 2
        pixels = np.round(128 + 90 * (np.cos(hue) * red + np.sin(hue) * green)).astype(np.uint8)

        def paint(pixels: NDArray[np.uint8] = pixels) -> Image.Image:
            return Image.fromarray(pixels)

        first, second = rng.permutation(wide * high)[:2].tolist()
        points = [
            Point(image=0, x=wall * (k % wide + 0.5), y=wall * (k // wide + 0.5), label=label)
            for k, label in ((first, "A"), (second, "B"))
        ]
        made.append(
            replace(
                item(
                    [picture(paint, key=f"walls {index}", size=size)],
                    answer=int(walls.flat[second] < walls.flat[first]),
                    options=("place A", "place B"),
                    points=points,
                    name=f"walls-{index}",
                ),
                depth_maps=(depth_map(np.exp(log_depth)),),
            )
        )
    return made


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_vlms.build(tmp_path_factory.mktemp("eye") / "model", "oracle")


@pytest.mark.parametrize(
    "size", [(120, 120), (160, 80), pytest.param((80, 240), marks=pytest.mark.slow)]
)
def test_an_eye_that_sees_colour_reads_the_depth_that_colour_tells(
    size: tuple[int, int], checkpoint: Path
) -> None:
    evaluation = evaluate(
        TransformersVlm.from_name(parse_name(str(checkpoint))),
        task(painted(40, size=size), readout="depth"),
        settings=Settings(ceiling=("matched", "native")),
    )
    for kind in ("matched", "native"):
        assert evaluation.ceiling_scores(kind).mean() >= 0.9
        assert str(evaluation.ceilings[kind].trained_on).startswith("dense depth head")


def test_an_eye_that_sees_two_pictures_in_one_reads_the_depth_of_each(checkpoint: Path) -> None:
    walls = painted(60, size=(120, 120), wall=60)
    left, right = walls[:30], walls[30:]
    items = []
    for one, other in zip(left, right, strict=True):
        (a, _), (_, b) = one.points, other.points
        near = [
            float(own.depth_maps[0].load()[int(at.y), int(at.x)])
            for own, at in ((one, a), (other, b))
        ]
        items.append(
            replace(
                one,
                images=(*one.images, *other.images),
                clean_images=(*one.images, *other.images),
                points=(a, replace(b, image=1)),
                depth_maps=(*one.depth_maps, *other.depth_maps),
                answer=int(near[1] < near[0]),
            )
        )
    evaluation = evaluate(
        TransformersVlm.from_name(parse_name(str(checkpoint)), images="composite"),
        task(items, readout="depth"),
        settings=Settings(),
    )
    assert evaluation.ceiling_scores("matched").mean() >= 0.9
