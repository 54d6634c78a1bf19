"""What came of checking a model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_vlmsight.models.conformance import FAIL, conformance

if TYPE_CHECKING:
    from pytest_vlmsight.models.base import Vlm


def failed(vlm: Vlm) -> dict[str, str]:
    """The checks that fail, and what they tell."""
    return {check.name: check.told for check in conformance(vlm) if check.outcome == FAIL}
