"""A checkpoint is known by the content of the files that decide its answers."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from typing import TYPE_CHECKING

import pytest
from hub_cache import lay_out
from tiny_vlms import loaded

from pytest_vlmsight.models import digest
from pytest_vlmsight.models.digest import Content, content_of

if TYPE_CHECKING:
    from pathlib import Path

FILES = {
    "config.json": b"{}",
    "model.safetensors": b"weights",
    "tokenizer.json": b'{"a": 1}',
    "chat_template.jinja": b"{{ text }}",
    "modeling.py": b"pass",
    "README.md": b"a card",
    "optimizer.pt": b"moments",
    "trainer_state.json": b'{"step": 1}',
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "model"
    made.mkdir()
    for name, content in FILES.items():
        (made / name).write_bytes(content)
    return made


def test_a_folder_that_was_moved_is_what_it_was(folder: Path, tmp_path: Path) -> None:
    before = content_of(folder)
    assert content_of(folder.rename(tmp_path / "elsewhere")) == before
    assert len(before.weights) == len(before.files) == digest.DIGITS


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("model.safetensors", "weights"),
        ("config.json", "files"),
        ("tokenizer.json", "files"),
        ("chat_template.jinja", "files"),
        ("modeling.py", "files"),
        ("README.md", None),
        ("optimizer.pt", None),
        ("trainer_state.json", None),
    ],
)
def test_what_decides_answers_changes_the_hash_and_nothing_else(
    folder: Path, name: str, changes: str | None
) -> None:
    before = content_of(folder)
    (folder / name).write_bytes(FILES[name] + b" ")
    after = content_of(folder)
    assert (after.weights != before.weights) is (changes == "weights")
    assert (after.files != before.files) is (changes == "files")


def test_weights_written_over_in_place_are_others(folder: Path) -> None:
    """Of the same length, as the next step of a training run has them."""
    before = content_of(folder)
    path = folder / "model.safetensors"
    path.write_bytes(b"WEIGHTS")
    os.utime(path, ns=(1, 1))
    assert content_of(folder).weights != before.weights


def test_file_whose_name_is_no_unicode_counts(folder: Path) -> None:
    before = content_of(folder)
    try:
        (folder / os.fsdecode(b"vocab-\xff.json")).write_bytes(b"[]")
    except OSError:
        pytest.skip("this file system has no such names")
    assert content_of(folder).files != before.files


def test_files_that_exchange_their_names_are_others(folder: Path) -> None:
    (folder / "vocab.json").write_bytes(b"[]")
    before = content_of(folder)
    (folder / "vocab.json").write_bytes(FILES["tokenizer.json"])
    (folder / "tokenizer.json").write_bytes(b"[]")
    assert content_of(folder).files != before.files


def test_shards_outside_of_the_folder_count(folder: Path) -> None:
    index = {"weight_map": {"a": "model.safetensors", "b": "../base.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    (folder.parent / "base.safetensors").write_bytes(b"1")
    before = content_of(folder)
    (folder.parent / "base.safetensors").write_bytes(b"2")
    after = content_of(folder)
    assert after.weights != before.weights
    assert after.files == before.files


@pytest.mark.parametrize("index", ["", "[]", '{"weight_map": 3}', '{"weight_map": {"a": 1}}'])
def test_an_index_that_is_none_is_left_to_whoever_loads(folder: Path, index: str) -> None:
    before = content_of(folder)
    (folder / "model.safetensors.index.json").write_text(index)
    assert content_of(folder).weights == before.weights


def test_folders_within_count_where_they_are_no_models_of_their_own(folder: Path) -> None:
    before = content_of(folder)
    (folder / "checkpoint-5").mkdir()
    shutil.copy(folder / "config.json", folder / "checkpoint-5")
    (folder / "checkpoint-5" / "model.safetensors").write_bytes(b"step 5")
    (folder / ".git").mkdir()
    (folder / ".git" / "config.json").write_bytes(b"no")
    assert content_of(folder) == before
    (folder / "additional_chat_templates").mkdir()
    (folder / "additional_chat_templates" / "tools.jinja").write_bytes(b"{{ tools }}")
    assert content_of(folder).files != before.files


def test_an_adapter_counts(folder: Path, tmp_path: Path) -> None:
    adapter = tmp_path / "adapter"
    adapter.mkdir()
    (adapter / "adapter_config.json").write_bytes(b"{}")
    (adapter / "adapter_model.safetensors").write_bytes(b"1")
    both = content_of(folder, adapter)
    assert both.weights != content_of(folder).weights
    (adapter / "adapter_model.safetensors").write_bytes(b"2")
    assert content_of(folder, adapter).weights != both.weights
    assert content_of(folder, adapter).files == both.files


def test_blobs_of_the_hub_are_known_by_their_names(folder: Path, tmp_path: Path) -> None:
    """Of a snapshot nothing is read, and it is what a folder of the same files is."""
    (folder / "modeling.py").unlink()
    want = content_of(folder)
    lay_out(tmp_path, "some/model", {"c0ffee": folder}, {"main": "c0ffee"})
    snapshot = tmp_path / "models--some--model" / "snapshots" / "c0ffee"
    for blob in (tmp_path / "models--some--model" / "blobs").iterdir():
        blob.write_bytes(b"not read")
    digest._known.clear()
    assert content_of(snapshot) == want
    assert not digest._known


def test_blobs_of_small_files_are_read(folder: Path, tmp_path: Path) -> None:
    """The hub names those by a hash of git's, which is no SHA-256 of the content."""
    want = content_of(folder)
    blobs = tmp_path / "blobs"
    blobs.mkdir()
    content = (folder / "config.json").read_bytes()
    (blobs / hashlib.sha1(content).hexdigest()).write_bytes(content)  # noqa: S324 - as git does
    (folder / "config.json").unlink()
    (folder / "config.json").symlink_to(next(blobs.iterdir()))
    assert content_of(folder) == want


def test_a_file_is_read_once_while_it_is_as_it_was(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest._known.clear()
    before = content_of(folder)
    monkeypatch.setattr(hashlib, "file_digest", None)
    assert content_of(folder) == before
    (folder / "config.json").write_bytes(b"{ }")
    with pytest.raises(TypeError):
        content_of(folder)


def test_provenance_tells_the_content_of_what_was_loaded(plain: Path) -> None:
    told = loaded(plain).provenance
    assert content_of(plain) == Content(weights=told["weights"], files=told["files"])
