"""The verdict in words: what gates and parts of diagnosis, taken together, show.

Each verdict needs evidence that is shown by a test at alpha, and some are spoken against by other
evidence; ``NEEDS`` is the whole of it. A verdict that needs several pieces is right at alpha where
each of them is (intersection-union), so there is nothing to correct for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_vlmsight.gates import blind_gate, ceiling_gate, too_few_answered

from . import helped, prompted
from .conclusion import LOST_AT, PARTLY_LOST_AT
from .evidence import (
    BLIND_PASSED,
    CEILING_PASSED,
    DIMMED,
    GAIN,
    GONE,
    LEANS,
    NO_GAIN,
    PRESENT,
    SHORT,
    SKEWED,
    UNREAD,
    pieces_of,
)
from .result import VERDICT, Diagnosis

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_vlmsight.evaluation import Evaluation
    from pytest_vlmsight.gates import Verdict
    from pytest_vlmsight.settings import GateSettings

    from .evidence import Piece
    from .subject import Subject

FINE, NOT_ENCODED, CANNOT_TELL = "fine", "not encoded", "cannot tell"
UNUSED_TO_LAST = "present to the last layer but unused"
IN_PART = "present to the last layer and used in part"
BIASED = "used but biased"
"""Verdicts; the name of a stage comes behind the two that are lost."""


@dataclass(frozen=True, slots=True)
class Need:
    """What a verdict rests on.

    Attributes:
        shown: pieces that are all needed.
        against: pieces that none of may be shown: with them it would be contradicted.
        advice: what to do next.
    """

    shown: tuple[str, ...]
    against: tuple[str, ...]
    advice: str


NEEDS: Mapping[str, Need] = {
    FINE: Need((CEILING_PASSED, BLIND_PASSED), (), ""),
    NOT_ENCODED: Need(
        (UNREAD,),
        (GAIN,),
        "the eye is what lacks: another encoder or layer of it, or larger pictures",
    ),
    LOST_AT: Need((GONE,), (GAIN,), "the stage that is named is what to train or to change"),
    BIASED: Need(
        (GAIN, LEANS),
        (),
        "letters are what to correct: --vlm-rotations, a calibrated answer, or tuning with right "
        "answers at every letter",
    ),
    UNUSED_TO_LAST: Need(
        (PRESENT, SHORT, NO_GAIN),
        (GAIN,),
        "what is needed reaches the LLM, which does not use it: tune the LLM",
    ),
    IN_PART: Need(
        (PRESENT, SHORT, GAIN),
        (),
        "what is needed reaches the LLM, which uses some of it: tune the LLM",
    ),
    PARTLY_LOST_AT: Need((DIMMED,), (), "the stage that is named is what to train or to change"),
}
"""Verdict → what it needs; the first that has all of it is given."""


def diagnose(subject: Subject, found: Sequence[Diagnosis], *, tests: int) -> Diagnosis:
    """Judge the gates of a subject, and conclude.

    Args:
        subject: who is diagnosed.
        found: what the parts found of it.
        tests: number of gates that are judged in all.

    Raises:
        MeasurementError: it cannot be evaluated.
    """
    evaluation = subject.evaluation
    settings = subject.settings
    gate, kind = settings.gate_for(evaluation.task), settings.ceiling[0]
    verdicts = {"blind": blind_gate(evaluation, gate=gate, tests=tests)}
    if kind in evaluation.ceilings:
        verdicts["ceiling"] = ceiling_gate(evaluation, gate=gate, tests=tests, kind=kind)
    return conclude(evaluation, verdicts, found, gate=gate, tests=tests, seed=settings.seed)


def conclude(
    evaluation: Evaluation,
    verdicts: Mapping[str, Verdict],
    found: Sequence[Diagnosis],
    *,
    gate: GateSettings,
    tests: int,
    seed: int = 0,
) -> Diagnosis:
    """The verdict.

    Args:
        evaluation: of a (model, task).
        verdicts: of its gates, by name.
        found: what parts found of it.
        gate: alpha.
        tests: number of gates that are judged in all.
        seed: of halves and permutations.
    """
    pieces, own = pieces_of(evaluation, verdicts, found, alpha=gate.alpha, tests=tests, seed=seed)
    layers = next((one for one in found if one.part == "layers"), None)
    unparsed = too_few_answered({"sighted": evaluation.sighted})
    name, sentence = CANNOT_TELL, _nearest(pieces)
    if layers is None or layers.error:
        sentence = f"{pieces[UNREAD].said}, and nothing else says where sight is lost"
    if unparsed:
        sentence = unparsed
    else:
        for verdict, need in NEEDS.items():
            against = any(pieces[one].shown for one in need.against)
            if all(pieces[one].shown for one in need.shown) and not against:
                stage = layers.conclusion.partition(" at ")[2] if layers is not None else ""
                name = f"{verdict}{stage}" if verdict in (LOST_AT, PARTLY_LOST_AT) else verdict
                sentence = "; ".join(pieces[one].said for one in need.shown)
                sentence += f". Next: {need.advice}{_tried(found)}" if need.advice else ""
                break
    return Diagnosis(
        part=VERDICT,
        model=evaluation.model,
        task=evaluation.task,
        n=evaluation.n,
        confidence=1 - 2 * gate.alpha,
        conclusion=name,
        sentence=sentence,
        tests=own,
        notes=tuple(_notes(name, pieces, found)),
        details={
            "evidence": {one: [piece.shown, piece.said] for one, piece in pieces.items()},
            "gates": {one: verdict.outcome.value for one, verdict in verdicts.items()},
        },
    )


def _nearest(pieces: Mapping[str, Piece]) -> str:
    """What speaks against the verdict that has all it needs, else what the nearest lacks."""

    def missing(need: Need) -> list[str]:
        return [pieces[one].said for one in need.shown if not pieces[one].shown]

    def contradicted(need: Need) -> list[str]:
        return [pieces[one].said for one in need.against if pieces[one].shown]

    def distance(verdict: str) -> tuple[bool, int, int]:
        need = NEEDS[verdict]
        lacking = len(missing(need))
        return lacking > 0, lacking + len(contradicted(need)), lacking - len(need.shown)

    nearest = min(NEEDS, key=distance)
    lacking, against = missing(NEEDS[nearest]), contradicted(NEEDS[nearest])
    shown = [pieces[one].said for one in NEEDS[nearest].shown if pieces[one].shown]
    said = [f'nearest is "{nearest.strip()}"']
    if shown:
        said.append(f"for which speaks: {'; '.join(shown)}")
    if lacking:
        said.append(f"of which is not shown: {'; '.join(dict.fromkeys(lacking))}")
    if against:
        said.append(f"against which speaks: {'; '.join(against)}")
    return ". ".join(f"{one[0].upper()}{one[1:]}" for one in said)


def _tried(found: Sequence[Diagnosis]) -> str:
    """What was shown to help, or not to, behind what is advised."""
    said = []
    for one in found:
        if one.part == "finetune" and one.conclusion not in ("", helped.CANNOT_TELL):
            none = one.conclusion == helped.NONE
            said.append(f"tuned, {'none of the parts helps' if none else one.conclusion}")
        if one.part == "prompt" and one.conclusion in (prompted.HELP, prompted.NO_HELP):
            said.append(one.conclusion)
    return f" ({'; '.join(said)})" if said else ""


def _notes(name: str, pieces: Mapping[str, Piece], found: Sequence[Diagnosis]) -> list[str]:
    notes = []
    if pieces[SKEWED].shown and name != BIASED:
        said = pieces[SKEWED].said
        notes.append(f"{said[0].upper()}{said[1:]}.")
    notes += [
        f"Part {one.part} says: {one.conclusion}: {one.sentence}"
        for one in found
        if one.part != "layers" and one.conclusion and not one.error
    ]
    notes += [
        f"Part {one.part} could not be made: {one.error}"
        for one in found
        if one.part != "layers" and one.error
    ]
    return notes
