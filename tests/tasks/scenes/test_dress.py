from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_vlmsight.tasks.generated import generator
from pytest_vlmsight.tasks.scenes.assembly import BLANK, DARK, TRIM, Assembly
from pytest_vlmsight.tasks.scenes.dress import COATS, dressed
from pytest_vlmsight.tasks.scenes.texture import PATTERNS, Texture

if TYPE_CHECKING:
    from pytest_vlmsight.tasks.scenes.scene import Thing

SEEDS = st.integers(0, 10_000)
FEW = settings(max_examples=40)
OWN = Texture(pattern="ringed", ground=(0.3, 0.1, 0.2))


def bare() -> Thing:
    """A head with an eye and a stripe, a body, two legs of one name and a tail with a skin."""
    made = Assembly("beast")
    made.ball("head", (1.0, 0.0, 0.5), (0.3, 0.3, 0.3))
    made.ball("head|eye", (1.3, 0.0, 0.6), (0.05, 0.05, 0.05))
    made.ball("head|stripe", (1.0, 0.0, 0.8), (0.05, 0.05, 0.05))
    made.ball("body", (0.0, 0.0, 0.0), (0.8, 0.4, 0.4))
    for side in (-1, 1):
        made.tube("leg", (0.0, side * 0.3, 0.0), (0.0, side * 0.3, -1.0), 0.1)
    made.ball("tail", (-1.0, 0.0, 0.3), (0.3, 0.1, 0.1))
    thing = made.thing()
    assert thing.skins == (BLANK, DARK, TRIM, BLANK, BLANK, BLANK)
    return replace(thing, skins=(*thing.skins[:-1], OWN))


def worn(seed: int, coat: str) -> tuple[Texture, ...]:
    return dressed(bare(), generator("worn", seed), coat=coat).skins


@FEW
@given(SEEDS)
def test_one_material_covers_all_parts(seed: int) -> None:
    head, _, _, body, leg, _ = worn(seed, COATS[0])
    assert head == body == leg != BLANK


@FEW
@given(SEEDS)
def test_or_every_part_has_a_colour_of_its_own(seed: int) -> None:
    head, _, _, body, leg, _ = worn(seed, COATS[1])
    assert len({head.ground, body.ground, leg.ground}) == 3
    # The light falls on all alike, or roughness would tell a part.
    assert len({(skin.bump, skin.gloss) for skin in (head, body, leg)}) == 1


@FEW
@given(SEEDS, st.sampled_from(COATS))
def test_details_keep_what_tells_them(seed: int, coat: str) -> None:
    head, eye, stripe, *_, tail = worn(seed, coat)
    assert eye == DARK
    assert tail == OWN
    assert stripe.pattern == "plain"
    assert stripe.ground not in {TRIM.ground, head.ground}


@FEW
@given(SEEDS, st.sampled_from(COATS))
def test_shape_and_parts_stay(seed: int, coat: str) -> None:
    thing = bare()
    again = dressed(thing, generator("worn", seed), coat=coat)
    assert replace(again, skins=thing.skins) == thing
    assert again == dressed(thing, generator("worn", seed), coat=coat)
    assert thing == bare()


@FEW
@given(SEEDS, st.sampled_from(COATS))
def test_materials_can_be_painted_and_show_no_pattern_too_strong(seed: int, coat: str) -> None:
    for skin in worn(seed, coat):
        assert skin.pattern in PATTERNS
        assert all(0 <= value <= 1 for value in (*skin.ground, *skin.figure))
        assert 0 <= skin.bump <= 0.3
        if skin.pattern not in {OWN.pattern, "plain"}:
            ratio = skin.figure[0] / skin.ground[0]
            assert 0.25 <= ratio <= 4


@pytest.mark.parametrize("coat", COATS)
def test_no_colour_or_pattern_belongs_to_a_part(coat: str) -> None:
    many = [worn(seed, coat) for seed in range(60)]
    for part in (0, 3, 4):
        assert len({skins[part].ground for skins in many}) == 60
        assert len({skins[part].pattern for skins in many}) == 5
