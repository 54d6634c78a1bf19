"""Part ``prompt``: what depends on how a model is asked is found, and nothing else is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from fake_vlm import FakeVlm, always
from made_items import task
from prefix_vlm import PrefixFake, blind, listens_to
from tunable_vlm import colour_items

from pytest_vlmsight.diagnosis import prompted, wordings_asked
from pytest_vlmsight.diagnosis import tuning as tuning_module
from pytest_vlmsight.diagnosis.prompt import diagnose
from pytest_vlmsight.diagnosis.prompted import Prompted, concluded
from pytest_vlmsight.diagnosis.subject import Subject
from pytest_vlmsight.diagnosis.tuning import Tuning
from pytest_vlmsight.diagnosis.wordings_asked import WordingsAsked
from pytest_vlmsight.models.base import ModelError
from pytest_vlmsight.models.wordings import WORDINGS
from pytest_vlmsight.records.diagnoses import diagnosis_of, diagnosis_plain
from pytest_vlmsight.settings import GateSettings, Settings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pytest_vlmsight.diagnosis.result import Diagnosis
    from pytest_vlmsight.tasks.item import Task

TUNING = Tuning(prefix_steps=30, batch=12, items=60, checked=24, prefix_rates=(3e-2,))


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


def values(found: Diagnosis, group: str) -> dict[str, float]:
    return {one.name: one.value for one in found.of(group)}


@pytest.fixture(scope="module")
def learned() -> Diagnosis:
    """Of a model that prefixes make see, and wordings do not."""
    return diagnose(subject(PrefixFake(), prefix_rates=(1e-4, 3e-2)))


@pytest.fixture(scope="module")
def listening() -> Diagnosis:
    return diagnose(subject(FakeVlm(listens_to("question last"))))


# -- wordings ------------------------------------------------------------------------------------


def test_a_model_that_listens_to_one_wording_alone_is_helped_by_it(listening: Diagnosis) -> None:
    assert listening.conclusion == "prompts help"
    found = values(listening, "wordings")
    assert found.pop("question last") == 1
    assert max(found.values()) < 0.6
    assert max(values(listening, "wordings, blind").values()) < 0.6
    assert values(listening, "best of wordings")["sighted"] == 1
    assert listening.details["chosen"] == ["question last"]
    assert values(listening, "spread of wordings")["range"] > 0.5
    (differ,) = (test for test in listening.tests if test.claim == "differ")
    assert differ.p < 0.01


def test_a_blind_model_is_not_helped_whatever_words_it_is_asked_in() -> None:
    found = diagnose(subject(FakeVlm(blind), n=240))
    assert found.conclusion == "prompts do not help"
    assert "no other prompt answers better by +25.0 points or more" in found.sentence
    (differ,) = (test for test in found.tests if test.claim == "differ")
    assert differ.p > 0.05


def guessed(n: int, *, seed: int, right: Sequence[float] = (1 / 3,) * 11) -> WordingsAsked:
    """Of items that are guessed, in as many wordings as there are shares of right answers."""
    rng = np.random.default_rng(seed)
    scores = {f"{k}": (rng.random(n) < share).astype(float) for k, share in enumerate(right)}
    return WordingsAsked(sighted=scores, blind=scores, alike=False)


def test_the_best_of_many_wordings_is_not_scored_by_luck() -> None:
    """The maximum over eleven is above chance where all are guesses; that chosen elsewhere not."""
    items = colour_items(150)
    best, chosen = [], []
    for seed in range(40):
        asked = guessed(150, seed=seed)
        table = np.stack(list(asked.sighted.values()))
        best.append(table.mean(1).max())
        chosen.append(table[asked.chosen(items, seed=seed), np.arange(150)].mean())
    assert np.mean(best) > 0.37
    assert np.mean(chosen) == pytest.approx(1 / 3, abs=0.02)


def test_that_wordings_differ_is_found_as_often_as_its_p_says() -> None:
    ps = [guessed(40, seed=k).spread(confidence=0.9, seed=k)[1].p for k in range(30)]
    assert 0 < np.mean(np.array(ps) <= 0.2) < 0.45
    one = guessed(200, seed=0, right=(0.3, 0.3, 0.6)).spread(confidence=0.9, seed=0)
    assert one[1].p < 0.01
    rows, _, by_chance = one
    assert rows[0].value > 0.2 > by_chance
    assert rows[0].value / 2 < rows[1].value < rows[0].value


def test_an_adapter_that_words_its_prompts_alike_is_told() -> None:
    found = diagnose(subject(FakeVlm(always(0)), n=30))
    assert any("by the very same numbers" in note for note in found.notes)
    assert values(found, "spread of wordings")["range"] == 0
    (differ,) = (test for test in found.tests if test.claim == "differ")
    assert differ.p == 1


def test_what_helps_without_being_seen_is_no_help() -> None:
    right = {item.question: item.options[item.answer] for item in colour_items(90)}

    def mouth(prompt: Any) -> Sequence[float]:
        word = right[prompt.question]
        told = prompt.wording.name == "bare"
        return [float(told and option == word) - 0.1 * k for k, option in enumerate(prompt.options)]

    found = diagnose(subject(FakeVlm(mouth)))
    assert values(found, "best of wordings") == {"sighted": 1, "blind": 1}
    assert found.conclusion == "cannot tell"
    assert "not shown to be better than blind" in found.sentence


# -- prefixes ------------------------------------------------------------------------------------


def test_a_model_that_prefixes_make_see_is_helped_by_them(learned: Diagnosis) -> None:
    assert learned.conclusion == "prompts help"
    sighted, unseen = values(learned, "sighted"), values(learned, "blind")
    assert list(sighted) == ["0 prefixes", "1 prefix", "5 prefixes", "10 prefixes"]
    assert sighted.pop("0 prefixes") < 0.6
    assert min(sighted.values()) > 0.9
    assert max(unseen.values()) < 0.6
    assert "10 prefixes 100.0%" in learned.sentence
    assert learned.details["prefixes"]["5"]["rate"] == 3e-2
    assert all(one.n == 90 for one in learned.estimates)


def test_letters_follow_the_right_ones_once_it_sees(learned: Diagnosis) -> None:
    bias, letters = values(learned, "letter bias"), values(learned, "letters")
    assert bias["0 prefixes"] > 0.5
    assert bias["10 prefixes"] < 0.05
    assert letters["0 prefixes: A"] == 1
    assert letters["10 prefixes: A"] == pytest.approx(1 / 3, abs=0.05)
    assert sum(letters[f"5 prefixes: {letter}"] for letter in "ABC") == pytest.approx(1)


def test_a_blind_model_is_not_helped_by_prefixes() -> None:
    found = diagnose(subject(PrefixFake(sees=False), n=200))
    assert found.conclusion == "prompts do not help"
    assert max(values(found, "sighted").values()) < 0.5


def test_all_prompts_are_one_family_and_are_compared_with_the_default(learned: Diagnosis) -> None:
    helps = [test for test in learned.tests if test.claim == "helps"]
    assert [test.name for test in helps] == [
        "default → best of wordings",
        "default → 1 prefix",
        "default → 5 prefixes",
        "default → 10 prefixes",
    ]
    least = min(helps, key=lambda test: test.p)
    assert least.adjusted == pytest.approx(4 * least.p)


def test_a_record_holds_all_of_it(learned: Diagnosis, listening: Diagnosis) -> None:
    for found in (learned, listening):
        assert diagnosis_of(diagnosis_plain(found)) == found
        assert all(one.value in one.interval for one in found.estimates)


def test_a_folder_that_has_no_others_gives_half_of_its_items() -> None:
    found = diagnose(subject(PrefixFake(), of=colours(120), n=120))
    assert 50 <= found.n <= 70
    assert {one.n for one in found.estimates} == {found.n}
    assert any("half of its items" in note for note in found.notes)


def test_a_model_without_prefixes_is_told_what_it_lacks_and_asked_in_other_words(
    listening: Diagnosis,
) -> None:
    assert any("needs prefixed" in note for note in listening.notes)
    assert list(values(listening, "sighted")) == ["0 prefixes"]
    assert listening.sentence.endswith("learned prefixes were not measured")


def test_a_lack_of_peft_is_told_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    why = "learning needs peft: pip install 'pytest-vlmsight[diagnose]'"

    def lacking(*_: object, **__: object) -> object:
        raise ModelError(why)

    vlm = PrefixFake()
    monkeypatch.setattr(vlm, "prefixed", lacking)
    found = diagnose(subject(vlm))
    assert any(why in note for note in found.notes)
    assert found.conclusion != "prompts help"


def test_a_number_that_fails_is_told_and_keeps_none_from_being_learned() -> None:
    found = diagnose(subject(PrefixFake(fails=[5])))
    assert list(values(found, "sighted")) == ["0 prefixes", "1 prefix", "10 prefixes"]
    assert "No 5 prefixes are learned: 5 do not fit." in found.notes


class Killed(BaseException):
    """As a signal ends a process: nothing but what is on disk is left."""


def killed_after(steps: int) -> PrefixFake:
    left = iter(range(steps))

    def step() -> None:
        if next(left, None) is None:
            raise Killed

    return PrefixFake(step=step)


def test_a_run_that_is_killed_goes_on_where_it_was_with_the_same_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tuning_module, "WRITTEN_EVERY", 0.0)
    monkeypatch.setattr(wordings_asked, "WORDINGS", WORDINGS[:2])
    budget: dict[str, Any] = {"prefix_steps": 4, "search": 0.5, "prefix_rates": (1e-3, 3e-2)}
    whole = diagnose(subject(PrefixFake(), cache=tmp_path / "whole", n=30, **budget))
    cache = tmp_path / "parts"
    runs = 0
    while True:
        runs += 1
        vlm = killed_after(5)
        try:
            found = diagnose(subject(vlm, cache=cache, n=30, **budget))
        except Killed:
            assert vlm.engine.prefix is None
            continue
        break
    steps = 3 * (2 + 2 + 4)  # of both rates and the training, for each number
    assert steps / 5 < runs <= steps / 4 + 1
    assert found == whole
    assert len(list((cache / "tunings").iterdir())) == 3  # one result each
    assert diagnose(subject(killed_after(0), cache=cache, n=30, **budget)) == whole


# -- conclusions ---------------------------------------------------------------------------------

GATE = GateSettings()


def scores(share: float, n: int = 400) -> np.ndarray:
    made: np.ndarray = (np.arange(n) < round(share * n)).astype(float)
    return made


@pytest.mark.parametrize(
    ("sighted", "unseen", "conclusion"),
    [
        ((0.5, 0.5, 0.8), (0.5, 0.5, 0.5), "prompts help"),
        ((0.5, 0.7, 0.5), (0.5, 0.5, 0.5), "prompts help"),
        ((0.5, 0.5, 0.51), (0.5, 0.5, 0.5), "prompts do not help"),
        ((0.5, 0.5, 0.8), (0.5, 0.5, 0.8), "cannot tell"),
    ],
)
def test_conclusions(sighted: Sequence[float], unseen: Sequence[float], conclusion: str) -> None:
    names = ("default", "best of wordings", "5 prefixes")
    found = Prompted(
        sighted=dict(zip(names, map(scores, sighted), strict=True)),
        blind=dict(zip(names, map(scores, unseen), strict=True)),
    )
    tests = prompted.tests_of(found, alpha=GATE.alpha)
    said, sentence = concluded(found, tests, gate=GATE, lacking="")
    assert said == conclusion
    assert "50.0% by default" in sentence


def test_few_items_leave_it_open_whether_prompts_help() -> None:
    rng = np.random.default_rng(0)
    drawn = {name: rng.permutation(scores(0.5, 20)) for name in ("default", "best of wordings")}
    found = Prompted(sighted=drawn, blind=drawn)
    said, sentence = concluded(
        found, prompted.tests_of(found, alpha=0.05), gate=GATE, lacking="none were learned"
    )
    assert said == "cannot tell"
    assert sentence.endswith("more items or steps would tell; none were learned")


def test_there_are_eight_wordings_or_more() -> None:
    assert len(WORDINGS) >= 8
