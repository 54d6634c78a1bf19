from __future__ import annotations

from functools import cache

import numpy as np

from pytest_vlmsight.tasks.finished import finished
from pytest_vlmsight.tasks.framing import aimed
from pytest_vlmsight.tasks.generated import generator
from pytest_vlmsight.tasks.scenes.render import developed, light_of, render
from pytest_vlmsight.tasks.scenes.scene import Scene
from pytest_vlmsight.tasks.scenes.still_life import still_life
from pytest_vlmsight.tasks.scenes.view import View
from pytest_vlmsight.tasks.sight_lines import two_cameras

COUNT, REACH = 96, 6
CAMERA, _ = two_cameras(generator("finished camera"), around=20, roll=10)


@cache
def scene() -> Scene:
    return still_life(generator("finished"), things=16)


def around(picture: np.ndarray, row: int, column: int) -> np.ndarray:
    return picture[row - REACH : row + REACH + 1, column - REACH : column + REACH + 1]


def test_windows_are_those_of_the_whole_picture() -> None:
    rows, columns = np.random.default_rng(0).integers(REACH + 1, COUNT - REACH - 1, (2, 20))
    found = finished(View(scene(), CAMERA), rows, columns, count=COUNT, reach=REACH)
    whole = render(scene(), CAMERA, COUNT)
    for one, row, column in zip(found, rows, columns, strict=True):
        assert np.array_equal(one, around(whole, row, column))
    rough = developed(light_of(scene(), CAMERA, COUNT, smooth=False))
    assert any(
        not np.array_equal(one, around(rough, row, column))
        for one, row, column in zip(found, rows, columns, strict=True)
    )


def test_windows_of_turned_cameras_are_those_of_their_pictures() -> None:
    turned = [aimed(CAMERA, source, (0.3, 0.6)) for source in ((0.2, 0.7), (0.6, 0.4), (0.5, 0.5))]
    rows, columns = np.full(3, 57), np.full(3, 28)
    view = View(scene(), CAMERA)
    found = finished(view, rows, columns, count=COUNT, reach=REACH, turned=turned)
    for one, camera in zip(found, turned, strict=True):
        whole = around(render(scene(), camera, COUNT), 57, 28)
        assert (one == whole).mean() > 0.99  # a ray at an edge may be rounded across it


def test_a_window_without_edges_needs_no_fine_samples() -> None:
    plain = Scene(room=scene().room, things=(), light=scene().light)
    rows = columns = np.array([COUNT // 2])
    found = finished(View(plain, CAMERA), rows, columns, count=COUNT, reach=REACH)
    assert np.array_equal(found[0], around(render(plain, CAMERA, COUNT), COUNT // 2, COUNT // 2))
