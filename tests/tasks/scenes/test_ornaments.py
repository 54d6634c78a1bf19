from __future__ import annotations

import math

import pytest

from pytest_vlmsight.tasks.generated import generator
from pytest_vlmsight.tasks.scenes.assembly import tips_of
from pytest_vlmsight.tasks.scenes.drawn import FIGURED
from pytest_vlmsight.tasks.scenes.exact import dot
from pytest_vlmsight.tasks.scenes.ornaments import ORNAMENTS, ornament, reach, width


@pytest.mark.parametrize("name", ORNAMENTS)
def test_an_ornament_fills_the_ball_around_its_origin_and_stands_upright(name: str) -> None:
    for seed in range(5):
        thing = ornament(generator(name, seed), name)
        tips = [tip for solid in thing.solids for tip in tips_of(solid)]
        assert math.sqrt(max(dot(tip, tip) for tip in tips)) == pytest.approx(1)
        up, down = reach(thing)
        assert up == pytest.approx(down)  # its middle is at the origin
        assert width(thing) <= 1.6 * up
        assert thing.kind == name


@pytest.mark.parametrize("name", ORNAMENTS)
def test_every_part_wears_a_patterned_skin_of_its_own(name: str) -> None:
    thing = ornament(generator(name), name, scale=(2.0, 3.0))
    assert len(thing.skins) == len(thing.parts)
    assert {solid.skin for solid in thing.solids} == set(range(len(thing.skins)))
    assert all(skin.pattern in FIGURED and 2 <= skin.scale <= 3 for skin in thing.skins)


def test_proportions_and_skins_are_drawn_anew() -> None:
    first, second = (ornament(generator(seed), "bottle") for seed in (0, 1))
    assert first.solids != second.solids
    assert first.skins != second.skins
    assert ornament(generator(0), "bottle") == first
