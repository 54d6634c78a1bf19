from __future__ import annotations

from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_vlmsight.tasks.generated import generator
from pytest_vlmsight.tasks.painting import _CELLS, _CHUNK, _LAYERS, KINDS, Painting, _draw
from pytest_vlmsight.tasks.scenes.drawn import brightness

numbers = st.integers(0, 20)


@cache
def painting(number: int) -> Painting:
    return Painting(generator("painting", number))


def places(seed: int, count: int, reach: float = 3.0) -> np.ndarray:
    found: np.ndarray = (np.random.default_rng(seed).random((2, count)) - 0.5) * 2 * reach
    return found


def colours(seen: np.ndarray) -> np.ndarray:
    return np.unique(seen, axis=1)


@given(numbers, st.integers(0, 1000))
def test_the_colour_of_a_place_is_the_same_whatever_else_is_asked_for(
    number: int, seed: int
) -> None:
    x, y = places(seed, 12)
    whole = painting(number).at(x, y)
    alone = [Painting(generator("painting", number)).at(x[k : k + 1], y[k : k + 1]) for k in (0, 7)]
    assert np.array_equal(whole[:, [0, 7]], np.hstack(alone))
    backwards = painting(number).at(x[::-1], y[::-1])
    assert np.array_equal(whole, backwards[:, ::-1])


def test_many_places_are_as_right_as_few() -> None:
    x, y = places(0, _CHUNK + 300)
    whole = painting(0).at(x, y)
    assert whole.shape == (3, _CHUNK + 300)
    assert whole.dtype == np.float32
    edge = slice(_CHUNK - 50, _CHUNK + 300)
    assert np.array_equal(whole[:, edge], painting(0).at(x[edge], y[edge]))
    assert painting(0).at(x[:0], y[:0]).shape == (3, 0)


def test_paintings_differ() -> None:
    x, y = places(0, 400)
    seen = [painting(number).at(x, y) for number in range(5)]
    assert all(not np.array_equal(one, other) for one, other in pairwise(seen))


@given(numbers)
def test_a_painting_has_two_colours_that_are_told_apart(number: int) -> None:
    """One place shows the ground and another the ink; so a colour does not tell where one is."""
    found = colours(painting(number).at(*places(number, 2000))).T.tolist()
    assert len(found) == 2
    one, other = (brightness((r, g, b)) for r, g, b in found)
    assert abs(one - other) >= 0.29
    assert all(0 <= value <= 1 for values in found for value in values)


@settings(max_examples=30)
@given(numbers, st.floats(-100, 100), st.floats(-100, 100))
def test_the_painting_has_no_end(number: int, x: float, y: float) -> None:
    """Wherever one looks something is to be seen: of the size of a view, both colours."""
    across, down = places(number, 1500, reach=0.75)
    assert len(colours(painting(number).at(across + x, down + y)).T) == 2


def test_nothing_repeats_within_several_views() -> None:
    x, y = places(1, 500, reach=1)
    here = painting(2).at(x, y)
    for across, down in ((1, 0), (0, 1), (3, 2), (-4, 4), (7.5, 0)):
        away = painting(2).at(x + across, y + down)
        assert (here == away).all(0).mean() < 0.9


@pytest.mark.parametrize("axis", [0, 1])
def test_no_shape_is_cut_off_where_its_cell_ends(axis: int) -> None:
    rng = np.random.default_rng(3)
    for layer in painting(3)._layers:
        c, s = layer.turn
        cells = rng.random((2, 3000)) * _CELLS
        cells[axis] = np.floor(cells[axis]) + rng.choice([-1e-7, 1e-7], 3000)
        across, down = (cells - np.array(layer.offset)[:, None]) * layer.cell
        x, y = c * across - s * down, s * across + c * down
        shown = np.full((3, 3000), -1, dtype=np.float32)
        _draw(layer, x, y, shown)
        assert (shown == -1).all()


def test_later_layers_have_smaller_shapes_and_all_show_some() -> None:
    x, y = places(4, 4000, reach=4)
    for layer, (cell, full) in zip(painting(4)._layers, _LAYERS, strict=True):
        assert layer.cell == cell
        shown = np.full((3, 4000), -1, dtype=np.float32)
        _draw(layer, x, y, shown)
        painted = (shown != -1).all(0).mean()
        # A shape takes up a tenth to a half of its cell.
        assert 0.1 * full < painted < 0.5 * full


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_shape_covers_a_part_of_its_disc(kind: object) -> None:
    steps = np.linspace(-1, 1, 201, dtype=np.float32)
    a, b = (axis.ravel() for axis in np.meshgrid(steps, steps))
    disc = a * a + b * b < 1
    shown = kind(a[disc], b[disc])  # type: ignore[operator]
    assert shown.dtype == bool
    assert shown.mean() == 1 if kind is KINDS[0] else 0.2 < shown.mean() < 0.8


def test_no_two_kinds_are_the_same_shape() -> None:
    steps = np.linspace(-1, 1, 101, dtype=np.float32)
    a, b = (axis.ravel() for axis in np.meshgrid(steps, steps))
    disc = a * a + b * b < 1
    shapes = [kind(a[disc], b[disc]) for kind in KINDS]
    for number, one in enumerate(shapes):
        assert all((one != other).mean() > 0.1 for other in shapes[:number])
