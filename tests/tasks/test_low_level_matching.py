from __future__ import annotations

import functools
import pickle
from collections import Counter
from dataclasses import replace
from functools import cache
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pytest
from read_back import assert_is_read_back
from scipy.stats import spearmanr

from pytest_vlmsight.tasks import low_level_matching as module
from pytest_vlmsight.tasks.generated import (
    DEFAULT_CANVAS,
    MOST_TRIES,
    Canvas,
    GenerationError,
    generator,
)
from pytest_vlmsight.tasks.homography import inverse, moved
from pytest_vlmsight.tasks.item import REFERENCE
from pytest_vlmsight.tasks.knobs import KnobError
from pytest_vlmsight.tasks.low_level_matching import (
    GRAIN,
    KNOBS,
    MARGIN,
    NAME,
    SEPARATION,
    Layout,
    layout,
    low_level_matching,
    offer,
)
from pytest_vlmsight.tasks.marker_words import parse_markers
from pytest_vlmsight.tasks.painted_views import picture
from pytest_vlmsight.tasks.painting import Painting
from pytest_vlmsight.tasks.scenes.render import developed
from pytest_vlmsight.tasks.surroundings import MEASURES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_vlmsight.tasks.item import Item

SPANS = {knob.name: knob.span for knob in KNOBS}
MIDDLE = {knob.name: sum(knob.span) / 2 for knob in KNOBS}
VARIED = parse_markers(["vary"])


@cache
def layouts() -> list[Layout]:
    return [layout(0, index, SPANS) for index in range(160)]


@cache
def some() -> list[Item]:
    return low_level_matching().make_items(4, 0)


def maker() -> Callable[[int, int], Item]:
    return low_level_matching().make_items.make  # type: ignore[attr-defined, no-any-return]


def painting(found: Layout) -> Painting:
    return Painting(generator(found.views.painting, "painting"))


def asked(found: Layout) -> tuple[float, float]:
    """REF's place on the painting."""
    return (
        found.reference[0] + found.views.offset[0],
        found.reference[1] + found.views.offset[1],
    )


def test_the_answer_is_where_the_homography_takes_ref_and_no_other_is() -> None:
    for found in layouts():
        x, y = moved(found.views.homography, *asked(found))
        away = [np.hypot(p - x, q - y) for p, q in found.candidates]
        assert away.pop(found.answer) < 0.001
        assert min(away) >= SEPARATION - 0.001


def test_points_leave_room_for_their_markers() -> None:
    for found in layouts():
        for x, y in (found.reference, *found.candidates):
            assert max(abs(x), abs(y)) <= 0.5 - MARGIN + 1e-9
        for one, other in combinations(found.candidates, 2):
            assert np.hypot(one[0] - other[0], one[1] - other[1]) >= SEPARATION - 1e-9


def test_points_of_items_are_where_the_layout_has_them() -> None:
    for item, found in zip(some(), layouts(), strict=False):
        assert [(p.label, p.image) for p in item.points] == [
            (REFERENCE, 0),
            *((label, 1) for label in "ABCD"),
        ]
        assert item.options == tuple(f"point {label}" for label in "ABCD")
        assert item.answer == found.answer
        places = (found.reference, *found.candidates)
        for mark, (x, y) in zip(item.points, places, strict=True):
            assert (mark.x / 224 - 0.5, mark.y / 224 - 0.5) == pytest.approx((x, y), abs=1e-5)


def test_pictures_show_the_painting_where_the_layout_has_it() -> None:
    """Pixel by pixel, but for grain and what is smoothed at edges."""
    for item, found in zip(some(), layouts(), strict=False):
        first, second = (np.asarray(p.load()).astype(float) for p in item.clean_images)
        rows, columns = (axis.ravel() for axis in np.indices((224, 224)))
        x, y = (columns + 0.5) / 224 - 0.5, (rows + 0.5) / 224 - 0.5
        here = painting(found).at(x + found.views.offset[0], y + found.views.offset[1])
        there = painting(found).at(*moved(inverse(found.views.homography), x, y))
        for shown, light in ((first, here), (second, found.views.light(there, x, y))):
            expected = developed(light.reshape(3, 224, 224)).astype(float)
            off = np.abs(shown - expected).max(2)
            assert (off <= GRAIN + 1).mean() > 0.85


def window() -> tuple[np.ndarray, np.ndarray]:
    """Places of a window, the size of a marker's surroundings, from its middle."""
    steps = np.arange(-30, 31) / 224
    across, down = np.meshgrid(steps, steps)
    return across.ravel(), down.ravel()


def inks(shown: np.ndarray, light: Callable[[np.ndarray], np.ndarray], found: Layout) -> np.ndarray:
    """(n,) which of the painting's two colours is nearest to pixels (n, 3) in a light."""
    spots = np.random.default_rng(0).random((2, 500)) * 3
    ground, ink = np.unique(painting(found).at(*spots), axis=1).T
    away = []
    for colour in (ground, ink):
        lit = light(np.repeat(colour[:, None], len(shown), 1))
        away.append(np.abs(shown - developed(lit[:, None])[0].astype(float)).sum(1))
    nearer: np.ndarray = away[0] < away[1]
    return nearer


def shown_at(picture: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    rows, columns = (((value + 0.5) * 224).astype(int).clip(0, 223) for value in (y, x))
    found: np.ndarray = picture[rows, columns]
    return found


def test_the_same_patch_of_the_painting_is_seen_at_both_points_and_at_no_other() -> None:
    """Around the right option pixels show the colours that are around REF, and only there."""
    across, down = window()
    for item, found in zip(some(), layouts(), strict=False):
        first, second = (np.asarray(p.load()).astype(float) for p in item.clean_images)
        (p, q), (u, v) = found.reference, asked(found)
        own = inks(shown_at(first, p + across, q + down), lambda light: light, found)
        middle = moved(found.views.homography, u, v)
        warped = moved(found.views.homography, u + across, v + down)
        off = []
        for a, b in found.candidates:
            # The window is turned as the view is, about each of the options.
            x, y = warped[0] - middle[0] + a, warped[1] - middle[1] + b
            light = functools.partial(found.views.light, x=x, y=y)
            inner = (np.abs([x, y, p + across, q + down]) < 0.5).all(0)
            off.append((inks(shown_at(second, x, y), light, found) != own)[inner].mean())
        assert off.pop(found.answer) < min(0.03, min(off) / 2)  # but for pixels on edges


def test_wrong_options_show_other_patches() -> None:
    across, down = window()
    for found in layouts()[:60]:
        own = painting(found).at(asked(found)[0] + across, asked(found)[1] + down)
        for number, place in enumerate(found.candidates):
            x, y = moved(inverse(found.views.homography), *place)
            same = (painting(found).at(x + across, y + down) == own).all(0).mean()
            assert same > 0.999 if number == found.answer else same < 0.98


def test_answers_are_balanced_in_every_block() -> None:
    answers = [found.answer for found in layouts()]
    for at in range(0, len(answers), 4):
        assert sorted(answers[at : at + 4]) == [0, 1, 2, 3]


def test_the_place_of_ref_does_not_tell_the_answer() -> None:
    starts = np.array([found.reference for found in layouts()])
    ends = np.array([found.candidates[found.answer] for found in layouts()])
    for one in (0, 1):
        for other in (0, 1):
            assert abs(spearmanr(starts[:, one], ends[:, other]).statistic) < 0.28
    # Nor is the right one nearer to it than others are.
    ranks = Counter[int]()
    for found in layouts():
        away = [np.hypot(*np.subtract(place, found.reference)) for place in found.candidates]
        ranks[sum(other < away[found.answer] for other in away)] += 1
    assert all(20 <= ranks[rank] <= 60 for rank in range(4)), ranks
    # And it may be anywhere in the picture.
    spans = starts.max(0) - starts.min(0)
    assert (spans > 0.95 * (1 - 2 * MARGIN)).all()


def test_the_place_of_an_option_does_not_tell_the_answer() -> None:
    """Not even its distance from the middle or from the other options."""
    middle, among = Counter[int](), Counter[int]()
    for found in layouts():
        places = np.array(found.candidates)
        for ranks, values in (
            (middle, np.hypot(*places.T)),
            (among, np.hypot(*(places[:, None] - places).T).sum(0)),
        ):
            ranks[int((values < values[found.answer]).sum())] += 1
    for ranks in (middle, among):
        assert all(20 <= ranks[rank] <= 60 for rank in range(4)), ranks


def test_an_offer_holds_places_that_both_views_show() -> None:
    offers = [found for k in range(8) if (found := offer(generator("offer", k), "key", MIDDLE))]
    assert len(offers) > 3
    for found in offers:
        count = len(found.places)
        assert found.measures.shape == (len(MEASURES), count, count)
        assert np.isfinite(found.measures).all()
        assert found.sets.tolist() == [list(four) for four in combinations(range(count), 4)]
        for source, place in zip(found.sources, found.places, strict=True):
            assert moved(found.views.homography, *source) == pytest.approx(place)
        for one, other in combinations(found.places, 2):
            assert np.hypot(*np.subtract(one, other)) >= SEPARATION - 1e-9


def test_a_place_is_less_unlike_itself_than_others() -> None:
    """Pixels do tell something; it is the options that are chosen so that they do not."""
    offers = [found for k in range(8) if (found := offer(generator("offer", k), "key", MIDDLE))]
    own = np.mean([np.diagonal(found.unlike()).mean() for found in offers])
    every = np.mean([found.unlike().mean() for found in offers])
    assert own < 0.9 * every


def test_items_depend_on_seed_and_index_alone() -> None:
    make = maker()
    assert [make(0, k).id for k in (3, 0, 2)] == [some()[k].id for k in (3, 0, 2)]
    digests = {picture.digest for item in some() for picture in item.clean_images}
    assert len(digests) == 2 * len(some())
    others = {p.digest for item in low_level_matching().make_items(2, 1) for p in item.clean_images}
    assert not digests & others


def test_tasks_and_items_survive_pickling() -> None:
    task = low_level_matching()
    copied = pickle.loads(pickle.dumps(task))  # noqa: S301 - its own bytes
    assert copied.fingerprint == task.fingerprint
    again = pickle.loads(pickle.dumps(copied.make_items(1, 0)[0]))  # noqa: S301 - likewise
    assert again.id == some()[0].id
    assert [p.load().tobytes() for p in again.images] == [
        p.load().tobytes() for p in some()[0].images
    ]


def test_larger_pictures_show_the_same_with_the_points_in_place() -> None:
    (large,), small = (
        low_level_matching(canvas=replace(DEFAULT_CANVAS, size=448)).make_items(1, 0),
        some()[0],
    )
    assert (large.answer, large.slices) == (small.answer, small.slices)
    for one, other in zip(large.points, small.points, strict=True):
        assert (one.x, one.y) == pytest.approx((2 * other.x, 2 * other.y), abs=0.002)
    for wide, own in zip(large.clean_images, small.clean_images, strict=True):
        assert (wide.size, own.size) == ((448, 448), (224, 224))
        assert wide.digest != own.digest
        shrunk = np.asarray(wide.load()).reshape(224, 2, 224, 2, 3).mean((1, 3))
        assert np.abs(shrunk - np.asarray(own.load())).mean() < GRAIN


def test_every_picture_has_grain_of_its_own() -> None:
    item, views = some()[0], layouts()[0].views
    first, second = (
        np.asarray(item.clean_images[number].load()).astype(int) - picture(views, bool(number), 224)
        for number in (0, 1)
    )
    assert np.abs([first, second]).max() == GRAIN
    assert np.median(np.abs([first, second])) > 1
    assert (first == second).mean() < 0.2
    again = item.clean_images[0].load()
    assert np.array_equal(np.asarray(again) - picture(views, False, 224).astype(int), first)


def test_knobs_are_honoured() -> None:
    given = {"rotation": "20", "scale": "1.0..1.1", "light": "0.3"}
    for item in low_level_matching(difficulty=given).make_items(2, 0):
        slices = dict(item.slices)
        assert slices.keys() == {knob.name for knob in KNOBS}
        for knob, value in zip(KNOBS, (20, 1.05, 0.3), strict=True):
            assert slices[knob.name] == knob.label(value)
    for found in layouts()[:20]:
        a, _, _, d, *_ = found.views.homography
        assert abs(np.degrees(np.arctan2(d, a))) == pytest.approx(found.settings["rotation"])
        size = np.hypot(a, d)
        assert max(size, 1 / size) == pytest.approx(found.settings["scale"])


@pytest.mark.parametrize("share", [0, 1])
def test_what_the_limits_allow_can_be_made(share: int) -> None:
    given = {knob.name: (knob.limits[share],) * 2 for knob in KNOBS}
    found = layout(1, 0, given)
    assert found.settings == {knob.name: knob.limits[share] for knob in KNOBS}


@pytest.mark.parametrize(
    ("knob", "span"),
    [("rotation", "120"), ("scale", "9"), ("scale", "1.2..1.1"), ("light", "0"), ("tilt", "3")],
)
def test_settings_that_cannot_be_had_are_refused_by_name(knob: str, span: str) -> None:
    with pytest.raises(KnobError, match=f"task {NAME}: .*{knob}"):
        low_level_matching(difficulty={knob: span})


def test_difficulty_and_size_change_the_fingerprint() -> None:
    prints = {
        low_level_matching().fingerprint,
        low_level_matching(difficulty={"light": "0.5"}).fingerprint,
        low_level_matching(canvas=Canvas(size=448)).fingerprint,
    }
    assert len(prints) == 3


def test_tries_end_in_an_error_that_names_task_and_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []
    monkeypatch.setattr(module, "offer", lambda *_: tried.append(1))
    with pytest.raises(
        GenerationError, match=f"task {NAME}: item 5 of seed 7 .* {MOST_TRIES} tries"
    ):
        layout(7, 5, SPANS)
    assert len(tried) == MOST_TRIES


def test_markers_change_no_clean_picture() -> None:
    items = low_level_matching(canvas=Canvas(markers=VARIED)).make_items(3, 0)
    for item, own in zip(items, some(), strict=False):
        assert item.clean_images == own.clean_images
        assert (item.points, item.answer, item.question) == (own.points, own.answer, own.question)
        added = dict(item.slices).keys() - dict(own.slices).keys()
        assert added == {"marker_colour", "marker_shape", "marker_size"}
    assert any(item.images != own.images for item, own in zip(items, some(), strict=False))


def test_a_cache_changes_no_picture(tmp_path: Path) -> None:
    task, own = low_level_matching(canvas=Canvas(cache=tmp_path)), some()[0]
    for item in (*task.make_items(1, 0), *task.make_items(1, 0)):
        assert item == own
        assert item.images[1].load().tobytes() == own.images[1].load().tobytes()
    assert len(list(tmp_path.rglob("*.png"))) == 1  # the clean one


def test_a_folder_gives_the_same_items(tmp_path: Path) -> None:
    canvas = Canvas(markers=VARIED, cache=tmp_path / "cache")  # each picture is rendered once
    task = low_level_matching(canvas=canvas)
    assert_is_read_back(task, task.make_items(2, 0), tmp_path / "packed", markers=VARIED)


def test_the_first_item_is_pinned() -> None:
    assert some()[0].id == PINNED


PINNED = "7a3f935b4167b53f3cec"
