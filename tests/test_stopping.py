"""Tasks that are stopped as soon as their gates are decided, on models in a few lines."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from fake_vlm import FakeVlm
from kept_answers import KeptVlm, assert_equal, measured, readable_items
from made_items import flat, item, task
from made_runs import run
from simulated_answers import WORLDS, all_at_once, asked_until_enough

from pytest_vlmsight.accuracy import accuracies, by_slice, figures
from pytest_vlmsight.evaluation import Asked, Evaluation, evaluate
from pytest_vlmsight.gates import Outcome, blind_gate, ceiling_gate
from pytest_vlmsight.judging import judge
from pytest_vlmsight.records.errors import RecordError
from pytest_vlmsight.records.run_file import run_of, run_plain
from pytest_vlmsight.regression import Status, compare
from pytest_vlmsight.sequence import random_order
from pytest_vlmsight.settings import GateSettings, Settings
from pytest_vlmsight.stopping import enough_for

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pytest_vlmsight.models.base import Prompt
    from pytest_vlmsight.tasks.item import Item

GATE = GateSettings()
SETTINGS = Settings(items=400, sequential=True)


def colour_items(n: int) -> list[Item]:
    """Which picture is as the first? Each has colours of its own."""
    made = []
    for index in range(n):
        like = flat((index % 250, 10 * (index // 250), 20))
        other = flat((index % 250, 10 * (index // 250), 240))
        pair = (like, other) if index % 3 else (other, like)
        made.append(item((like, *pair), answer=0 if index % 3 else 1, name=f"colour {index}"))
    return made


def without_looking(prompt: Prompt) -> Sequence[float]:
    """An answer that its question decides."""
    byte = hashlib.sha256(f"{prompt.question}{prompt.options}".encode()).digest()[0]
    return (0.0, -1.0) if byte % 2 else (-1.0, 0.0)


def by_looking(prompt: Prompt) -> Sequence[float]:
    """The picture that is as the first; blind the first of equals."""
    means = [np.asarray(image, float).mean(axis=(0, 1)) for image in prompt.images]
    far = [float(np.abs(means[k] - means[0]).sum()) for k in (1, 2)]
    by_option = {"the second image": -far[0], "the third image": -far[1]}
    return [by_option[option] for option in prompt.options]


@pytest.fixture(scope="module")
def blind_vlm() -> tuple[FakeVlm, Evaluation]:
    vlm = FakeVlm(without_looking)
    return vlm, evaluate(vlm, task(colour_items(400)), settings=SETTINGS)


def test_a_blind_model_is_stopped_within_a_quarter_of_the_items(
    blind_vlm: tuple[FakeVlm, Evaluation],
) -> None:
    vlm, one = blind_vlm
    assert one.sequential is not None
    assert one.n == one.sequential.asked <= 100
    assert one.sequential.stopped
    assert len(vlm.prompts) == 2 * one.n
    verdicts = judge(one)
    assert {v.outcome for v in verdicts.values()} == {Outcome.FAIL}
    for verdict in verdicts.values():
        assert "of 400 items" in verdict.reason
        assert verdict.n == one.n
        assert verdict.interval.low <= verdict.estimate <= verdict.interval.high


def test_what_was_asked_is_a_part_of_what_a_whole_run_asks() -> None:
    items, settings = colour_items(100), replace(SETTINGS, items=100)
    one = evaluate(FakeVlm(without_looking), task(items), settings=settings)
    assert one.n < 100
    whole = evaluate(FakeVlm(without_looking), task(items), settings=Settings(items=100))
    at = [whole.ids.index(id_) for id_ in one.ids]
    assert at != sorted(at)
    np.testing.assert_array_equal(one.orders, whole.orders[at])
    np.testing.assert_array_equal(one.sighted.logprobs, whole.sighted.logprobs[at])
    np.testing.assert_array_equal(one.blind["blank"].choices, whole.blind["blank"].choices[at])
    np.testing.assert_array_equal(
        one.ceilings["matched"].choices, whole.ceilings["matched"].choices[at]
    )
    assert one.provenance == whole.provenance
    assert whole.sequential is None


def test_a_model_that_looks_is_passed_early_with_rotations() -> None:
    settings = replace(SETTINGS, items=200, rotations=2)
    one = evaluate(FakeVlm(by_looking), task(colour_items(200)), settings=settings)
    assert one.n < 200
    assert one.sighted.choices.shape == (one.n, 2)
    assert {v.outcome for v in judge(one).values()} == {Outcome.PASS}


def test_answers_that_cannot_be_parsed_are_not_waited_for() -> None:
    vlm = FakeVlm(lambda prompt: [-np.inf] * len(prompt.options))
    one = evaluate(vlm, task(colour_items(400)), settings=SETTINGS)
    assert one.n == 30  # with 21 of 400 the whole run could not be judged either
    for verdict in judge(one).values():
        assert verdict.outcome == Outcome.INCONCLUSIVE
        assert "name an option" in verdict.reason
        assert verdict.reason.endswith("30 of 400 items were asked")


def test_a_ceiling_that_cannot_be_measured_is_not_waited_for() -> None:
    items = [replace(one, points=()) for one in readable_items("nearest_patch", 60)]
    vlm = FakeVlm(without_looking)
    enough = enough_for(Settings(ceiling=("native",)), task="made")
    one = evaluate(
        vlm,
        task(items, readout="pooled"),
        settings=Settings(items=60, sequential=True, ceiling=()),
        enough=enough,
    )
    assert not one.ceilings  # only the blind gate is left
    assert one.n <= 60


@pytest.mark.parametrize(
    ("readout", "dies_after"), [("nearest_patch", 3), ("linear", 70), ("depth maps", 131)]
)
def test_a_run_that_was_killed_goes_on_to_the_same_evaluation(
    tmp_path: Path, readout: str, dies_after: int
) -> None:
    items = readable_items(readout, 48)
    items = [replace(one, slices=(("scene", one.name),)) for one in items]
    how: dict[str, Any] = {
        "readout": "depth" if readout == "depth maps" else readout,
        "blind": ("noise", "blank"),
        "rotations": 2,
        "sequential": True,
    }
    never = measured(KeptVlm(), items, folder=None, **how)
    with pytest.raises(KeyboardInterrupt):
        measured(KeptVlm(dies_after=dies_after), items, folder=tmp_path, **how)
    again = KeptVlm()
    assert_equal(measured(again, items, folder=tmp_path, **how), never)
    third = KeptVlm()
    one = measured(third, items, folder=tmp_path, **how)
    assert_equal(one, never)
    assert one.sequential is not None
    assert never.sequential is not None
    assert one.sequential.looks == never.sequential.looks
    assert not third.prompts
    for kind, choices in never.sequential.foretold.items():
        np.testing.assert_array_equal(one.sequential.foretold[kind], choices)


def fitted(vlm: FakeVlm) -> Evaluation:
    items = [
        replace(one, slices=(("scene", one.name),), answer=index % 2)
        for index, one in enumerate(readable_items("linear", 60))
    ]
    return evaluate(
        vlm, task(items, readout="linear"), settings=Settings(items=60, sequential=True)
    )


def test_a_fitted_readout_foretells_from_the_items_before_alone() -> None:
    one = fitted(FakeVlm(without_looking))
    assert one.sequential is not None
    foretold = one.sequential.foretold["matched"]
    first = one.sequential.looks[0]
    assert (foretold[:first] == -1).all()
    assert (foretold[first:] >= 0).all()
    assert "cross-fitted" in str(one.ceilings["matched"].trained_on)


def test_a_fitted_readout_that_was_foretold_fails_a_model_early_and_never_passes_it() -> None:
    world = WORLDS["blind"].evaluation(400, seed=1)
    sequential = world.sequential
    assert sequential is not None
    choices = world.ceilings["matched"].choices.copy()
    choices[:10] = -1
    known = replace(world, sequential=replace(sequential, foretold={"matched": choices}))
    assert ceiling_gate(known.first(150), gate=GATE, tests=2).outcome == Outcome.FAIL
    fine = WORLDS["fine"].evaluation(400, seed=1)
    assert fine.sequential is not None
    assert ceiling_gate(fine.first(200), gate=GATE, tests=2).outcome == Outcome.PASS
    choices = fine.ceilings["matched"].choices
    told = replace(fine, sequential=replace(fine.sequential, foretold={"matched": choices}))
    for look in (200, 390):
        verdict = ceiling_gate(told.first(look), gate=GATE, tests=2)
        assert verdict.outcome == Outcome.INCONCLUSIVE
    assert ceiling_gate(told, gate=GATE, tests=2).outcome == Outcome.PASS


def test_asking_stops_at_the_first_look_at_which_all_gates_are_decided() -> None:
    for name in ("blind", "fine", "on the margin"):
        whole = WORLDS[name].evaluation(200, seed=3)
        assert whole.sequential is not None
        enough = enough_for(Settings(), task="one", tests=2)
        looks = whole.sequential.looks
        stops = next((k for k in looks if enough(whole.first(k))), looks[-1])
        assert asked_until_enough(whole, tests=2).n == stops


def test_a_gate_that_was_decided_before_another_stays_decided() -> None:
    whole = WORLDS["blind, guesses anew"].evaluation(400, seed=2)
    verdict = ceiling_gate(whole, gate=GATE, tests=2)
    assert verdict.outcome == Outcome.FAIL
    assert "decided after" in verdict.reason
    assert verdict.n == 400


def test_of_several_blind_runs_a_gain_is_shown_over_each() -> None:
    whole = WORLDS["fine"].evaluation(400, seed=5)
    as_sighted = {**whole.blind, "none": whole.sighted}
    both = replace(whole, blind=as_sighted)
    assert blind_gate(whole, gate=GATE, tests=2).outcome == Outcome.PASS
    assert blind_gate(both, gate=GATE, tests=2).outcome == Outcome.FAIL


def test_more_gates_take_more_items_to_fail() -> None:
    whole = WORLDS["blind, four options"].evaluation(400, seed=0)
    few, many = (asked_until_enough(whole, tests=m).n for m in (2, 40))
    assert few < many


def test_all_items_are_judged_with_what_bets_have_left_of_the_error_rate() -> None:
    """Between .8 alpha and alpha only a whole run passes."""
    lost = 0
    for seed in range(12):
        whole = WORLDS["hard to show"].evaluation(300, seed=seed)
        hybrid = ceiling_gate(whole, gate=GATE, tests=2)
        once = ceiling_gate(all_at_once(whole), gate=GATE, tests=2)
        assert not (hybrid.outcome == Outcome.FAIL and once.outcome == Outcome.PASS)
        lost += hybrid.outcome != once.outcome
    assert lost <= 3


def test_models_that_were_stopped_at_different_items_are_in_one_record() -> None:
    few = asked_until_enough(WORLDS["blind, four options"].evaluation(200, seed=0), tests=2)
    more = replace(WORLDS["blind, four options"].evaluation(200, seed=1), model="other")
    both = [replace(one, asked=_asked(one)) for one in (few, more)]
    for evaluations in (both, both[::-1]):
        plain = json.loads(json.dumps(run_plain(run(*evaluations))))
        back = {one.model: one for one in run_of(plain).evaluations}
        for one in both:
            read = back[one.model]
            assert (read.ids, read.n) == (one.ids, one.n)
            assert read.sequential == one.sequential
            assert judge(read)["blind"] == judge(one)["blind"]
    plain["evaluations"][0]["sequential"]["looks"][-1] += 1
    with pytest.raises(RecordError, match="sequential"):
        run_of(plain)


def _asked(one: Evaluation) -> tuple[Asked, ...]:
    return tuple(
        Asked(name=f"item {i}", question="Which?", options=tuple("abcd"[: one.options[i]]))
        for i in range(one.n)
    )


def test_shares_of_a_stopped_task_have_limits_that_hold_wherever_it_stopped() -> None:
    whole = WORLDS["fine"].evaluation(400, seed=0)
    labels = tuple((("half", "even" if i % 2 else "odd"),) for i in range(400))
    whole = replace(whole, slices=labels)
    stopped = asked_until_enough(whole, tests=2)
    usual = accuracies(all_at_once(stopped), confidence=0.9)
    for one, other in zip(accuracies(stopped, confidence=0.9), usual, strict=True):
        assert one.share == other.share
        assert one.interval.low <= other.interval.low
        assert one.interval.high >= other.interval.high
    assert f"n={stopped.n} of 400" in figures(stopped, alpha=0.05)
    assert {row.value for row in by_slice(stopped, kind="matched", confidence=0.9)} == {
        "even",
        "odd",
    }


def test_a_stopped_task_is_compared_on_the_items_that_both_were_asked() -> None:
    whole = WORLDS["fine"].evaluation(400, seed=0)
    stopped = asked_until_enough(whole, tests=2)
    ids = {"items_hash": "of all"}
    old = replace(all_at_once(whole), provenance={**whole.provenance, **ids})
    new = replace(stopped, provenance={**whole.provenance, **ids})
    for one, other in ((old, new), (new, old)):
        same = compare(one, other, gate=replace(GATE, drop=0.1), tests=3)
        assert same.verdict is not None
        assert same.verdict.n == stopped.n
        assert same.old == same.new == pytest.approx(stopped.sighted.scores(stopped.gold).mean())
    assert f"{stopped.n} of 400 items that both were asked" in same.reason
    otherwise = replace(new, provenance={**whole.provenance, "items_hash": "others"})
    assert compare(old, otherwise, gate=GATE, tests=3).status is Status.INCOMPARABLE


def test_a_comparison_with_a_baseline_is_waited_for() -> None:
    whole = WORLDS["fine"].evaluation(400, seed=0)
    baseline = all_at_once(whole)
    settings = Settings(gate=replace(GATE, drop=0.05))
    without = asked_until_enough(whole, tests=2).n
    enough = enough_for(settings, task="one", tests=3, baseline=baseline)
    assert whole.sequential is not None
    assert not enough(whole.first(without))
    stops = next(k for k in whole.sequential.looks if enough(whole.first(k)))
    assert without < stops <= 200  # the same answers
    few = whole.first(without)
    alone = enough_for(settings, task="one", tests=3, baseline=few)
    assert alone(whole.first(without))  # the baseline knows of no more items


def test_the_order_of_items_is_the_seed_s() -> None:
    items = colour_items(60)
    from pytest_vlmsight.evaluation import presentations

    asked = presentations(items, Settings())
    ids = [items[k].id for k in random_order(items, asked, seed=0).places]
    one = evaluate(FakeVlm(without_looking), task(items), settings=replace(SETTINGS, items=60))
    assert list(one.ids) == ids[: one.n]
