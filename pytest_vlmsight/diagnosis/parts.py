"""The parts of diagnosis, by name, and what runs them.

A part is a module of this package with a function ``diagnose`` that takes a subject and returns
what it found. To add one: its name in ``options.PARTS``, its module here, and where it has a
figure its row in ``report/drawing.py``. Parts of several models take their evaluations instead.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING

from pytest_vlmsight.models.base import MeasurementError, ModelError

from .result import VERDICT, Diagnosis

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_vlmsight.evaluation import Evaluation
    from pytest_vlmsight.settings import Settings

    from .subject import Subject

Part = Callable[["Subject"], Diagnosis]
Across = Callable[["Sequence[Evaluation]", "Settings"], Diagnosis]

MODULES: dict[str, str] = {
    "layers": "layers",
    "bias": "bias",
    "prompt": "prompt",
    "finetune": "finetune",
    "attention": "attention",
}
"""Name → module of this package; in the order in which parts are run."""

ACROSS: dict[str, str] = {"encoders": "encoders"}
"""The same of parts that compare several models; they are run when all models are measured."""

ALL = "all"


def chosen(words: Sequence[str]) -> tuple[str, ...]:
    """The parts that words stand for, in the order in which they are run.

    Raises:
        ValueError: there is no such part.
    """
    for word in words:
        if word not in (ALL, *MODULES, *ACROSS):
            known = ", ".join((*MODULES, *ACROSS, ALL))
            raise ValueError(f"there is no part {word!a} of diagnosis; expected any of {known}")
    return tuple(part for part in MODULES if part in words or ALL in words)


def find(part: str) -> Part:
    """The function of a part; its module is imported now."""
    found: Part = import_module(f"{__package__}.{MODULES[part]}").diagnose
    return found


def compared(words: Sequence[str], *, models: int) -> tuple[str, ...]:
    """The parts of several models that words stand for; ``all`` means none of them for too few."""
    from .encoders import LEAST

    return tuple(part for part in ACROSS if part in words or (ALL in words and models >= LEAST))


def diagnose(
    subject: Subject, parts: Sequence[str], *, tests: int | None = None
) -> Iterator[Diagnosis]:
    """What each part finds, in order; a part that fails is told of and keeps none from running.

    Args:
        subject: who is diagnosed.
        parts: names.
        tests: number of gates that are judged in all. Where it is given, the verdict of all parts
            and gates is the last diagnosis.
    """
    found = []
    for part in parts:
        found.append(_made(part, partial(find(part), subject), subject.vlm.name, subject.task.name))
        yield found[-1]
    if tests is not None and parts:
        from .verdict import diagnose as conclude

        made = partial(conclude, subject, found, tests=tests)
        yield _made(VERDICT, made, subject.vlm.name, subject.task.name)


def compare(
    evaluations: Sequence[Evaluation], parts: Sequence[str], *, settings: Settings
) -> Iterator[Diagnosis]:
    """What each part finds of several models; likewise.

    Args:
        evaluations: at most one of each (model, task).
        parts: names.
        settings: of the run.
    """
    models, tasks = ({getattr(e, of) for e in evaluations} for of in ("model", "task"))
    for part in parts:
        across: Across = import_module(f"{__package__}.{ACROSS[part]}").diagnose
        yield _made(
            part,
            partial(across, evaluations, settings),
            f"{len(models)} models",
            tasks.pop() if len(tasks) == 1 else f"{len(tasks)} tasks",
        )


def _made(part: str, make: Callable[[], Diagnosis], model: str, task: str) -> Diagnosis:
    """What is found, with the seconds that it took; an error is part of it."""
    started = time.monotonic()
    try:
        found = make()
    except Exception as error:  # what was measured and judged is not lost to a diagnosis
        known = isinstance(error, MeasurementError | ModelError | ImportError | ValueError)
        told = str(error) if known else f"{type(error).__name__}: {error}"
        found = Diagnosis(part=part, model=model, task=task, error=" ".join(told.split()))
    return replace(found, seconds=round(time.monotonic() - started, 3))
