"""From text, texts and TOML values to settings, and what is said of those that cannot be used."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_vlmsight.options import BLIND_KINDS, OPTIONS, SIZES, Option, SettingError
from pytest_vlmsight.settings import GATE_KEYS, GateSettings, Settings, read_settings
from pytest_vlmsight.tasks import generated
from pytest_vlmsight.tasks.generated import Canvas
from pytest_vlmsight.tasks.marker_words import parse_markers

if TYPE_CHECKING:
    from pathlib import Path

BY_NAME = {option.name: option for option in OPTIONS}
WORD = st.text("abcxyz012_./@-", min_size=1, max_size=12)

EMPTY: list[Any] = [None, "", []]

VALID: dict[str, list[tuple[Any, Any]]] = {
    "": [(["./my model"], ("./my model",)), (["a", "b", "a"], ("a", "b"))],
    "tasks": [(["study/*", "x, y"], ("study/*", "x, y"))],
    "protocol": [("study", "study"), ("none", None)],
    "items": [("400", 400), (12, 12), ("007", 7)],
    "seed": [("0", 0), (0, 0)],
    "margin": [(".1", 0.1), (0.25, 0.25), ("1e-3", 0.001)],
    "recovery": [("0.5", 0.5)],
    "min-gain": [("0.1", 0.1)],
    "alpha": [("0.05", 0.05), (0.4999, 0.4999)],
    "drop": [("auto", None), (".02", 0.02), (0.25, 0.25)],
    "blind": [(["blank,none"], ("blank", "none")), (["noise shuffled", "noise"], BLIND_KINDS[2:])],
    "ceiling": [(["native", "matched"], ("native", "matched"))],
    "scoring": [("generate", "generate")],
    "rotations": [("all", None), ("3", 3)],
    "sequential": [("true", True), (True, True), ("no", False)],
    "inconclusive": [("skip", "skip")],
    "device": [("cuda:1", "cuda:1"), ("map", "map")],
    "dtype": [("bfloat16", "bfloat16"), ("int8", "int8"), ("int4", "int4")],
    "batch": [("auto", None), ("8", 8)],
    "images": [("composite", "composite")],
    "marker": [
        (["colour=red size=.1"], ("colour=red", "size=.1")),
        (["vary, shape=dot"], ("vary", "shape=dot")),
    ],
    "size": [("224", 224), (672, 672)],
    "difficulty": [
        (["* a=1"], (("*", (("a", "1"),)),)),
        # Lines are kept as typed, repeated ones too: the last wins.
        (
            ["a,b  ratio=1.1..1.3 n=6 ", "c x=1", "a,b  ratio=1.1..1.3 n=6 "],
            (
                ("a,b", (("ratio", "1.1..1.3"), ("n", "6"))),
                ("c", (("x", "1"),)),
                ("a,b", (("ratio", "1.1..1.3"), ("n", "6"))),
            ),
        ),
    ],
    "baseline": [("vlmsight/model.json", "vlmsight/model.json"), ("my lines/", "my lines/")],
    "update": [("true", True), (True, True), ("no", False)],
    "update-new": [("true", True), ("0", False)],
    "diagnose": [(["all"], ("all",)), (["layers, all"], ("layers", "all"))],
    "json": [("run.json", "run.json"), ("a b/run.json", "a b/run.json")],
    "report": [("run.html", "run.html"), ("a b/run.html", "a b/run.html")],
    "badge": [("sight.svg", "sight.svg"), ("a b/sight.json", "a b/sight.json")],
    "cache-dir": [("~/my pictures, here", "~/my pictures, here")],
    "no-cache": [("true", True), (True, True), ("no", False)],
    "data-dir": [("~/my data, here", "~/my data, here")],
    "jobs": [("auto", None), ("3", 3)],
    "trust-remote-code": [
        ("TRUE", True),
        ("no", False),
        (True, True),
        (False, False),
        ("0", False),
    ],
}

INVALID: dict[str, list[Any]] = {
    "protocol": ["paper", "Study"],
    "items": ["0", "-1", "1.5", "many", "1e3", True],
    "seed": ["-1", "x"],
    "margin": ["0", "1", "-.1", "nan", "inf", "ten", 1],
    "recovery": ["0", "1"],
    "min-gain": ["0", "2"],
    "alpha": ["0", ".5", ".9"],
    "drop": ["0", "1", "none", "nan"],
    "blind": [["dark"], ["blank,dark"]],
    "ceiling": [["upper"]],
    "scoring": ["words"],
    "rotations": ["0", "none"],
    "sequential": ["maybe"],
    "inconclusive": ["maybe", "FAIL"],
    "dtype": ["int2", "float8"],
    "batch": ["0", "all"],
    "jobs": ["0", "many"],
    "images": ["both"],
    "size": ["223", "673", "0", "large", "224.5"],
    "difficulty": [["depth"], ["ratio=1"], ["depth ratio"], ["depth ratio="], ["depth =1"], [" "]],
    "diagnose": [["nothing"], ["all,none"]],
    "badge": ["sight.png", "svg", "sight.SVG"],
    "update": ["maybe"],
    "update-new": ["maybe"],
    "no-cache": ["maybe"],
    "trust-remote-code": ["maybe", "2"],
}


@pytest.mark.parametrize("option", OPTIONS, ids=lambda o: o.dest)
def test_nothing_given_is_the_default(option: Option) -> None:
    assert [option.read(empty) for empty in EMPTY] == [option.default] * 3


@pytest.mark.parametrize("option", OPTIONS, ids=lambda o: o.dest)
def test_what_is_expected_is_read(option: Option) -> None:
    for typed, value in VALID[option.name]:
        read = option.read(typed)
        assert read == value
        assert type(read) is type(value)


@pytest.mark.parametrize("name", INVALID)
def test_error_names_the_flag_what_was_given_what_is_expected_and_the_ini_key(name: str) -> None:
    option = BY_NAME[name]
    for typed in INVALID[name]:
        with pytest.raises(SettingError) as caught:
            option.read(typed)
        shown = " ".join(typed) if option.many else str(typed)
        if option.many and not option.whole:
            shown = " ".join(shown.replace(",", " ").split())
        assert str(caught.value) == (
            f"{option.flag}={shown}: expected {option.expected} ({option.dest} in an ini file)"
        )


def test_flags_and_ini_keys_are_twins() -> None:
    assert BY_NAME[""].flag == "--vlm"
    assert BY_NAME[""].dest == "vlm"
    assert BY_NAME["trust-remote-code"].flag == "--vlm-trust-remote-code"
    assert BY_NAME["trust-remote-code"].dest == "vlm_trust_remote_code"
    assert len({option.dest for option in OPTIONS}) == len(OPTIONS)


@given(st.integers(1, 10**9))
def test_whole_numbers_are_read_as_written(n: int) -> None:
    assert BY_NAME["items"].read(str(n)) == n
    assert BY_NAME["items"].read(n) == n


@given(st.floats(0, 1, exclude_min=True, exclude_max=True))
def test_proportions_are_read_as_written(share: float) -> None:
    assert BY_NAME["margin"].read(repr(share)) == share
    assert BY_NAME["margin"].read(share) == share


@given(st.lists(st.sampled_from(BLIND_KINDS), min_size=1), st.sampled_from([",", " ", ", "]))
def test_several_words_are_read_however_they_are_parted(kinds: list[str], between: str) -> None:
    unique = tuple(dict.fromkeys(kinds))
    assert BY_NAME["blind"].read([between.join(kinds)]) == unique
    assert BY_NAME["blind"].read(kinds) == unique


@given(st.lists(WORD, min_size=1))
def test_names_are_kept_whole_in_the_order_typed(names: list[str]) -> None:
    assert BY_NAME[""].read(names) == tuple(dict.fromkeys(names))


@pytest.mark.parametrize("name", [o.name for o in OPTIONS if o.name in INVALID])
@given(text=st.text(max_size=20))
def test_any_text_is_read_or_refused_by_name(name: str, text: str) -> None:
    option = BY_NAME[name]
    try:
        option.read([text] if option.many else text)
    except SettingError as error:
        assert str(error).startswith(f"{option.flag}=")  # noqa: PT017 - either way is right


def test_of_several_lines_the_one_that_cannot_be_used_is_named() -> None:
    with pytest.raises(SettingError, match=r"^--vlm-difficulty=b x: expected 'TASK name=VALUE"):
        BY_NAME["difficulty"].read(["a x=1", "b x", "c x=2"])


def test_sizes_are_those_that_a_canvas_takes() -> None:
    assert SIZES == generated.SIZES


def test_canvas_of_the_settings() -> None:
    words = ("vary", "colour=blue")
    canvas = Settings(size=448, marker=words, no_cache=True).canvas()
    assert canvas == Canvas(size=448, markers=parse_markers(words), cache=None)
    assert Settings(no_cache=True, cache_dir="kept").canvas().cache is None


def test_cache_folder_of_the_user_is_the_default() -> None:
    from pytest_vlmsight.tasks.picture_cache import default_folder

    assert Settings().canvas().cache == default_folder()


def test_cache_folder_is_found_from_anywhere_and_not_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert Settings(cache_dir="kept/here").canvas().cache == tmp_path / "kept" / "here"
    assert Settings(cache_dir="~/kept").canvas().cache == tmp_path / "home" / "kept"
    assert list(tmp_path.iterdir()) == []


def test_cache_folder_that_cannot_be_one_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SettingError, match=r"^--vlm-cache-dir=.*file: got a file, expected a fol"):
        Settings(cache_dir=str(tmp_path / "file")).canvas()
    with pytest.raises(SettingError, match=r"^--vlm-cache-dir=~nobody-of-this-name: Could not"):
        Settings(cache_dir="~nobody-of-this-name").canvas()


def test_defaults_of_the_table_are_those_of_the_settings() -> None:
    assert read_settings(lambda _: None) == Settings()


def test_every_option_ends_in_the_settings() -> None:
    fields = {f.name for f in dataclasses.fields(Settings)} - {"gate", "per_task", "vlms"}
    gates = {f.name for f in dataclasses.fields(GateSettings)}
    assert gates == set(GATE_KEYS)
    assert {o.dest.removeprefix("vlm_") for o in OPTIONS} == fields | gates | {"vlm"}


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Settings().items = 3  # type: ignore[misc]


def test_lines_of_single_tasks_change_what_their_pattern_matches() -> None:
    lines = ["study/* margin=.2 alpha=.01", "study/depth margin=.3", "other recovery=.7"]
    settings = read_settings({"vlm_margin": ".15"}.get, per_task=lines)
    assert settings.gate_for("study/depth") == GateSettings(margin=0.3, alpha=0.01)
    assert settings.gate_for("study/match") == GateSettings(margin=0.2, alpha=0.01)
    assert settings.gate_for("other") == GateSettings(margin=0.15, recovery=0.7)
    assert settings.gate_for("Study/depth") == GateSettings(margin=0.15)


def test_drop_of_a_task_can_be_set_and_left_to_the_number_of_items() -> None:
    lines = ["study/* drop=.01", "study/depth drop=auto"]
    settings = read_settings({"vlm_drop": ".02"}.get, per_task=lines)
    drops = [settings.gate_for(task).drop for task in ("other", "study/match", "study/depth")]
    assert drops == [0.02, 0.01, None]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("depth frog=1", ["vlm_gates: 'depth frog=1'", "recovery=…", "got 'frog=1'"]),
        ("depth margin", ["got 'margin'"]),
        ("depth margin=", ["got 'margin='"]),
        ("depth margin=.2 =.3", ["got '=.3'"]),
        ("depth", ["got no setting"]),
        ("  ", ["got no setting"]),
        ("depth alpha=.9", ["--vlm-alpha=.9: expected an error rate"]),
    ],
)
def test_line_of_a_task_that_cannot_be_used_is_named(line: str, words: list[str]) -> None:
    with pytest.raises(SettingError) as caught:
        read_settings(lambda _: None, per_task=[line])
    assert all(word in str(caught.value) for word in words)
