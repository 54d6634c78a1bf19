"""Every family does all that a model must do, or is refused and says why.

With torchvision and timm installed more families are checked; see ``tiny_families.NEEDS``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import tiny_families
from tiny_families import FAMILIES, MEASURED, REFUSED, missing

from pytest_vlmsight.models.base import ModelError
from pytest_vlmsight.models.conformance import FAIL, NONE, PASS, conformance
from pytest_vlmsight.models.sharing import SAVINGS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_vlmsight.models.conformance import Check

AFTER_THE_EYE = frozenset({"projector map", "LLM layers"})
ALL_MAPS = AFTER_THE_EYE | {"encoder map", "fed-from map"}

NOTHING: dict[str, frozenset[str]] = {
    # Resamplers: each of their tokens sees all of the picture.
    "blip2": AFTER_THE_EYE,
    "idefics2": AFTER_THE_EYE,
    "idefics2-split": AFTER_THE_EYE,
    "instructblip": AFTER_THE_EYE,
    # Two encoders, one of which makes each of its tokens of all of the picture.
    "deepseek_vl_hybrid": AFTER_THE_EYE,
    # Its encoder has no layers with attention, and what it makes is words.
    "chameleon": ALL_MAPS,
    # Its encoder is of convolutions, of which each token shows most of the picture.
    "fast_vlm": ALL_MAPS,
    # Images come in by cross-attention and are no tokens of its LLM.
    "mllama": AFTER_THE_EYE | {"projected"},
    # They hand out no features at image tokens.
    "llama4": frozenset({"projected"}),
    "phi4_multimodal": frozenset({"projected"}),
}
"""Checks for which there is nothing to check, by family."""

UNSHARED: dict[str, set[str]] = {
    # What it sees depends on what is asked.
    "instructblip": {"rotations", "blank", "features"},
    # It hands out no keys and values.
    "blip2": {"rotations", "blank"},
    # A token of their prompt attends to those that come later.
    "paligemma": {"rotations", "blank"},
    "paligemma2": {"rotations", "blank"},
    # Its images come in by cross-attention, and are not projected by a part of their own.
    "mllama": {"features"},
}
"""Savings that a family does not allow; all others must be used."""

ALIKE = (
    "aya_vision",
    "deepseek_vl",
    "ernie4_5_vl_moe",
    "glm4v_moe",
    "idefics2-split",
    "instructblip",
    "janus",
    "llava_next_video",
    "llava_onevision",
    "paligemma2",
    "qwen2_5_vl",
    "qwen3_vl_moe",
    "video_llava",
    "vipllava",
)
"""Families much like another one here in how they are asked and read: checked with -m slow."""

ENOUGH = 17
"""Families that have to pass, whatever is installed."""


@pytest.fixture(scope="module")
def check(
    families: Callable[[str], Path], unshared: dict[str, dict[str, str]]
) -> Callable[[str], list[Check]]:
    """Name of a family → its checks, made once."""
    made: dict[str, list[Check]] = {}

    def get(name: str) -> list[Check]:
        if name not in made:
            vlm = tiny_families.loaded(families(name))
            made[name] = conformance(vlm)
            unshared[name] = {
                saving: why for saving in SAVINGS if (why := vlm.sharing.why_not(saving, 1))
            }
            vlm.close()
        return made[name]

    return get


@pytest.fixture(scope="module")
def unshared() -> dict[str, dict[str, str]]:
    """Names of families that were checked → savings that they do not allow, and why."""
    return {}


@pytest.mark.parametrize(
    "family",
    [pytest.param(name, marks=[pytest.mark.slow] if name in ALIKE else []) for name in MEASURED],
)
def test_a_family_does_all_that_a_model_must_do(
    check: Callable[[str], list[Check]], unshared: dict[str, dict[str, str]], family: str
) -> None:
    checks = check(family)
    assert {c.name: c.told for c in checks if c.outcome == FAIL} == {}
    assert {c.name for c in checks if c.outcome == NONE} == NOTHING.get(family, frozenset())
    assert set(unshared[family]) == UNSHARED.get(family, set()), unshared[family]


@pytest.mark.parametrize("family", [name for name in REFUSED if not missing(name)])
def test_a_family_that_is_not_measured_says_why(
    families: Callable[[str], Path], family: str
) -> None:
    with pytest.raises(
        ModelError, match=rf"model_type {family!r} is not measured: .*{REFUSED[family]}"
    ):
        tiny_families.loaded(families(family))


def test_enough_families_pass_all_that_there_is_to_check(
    check: Callable[[str], list[Check]],
) -> None:
    usual = [name for name in MEASURED if name not in ALIKE]
    passed = [name for name in usual if {c.outcome for c in check(name)} <= {PASS, NONE}]
    assert len(passed) >= ENOUGH
    whole = [name for name in passed if {c.outcome for c in check(name)} == {PASS}]
    assert len(whole) == len(set(usual) - set(NOTHING))


def test_what_is_said_of_families_is_said_of_known_ones() -> None:
    assert {*REFUSED, *NOTHING, *UNSHARED, *ALIKE} <= set(FAMILIES)
