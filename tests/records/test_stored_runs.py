"""Records that earlier versions wrote are read: a file of each schema version is kept for ever."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pytest_vlmsight.gates import Outcome
from pytest_vlmsight.records.run_file import SCHEMA_VERSION, read_run, run_plain

STORED = Path(__file__).parent / "stored"


def test_there_is_a_file_of_each_version() -> None:
    versions = [json.loads(path.read_text())["schema_version"] for path in STORED.glob("*.json")]
    assert sorted(versions) == list(range(1, SCHEMA_VERSION + 1))


@pytest.mark.parametrize("version", range(1, SCHEMA_VERSION + 1))
def test_what_an_earlier_version_wrote_is_read(version: int) -> None:
    run = read_run(STORED / f"run-{version}.json")
    assert run.models == ("always_a", "oracle")
    assert run.tasks == ("tiny",)
    assert run.settings["items"] == 32
    told = {
        one.model: (
            one.sighted.scores(one.gold).mean(),
            one.blind["blank"].scores(one.gold).mean(),
            one.ceiling_scores("matched").mean(),
        )
        for one in run.evaluations
    }
    assert told == {"always_a": (0.25, 0.25, 1.0), "oracle": (1.0, 0.25, 1.0)}
    verdicts = {case.id: case.verdict for case in run.cases}
    judged = verdicts["vlmsight::oracle::tiny::ceiling"]
    assert judged is not None
    assert judged.outcome is Outcome.PASS
    # As this version writes it, it can be read by this version.
    assert run_plain(run)["schema_version"] == SCHEMA_VERSION


def test_what_was_diagnosed_is_read() -> None:
    (one,) = read_run(STORED / "run-2.json").diagnoses
    assert (one.part, one.model, one.task, one.n) == ("layers", "always_a", "tiny", 32)
    assert one.conclusion == "present to the last layer"
    assert [e.name for e in one.of("readout")][-1] == "llm[2]"
