from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from pytest_vlmsight.tasks.item import Box, Picture, Point
from pytest_vlmsight.tasks.marker_painting import paint
from pytest_vlmsight.tasks.markers import (
    COLOURS,
    SHAPES,
    SIZES,
    Markers,
    MarkerStyle,
    draw_markers,
)

MakePicture = Callable[..., Picture]
RED, WHITE, GREY = (255, 0, 0), (255, 255, 255), (128, 128, 128)


def at(x: float, y: float, label: str = "A") -> Point:
    return Point(image=0, x=x, y=y, label=label)


def changed(picture: Picture, marked: Picture) -> np.ndarray:
    """Where markers are, (height, width) bool."""
    before, after = np.asarray(picture.load()), np.asarray(marked.load())
    mask: np.ndarray = (before != after).any(-1)
    return mask


def test_paints_ring_and_letter_but_leaves_the_point(make_picture: MakePicture) -> None:
    picture = make_picture((224, 224), "grey")
    marked = draw_markers(picture, points=[at(100, 100)])
    image = marked.load()
    assert image.getpixel((100, 100)) == GREY
    assert image.getpixel((100, 92)) == RED  # on the ring, 7 px above
    mask = changed(picture, marked)
    assert mask[100, 112:130].any()  # the letter, to the right
    assert not mask[98:102, 98:102].any()
    colours = {colour for _, colour in image.getcolors(70_000) or []}
    assert {RED, WHITE, GREY} <= colours


@pytest.mark.parametrize("shape", ["ring", "square", "cross"])
@pytest.mark.parametrize("size", [(224, 224), (64, 64), (2000, 1500), (900, 200)])
def test_hollow_shapes_leave_the_point_visible(
    make_picture: MakePicture, shape: str, size: tuple[int, int]
) -> None:
    picture = make_picture(size)
    x, y = size[0] / 2, size[1] / 2
    mask = changed(
        picture, draw_markers(picture, points=[at(x, y)], style=MarkerStyle(shape=shape))
    )
    assert not mask[int(y) - 1 : int(y) + 2, int(x) - 1 : int(x) + 2].any()
    assert mask.any()


def test_dot_covers_the_point(make_picture: MakePicture) -> None:
    marked = draw_markers(make_picture(), points=[at(50, 50)], style=MarkerStyle(shape="dot"))
    assert marked.load().getpixel((50, 50)) == RED


@pytest.mark.parametrize("size", [(224, 224), (448, 448), (1344, 1008), (4000, 1000)])
def test_letter_is_legible_when_shown_at_224_px(
    make_picture: MakePicture, size: tuple[int, int]
) -> None:
    picture = make_picture(size)
    style = MarkerStyle(shape="ring")
    x, y = size[0] / 2, size[1] / 2
    mask = changed(picture, draw_markers(picture, points=[at(x, y)], style=style))
    ring = changed(
        picture, draw_markers(picture, points=[at(x, y)], style=MarkerStyle(letters=False))
    )
    letter_rows = np.flatnonzero((mask & ~ring).any(1))
    assert np.ptp(letter_rows) * 224 / max(size) >= 11


def test_labels_can_be_left_out(make_picture: MakePicture) -> None:
    style = MarkerStyle(letters=False)
    one = draw_markers(make_picture(), points=[at(50, 50, "A")], style=style)
    other = draw_markers(make_picture(), points=[at(50, 50, "B")], style=style)
    assert one.load().tobytes() == other.load().tobytes()


def test_labels_avoid_other_points(make_picture: MakePicture) -> None:
    picture = make_picture((224, 224), "black")
    beside = at(124, 100, "B")  # where the letter of A would go
    mask = changed(picture, draw_markers(picture, points=[at(100, 100), beside]))
    assert not mask[98:103, 122:127].any()


@given(
    st.integers(40, 400),
    st.integers(40, 400),
    st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=4),
)
def test_letters_stay_inside_and_off_their_own_point(
    width: int, height: int, shares: list[tuple[float, float]]
) -> None:
    points = [
        at(min(x * width, width - 0.01), min(y * height, height - 0.01), "ABCD"[i])
        for i, (x, y) in enumerate(shares)
    ]
    first = points[:1]
    image = paint(
        Image.new("RGB", (width, height), "grey"), points=first, boxes=(), style=MarkerStyle()
    )
    # A larger canvas around the same picture shows whether anything was cut off.
    rings = paint(
        Image.new("RGB", (width, height), "grey"),
        points=first,
        boxes=(),
        style=MarkerStyle(letters=False),
    )
    letters = (np.asarray(image) != np.asarray(rings)).any(-1)
    assert letters.sum() > 40
    assert image.getpixel((int(first[0].x), int(first[0].y))) == GREY
    paint(image, points=points, boxes=(), style=MarkerStyle())  # however crowded


def test_boxes_are_outlined(make_picture: MakePicture) -> None:
    picture = make_picture()
    box = Box(image=0, x0=50, y0=60, x1=150, y1=160, label="A")
    marked = draw_markers(picture, boxes=[box])
    mask = changed(picture, marked)
    assert mask[60, 50:150].all()
    assert mask[60:160, 50].all()
    assert not mask[70:150, 60:140].any()
    whole = Box(image=0, x0=0, y0=0, x1=224, y1=224, label="A")
    assert changed(picture, draw_markers(picture, boxes=[whole])).any()


def boxed(colour: str, label: str = "A") -> Box:
    return Box(image=0, x0=50, y0=60, x1=150, y1=160, label=label, colour=colour)


@pytest.mark.parametrize(
    ("colour", "ink", "outline"),
    [
        ("#0000ff", (0, 0, 255), WHITE),
        ("blue", (0, 0, 255), WHITE),
        ("lime", (0, 255, 0), (0,) * 3),
    ],
)
def test_boxes_of_their_own_colour_have_no_letter(
    make_picture: MakePicture, colour: str, ink: tuple[int, ...], outline: tuple[int, ...]
) -> None:
    picture = make_picture()
    marked = draw_markers(picture, boxes=[boxed(colour)], style=MarkerStyle(size=0.05))
    image = marked.load()
    assert image.getpixel((50, 110)) == ink
    assert image.getpixel((47, 110)) == outline
    assert RED not in {seen for _, seen in image.getcolors(70_000) or []}
    lettered = draw_markers(picture, boxes=[boxed("")], style=MarkerStyle(size=0.05))
    plain = draw_markers(picture, boxes=[boxed("")], style=MarkerStyle(size=0.05, letters=False))
    # The same lines as any other box has, and nothing else.
    assert (changed(picture, marked) == changed(picture, plain)).all()
    assert changed(picture, lettered).sum() > changed(picture, plain).sum()
    other = draw_markers(picture, boxes=[boxed(colour, "B")], style=MarkerStyle(size=0.05))
    assert other.load().tobytes() == image.tobytes()


def test_a_letter_is_drawn_beside_boxes_of_their_own_colour(make_picture: MakePicture) -> None:
    picture = make_picture()
    boxes = [boxed("blue"), Box(image=0, x0=20, y0=180, x1=90, y1=220, label="B")]
    both = draw_markers(picture, boxes=boxes).load()
    alone = draw_markers(picture, boxes=boxes[1:]).load()
    lower = (0, 168, 224, 224)
    assert both.crop(lower).tobytes() == alone.crop(lower).tobytes()
    assert {RED, (0, 0, 255)} <= {seen for _, seen in both.getcolors(70_000) or []}


def test_wrong_colour_of_a_box_is_named(make_picture: MakePicture) -> None:
    with pytest.raises(ValueError, match="marker colour: got 'rouge'; expected a colour name"):
        draw_markers(make_picture(), boxes=[boxed("rouge")]).load()


def test_nothing_to_draw_is_the_picture_itself(make_picture: MakePicture) -> None:
    picture = make_picture()
    assert draw_markers(picture) is picture


def test_digest_holds_all_that_decides_the_pixels(make_picture: MakePicture) -> None:
    picture = make_picture()
    box = Box(image=0, x0=5, y0=6, x1=15, y1=16, label="A")
    several = [
        draw_markers(picture, points=[at(50, 50)]),
        draw_markers(picture, points=[at(50, 50.5)]),
        draw_markers(picture, points=[at(50, 50, "B")]),
        draw_markers(picture, points=[at(50, 50)], boxes=[box]),
        draw_markers(picture, points=[at(50, 50)], style=MarkerStyle(colour="blue")),
        draw_markers(make_picture(colour="tan"), points=[at(50, 50)]),
        *(draw_markers(picture, boxes=[replace(box, colour=c)]) for c in ("", "red", "blue")),
    ]
    assert len({p.digest for p in several}) == len(several)
    assert draw_markers(picture, points=[at(50, 50)]) == several[0]


def test_digests_of_marked_pictures_stay_what_they_were() -> None:
    """They decide the ids of items, which records are compared by."""
    picture = Picture("0" * 64, (224, 224), lambda: Image.new("RGB", (224, 224)))
    box = Box(image=0, x0=5, y0=6, x1=15, y1=16, label="A")
    assert draw_markers(picture, points=[at(50, 50)], boxes=[box]).digest[:16] == "c874ee8ad8d7c9b7"


def test_loading_leaves_the_clean_picture_alone(make_picture: MakePicture) -> None:
    picture = make_picture()
    draw_markers(picture, points=[at(50, 50)]).load()
    assert picture.load().getcolors() == [(224 * 224, GREY)]


@pytest.mark.parametrize("colour", ["red", "RED", "#f00", "rgb(255,0,0)", "#FF0000"])
def test_colours_are_normalised(colour: str) -> None:
    assert MarkerStyle(colour=colour) == MarkerStyle(colour="#ff0000")


def test_description_tells_every_setting() -> None:
    styles = [
        MarkerStyle(),
        MarkerStyle(colour="blue"),
        MarkerStyle(size=0.05),
        MarkerStyle(letter_size=0.2),
        MarkerStyle(shape="dot"),
        MarkerStyle(letters=False),
    ]
    assert len({style.description for style in styles}) == len(styles)
    expected = "markers-1 ring #ff0000 size=0.032 letter_size=0.1 letters"
    assert MarkerStyle().description == expected


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"colour": "rouge"}, "marker colour: got 'rouge'; expected a colour name"),
        ({"colour": 3}, "marker colour: got 3"),
        ({"shape": "star"}, "marker shape: got 'star'; expected one of"),
        ({"size": 0}, "marker size: got 0; expected a share"),
        ({"size": float("nan")}, "marker size: got nan"),
        ({"letter_size": 0.5}, "marker letter_size: got 0.5"),
    ],
)
def test_wrong_style_is_named(change: dict[str, object], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        MarkerStyle(**change)  # type: ignore[arg-type]


def test_markers_of_one_style_are_the_same_for_every_item() -> None:
    markers = Markers(MarkerStyle(shape="dot"))
    assert markers.for_item("any") is markers
    assert markers.slices == ()


def test_varied_markers_are_decided_by_the_item_and_say_what_they_are() -> None:
    varied = Markers(MarkerStyle(letters=False), varied=True)
    assert varied.slices == ()
    markers = varied.for_item("item-7")
    assert markers == varied.for_item("item-7")
    assert not markers.varied
    told = dict(markers.slices)
    assert list(told) == ["marker_colour", "marker_shape", "marker_size"]
    assert markers.style == MarkerStyle(
        colour=COLOURS[told["marker_colour"]],
        shape=told["marker_shape"],
        size=SIZES[told["marker_size"]][0],
        letter_size=SIZES[told["marker_size"]][1],
        letters=False,
    )


def test_all_attributes_vary_evenly_and_independently() -> None:
    varied = Markers(MarkerStyle(), varied=True)
    n = 8400
    drawn = [varied.for_item(f"task-0-{index}").slices for index in range(n)]
    values = (tuple(COLOURS), SHAPES, tuple(SIZES))
    for which, known in enumerate(values):
        counts = Counter(labels[which][1] for labels in drawn)
        assert set(counts) == set(known)
        mean = n / len(known)
        assert all(abs(count - mean) < 5 * mean**0.5 for count in counts.values())
    for one, other in combinations(range(3), 2):
        pairs = Counter((labels[one][1], labels[other][1]) for labels in drawn)
        assert len(pairs) == len(values[one]) * len(values[other])
        mean = n / len(pairs)
        assert all(abs(count - mean) < 5 * mean**0.5 for count in pairs.values())


@pytest.mark.parametrize(
    ("fixed", "names"),
    [
        ({"colour"}, ["marker_shape", "marker_size"]),
        ({"shape"}, ["marker_colour", "marker_size"]),
        ({"size"}, ["marker_colour", "marker_shape"]),
        ({"letter_size"}, ["marker_colour", "marker_shape", "marker_size"]),
        ({"letters"}, ["marker_colour", "marker_shape", "marker_size"]),
    ],
)
def test_fixed_attribute_stays_and_is_no_slice(fixed: set[str], names: list[str]) -> None:
    style = MarkerStyle(colour="tan", shape="dot", size=0.08, letter_size=0.3)
    varied = Markers(style, varied=True, fixed=frozenset(fixed))
    drawn = [varied.for_item(str(index)) for index in range(40)]
    (name,) = fixed
    assert {getattr(m.style, name) for m in drawn} == {getattr(style, name)}
    assert [[n for n, _ in m.slices] for m in drawn] == [names] * 40
    assert len({m.style for m in drawn}) > 8


@pytest.mark.parametrize(
    ("marks", "names"),
    [
        ([at(50, 60)], ["marker_colour", "marker_shape", "marker_size"]),
        ([boxed("")], ["marker_colour", "marker_size"]),
        ([boxed("blue")], ["marker_size"]),
        ([boxed("blue"), boxed("", "B")], ["marker_colour", "marker_size"]),
        ([boxed("blue"), at(50, 60, "B")], ["marker_colour", "marker_shape", "marker_size"]),
    ],
    ids=["point", "box", "coloured box", "both boxes", "coloured box and point"],
)
def test_slices_tell_only_of_what_can_be_seen(
    make_picture: MakePicture, marks: list[Point | Box], names: list[str]
) -> None:
    varied = Markers(MarkerStyle(), varied=True)
    markers = varied.for_item("item-7", marks=marks)
    assert [name for name, _ in markers.slices] == names
    assert markers.style == varied.for_item("item-7").style
    points = [mark for mark in marks if isinstance(mark, Point)]
    boxes = [mark for mark in marks if isinstance(mark, Box)]

    def seen(**looks: str) -> bytes:
        style = replace(markers.style, **looks)  # type: ignore[arg-type]
        marked = draw_markers(make_picture(), points=points, boxes=boxes, style=style)
        return marked.load().tobytes()

    for name in ("colour", "shape"):
        looks = {seen(**{name: look}) for look in {"colour": COLOURS, "shape": SHAPES}[name]}
        assert (len(looks) > 1) == (f"marker_{name}" in names)


def test_everything_that_varied_markers_may_look_like_is_as_large_as_it_says(
    make_picture: MakePicture,
) -> None:
    """No size is lost to the least that is painted, and every colour can be told from grey."""
    picture = make_picture((224, 224), "grey")
    widths = []
    for size, letter_size in SIZES.values():
        style = MarkerStyle(size=size, letter_size=letter_size, letters=False)
        mask = changed(picture, draw_markers(picture, points=[at(112, 112)], style=style))
        widths.append(int(np.ptp(np.flatnonzero(mask.any(0)))))
        with_letter = draw_markers(
            picture, points=[at(112, 112)], style=MarkerStyle(size=size, letter_size=letter_size)
        )
        letter = changed(picture, with_letter) & ~mask
        assert np.ptp(np.flatnonzero(letter.any(1))) >= 0.6 * letter_size * 224
    assert widths[0] >= 14
    assert all(b - a >= 5 for a, b in pairwise(widths))
    for colour in COLOURS.values():
        style = MarkerStyle(colour=colour)
        image = draw_markers(picture, points=[at(112, 112)], style=style).load()
        assert style.colour == colour
        ink = tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5))
        assert sum(n for n, seen in image.getcolors(70_000) or [] if seen == ink) > 60
