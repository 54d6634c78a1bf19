"""Which items share what they were made from, so that no probe trains on what it scores."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .item import Item


def group_items(items: Sequence[Item]) -> list[str]:
    """A group label per item: its "scene" slice, joined wherever items share a picture.

    Two items are of one group if they share a scene or any clean picture, directly or through
    other items.
    """
    parent: dict[str, str] = {}

    def root(key: str) -> str:
        parent.setdefault(key, key)
        while parent[key] != key:
            parent[key] = parent[parent[key]]
            key = parent[key]
        return key

    keys = []
    for item in items:
        scene = dict(item.slices).get("scene")
        own = [f"scene {scene}"] if scene is not None else []
        own += [f"picture {picture.digest}" for picture in item.clean_images]
        for key in own[1:]:
            low, high = sorted((root(own[0]), root(key)))
            parent[high] = low
        keys.append(own[0])
    return [root(key) for key in keys]
