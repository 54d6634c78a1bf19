"""What one word stands for, what wins over it, and that a departure from it is told."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pytest_vlmsight.options import OPTIONS, PROTOCOLS, SettingError
from pytest_vlmsight.published import PUBLISHED
from pytest_vlmsight.settings import Settings, read_settings
from pytest_vlmsight.study_protocol import MOST_ITEMS, TASKS, TYPED, departures, protocol_told
from pytest_vlmsight.tasks.study.catalogue import STUDY

if TYPE_CHECKING:
    from collections.abc import Callable

WORD = {"vlm_protocol": "study"}
AS_STUDIED = Settings(
    protocol="study",
    tasks=TASKS,
    items=2019,
    scoring="generate",
    rotations=1,
    blind=("blank",),
    ceiling=("native",),
    images="composite",
)


def place(**given: Any) -> Callable[[str], Any]:
    return {f"vlm_{name}": value for name, value in given.items()}.get


def test_one_word_stands_for_the_study_s_settings() -> None:
    assert read_settings(WORD.get) == AS_STUDIED
    assert read_settings(place(), WORD.get) == AS_STUDIED


def test_its_tasks_are_those_with_published_numbers_and_all_their_items_are_asked() -> None:
    assert {name.removeprefix("study/") for name in TASKS} == set(PUBLISHED)
    assert max(task.n for task in PUBLISHED.values()) == MOST_ITEMS
    for name in TASKS:
        entry = STUDY[name]
        assert entry.items is not None
        assert entry.items <= MOST_ITEMS
        # BLINK's val split has one item more of some parts than the study counts.
        assert entry.items - PUBLISHED[name.removeprefix("study/")].n in (0, 1)


def test_protocols_can_be_typed_and_set_what_there_is() -> None:
    assert tuple(TYPED) == PROTOCOLS
    assert {dest for typed in TYPED.values() for dest in typed} <= {o.dest for o in OPTIONS}


def test_what_is_set_in_the_same_place_wins() -> None:
    typed = place(protocol="study", items="60", images="separate")
    assert read_settings(typed) == replace(AS_STUDIED, items=60, images="separate")


def test_the_command_line_s_protocol_wins_over_settings_of_the_file() -> None:
    file = place(items="60", scoring="letters", rotations="3", tasks=["texture"], margin=".2")
    settings = read_settings(WORD.get, file)
    assert replace(settings, gate=AS_STUDIED.gate) == AS_STUDIED
    assert settings.gate.margin == 0.2  # the study has none


def test_what_is_typed_wins_over_the_file_s_protocol_and_can_switch_it_off() -> None:
    assert read_settings(place(items="60"), WORD.get) == replace(AS_STUDIED, items=60)
    file = place(protocol="study", seed="3")
    assert read_settings(place(protocol="none"), file) == Settings(seed=3)


def test_settings_of_the_file_are_not_looked_at_where_the_protocol_decides() -> None:
    def file(dest: str) -> Any:
        assert dest not in TYPED["study"], dest

    assert read_settings(WORD.get, file) == AS_STUDIED


def test_a_protocol_that_there_is_not_is_named() -> None:
    with pytest.raises(SettingError, match="--vlm-protocol=paper: expected one of study, none"):
        read_settings(place(protocol="paper"))


def test_departures_are_told_by_name() -> None:
    assert protocol_told(Settings()) == ""
    assert departures(AS_STUDIED) == ()
    assert protocol_told(AS_STUDIED) == "study"
    changed = replace(AS_STUDIED, items=60, ceiling=("native", "matched"), rotations=None)
    changed = replace(changed, tasks=("study/art_style",), sequential=True, seed=3)
    assert protocol_told(changed) == (
        "study, but items=60 rotations=all sequential=true ceiling=native,matched"
    )


def test_the_label_alone_does_not_pass_for_the_protocol() -> None:
    told = protocol_told(Settings(protocol="study"))
    assert told == "study, but items=400 scoring=letters ceiling=matched images=auto"


def test_of_a_later_version_s_protocol_the_name_is_told() -> None:
    assert protocol_told(Settings(protocol="of-later")) == "of-later"
