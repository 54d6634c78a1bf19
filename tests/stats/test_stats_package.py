"""Promises of the package as a whole."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import subprocess
import sys

import pytest

import pytest_vlmsight.stats
from pytest_vlmsight.stats.interval import Interval

MODULES = [
    f"pytest_vlmsight.stats.{module.name}"
    for module in pkgutil.iter_modules(pytest_vlmsight.stats.__path__)
]


@pytest.mark.parametrize("name", MODULES)
def test_docstring_examples_run(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_importing_any_module_imports_no_scipy() -> None:
    code = (
        "import importlib, sys\n"
        f"for name in {MODULES!r}: importlib.import_module(name)\n"
        "print([name for name in sys.modules if name.split('.')[0] in {'scipy', 'torch'}])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"


def test_interval_holds_its_limits() -> None:
    interval = Interval(-0.1, 0.2)
    assert -0.1 in interval
    assert 0.2 in interval
    assert 0.21 not in interval


@pytest.mark.parametrize(("low", "high"), [(0.2, 0.1), (float("nan"), 1.0), (0.0, float("nan"))])
def test_interval_of_no_values_is_named(low: float, high: float) -> None:
    with pytest.raises(ValueError, match="low <= high"):
        Interval(low, high)
