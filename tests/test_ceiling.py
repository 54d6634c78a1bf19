"""Each readout decides items whose answer is plain in the features."""

from __future__ import annotations

import numpy as np
import pytest
from fake_vlm import grid
from made_items import BLUE, GREEN, GREY, RED, flat, item, same_colour_items, tiles

from pytest_vlmsight.ceiling import Ceiling, CeilingReader
from pytest_vlmsight.models.base import MeasurementError
from pytest_vlmsight.tasks.item import Box, Item, Point

CENTRES = ((16, 16), (48, 16), (16, 48), (48, 48))
COLOURS = (RED, GREEN, BLUE, GREY)


def read(readout: str, items: list[Item]) -> Ceiling:
    """Decide items from the mean colours of their patches."""
    reader = CeilingReader(readout, items=items, kind="matched", stage="encoder[1]", seed=0)
    for one in items:
        reader.observe(one, [grid(picture.load()) for picture in one.images])
    return reader.result()


def matching_items(n: int) -> list[Item]:
    """REF on a colour of image 0, A to D on the four tiles of image 1."""
    made = []
    for index in range(n):
        x, y = CENTRES[index % 4]
        points = [Point(image=0, x=32, y=32, label="REF")]
        points += [
            Point(image=1, x=cx, y=cy, label=label)
            for label, (cx, cy) in zip("ABCD", CENTRES, strict=True)
        ]
        made.append(
            item(
                (flat(COLOURS[index % 4]), tiles(COLOURS)),
                answer=index % 4,
                options=("point A", "point B", "point C", "point D"),
                points=points,
                name=f"match-{index} at {x},{y}",
            )
        )
    return made


def brighter_items(n: int, *, boxes: bool, seed: int = 0) -> list[Item]:
    """Two places in one picture of noise-free greys; the redder one is right. 12 scenes."""
    rng = np.random.default_rng(seed)
    made = []
    for index in range(n):
        shades = [(int(r), int(g), 100) for r, g in rng.integers(20, 235, (4, 2))]
        answer = int(shades[1][0] > shades[0][0])
        places = (
            {
                "boxes": [
                    Box(image=0, x0=x - 15, y0=1, x1=x + 15, y1=31, label=label)
                    for label, x in (("A", 16), ("B", 48))
                ]
            }
            if boxes
            else {
                "points": [
                    Point(image=0, x=x, y=16, label=label) for label, x in (("A", 16), ("B", 48))
                ]
            }
        )
        made.append(
            item(
                (tiles(shades),),
                answer=answer,
                options=("point A", "point B"),
                scene=f"s{index % 12}",
                name=f"pair-{index}",
                **places,
            )
        )
    return made


def accuracy(readout: str, items: list[Item]) -> float:
    """Share of right choices."""
    return float((read(readout, items).choices == [one.answer for one in items]).mean())


def test_nearest_patch_reads_at_the_points() -> None:
    assert accuracy("nearest_patch", matching_items(16)) == 1


def test_points_with_x_and_y_swapped_would_be_caught() -> None:
    swapped = [
        item(
            one.images,
            answer=one.answer,
            options=one.options,
            points=[Point(image=p.image, x=p.y, y=p.x, label=p.label) for p in one.points],
        )
        for one in matching_items(16)
    ]
    assert accuracy("nearest_patch", swapped) == 0.5  # A and D lie on the diagonal


@pytest.mark.parametrize("readout", ["pooled", "gram"])
def test_whole_images_are_compared_with_the_first(readout: str) -> None:
    assert accuracy(readout, same_colour_items(24)) == 1


def test_oddity_finds_the_image_unlike_the_others() -> None:
    items = []
    for index in range(12):
        images = [flat(RED), flat(RED), flat(RED)]
        images[index % 3] = flat(GREEN)
        items.append(
            item(images, answer=index % 3, options=("first", "second", "third"), name=f"o{index}")
        )
    assert accuracy("oddity", items) == 1


@pytest.mark.parametrize("boxes", [False, True])
@pytest.mark.parametrize("readout", ["linear", "depth"])
def test_fitted_readouts_learn_from_other_scenes(readout: str, boxes: bool) -> None:
    items = brighter_items(120, boxes=boxes)
    ceiling = read(readout, items)
    right = float((ceiling.choices == [one.answer for one in items]).mean())
    assert right > 0.95
    assert ceiling.trained_on is not None
    assert "cross-fitted by group on 120 items" in ceiling.trained_on


def test_fitted_readouts_learn_nothing_from_random_answers() -> None:
    rng = np.random.default_rng(5)
    items = [
        item(
            one.images,
            answer=int(rng.integers(2)),
            options=one.options,
            points=one.points,
            scene=dict(one.slices)["scene"],
            name=one.name,
        )
        for one in brighter_items(240, boxes=False)
    ]
    assert 0.38 < accuracy("linear", items) < 0.62


def test_fitted_readouts_compare_whole_images_where_there_are_no_points() -> None:
    rng = np.random.default_rng(1)
    items = []
    for index in range(60):
        (a, b, c), (d, e, f) = rng.integers(0, 256, (2, 3)).tolist()
        like, other = (a, b, c), (d, e, f)
        pair = (flat(like), flat(other)) if index % 2 == 0 else (flat(other), flat(like))
        items.append(item((flat(like), *pair), answer=index % 2, name=f"c{index}"))
    assert accuracy("linear", items) > 0.9


def test_pictures_shared_by_all_items_leave_nothing_to_train_on() -> None:
    items = [
        item(one.images, answer=one.answer, scene=f"s{index % 6}", name=one.name)
        for index, one in enumerate(same_colour_items(60))
    ]
    with pytest.raises(MeasurementError, match="at least two groups"):
        read("linear", items)


def test_zero_shot_readouts_say_that_nothing_was_trained() -> None:
    assert read("pooled", same_colour_items(4)).trained_on is None


def test_missing_points_are_an_error_that_names_the_item() -> None:
    with pytest.raises(MeasurementError, match=r"item colour-000.*REF"):
        read("nearest_patch", same_colour_items(2))


def test_an_unknown_readout_is_an_error() -> None:
    with pytest.raises(MeasurementError, match="no readout called 'psychic'"):
        read("psychic", same_colour_items(2))


def test_features_of_too_few_images_are_an_error() -> None:
    items = same_colour_items(1)
    reader = CeilingReader("pooled", items=items, kind="matched", stage="encoder[1]", seed=0)
    with pytest.raises(MeasurementError, match="2 images for 3"):
        reader.observe(items[0], [grid(flat(RED).load())] * 2)


def test_choices_that_would_not_be_those_of_all_items_are_an_error() -> None:
    items = same_colour_items(3)
    reader = CeilingReader("pooled", items=items, kind="matched", stage="encoder[1]", seed=0)
    for one in items[:2]:
        reader.observe(one, [grid(picture.load()) for picture in one.images])
    with pytest.raises(MeasurementError, match="features of 2 of 3 items"):
        reader.result()
    with pytest.raises(AssertionError, match="colour-001 is not the next item"):
        reader.observe(items[1], [grid(picture.load()) for picture in items[1].images])
