"""What may follow ``--vlm``, and what is shown of it."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from pytest_vlmsight.models.aliases import ALIASES
from pytest_vlmsight.models.names import ModelName, UnknownModelError, parse_name


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


@pytest.mark.parametrize(
    ("text", "start", "recorded"),
    [
        ("deep/step-2", "", "deep/step-2"),
        ("./step-1/", "", "step-1"),
        ("{base}/deep/step-2", "", "deep/step-2"),
        ("../step-1", "deep", "step-1"),
        ("{base}/deep/step-2", "step-1", "step-2"),
        ("{base}/deep/step-2", "/", "step-2"),
        (".", "step-1", "step-1"),
        ("linked", "", "linked"),
        ("llava-1.5", "", "llava-hf/llava-1.5-7b-hf"),
        ("owner/name@abc", "", "owner/name"),
    ],
)
def test_records_tell_no_path_of_the_machine(
    base: Path, text: str, start: str, recorded: str
) -> None:
    (base / "linked").symlink_to(base / "deep" / "step-2")
    assert parse_name(text.format(base=base), base=base / start).recorded == recorded


def test_a_name_that_does_not_print_is_shown_with_escapes(base: Path) -> None:
    """Ids of cases are made of it, which pytest prints and writes to files."""
    name = os.fsdecode(b"a\x1bb-\xff")
    try:
        (base / name).symlink_to(base / "step-1")
    except OSError:
        pytest.skip("this file system has no such names")
    assert parse_name(f"./{name}", base=base).shown == r"a\x1bb-\udcff"


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


@pytest.fixture
def lora(base: Path) -> Path:
    """Beside the checkpoints an adapter in ``lora``, and names with "+" of either kind."""
    for name in ("lora", "r=8+dora"):
        (base / name).mkdir()
        (base / name / "adapter_config.json").write_text("{}")
    (base / "a+b").mkdir()
    (base / "a+b" / "config.json").write_text("{}")
    return base / "lora"


@pytest.mark.parametrize(
    ("text", "source", "revision", "adapter"),
    [
        ("llava-1.5+me/lora", "llava-hf/llava-1.5-7b-hf", None, ("me/lora", None)),
        ("llava-1.5@v2+me/lora@main", "llava-hf/llava-1.5-7b-hf", "v2", ("me/lora", "main")),
        ("owner/name+me/lora@refs/pr/1", "owner/name", None, ("me/lora", "refs/pr/1")),
    ],
)
def test_an_adapter_of_the_hub_stands_behind_a_plus(
    text: str, source: str, revision: str | None, adapter: tuple[str, str | None]
) -> None:
    name = parse_name(text)
    assert (name.shown, name.source, name.revision, name.local) == (text, source, revision, False)
    shown = text.partition("+")[2]
    assert name.adapter == ModelName(
        shown=shown, source=adapter[0], revision=adapter[1], local=False
    )


@pytest.mark.parametrize(
    ("text", "shown", "model", "adapter"),
    [
        ("step-1+lora", "step-1+lora", "step-1", "lora"),
        ("./step-1/+./lora/", "step-1+lora", "step-1", "lora"),
        ("deep/step-2+r=8+dora", "deep/step-2+r=8+dora", "deep/step-2", "r=8+dora"),
        ("a+b+lora", "a+b+lora", "a+b", "lora"),
        ("a+b+r=8+dora", "a+b+r=8+dora", "a+b", "r=8+dora"),
    ],
)
def test_folders_of_a_model_and_an_adapter_may_have_a_plus_in_their_names(
    base: Path, lora: Path, text: str, shown: str, model: str, adapter: str
) -> None:
    name = parse_name(text, base=base)
    assert (name.shown, name.source, name.local) == (shown, str((base / model).resolve()), True)
    assert name.adapter is not None
    assert (name.adapter.source, name.adapter.local) == (str((base / adapter).resolve()), True)


def test_a_folder_with_a_plus_in_its_name_is_itself(base: Path, lora: Path) -> None:
    name = parse_name("a+b", base=base)
    assert (name.shown, name.adapter) == ("a+b", None)
    assert parse_name(f"{base}/a+b").source == str((base / "a+b").resolve())


@pytest.mark.parametrize("text", ["llava-1.5+lora", "owner/name+./lora", "step-1+me/lora"])
def test_a_folder_and_a_hub_id_may_be_put_together(base: Path, lora: Path, text: str) -> None:
    name = parse_name(text, base=base)
    assert name.adapter is not None
    assert name.local != name.adapter.local


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("step-1+", "'+' must be followed by an adapter: a hub id"),
        ("llava-1.5+", "'+' must be followed by an adapter"),
        ("step-1+./gone", "there is no such adapter folder"),
        ("step-1+gone", "the adapter 'gone' is neither a folder nor a hub id of the form owner"),
        ("step-1+llava-1.5", "the adapter 'llava-1.5' is neither a folder nor a hub id"),
        ("step-1+empty", "the folder is no adapter of PEFT: it has no adapter_config.json"),
        ("step-1+deep/step-2", "no adapter of PEFT: it has no adapter_config.json"),
        ("step-1+me/lora@", "'@' must be followed by a revision"),
        ("+me/lora", "'' is neither a folder, nor a hub id"),
        ("lava-1.5+me/lora", "'lava-1.5' is neither a folder, nor a hub id of the form"),
        ("./gone+me/lora", "there is no such folder"),
        ("lora", "it is an adapter; give its base before it: --vlm=BASE+lora"),
        ("lora+me/lora", "it is an adapter; give its base before it"),
    ],
)
def test_a_base_or_an_adapter_that_is_none_is_told(
    base: Path, lora: Path, text: str, words: str
) -> None:
    with pytest.raises(UnknownModelError, match=re.escape(words)) as error:
        parse_name(text, base=base)
    assert str(error.value).startswith(f"--vlm={text}: ")


def test_aliases_are_hub_ids() -> None:
    for alias, source in ALIASES.items():
        assert "/" not in alias
        assert parse_name(source).source == source
