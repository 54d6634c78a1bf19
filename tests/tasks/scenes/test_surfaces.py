from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_vlmsight.tasks.generated import generator
from pytest_vlmsight.tasks.scenes.drawn import brightness
from pytest_vlmsight.tasks.scenes.surfaces import (
    FIGURED,
    PLAIN,
    SURFACES,
    differ,
    palette,
    skin,
)
from pytest_vlmsight.tasks.scenes.texture import PATTERNS, Texture

names = st.sampled_from(list(SURFACES))
SEEDS = st.integers(0, 10_000)


def a_skin(seed: int, name: str, *, scale: float = 4.0) -> Texture:
    return skin(
        generator("skin", seed), name, colours=((0.1, 0.2, 0.3), (0.7, 0.8, 0.9)), scale=scale
    )


def test_surfaces_are_plain_or_have_a_pattern_of_their_own() -> None:
    assert {*PLAIN, *FIGURED} == set(SURFACES)
    assert all((SURFACES[name].pattern == "plain") == (name in PLAIN) for name in SURFACES)
    patterns = [SURFACES[name].pattern for name in FIGURED]
    assert len(set(patterns)) == len(patterns)
    assert set(patterns) <= set(PATTERNS)


def test_surfaces_that_look_alike_do_not_differ() -> None:
    for first, surface in SURFACES.items():
        assert not differ(first, first)
        assert set(surface.alike) <= set(SURFACES) - {first}
        assert not any(differ(first, other) for other in surface.alike)
        for second in SURFACES:
            assert differ(first, second) == differ(second, first)


@pytest.mark.parametrize("among", [PLAIN, FIGURED])
def test_every_surface_has_one_to_differ_from(among: tuple[str, ...]) -> None:
    assert all(any(differ(one, other) for other in among) for one in among)


@given(SEEDS, names, st.floats(0.5, 8.0))
def test_a_skin_is_within_the_bounds_of_its_surface(seed: int, name: str, scale: float) -> None:
    made, surface = a_skin(seed, name, scale=scale), SURFACES[name]
    assert made.pattern == surface.pattern
    assert made.scale == scale * surface.fine
    assert (made.ground, made.figure) == ((0.1, 0.2, 0.3), (0.7, 0.8, 0.9))
    for value, (low, high) in (
        (made.bump, surface.bump),
        (made.gloss, surface.gloss),
        (made.grain, surface.grain),
    ):
        assert low <= value <= high


@given(SEEDS, names)
def test_a_skin_is_turned_and_moved_anew_each_time(seed: int, name: str) -> None:
    one, other = a_skin(seed, name), a_skin(seed + 1, name)
    assert one == a_skin(seed, name)
    assert one.axes != other.axes
    assert one.offset != other.offset


@given(SEEDS)
def test_rough_surfaces_are_told_from_smooth_ones_by_their_bumps_alone(seed: int) -> None:
    rough, smooth = a_skin(seed, "rough"), a_skin(seed, "smooth")
    assert rough.bump > 10 * smooth.bump
    assert rough.pattern == smooth.pattern


@settings(max_examples=200)
@given(SEEDS)
def test_the_colours_of_a_palette_are_told_apart(seed: int) -> None:
    ground, figure = palette(generator("palette", seed))
    assert abs(brightness(ground) - brightness(figure)) >= 0.36
    assert all(0 <= value <= 1 for value in (*ground, *figure))
