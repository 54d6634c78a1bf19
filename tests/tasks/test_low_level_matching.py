from __future__ import annotations

import pickle
from functools import cache
from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from pytest_vlmsight.tasks import low_level_matching as module
from pytest_vlmsight.tasks.generated import Canvas
from pytest_vlmsight.tasks.item import REFERENCE, Task
from pytest_vlmsight.tasks.knobs import KnobError
from pytest_vlmsight.tasks.low_level_matching import (
    MARGIN,
    SEPARATION,
    Geometry,
    geometry,
    low_level_matching,
)
from pytest_vlmsight.tasks.markers import Markers, MarkerStyle
from pytest_vlmsight.tasks.textured_scene import relit, scene, view

Array = NDArray[np.float64]


def sized(size: int) -> Task:
    return low_level_matching(canvas=Canvas(size=size))


@cache
def many() -> list[Geometry]:
    return [geometry(0, index) for index in range(2000)]


def _accuracy(chosen: Array) -> float:
    answers = np.array([g.answer for g in many()])
    return float((chosen == answers).mean())


@pytest.mark.parametrize(
    "rule",
    ["nearest", "farthest", "second nearest", "central", "leftmost", "lowest", "lonely", "angle"],
)
def test_positions_alone_are_at_chance(rule: str) -> None:
    reference = np.array([g.reference for g in many()])
    candidates = np.array([g.candidates for g in many()])
    offsets = candidates - reference[:, None]
    distance = np.linalg.norm(offsets, axis=-1)
    between = np.linalg.norm(candidates[:, :, None] - candidates[:, None], axis=-1).sum(-1)
    directions = np.arctan2(candidates[..., 1], candidates[..., 0])
    turn = directions - np.arctan2(reference[:, 1], reference[:, 0])[:, None]
    chosen = {
        "nearest": distance.argmin(1),
        "farthest": distance.argmax(1),
        "second nearest": distance.argsort(1)[:, 1],
        "central": np.linalg.norm(candidates, axis=-1).argmin(1),
        "leftmost": candidates[..., 0].argmin(1),
        "lowest": candidates[..., 1].argmax(1),
        "lonely": between.argmax(1),
        "angle": np.cos(turn).argmax(1),
    }[rule]
    assert abs(_accuracy(chosen) - 0.25) <= 0.05


def test_geometry_keeps_its_conditions() -> None:
    for found in many()[:500]:
        for x, y in (found.reference, *found.candidates):
            assert max(abs(x), abs(y)) <= 0.5 - MARGIN
        for a, b in combinations(found.candidates, 2):
            assert np.hypot(a[0] - b[0], a[1] - b[1]) >= SEPARATION
        moved = np.reshape(found.homography, (3, 3)) @ [*found.reference, 1]
        assert moved[:2] / moved[2] == pytest.approx(found.candidates[found.answer], abs=1e-12)


def test_right_answers_are_balanced() -> None:
    assert np.bincount([g.answer for g in many()]).tolist() == [500] * 4


def test_an_item_depends_on_seed_and_index_only() -> None:
    task = low_level_matching()
    items = task.make_items(6, 5)
    assert [i.id for i in task.make_items(3, 5)] == [i.id for i in items[:3]]
    assert [i.id for i in low_level_matching().make_items(6, 5)] == [i.id for i in items]
    assert len({i.id for i in (*items, *task.make_items(6, 6))}) == 12
    assert task.make_items(2, -1)[1].answer in range(4)


def test_same_seed_same_pixels() -> None:
    [one] = low_level_matching().make_items(1, 3)
    before = [p.load().tobytes() for p in one.images]
    scene.cache_clear()
    [other] = pickle.loads(pickle.dumps(low_level_matching())).make_items(1, 3)  # noqa: S301 - own
    assert [p.load().tobytes() for p in other.images] == before
    assert [p.digest for p in other.images] == [p.digest for p in one.images]


@pytest.mark.parametrize("size", [224, 301])
def test_size_is_a_setting(size: int) -> None:
    [item] = sized(size).make_items(1, 0)
    assert [p.size for p in item.images] == [(size, size)] * 2
    assert [p.load().size for p in item.images] == [(size, size)] * 2
    assert [p.label for p in item.points] == [REFERENCE, "A", "B", "C", "D"]
    assert sized(size).fingerprint == sized(size).fingerprint


def test_settings_show_in_identity() -> None:
    small, large = sized(224), sized(256)
    assert small.fingerprint != large.fingerprint
    assert small.make_items(1, 0)[0].id != large.make_items(1, 0)[0].id
    blue = low_level_matching(canvas=Canvas(markers=Markers(MarkerStyle(colour="blue"))))
    [item], [other] = blue.make_items(1, 0), low_level_matching().make_items(1, 0)
    assert item.clean_images == other.clean_images
    assert item.id != other.id


def _patch(pixels: Array, x: float, y: float, homography: Array | None = None) -> Array:
    """Colours at a grid of ±5 px around a point, bilinear, optionally seen through a map."""
    steps = np.arange(-5, 6, dtype=float)
    grid = np.stack(np.meshgrid(x + steps, y + steps), -1).reshape(-1, 2)
    if homography is not None:
        moved = np.c_[grid, np.ones(len(grid))] @ homography.T
        grid = moved[:, :2] / moved[:, 2:]
    at = np.clip(grid - 0.5, 0, pixels.shape[0] - 1.001)  # the first pixel's centre is at .5
    low = at.astype(int)
    fx, fy = (at - low).T[:, :, None]
    x0, y0 = low.T
    top = pixels[y0, x0] * (1 - fx) + pixels[y0, x0 + 1] * fx
    bottom = pixels[y0 + 1, x0] * (1 - fx) + pixels[y0 + 1, x0 + 1] * fx
    patch: Array = top * (1 - fy) + bottom * fy
    return patch


def test_the_right_point_is_exact_to_less_than_a_pixel() -> None:
    """Without the change of light, the second view at the mapped points is the first view."""
    size, errors, shifted = 224, [], []
    to_px = np.array([[size, 0, size / 2], [0, size, size / 2], [0, 0, 1]])
    for index, found in enumerate(many()[:12]):
        picture = scene(f"exact {index}", 3 * size, 1.0)
        start = (picture.width - size) // 2
        first = np.asarray(picture.crop((start, start, start + size, start + size)), float)
        second = np.asarray(view(picture, found.homography, size), float)
        homography = to_px @ np.reshape(found.homography, (3, 3)) @ np.linalg.inv(to_px)
        x, y = (found.reference[0] + 0.5) * size, (found.reference[1] + 0.5) * size
        here = _patch(first, x, y)
        errors.append(np.abs(here - _patch(second, x, y, homography)).mean())
        off = np.array([[1, 0, 0.7], [0, 1, 0.7], [0, 0, 1]]) @ homography
        shifted.append(np.abs(here - _patch(second, x, y, off)).mean())
    assert np.mean(errors) < 0.6 * np.mean(shifted)


def test_views_show_nothing_beyond_the_scene() -> None:
    for index, found in enumerate(many()[:12]):
        white = Image.new("RGB", (672, 672), "white")
        assert np.asarray(view(white, found.homography, 224)).min() == 255, index


def test_light_changes_but_leaves_the_picture_recognisable() -> None:
    picture = scene("light", 300, 1.0)
    changed = np.asarray(relit(picture, np.random.default_rng(0)), float)
    before = np.asarray(picture, float)
    assert 2 < np.abs(changed - before).mean() < 70
    assert np.corrcoef(changed.ravel(), before.ravel())[0, 1] > 0.9


def test_bounded_tries_name_seed_and_task(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SEPARATION", 2.0)
    says = "task low_level_matching: no geometry for item 4 of seed 7 in 4096 tries"
    with pytest.raises(RuntimeError, match=says):
        geometry(7, 4)


def test_the_task_has_no_knobs() -> None:
    with pytest.raises(KnobError, match="task low_level_matching: got an unknown setting 'size'"):
        low_level_matching(difficulty={"size": "3"})
