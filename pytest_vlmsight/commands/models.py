"""``vlmsight models``: the names that ``--vlm`` knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .printing import add_json, print_json, told

if TYPE_CHECKING:
    import argparse

    from pytest_vlmsight.models.aliases import Alias


def add(commands: Any) -> None:
    """Add the command."""
    command = commands.add_parser("models", help="list the names that --vlm knows")
    add_json(command, "models, not_measured")
    command.set_defaults(run=run)


def run(parsed: argparse.Namespace) -> None:
    """Print a block for each family, and what is not measured."""
    import itertools

    from pytest_vlmsight.models.aliases import PARTS, TABLE
    from pytest_vlmsight.models.families import FAMILIES

    refused = {family: facts.refused for family, facts in FAMILIES.items() if facts.refused}
    if parsed.json:
        print_json({"models": [_plain(alias) for alias in TABLE], "not_measured": refused})
        return
    width = max(len(alias.name) for alias in TABLE)

    def alike(alias: Alias) -> tuple[str, str, str, str]:
        parts = "all" if alias.maps == PARTS else ", ".join(alias.maps) or "none"
        return alias.family, alias.encoder, alias.images, parts

    for (family, encoder, images, parts), group in itertools.groupby(TABLE, alike):
        told(f"{family}: {encoder}; images: {images}; map: {parts}")
        for alias in group:
            print(f"  {alias.name:<{width}}  {alias.hub_id}")
    print("\nNot measured:")
    for family, why in refused.items():
        told(f"  {family}: {why}")
    print()
    told(
        "images: in one prompt; where it is 1, several images of an item are put side by side in "
        f"one. map: parts ({', '.join(PARTS)}) whose tokens have a place in the picture: only "
        "there a ceiling can be read."
    )
    told(
        "Also: any hub id owner/name[@revision] or a folder with a checkpoint, whatever its "
        "family; and MODEL+ADAPTER with an adapter of PEFT (hub id[@revision] or folder)."
    )


def _plain(alias: Alias) -> dict[str, Any]:
    return {
        "name": alias.name,
        "hub_id": alias.hub_id,
        "family": alias.family,
        "encoder": alias.encoder,
        "images": alias.images,
        "map": list(alias.maps),
    }
