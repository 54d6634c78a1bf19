"""Diagnoses made up, and parts of diagnosis that are planted for a test."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_vlmsight.diagnosis import parts
from pytest_vlmsight.diagnosis.result import Diagnosis, Estimate, PairedTest
from pytest_vlmsight.stats.interval import Interval

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from pytest_vlmsight.diagnosis.subject import Subject


def diagnosis(
    *, part: str = "made", model: str = "a", task: str = "one", text: str = ""
) -> Diagnosis:
    """One with something in every field, and a text at the end of whatever has words."""
    text = f" {text}" if text else ""
    return Diagnosis(
        part=part,
        model=model,
        task=task,
        n=40,
        confidence=0.9,
        conclusion=f"lost{text}",
        sentence=f"It is lost on the way.{text}",
        estimates=(
            Estimate(
                group=f"readout{text}",
                name=f"encoder[1]{text}",
                value=0.75,
                interval=Interval(0.6, 0.85),
                n=40,
            ),
            Estimate(
                group="steps", name="10", value=1.5, interval=Interval(1, 2), n=40, unit="number"
            ),
        ),
        tests=(
            PairedTest(
                name=f"encoder[1] → projector{text}",
                claim=f"lost{text}",
                estimate=-0.2,
                interval=Interval(-0.3, -0.1),
                n=40,
                p=0.01,
                adjusted=0.03,
            ),
        ),
        notes=(f"to be kept in mind{text}",),
        details={f"more{text}": [text, 1, None]},
        seconds=1.25,
    )


def plant(monkeypatch: pytest.MonkeyPatch, **found: Callable[[Subject], Diagnosis]) -> None:
    """Have these parts, by name, and no others."""
    monkeypatch.setattr(parts, "MODULES", dict.fromkeys(found, ""))
    monkeypatch.setattr(parts, "ACROSS", {})
    monkeypatch.setattr(parts, "find", found.__getitem__)


def of_subject(subject: Subject) -> Diagnosis:
    """A made-up diagnosis of whoever is diagnosed."""
    return diagnosis(model=subject.vlm.name, task=subject.task.name)
