"""Options that decide which items a task makes, and the tasks that are made so."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from pytest_vlmsight.tasks.item import Task


def add_making(command: argparse.ArgumentParser, *, n: int) -> None:
    """Add those options to a command.

    Args:
        command: to add them to.
        n: items at most, where no other number is given.
    """
    command.add_argument("--n", type=int, default=n, help=f"number of items at most ({n})")
    command.add_argument("--seed", type=int, default=0, help="seed of items and orders (0)")
    command.add_argument(
        "--size", type=int, default=224, help="side of generated pictures in px (224)"
    )
    command.add_argument(
        "--data-dir", type=Path, help="where public data sets lie, for tasks study/… (the hub)"
    )
    command.add_argument(
        "--difficulty", nargs="*", default=[], help="name=VALUE name=LOW..HIGH …, see `tasks`"
    )


def named(
    parsed: argparse.Namespace, patterns: Sequence[str], *, cache: Path | None = None
) -> list[Task]:
    """The tasks that patterns stand for, made as those options say.

    Args:
        parsed: the command's arguments.
        patterns: names, folders or globs.
        cache: where items and pictures are kept; None keeps none.

    Raises:
        ValueError: there is no such task, or an option cannot be used.
    """
    from pytest_vlmsight.tasks.registry import resolve

    return resolve(patterns, **_how(parsed, cache=cache))


def the_one(parsed: argparse.Namespace) -> Task:
    """The only task that the argument ``task`` stands for.

    Raises:
        ValueError: it stands for none or several, or an option cannot be used.
    """
    from pytest_vlmsight.tasks.registry import resolve_one

    return resolve_one(parsed.task, **_how(parsed))


def _how(parsed: argparse.Namespace, *, cache: Path | None = None) -> dict[str, Any]:
    from pytest_vlmsight.options import parse_knobs
    from pytest_vlmsight.tasks.generated import Canvas
    from pytest_vlmsight.tasks.marker_words import parse_markers

    return {
        "canvas": Canvas(
            size=parsed.size,
            markers=parse_markers(getattr(parsed, "marker", [])),
            cache=cache,
            data=None if parsed.data_dir is None else parsed.data_dir.expanduser().absolute(),
        ),
        "difficulty": [("*", parse_knobs(parsed.difficulty))] if parsed.difficulty else [],
    }
