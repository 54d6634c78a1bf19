"""Models of known behaviour, through the real adapter: the gates must say what is known.

Whoever changes adapter, evaluation or gates and lets a blind model pass breaks this file.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tiny_packs import write_pack
from tiny_vlms import build

from pytest_vlmsight import Settings, blind_gate, ceiling_gate, evaluate, load_tasks, load_vlm

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_vlmsight.evaluation import Evaluation

N = 240
"""Enough to tell no gain from a gain of ten points."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    top = tmp_path_factory.mktemp("faults")
    write_pack(top / "four", n=N)
    write_pack(top / "two", n=N, readout="pooled", name="tiny2")
    write_pack(top / "leaky", n=N, leak=1.0, name="leaky")
    write_pack(top / "half", n=N, truth=0.55, name="half")
    return top


def verdicts(
    folder: Path, behaviour: str, pack: str, *, settings: Settings | None = None
) -> tuple[str, str, Evaluation]:
    """The outcomes of both gates, and what they are about."""
    settings = settings or Settings()
    path = folder / behaviour
    vlm = load_vlm(str(path if path.exists() else build(path, behaviour)))
    (task,) = load_tasks([str(folder / pack)])
    evaluation = evaluate(vlm, task, settings=settings)
    gate = settings.gate
    return (
        ceiling_gate(evaluation, gate=gate, tests=2).outcome,
        blind_gate(evaluation, gate=gate, tests=2).outcome,
        evaluation,
    )


@pytest.mark.parametrize(
    ("behaviour", "expected", "pack"),
    [
        ("always_a", ("FAIL", "FAIL"), "four"),
        ("last_option", ("FAIL", "FAIL"), "four"),
        ("text_only", ("FAIL", "FAIL"), "four"),
        ("random", ("FAIL", "FAIL"), "four"),
        ("refuses", ("FAIL", "FAIL"), "four"),
        ("oracle", ("PASS", "PASS"), "four"),
        ("oracle", ("PASS", "PASS"), "two"),
        pytest.param("text_only", ("FAIL", "FAIL"), "two", marks=pytest.mark.slow),
    ],
)
def test_known_behaviour_gets_its_verdict(
    folder: Path, behaviour: str, expected: tuple[str, str], pack: str
) -> None:
    # Answers that vary leave the gain uncertain: it takes all items to rule out ten points of it.
    settings = Settings(items=N if behaviour == "random" else 80)
    ceiling, blind, evaluation = verdicts(folder, behaviour, pack, settings=settings)
    assert evaluation.ceiling_scores("matched").mean() > 0.95
    assert (ceiling, blind) == expected


@pytest.mark.parametrize("behaviour", ["oracle", pytest.param("text_only", marks=pytest.mark.slow)])
def test_rotating_the_options_changes_no_verdict(folder: Path, behaviour: str) -> None:
    once = verdicts(folder, behaviour, "four", settings=Settings(items=60))
    turned = verdicts(folder, behaviour, "four", settings=Settings(items=60, rotations=None))
    assert turned[:2] == once[:2]
    assert turned[2].sighted.choices.shape == (60, 4)


@pytest.mark.slow
def test_always_naming_one_letter_is_right_in_one_rotation_of_each_item(folder: Path) -> None:
    *_, evaluation = verdicts(
        folder, "last_option", "four", settings=Settings(items=40, rotations=None)
    )
    assert set(evaluation.sighted.scores(evaluation.gold)) == {0.25}


def test_every_blind_kind_finds_the_model_that_reads_only_text(folder: Path) -> None:
    kinds = ("blank", "none", "noise", "shuffled")
    settings = Settings(items=60, blind=kinds)
    *_, evaluation = verdicts(folder, "text_only", "four", settings=settings)
    for kind in kinds:
        own = replace(evaluation, blind={kind: evaluation.blind[kind]})
        assert blind_gate(own, gate=settings.gate, tests=2).outcome == "FAIL"
        assert (own.blind[kind].choices == own.sighted.choices).all()


def test_knowing_the_answers_from_the_text_passes_the_ceiling_and_fails_blind(
    folder: Path,
) -> None:
    ceiling, blind, evaluation = verdicts(folder, "text_only", "leaky", settings=Settings(items=80))
    assert evaluation.blind["blank"].scores(evaluation.gold).mean() == 1
    assert (ceiling, blind) == ("PASS", "FAIL")


def test_seeing_half_of_it_separates_from_blind_and_fails_the_ceiling(folder: Path) -> None:
    ceiling, blind, _ = verdicts(folder, "oracle", "half")
    assert (ceiling, blind) == ("FAIL", "PASS")


def test_a_model_that_refuses_in_words_is_judged_neither_way(folder: Path) -> None:
    settings = Settings(scoring="generate", items=60)
    ceiling, blind, evaluation = verdicts(folder, "refuses", "four", settings=settings)
    assert evaluation.sighted.answered_share == 0
    assert (ceiling, blind) == ("INCONCLUSIVE", "INCONCLUSIVE")


def test_the_oracle_passes_in_words_too(folder: Path) -> None:
    settings = Settings(scoring="generate", items=60)
    assert verdicts(folder, "oracle", "four", settings=settings)[:2] == ("PASS", "PASS")
