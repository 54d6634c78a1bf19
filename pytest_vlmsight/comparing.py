"""Two runs compared, task by task: what the regression gate tells, of any two records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .phrases import printable
from .plan import GATES
from .protocol import Difference
from .records.errors import RecordError
from .records.run_settings import run_settings
from .regression import Comparison, Status, compare

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from .baselines import Baseline
    from .evaluation import Evaluation
    from .records.run import Run
    from .settings import GateSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedModel:
    """A model of the old run and the one of the new run that it is compared with.

    Attributes:
        old: name in the old run; None where it has no such model.
        new: name in the new run; None where it has no such model.
        tasks: of both, worst first.
    """

    old: str | None
    new: str | None
    tasks: tuple[Comparison, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedRuns:
    """What came of two runs.

    Attributes:
        models: in the order of the new run, those that it lacks last.
        besides: what the runs were made with and that is not the same.
    """

    models: tuple[ComparedModel, ...]
    besides: tuple[Difference, ...]

    def count(self, status: Status) -> int:
        """Number of tasks of that status."""
        return sum(task.status is status for model in self.models for task in model.tasks)


def compare_runs(
    old: Run, new: Run, *, gate: GateSettings, pairs: Sequence[tuple[str, str]] = ()
) -> ComparedRuns:
    """Compare all tasks of two runs.

    Models are matched by name; where each run has but one, these are compared whatever their
    names. The divisor of alpha for a loss is the number of tasks in either run.

    Args:
        old: what is compared with.
        new: what is compared.
        gate: alpha, and the drop that is tolerated.
        pairs: (old name, new name) of the models to compare; all by default.

    Raises:
        RecordError: a run has no such model, or none of their names are the same.
    """
    before, after = _measured(old), _measured(new)
    matched = _matched(list(before), list(after), pairs)
    tests = sum(
        len({**before.get(one or "", {}), **after.get(other or "", {})}) for one, other in matched
    )
    models = [
        ComparedModel(
            old=one,
            new=other,
            tasks=_compared(
                before.get(one or "", {}),
                after.get(other or "", {}),
                gate_for=lambda _: gate,
                tests=tests,
            ),
        )
        for one, other in matched
    ]
    return ComparedRuns(models=tuple(models), besides=tuple(_besides(old, new)))


def against_baselines(
    run: Run, baselines: Mapping[str, Baseline]
) -> list[tuple[Baseline, ComparedRuns]]:
    """Compare the models of a run with their baselines as the run's regression gate does.

    Gates are set as the run set them, and the divisor of alpha for a loss is the number of gates
    that it collected (where its record does not tell, as many as its models and tasks have).

    Args:
        run: all of it.
        baselines: model, as shown → what it is compared with.

    Returns:
        For each model that has an entry its baseline, and the comparison of that model alone:
        without models where there is no such file.

    Raises:
        RecordError: a setting of the run cannot be used.
    """
    gate_for = run_settings(run).gate_for
    tests = run.gates or len(run.models) * len(run.tasks) * (len(GATES) + 1)
    after = _measured(run)
    found = []
    for model in run.models:
        baseline = baselines.get(model)
        if baseline is None:
            continue
        models, besides = [], list[Difference]()
        if baseline.run is not None:
            before = {one.task: one for one in baseline.run.evaluations}
            tasks = _compared(before, after[model], gate_for=gate_for, tests=tests)
            old = next(iter(baseline.run.models), None)
            models.append(ComparedModel(old=old, new=model, tasks=tasks))
            besides = _besides(baseline.run, run)
        found.append((baseline, ComparedRuns(models=tuple(models), besides=tuple(besides))))
    return found


def _compared(
    before: Mapping[str, Evaluation],
    after: Mapping[str, Evaluation],
    *,
    gate_for: Callable[[str], GateSettings],
    tests: int,
) -> tuple[Comparison, ...]:
    """All tasks of either, worst first."""
    tasks = [
        compare(before.get(task), after.get(task), gate=gate_for(task), tests=tests)
        for task in {**after, **before}
    ]
    return tuple(sorted(tasks, key=_worst_first))


def _measured(run: Run) -> dict[str, dict[str, Evaluation]]:
    """Model → task → evaluation."""
    models: dict[str, dict[str, Evaluation]] = {one: {} for one in run.models}
    for one in run.evaluations:
        models[one.model][one.task] = one
    return models


def _matched(
    old: Sequence[str], new: Sequence[str], pairs: Sequence[tuple[str, str]]
) -> list[tuple[str | None, str | None]]:
    for one, other in pairs:
        for name, known, which in ((one, old, "old"), (other, new, "new")):
            if name not in known:
                raise RecordError(
                    f"the {which} record has no model {name!a} (it has {_listed(known)})"
                )
    if pairs:
        return list(pairs)
    if len(old) == len(new) == 1:
        return [(old[0], new[0])]
    both = set(old) & set(new)
    if not both:
        raise RecordError(
            f"no model is in both records (old: {_listed(old)}; new: {_listed(new)}); say which "
            "are compared: --model OLD=NEW"
        )
    return [
        *((one if one in both else None, one) for one in new),
        *((one, None) for one in old if one not in both),
    ]


def _listed(names: Sequence[str]) -> str:
    return printable(", ".join(names)) or "none"


def _worst_first(comparison: Comparison) -> tuple[int, float, str]:
    estimate = 0.0 if comparison.verdict is None else comparison.verdict.estimate
    return list(Status).index(comparison.status), estimate, comparison.task


def _besides(old: Run, new: Run) -> list[Difference]:
    """What is not the same in the environments; of evaluations each tells its own."""
    here, there = _flat(old.environment), _flat(new.environment)
    told = [
        Difference(name, here.get(name, "none"), there.get(name, "none"))
        for name in {**here, **there}
        if here.get(name, "none") != there.get(name, "none")
    ]
    if old.version != new.version and "pytest-vlmsight" not in {one.what for one in told}:
        told.insert(0, Difference("pytest-vlmsight", old.version, new.version))
    return told


def _flat(environment: Mapping[str, Any]) -> dict[str, str]:
    """Plain values by name; those of packages and of git by theirs."""
    flat: dict[str, str] = {}
    for name, value in environment.items():
        if isinstance(value, dict):
            of_git = "git " if name == "git" else ""
            flat |= {f"{of_git}{key}": str(one) for key, one in value.items()}
        elif isinstance(value, list):
            flat[name] = ", ".join(map(str, value)) or "none"
        else:
            flat[name] = "none" if value is None else str(value)
    return flat
