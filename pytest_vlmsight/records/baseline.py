"""Baselines: the record of one model's run that later runs are compared with.

A baseline is committed and pinned, and changes only where a user says so. Runs of some tasks change
these tasks alone.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pytest_vlmsight.phrases import printable
from pytest_vlmsight.plan import REGRESSION, ROOT

from .errors import RecordError, unwritable
from .lock import locked
from .run_file import read_run, write_run

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from .run import Run

_LONGEST = 80  # characters of a file's name; file systems allow 255 bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """What was changed in a baseline.

    Attributes:
        added: tasks that were not there.
        replaced: tasks that were there.
        kept: tasks that were left as they were.
    """

    added: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()


def file_name(model: str) -> str:
    """The name of a model's file in a folder of baselines: no two models have the same.

    What is no plain name (a path, capitals, which some file systems do not tell apart) becomes
    plain and gets a hash of the model's name.

    >>> file_name("llava-1.5")
    'llava-1.5.json'
    """
    plain = re.sub(r"[^a-z0-9._-]+", "_", model.lower()).lstrip("._-")[:_LONGEST] or "model"
    if plain != model:
        plain = f"{plain}-{hashlib.sha256(model.encode(errors='surrogatepass')).hexdigest()[:8]}"
    return f"{plain}.json"


def read_baseline(path: Path) -> Run | None:
    """Read a baseline; None where there is no such file.

    Raises:
        RecordError: it is no record of a run that can be read, or one of several models.
    """
    if not path.exists():
        return None
    run = read_run(path)
    if len(run.models) > 1:
        named = printable(", ".join(run.models))
        raise RecordError(
            f"{path} has {len(run.models)} models ({named}), a baseline has one: give a folder, in "
            "which each model has a file"
        )
    return run


def update_baseline(
    path: Path, run: Run, *, model: str, tasks: Collection[str], overwrite: bool
) -> Update:
    """Write what a run measured of some tasks into a baseline; others in it stay.

    The baseline is read again before it is written, with other writers locked out. Where nothing
    is to be changed the file is left alone.

    Args:
        path: of the baseline; its folder is made where it is missing.
        run: what was measured.
        model: whose evaluations are taken.
        tasks: those to take, as far as the run has measured them.
        overwrite: whether tasks that are in the baseline are replaced.

    Raises:
        RecordError: the baseline cannot be read or written; it is as it was.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with locked(path):
            merged, update = merge(
                read_baseline(path), run, model=model, tasks=tasks, overwrite=overwrite
            )
            if update.added or update.replaced:
                write_run(merged, path)
    except OSError as error:
        raise unwritable(path, error) from error
    return update


def merge(
    old: Run | None, new: Run, *, model: str, tasks: Collection[str], overwrite: bool
) -> tuple[Run, Update]:
    """The baseline that comes of an old one and a run.

    It has the command, settings and environment of the run, and its model's name: tasks that were
    kept take that name, too, and tell in their provenance what they were measured on. Verdicts of
    the regression gate are left out, since they were given against the baseline before, and so are
    diagnoses, which no run is compared with.

    Args:
        old: None where there was none.
        new: what was measured.
        model: whose evaluations are taken.
        tasks: those to take, as far as the run has measured them.
        overwrite: whether tasks that are in the old one are replaced.
    """
    before = set() if old is None else {one.task for one in old.evaluations}
    taken = {one.task for one in new.evaluations if one.model == model and one.task in tasks}
    if not overwrite:
        taken -= before
    kept = before - taken
    evaluations = [one for one in new.evaluations if one.model == model and one.task in taken]
    cases = [one for one in new.cases if one.model == model and one.task in taken]
    if old is not None:
        evaluations += [replace(one, model=model) for one in old.evaluations if one.task in kept]
        cases += [
            replace(one, model=model, id="::".join((ROOT, model, one.task, one.gate)))
            for one in old.cases
            if one.task in kept
        ]
    return replace(
        new,
        evaluations=tuple(sorted(evaluations, key=lambda one: one.task)),
        cases=tuple(
            sorted((c for c in cases if c.gate != REGRESSION), key=lambda one: one.id),
        ),
        diagnoses=(),
    ), Update(
        added=tuple(sorted(taken - before)),
        replaced=tuple(sorted(taken & before)),
        kept=tuple(sorted(kept)),
    )
