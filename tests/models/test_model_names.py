"""What may follow ``--vlm``, and what is shown of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pytest_vlmsight.models.names import ALIASES, ModelName, UnknownModelError, parse_name


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A folder with a checkpoint in ``step-1`` and ``deep/step-2``, and an empty folder."""
    for name in ("step-1", "deep/step-2", "with space"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "config.json").write_text("{}")
    (tmp_path / "empty").mkdir()
    return tmp_path


@pytest.mark.parametrize(("alias", "source"), ALIASES.items())
def test_an_alias_is_its_hub_id_and_shown_as_typed(alias: str, source: str) -> None:
    want = ModelName(shown=alias, source=source, revision=None, local=False)
    assert parse_name(alias) == want


def test_an_alias_may_have_a_revision() -> None:
    want = ModelName(
        shown="llava-1.5@v2", source="llava-hf/llava-1.5-7b-hf", revision="v2", local=False
    )
    assert parse_name("llava-1.5@v2") == want


@pytest.mark.parametrize(
    ("text", "source", "revision"),
    [
        ("owner/name", "owner/name", None),
        ("Owner-1/Na_me.5", "Owner-1/Na_me.5", None),
        ("owner/name@main", "owner/name", "main"),
        ("owner/name@0123abc", "owner/name", "0123abc"),
        ("owner/name@refs/pr/3", "owner/name", "refs/pr/3"),
        ("  owner/name@v1 \n", "owner/name", "v1"),
    ],
)
def test_a_hub_id_is_split_at_its_revision(text: str, source: str, revision: str | None) -> None:
    want = ModelName(shown=text.strip(), source=source, revision=revision, local=False)
    assert parse_name(text) == want


@pytest.mark.parametrize(
    ("text", "shown", "folder"),
    [
        ("step-1", "step-1", "step-1"),
        ("./step-1", "step-1", "step-1"),
        ("./step-1/", "step-1", "step-1"),
        ("step-1/", "step-1", "step-1"),
        ("deep/step-2", "deep/step-2", "deep/step-2"),
        ("with space", "with space", "with space"),
        ("deep/../step-1", "deep/../step-1", "step-1"),
    ],
)
def test_a_folder_is_found_from_the_base(base: Path, text: str, shown: str, folder: str) -> None:
    want = ModelName(shown=shown, source=str((base / folder).resolve()), revision=None, local=True)
    assert parse_name(text, base=base) == want


@pytest.mark.parametrize("text", [".", "./", "../step-1/."])
def test_a_folder_without_a_name_is_shown_by_its_own(base: Path, text: str) -> None:
    name = parse_name(text, base=base / "step-1")
    assert name.source == str((base / "step-1").resolve())
    assert name.shown.strip("./") != ""


def test_the_current_folder_is_shown_by_its_name(base: Path) -> None:
    assert parse_name(".", base=base / "step-1").shown == "step-1"
    (base / "step-1" / "x").mkdir()
    assert parse_name("..", base=base / "step-1" / "x").shown == "step-1"


def test_an_absolute_folder_is_itself_whatever_the_base(base: Path) -> None:
    name = parse_name(f"{base}/step-1/", base=Path("/"))
    want = ModelName(
        shown=f"{base}/step-1", source=str((base / "step-1").resolve()), revision=None, local=True
    )
    assert name == want


def test_the_base_is_the_working_directory(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(base)
    assert parse_name("step-1").source == str((base / "step-1").resolve())


def test_the_home_folder_may_be_written_as_a_tilde(
    base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(base))
    assert parse_name("~/step-1").source == str((base / "step-1").resolve())


def test_a_folder_comes_before_an_alias_and_a_hub_id(base: Path) -> None:
    for text in ("llava-1.5", "owner/name"):
        (base / text).mkdir(parents=True)
        (base / text / "config.json").write_text("{}")
        assert parse_name(text, base=base).local


@pytest.mark.parametrize(
    ("text", "close"),
    [
        ("lava-1.5", "llava-1.5"),
        ("llava-1.5-7B", "llava-1.5-7b"),
        ("baklava", "bakllava"),
        ("lava-1.5@main", "llava-1.5"),
    ],
)
def test_an_unknown_alias_suggests_close_ones(text: str, close: str) -> None:
    with pytest.raises(UnknownModelError, match=r"did you mean .*" + re.escape(close)) as error:
        parse_name(text)
    assert f"--vlm={text}: neither a folder, nor a hub id" in str(error.value)
    assert "`vlmsight models` lists the aliases" in str(error.value)


@pytest.mark.parametrize("text", ["zzz", "a/b/c", "owner/na me", "owner/", "é", "a" * 999])
def test_what_resembles_nothing_gets_no_suggestion(text: str, base: Path) -> None:
    with pytest.raises(UnknownModelError, match="nor an alias; `vlmsight models`"):
        parse_name(text, base=base)


@pytest.mark.parametrize("text", ["", "  ", "a::b", "owner/name::x", "::"])
def test_what_cannot_stand_in_a_case_id_is_refused(text: str) -> None:
    with pytest.raises(UnknownModelError, match="without '::'"):
        parse_name(text)


@pytest.mark.parametrize("text", ["http://localhost:8000/v1#name", "https://host/v1"])
def test_an_endpoint_is_refused_for_now(text: str) -> None:
    with pytest.raises(UnknownModelError, match="endpoints cannot be asked yet") as error:
        parse_name(text)
    assert f"--vlm={text}" in str(error.value)


def test_a_folder_without_a_config_is_no_checkpoint(base: Path) -> None:
    with pytest.raises(UnknownModelError, match=r"it has no config\.json") as error:
        parse_name("empty", base=base)
    assert str(base / "empty") in str(error.value)


@pytest.mark.parametrize(
    "text", ["./gone", "/gone/far/away", "~/gone-far-away", "../gone", "~who-is-that/x"]
)
def test_a_missing_folder_is_not_taken_for_a_hub_id(base: Path, text: str) -> None:
    with pytest.raises(UnknownModelError, match="there is no such folder"):
        parse_name(text, base=base)


def test_a_file_is_no_folder(base: Path) -> None:
    with pytest.raises(UnknownModelError, match="there is no such folder"):
        parse_name("./step-1/config.json", base=base)


@pytest.mark.parametrize("text", ["owner/name@", "llava-1.5@"])
def test_an_at_sign_needs_a_revision(text: str) -> None:
    with pytest.raises(UnknownModelError, match="'@' must be followed by a revision"):
        parse_name(text)


def test_aliases_are_hub_ids() -> None:
    for alias, source in ALIASES.items():
        assert "/" not in alias
        assert parse_name(source).source == source
