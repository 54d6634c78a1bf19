"""What shortcuts go by: places, pixels, markers and words, each without the others."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
import pytest
from made_items import BLUE, GREEN, GREY, RED, flat, item, picture, tiles
from PIL import Image, ImageDraw

from pytest_vlmsight.audit.marks import has_markers, mark_clues
from pytest_vlmsight.audit.pixels import pixel_clues
from pytest_vlmsight.audit.positions import position_clues
from pytest_vlmsight.audit.silhouettes import compare_silhouettes, silhouette
from pytest_vlmsight.audit.subjects import Subjects, subjects_of
from pytest_vlmsight.audit.words import bags, word_clues
from pytest_vlmsight.tasks.item import Box, Item, Picture, Point, letter
from pytest_vlmsight.tasks.markers import DEFAULT_STYLE, Markers, MarkerStyle

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_vlmsight.audit.rows import Clues

SOURCE = (0, 1)


def subjects(made: Item, order: Sequence[int] = SOURCE) -> Subjects:
    found = subjects_of(made, order)
    assert found is not None
    return found


def pixels_of(made: Item, order: Sequence[int] = SOURCE) -> Clues:
    images = {i: p.load() for i, p in enumerate(made.clean_images)}
    return pixel_clues(subjects(made, order), images)


def marks_of(made: Item, order: Sequence[int] = SOURCE) -> Clues:
    images = {i: p.load() for i, p in enumerate(made.clean_images)}
    return mark_clues(made, order, subjects(made, order), images)


def pointed(
    *places: tuple[float, float], background: Picture | None = None, ref: bool = False
) -> Item:
    labels = (
        ["REF", *map(letter, range(len(places) - 1))] if ref else map(letter, range(len(places)))
    )
    points = [Point(image=0, x=x, y=y, label=n) for n, (x, y) in zip(labels, places, strict=True)]
    options = [f"point {letter(i)}" for i in range(len(places) - ref)]
    shown = background or tiles([RED, GREEN, BLUE, GREY])
    return item([shown], answer=0, options=options, points=points)


def marked(made: Item, style: MarkerStyle = DEFAULT_STYLE) -> Item:
    draw = Markers(style)
    drawn = draw.paint_all(made.clean_images, points=made.points, boxes=made.boxes)
    return dataclasses.replace(made, images=drawn, draw=draw)


# What options are about.


def test_options_are_presented_in_their_order() -> None:
    made = pointed((10, 20), (30, 40))
    assert [s.mark for s in subjects(made, (1, 0)).options] == [made.points[1], made.points[0]]
    pictures = item([flat(RED), flat(GREEN), flat(BLUE)], answer=0)
    assert [s.image for s in subjects(pictures, (1, 0)).options] == [2, 1]
    reference = subjects(pictures).reference
    assert reference is not None
    assert reference.image == 0


def test_odd_one_out_has_no_reference() -> None:
    made = item([flat(RED), flat(GREEN), flat(BLUE)], answer=0, options=("1", "2", "3"))
    found = subjects(made, (2, 0, 1))
    assert [s.image for s in found.options] == [2, 0, 1]
    assert found.reference is None


def test_options_without_a_place_are_about_nothing() -> None:
    assert subjects_of(item([flat(RED)], answer=0), SOURCE) is None
    half = pointed((10, 20), (30, 40))
    half = dataclasses.replace(half, points=half.points[:1])
    assert subjects_of(half, SOURCE) is None


# Places.


def test_places_are_shares_of_the_picture() -> None:
    clues = position_clues(made := pointed((32, 16), (48, 16), (32, 64), ref=True), subjects(made))
    assert clues.scalars["x"] == pytest.approx([0.75, 0.5])
    assert clues.scalars["y"] == pytest.approx([0.25, 1.0])
    assert clues.scalars["distance to REF"] == pytest.approx([0.25, 0.75])
    assert clues.scalars["y from REF"] == pytest.approx([0, 0.75])
    assert clues.scalars["distance to the border"] == pytest.approx([0.25, 0])
    assert clues.scalars["distance to the other options"] == pytest.approx(
        [np.hypot(0.25, 0.75)] * 2
    )


def test_boxes_have_edges_and_areas() -> None:
    boxes = [
        Box(image=0, x0=0, y0=0, x1=32, y1=16, label="A"),
        Box(image=0, x0=8, y0=8, x1=16, y1=24, label="B"),
    ]
    made = item([flat(RED)], answer=0, options=("box A", "box B"), boxes=boxes)
    clues = position_clues(made, subjects(made, (1, 0)))
    assert clues.scalars["area"] == pytest.approx([1 / 32, 1 / 8])
    assert clues.scalars["lower edge"] == pytest.approx([24 / 64, 16 / 64])
    assert clues.scalars["aspect"] == pytest.approx([-np.log(2), np.log(2)])


def test_pictures_have_sizes() -> None:
    made = item([flat(RED), flat(RED, size=(64, 32)), flat(RED, size=(64, 60))], answer=0)
    clues = position_clues(made, subjects(made))
    assert clues.scalars["picture height"].tolist() == [32, 60]
    assert clues.scalars["size difference to the reference"].tolist() == [32, 4]


# Pixels.


def test_pixels_are_those_of_the_presented_option() -> None:
    made = pointed((16, 16), (48, 16))  # red and green
    clues = pixels_of(made, (1, 0))
    assert clues.scalars["green 3 px"] == pytest.approx([200 / 255, 30 / 255])
    assert clues.scalars["red 3 px"] == pytest.approx([30 / 255, 220 / 255])
    assert clues.scalars["contrast 8 px"] == pytest.approx([0, 0], abs=1e-9)


def test_option_of_the_reference_s_colour_is_the_nearest() -> None:
    made = item([flat(RED), flat(GREEN), flat(RED)], answer=1)
    clues = pixels_of(made)
    for name in ("colour difference picture", "histogram difference picture"):
        green, red = clues.scalars[f"{name} to the reference"]
        assert green > red == pytest.approx(0)


def test_point_whose_surroundings_are_the_reference_s_is_the_nearest() -> None:
    rng = np.random.default_rng(0)
    square = rng.integers(0, 256, (30, 30, 3), dtype=np.uint8)

    def paint() -> Image.Image:
        pixels = np.random.default_rng(1).integers(0, 256, (224, 224, 3), dtype=np.uint8)
        for left in (20, 150):
            pixels[100:130, left : left + 30] = square
        return Image.fromarray(pixels)

    shown = picture(paint, key="squares", size=(224, 224))
    made = pointed((35, 115), (100, 50), (165, 115), background=shown, ref=True)
    scalars = pixels_of(made).scalars
    for name in ("colour", "grey", "normalised colour", "normalised grey"):
        other, same = scalars[f"{name} pixel difference 17 px patch to the reference"]
        assert other > 0.1 > same == pytest.approx(0, abs=1e-6)


def test_window_at_a_corner_of_the_picture_is_whole() -> None:
    clues = pixels_of(pointed((0, 0), (63.9, 63.9)))
    assert clues.scalars["red 16 px"] == pytest.approx([220 / 255, 128 / 255])


def test_windows_are_the_same_on_a_picture_of_another_size() -> None:
    def shown(side: int) -> Picture:
        ramp = np.linspace(0, 255, 448).astype(np.uint8)
        image = Image.fromarray(np.tile(ramp, (448, 1))).convert("RGB").resize((side, side))
        return picture(lambda: image, key=f"ramp {side}", size=(side, side))

    small, large = (
        pixels_of(pointed((s / 4, s / 2), (s / 2, s / 2), background=shown(s))) for s in (224, 448)
    )
    for name in ("brightness 3 px", "brightness 16 px", "contrast 16 px"):
        assert small.scalars[name] == pytest.approx(large.scalars[name], abs=0.01)


def test_contrast_in_a_box_does_not_depend_on_its_size() -> None:
    def paint() -> Image.Image:
        checks = np.indices((224, 224)).sum(0) % 2 * 255
        return Image.fromarray(checks.astype(np.uint8)).convert("RGB")

    boxes = [
        Box(image=0, x0=0, y0=0, x1=16, y1=16, label="A"),
        Box(image=0, x0=40, y0=40, x1=200, y1=120, label="B"),
    ]
    shown = picture(paint, key="checks", size=(224, 224))
    made = item([shown], answer=0, options=("box A", "box B"), boxes=boxes)
    clues = pixels_of(made)
    for name in ("contrast box", "sharpness box", "brightness box"):
        small, large = clues.scalars[name]
        assert small == pytest.approx(large)


def test_box_without_area_is_looked_at_all_the_same() -> None:
    boxes = [
        Box(image=0, x0=64, y0=64, x1=64, y1=64, label="A"),
        Box(image=0, x0=0, y0=0, x1=0, y1=10, label="B"),
    ]
    made = item([tiles([RED, GREEN, BLUE, GREY])], answer=0, options=("A", "B"), boxes=boxes)
    assert pixels_of(made).scalars["red box"] == pytest.approx([128 / 255, 220 / 255])


def test_the_odd_picture_differs_the_most_from_the_others() -> None:
    made = item([flat(RED), flat(RED), flat(BLUE)], answer=2, options=("1", "2", "3"))
    difference = pixels_of(made, (0, 1, 2)).scalars["colour difference picture to the others"]
    assert difference.argmax() == 2
    assert difference[0] == pytest.approx(difference[1])


def disc(at: tuple[int, int], radius: int, stretch: float = 1.0) -> np.ndarray:
    image = Image.new("RGB", (64, 64), "white")
    box = (at[0] - radius, at[1] - radius * stretch, at[0] + radius, at[1] + radius * stretch)
    ImageDraw.Draw(image).ellipse(box, fill="navy")
    return np.asarray(image) / 255


def test_silhouette_is_what_differs_from_the_border() -> None:
    found = silhouette(disc((32, 32), 16))
    assert found.figures["area"] == pytest.approx(np.pi * 16.5**2 / 64**2, rel=0.05)
    assert found.figures["slimness"] == pytest.approx(1, abs=0.05)
    assert found.border.tolist() == [1, 1, 1]


def test_silhouettes_are_compared_wherever_they_are() -> None:
    one, moved, slim = (
        silhouette(disc(at, 12, stretch))
        for at, stretch in (((20, 20), 1), ((44, 40), 1), ((32, 32), 0.4))
    )
    same, other = compare_silhouettes(one, moved), compare_silhouettes(one, slim)
    for name in ("centred silhouette difference", "silhouette profile difference"):
        assert same[name] == pytest.approx(0, abs=0.02)
        assert other[name] > 0.1
    assert same["silhouette difference"] == 1


def test_empty_silhouettes_are_equal() -> None:
    empty = silhouette(np.full((64, 64, 3), 0.5))
    assert empty.figures["area"] == 0
    assert set(compare_silhouettes(empty, empty).values()) == {0}


# Markers.


def test_look_of_markers_does_not_depend_on_what_they_are_drawn_on() -> None:
    places = ((20, 20), (40, 44))
    on_one = marks_of(marked(pointed(*places, background=flat((90, 140, 90)))))
    on_other = marks_of(marked(pointed(*places, background=tiles([GREEN, BLUE, GREEN, BLUE]))))
    for name, values in on_one.scalars.items():
        assert values == pytest.approx(on_other.scalars[name], abs=0.01), name
    assert on_one.vectors["mask"] == pytest.approx(on_other.vectors["mask"], abs=0.1)


def test_letters_are_those_of_the_presented_order() -> None:
    made = marked(pointed((14, 14), (14, 50), background=flat((90, 140, 90))))
    plain, turned = marks_of(made, (0, 1)), marks_of(made, (1, 0))
    same = marks_of(marked(pointed((14, 50), (14, 14), background=flat((90, 140, 90)))), (0, 1))
    assert turned.vectors["mask"] == pytest.approx(same.vectors["mask"])
    assert turned.vectors["mask"][0] != pytest.approx(plain.vectors["mask"][1], abs=0.01)


def test_colour_of_a_marker_is_seen() -> None:
    made = pointed((20, 20), (40, 44), background=flat((90, 140, 90)))
    style = MarkerStyle(colour="blue", letters=False, shape="dot")
    assert marks_of(marked(made, style)).scalars["marker's blue"].tolist() == [1, 1]


def test_marker_at_the_border_says_so() -> None:
    clues = marks_of(marked(pointed((1, 1), (32, 32), background=flat((90, 140, 90)))))
    near, far = clues.scalars["window's share outside"]
    assert near > 0.6
    assert far == 0


def test_burned_markers_are_what_differs_from_the_clean_pictures() -> None:
    burned = tiles([RED, GREEN, BLUE, GREEN])
    made = item(
        [burned],
        clean=[tiles([RED, GREEN, BLUE, GREY])],
        answer=0,
        points=[Point(image=0, x=16, y=16, label="A"), Point(image=0, x=48, y=48, label="B")],
    )
    assert has_markers(made)
    assert marks_of(made).scalars["changed share"] == pytest.approx([0, 1], abs=0.05)


def test_clean_item_has_no_markers() -> None:
    assert not has_markers(pointed((20, 20), (40, 44)))


# Words.


def test_bag_has_words_that_tell_texts_apart() -> None:
    texts = ["the red one", "the blue one", "the red red one", "the only one"]
    assert bags(texts).tolist() == [[1], [0], [2], [0]]
    assert bags(["same", "same"]).shape == (2, 0)


def test_option_that_the_question_names_has_its_words_there() -> None:
    (clues,) = word_clues(["Is it the large red box?"], [["red box", "blue box", "large red box"]])
    assert clues.scalars["number of words in the question"].tolist() == [2, 1, 3]
    assert clues.scalars["number of own words in the question"].tolist() == [0, 0, 1]
    assert clues.scalars["length of text"].tolist() == [7, 8, 13]
