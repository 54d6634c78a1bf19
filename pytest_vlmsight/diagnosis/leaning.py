"""What answers lean on, the image, a letter or a place, in a few words and a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_vlmsight.pairs import Pairs
from pytest_vlmsight.phrases import limits, p_is, percent, points
from pytest_vlmsight.stats.multiplicity import holm
from pytest_vlmsight.stats.proportion import accuracy_interval, count_above_chance_p
from pytest_vlmsight.tasks.item import letter

from .answered import SIGHTED
from .families import family, paired_test
from .result import PairedTest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_vlmsight.settings import GateSettings

    from .answered import Answered, Remarked, Rotated

GAINS, TOO_LITTLE, SAME = "gains by sight", "gains less than is asked of sight", "few change"
LIKED = "answered more often than right"
TO_LETTER, TO_OPTION = "keeps to the letter", "keeps to the option"
DIFFER = "differ"
"""Claims of tests."""

LOOKS, BLIND, NO_GAIN = "looks", "blind", "no gain by sight"
BIASED, ORDER_BOUND, CANNOT_TELL = "biased to ", "order-bound", "cannot tell"
"""Conclusions: one of the first three, or none of them, and with it one of the next two."""

ROTATED = "options rotated"
"""Name of tests."""

_FREE = " without a prior of letters"
_KEY = "commonest key"


def tests_of(
    answered: Answered,
    *,
    rotated: Rotated | None,
    remarked: Remarked | None,
    gate: GateSettings,
) -> list[PairedTest]:
    """Paired tests.

    Each family is corrected by Holm, but for ``TOO_LITTLE``: all of it is needed.

    Args:
        answered: sighted and blind.
        rotated: with options rotated.
        remarked: with other markers.
        gate: alpha, and the gain that is asked of sight.
    """
    gains = _gains(answered)
    rows = [
        *family(GAINS, gains, [one.p_better() for one in gains.values()], alpha=gate.alpha),
        *_too_little(gains, gate=gate),
        *_stay(answered, gate=gate),
    ]
    places, right = answered.places(SIGHTED), answered.right
    liked = {
        letter(k): Pairs((places == k).astype(float), (right == k).astype(float))
        for k in range(answered.orders.shape[1])
    }
    rows += family(LIKED, liked, [one.p_better() for one in liked.values()], alpha=gate.alpha)
    if rotated is not None:
        pair = Pairs(rotated.same_letter.mean(axis=1), rotated.same_option.mean(axis=1))
        ps = [pair.p_better(), pair.p_worse()]
        for claim, sign, p, adjusted in zip(
            (TO_LETTER, TO_OPTION), (pair, Pairs(pair.r, pair.v)), ps, holm(ps), strict=True
        ):
            rows.append(paired_test(ROTATED, claim, sign, p, adjusted, alpha=gate.alpha))
    if remarked is not None:
        pair = Pairs(
            (remarked.after == remarked.gold).astype(float),
            (remarked.before == remarked.gold).astype(float),
        )
        p = min(1.0, 2 * min(pair.p_better(), pair.p_worse()))
        rows.append(paired_test("markers → other markers", DIFFER, pair, p, p, alpha=gate.alpha))
    return rows


def concluded(
    answered: Answered, tests: Sequence[PairedTest], *, gate: GateSettings
) -> tuple[str, str]:
    """A conclusion and its sentence.

    Args:
        answered: sighted and blind.
        tests: see ``tests_of``.
        gate: alpha, and the gain that is asked of sight.
    """
    sight, said = _sight(answered, tests, gate=gate)
    order, told = _order(answered, tests, alpha=gate.alpha)
    link = " but " if sight == LOOKS else " and "
    return link.join(word for word in (sight, order) if word) or CANNOT_TELL, f"{said}; {told}"


def _sight(
    answered: Answered, tests: Sequence[PairedTest], *, gate: GateSettings
) -> tuple[str, str]:
    """Whether answers come from the image: a word, or none, and what it rests on."""
    gains = _by_name(tests, GAINS)
    stay = _by_name(tests, SAME)
    surest = min(stay.values(), key=lambda test: (test.adjusted, test.estimate))
    seen = f"{percent(answered.scores(SIGHTED).mean())} sighted"
    for free in ("", _FREE):
        # Shown against each rival, so against the strongest, whichever that is.
        own = [test for name, test in gains.items() if name.endswith(_FREE) == bool(free)]
        if own and all(test.adjusted <= gate.alpha for test in own):
            least = min(own, key=lambda test: test.estimate)
            share = (answered.free_scores if free else answered.scores)(SIGHTED).mean()
            shown = f"{seen}, {percent(share)}{free}" if free else seen
            return LOOKS, (
                f"{shown}, better than blind of any kind and than the commonest key; "
                f"least over {_rival(least)}: {_told(least)} (Holm)"
            )
    kept = (
        f"{percent(surest.estimate)} of answers change when it is blind by {_rival(surest)}, "
        f"{p_is(surest.adjusted)} (Holm)"
    )
    if surest.adjusted <= gate.alpha:
        return BLIND, f"{seen}; shown to be less than {percent(gate.min_gain)}: {kept}"
    little = list(_by_name(tests, TOO_LITTLE).values())
    most = max(little, key=lambda test: test.p)
    if most.p <= gate.alpha:
        return NO_GAIN, (
            f"{seen}, shown to be less than {points(gate.min_gain)} above blind of any kind; most "
            f"over {_rival(most)}: {_told(most)}; but {kept}"
        )
    strongest = max(
        (test for name, test in gains.items() if not name.endswith(_FREE)),
        key=lambda test: test.adjusted,
    )
    return "", (
        f"{seen}; whether it looks cannot be told: over {_rival(strongest)} {_told(strongest)} "
        f"(Holm), and {kept}; more items would tell"
    )


def _order(answered: Answered, tests: Sequence[PairedTest], *, alpha: float) -> tuple[str, str]:
    """Whether answers lean on letters or places: a word, or none, and what it rests on."""
    liked = _by_name(tests, LIKED)
    shown = [name for name, test in liked.items() if test.adjusted <= alpha]
    places = answered.places(SIGHTED)
    rotated = _rotated(tests, alpha=alpha)
    turned = "" if rotated is None else f"; when options are rotated it {_kept(rotated)}"
    if shown:
        each = "; ".join(
            f"{name} in {percent((places == list(liked).index(name)).mean())} of answers "
            f"({_told(liked[name])}, Holm)"
            for name in shown
        )
        said = f"more often than it is right it answers {each}"
        return f"{BIASED}{'/'.join(shown)}", f"{said}{turned}"
    worst = min(liked, key=lambda name: liked[name].adjusted)
    said = f"no letter is shown to be preferred (most {worst}: {_told(liked[worst])}, Holm)"
    bound = rotated is not None and rotated.claim == TO_LETTER
    return ORDER_BOUND if bound else "", f"{said}{turned}"


def _rotated(tests: Sequence[PairedTest], *, alpha: float) -> PairedTest | None:
    """What is shown when options are rotated; both cannot be."""
    both = (test for test in tests if test.claim in (TO_LETTER, TO_OPTION))
    return next((test for test in both if test.adjusted <= alpha), None)


def _kept(test: PairedTest) -> str:
    to, other = ("letter", "option") if test.claim == TO_LETTER else ("option", "letter")
    return f"keeps to the {to} more often than to the {other} ({_told(test)}, Holm)"


def _gains(answered: Answered) -> dict[str, Pairs]:
    """Sighted against each kind of blindness and the commonest key, as answered and otherwise."""
    key = (answered.right == answered.majority).astype(float)
    sighted = answered.scores(SIGHTED)
    blind = {kind: answered.scores(kind) for kind in answered.kinds}
    pairs = {kind: Pairs(sighted, own) for kind, own in blind.items()}
    # Where one position is always right, naming it is, and no accuracy shows sight.
    pairs[_KEY] = Pairs(sighted, key)
    if answered.free:
        free = answered.free_scores(SIGHTED)
        for kind, own in blind.items():
            rival = max(own, answered.free_scores(kind), key=lambda scores: float(scores.mean()))
            pairs[f"{kind}{_FREE}"] = Pairs(free, rival)
        pairs[f"{_KEY}{_FREE}"] = Pairs(free, key)
    return {_named(name): pair for name, pair in pairs.items()}


def _too_little(gains: Mapping[str, Pairs], *, gate: GateSettings) -> list[PairedTest]:
    """That each gain over blindness is less than is asked."""
    rows = []
    for name, pair in gains.items():
        if not name.startswith(_KEY):
            p = pair.p_below(-gate.min_gain)
            rows.append(paired_test(name, TOO_LITTLE, pair, p, p, alpha=gate.alpha))
    return rows


def _stay(answered: Answered, *, gate: GateSettings) -> list[PairedTest]:
    """That fewer answers change without the image than sight must gain; one kind is enough."""
    same = {kind: answered.choices[kind] == answered.choices[SIGHTED] for kind in answered.kinds}
    ps = [
        count_above_chance_p(int(own.sum()), len(own), chance=1 - gate.min_gain)
        for own in same.values()
    ]
    return [
        PairedTest(
            name=_named(kind),
            claim=SAME,
            estimate=float((~own).mean()),
            interval=accuracy_interval((~own).astype(float), confidence=1 - 2 * gate.alpha),
            n=len(own),
            p=p,
            adjusted=adjusted,
        )
        for (kind, own), p, adjusted in zip(same.items(), ps, holm(ps), strict=True)
    ]


def _by_name(tests: Sequence[PairedTest], claim: str) -> dict[str, PairedTest]:
    return {test.name: test for test in tests if test.claim == claim}


def _named(rival: str) -> str:
    kind, free, _ = rival.partition(_FREE)
    return f"{kind} → {SIGHTED}{free}"


def _rival(test: PairedTest) -> str:
    return test.name.partition(" → ")[0]


def _told(test: PairedTest) -> str:
    return f"{points(test.estimate)} {limits(test.interval)}, {p_is(test.adjusted)}"
