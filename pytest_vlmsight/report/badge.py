"""Badges of a run: ``sight 7/9`` for a model, ``sighted 87% / ceiling 93%`` for a task of it.

Written as JSON for the endpoint badge of shields.io, or as a picture of its own (``badge_svg``).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_vlmsight.records.errors import unwritable
from pytest_vlmsight.whole_file import whole_file

from .passing import asked, gated, judged, overall, short
from .standing import Standing, State

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pytest_vlmsight.records.run import Run

ENDINGS = (".svg", ".json")
LABEL = "sight"
UNKNOWN = "unknown"
MOST = 80
"""Characters of a label or a message."""

_SHARES = ((1.0, "brightgreen"), (0.8, "green"), (0.5, "yellow"), (0.0, "orange"))
"""A model's colour: the first whose share of passed tasks is reached; red where none passed."""

_STATES = {
    State.PASS: "brightgreen",
    State.INCONCLUSIVE: "yellow",
    State.NONE: "yellow",
    State.FAIL: "red",
    State.ERROR: "lightgrey",
}
"""A task's colour."""

_NAME = 100
"""Characters of a model's name in a file's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Badge:
    """What a badge says.

    Attributes:
        label: on the left; may be empty.
        message: on the right.
        colour: one of those that shields.io knows by name.
    """

    label: str
    message: str
    colour: str


def badges(
    run: Run, *, model: str | None = None, task: str | None = None, label: str | None = None
) -> dict[str, Badge]:
    """Model → badge.

    Args:
        run: all of it.
        model: only this one.
        task: of this task; of all tasks together where it is None.
        label: instead of "sight" or the task's name, to which the model's is added where there
            are several.

    Raises:
        ValueError: the run has no such model, no such task, or no model at all.
    """
    standing = asked(run)
    models = _chosen("model", run.models, model)
    if task is not None:
        _chosen("task", run.tasks, task)
    made = {}
    for name in models:
        found = standing[name]
        shown = (LABEL if task is None else task) if label is None else label
        if label is None and len(models) > 1:
            shown = f"{shown} {name}"
        if task is None:
            message, colour = _of_model(found)
        else:
            message, colour = _of_task(next((one for one in found if one.task == task), None))
        made[name] = Badge(
            label=short(shown, most=MOST), message=short(message, most=MOST), colour=colour
        )
    return made


def _chosen(what: str, there: Sequence[str], name: str | None) -> Sequence[str]:
    if not there:
        raise ValueError(f"the run has no {what}: a badge of it would say nothing")
    if name is None:
        return there
    if name not in there:
        raise ValueError(f"--{what}={name}: the run has no such {what}, but {', '.join(there)}")
    return [name]


def _of_model(found: Sequence[Standing]) -> tuple[str, str]:
    if not judged(found):
        return UNKNOWN, "lightgrey"
    found = gated(found)
    passed = sum(overall(one) is State.PASS for one in found)
    share = passed / len(found)
    colour = next(colour for least, colour in _SHARES if share >= least) if passed else "red"
    return f"{passed}/{len(found)}", colour


def _of_task(one: Standing | None) -> tuple[str, str]:
    if one is None or one.sighted is None:
        return UNKNOWN, "lightgrey"
    told = f"sighted {_percent(one.sighted.share)}"
    if one.ceiling is not None:
        told = f"{told} / ceiling {_percent(one.ceiling.share)}"
    return told, _STATES[overall(one)]


def _percent(share: float) -> str:
    return f"{100 * share:.0f}%"


def badge_json(badge: Badge) -> str:
    """For shields.io/badges/endpoint-badge, which refuses keys that it does not know."""
    keys = {
        "schemaVersion": 1,
        "label": badge.label,
        "message": badge.message,
        "color": badge.colour,
    }
    return f"{json.dumps(keys, sort_keys=True)}\n"


def write_badges(
    run: Run,
    path: Path,
    *,
    model: str | None = None,
    task: str | None = None,
    label: str | None = None,
) -> list[Path]:
    """Write a badge; of several models one each, their names before the file's ending.

    Args:
        run: all of it.
        path: ends with one of ``ENDINGS``.
        model: as for ``badges``.
        task: as for ``badges``.
        label: as for ``badges``.

    Returns:
        The files.

    Raises:
        ValueError: as for ``badges``, another ending, or (``RecordError``) a file cannot be
            written.
    """
    from .badge_svg import badge_svg

    if path.suffix not in ENDINGS:
        raise ValueError(f"{path}: expected a file that ends with {' or '.join(ENDINGS)}")
    made = badges(run, model=model, task=task, label=label)
    files = [path] if len(made) == 1 else _beside(path, list(made))
    for file, badge in zip(files, made.values(), strict=True):
        text = badge_svg(badge) if path.suffix == ".svg" else badge_json(badge)
        try:
            with whole_file(file) as unfinished:
                unfinished.write_text(text, encoding="utf-8")
        except OSError as error:
            raise unwritable(file, error) from error
    return files


def _beside(path: Path, models: Sequence[str]) -> list[Path]:
    """``sight.svg`` → ``sight-MODEL.svg``, no two alike even where capitals count for nothing."""
    taken: set[str] = set()
    files = []
    for model in models:
        plain = re.sub(r"[^A-Za-z0-9._]+", "-", model).strip("-.")[:_NAME] or "model"
        name, number = plain, 1
        while name.casefold() in taken:
            number += 1
            name = f"{plain}-{number}"
        taken.add(name.casefold())
        files.append(path.with_name(f"{path.stem}-{name}{path.suffix}"))
    return files
