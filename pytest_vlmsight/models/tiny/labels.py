"""What is known of the places of a picture, by number: parts, kinds, surfaces, markers.

0 is the number of whatever has no name, such as a room's walls.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


@cache
def parts() -> dict[str, int]:
    """Category and part, such as ``animal: leg``, → number from 1."""
    return _numbered(f"{category}: {part}" for category, part in _parts())


@cache
def purposes() -> dict[str, int]:
    """What a tool's part is for → number from 1."""
    from pytest_vlmsight.tasks.scenes.catalogue import ROLES

    return _numbered(ROLES.values())


@cache
def kinds() -> dict[str, int]:
    """A thing's kind → number from 1."""
    from pytest_vlmsight.tasks.scenes.catalogue import NAMEABLE, TOOLS
    from pytest_vlmsight.tasks.scenes.forms import FORMS
    from pytest_vlmsight.tasks.scenes.ornaments import ORNAMENTS

    catalogue = [name for group in (NAMEABLE, TOOLS) for some in group.values() for name in some]
    return _numbered([*FORMS, *ORNAMENTS, *catalogue])


@cache
def surfaces() -> dict[str, int]:
    """A surface's name → number from 1."""
    from pytest_vlmsight.tasks.scenes.surfaces import SURFACES

    return _numbered(SURFACES)


@cache
def techniques() -> dict[str, int]:
    """A style's family → number from 1."""
    from pytest_vlmsight.tasks.scenes.styles.families import FAMILIES

    return _numbered(FAMILIES)


@cache
def marks() -> dict[str, int]:
    """What a marker says, or a box's colour, → number from 1."""
    from pytest_vlmsight.tasks.item import REFERENCE, letter
    from pytest_vlmsight.tasks.object_depth import COLOURS

    return _numbered([REFERENCE, *map(letter, range(4)), *COLOURS.values()])


CLASSES: dict[str, Callable[[], dict[str, int]]] = {
    "part": parts,
    "purpose": purposes,
    "kind": kinds,
    "surface": surfaces,
    "technique": techniques,
    "mark": marks,
}
"""What a place is known by → names and their numbers."""


def _numbered(names: Iterable[str]) -> dict[str, int]:
    return {name: number for number, name in enumerate(dict.fromkeys(names), start=1)}


def _parts() -> list[tuple[str, str]]:
    import numpy as np

    from pytest_vlmsight.tasks.scenes.assembly import group
    from pytest_vlmsight.tasks.scenes.catalogue import NAMEABLE, TOOLS

    return [
        (category, group(part))
        for category, some in {**NAMEABLE, **TOOLS}.items()
        for kind in some.values()
        for part in kind.build(np.random.default_rng(0)).parts
    ]
