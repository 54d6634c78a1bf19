from __future__ import annotations

from typing import TYPE_CHECKING

import drawn_markers
import numpy as np
import pytest
from drawn_markers import background, circle, jpeg, label, marked
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from pytest_vlmsight.tasks.item import Picture, Point
from pytest_vlmsight.tasks.study.burned_markers import Found, Marker, found

if TYPE_CHECKING:
    from collections.abc import Mapping

FOUR = {"A": (50, 50), "B": (220, 60), "C": (70, 180), "D": (230, 190)}
TWO = {"A": (60, 120), "B": (210, 100)}


def assert_at(result: Found, points: Mapping[str, tuple[int, int]]) -> None:
    """Each point within a pixel of where it was drawn."""
    assert result.certain, result.reason
    for marker in result.points(image=0):
        x, y = points[marker.label]
        assert np.hypot(marker.x - x - 0.5, marker.y - y - 0.5) < 1, marker


@pytest.mark.parametrize("points", [{"REF": (150, 110)}, TWO, FOUR], ids=len)
@pytest.mark.parametrize("fill", ["white", "black", "red"])
def test_points_and_labels_are_found_in_each_ink(
    points: dict[str, tuple[int, int]], fill: str
) -> None:
    assert_at(found(jpeg(marked(points, fill=fill)), labels=tuple(points)), points)


@settings(max_examples=8, deadline=None)
@given(
    a=st.tuples(st.integers(15, 270), st.integers(15, 225)),
    b=st.tuples(st.integers(15, 270), st.integers(15, 225)),
    quality=st.integers(75, 95),
)
def test_what_is_certain_is_right_wherever_points_are(
    a: tuple[int, int], b: tuple[int, int], quality: int
) -> None:
    points = {"A": a, "B": b}
    result = found(jpeg(marked(points), quality), labels=("A", "B"))
    if max(abs(a[0] - b[0]) - 30, abs(a[1] - b[1])) > 40:
        assert result.certain, result.reason
    if result.certain:
        assert_at(result, points)


@pytest.mark.parametrize("seed", range(3))
def test_labels_stay_with_their_circles_where_markers_are_close(seed: int) -> None:
    rng = np.random.default_rng(seed)
    points = {"A": (150, 120)}
    points["B"] = (150 + int(rng.integers(-25, 26)), 120 - 28)
    result = found(jpeg(marked(points)), labels=("A", "B"))
    if result.certain:
        assert_at(result, points)


def test_a_red_apple_is_no_marker() -> None:
    image = background()
    label(image, TWO["A"], "A")
    x, y = TWO["A"]
    ImageDraw.Draw(image).ellipse((x - 10, y - 10, x + 10, y + 10), fill=(200, 20, 30))
    marked({"B": TWO["B"]}, image=image)
    result = found(jpeg(image), labels=("A", "B"))
    assert not result.certain
    assert "1 red circles of one size are seen, and 2 are expected" in result.reason


def test_a_red_apple_beside_markers_changes_nothing() -> None:
    image = background()
    ImageDraw.Draw(image).ellipse((130, 20, 170, 60), fill=(200, 20, 30))
    assert_at(found(jpeg(marked(TWO, image=image)), labels=("A", "B")), TWO)


def test_a_circle_of_another_size_is_no_marker() -> None:
    image = background()
    circle(image, (150, 40), radius=17)
    assert_at(found(jpeg(marked(TWO, image=image)), labels=("A", "B")), TWO)


def test_a_circle_too_many_without_a_label_is_told_apart_by_the_labels() -> None:
    image = background()
    circle(image, (150, 40))
    assert_at(found(jpeg(marked(TWO, image=image)), labels=("A", "B")), TWO)


def test_a_circle_too_many_and_a_label_missing_is_refused() -> None:
    image = background()
    circle(image, (150, 40))
    circle(image, TWO["B"])
    result = found(jpeg(marked({"A": TWO["A"]}, image=image)), labels=("A", "B"))
    assert result.reason == "A, B: labels not legible: B"


@pytest.mark.parametrize("missing", "AC")
def test_a_missing_label_is_refused_though_it_could_be_guessed(missing: str) -> None:
    image = background()
    circle(image, FOUR[missing])
    rest = {k: v for k, v in FOUR.items() if k != missing}
    result = found(jpeg(marked(rest, image=image)), labels=tuple(FOUR))
    assert f"labels not legible: {missing}" in result.reason


def test_two_missing_labels_are_refused() -> None:
    image = background()
    circle(image, FOUR["C"])
    circle(image, FOUR["D"])
    rest = {k: v for k, v in FOUR.items() if k in "AB"}
    result = found(jpeg(marked(rest, image=image)), labels=tuple(FOUR))
    assert "labels not legible: C, D" in result.reason


def test_no_label_at_all_is_refused() -> None:
    image = background()
    circle(image, (150, 110))
    result = found(jpeg(image), labels=("REF",))
    assert result.reason == "REF: no label is legible"


@pytest.mark.parametrize("labels", [("A", "B"), ("A", "B", "C", "D")], ids=len)
def test_a_label_that_is_there_twice_is_refused(labels: tuple[str, ...]) -> None:
    image = marked({k: FOUR[k] for k in labels if k != "B"})
    circle(image, FOUR["B"])
    label(image, FOUR["B"], "A")
    assert "the label A is seen twice" in found(jpeg(image), labels=labels).reason


@pytest.mark.parametrize("edge", [(3, 120), (2, 80), (4, 30)])
def test_a_marker_cut_by_the_border_is_found_rightly(edge: tuple[int, int]) -> None:
    points = {"A": (60, 60), "B": edge} if edge[1] > 100 else {"A": (160, 160), "B": edge}
    assert_at(found(jpeg(marked(points)), labels=("A", "B")), points)


@pytest.mark.parametrize("edge", [(160, 1), (160, 238)])
def test_a_marker_whose_label_is_cut_in_half_is_refused(edge: tuple[int, int]) -> None:
    result = found(jpeg(marked({"A": (60, 60), "B": edge})), labels=("A", "B"))
    assert not result.certain


@pytest.mark.parametrize("x", [290, 310])
def test_a_label_cut_by_the_border_is_found_rightly_or_refused(x: int) -> None:
    points = {"A": (60, 60), "B": (x, 150)}
    result = found(jpeg(marked(points)), labels=("A", "B"))
    if x == 310:
        assert result.reason == "A, B: labels not legible: B"
    if result.certain:
        assert_at(result, points)


def test_a_marker_of_which_a_corner_is_left_is_refused() -> None:
    points = {"A": (60, 60), "B": (-6, 120)}
    assert not found(jpeg(marked(points)), labels=("A", "B")).certain


def test_a_picture_without_markers_is_refused() -> None:
    result = found(background(), labels=("A", "B"))
    assert result.reason == "A, B: 0 red circles of one size are seen, and 2 are expected"
    assert [m.certain for m in result.markers] == [False, False]
    with pytest.raises(ValueError, match="markers are not certain: A, B: 0 red circles"):
        result.points(image=0)


def test_points_are_an_items() -> None:
    result = Found((Marker(label="REF", x=3.5, y=4.5),))
    assert result.points(image=1) == (Point(image=1, x=3.5, y=4.5, label="REF"),)


def test_an_items_picture_is_read_as_its_pixels_are() -> None:
    image = jpeg(marked(TWO))
    picture = Picture.of(lambda: image, size=image.size, key="two")
    assert found(picture, labels=("A", "B")) == found(image, labels=("A", "B"))


def test_a_large_picture_is_searched_small_and_read_at_full_size() -> None:
    points = {"A": (300, 400), "B": (1200, 300)}
    image = background((1440, 640))
    for text, point in points.items():
        circle(image, point, radius=20)
        drawn_markers.label(image, (point[0] + 10, point[1]), text)
    assert_at(found(jpeg(image), labels=("A", "B")), points)


@pytest.mark.parametrize("labels", [(), ("A", "A"), ("A", "REF"), ("1", "2")])
def test_labels_that_cannot_be_looked_for_are_told(labels: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="expected different words"):
        found(Image.new("RGB", (64, 64)), labels=labels)
