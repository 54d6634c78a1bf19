"""Part ``finetune``: planted truths are named, and a training that is killed goes on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from fake_vlm import FakeVlm, always
from made_items import task
from tunable_vlm import TunableFake, colour_items

from pytest_vlmsight.diagnosis import helped
from pytest_vlmsight.diagnosis import tuning as tuning_module
from pytest_vlmsight.diagnosis.finetune import diagnose
from pytest_vlmsight.diagnosis.helped import Tuned, concluded
from pytest_vlmsight.diagnosis.subject import Subject
from pytest_vlmsight.diagnosis.tuning import Tuning
from pytest_vlmsight.models.base import MeasurementError
from pytest_vlmsight.records.diagnoses import diagnosis_of, diagnosis_plain
from pytest_vlmsight.settings import GateSettings, Settings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pytest_vlmsight.diagnosis.result import Diagnosis
    from pytest_vlmsight.tasks.item import Task

TUNING = Tuning(steps=40, batch=12, items=60, checked=24, rates=(3e-2,))


def colours(n: int | None = None) -> Task:
    """Without an end, or a folder's n."""
    if n is not None:
        return task(colour_items(n))
    return replace(
        task([]), available=None, make_items=lambda count, seed: colour_items(count, seed=seed)
    )


def subject(
    vlm: Any, *, cache: Path | None = None, of: Task | None = None, n: int = 90, **tuning: Any
) -> Subject:
    settings = Settings(
        items=n,
        ceiling=(),
        gate=GateSettings(min_gain=0.25),
        no_cache=cache is None,
        cache_dir=None if cache is None else str(cache),
    )
    return Subject(vlm, of or colours(), settings=settings, tuning=replace(TUNING, **tuning))


def values(found: Diagnosis, group: str = "sighted") -> dict[str, float]:
    return {one.name: one.value for one in found.of(group)}


@pytest.fixture(scope="module")
def heedless() -> Diagnosis:
    return diagnose(subject(TunableFake(heedless=True), rates=(1e-3, 3e-2)))


def test_an_llm_that_ignores_what_it_is_given_is_helped_most_by_tuning_it(
    heedless: Diagnosis,
) -> None:
    assert heedless.conclusion == "llm helps most"
    found = values(heedless)
    assert list(found) == ["before", "encoder", "projector", "llm", "whole projector"]
    assert found.pop("llm") > 0.95
    assert max(found.values()) < 0.6
    assert values(heedless, "blind")["llm"] < 0.6
    assert all(one.n == 90 for one in heedless.estimates)


def test_no_part_helps_an_eye_that_is_shuffled() -> None:
    found = diagnose(subject(TunableFake(shuffled=True), n=200))
    assert found.conclusion == "none helps"
    assert "by +25.0 points or more" in found.sentence


def test_where_several_parts_help_alike_none_is_said_to_help_most() -> None:
    found = diagnose(subject(TunableFake()))
    assert min(values(found)[way] for way in ("encoder", "projector", "llm")) > 0.9
    assert found.conclusion == "some help"


def test_letters_are_far_from_the_right_ones_where_it_always_says_the_same(
    heedless: Diagnosis,
) -> None:
    found = {one.name: one for one in heedless.of("letter bias")}
    assert found["before"].value > 0.2 > found["llm"].value
    assert found["before"].interval.low > 0.1
    by = {t.name: t.adjusted for t in heedless.tests if t.claim.startswith("letters")}
    assert by["before"] < 0.01
    assert by["llm"] > 0.05


def test_tests_are_by_families_and_parts_are_compared_in_pairs(heedless: Diagnosis) -> None:
    names = {claim: [t.name for t in heedless.tests if t.claim == claim] for claim in ("differ",)}
    assert names["differ"] == ["encoder → projector", "encoder → llm", "projector → llm"]
    for claim in ("helps", "better than blind"):
        family = [test for test in heedless.tests if test.claim == claim]
        assert len(family) == 4
        least = min(family, key=lambda test: test.p)
        assert least.adjusted == pytest.approx(min(1, 4 * least.p))


def test_a_record_holds_all_of_it(heedless: Diagnosis) -> None:
    assert diagnosis_of(diagnosis_plain(heedless)) == heedless
    llm = heedless.details["ways"]["llm"]
    assert llm["rate"] == 3e-2
    assert set(llm["tried"]) == {"0.001", "0.03"}
    assert llm["loss_last"] < llm["loss_first"]


def test_weights_are_as_before_even_where_a_training_breaks_off() -> None:
    class Stop(BaseException):
        pass

    def stop() -> None:
        raise Stop

    vlm = TunableFake(heedless=True)
    before = {name: one.clone() for name, one in vlm.model.state_dict().items()}
    diagnose(subject(vlm, steps=3))
    vlm.step = stop
    with pytest.raises(Stop):
        diagnose(subject(vlm, steps=3))
    after = vlm.model.state_dict()
    assert list(after) == list(before)
    assert all(torch.equal(after[name], before[name]) for name in before)
    assert not any(one.requires_grad for one in vlm.model.parameters())


class Killed(BaseException):
    """As a signal ends a process: nothing but what is on disk is left."""


def killed_after(steps: int) -> TunableFake:
    left = iter(range(steps))

    def step() -> None:
        if next(left, None) is None:
            raise Killed

    return TunableFake(heedless=True, step=step)


@pytest.fixture
def at_each_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tuning_module, "WRITTEN_EVERY", 0.0)


@pytest.mark.usefixtures("at_each_step")
def test_a_run_that_is_killed_goes_on_where_it_was_with_the_same_numbers(tmp_path: Path) -> None:
    budget: dict[str, Any] = {"steps": 4, "search": 0.5, "rates": (1e-3, 3e-2)}
    whole = diagnose(subject(TunableFake(heedless=True), cache=tmp_path / "whole", **budget))
    cache = tmp_path / "parts"
    steps = 4 * (2 + 2 + 4)  # of both rates and the training, in each way
    runs = 0
    while True:
        runs += 1
        vlm = killed_after(5)
        try:
            found = diagnose(subject(vlm, cache=cache, **budget))
        except Killed:
            continue
        break
    assert runs > steps / 5  # none made more than five steps …
    assert runs <= steps / 4 + 1  # … and each all but the one it died in
    assert found == whole


@pytest.mark.usefixtures("at_each_step")
def test_what_was_finished_costs_no_step_and_leaves_no_training_behind(tmp_path: Path) -> None:
    first = diagnose(subject(TunableFake(heedless=True), cache=tmp_path, steps=4))
    assert len(list((tmp_path / "tunings").iterdir())) == 4  # one result each
    assert diagnose(subject(killed_after(0), cache=tmp_path, steps=4)) == first


@pytest.mark.parametrize("change", [{"seed": 1}, {"steps": 5}, {"items": 59}])
def test_another_budget_is_trained_anew(tmp_path: Path, change: dict[str, int]) -> None:
    diagnose(subject(TunableFake(heedless=True), cache=tmp_path, steps=4))
    other = subject(killed_after(0), cache=tmp_path, steps=4)
    other.tuning = replace(other.tuning, **change)  # type: ignore[arg-type]
    with pytest.raises(Killed):
        diagnose(other)


def test_other_weights_are_trained_anew(tmp_path: Path) -> None:
    diagnose(subject(TunableFake(heedless=True), cache=tmp_path, steps=4))
    other = killed_after(0)
    other.provenance = {"weights": "others"}
    with pytest.raises(Killed):
        diagnose(subject(other, cache=tmp_path, steps=4))


def test_a_file_that_cannot_be_read_is_made_again(tmp_path: Path) -> None:
    first = diagnose(subject(TunableFake(heedless=True), cache=tmp_path, steps=4))
    for path in (tmp_path / "tunings").iterdir():
        path.write_bytes(b"half")
    assert diagnose(subject(TunableFake(heedless=True), cache=tmp_path, steps=4)) == first


def test_a_part_that_learns_nothing_is_told_and_keeps_none_from_being_tuned() -> None:
    found = diagnose(subject(TunableFake(heedless=True, fails=["encoder"]), steps=4))
    assert list(values(found)) == ["before", "projector", "llm", "whole projector"]
    assert "The encoder is not tuned: no gradient of the answers comes to it." in found.notes
    everything = ["encoder", "projector", "llm", "whole projector"]
    with pytest.raises(MeasurementError, match="no part of fake can be tuned"):
        diagnose(subject(TunableFake(fails=everything), steps=4))


def test_an_adapter_without_ways_is_told_what_it_needs() -> None:
    with pytest.raises(MeasurementError, match="an adapter of your own needs ways and tuned"):
        diagnose(subject(FakeVlm(always(0))))


def test_answers_are_by_letters_even_where_the_run_generates(tmp_path: Path) -> None:
    own = subject(TunableFake(heedless=True), steps=4)
    own.settings = replace(own.settings, scoring="generate")
    assert values(diagnose(own)) == values(diagnose(subject(TunableFake(heedless=True), steps=4)))


GATE = GateSettings()


def scores(share: float, n: int = 400) -> np.ndarray:
    made: np.ndarray = (np.arange(n) < round(share * n)).astype(float)
    return made


@pytest.mark.parametrize(
    ("sighted", "blind", "conclusion"),
    [
        ((0.5, 0.5, 0.8, 0.5), (0.5,) * 4, "projector helps most"),
        ((0.5, 0.52, 0.8, 0.8), (0.5,) * 4, "some help"),
        ((0.5, 0.5, 0.51, 0.5), (0.5,) * 4, "none helps"),
        ((0.5, 0.5, 0.8, 0.5), (0.5, 0.5, 0.8, 0.5), "cannot tell"),
    ],
)
def test_conclusions(sighted: Sequence[float], blind: Sequence[float], conclusion: str) -> None:
    names = ("before", "encoder", "projector", "llm")
    tuned = Tuned(
        sighted=dict(zip(names, map(scores, sighted), strict=True)),
        blind=dict(zip(names, map(scores, blind), strict=True)),
    )
    tests = helped.tests_of(tuned, alpha=GATE.alpha)
    said, sentence = concluded(tuned, tests, gate=GATE, budget="2 steps")
    assert said == conclusion
    assert "50.0% before" in sentence


def test_few_items_leave_it_open_whether_tuning_helps() -> None:
    names = ("before", "llm")
    rng = np.random.default_rng(0)
    drawn = {name: rng.permutation(scores(0.5, 20)) for name in names}
    tuned = Tuned(sighted=drawn, blind=drawn)
    said, sentence = concluded(
        tuned, helped.tests_of(tuned, alpha=0.05), gate=GATE, budget="2 steps"
    )
    assert said == "cannot tell"
    assert "more items or steps would tell" in sentence
