"""Simulated error rates: what the choice of every test rests on.

Each rate is measured at its null's boundary, and beside each stands a method known to break
there, which shows that the simulation would notice.
"""

from __future__ import annotations

import functools
import math
from bisect import bisect_left
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pytest_vlmsight.stats.contrast import pseudo_items, recovery_contrast
from pytest_vlmsight.stats.paired import inferiority_p, noninferiority_p

if TYPE_CHECKING:
    from numpy.typing import NDArray

pytestmark = pytest.mark.slow

ALPHA = 0.05
Z = 1.6448536269514722


def allowance(rate: float, repetitions: int) -> float:
    """Three and a half standard errors of a simulated rate."""
    return 3.5 * math.sqrt(rate * (1 - rate) / repetitions)


def discordant(
    rng: np.random.Generator, n: int, psi: float, theta: float, repetitions: int
) -> NDArray[np.int64]:
    """(repetitions, 2) drawn b and c."""
    cells = [(psi + theta) / 2, (psi - theta) / 2, 1 - psi]
    return rng.multinomial(n, np.clip(cells, 0, 1), size=repetitions)[:, :2]


BOUNDARIES = [
    (n, psi, margin)
    for margin in (0.1, 0.05)
    for n in (30, 60, 150, 400)
    for psi in (margin, 0.12, 0.2, 0.35)
]
REPETITIONS = 20_000


@functools.cache
def first_c(side: str, b: int, n: int, margin: float) -> int:
    """The c from which on the verdict at this b turns: p rises in c, on the failing side it falls.

    Bisected, so that thousands of drawn tables cost few p-values.
    """
    if side == "close":
        return bisect_left(
            range(n - b + 1), True, key=lambda c: noninferiority_p(b, c, n, margin=margin) > ALPHA
        )
    return bisect_left(
        range(n - b + 1), True, key=lambda c: inferiority_p(b, c, n, margin=margin) <= ALPHA
    )


@functools.cache
def rates_at_boundary(n: int, psi: float, margin: float) -> tuple[float, float, float]:
    """Rates of the exact test, of its failing side and of Wald's test."""
    rng = np.random.default_rng(20240607)
    b, c = discordant(rng, n, psi, -margin, REPETITIONS).T
    close = [y < first_c("close", x, n, margin) for x, y in zip(b.tolist(), c, strict=True)]
    worse = [y >= first_c("worse", x, n, margin) for x, y in zip(b.tolist(), c, strict=True)]
    difference = (b - c) / n
    sd = np.sqrt(((b + c) / n - difference**2) / n)
    wald = difference + margin > Z * sd
    return float(np.mean(close)), float(np.mean(worse)), float(np.mean(wald))


@pytest.mark.parametrize(("n", "psi", "margin"), BOUNDARIES)
def test_exact_tests_keep_their_level_at_the_boundary(n: int, psi: float, margin: float) -> None:
    close, worse, _ = rates_at_boundary(n, psi, margin)
    assert close <= ALPHA + allowance(ALPHA, REPETITIONS)
    assert worse <= ALPHA + allowance(ALPHA, REPETITIONS)


def test_exact_tests_are_not_needlessly_strict() -> None:
    rates = [rates_at_boundary(*boundary) for boundary in BOUNDARIES]
    assert max(close for close, _, _ in rates) > 0.035
    assert max(worse for _, worse, _ in rates) > 0.035


def test_wald_test_is_liberal_at_the_same_boundary() -> None:
    assert max(rates_at_boundary(*boundary)[2] for boundary in BOUNDARIES) > 0.1


ROTATIONS = 4


def rotated(
    rng: np.random.Generator, n: int, worse: float, better: float, undone: float
) -> NDArray[np.float64]:
    """(n, rotations) differences of items decided as a whole, single rotations undone at random."""
    u = rng.random((n, 1))
    decided = np.where(u < worse, -1.0, np.where(u < worse + better, 1.0, 0.0))
    return decided * (rng.random((n, ROTATIONS)) >= undone)


@pytest.mark.parametrize("n", [50, 100, 400])
@pytest.mark.parametrize(
    ("worse", "better", "undone"), [(0.15, 0.05, 0.0), (0.2, 0.075, 0.2), (0.3, 0.2, 0.0)]
)
def test_item_level_t_keeps_its_level_where_pooled_rotations_break(
    n: int, worse: float, better: float, undone: float
) -> None:
    rng = np.random.default_rng(n)
    repetitions = 6000
    null = (better - worse) * (1 - undone)
    by_item = pooled = 0
    for _ in range(repetitions):
        d = rotated(rng, n, worse, better, undone)
        by_item += pseudo_items(d.mean(axis=1)).p_greater(null) <= ALPHA
        pooled += d.mean() - null > Z * d.std() / math.sqrt(d.size)
    assert by_item / repetitions <= 0.065
    assert pooled / repetitions == pytest.approx(0.2, abs=0.05)


@pytest.mark.parametrize("n", [50, 100, 400])
@pytest.mark.parametrize(
    ("readable", "chance", "shared"), [(0.8, 0.25, 0.0), (0.95, 0.5, 0.9), (0.6, 0.25, 0.5)]
)
def test_recovery_contrast_keeps_its_level(
    n: int, readable: float, chance: float, shared: float
) -> None:
    """V recovers half exactly; a share of the items is equally hard for both."""
    rng = np.random.default_rng(n)
    repetitions = 6000
    recovered = chance + 0.5 * (readable - chance)
    passed = 0
    for _ in range(repetitions):
        hardness = rng.random(n)
        other = np.where(rng.random(n) < shared, hardness, rng.random(n))
        v, r = other < recovered, hardness < readable
        passed += recovery_contrast(v, r, chance=chance, share=0.5).p_greater() <= ALPHA
    assert passed / repetitions <= 0.058 + allowance(0.058, repetitions)
