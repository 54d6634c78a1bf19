"""The parts of diagnosis, by name, and what runs them.

A part is a module of this package with a function ``diagnose`` that takes a subject and returns
what it found. To add one: its name in ``options.PARTS``, its module here, and where it has a
figure its row in ``report/drawing.py``.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING

from pytest_vlmsight.models.base import MeasurementError, ModelError

from .result import Diagnosis

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .subject import Subject

Part = Callable[["Subject"], Diagnosis]

MODULES: dict[str, str] = {
    "layers": "layers",
    "prompt": "prompt",
    "finetune": "finetune",
}
"""Name → module of this package; in the order in which parts are run."""

ALL = "all"


def chosen(words: Sequence[str]) -> tuple[str, ...]:
    """The parts that words stand for, in the order in which they are run.

    Raises:
        ValueError: there is no such part.
    """
    for word in words:
        if word != ALL and word not in MODULES:
            known = ", ".join((*MODULES, ALL))
            raise ValueError(f"there is no part {word!a} of diagnosis; expected any of {known}")
    return tuple(part for part in MODULES if part in words or ALL in words)


def find(part: str) -> Part:
    """The function of a part; its module is imported now."""
    found: Part = import_module(f"{__package__}.{MODULES[part]}").diagnose
    return found


def diagnose(subject: Subject, parts: Sequence[str]) -> Iterator[Diagnosis]:
    """What each part finds, in order; a part that fails is told of and keeps none from running."""
    for part in parts:
        started = time.monotonic()
        try:
            found = find(part)(subject)
        except Exception as error:  # what was measured and judged is not lost to a diagnosis
            known = isinstance(error, MeasurementError | ModelError | ImportError | ValueError)
            found = Diagnosis(
                part=part,
                model=subject.vlm.name,
                task=subject.task.name,
                error=" ".join(
                    (str(error) if known else f"{type(error).__name__}: {error}").split()
                ),
            )
        yield replace(found, seconds=round(time.monotonic() - started, 3))
