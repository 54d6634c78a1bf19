"""The verdict in words: what gates and parts of diagnosis, taken together, show.

Each verdict needs evidence that is shown by a test at alpha, and some are spoken against by other
evidence; ``NEEDS`` is the whole of it. A verdict that needs several pieces is right at alpha where
each of them is (intersection-union), so there is nothing to correct for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_vlmsight.gates import Outcome, blind_gate, ceiling_gate, too_few_answered
from pytest_vlmsight.pairs import Pairs
from pytest_vlmsight.phrases import limits, p_is, percent, points
from pytest_vlmsight.stats.agreement import letter_shares, total_variation, total_variation_p
from pytest_vlmsight.stats.multiplicity import holm

from . import conclusion as by_layers
from .letter_prior import letters, without_prior
from .result import VERDICT, Diagnosis, PairedTest
from .way import KEPT_FITTED, MORE_UNUSED, UNUSED, UNUSED_FITTED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy as np

    from pytest_vlmsight.evaluation import Evaluation
    from pytest_vlmsight.gates import Verdict
    from pytest_vlmsight.settings import GateSettings

    from .subject import Subject

FINE, NOT_ENCODED, CANNOT_TELL = "fine", "not encoded", "cannot tell"
LOST, PARTLY_LOST = "lost at ", "partly lost at "
UNUSED_TO_LAST = "present to the last layer but unused"
IN_PART = "present to the last layer and used in part"
BIASED = "used but biased"
"""Verdicts; the name of a stage comes behind the two that are lost."""

CEILING_PASSED, BLIND_PASSED, BLIND_FAILED = "ceiling gate", "blind gate", "no gain"
UNREAD, GONE, DIMMED, PRESENT = "not encoded", "lost", "partly lost", "present"
SHORT, GAIN, SKEWED, COSTLY = "unused", "gain by sight", "letters", "cost of letters"
"""Pieces of evidence."""


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
    LOST: Need((GONE,), (GAIN,), "the stage that is named is what to train or to change"),
    BIASED: Need(
        (GAIN, SKEWED, COSTLY),
        (),
        "letters are what to correct: --vlm-rotations, a calibrated answer, or tuning with right "
        "answers at every letter",
    ),
    UNUSED_TO_LAST: Need(
        (PRESENT, SHORT, BLIND_FAILED),
        (GAIN,),
        "what is needed reaches the LLM, which does not use it: tune the LLM",
    ),
    IN_PART: Need(
        (PRESENT, SHORT, GAIN),
        (),
        "what is needed reaches the LLM, which uses some of it: tune the LLM",
    ),
    PARTLY_LOST: Need((DIMMED,), (), "the stage that is named is what to train or to change"),
}
"""Verdict → what it needs; the first that has all of it is given."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of evidence.

    Attributes:
        shown: by a test at alpha.
        said: with numbers and p, whether it is shown or not.
    """

    shown: bool
    said: str


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
    return conclude(evaluation, verdicts, found, gate=gate, seed=settings.seed)


def conclude(
    evaluation: Evaluation,
    verdicts: Mapping[str, Verdict],
    found: Sequence[Diagnosis],
    *,
    gate: GateSettings,
    seed: int = 0,
) -> Diagnosis:
    """The verdict.

    Args:
        evaluation: of a (model, task).
        verdicts: of its gates, by name.
        found: what parts found of it.
        gate: alpha.
        seed: of halves and permutations.
    """
    answers = _Answers(evaluation=evaluation, alpha=gate.alpha, seed=seed)
    layers = next((one for one in found if one.part == "layers"), None)
    pieces = {
        **_gate_pieces(verdicts),
        **_layer_pieces(layers, alpha=gate.alpha),
        **answers.pieces(),
    }
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
                name = f"{verdict}{stage}" if verdict in (LOST, PARTLY_LOST) else verdict
                sentence = "; ".join(pieces[one].said for one in need.shown)
                sentence += f". Next: {need.advice}" if need.advice else ""
                break
    return Diagnosis(
        part=VERDICT,
        model=evaluation.model,
        task=evaluation.task,
        n=evaluation.n,
        confidence=1 - 2 * gate.alpha,
        conclusion=name,
        sentence=sentence,
        tests=answers.tests(),
        notes=tuple(_notes(name, pieces, found)),
        details={
            "evidence": {one: [piece.shown, piece.said] for one, piece in pieces.items()},
            "gates": {one: verdict.outcome.value for one, verdict in verdicts.items()},
        },
    )


def _gate_pieces(verdicts: Mapping[str, Verdict]) -> dict[str, Piece]:
    def piece(gate: str, outcome: Outcome) -> Piece:
        verdict = verdicts.get(gate)
        if verdict is None:
            return Piece(False, f"the {gate} gate could not be judged")
        return Piece(verdict.outcome is outcome, f"{gate} gate {verdict.outcome}: {verdict.reason}")

    return {
        CEILING_PASSED: piece("ceiling", Outcome.PASS),
        BLIND_PASSED: piece("blind", Outcome.PASS),
        BLIND_FAILED: piece("blind", Outcome.FAIL),
    }


def _layer_pieces(layers: Diagnosis | None, *, alpha: float) -> dict[str, Piece]:
    """What part ``layers`` shows; its conclusions are documented there."""
    if layers is None or layers.error:
        why = "was not run" if layers is None else f"could not be made ({layers.error})"
        lacking = Piece(False, f"part layers {why}")
        return dict.fromkeys((UNREAD, GONE, DIMMED, PRESENT, SHORT), lacking)
    word, said = layers.conclusion, f"layers: {layers.sentence}"
    reshaped = word.startswith("reshaped at ")
    kept = _test(layers, KEPT_FITTED)
    short = _test(layers, UNUSED_FITTED if reshaped else UNUSED)
    more = _test(layers, MORE_UNUSED)
    dimmed = word.startswith(PARTLY_LOST)
    present, present_said = word == by_layers.PRESENT, said
    if reshaped and kept is not None:
        present = kept.p <= alpha
        present_said = f"{said}; a fitted readout keeps it to the last layer: {_told(kept)}"
    if dimmed and more is not None:  # some of it is lost on the way, most behind it
        present = more.p <= alpha
        present_said = f"{said}; {more.claim}: {_told(more)} ({more.name})"
    return {
        UNREAD: Piece(word == by_layers.NOT_ENCODED, said),
        GONE: Piece(word.startswith(LOST), said),
        DIMMED: Piece(dimmed, said),
        PRESENT: Piece(present, present_said),
        SHORT: Piece(
            short is not None and short.adjusted <= alpha,
            "answers cannot be compared with the last layer"
            if short is None
            else f"answers against the readout of the last layer: {_told(short)}",
        ),
    }


@dataclass(frozen=True, kw_only=True)
class _Answers:
    """What the answers themselves tell: whether sight helps, and whether letters are in its way."""

    evaluation: Evaluation
    alpha: float
    seed: int

    def pieces(self) -> dict[str, Piece]:
        gains, costs = self._gains(), self._costs()
        best = min(gains, key=lambda test: test.adjusted)
        share, key, distance, p = self._letters()
        return {
            GAIN: Piece(best.adjusted <= self.alpha, f"{best.name}: {_told(best)}"),
            SKEWED: Piece(
                p <= self.alpha,
                f"letters of answers {share} against {key} of the key: total variation "
                f"{distance:.2f}, {p_is(p)}",
            ),
            COSTLY: Piece(
                bool(costs) and costs[0].adjusted <= self.alpha,
                f"{costs[0].name}: {_told(costs[0])}"
                if costs
                else "there are no log-probabilities, or too few items, to take a prior of letters "
                "away",
            ),
        }

    def tests(self) -> tuple[PairedTest, ...]:
        return (*self._gains(), *self._costs())

    def _gains(self) -> list[PairedTest]:
        """Sighted against the strongest blind run, as answered and without priors of letters."""
        e = self.evaluation
        blind = {kind: one.scores(e.gold) for kind, one in e.blind.items()}
        free = {kind: one for kind in e.blind if (one := self._free(kind)) is not None}
        sighted = self._free(None)
        pairs = {"blind → sighted": Pairs(e.sighted.scores(e.gold), _strongest(blind.values()))}
        if sighted is not None:
            rivals = (*blind.values(), *free.values())
            pairs["blind → sighted without its prior of letters"] = Pairs(
                sighted, _strongest(rivals)
            )
        ps = [pair.p_better() for pair in pairs.values()]
        return [
            self._test(name, "gains by sight", pair, p, adjusted)
            for (name, pair), p, adjusted in zip(pairs.items(), ps, holm(ps), strict=True)
        ]

    def _costs(self) -> list[PairedTest]:
        free = self._free(None)
        if free is None:
            return []
        pair = Pairs(free, self.evaluation.sighted.scores(self.evaluation.gold))
        p = pair.p_better()
        name = "sighted → sighted without its prior of letters"
        return [self._test(name, "letters cost", pair, p, p)]

    def _free(self, kind: str | None) -> np.ndarray | None:
        """(n,) scores of choices without a prior of letters; None where there are none."""
        e = self.evaluation
        answers = e.sighted if kind is None else e.blind[kind]
        choices = without_prior(answers, orders=e.orders, seed=self.seed)
        if choices is None:
            return None
        score: np.ndarray = (choices == e.gold[:, None]).mean(axis=1)
        return score

    def _test(self, name: str, claim: str, pair: Pairs, p: float, adjusted: float) -> PairedTest:
        return PairedTest(
            name=name,
            claim=claim,
            estimate=pair.estimate,
            interval=pair.interval(error=self.alpha),
            n=len(pair.v),
            p=p,
            adjusted=adjusted,
        )

    def _letters(self) -> tuple[str, str, float, float]:
        """Shares of letters in answers and key, in words; their distance and its p."""
        e = self.evaluation
        chosen = letters(e.sighted, orders=e.orders)
        right = (e.orders[:, 0] == e.gold[:, None]).argmax(-1)
        named = chosen >= 0
        if not named.any():
            return "none", "any", 0.0, 1.0
        options = e.orders.shape[2]
        shares = [letter_shares(one[named], options=options) for one in (chosen, right)]
        p = total_variation_p(chosen[named], right[named], options=options, seed=self.seed)
        words = ["/".join(percent(share) for share in one) for one in shares]
        return words[0], words[1], total_variation(*shares), p


def _strongest(scores: Iterable[np.ndarray]) -> np.ndarray:
    return max(scores, key=lambda one: float(one.mean()))


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


def _test(diagnosis: Diagnosis, claim: str) -> PairedTest | None:
    return next((one for one in diagnosis.tests if one.claim == claim), None)


def _told(test: PairedTest) -> str:
    return f"{points(test.estimate)} {limits(test.interval)}, {p_is(test.adjusted)}"
