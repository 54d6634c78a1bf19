"""How commands print: for people in 80 columns, for programs as JSON."""

from __future__ import annotations

import json
import textwrap
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable
    from pathlib import Path


def told(text: str) -> None:
    """Print in 80 columns, later lines further in than the first."""
    first = text[: len(text) - len(text.lstrip())]
    print(textwrap.fill(text.lstrip(), 80, initial_indent=first, subsequent_indent=f"{first}  "))


def add_json(command: argparse.ArgumentParser, what: str) -> None:
    """Add ``--json`` to a command.

    Args:
        command: to add it to.
        what: is printed then.
    """
    command.add_argument("--json", action="store_true", help=f"print JSON: {what}")


def print_written(paths: Iterable[Path], *, as_json: bool, **more: Any) -> None:
    """Print which files or folders were written.

    Args:
        paths: of them.
        as_json: whether for programs, as ``{"written": […]}``.
        more: what else is to be known then.
    """
    names = [str(path) for path in paths]
    if as_json:
        print_json({"written": names, **more})
        return
    for name in names:
        print(f"wrote {name}")


def print_json(value: Any) -> None:
    """Print plain values as JSON, keys sorted; other than ASCII is escaped."""
    print(json.dumps(value, indent=2, sort_keys=True))
