from __future__ import annotations

import hashlib
import pickle
import re
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest
from read_back import assert_is_read_back

from pytest_vlmsight.tasks.generated import Canvas
from pytest_vlmsight.tasks.knobs import KnobError
from pytest_vlmsight.tasks.marker_words import parse_markers
from pytest_vlmsight.tasks.object_depth import COLOURS, object_depth
from pytest_vlmsight.tasks.scenes.ornaments import ORNAMENTS
from pytest_vlmsight.tasks.scenes.render import truth

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_vlmsight.tasks.depth_items import Shot
    from pytest_vlmsight.tasks.item import Item
    from pytest_vlmsight.tasks.twins import Twins

VARIED = parse_markers(["vary"])
QUESTION = re.compile(
    r"Which object is closer to the camera taking this photo, "
    r"the (\w+) \(highlighted by a (red|blue) box\) or "
    r"the (\w+) \(highlighted by a (red|blue) box\)\?"
)


@cache
def some(n: int = 40) -> list[Item]:
    return object_depth().make_items(n, 0)


def shot(item: Item) -> Shot:
    return item.clean_images[0]._open.shot  # type: ignore[attr-defined, no-any-return]


def twins(item: Item) -> Twins:
    own = shot(item)
    return own.scenes.again(own.seed, own.index, own.attempt)


def test_the_right_object_is_closer_at_its_nearest_in_the_mean_and_at_its_centre() -> None:
    for item in some()[:8]:
        made = twins(item)
        scene = made.scene(shot(item).nearer)
        seen = truth(scene, made.camera, 224)
        masks = [seen.thing == number for number in (0, 1)]
        for depths in (
            [seen.depth[mask].min() for mask in masks],
            [seen.depth[mask].mean() for mask in masks],
            [made.camera.depth(thing.position) for thing in scene.things[:2]],
            [item.depth_maps[0].load()[mask].mean() for mask in masks],
        ):
            assert int(np.argmin(depths)) == item.answer
            # At least half of the ratio.
            assert max(depths) / min(depths) > 1 + 0.45 * (made.far / made.near - 1)


def test_boxes_are_tight_around_the_objects_that_are_seen() -> None:
    for item in some()[:8]:
        made = twins(item)
        seen = truth(made.scene(shot(item).nearer), made.camera, 224)
        for number, box in enumerate(item.boxes):
            mask = seen.thing == number
            rows, cols = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
            edges = (cols[0], rows[0], cols[-1] + 1, rows[-1] + 1)
            assert (box.x0, box.y0, box.x1, box.y1) == pytest.approx(edges, abs=1)


def test_the_question_names_both_objects_and_their_boxes() -> None:
    for item in some():
        match = QUESTION.fullmatch(item.question)
        assert match is not None
        names, colours = match.group(1, 3), match.group(2, 4)
        assert sorted(colours) == ["blue", "red"]
        assert len(set(names)) == 2
        assert set(names) <= set(ORNAMENTS)
        assert item.options == tuple(
            f"the {name} ({colour} box)" for name, colour in zip(names, colours, strict=True)
        )
        assert [box.colour for box in item.boxes] == [COLOURS[colour] for colour in colours]
        assert [box.label for box in item.boxes] == ["A", "B"]


def test_the_named_objects_are_those_in_the_boxes() -> None:
    for item in some()[:8]:
        kinds = [thing.kind for thing in twins(item).scene(item.answer).things]
        assert [option.split()[1] for option in item.options] == kinds[:2]
        assert not set(kinds[:2]) & set(kinds[2:])  # and there is no other of that name


def test_answers_are_balanced_and_colours_places_and_sizes_say_nothing() -> None:
    items = some()
    answers = np.array([item.answer for item in items])
    assert answers.reshape(-1, 2).sum(1).tolist() == [1] * (len(items) // 2)
    red = np.array([["red" in option for option in item.options].index(True) for item in items])
    assert red.sum() == len(items) / 2
    edges = np.array([[(b.x0, b.y0, b.x1, b.y1) for b in item.boxes] for item in items])
    width, height = edges[..., 2] - edges[..., 0], edges[..., 3] - edges[..., 1]
    rules = {
        "red": red,
        "lower": edges[..., 3].argmax(1),
        "right": edges[..., 0].argmax(1),
        "larger": (width * height).argmax(1),
        "taller": height.argmax(1),
    }
    for name, chosen in rules.items():
        assert abs((chosen == answers).mean() - 0.5) < 0.2, name


def test_an_item_depends_on_seed_and_index_only_and_survives_pickling() -> None:
    task = object_depth()
    assert [i.id for i in task.make_items(3, 0)] == [i.id for i in some()[:3]]
    copy = pickle.loads(pickle.dumps(some()[2]))  # noqa: S301 - own bytes
    assert copy.id == some()[2].id
    assert copy.images[0].load().tobytes() == some()[2].images[0].load().tobytes()


def test_another_size_shows_the_same_scene() -> None:
    small, large = some()[0], object_depth(canvas=Canvas(size=448)).make_items(1, 0)[0]
    assert (large.answer, large.question) == (small.answer, small.question)
    for one, other in zip(small.boxes, large.boxes, strict=True):
        scaled = tuple(2 * edge for edge in (one.x0, one.y0, one.x1, one.y1))
        assert (other.x0, other.y0, other.x1, other.y1) == pytest.approx(scaled, abs=0.002)
    shrunk = np.asarray(large.clean_images[0].load().reduce(2), dtype=int)
    assert np.abs(shrunk - np.asarray(small.clean_images[0].load())).mean() < 4


def test_boxes_are_drawn_in_their_colours() -> None:
    item = some()[0]
    marked, clean = (np.asarray(images[0].load()) for images in (item.images, item.clean_images))
    changed = marked[(marked != clean).any(2)].tolist()
    for colour in COLOURS.values():
        rgb = [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
        assert changed.count(rgb) > 50


def test_varied_boxes_have_neither_shape_nor_colour_to_tell(tmp_path: Path) -> None:
    task = object_depth(canvas=Canvas(markers=VARIED))
    items = task.make_items(2, 0)
    for item, own in zip(items, some(), strict=False):
        assert item.clean_images == own.clean_images
        assert dict(item.slices).keys() - dict(own.slices).keys() == {"marker_size"}
    assert_is_read_back(task, items, tmp_path / "packed", markers=VARIED)


def test_narrowed_knobs_hold_for_every_item() -> None:
    given = {"ratio": "1.25", "clutter": "0", "size": "0.3"}
    for item in object_depth(difficulty=given).make_items(4, 0):
        made = twins(item)
        assert made.far / made.near == pytest.approx(1.25)
        assert made.clutter == ()
        assert all(0.3 * 0.87 <= held.size <= 0.3 * 1.15 for held in made.held)
        assert dict(item.slices)["ratio"] == "under 1.3"


def test_what_cannot_be_had_is_refused_by_name() -> None:
    with pytest.raises(KnobError, match=r"task object_depth: clutter: got 20.*more do not fit"):
        object_depth(difficulty={"clutter": "20"})


def test_items_and_pixels_are_the_same_on_every_machine() -> None:
    item = some()[0]
    pixels = hashlib.sha256(item.clean_images[0].load().tobytes()).hexdigest()[:16]
    assert (item.id, pixels) == (
        "c8fbe735fd37bc247dd1",
        "ff87ec1fc1550b07",
    )
