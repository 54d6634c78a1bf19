"""Finds the weights by which visual_correspondence picks its options.

Of each measure of unlikeness ``tasks/even_sets.py`` has weights of ranks and of ranges. They are
those with which every rank, and every range, is about as frequent in right options as in wrong
ones, while as many views as possible are used: a set weighs the exponential of a weighted sum of
its counts. This looks at the sets that views offer and prints what ``tasks/place_weights.py`` has.

To be run again after any change of things, coats, cameras, light or places; what comes out is to
be checked by `vlmsight audit`, on other seeds. About 2,000 views of each change are needed: with
fewer, weights fit what these views happen to be.

    python benchmarks/place_weights.py --n 6000
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from option_weights import Offered, regressed
from scipy.optimize import minimize

from pytest_vlmsight.tasks import visual_offers
from pytest_vlmsight.tasks.even_sets import NAMES, PLAIN, extended, twice_ranks
from pytest_vlmsight.tasks.generated import generator
from pytest_vlmsight.tasks.knobs import spans_of
from pytest_vlmsight.tasks.option_sets import OPTIONS
from pytest_vlmsight.tasks.visual_correspondence import KNOBS

if TYPE_CHECKING:
    from collections.abc import Sequence

SHARES = (0.05, 0.15, 0.35, 0.65, 0.9)
"""Of all pairs of places that are below the bounds between ranges."""
EVEN = 50.0
"""What it is worth that ranks and ranges are even …"""
USED = 0.05
"""… and that all views are used rather than none …"""
SMALL = 2e-5
"""… and that weights are nearly equal."""


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """Log weights.

    Attributes:
        weights: (p,) of the counts.
        scale: of all.
        off: the greatest difference of a share from what it should be.
        used: share of views that are used.
    """

    weights: Any
    scale: float
    off: float
    used: float


def offers(n: int, seed: int) -> dict[str, list[Offered]]:
    """Change → what pairs of views offer."""
    spans = spans_of(KNOBS, {}, task=visual_offers.NAME)
    found: dict[str, list[Offered]] = {change: [] for change in visual_offers.CHANGES}
    for index in range(n):
        rng = generator(visual_offers.NAME, "weights", seed, index)
        settings = {k.name: k.value(float(rng.random()), spans[k.name]) for k in KNOBS}
        change = visual_offers.CHANGES[index % len(visual_offers.CHANGES)]
        offer = visual_offers.offer(rng, change, settings)
        if offer is not None:
            found[change].append(Offered(offer.measures, offer.sets))
    return found


def counts(unlike: Any, bounds: Sequence[float], sets: Any) -> Any:
    """(s, 4 + r) how often each rank and range is met in right options, less what is even."""
    twice = twice_ranks(unlike, sets)
    ranks = [
        ((twice == 2 * k).sum(1) + 0.5 * (abs(twice - 2 * k) == 1).sum(1)) - 1
        for k in range(OPTIONS)
    ]
    ranges = np.searchsorted(bounds, unlike, side="right")
    own, every = np.diagonal(ranges)[sets], ranges[sets[:, :, None], sets[:, None, :]]
    even = [(own == k).sum(1) - (every == k).sum((1, 2)) / OPTIONS for k in range(len(bounds) + 1)]
    return np.column_stack([*ranks, *even]).astype(np.float32)


def fit(met: Sequence[Any]) -> Fitted:
    """Log weights of the counts (s, p) of each view's sets."""
    every = np.vstack(met)
    lengths = [len(one) for one in met]
    starts, view = np.cumsum([0, *lengths[:-1]]), np.repeat(np.arange(len(met)), lengths)

    def state(logs: Any) -> tuple[Any, Any, Any]:
        weight = np.exp(np.minimum(every @ logs[:-1].astype(np.float32) + logs[-1], 30))
        whole = np.add.reduceat(weight, starts)
        use = np.minimum(whole, 1)
        return weight * (use / np.maximum(whole, 1e-20))[view], use, whole < 1

    def cost(logs: Any) -> tuple[float, Any]:
        share, use, free = state(logs)
        total = use.sum()
        off = (share.astype(np.float32) @ every) / total / OPTIONS
        # A view that is always used only changes which of its sets are; others change how often.
        pull = every @ (2 * EVEN * off / OPTIONS / total).astype(np.float32)
        mean = np.add.reduceat(share * pull, starts) / np.maximum(use, 1e-20)
        middle = np.where(free, 2 * EVEN * (off * off).sum() / total, mean)
        slope = share * (pull - middle[view] - USED / len(met) * free[view])
        gradient = np.append(slope.astype(np.float32) @ every, slope.sum())
        gradient[:-1] += 2 * SMALL * logs[:-1]
        value = EVEN * (off * off).sum() + USED * (1 - use.mean())
        return float(value + SMALL * (logs[:-1] ** 2).sum()), gradient.astype(np.float64)

    start = np.zeros(every.shape[1] + 1)
    start[-1] = -3
    logs = minimize(cost, start, jac=True, method="L-BFGS-B", options={"maxiter": 300}).x
    share, use, _ = state(logs)
    off = (share @ every) / use.sum() / OPTIONS
    return Fitted(logs[:-1], float(np.exp(logs[-1])), float(np.abs(off).max()), float(use.mean()))


def between(values: Sequence[Any]) -> list[float]:
    """(r - 1,) bounds between ranges, each once."""
    every = np.concatenate([value.ravel() for value in values])
    bounds: list[float] = np.unique(np.quantile(every, SHARES).round(2)).tolist()
    return bounds


def written(values: Any) -> str:
    return " ".join(f"{value:.4g}" for value in values)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=6000, help="pairs of views (6000)")
    parser.add_argument("--seed", type=int, default=1)
    parsed = parser.parse_args()
    for change, views in offers(parsed.n, parsed.seed).items():
        evenly = [np.full(len(view.sets), 1 / len(view.sets)) for view in views]
        telling, _ = regressed(views, evenly, np.random.default_rng(0))
        combined = [float(f"{max(0, weight):.4g}") for weight in telling]
        bounds = [between([view.measures[k] for view in views]) for k in range(len(PLAIN))]
        measures = [extended(view.measures, bounds, combined) for view in views]
        bounds += [between([one[k] for one in measures]) for k in range(len(PLAIN), len(NAMES))]
        met = [
            np.hstack([counts(*both, view.sets) for both in zip(one, bounds, strict=True)])
            for view, one in zip(views, measures, strict=True)
        ]
        found = fit(met)
        half = len(combined) // 2
        print(
            f"{change} {found.scale:.3g}",
            *map(written, (combined[:half], combined[half:])),
            sep="\n",
        )
        at = 0
        for name, limits in zip(NAMES, bounds, strict=True):
            ranks = found.weights[at : at + OPTIONS]
            ranges = found.weights[at + OPTIONS : at + OPTIONS + len(limits) + 1]
            at += OPTIONS + len(limits) + 1
            columns = (
                np.exp(ranks - ranks.mean()),
                limits,
                np.exp((ranges - ranges.mean()) / OPTIONS),
            )
            print(
                "|".join(
                    (name.replace(" ", "-").replace("normalised", "norm."), *map(written, columns))
                )
            )
        print(f"# {len(views)} views, {found.used:.0%} used, shares within {found.off:.3f}")


if __name__ == "__main__":
    main()
