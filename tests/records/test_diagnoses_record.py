"""Diagnoses are read as they were written; what is wrong in one is named."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from made_diagnoses import diagnosis
from made_runs import evaluation, run

from pytest_vlmsight.diagnosis.result import Diagnosis
from pytest_vlmsight.records.baseline import merge
from pytest_vlmsight.records.diagnoses import diagnosis_of, diagnosis_plain
from pytest_vlmsight.records.errors import RecordError
from pytest_vlmsight.records.run_file import read_run, run_of, run_plain, run_text, write_run

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_vlmsight.records.run import Run


def diagnosed() -> Run:
    failed = Diagnosis(part="made", model="a", task="two", error="there is no map")
    return replace(run(evaluation()), diagnoses=(diagnosis(), failed))


def test_diagnoses_are_read_as_they_were_written(tmp_path: Path) -> None:
    write_run(diagnosed(), tmp_path / "run.json")
    assert read_run(tmp_path / "run.json").diagnoses == diagnosed().diagnoses


def test_they_keep_to_the_published_schema() -> None:
    text = files("pytest_vlmsight.records").joinpath("schemas", "run-2.schema.json").read_text()
    plain = json.loads(run_text(diagnosed()))
    jsonschema.validate(plain, json.loads(text))
    plain["diagnoses"][0]["estimates"][0]["unit"] = "px"
    with pytest.raises(jsonschema.ValidationError, match="px"):
        jsonschema.validate(plain, json.loads(text))


def test_a_record_of_the_first_version_has_none() -> None:
    plain = run_plain(run(evaluation()))
    del plain["diagnoses"]
    assert run_of({**plain, "schema_version": 1}).diagnoses == ()


def _without(name: str) -> Any:
    return lambda plain: plain.pop(name)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (_without("tests"), "'tests' is missing"),
        (lambda plain: plain["tests"][0].pop("p"), "'p' is missing"),
        (lambda plain: plain["estimates"][0].update(unit="px"), "unit 'px' is not one of"),
        (lambda plain: plain["estimates"][0].update(value="much"), "expected a number, got 'much'"),
        (lambda plain: plain["estimates"][0].update(value=float("nan")), "expected a number"),
        (lambda plain: plain["estimates"][0].update(low=2.0), "expected low <= high"),
        (lambda plain: plain.update(n=-1), "expected a count, got -1"),
        (lambda plain: plain.update(sentence=3), "expected text, got 3"),
        (lambda plain: plain.update(notes=[4]), "expected text, got 4"),
        (lambda plain: plain.update(estimates=None), "not iterable"),
    ],
)
def test_what_is_wrong_is_named(change: Any, told: str) -> None:
    plain = diagnosis_plain(diagnosis())
    change(plain)
    with pytest.raises(RecordError, match=f"diagnosis made of a, one: .*{told}"):
        diagnosis_of(plain)


def test_a_baseline_keeps_none() -> None:
    merged, _ = merge(None, diagnosed(), model="a", tasks=["one"], overwrite=True)
    assert merged.evaluations
    assert not merged.diagnoses
