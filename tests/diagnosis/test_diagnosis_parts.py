"""Parts are found by name, and one that fails is told of and stops nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from fake_vlm import FakeVlm, always
from made_diagnoses import of_subject, plant
from made_items import same_colour_items, task

from pytest_vlmsight.diagnosis import parts
from pytest_vlmsight.diagnosis.subject import Subject
from pytest_vlmsight.models.base import MeasurementError
from pytest_vlmsight.options import PARTS
from pytest_vlmsight.settings import Settings

if TYPE_CHECKING:
    from pytest_vlmsight.diagnosis.result import Diagnosis


def subject() -> Subject:
    return Subject(FakeVlm(always(0)), task(same_colour_items(8)), settings=Settings(items=6))


def test_every_part_that_can_be_named_is_there() -> None:
    assert (*parts.MODULES, *parts.ACROSS) == PARTS
    assert all(callable(parts.find(part)) for part in parts.MODULES)


def test_parts_are_chosen_by_name_and_run_in_their_own_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plant(monkeypatch, one=of_subject, two=of_subject, three=of_subject)
    assert parts.chosen(["three", "one", "three"]) == ("one", "three")
    assert parts.chosen(["all"]) == ("one", "two", "three")
    assert parts.chosen([]) == ()
    with pytest.raises(ValueError, match="no part 'four' of diagnosis; expected any of one, two"):
        parts.chosen(["one", "four"])


def test_a_part_that_fails_is_told_of_and_keeps_none_from_running(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def known(_: Subject) -> Diagnosis:
        raise MeasurementError("there is no map\n of it")

    def unknown(_: Subject) -> Diagnosis:
        raise ZeroDivisionError("division by zero")

    plant(monkeypatch, known=known, unknown=unknown, sound=of_subject)
    found = list(parts.diagnose(subject(), parts.chosen(["all"])))
    assert [one.error for one in found] == [
        "there is no map of it",
        "ZeroDivisionError: division by zero",
        "",
    ]
    assert [(one.part, one.model, one.task) for one in found[:2]] == [
        ("known", "fake", "made"),
        ("unknown", "fake", "made"),
    ]
    assert found[2].sentence


def test_ctrl_c_is_no_failure_of_a_part(monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(_: Subject) -> Diagnosis:
        raise KeyboardInterrupt

    plant(monkeypatch, stopped=stopped)
    with pytest.raises(KeyboardInterrupt):
        list(parts.diagnose(subject(), ["stopped"]))


def test_a_subject_has_the_items_and_orders_that_an_evaluation_has() -> None:
    own = subject()
    evaluation = own.evaluation
    assert tuple(item.id for item in own.items) == evaluation.ids
    orders = [[shown.order for shown in turns] for turns in own.presentations]
    assert orders == [[tuple(turn) for turn in turns] for turns in evaluation.orders.tolist()]
    asked = len(own.vlm.prompts)  # type: ignore[attr-defined]
    assert own.evaluation is evaluation
    assert len(own.vlm.prompts) == asked  # type: ignore[attr-defined]
