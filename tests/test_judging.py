"""All gates of an evaluation are judged as a run judges them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from made_runs import evaluation, old_and_new

from pytest_vlmsight import MeasurementError, Settings, blind_gate, ceiling_gate, judge
from pytest_vlmsight.gates import Outcome
from pytest_vlmsight.settings import GateSettings


def test_both_gates_are_judged_with_the_settings_of_the_task() -> None:
    one = evaluation(n=400)
    settings = Settings(
        gate=GateSettings(margin=0.2), per_task=(("one", (("min_gain", 0.05),)), ("two", ()))
    )
    gate = settings.gate_for("one")
    assert gate == GateSettings(margin=0.2, min_gain=0.05)
    assert judge(one, settings=settings, tests=10) == {
        "ceiling": ceiling_gate(one, gate=gate, tests=10),
        "blind": blind_gate(one, gate=gate, tests=10),
    }


def test_gates_that_are_judged_are_counted() -> None:
    one = evaluation(n=400)
    assert judge(one) == judge(one, tests=2) != judge(one, tests=40)


def test_a_baseline_adds_the_gate_that_finds_a_loss_of_eight_points() -> None:
    old, new = old_and_new(n=400, b=8, c=40)
    assert judge(new, baseline=old)["regression"].outcome is Outcome.FAIL
    assert judge(old, baseline=old)["regression"].outcome is Outcome.PASS


def test_a_baseline_of_other_items_is_an_error() -> None:
    with pytest.raises(MeasurementError, match=r"one: not asked the same .* items 40 → 400"):
        judge(evaluation(n=400), baseline=evaluation(n=40))


def test_a_ceiling_that_was_not_measured_is_an_error() -> None:
    one = replace(evaluation(n=400), ceilings={}, unmeasured={"matched": "there is no map"})
    with pytest.raises(MeasurementError, match="one: there is no matched ceiling: there is no map"):
        judge(one)
    with pytest.raises(MeasurementError, match="no native ceiling: there was no time"):
        judge(evaluation(n=400), settings=Settings(ceiling=("native",)))
