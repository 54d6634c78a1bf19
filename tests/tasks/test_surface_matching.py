"""The task ``texture``; see ``test_trio.py`` for what it shares with ``shape``."""

from __future__ import annotations

import pytest
from trios import conflicting, form, skin_of, some, surface, trio

from pytest_vlmsight.tasks.knobs import KnobError
from pytest_vlmsight.tasks.scenes.forms import meet
from pytest_vlmsight.tasks.scenes.surfaces import PLAIN, SURFACES, differ
from pytest_vlmsight.tasks.surface_matching import FORMS, KNOBS, texture

PINNED = "0acf0ef637d28060a65b"


def test_the_right_option_alone_has_the_surface_of_the_reference() -> None:
    for item in some("texture"):
        reference, right, wrong = trio(item)
        assert surface(right) == surface(reference)
        assert differ(surface(wrong), surface(reference))
        assert dict(item.slices)["surface"] == SURFACES[surface(reference)].family


def test_conflict_says_which_option_has_the_shape_of_the_reference() -> None:
    for item in some("texture"):
        reference, right, wrong = trio(item)
        similar, other = (wrong, right) if conflicting(item) else (right, wrong)
        assert form(similar) == form(reference) != form(other)


def test_plain_surfaces_meet_plain_ones_only() -> None:
    plain = 0
    for item in some("texture"):
        among = {surface(portrait) in PLAIN for portrait in trio(item)}
        assert len(among) == 1
        plain += among.pop()
    assert 0 < plain < len(some("texture"))


def test_every_form_has_others_to_meet() -> None:
    assert all(any(meet(one, other) for other in FORMS) for one in FORMS)
    for item in some("texture"):
        assert {portrait.scene.things[0].kind for portrait in trio(item)} <= set(FORMS)


@pytest.mark.parametrize(("most", "label"), [("1", "under 1.15"), ("1.2", "1.15 to 1.3")])
def test_patterns_are_finer_or_coarser_by_no_more_than_asked_for(most: str, label: str) -> None:
    for item in texture(difficulty={"scale": most}).make_items(3, 0):
        reference, right, _ = trio(item)
        assert dict(item.slices)["scale"] == label
        ratio = skin_of(right).scale / skin_of(reference).scale
        assert 1 / float(most) - 1e-9 <= ratio <= float(most) + 1e-9
        assert (ratio == pytest.approx(1)) == (most == "1")


def test_surfaces_are_turned_anew_for_every_picture() -> None:
    for item in some("texture"):
        assert len({skin_of(portrait).axes for portrait in trio(item)}) == 3


def test_a_pattern_too_coarse_is_refused_by_name() -> None:
    with pytest.raises(KnobError, match=r"task texture: scale: got 3; .* too fine or too coarse"):
        texture(difficulty={"scale": "3"})


def test_knobs_are_those_of_the_task() -> None:
    task = texture(difficulty={"scale": "1..1.1"})
    assert [knob.name for knob in task.knobs] == [knob.name for knob in KNOBS]
    assert (task.name, task.readout) == ("texture", "linear")


def test_items_are_those_of_every_machine() -> None:
    assert some("texture")[2].id == PINNED
