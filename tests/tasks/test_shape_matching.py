"""The task ``shape``; see ``test_trio.py`` for what it shares with ``texture``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from trios import conflicting, form, some, surface, trio

from pytest_vlmsight.tasks.knobs import KnobError
from pytest_vlmsight.tasks.scenes.exact import dot, into
from pytest_vlmsight.tasks.scenes.forms import FORMS
from pytest_vlmsight.tasks.scenes.surfaces import PLAIN, differ
from pytest_vlmsight.tasks.shape_matching import KNOBS, shape

if TYPE_CHECKING:
    from pytest_vlmsight.tasks.portrait import Portrait

PINNED = "9995d52d0c6ab04feb6c"


def test_the_right_option_alone_has_the_shape_of_the_reference() -> None:
    for item in some("shape"):
        reference, right, wrong = trio(item)
        assert form(right) == form(reference) != form(wrong)
        kind = reference.scene.things[0].kind
        assert dict(item.slices)["shape"] == FORMS[kind].family


def test_conflict_says_which_option_has_the_surface_of_the_reference() -> None:
    for item in some("shape"):
        reference, right, wrong = trio(item)
        similar, other = (wrong, right) if conflicting(item) else (right, wrong)
        assert surface(similar) == surface(reference)
        assert differ(surface(other), surface(reference))


def test_every_object_has_a_pattern() -> None:
    for item in some("shape"):
        assert not {surface(portrait) for portrait in trio(item)} & set(PLAIN)


def angle(first: Portrait, second: Portrait) -> float:
    """Degrees between how two objects are turned to their cameras."""
    turns = []
    for portrait in (first, second):
        axes = portrait.scene.things[0].axes
        turns.append([into(portrait.camera.axes, axis) for axis in axes])
    # A rotation's trace is 1 + 2 cos of its angle.
    cosine = (sum(dot(a, b) for a, b in zip(*turns, strict=True)) - 1) / 2
    return float(np.degrees(np.arccos(np.clip(cosine, -1, 1))))


@pytest.mark.parametrize(
    ("given", "label"),
    [("35", "under 60 degrees"), ("75", "60 to 90 degrees"), ("120", "90 degrees and more")],
)
def test_the_right_object_is_turned_by_the_angle_asked_for(given: str, label: str) -> None:
    for item in shape(difficulty={"rotation": given}).make_items(2, 0):
        reference, right, _ = trio(item)
        assert dict(item.slices)["rotation"] == label
        # Within some degrees, since cameras are turned to the places of the objects.
        assert angle(reference, right) == pytest.approx(float(given), abs=12)


def test_too_large_a_turn_is_refused_by_name() -> None:
    with pytest.raises(KnobError, match=r"task shape: rotation: got 0\.\.170; .* no telling view"):
        shape(difficulty={"rotation": "0..170"})


def test_knobs_are_those_of_the_task() -> None:
    task = shape(difficulty={"rotation": "40..50"})
    assert [knob.name for knob in task.knobs] == [knob.name for knob in KNOBS]
    assert (task.name, task.readout) == ("shape", "linear")


def test_items_are_those_of_every_machine() -> None:
    assert some("shape")[2].id == PINNED
