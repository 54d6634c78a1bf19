"""An impression tells pictures apart by what takes no eye."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image

from pytest_vlmsight.audit.pixels import _figures
from pytest_vlmsight.audit.silhouettes import silhouette
from pytest_vlmsight.tasks.impression import MEASURES, SIDE, impression, unlikeness


def square(side: int, *, at: int = 30, value: int = 220, ground: int = 60) -> Any:
    picture = np.full((SIDE, SIDE, 3), ground, dtype=np.uint8)
    picture[at : at + side, at : at + side] = value
    return picture


def bar(*, turned: bool = False) -> Any:
    picture = square(0)
    picture[20:90, 50:60] = 220
    return picture.transpose(1, 0, 2) if turned else picture


def noisy(picture: Any, most: int) -> Any:
    noise = np.random.default_rng(0).integers(-most, most + 1, picture.shape[:2])
    return np.clip(picture.astype(int) + noise[..., None], 0, 255).astype(np.uint8)


def by_name(first: Any, second: Any) -> dict[str, float]:
    return dict(zip(MEASURES, unlikeness(impression(first), impression(second)), strict=True))


def test_a_picture_is_like_itself_and_unlikeness_is_mutual() -> None:
    one, other = noisy(square(40), 30), bar()
    own = unlikeness(impression(one), impression(one))
    assert own == pytest.approx((0.0,) * len(MEASURES), abs=1e-12)
    assert by_name(one, other) == by_name(other, one)


def test_foreground_is_what_differs_from_the_border() -> None:
    seen = impression(square(40)).foreground
    assert seen.mask.sum() == 20**2
    assert seen.length == pytest.approx(4)  # of a square: four sides of one root of its area
    assert seen.slimness == pytest.approx(1)
    nothing = impression(square(40, value=70)).foreground
    assert (nothing.length, nothing.extent, nothing.mask.sum()) == (0.0, 0.0, 0)


def test_a_ragged_foreground_has_a_longer_outline() -> None:
    ragged = square(40)
    ragged[30:70:8, 30:70] = 60
    ragged[31:70:8, 30:70] = 60
    assert impression(ragged).foreground.length > 2 * impression(square(40)).foreground.length


@pytest.mark.parametrize(
    ("measures", "changed"),
    [
        ({"area", "extent"}, square(50)),
        ({"histogram", "thumbnail"}, square(40, value=120)),
        ({"thumbnail", "normalised thumbnail", "outline"}, square(40, at=60)),
        ({"slimness", "profile", "centred outline"}, bar()),
        ({"sharpness"}, noisy(square(40), 20)),
        ({"saturation", "colour"}, square(40) * np.array([1, 1, 0], dtype=np.uint8)),
        ({"border", "colour"}, square(40, ground=90)),
        ({"contrast"}, square(40, value=255)),
    ],
)
def test_each_measure_tells_its_own(measures: set[str], changed: Any) -> None:
    found = by_name(square(40), changed)
    assert all(found[measure] > 0 for measure in measures)


def test_a_foreground_that_only_moved_is_the_same_when_centred() -> None:
    found = by_name(square(40), square(40, at=60))
    same = {"area", "centred outline", "profile", "slimness", "extent", "colour", "histogram"}
    assert {found[measure] for measure in same} == {0.0}
    assert found["outline"] > 0.5


def test_a_turned_bar_has_another_outline_and_the_same_profile() -> None:
    found = by_name(bar(), bar(turned=True))
    assert found["outline"] > 0.8
    assert found["profile"] == found["slimness"] == 0.0


def test_light_and_contrast_do_not_count_where_a_thumbnail_is_normalised() -> None:
    found = by_name(square(40), square(40, value=140, ground=40))
    assert found["normalised thumbnail"] == pytest.approx(0, abs=1e-6)
    assert found["thumbnail"] > 20


def test_figures_are_those_that_the_audit_sees() -> None:
    picture = noisy(np.tile(np.arange(0, 224, dtype=np.uint8)[:, None, None], (1, 224, 3)), 25)
    picture[..., 0] //= 2
    seen, audited = impression(picture), _figures(picture / 255)
    colour = [audited[name] * 255 for name in ("red", "green", "blue")]
    assert seen.colour == pytest.approx(colour, abs=0.01)
    for name in ("contrast", "sharpness", "saturation"):
        # The audit's weights of red, green and blue are those of an older standard.
        assert getattr(seen, name) == pytest.approx(audited[name] * 255, rel=0.08)


def test_the_foreground_is_that_of_the_audit() -> None:
    picture = noisy(bar(), 5)
    small = np.asarray(Image.fromarray(picture).resize((56, 56), Image.Resampling.BOX), float)
    audited, seen = silhouette(small / 255), impression(picture).foreground
    assert (audited.mask == seen.mask).mean() > 0.99
    assert seen.length == pytest.approx(audited.figures["outline"], rel=0.02)
    assert seen.extent == pytest.approx(audited.figures["spread"], rel=0.02)
    assert seen.slimness == pytest.approx(audited.figures["slimness"], rel=0.05)
