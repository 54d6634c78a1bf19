"""Diagnoses as plain values and back."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pytest_vlmsight.diagnosis.result import UNITS, Diagnosis, Estimate, PairedTest
from pytest_vlmsight.stats.interval import Interval

from .errors import RecordError

if TYPE_CHECKING:
    from collections.abc import Mapping


def diagnosis_plain(diagnosis: Diagnosis) -> dict[str, Any]:
    """A diagnosis as JSON has it."""
    plain = asdict(diagnosis)
    for name in ("estimates", "tests"):
        plain[name] = [_flat(one) for one in plain[name]]
    plain["notes"] = list(diagnosis.notes)
    plain["details"] = dict(diagnosis.details)
    return plain


def diagnosis_of(plain: Mapping[str, Any]) -> Diagnosis:
    """The diagnosis that plain values tell of.

    Raises:
        RecordError: something is missing or of another form; the message says which.
    """
    told = f"{plain.get('part')} of {plain.get('model')}, {plain.get('task')}"
    try:
        return Diagnosis(
            part=_text(plain["part"]),
            model=_text(plain["model"]),
            task=_text(plain["task"]),
            n=_count(plain["n"]),
            confidence=_number(plain["confidence"]),
            conclusion=_text(plain["conclusion"]),
            sentence=_text(plain["sentence"]),
            estimates=tuple(map(_estimate, plain["estimates"])),
            tests=tuple(map(_test, plain["tests"])),
            notes=tuple(map(_text, plain["notes"])),
            details=dict(plain["details"]),
            seconds=_number(plain["seconds"]),
            error=_text(plain["error"]),
        )
    except KeyError as error:
        raise RecordError(f"diagnosis {told}: {error} is missing") from error
    except (TypeError, ValueError, AttributeError) as error:
        raise RecordError(f"diagnosis {told}: {error}") from error


def _flat(plain: dict[str, Any]) -> dict[str, Any]:
    interval = plain.pop("interval")
    return {**plain, **interval}


def _estimate(plain: Mapping[str, Any]) -> Estimate:
    if plain["unit"] not in UNITS:
        raise ValueError(f"unit {plain['unit']!r:.40} is not one of {UNITS}")
    return Estimate(
        group=_text(plain["group"]),
        name=_text(plain["name"]),
        value=_number(plain["value"]),
        interval=_interval(plain),
        n=_count(plain["n"]),
        unit=plain["unit"],
    )


def _test(plain: Mapping[str, Any]) -> PairedTest:
    return PairedTest(
        name=_text(plain["name"]),
        claim=_text(plain["claim"]),
        estimate=_number(plain["estimate"]),
        interval=_interval(plain),
        n=_count(plain["n"]),
        p=_number(plain["p"]),
        adjusted=_number(plain["adjusted"]),
    )


def _interval(plain: Mapping[str, Any]) -> Interval:
    return Interval(_number(plain["low"]), _number(plain["high"]))


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise TypeError(f"expected a number, got {value!r:.40}")
    return float(value)


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise TypeError(f"expected a count, got {value!r:.40}")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"expected text, got {value!r:.40}")
    return value
