from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_vlmsight.tasks.generated import generator
from pytest_vlmsight.tasks.glance import GRID, Glance, even_pair, glance
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
def test_an_even_pair_has_the_order_asked_for_and_the_least_gap(
    right: list[dict[str, float]], wrong: list[dict[str, float]], nearer: bool
) -> None:
    def fits(i: int, j: int) -> bool:
        low, high = (right[i], wrong[j]) if nearer else (wrong[j], right[i])
        return all(low[name] < high[name] for name in MEASURES)

    def gap(i: int, j: int) -> float:
        return max(
            abs(right[i][name] - wrong[j][name]) / (right[i][name] + wrong[j][name])
            for name in MEASURES
        )

    fit = [(i, j) for i in range(len(right)) for j in range(len(wrong)) if fits(i, j)]
    found = even_pair(right, wrong, MEASURES, nearer=nearer)
    if not fit:
        assert found is None
    else:
        assert found in fit
        assert gap(*found) == min(gap(i, j) for i, j in fit)
