"""``vlmsight check``: whether models are asked and read rightly."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse


def add(commands: Any) -> None:
    """Add the command."""
    command = commands.add_parser(
        "check", help="check that models are asked and read rightly; exit status 1 if not"
    )
    command.add_argument("model", nargs="+", help="as after --vlm")
    form = command.add_mutually_exclusive_group()
    form.add_argument("--summary", action="store_true", help="one row for each model")
    form.add_argument("--json", action="store_true", help="JSON: a list of models")
    command.add_argument("--images", default="auto", help="auto, separate or composite")
    command.add_argument("--device", default="auto", help="as --vlm-device")
    command.add_argument("--dtype", default="auto", help="as --vlm-dtype")
    command.add_argument("--trust-remote-code", action="store_true", help="run a checkpoint's code")
    command.add_argument("-o", "--output", type=Path, help="file to write, too")
    command.set_defaults(run=run)


def run(parsed: argparse.Namespace) -> int:
    """Print, and write, what came out; 1 where a check failed or a model was refused."""
    from pytest_vlmsight.models.checking import check_models

    return check_models(
        parsed.model,
        form="json" if parsed.json else "summary" if parsed.summary else "tables",
        output=parsed.output,
        device=parsed.device,
        dtype=parsed.dtype,
        images=parsed.images,
        trust_remote_code=parsed.trust_remote_code,
    )
