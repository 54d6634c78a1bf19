"""Pieces of evidence for the verdict: what is shown at alpha, by which test, in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_vlmsight.gates import Outcome
from pytest_vlmsight.pairs import Pairs
from pytest_vlmsight.phrases import limits, p_is, percent, points
from pytest_vlmsight.stats.agreement import letter_shares, total_variation, total_variation_p
from pytest_vlmsight.stats.multiplicity import holm

from . import attention_conclusion as by_attention
from . import attention_tests, leaning
from . import conclusion as by_layers
from .families import paired_test
from .letter_prior import letters, without_prior
from .way import KEPT_FITTED, MORE_UNUSED, UNUSED, UNUSED_FITTED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy as np

    from pytest_vlmsight.evaluation import Evaluation
    from pytest_vlmsight.gates import Verdict

    from .result import Diagnosis, PairedTest

CEILING_PASSED, BLIND_PASSED, NO_GAIN = "ceiling gate", "blind gate", "no gain"
UNREAD, GONE, DIMMED, PRESENT = "not encoded", "lost", "partly lost", "present"
SHORT, GAIN = "unused", "gain by sight"
SKEWED, LEANS = "letters", "leans on letters"
"""Names of pieces."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of evidence.

    Attributes:
        shown: by a test at alpha.
        said: with numbers and p, whether it is shown or not.
    """

    shown: bool
    said: str


Way = tuple[float, str]
"""The p of a test, and what it shows with its numbers."""


def pieces_of(
    evaluation: Evaluation,
    verdicts: Mapping[str, Verdict],
    found: Sequence[Diagnosis],
    *,
    alpha: float,
    tests: int,
    seed: int,
) -> tuple[dict[str, Piece], tuple[PairedTest, ...]]:
    """All pieces, by name, and the tests of the answers themselves.

    Args:
        evaluation: of a (model, task).
        verdicts: of its gates, by name.
        found: what parts found of it.
        alpha: at which a piece is shown.
        tests: number of gates that are judged in all; a gate fails at alpha / tests.
        seed: of halves and permutations.
    """
    answers = _Answers(evaluation=evaluation, alpha=alpha, seed=seed)
    parts = {one.part: one for one in found if not one.error}
    layers = next((one for one in found if one.part == "layers"), None)
    pieces = {
        **_gate_pieces(verdicts),
        **_layer_pieces(layers, alpha=alpha),
        **answers.pieces(bias=parts.get("bias")),
    }
    # What the gate's own test leaves of alpha, so that both together err no more often.
    rest = alpha - alpha / tests
    stays = _one_of([*_unmoved(parts.get("bias")), *_cut_off(parts.get("attention"))], alpha=rest)
    if stays.shown and not pieces[NO_GAIN].shown:
        pieces[NO_GAIN] = stays
    return pieces, answers.tests()


def _one_of(ways: Sequence[Way], *, alpha: float) -> Piece:
    """Shown where one of several tests shows it (Bonferroni)."""
    if not ways:
        return Piece(False, "")
    p, said = min(ways, key=lambda way: way[0])
    return Piece(p * len(ways) <= alpha, said)


def _gate_pieces(verdicts: Mapping[str, Verdict]) -> dict[str, Piece]:
    def piece(gate: str, outcome: Outcome) -> Piece:
        verdict = verdicts.get(gate)
        if verdict is None:
            return Piece(False, f"the {gate} gate could not be judged")
        return Piece(verdict.outcome is outcome, f"{gate} gate {verdict.outcome}: {verdict.reason}")

    return {
        CEILING_PASSED: piece("ceiling", Outcome.PASS),
        BLIND_PASSED: piece("blind", Outcome.PASS),
        NO_GAIN: piece("blind", Outcome.FAIL),
    }


def _unmoved(bias: Diagnosis | None) -> list[Way]:
    """That answers stay without the image, or are no worse then by as much as sight must gain."""
    stay = [one for one in bias.tests if one.claim == leaning.SAME] if bias else []
    little = [one for one in bias.tests if one.claim == leaning.TOO_LITTLE] if bias else []
    ways = []
    if stay:
        surest = min(stay, key=lambda test: (test.adjusted, test.estimate))
        said = (
            f"bias: {percent(surest.estimate)} of answers change "
            f"({surest.name}), {p_is(surest.adjusted)}"
        )
        ways.append((surest.adjusted, said))
    if little:
        most = max(little, key=lambda test: test.p)  # all of them are needed
        said = f"bias: sight gains less than is asked, most of all {most.name}: {_told(most)}"
        ways.append((most.p, said))
    return ways


def _cut_off(attention: Diagnosis | None) -> list[Way]:
    """That answers stay where attention to the images is cut off."""
    if attention is None:
        return []
    # Its conclusion knows whether all layers could be cut off. It was one of the ways either way.
    if attention.conclusion != by_attention.NOT:
        return [(1.0, "")]
    ways = []
    for one in attention.tests:
        if one.claim == attention_tests.BLIND:
            said = (
                f"attention: where it is cut off from the images {percent(one.estimate)} "
                f"of answers change, {p_is(one.adjusted)}"
            )
            ways.append((one.adjusted, said))
    return ways


def _layer_pieces(layers: Diagnosis | None, *, alpha: float) -> dict[str, Piece]:
    """What part ``layers`` shows; its conclusions are documented there."""
    if layers is None or layers.error:
        why = "was not run" if layers is None else f"could not be made ({layers.error})"
        lacking = Piece(False, f"part layers {why}")
        return dict.fromkeys((UNREAD, GONE, DIMMED, PRESENT, SHORT), lacking)
    word, said = layers.conclusion, f"layers: {layers.sentence}"
    reshaped = word.startswith(by_layers.RESHAPED_AT)
    kept = _test(layers, KEPT_FITTED)
    short = _test(layers, UNUSED_FITTED if reshaped else UNUSED)
    more = _test(layers, MORE_UNUSED)
    dimmed = word.startswith(by_layers.PARTLY_LOST_AT)
    present, present_said = word == by_layers.PRESENT, said
    if reshaped and kept is not None:
        present = kept.p <= alpha
        present_said = f"{said}; a fitted readout keeps it to the last layer: {_told(kept)}"
    if dimmed and more is not None:  # some of it is lost on the way, most behind it
        present = more.p <= alpha
        present_said = f"{said}; {more.claim}: {_told(more)} ({more.name})"
    return {
        UNREAD: Piece(word == by_layers.NOT_ENCODED, said),
        GONE: Piece(word.startswith(by_layers.LOST_AT), said),
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

    def pieces(self, *, bias: Diagnosis | None) -> dict[str, Piece]:
        gains, costs = self._gains(), self._costs()
        best = min(gains, key=lambda test: test.adjusted)
        share, key, distance, p = self._letters()
        skewed = (
            f"letters of answers {share} against {key} of the key: total variation "
            f"{distance:.2f}, {p_is(p)}"
        )
        ways = [(max(p, one.adjusted), f"{skewed}; {one.name}: {_told(one)}") for one in costs]
        for one in bias.tests if bias else ():
            if one.claim == leaning.TO_LETTER:
                said = (
                    f"bias: where options are rotated it {one.claim} more often than to the option"
                )
                ways.append((one.adjusted, f"{said}: {_told(one)}"))
        return {
            GAIN: Piece(best.adjusted <= self.alpha, f"{best.name}: {_told(best)}"),
            SKEWED: Piece(p <= self.alpha, skewed),
            LEANS: _one_of(ways, alpha=self.alpha)
            if ways
            else Piece(
                False,
                "there are no log-probabilities, or too few items, to take a prior of letters away",
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
        return paired_test(name, claim, pair, p, adjusted, alpha=self.alpha)

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


def _test(diagnosis: Diagnosis, claim: str) -> PairedTest | None:
    return next((one for one in diagnosis.tests if one.claim == claim), None)


def _told(test: PairedTest) -> str:
    return f"{points(test.estimate)} {limits(test.interval)}, {p_is(test.adjusted)}"
