"""Settings come back from a record as they were, and what cannot be one is named."""

from __future__ import annotations

import dataclasses
from dataclasses import replace
from typing import Any

import pytest
from made_runs import evaluation, run

from pytest_vlmsight.records.errors import RecordError
from pytest_vlmsight.records.run_file import run_of, run_plain
from pytest_vlmsight.records.run_settings import run_settings
from pytest_vlmsight.settings import GateSettings, Settings

GIVEN = Settings(
    vlms=("a", "b"),
    tasks=("x/*",),
    protocol="study",
    items=30,
    gate=GateSettings(margin=0.2, alpha=0.01),
    per_task=(("one", (("alpha", 0.1),)),),
    ceiling=("native", "matched"),
    rotations=None,
    marker=("colour=red",),
    difficulty=(("*", (("ratio", "1..2"),)),),
    json="run.json",
    no_cache=True,
)


def test_settings_are_read_as_they_were_recorded() -> None:
    from pytest_vlmsight.recorder import _plain

    recorded = replace(run(evaluation()), settings=_plain(dataclasses.asdict(GIVEN)))
    assert run_settings(run_of(run_plain(recorded))) == GIVEN


def test_what_the_record_does_not_say_is_as_by_default() -> None:
    assert run_settings(replace(run(), settings={"of a later version": 1})) == Settings()


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"items": "many"}, "setting items: got 'many'"),
        ({"tasks": "one"}, "setting tasks: got 'one'"),
        ({"protocol": 1}, "setting protocol: got 1"),
        ({"protocol": {}}, "setting protocol: got {}"),
        ({"no_cache": 1}, "setting no_cache: got 1"),
        ({"gate": {"alpha": 2}}, "setting alpha: got 2"),
        ({"gate": {"alpha": "x"}}, "settings of the gates: could not convert"),
        ({"gate": {"frog": 1}}, "settings of the gates: .*frog"),
        ({"gate": [1]}, "settings of the gates"),
        ({"per_task": [["one", [["alpha", 0.7]]]]}, "setting alpha: got 0.7"),
        ({"per_task": [["one", [["alpha", "0.1"]]]]}, "setting alpha: got '0.1'"),
        ({"per_task": ["one"]}, "settings of the gates"),
        ({"tasks": [3]}, "setting tasks: got \\[3\\]"),
        ({"difficulty": [["*", "frog"]]}, "setting difficulty: got"),
        ({"difficulty": [["*", [["frog", 1]]]]}, "setting difficulty: got"),
        ({"ceiling": []}, "setting ceiling: got \\[\\]"),
        ({"ceiling": ["frog"]}, "setting ceiling"),
    ],
)
def test_what_cannot_be_a_setting_is_named(settings: dict[str, Any], told: str) -> None:
    with pytest.raises(RecordError, match=told):
        run_settings(replace(run(evaluation()), settings=settings))
