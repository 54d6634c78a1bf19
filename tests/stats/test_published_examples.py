"""Worked examples, most of them published; each carries its source."""

from __future__ import annotations

import json
from dataclasses import replace
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pytest_vlmsight.stats.agreement import cohen_kappa
from pytest_vlmsight.stats.contrast import pseudo_items
from pytest_vlmsight.stats.paired import (
    inferiority_p,
    mcnemar_p,
    noninferiority_p,
    tango_interval,
    tango_z,
)

if TYPE_CHECKING:
    from pytest_vlmsight.stats.interval import Interval

SIX_DECIMALS = 6e-7
"""How far the examples' own values may be from the truth: they are printed to six decimals."""

EXAMPLES = json.loads(
    Path(__file__).with_name("published_examples.json").read_text(encoding="utf-8")
)


def of_kind(kind: str) -> pytest.MarkDecorator:
    chosen = [example for example in EXAMPLES if example["kind"] == kind]
    assert chosen, kind
    return pytest.mark.parametrize(
        "example", chosen, ids=["-".join(map(str, e["input"].values())) for e in chosen]
    )


def counts(example: dict[str, Any]) -> tuple[int, int, int]:
    given = example["input"]
    n = given["n"] if "n" in given else sum(given[cell] for cell in "abcd")
    return given["b"], given["c"], n


def assert_limits(interval: Interval, example: dict[str, Any]) -> None:
    limits = [interval.low, interval.high]
    assert limits == pytest.approx(example["value"], abs=SIX_DECIMALS)
    # The published limits are rounded too: never to more than six decimals.
    tolerance = max(example["tol"], SIX_DECIMALS)
    assert limits == pytest.approx(example["published"], abs=tolerance)


@of_kind("tango_ci")
def test_tango_interval(example: dict[str, Any]) -> None:
    interval = tango_interval(*counts(example), confidence=example["input"]["conf"])
    assert_limits(interval, example)


@of_kind("bonett_price")
def test_bonett_price_interval_is_the_pseudo_item_one_with_normal_quantile(
    example: dict[str, Any],
) -> None:
    b, c, n = counts(example)
    differences = np.repeat([1.0, -1.0, 0.0], [b, c, n - b - c])
    mean = replace(pseudo_items(differences), df=inf)
    assert_limits(mean.interval(confidence=example["input"]["conf"]), example)


@of_kind("exact_uncond_p")
def test_exact_unconditional_p(example: dict[str, Any]) -> None:
    test = noninferiority_p if example["input"]["side"] == 1 else inferiority_p
    p = test(*counts(example), margin=example["input"]["margin"])
    # One of them was printed from a coarser search (0.07129 for 0.0712895).
    assert p == pytest.approx(example["value"], abs=2 * SIX_DECIMALS)


@of_kind("mcnemar_z")
def test_tango_z_of_no_difference_is_mcnemar(example: dict[str, Any]) -> None:
    b, c = example["input"]["b"], example["input"]["c"]
    for n in (b + c, 161, 10_000):
        assert tango_z(b, c, n, 0.0) == pytest.approx(example["value"], rel=1e-12)


@of_kind("mcnemar_exact_2s")
def test_mcnemar_exact_doubled(example: dict[str, Any]) -> None:
    b, c = example["input"]["b"], example["input"]["c"]
    two_sided = 2 * min(mcnemar_p(b, c), mcnemar_p(c, b))
    assert two_sided == pytest.approx(example["value"], rel=1e-12)
    assert two_sided == pytest.approx(example["published"], abs=example["tol"])


@of_kind("kappa")
def test_kappa(example: dict[str, Any]) -> None:
    kappa = cohen_kappa(example["input"]["table"])
    assert kappa is not None
    assert kappa.estimate == pytest.approx(example["value"], abs=example["tol"])
    assert kappa.se == pytest.approx(0.126996, abs=SIX_DECIMALS)
