"""The verdict follows from evidence that is shown, and says what lacks where none does."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from made_runs import evaluation

from pytest_vlmsight.diagnosis.result import Diagnosis, PairedTest
from pytest_vlmsight.diagnosis.verdict import NEEDS, conclude
from pytest_vlmsight.gates import blind_gate, ceiling_gate
from pytest_vlmsight.records.diagnoses import diagnosis_of, diagnosis_plain
from pytest_vlmsight.settings import GateSettings
from pytest_vlmsight.stats.interval import Interval

if TYPE_CHECKING:
    from pytest_vlmsight.evaluation import Evaluation

GATE = GateSettings()


def layers(conclusion: str, *, unused: float = 0.001, **others: float) -> Diagnosis:
    """What part layers found, with the p of its tests of the last layer."""

    def test(claim: str, p: float) -> PairedTest:
        interval = Interval(-0.4, -0.2)
        return PairedTest(
            name=claim, claim=claim, estimate=-0.3, interval=interval, n=400, p=p, adjusted=p
        )

    names = {
        "kept": "kept for a fitted readout",
        "short": "unused, by a fitted readout",
        "more": "more is lost behind the last layer than up to it",
    }
    claims = {"unused": unused} | {names[key]: p for key, p in others.items()}
    return Diagnosis(
        part="layers",
        model="a",
        task="one",
        n=400,
        conclusion=conclusion,
        sentence="what layers say",
        tests=tuple(test(claim, p) for claim, p in claims.items()),
    )


def part(name: str, conclusion: str = "", **claims: float) -> Diagnosis:
    """What another part found: claims, with underscores for spaces, and their p."""
    interval = Interval(-0.01, 0.04)
    return Diagnosis(
        part=name,
        model="a",
        task="one",
        n=400,
        conclusion=conclusion,
        sentence=f"what {name} says",
        tests=tuple(
            PairedTest(
                name=f"{claim} name",
                claim=claim.replace("_", " "),
                estimate=0.02,
                interval=interval,
                n=400,
                p=p,
                adjusted=p,
            )
            for claim, p in claims.items()
        ),
    )


def of(*found: Diagnosis, sighted: float = 0.5) -> Diagnosis:
    return judged(evaluation(n=800, sighted=sighted), *found)


def judged(one: Evaluation, *found: Diagnosis) -> Diagnosis:
    verdicts = {
        "ceiling": ceiling_gate(one, gate=GATE, tests=2),
        "blind": blind_gate(one, gate=GATE, tests=2),
    }
    return conclude(one, verdicts, found, gate=GATE, tests=2)


SAME, HALF, ALL = 0.5, 0.75, 0.9
"""Right answers sighted; half are right blind, and nine of ten by ceiling."""


@pytest.mark.parametrize(
    ("found", "sighted", "name"),
    [
        (layers("not encoded"), SAME, "not encoded"),
        (layers("lost at projector"), SAME, "lost at projector"),
        (layers("partly lost at LLM first"), SAME, "partly lost at LLM first"),
        (layers("partly lost at LLM first"), HALF, "partly lost at LLM first"),
        # Most is lost behind the last layer, or that is not shown.
        (
            layers("partly lost at projector", more=0.01),
            SAME,
            "present to the last layer but unused",
        ),
        (
            layers("partly lost at projector", more=0.01),
            HALF,
            "present to the last layer and used in part",
        ),
        (layers("partly lost at projector", more=0.2), SAME, "partly lost at projector"),
        (
            layers("partly lost at projector", more=0.01, unused=0.2),
            SAME,
            "partly lost at projector",
        ),
        (layers("present to the last layer"), SAME, "present to the last layer but unused"),
        (layers("present to the last layer"), HALF, "present to the last layer and used in part"),
        (
            layers("reshaped at projector", kept=0.01, short=0.01),
            SAME,
            "present to the last layer but unused",
        ),
        (layers("cannot tell"), ALL, "fine"),
        # What is used is there, whatever a readout can read.
        (layers("not encoded"), HALF, "cannot tell"),
        (layers("lost at projector"), HALF, "cannot tell"),
        (layers("cannot tell"), SAME, "cannot tell"),
        (layers("reshaped at projector", kept=0.2, short=0.01), SAME, "cannot tell"),
        (layers("reshaped at projector", kept=0.01, short=0.2), SAME, "cannot tell"),
        (layers("present to the last layer", unused=0.2), SAME, "cannot tell"),
    ],
)
def test_a_verdict_needs_all_of_its_evidence(found: Diagnosis, sighted: float, name: str) -> None:
    one = evaluation(n=800, sighted=sighted)
    if sighted == SAME:  # no luck in it: the same answers
        one = replace(one, blind={"blank": one.sighted})
    result = judged(one, found)
    assert result.conclusion == name
    assert diagnosis_of(diagnosis_plain(result)) == result


def test_evidence_stands_in_the_sentence_with_numbers_and_p() -> None:
    one = evaluation(n=800, sighted=0.5)
    said = judged(
        replace(one, blind={"blank": one.sighted}), layers("present to the last layer")
    ).sentence
    for words in (
        "layers: what layers say",
        "answers against the readout of the last layer: -30.0 points [-40.0, -20.0], p=0.001",
        "blind gate FAIL: sighted",
        "Next: ",
    ):
        assert words in said


def test_a_verdict_that_is_contradicted_says_by_what() -> None:
    said = of(layers("lost at projector"), sighted=HALF).sentence
    assert said.startswith('Nearest is "lost at". For which speaks: layers: what layers say.')
    assert "Against which speaks: blind → sighted: +" in said


def test_without_layers_it_says_what_to_run() -> None:
    found = of()
    assert found.conclusion == "cannot tell"
    assert found.sentence.startswith("part layers was not run, and nothing else says where")
    failed = of(Diagnosis(part="layers", model="a", task="one", error="no map"))
    assert "part layers could not be made (no map)" in failed.sentence


def test_answers_that_cannot_be_parsed_are_no_evidence() -> None:
    one = evaluation(n=100)
    choices = one.sighted.choices.copy()
    choices[:20] = -1
    one = replace(one, sighted=replace(one.sighted, choices=choices))
    found = judged(one, layers("present to the last layer"))
    assert found.conclusion == "cannot tell"
    assert "only 80 of 100 sighted answers name an option" in found.sentence


STAYS = part("bias", "blind", few_change=0.001)
PRESENT = layers("present to the last layer")
UNUSED = "present to the last layer but unused"


@pytest.mark.parametrize(
    ("found", "name", "words"),
    [
        ((), "cannot tell", ""),
        ((STAYS,), UNUSED, "bias: 2.0% of answers change (few_change name), p=0.001"),
        (
            (part("bias", gains_less_than_is_asked_of_sight=0.001),),
            UNUSED,
            "bias: sight gains less than is asked, most of all gains_less",
        ),
        # All kinds of blindness are needed for that.
        (
            (
                replace(
                    STAYS,
                    tests=tuple(
                        test
                        for p in (0.001, 0.3)
                        for test in part("bias", gains_less_than_is_asked_of_sight=p).tests
                    ),
                ),
            ),
            "cannot tell",
            "",
        ),
        (
            (part("attention", "does not look", changes_fewer_answers_than_the_margin=0.001),),
            UNUSED,
            "attention: where it is cut off from the images 2.0% of answers change",
        ),
        # Where not all layers could be cut off, that nothing changes shows nothing.
        (
            (part("attention", "cannot tell", changes_fewer_answers_than_the_margin=0.001),),
            "cannot tell",
            "",
        ),
        # The gate has spent half of alpha, and there are two ways.
        ((part("bias", few_change=0.02),), UNUSED, "bias"),
        ((part("bias", few_change=0.03),), "cannot tell", ""),
        (
            (part("bias", few_change=0.02), part("attention", "looks there")),
            "cannot tell",
            "",
        ),
    ],
)
def test_parts_show_that_sight_is_unused_where_the_gate_does_not(
    found: tuple[Diagnosis, ...], name: str, words: str
) -> None:
    one = evaluation(n=60, sighted=0.5)
    one = replace(one, blind={"blank": one.sighted})
    gate = replace(GATE, min_gain=0.01)
    verdicts = {"blind": blind_gate(one, gate=gate, tests=2)}
    assert verdicts["blind"].outcome == "INCONCLUSIVE"
    result = conclude(one, verdicts, (PRESENT, *found), gate=gate, tests=2)
    assert result.conclusion == name
    assert words in result.sentence


def test_answers_that_keep_to_letters_are_biased_by_the_part_that_rotates_them() -> None:
    bound = part("bias", "looks but order-bound", keeps_to_the_letter=0.001)
    found = of(layers("cannot tell"), bound, sighted=HALF)
    assert found.conclusion == "used but biased"
    assert "bias: where options are rotated it keeps to the letter more often" in found.sentence
    weak = of(layers("cannot tell"), part("bias", "looks", keeps_to_the_letter=0.2), sighted=HALF)
    assert weak.conclusion == "cannot tell"


def test_what_was_seen_to_help_stands_behind_the_advice() -> None:
    same = evaluation(n=800, sighted=SAME)
    same = replace(same, blind={"blank": same.sighted})
    helps = judged(
        same, PRESENT, part("finetune", "llm helps most"), part("prompt", "prompts do not help")
    )
    assert helps.sentence.endswith("tune the LLM (tuned, llm helps most; prompts do not help)")
    none = judged(same, PRESENT, part("finetune", "none helps"), part("prompt", "cannot tell"))
    assert none.sentence.endswith("tune the LLM (tuned, none of the parts helps)")


def test_other_parts_are_told_of_and_decide_nothing() -> None:
    other = Diagnosis(part="other", model="a", task="one", conclusion="odd", sentence="It is odd.")
    broken = Diagnosis(part="broken", model="a", task="one", error="no room")
    found = of(layers("not encoded"), other, broken)
    assert found.conclusion == of(layers("not encoded")).conclusion
    assert found.notes[-2:] == (
        "Part other says: odd: It is odd.",
        "Part broken could not be made: no room",
    )


def test_every_piece_of_evidence_that_a_verdict_needs_is_made() -> None:
    pieces = of(layers("cannot tell")).details["evidence"]
    assert all({*need.shown, *need.against} <= set(pieces) for need in NEEDS.values())
