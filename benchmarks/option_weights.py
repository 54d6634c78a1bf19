"""Finds the weights by which three tasks of correspondence pick their options.

Which places or parts a task offers as options is decided by weights (see ``tasks/option_sets.py``)
that make every rank of the right option, in nearness and in likeness, about as frequent as any
other. This looks at the sets that views offer and prints weights that would do so, ready to be
pasted, with the shares of the ranks before and after. Of low_level_matching, which compares pixels,
it first finds by how much each measure of unlikeness counts: by a logistic regression of right
against other places, and then again on what these weights leave, added to the first.

To be run again after any change of things, poses, coats, cameras or light; what comes out is to be
checked by `vlmsight audit`, which measures on finished pictures, and on other seeds.

    python benchmarks/option_weights.py semantic_correspondence --n 1500
    python benchmarks/option_weights.py low_level_matching --n 1000

Those of visual_correspondence are found by ``place_weights.py``.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from scipy.optimize import minimize

from pytest_vlmsight.tasks import low_level_matching
from pytest_vlmsight.tasks.functional_correspondence import functional_correspondence
from pytest_vlmsight.tasks.generated import GeneratedItems, generator
from pytest_vlmsight.tasks.knobs import spans_of
from pytest_vlmsight.tasks.matches import combined
from pytest_vlmsight.tasks.option_sets import OPTIONS, ranks
from pytest_vlmsight.tasks.part_items import Key, PartItems, staged_in
from pytest_vlmsight.tasks.part_views import part_views
from pytest_vlmsight.tasks.semantic_correspondence import semantic_correspondence

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PARTS = {
    "functional_correspondence": functional_correspondence,
    "semantic_correspondence": semantic_correspondence,
}
PLACES = low_level_matching.NAME
USED = 0.08
"""What it is worth that all views are used rather than none."""
SETS = 400
"""Sets of places that are looked at in one pair of views, at most."""
TARGET = (0.2, 0.24, 0.27, 0.29)
"""Wanted shares of ranks in likeness. The first is below a quarter because the finished pictures,
which are anti-aliased, are a little more alike than the windows that are compared."""


@dataclass(frozen=True, slots=True, eq=False)
class Offered:
    """A pair of views.

    Attributes:
        measures: (m, n, n) how unlike options are.
        sets: (s, 4) that could be offered.
        near: (s, 4) how many options of each set have each rank in nearness; None where that does
            not count.
    """

    measures: Any
    sets: Any
    near: Any = None


def part_offers(make: PartItems, n: int, seed: int) -> dict[str, list[Offered]]:
    """Slice → what pairs of views offer."""
    found: dict[str, list[Offered]] = {}
    for index in range(n):
        key: Key = (make.name, "weights", seed, index, 0)
        rng = generator(*key)
        draft = make.draft(rng, seed, index)
        views = part_views(rng, draft.things, draft.poses, among=draft.among)
        if views is not None:
            measures = views.measures(partial(staged_in, draft, key))
            near = counted(ranks(views.nearness(), views.sets))
            offered = Offered(measures, views.sets, near)
            found.setdefault(draft.slices[0][1], []).append(offered)
    return found


def counted(rank: Any) -> Any:
    """(s, 4) how many of the options of each set have each rank; ``rank`` is (s, 4)."""
    return np.stack([(rank == value).sum(1) for value in range(OPTIONS)], 1)


def shares(logs: Any, offered: Sequence[Any]) -> tuple[Any, float]:
    """Shares of the ranks with these log weights, and the share of views that are used."""
    total, used = np.zeros(len(logs)), 0.0
    for counts in offered:
        weights = np.exp(np.minimum(counts @ logs, 30))
        use = min(1.0, weights.sum())
        total += use / weights.sum() * (weights @ counts)
        used += use
    return total / used / OPTIONS, used / len(offered)


def best(cost: Callable[[Any], float], starts: Sequence[Any]) -> Any:
    """The argument of least cost that is found from some starts."""
    found = (minimize(cost, np.array(start), method="L-BFGS-B") for start in starts)
    return min(found, key=lambda result: result.fun).x


def part_weights(offers: dict[str, list[Offered]], most: float, rounds: int) -> None:
    """Print weights of measures, the same for all slices, and of each slice's ranks, by round."""
    rng = np.random.default_rng(0)
    every = [one for offered in offers.values() for one in offered]
    measures, told = regressed(every, [np.full(len(o.sets), 1 / len(o.sets)) for o in every], rng)
    measures = np.maximum(measures, 0)
    print(f"# {len(every)} views; by pixels the right one is told in {told:.0%}")
    for _ in range(rounds):
        weights, chances = measures.tolist(), []
        print(f"measures=({', '.join(f'{value:.4f}' for value in weights)}),")
        for name, offered in sorted(offers.items()):
            counts = [
                np.hstack([o.near, counted(ranks(combined(o.measures, weights), o.sets))])
                for o in offered
            ]
            logs = part_ranks(counts, most)
            found, used = shares(logs, counts)
            chances += [np.exp(np.minimum(count @ logs, 30)) for count in counts]
            top = logs[OPTIONS:].max()  # likeness weighs at most 1
            near, like = np.exp(logs[:OPTIONS] + top), np.exp(logs[OPTIONS:] - top)
            print(f'    "{name}": Weights(')
            print(f"        nearness=({', '.join(f'{value:.3g}' for value in near)}),")
            print(f"        likeness=({', '.join(f'{value:.3g}' for value in like)}),")
            print(f"    )  # ranks {found.round(3)}, {used:.0%} used")
        added, told = regressed(
            [one for _, offered in sorted(offers.items()) for one in offered], chances, rng
        )
        print(f"# what is left tells {told:.0%}")
        measures = np.maximum(measures + 0.8 * added, 0)


def part_ranks(counts: Sequence[Any], most: float) -> Any:
    """(8,) log weights of ranks in nearness and likeness."""

    def cost(logs: Any) -> float:
        found, used = shares(logs, counts)
        uneven = sum(float(np.var(part)) for part in (logs[:OPTIONS], logs[OPTIONS:]))
        over = (np.maximum(0, (found[:OPTIONS] - most) * OPTIONS) ** 2).sum()
        off = ((found[OPTIONS:] - TARGET) ** 2).sum()
        return float(5 * over + 50 * off + USED * (1 - used) + 4e-3 * uneven)

    return best(cost, ([-0.2] * 8, (-1, -0.2, -0.2, -0.4, -2, -1, -0.4, 0.2)))


def place_offers(n: int, seed: int) -> list[Offered]:
    """What pairs of views offer."""
    task, found = low_level_matching.NAME, []
    spans = spans_of(low_level_matching.KNOBS, {}, task=task)
    for index in range(n):
        rng = generator(task, "weights", seed, index)
        settings = {
            k.name: k.value(float(rng.random()), spans[k.name]) for k in low_level_matching.KNOBS
        }
        offer = low_level_matching.offer(rng, f"weights/{seed}/{index}", settings)
        if offer is not None and len(offer.sets):
            some = rng.permutation(len(offer.sets))[:SETS]
            found.append(Offered(offer.measures, offer.sets[some]))
    return found


def regressed(offered: Sequence[Offered], chances: Sequence[Any], rng: Any) -> tuple[Any, float]:
    """(m,) weights of measures by which the right of four is told, and how often it is.

    Args:
        offered: pairs of views.
        chances: of each, (s,) how often each set is used.
        rng: draws sets and right options.
    """
    trials = []
    for one, chance in zip(offered, chances, strict=True):
        times = rng.binomial(12, min(1.0, chance.sum()))
        for four in one.sets[rng.choice(len(one.sets), times, p=chance / chance.sum())]:
            right = rng.integers(OPTIONS)
            unlike = one.measures[:, four[right], four]
            trials.append(np.column_stack([unlike[:, right], np.delete(unlike, right, 1)]).T)
    values = np.array(trials)
    spread = values.reshape(-1, values.shape[2]).std(0)
    spread[spread == 0] = 1
    values = values / spread

    def cost(weights: Any) -> tuple[float, Any]:
        lean = -values @ weights
        lean -= lean.max(1, keepdims=True)
        share = np.exp(lean) / np.exp(lean).sum(1, keepdims=True)
        slope = values[:, 0] - (share[:, :, None] * values).sum(1)
        loss = -np.log(share[:, 0]).mean() + 0.002 * weights @ weights
        return float(loss), slope.mean(0) + 0.004 * weights

    found = minimize(cost, np.zeros(values.shape[2]), jac=True, method="L-BFGS-B").x
    return found / spread, float(((values @ found).argmin(1) == 0).mean())


def place_weights(offered: Sequence[Offered], rounds: int) -> None:
    """Print weights of measures and of ranks after each round."""
    rng = np.random.default_rng(0)
    whole = [np.full(len(one.sets), 1 / len(one.sets)) for one in offered]
    measures, told = regressed(offered, whole, rng)
    measures = np.maximum(measures, 0)
    print(f"    # {len(offered)} views; of any four places the right one is told in {told:.0%}")
    for _ in range(rounds):
        weights = measures.tolist()
        counts = [counted(ranks(combined(one.measures, weights), one.sets)) for one in offered]

        def cost(logs: Any, counts: Sequence[Any] = counts) -> float:
            found, used = shares(logs, counts)
            over = ((found - TARGET) ** 2).sum()
            return float(50 * over + 0.02 * (1 - used) + 2e-3 * np.var(logs))

        logs = best(cost, ((-2, -1.5, -1, -0.5), (-4, -3, -2, -1)))
        found, used = shares(logs, counts)
        chances = [np.exp(np.minimum(count @ logs, 30)) for count in counts]
        added, told = regressed(offered, chances, rng)
        print(f"    measures=({', '.join(f'{value:.4f}' for value in weights)}),")
        print(f"    likeness=({', '.join(f'{value:.3g}' for value in np.exp(logs))}),")
        print(f"    # ranks {found.round(3)}, {used:.0%} used; what is left tells {told:.0%}")
        measures = np.maximum(measures + 0.8 * added, 0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("task", choices=sorted((*PARTS, PLACES)))
    parser.add_argument("--n", type=int, default=1500, help="pairs of views (1500)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--most", type=float, default=0.28, help="share of a rank in nearness")
    parser.add_argument("--rounds", type=int, default=2, help="of weights of measures")
    parsed = parser.parse_args()
    if parsed.task == PLACES:
        place_weights(place_offers(parsed.n, parsed.seed), parsed.rounds)
        return
    items = cast("GeneratedItems", PARTS[parsed.task]().make_items)
    offers = part_offers(cast("PartItems", items.make), parsed.n, parsed.seed)
    part_weights(offers, parsed.most, parsed.rounds)


if __name__ == "__main__":
    main()
