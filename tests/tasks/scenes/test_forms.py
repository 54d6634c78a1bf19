from __future__ import annotations

import numpy as np
import pytest

from pytest_vlmsight.tasks.generated import generator
from pytest_vlmsight.tasks.scenes.exact import any_direction, dot, into
from pytest_vlmsight.tasks.scenes.forms import FORMS, any_view, meet, other_view
from pytest_vlmsight.tasks.scenes.outline import reach
from pytest_vlmsight.tasks.scenes.scene import Thing
from pytest_vlmsight.tasks.scenes.texture import Texture


@pytest.mark.parametrize("name", FORMS)
def test_a_form_fills_the_unit_ball(name: str) -> None:
    rng = generator("form", name)
    thing = Thing(kind=name, solids=FORMS[name].build(rng), skins=(Texture(),))
    ways = [any_direction(rng) for _ in range(300)]
    assert 0.75 < max(reach(thing, way) for way in ways) < 1.25


@pytest.mark.parametrize("name", FORMS)
def test_views_show_what_a_form_is(name: str) -> None:
    rng = generator("views", name)
    form = FORMS[name]
    for _ in range(20):
        towards = into(any_view(rng, form), (0.0, 0.0, -1.0))
        assert all(low <= dot(axis, towards) <= high for axis, low, high in form.views)


@pytest.mark.parametrize("degrees", [0, 30, 75, 150])
def test_another_view_is_turned_by_the_angle_asked_for(degrees: float) -> None:
    rng = generator("turned", degrees)
    for name, form in FORMS.items():
        first = any_view(rng, form)
        second = other_view(rng, form, first, degrees, most=400)
        assert second is not None, name
        assert form.shown(second)
        # A rotation's trace is 1 + 2 cos of its angle.
        cosine = (sum(dot(a, b) for a, b in zip(first, second, strict=True)) - 1) / 2
        assert np.isclose(cosine, np.cos(np.radians(degrees)), atol=1e-9)


def test_forms_that_look_alike_never_meet() -> None:
    assert not meet("ball", "ball")
    for first in FORMS:
        assert set(FORMS[first].alike) <= set(FORMS) - {first}
        for second in FORMS:
            assert meet(first, second) == meet(second, first)
        assert not any(meet(first, alike) for alike in FORMS[first].alike)
        assert sum(meet(first, other) for other in FORMS) >= len(FORMS) // 2
