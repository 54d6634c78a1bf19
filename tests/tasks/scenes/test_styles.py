"""Styles: every family draws, the same pixels everywhere, the same picture at every size."""

from __future__ import annotations

import hashlib
from collections import Counter
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_vlmsight.tasks.generated import generator
from pytest_vlmsight.tasks.scenes.camera import Camera
from pytest_vlmsight.tasks.scenes.scene import Room, Scene, Thing
from pytest_vlmsight.tasks.scenes.solids import Solid
from pytest_vlmsight.tasks.scenes.styles import areas, drawn_in_style
from pytest_vlmsight.tasks.scenes.styles.families import FAMILIES, KINDS, Variant
from pytest_vlmsight.tasks.scenes.styles.finish import Finish, liveliness
from pytest_vlmsight.tasks.scenes.styles.lattice import Lattice
from pytest_vlmsight.tasks.scenes.styles.rivalry import two_manners
from pytest_vlmsight.tasks.scenes.styles.sheet import Manner
from pytest_vlmsight.tasks.scenes.styles.subject import Palette
from pytest_vlmsight.tasks.scenes.texture import Texture

WAYS = [(name, k) for name, family in FAMILIES.items() for k in range(len(family.variants))]
CAMERA = Camera.look_at((0.5, -4.5, 2.6), (0.0, 0.0, 0.6))
FINISH = Finish(cast=(0.5, 0.45, 0.55), contrast=0.2, colourful=0.05, liveliness=0.3)
PINNED = "a2a761d0289c36b6888ffad9642c40c6905f44245797e150c85689e4541e6581"


@cache
def scene() -> Scene:
    """A ball and a block, built here, so that no other module's things decide the pixels."""
    skins = (
        Texture(ground=(0.7, 0.2, 0.1), grain=0.1),
        Texture(pattern="striped", scale=1.5, ground=(0.1, 0.2, 0.5), figure=(0.8, 0.8, 0.6)),
    )
    things = (
        Thing(
            kind="ball",
            solids=(Solid(kind="ball", centre=(0, 0, 0), half=(0.9, 0.9, 0.9)),),
            skins=skins[:1],
            position=(-0.9, 0.0, 0.9),
        ),
        Thing(
            kind="block",
            solids=(Solid(kind="block", centre=(0, 0, 0), half=(0.6, 0.6, 1.1)),),
            skins=skins[1:],
            position=(1.1, 0.6, 1.1),
        ),
    )
    plain = Texture(ground=(0.5, 0.6, 0.4), grain=0.1)
    return Scene(room=Room(skins=(plain, Texture(ground=(0.3, 0.3, 0.45)), plain)), things=things)


def manner(way: tuple[str, int], *, lively: float | None = None) -> Manner:
    variant = FAMILIES[way[0]].variants[way[1]]
    size = variant.size(variant.sizes[len(variant.sizes) // 2][0] if lively is None else lively)
    return Manner(family=way[0], variant=way[1], size=size, angle=25.0)


@cache
def drawn(way: tuple[str, int], count: int = 224, *, colour: float = 1.0) -> Any:
    return drawn_in_style(
        scene(),
        CAMERA,
        count,
        manner=manner(way),
        palette=Palette(dark=(0.1, 0.1, 0.2), light=(0.95, 0.9, 0.8), colour=colour),
        finish=FINISH,
        rng=generator("strokes"),
    )


def test_pixels_are_those_of_every_machine() -> None:
    content = hashlib.sha256()
    for way in WAYS:
        content.update(drawn(way).tobytes())
    assert content.hexdigest() == PINNED


def test_no_two_ways_draw_the_same() -> None:
    assert len({drawn(way).tobytes() for way in WAYS}) == len(WAYS)
    assert {family.kind for family in FAMILIES.values()} == set(KINDS)


@pytest.mark.parametrize("way", WAYS)
def test_a_larger_picture_shows_the_same(way: tuple[str, int]) -> None:
    large = drawn(way, 448).astype(float).reshape(224, 2, 224, 2, 3).mean((1, 3))
    assert np.corrcoef(large.ravel(), drawn(way).ravel())[0, 1] > 0.93


@pytest.mark.parametrize("way", WAYS)
def test_the_scene_stays_recognisable(way: tuple[str, int]) -> None:
    """Blurred, every style shows the same light and dark."""
    plain = drawn(("pixels", 0), colour=1.0).astype(float).mean(2)
    styled = drawn(way).astype(float).mean(2)
    blurred = [picture.reshape(14, 16, 14, 16).mean((1, 3)).ravel() for picture in (plain, styled)]
    assert np.corrcoef(*blurred)[0, 1] > 0.6


@pytest.mark.parametrize("way", WAYS)
def test_without_colours_all_lies_between_ink_and_paper(way: tuple[str, int]) -> None:
    """So that colours differ along one line and hardly across it."""
    across = {}
    for colour in (0.0, 1.0):
        pixels = drawn(way, colour=colour).astype(float).reshape(-1, 3)
        spread = np.linalg.svd(pixels - pixels.mean(0), compute_uv=False)
        across[colour] = spread[1] / spread[0]
    assert across[0.0] < 0.8 * across[1.0]


@pytest.mark.parametrize("way", WAYS)
def test_sizes_hold_what_they_say_of_liveliness(way: tuple[str, int]) -> None:
    variant = FAMILIES[way[0]].variants[way[1]]
    low, high = variant.span
    assert low < high
    for (calm, large), (lively, small) in zip(variant.sizes, variant.sizes[1:], strict=False):
        assert calm < lively
        assert large >= small
        assert variant.size((calm + lively) / 2) == pytest.approx((large + small) / 2)


@given(st.floats(0.01, 2.0))
def test_a_size_is_one_of_the_table(lively: float) -> None:
    variant = Variant(((0.1, 0.08), (0.2, 0.05), (0.4, 0.01)))
    assert 0.01 <= variant.size(lively) <= 0.08


@given(st.floats(0.02, 0.2), st.floats(0, 180), st.integers(0, 1000))
@settings(max_examples=20, deadline=None)
def test_pixels_ask_the_nine_cells_around_them_in_one_order(
    cell: float, degrees: float, seed: int
) -> None:
    lattice = Lattice(cell, degrees, np.random.default_rng(seed), 2)
    x, y = np.random.default_rng(seed).random((2, 50)).astype(np.float32)
    u, v = lattice.coordinates(x, y)
    around = np.array(list(lattice.around(u, v)))
    assert around.min() >= 0
    assert around.max() < len(lattice)
    assert (np.sort(around, 0) == np.sort(_nine(lattice, u, v), 0)).all()
    # A cell comes before another for every pixel that asks both.
    before: set[tuple[int, int]] = set()
    for column in around.T.tolist():
        before |= {(a, b) for k, a in enumerate(column) for b in column[k + 1 :]}
    assert not any((b, a) in before for a, b in before)
    again = lattice.coordinates(*lattice.places(u, v))
    assert np.allclose(again, (u, v), atol=1e-3)


def _nine(lattice: Lattice, u: Any, v: Any) -> Any:
    return np.array([lattice.own(u + i, v + j) for i in (-1, 0, 1) for j in (-1, 0, 1)])


def test_a_finish_decides_what_does_not_belong_to_the_style() -> None:
    rng = np.random.default_rng(0)
    coarse = np.kron(rng.random((3, 14, 14)), np.ones((16, 16))).astype(np.float32)
    fine = coarse * np.float32(0.6) + np.float32(0.2) * rng.random((3, 224, 224)).astype(np.float32)
    for picture, factors in ((coarse * np.float32(0.3), (1.05, 1.25)), (fine, (0.8, 1.2))):
        own = liveliness(picture.mean(0))
        for asked in (factors[0] * own, factors[1] * own):
            out = Finish(
                cast=(0.4, 0.5, 0.55), contrast=0.15, colourful=0.1, liveliness=asked
            ).put_on(picture)
            assert out.mean((1, 2)) == pytest.approx((0.4, 0.5, 0.55), abs=0.01)
            grey = (out * np.array([54, 183, 19], dtype=np.float32)[:, None, None]).sum(0) / 256
            assert grey.std() == pytest.approx(0.15, rel=0.03)
            colours = out - out.mean((1, 2), keepdims=True)
            assert np.ptp(colours, axis=0).mean() == pytest.approx(0.1, rel=0.05)
            assert liveliness(grey) == pytest.approx(asked, rel=0.1)


@given(st.integers(0, 10**6), st.integers(1, 3), st.floats(0, 1))
@settings(max_examples=60, deadline=None)
def test_two_manners_can_both_be_had_at_their_liveliness(
    seed: int, difference: int, coarseness: float
) -> None:
    first, second, lively = two_manners(
        np.random.default_rng(seed), difference=difference, coarseness=coarseness
    )
    assert first != second
    for one in (first, second):
        variant = FAMILIES[one.family].variants[one.variant]
        low, high = variant.span
        assert low - 1e-9 <= lively <= high + 1e-9
        assert one.size == variant.size(lively)


@pytest.mark.parametrize("difference", [1, 2, 3])
def test_which_manner_is_first_says_nothing_and_all_families_come(difference: int) -> None:
    rng = np.random.default_rng(difference)
    pairs = [two_manners(rng, difference=difference, coarseness=0.5) for _ in range(400)]
    first = Counter(one.family for one, _, _ in pairs)
    second = Counter(other.family for _, other, _ in pairs)
    for family in first | second:
        both = first[family] + second[family]
        assert abs(first[family] - both / 2) <= 3 * np.sqrt(both) / 2, family
    if difference == 3:
        assert set(first | second) == set(FAMILIES)


@pytest.mark.parametrize("way", WAYS)
def test_two_pictures_of_a_style_do_not_share_their_strokes(way: tuple[str, int]) -> None:
    """Else pictures of one style would be alike pixel by pixel."""
    palette = Palette(dark=(0.1, 0.1, 0.2), light=(0.95, 0.9, 0.8), colour=1.0)
    made = [
        drawn_in_style(
            scene(),
            CAMERA,
            64,
            manner=manner(way),
            palette=palette,
            finish=FINISH,
            rng=generator("strokes", number),
        )
        for number in range(2)
    ]
    drawn_differently = FAMILIES[way[0]].draw not in (areas.poster, areas.comic)
    assert (made[0] != made[1]).any() == drawn_differently
