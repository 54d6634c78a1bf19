"""Part ``encoders`` ranks models by ceiling and as VLM, and names inversions that are shown."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from made_runs import evaluation

from pytest_vlmsight.diagnosis import encoders
from pytest_vlmsight.diagnosis.encoders import diagnose
from pytest_vlmsight.diagnosis.parts import compare, compared
from pytest_vlmsight.models.base import MeasurementError
from pytest_vlmsight.records.diagnoses import diagnosis_of, diagnosis_plain
from pytest_vlmsight.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_vlmsight.diagnosis.result import Diagnosis, Estimate
    from pytest_vlmsight.evaluation import Evaluation


def several(
    shares: Sequence[tuple[float, float]],
    *,
    n: int = 300,
    tasks: Sequence[str] = ("one",),
    seed: int = 0,
) -> list[Evaluation]:
    """Models a, b, … with these shares right by ceiling and as VLM."""
    return [
        evaluation(
            model=chr(ord("a") + k), task=task, n=n, ceiling=eye, sighted=mouth, seed=seed + k
        )
        for k, (eye, mouth) in enumerate(shares)
        for task in tasks
    ]


def of(found: Diagnosis, group: str) -> dict[str, Estimate]:
    return {one.name: one for one in found.of(group)}


TURNED = [(0.95, 0.55), (0.75, 0.75), (0.55, 0.95)]


def test_the_best_eye_that_is_last_is_named() -> None:
    found = diagnose(several(TURNED), Settings())
    assert found.conclusion == "the best eye is last as a VLM"
    assert sorted(found.details["inverted"]) == [["a", "b"], ["a", "c"], ["b", "c"]]
    assert of(found, "rank correlation (tau-b)")["all tasks"].value == -1
    assert {one.name: one.value for one in found.of("rank by ceiling")} == {"a": 1, "b": 2, "c": 3}
    assert {one.name: one.value for one in found.of("rank as VLM")} == {"c": 1, "b": 2, "a": 3}
    assert "a sees more than c (+" in found.sentence
    assert len(found.tests) == 6
    assert all(test.adjusted <= 0.05 for test in found.tests)
    assert (found.model, found.task, found.n) == ("3 models", "one", 300)


def test_a_best_eye_that_is_above_one_of_the_others_is_not_said_to_be_last() -> None:
    found = diagnose(several([(0.95, 0.6), (0.7, 0.9), (0.5, 0.3)]), Settings())
    assert found.conclusion == "ranks are inverted"
    assert found.details["inverted"] == [["a", "b"]]


def test_the_same_order_is_alike() -> None:
    found = diagnose(several([(0.95, 0.9), (0.75, 0.7), (0.55, 0.5)]), Settings())
    assert found.conclusion == "ranks are alike"
    assert found.sentence.endswith("no pair is in the other order")
    assert not found.tests


def test_an_order_that_few_items_turn_round_is_not_called_inverted() -> None:
    found = diagnose(several([(0.8, 0.7), (0.78, 0.72), (0.76, 0.71)], n=40), Settings())
    assert found.conclusion == "cannot tell"
    assert found.details["inverted"] == []
    tau = of(found, "rank correlation (tau-b)")["all tasks"]
    assert tau.interval.low <= 0 <= tau.interval.high


def test_a_side_alone_is_no_inversion() -> None:
    # The eyes are far apart; the mouths say the same but for two items.
    models = several([(0.95, 0.7), (0.75, 0.7), (0.55, 0.7)])
    same = models[2].sighted
    right = np.flatnonzero(same.scores(models[2].gold))
    for k in (0, 1):
        choices = same.choices.copy()
        choices[right[: 2 - k]] ^= 1
        models[k] = replace(models[k], sighted=replace(same, choices=choices))
    found = diagnose(models, Settings())
    assert found.conclusion == "cannot tell"
    assert "not shown to be: a and c, a and b, b and c" in found.sentence
    by_ceiling = [test for test in found.tests if test.claim == "better eye"]
    assert len(by_ceiling) == 3
    assert all(test.p < 0.05 < test.adjusted for test in by_ceiling)


def test_inversions_are_hardly_ever_found_where_all_mouths_are_alike(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(encoders, "DRAWS", 10)
    eyes = [(0.99, 0.5), (0.85, 0.5), (0.65, 0.5), (0.4, 0.5)]
    wrong = [
        diagnose(several(eyes, n=80, seed=10 * k), Settings()).details["inverted"]
        for k in range(40)
    ]
    assert sum(map(bool, wrong)) <= 3  # eight are expected without Holm


def test_all_numbers_have_intervals_that_hold_them_and_are_kept_in_a_record() -> None:
    found = diagnose(several(TURNED, tasks=("one", "two"), n=60), Settings())
    assert all(one.value in one.interval for one in found.estimates)
    assert {one.n for one in found.of("by ceiling")} == {120}
    assert [(one.name, one.n) for one in found.of("rank correlation (tau-b)")] == [
        ("all tasks", 120),
        ("one", 60),
        ("two", 60),
    ]
    assert found.task == "2 tasks"
    assert diagnosis_of(diagnosis_plain(found)) == found


def test_more_items_make_the_interval_of_tau_narrower() -> None:
    shares = [(0.8, 0.75), (0.7, 0.65), (0.6, 0.55), (0.5, 0.45)]
    widths = []
    for n in (30, 1000):
        tau = of(diagnose(several(shares, n=n), Settings()), "rank correlation (tau-b)")
        interval = tau["all tasks"].interval
        widths.append(interval.high - interval.low)
    assert widths[0] > widths[1] + 0.3


def test_the_least_permutation_p_is_told_where_it_can_show_nothing() -> None:
    found = diagnose(several(TURNED, n=60), Settings())
    assert any("can be no less than 0.333" in note for note in found.notes)
    five = diagnose(several([(0.5, 0.5)] * 5, n=60), Settings())
    assert not any("can be no less" in note for note in five.notes)


# -- what is compared ----------------------------------------------------------------------------


def test_items_are_paired_by_their_ids_whatever_their_order() -> None:
    models = several(TURNED)
    turned = np.arange(300)[::-1]
    one = models[1]
    ceiling = one.ceilings["matched"]
    models[1] = replace(
        one,
        ids=tuple(one.ids[k] for k in turned),
        gold=one.gold[turned],
        options=one.options[turned],
        orders=one.orders[turned],
        sighted=replace(
            one.sighted,
            choices=one.sighted.choices[turned],
            logprobs=one.sighted.logprobs[turned],
        ),
        ceilings={"matched": replace(ceiling, choices=ceiling.choices[turned])},
    )
    assert diagnose(models, Settings()) == diagnose(several(TURNED), Settings())


def test_only_tasks_that_all_models_were_asked_alike_are_compared() -> None:
    models = several(TURNED, tasks=("one", "two", "three", "four"), n=60)
    models = [one for one in models if (one.model, one.task) != ("b", "two")]
    at = {(one.model, one.task): k for k, one in enumerate(models)}
    models[at["c", "three"]] = evaluation(model="c", task="three", n=50)
    models[at["a", "four"]] = replace(
        models[at["a", "four"]], ceilings={}, unmeasured={"matched": "it is a resampler"}
    )
    found = diagnose(models, Settings())
    assert found.details["tasks"] == ["one"]
    told = " ".join(found.notes)
    assert "two is left out: b was not asked it" in told
    assert "three is left out: a and c were asked otherwise (items 60 →" in told
    assert "four is left out: the matched ceiling of a was not measured: it is a resampler" in told


def test_prompts_and_how_images_are_shown_belong_to_the_model() -> None:
    models = several(TURNED, n=60)
    models[0] = replace(
        models[0],
        provenance={**models[0].provenance, "prompt": "other", "several_images": "composite"},
    )
    found = diagnose(models, Settings())
    assert found.details["tasks"] == ["one"]
    assert any("some side by side" in note for note in found.notes)


def test_what_cannot_be_ranked_says_why() -> None:
    with pytest.raises(MeasurementError, match=r"at least 3 models; there are 2 \(a, b\)"):
        diagnose(several(TURNED[:2]), Settings())
    with pytest.raises(MeasurementError, match="a on one is there twice"):
        diagnose([*several(TURNED), evaluation(model="a")], Settings())
    apart = [evaluation(model=name, task=name) for name in "abc"]
    with pytest.raises(MeasurementError, match="no task can be compared: a is left out: b, c was"):
        diagnose(apart, Settings())


def test_too_few_models_are_told_where_the_part_is_named_and_passed_over_by_all() -> None:
    assert compared(["encoders"], models=1) == ("encoders",)
    assert compared(["all"], models=2) == ()
    assert compared(["all"], models=3) == ("encoders",)
    assert compared(["layers"], models=3) == ()
    (found,) = compare(several(TURNED[:2]), ["encoders"], settings=Settings())
    assert "a ranking needs at least 3 models" in found.error
