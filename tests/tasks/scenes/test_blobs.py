from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_vlmsight.tasks.generated import generator
from pytest_vlmsight.tasks.scenes.assembly import BLANK, tips
from pytest_vlmsight.tasks.scenes.blobs import LOBES, Species, species, specimen
from pytest_vlmsight.tasks.scenes.exact import Vec, dot

if TYPE_CHECKING:
    from pytest_vlmsight.tasks.scenes.scene import Thing

SEEDS = st.integers(0, 10_000)


def kin(seed: int) -> tuple[Species, Thing, Thing]:
    """A species and two of its specimens."""
    rng = generator("kin", seed)
    own = species(rng)
    return own, specimen(own, rng), specimen(own, rng)


def mirrored(of: Vec) -> Vec:
    return of[0], -of[1], of[2]


@given(SEEDS)
def test_a_species_has_some_lobes_of_different_shapes(seed: int) -> None:
    made = species(generator("species", seed))
    assert LOBES[0] <= len(made.lobes) <= LOBES[1]
    assert len({lobe.shape for lobe in made.lobes}) == len(made.lobes)


@given(SEEDS)
def test_lobes_are_at_least_fifty_degrees_apart(seed: int) -> None:
    outs = []
    for lobe in species(generator("species", seed)).lobes:
        assert dot(lobe.out, lobe.out) == pytest.approx(1)
        assert lobe.twin == (lobe.out[1] > 0.4)
        outs += [lobe.out, mirrored(lobe.out)] if lobe.twin else [lobe.out]
    for one, other in combinations(outs, 2):
        assert np.degrees(np.arccos(dot(one, other))) > 50


@settings(max_examples=40)
@given(SEEDS)
def test_specimens_have_the_same_lobes_in_other_proportions(seed: int) -> None:
    own, one, other = kin(seed)
    assert one.parts == other.parts == tuple(f"blob-{k}" for k in range(len(own.lobes) + 1))
    assert [(s.part, s.kind) for s in one.solids] == [(s.part, s.kind) for s in other.solids]
    assert all(a.half != b.half for a, b in zip(one.solids, other.solids, strict=True))


@settings(max_examples=40)
@given(SEEDS)
def test_a_lobe_sits_at_about_the_same_place_on_all_specimens(seed: int) -> None:
    own, *both = kin(seed)
    for thing in both:
        body, *lobes = thing.solids
        for number, lobe in enumerate(own.lobes, start=1):
            first = next(s for s in lobes if s.part == f"blob-{number}")
            away = np.subtract(first.centre, body.centre)
            assert dot(away / np.linalg.norm(away), lobe.out) > 0.6


@settings(max_examples=40)
@given(SEEDS)
def test_specimens_are_the_same_left_and_right(seed: int) -> None:
    own, thing, _ = kin(seed)
    twins = {f"blob-{number}" for number, lobe in enumerate(own.lobes, start=1) if lobe.twin}
    places = sorted(np.round((s.part in twins, *s.centre), 9).tolist() for s in thing.solids)
    other = sorted(
        np.round((s.part in twins, *mirrored(s.centre)), 9).tolist() for s in thing.solids
    )
    assert places == pytest.approx(np.array(other))
    for solid in thing.solids:
        if solid.part in twins:
            assert any(
                s.part == solid.part
                and s.half == solid.half
                and np.allclose(s.axes, [mirrored(axis) for axis in solid.axes])
                for s in thing.solids
            )


@settings(max_examples=40)
@given(SEEDS)
def test_specimens_fill_the_unit_ball_and_are_undressed(seed: int) -> None:
    _, thing, _ = kin(seed)
    x, y, z = tips(thing.solids)
    assert np.sqrt(x * x + y * y + z * z).max() == pytest.approx(1)
    assert thing.kind == "blob"
    assert set(thing.skins) == {BLANK}


@given(SEEDS)
def test_species_differ(seed: int) -> None:
    assert species(generator(seed)) == species(generator(seed))
    assert species(generator(seed)) != species(generator(seed, "other"))
