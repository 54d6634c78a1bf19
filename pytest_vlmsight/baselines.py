"""The baselines of a run: where they are, what is in them, and what a run may do to them."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from .models.base import MeasurementError
from .phrases import printable
from .plan import REGRESSION
from .records.baseline import file_name, read_baseline, update_baseline
from .records.errors import RecordError
from .regression import Comparison, Status, compare

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .evaluation import Evaluation
    from .outputs import Output
    from .records.run import Run
    from .settings import GateSettings, Settings

UPDATE, UPDATE_NEW = "--vlm-update", "--vlm-update-new"


class NoBaselineError(MeasurementError):
    """There is nothing that a task could be compared with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """What one model is compared with.

    Attributes:
        path: of the file.
        shown: the path as it was typed.
        run: None where there is no such file.
    """

    path: Path
    shown: str
    run: Run | None

    def __str__(self) -> str:
        if self.run is None:
            return f"baseline {printable(self.shown)}: there is none yet"
        made = f"{len(self.run.evaluations)} task(s), written {printable(self.run.started)}"
        return f"baseline {printable(self.shown)}: {made}"

    def evaluation(self, task: str) -> Evaluation | None:
        """Of a task; None where the baseline does not have it."""
        measured = () if self.run is None else self.run.evaluations
        return next((one for one in measured if one.task == task), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Baselines:
    """The baselines of all models.

    Attributes:
        of: model, as shown → what it is compared with.
        update: whether what is measured replaces what is there.
        update_new: whether tasks that are not there are added.
        ci: whether a machine runs this that keeps no file: a missing baseline is an error.
        command: what was typed after ``pytest``.
    """

    of: Mapping[str, Baseline]
    update: bool
    update_new: bool
    ci: bool
    command: tuple[str, ...]

    def writes(self, model: str) -> bool:
        """Whether the run may write a model's baseline.

        Where there is none it is written by the first run that can leave it behind, whose cases
        fail and say so: nobody has looked at it yet.
        """
        missing = self.of[model].run is None
        return self.update or self.update_new or (missing and not self.ci)

    def command_with(self, flag: str) -> str:
        """What was typed, with a flag, for a shell."""
        typed = [word for word in self.command if word not in {UPDATE, UPDATE_NEW}]
        return shlex.join(["pytest", *typed, flag])

    def demand(self, model: str) -> None:
        """Be sure that there is a baseline, or will be.

        Raises:
            NoBaselineError: there is none and this run does not make one.
        """
        baseline = self.of[model]
        if baseline.run is None and not self.writes(model):
            raise NoBaselineError(
                f"there is no baseline {baseline.shown}, and CI keeps no file (CI="
                f"{os.environ.get('CI', '')} is set). Make it where it can be committed:\n"
                f"{self.command_with(UPDATE_NEW)}"
            )

    def compare(
        self, model: str, evaluation: Evaluation, *, gate: GateSettings, tests: int
    ) -> Comparison:
        """Compare an evaluation with its baseline; see ``regression.compare``."""
        old = self.of[model].evaluation(evaluation.task)
        return compare(old, evaluation, gate=gate, tests=tests)

    def accepts(self, comparison: Comparison) -> bool:
        """Whether this run makes what was measured the baseline, whatever was found."""
        new = comparison.status is Status.NEW
        return self.update or (self.update_new and new)

    def told(self, model: str, comparison: Comparison) -> str:
        """What a case says: the reason, and what to do next."""
        baseline = self.of[model]
        if self.accepts(comparison):
            done = "added to" if comparison.status is Status.NEW else "replaced in"
            return f"{comparison.reason}; it is {done} {baseline.shown}"
        if comparison.status is Status.NEW and baseline.run is None:
            return (
                f"there was no baseline {baseline.shown}: this run writes it. Look at it, commit "
                "it, and run again"
            )
        if comparison.status is Status.NEW:
            return f"it is not in the baseline {baseline.shown}. {self.next(model, comparison)}"
        return ". ".join(filter(None, (comparison.reason, self.next(model, comparison))))

    def next(self, model: str, comparison: Comparison) -> str:
        """The command that follows from a status, as a sentence; empty where none does."""
        if self.accepts(comparison) or self.of[model].run is None:
            return ""
        if comparison.status is Status.NEW:
            return f"Add it: {self.command_with(UPDATE_NEW)}"
        if comparison.status in {Status.IMPROVED, Status.INCOMPARABLE}:
            what = "Update it" if comparison.status is Status.IMPROVED else "If meant, update it"
            return f"{what}: {self.command_with(UPDATE)}"
        return ""

    def outputs(self) -> list[Output]:
        """What is written when the run is over."""
        from .outputs import Output

        return [
            Output(name="baseline", make=partial(self.write, model))
            for model in self.of
            if self.writes(model)
        ]

    def write(self, model: str, run: Run) -> list[str]:
        """Write what the run measured of a model to its baseline, and say what was done.

        Where nobody asked for it, because there was no baseline, tasks are written whose case
        failed for that.

        Raises:
            RecordError: the baseline cannot be read or written.
        """
        tasks = {one.task for one in run.evaluations if one.model == model}
        if not (self.update or self.update_new):
            tasks &= {one.task for one in run.cases if one.gate == REGRESSION}
        baseline = self.of[model]
        if not tasks:
            return [f"{baseline.shown}: nothing was measured for it"]
        update = update_baseline(
            baseline.path, run, model=model, tasks=tasks, overwrite=self.update
        )
        done = {"added": update.added, "replaced": update.replaced, "kept": update.kept}
        changes = [f"{what} {', '.join(names)}" for what, names in done.items() if names]
        return [f"{baseline.shown}: {'; '.join(changes) or 'nothing to write'}"]


def open_baselines(
    settings: Settings,
    *,
    models: Sequence[str],
    folder: Path,
    command: Sequence[str],
    ci: bool,
) -> Baselines | None:
    """The baselines that settings name; None where they name none.

    Args:
        settings: of the run.
        models: as shown.
        folder: that paths are relative to.
        command: what was typed after ``pytest``.
        ci: whether a machine runs this that keeps no file.

    Raises:
        RecordError: a setting does not fit, or a baseline cannot be read.
    """
    if settings.baseline is None:
        for flag, given in ((UPDATE, settings.update), (UPDATE_NEW, settings.update_new)):
            if given:
                raise RecordError(f"{flag}: there is nothing to update; name it: --vlm-baseline=…")
        return None
    typed = settings.baseline
    of = find_baselines(typed, models=models, folder=folder)
    baselines = Baselines(
        of=of,
        update=settings.update,
        update_new=settings.update_new,
        ci=ci,
        command=tuple(command),
    )
    for one in filter(baselines.writes, models):
        _check_place(of[one].path, typed=typed)
    return baselines


def find_baselines(
    typed: str, *, models: Sequence[str], folder: Path, option: str = "--vlm-baseline"
) -> dict[str, Baseline]:
    """What each model is compared with, read.

    Args:
        typed: a file for one model, or a folder (there already, or ending in /) with one for each.
        models: as shown.
        folder: that a relative path is relative to.
        option: what it was typed after.

    Raises:
        RecordError: it is one file for several models, or one that cannot be read.
    """
    try:
        place = folder / Path(typed).expanduser()
        several = typed.endswith(("/", os.sep)) or place.is_dir()
    except (OSError, RuntimeError) as error:  # too long, or the home of nobody
        raise RecordError(f"{option}={typed}: {error}") from error
    if several:
        shown = {one: f"{typed.rstrip('/' + os.sep)}/{file_name(one)}" for one in models}
        paths = {one: place / file_name(one) for one in models}
    elif len(models) > 1:
        raise RecordError(
            f"{option}={typed}: {len(models)} models ({', '.join(models)}) and one file; "
            f"give a folder, in which each has a file: {option}={typed}/"
        )
    else:
        shown, paths = dict.fromkeys(models, typed), dict.fromkeys(models, place)
    try:
        return {
            one: Baseline(path=paths[one], shown=shown[one], run=read_baseline(paths[one]))
            for one in models
        }
    except (RecordError, OSError) as error:
        raise RecordError(f"{option}={typed}: {error}") from error


def _check_place(path: Path, *, typed: str) -> None:
    """Be sure before anything is measured that a file could be written there.

    Raises:
        RecordError: it could not.
    """
    there = next(one for one in path.absolute().parents if one.exists())
    if not there.is_dir():
        raise RecordError(f"--vlm-baseline={typed}: {there} is no folder")
    if not os.access(there, os.W_OK):
        raise RecordError(f"--vlm-baseline={typed}: {there} cannot be written to")


def on_ci() -> bool:
    """Whether the environment says so, as all services of CI do."""
    return os.environ.get("CI", "").lower() not in {"", "0", "false"}
