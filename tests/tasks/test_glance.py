from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_vlmsight.tasks.generated import generator
from pytest_vlmsight.tasks.glance import GAP, GRID, Glance, even_pair, glance
from pytest_vlmsight.tasks.portrait import Portrait, portrait, stage
from pytest_vlmsight.tasks.scenes.exact import any_turn
from pytest_vlmsight.tasks.scenes.forms import FORMS
from pytest_vlmsight.tasks.scenes.render import render, truth
from pytest_vlmsight.tasks.scenes.surfaces import palette, skin

MEASURES = ("thumbnail", "area")


def any_portrait(number: int) -> Portrait:
    rng = generator("glance", number)
    form = list(FORMS)[number % len(FORMS)]
    return portrait(
        stage(rng, clutter=1),
        kind=form,
        solids=FORMS[form].build(rng),
        skin=skin(rng, "checked", colours=palette(rng), scale=4.0),
        turn=any_turn(rng),
        size=0.7,
        shift=(0.3, -0.5),
    )


@pytest.mark.parametrize("number", range(4))
def test_a_glance_sees_what_the_picture_shows(number: int) -> None:
    made = any_portrait(number)
    seen = glance(made.scene, made.camera)
    picture = render(made.scene, made.camera, 200).astype(float)
    small = picture.reshape(20, 10, 20, 10, 3).mean((1, 3)).reshape(-1, 3)
    assert np.corrcoef(seen.thumbnail.ravel(), small.ravel())[0, 1] > 0.9
    mask = truth(made.scene, made.camera, GRID).thing == 0
    assert np.array_equal(seen.mask, mask)
    assert seen.area == mask.sum()
    assert not seen.cut


def test_sharpness_and_contrast_order_pictures_as_their_pixels_do() -> None:
    made = [any_portrait(number) for number in range(12)]
    seen = [glance(one.scene, one.camera) for one in made]
    grey = [render(one.scene, one.camera, 224).astype(float) @ (0.21, 0.72, 0.07) for one in made]
    steps = [np.abs(np.diff(g, axis=0)).mean() + np.abs(np.diff(g, axis=1)).mean() for g in grey]
    assert np.corrcoef([s.sharpness for s in seen], steps)[0, 1] > 0.9
    assert np.corrcoef([s.contrast for s in seen], [g.std() for g in grey])[0, 1] > 0.97


def test_sharpness_is_left_out_where_it_is_not_wanted() -> None:
    made = any_portrait(1)
    full, quick = (glance(made.scene, made.camera, sharpness=wanted) for wanted in (True, False))
    assert full.sharpness > 0 == quick.sharpness
    assert np.array_equal(full.thumbnail, quick.thumbnail)
    assert np.array_equal(full.mask, quick.mask)
    assert full.contrast == quick.contrast


def test_nothing_is_unlike_itself() -> None:
    seen = glance(any_portrait(0).scene, any_portrait(0).camera)
    assert all(abs(value) < 1e-12 for value in seen.unlike(seen).values())
    other = glance(any_portrait(1).scene, any_portrait(1).camera)
    assert all(value > 0 for value in seen.unlike(other).values())


def test_an_object_at_the_border_is_cut() -> None:
    mask = np.zeros((GRID, GRID), dtype=bool)
    mask[5:9, 0:9] = True
    seen = Glance(np.zeros((400, 3)), mask, 1.0, 1.0)
    assert seen.cut
    assert seen.compactness == (9 + 9 + 4) ** 2 / 36  # the border itself is no outline


numbers = st.floats(0.01, 1.0)
pools = st.lists(st.fixed_dictionaries(dict.fromkeys(MEASURES, numbers)), max_size=4)


@given(pools, pools, st.booleans())
def test_an_even_pair_has_the_order_asked_for_and_the_gap_nearest_to_the_wanted_one(
    right: list[dict[str, float]], wrong: list[dict[str, float]], nearer: bool
) -> None:
    def fits(i: int, j: int) -> bool:
        low, high = (right[i], wrong[j]) if nearer else (wrong[j], right[i])
        return all(low[name] < high[name] for name in MEASURES)

    def off(i: int, j: int) -> float:
        gap = max(
            abs(right[i][name] - wrong[j][name]) / (right[i][name] + wrong[j][name])
            for name in MEASURES
        )
        return abs(gap - GAP)

    fit = [(i, j) for i in range(len(right)) for j in range(len(wrong)) if fits(i, j)]
    found = even_pair(right, wrong, MEASURES, nearer=nearer)
    if not fit:
        assert found is None
    else:
        assert found in fit
        assert off(*found) == min(off(i, j) for i, j in fit)


def test_an_even_pair_is_neither_as_equal_nor_as_unequal_as_can_be_had() -> None:
    right = [{"area": 1.0}]
    wrong = [{"area": (1 + gap) / (1 - gap)} for gap in (0.01, 0.2, 0.6, 0.9)]
    assert even_pair(right, wrong, ("area",), nearer=True) == (0, 1)
    assert even_pair(right, wrong, ("area",), nearer=False) is None
    assert even_pair(wrong, right, ("area",), nearer=False) == (1, 0)


def test_measures_that_do_not_count_decide_nothing() -> None:
    right, wrong = [{"area": 1.0, "outline": 5.0}], [{"area": 2.0, "outline": 1.0}]
    assert even_pair(right, wrong, ("area",), nearer=True) == (0, 0)
    assert even_pair(right, wrong, ("area", "outline"), nearer=True) is None
    assert even_pair(right, wrong, (), nearer=True) == (0, 0)
    assert even_pair([], wrong, (), nearer=True) is None
