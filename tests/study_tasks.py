"""Tasks of public data sets whose files a test writes into a user's folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_vlmsight.tasks.generated import Canvas
from pytest_vlmsight.tasks.registry import resolve_one

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_vlmsight.tasks.item import Item, Task


def task_of(name: str, own: Path) -> Task:
    """A task that reads a user's folder; what it unpacks is kept there, too."""
    return resolve_one(f"study/{name}", canvas=Canvas(data=own, cache=own / "kept"))


def items_of(name: str, own: Path, *, n: int = 100, seed: int = 0) -> dict[str, Item]:
    """Its items by their names."""
    return {item.name: item for item in task_of(name, own).make_items(n, seed)}
