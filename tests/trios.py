"""Items of ``texture`` and ``shape``, made once, and what their pictures are drawn from."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pytest_vlmsight.tasks.impression import Impression, unlikeness
from pytest_vlmsight.tasks.scenes.surfaces import SURFACES
from pytest_vlmsight.tasks.shape_matching import shape
from pytest_vlmsight.tasks.surface_matching import texture

if TYPE_CHECKING:
    from pytest_vlmsight.tasks.item import Item, Picture
    from pytest_vlmsight.tasks.portrait import Portrait
    from pytest_vlmsight.tasks.scenes.texture import Texture
    from pytest_vlmsight.tasks.trio import TrioItems

TASKS = {"texture": texture, "shape": shape}
both = pytest.mark.parametrize("name", TASKS)


@cache
def some(name: str) -> list[Item]:
    return TASKS[name]().make_items(12, 0)


def maker(name: str) -> TrioItems:
    return TASKS[name]().make_items.make  # type: ignore[attr-defined, no-any-return]


def portrait_of(picture: Picture) -> Portrait:
    return picture._open.portrait  # type: ignore[attr-defined, no-any-return]


def trio(item: Item) -> tuple[Portrait, Portrait, Portrait]:
    """Reference, right and wrong option."""
    reference, *options = map(portrait_of, item.images)
    return reference, options[item.answer], options[1 - item.answer]


def form(portrait: Portrait) -> object:
    """The shape of an object: its solids, whatever they are called."""
    return [(s.kind, s.centre, s.half, s.axes, s.top) for s in portrait.scene.things[0].solids]


def skin_of(portrait: Portrait) -> Texture:
    (skin,) = portrait.scene.things[0].skins
    return skin


def surface(portrait: Portrait) -> str:
    """The kind of surface that a texture is, from its numbers alone."""
    skin = skin_of(portrait)
    if skin.pattern == "plain":
        return "rough" if skin.bump > 1 else "smooth"
    (name,) = (name for name, kind in SURFACES.items() if kind.pattern == skin.pattern)
    return name


def conflicting(item: Item) -> bool:
    return dict(item.slices)["conflict"] == "conflicting"


def telling(references: tuple[Impression, ...], options: tuple[Impression, ...]) -> float:
    """How far two references are from being as unlike either option, by all measures."""
    seen = np.array([[unlikeness(one, option) for option in options] for one in references])
    off = np.abs(seen[0] - seen[1]) / seen.mean((0, 1)).clip(1e-9)
    return float(off.sum())
