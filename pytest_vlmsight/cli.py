"""The ``vlmsight`` command: what is not a test run."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from . import __version__
from .commands import (
    assemble,
    audit,
    badge,
    cache,
    check,
    compare,
    diagnose,
    models,
    pack,
    report,
    show,
    study,
    tasks,
)
from .phrases import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS = (
    tasks,
    show,
    audit,
    pack,
    check,
    models,
    diagnose,
    compare,
    study,
    report,
    badge,
    cache,
    assemble,
)
"""Modules of ``commands/``, in the order of ``--help``."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; exit status 0, what it returns, or 2 with one line on what was wrong."""
    parsed = parser().parse_args(arguments)
    try:
        status: int | None = parsed.run(parsed)
    except (ValueError, OSError, ImportError, RuntimeError) as error:
        told = printable(" ".join(str(error).split()) or type(error).__name__)
        print(f"vlmsight {parsed.command}: {told}", file=sys.stderr)
        return 2
    return status or 0


def parser() -> argparse.ArgumentParser:
    """All commands and their options."""
    whole = argparse.ArgumentParser(
        prog="vlmsight",
        description="Does a vision-language model use what its own vision encoder sees? "
        "Gates run under pytest (pytest --vlm=NAME); this is what stands beside them.",
        epilog="Exit status: 0, done; 1, as said of audit, check, compare and diagnose; 2, it "
        "could not be done, and a line on stderr says why.",
    )
    whole.add_argument("--version", action="version", version=f"vlmsight {__version__}")
    commands = whole.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add(commands)
    return whole
