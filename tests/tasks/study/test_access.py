"""Where data sets are found, and what is said where they are not there or not whole."""

from __future__ import annotations

import importlib.util
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pytest_vlmsight.tasks.generated import Canvas
from pytest_vlmsight.tasks.study import data_sets
from pytest_vlmsight.tasks.study.access import find
from pytest_vlmsight.tasks.study.data_sets import DATA_SETS
from pytest_vlmsight.tasks.study.errors import StudyError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from study_fixtures import Laid


def copied(laid: Laid, key: str, folder: Path) -> Path:
    """A data set's files as a user downloads them with --local-dir: no links."""
    shutil.copytree(laid.snapshot(key), folder / key)
    return folder


def test_files_of_the_hub_s_cache_are_found_at_the_pinned_commit(laid: Laid) -> None:
    found = find(DATA_SETS["CV-Bench"], ("test_3d.parquet",), canvas=Canvas())
    assert [path.name for path in found.paths] == ["test_3d.parquet"]
    assert found.told == "nyu-visionx/CV-Bench@bc284db50d036958861cb60cdd7b77612052ce0d"


def test_of_a_data_set_without_a_pin_the_commit_is_told(laid: Laid) -> None:
    assert find(DATA_SETS["MMVP"], ("*train*.parquet",), canvas=Canvas()).commit == "ab" * 20


def test_another_commit_than_the_pinned_one_is_not_read(
    laid: Laid, monkeypatch: pytest.MonkeyPatch
) -> None:
    pinned = replace(DATA_SETS["MMVP"], revision="cd" * 20)
    with pytest.raises(StudyError, match=f"--revision {'cd' * 20}"):
        find(pinned, ("*train*.parquet",), canvas=Canvas())


def test_the_user_s_folder_comes_before_the_hub(laid: Laid, tmp_path: Path) -> None:
    own = copied(laid, "MMVP", tmp_path)
    found = find(DATA_SETS["MMVP"], ("*train*.parquet",), canvas=Canvas(data=own))
    assert found.folder == tmp_path / "MMVP"
    assert found.told == "MMVP, own files"
    # Another data set is not there: the hub has it.
    assert find(DATA_SETS["dtd"], ("*test-*",), canvas=Canvas(data=own)).commit


def test_what_a_download_left_unfinished_in_the_user_s_folder_is_not_read(
    laid: Laid, tmp_path: Path
) -> None:
    own = copied(laid, "MMVP", tmp_path)
    (whole,) = (own / "MMVP").rglob("*.parquet")
    hidden = own / "MMVP" / ".cache" / "huggingface" / "download" / "data"
    hidden.mkdir(parents=True)
    whole.rename(hidden / f"{whole.name}.incomplete.parquet")
    with pytest.raises(StudyError, match=r"data set MMVP: there is no \*train\*.parquet in what"):
        find(DATA_SETS["MMVP"], ("*train*.parquet",), canvas=Canvas(data=own))


def test_a_part_that_is_missing_is_named(laid: Laid, tmp_path: Path) -> None:
    own = copied(laid, "MOCHI", tmp_path)
    (own / "MOCHI" / "data" / "train-00001-of-00002.parquet").unlink()
    with pytest.raises(StudyError, match="not finished: part 00001-of-00002 is missing"):
        find(DATA_SETS["MOCHI"], ("*train-*.parquet",), canvas=Canvas(data=own))


def test_one_part_is_enough_where_one_is_asked_for(laid: Laid) -> None:
    found = find(DATA_SETS["wikiart"], ("data/train-00000-of-*.parquet",), canvas=Canvas())
    assert [path.name for path in found.paths] == ["train-00000-of-00072.parquet"]


def test_a_file_of_the_hub_s_cache_that_is_not_what_its_name_says(
    study_files: Laid, tmp_path: Path, use_hub: Callable[[Path], None]
) -> None:
    shutil.copytree(study_files.hub, tmp_path / "hub", symlinks=True)
    use_hub(tmp_path / "hub")
    here = replace(study_files, hub=tmp_path / "hub")
    blob = next(here.snapshot("MMVP").rglob("*.parquet")).resolve()
    blob.write_bytes(blob.read_bytes()[:-100])
    with pytest.raises(StudyError, match=r"data/train-00000-of-00001.parquet has the SHA-256"):
        find(DATA_SETS["MMVP"], ("*train*.parquet",), canvas=Canvas())


def test_a_file_whose_hash_is_known_is_checked_in_the_user_s_folder(
    laid: Laid, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = copied(laid, "DA-2K", tmp_path)
    known = replace(DATA_SETS["DA-2K"], sha256={"DA-2K.zip": "0" * 64})
    with pytest.raises(
        StudyError, match=r"DA-2K.zip has the SHA-256 .*; expected 0000000000000000"
    ):
        find(known, ("*annotations.json",), canvas=Canvas(data=own))


def test_an_archive_is_unpacked_once_where_things_are_kept(laid: Laid, tmp_path: Path) -> None:
    canvas = Canvas(cache=tmp_path / "kept")
    first = find(DATA_SETS["DA-2K"], ("*annotations.json",), canvas=canvas)
    assert first.folder.parent == tmp_path / "kept" / "study"
    again = find(DATA_SETS["DA-2K"], ("*annotations.json",), canvas=canvas)
    assert again == first
    # With nothing kept it lies in a folder that is gone with the process.
    passing = find(DATA_SETS["DA-2K"], ("*annotations.json",), canvas=Canvas())
    assert passing.folder.name == first.folder.name
    assert not passing.folder.is_relative_to(tmp_path)


@pytest.mark.parametrize("given", [False, True])
def test_a_data_set_that_is_not_on_the_hub(tmp_path: Path, *, given: bool) -> None:
    canvas = Canvas(data=tmp_path if given else None)
    with pytest.raises(StudyError) as caught:
        find(DATA_SETS["SPair-71k"], ("*",), canvas=canvas)
    assert "https://cvlab.postech.ac.kr/research/SPair-71k/" in str(caught.value)
    assert "SPair-71k/ or SPair-71k.tar.gz" in str(caught.value)
    assert "--vlm-data-dir" in str(caught.value)
    assert str(tmp_path) not in str(caught.value)


def test_offline_and_not_there(use_hub: Callable[[Path], None], tmp_path: Path) -> None:
    use_hub(tmp_path)
    with pytest.raises(StudyError) as caught:
        find(DATA_SETS["BLINK"], ("Art_Style/val-*.parquet",), canvas=Canvas())
    assert (
        "run `hf download BLINK-Benchmark/BLINK --repo-type dataset "
        "--include 'Art_Style/val-*.parquet'` where there is a network"
    ) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("module", "package"), [("huggingface_hub", "huggingface-hub")])
def test_a_missing_package_names_the_extra(
    laid: Laid, monkeypatch: pytest.MonkeyPatch, module: str, package: str
) -> None:
    lacking(monkeypatch, module)
    with pytest.raises(
        StudyError, match=rf"needs {package}: pip install 'pytest-vlmsight\[study\]'"
    ):
        find(DATA_SETS["MMVP"], ("*train*.parquet",), canvas=Canvas())


def test_tables_need_pyarrow(laid: Laid, monkeypatch: pytest.MonkeyPatch) -> None:
    from pytest_vlmsight.tasks.registry import resolve

    lacking(monkeypatch, "pyarrow")
    (task,) = resolve(["study/mmvp"])
    with pytest.raises(StudyError, match=r"data set MMVP needs pyarrow: pip install .*\[study\]'"):
        task.make_items(2, 0)


def lacking(monkeypatch: pytest.MonkeyPatch, module: str) -> None:
    found = importlib.util.find_spec

    def spec(name: str, package: str | None = None) -> Any:
        return None if name == module else found(name, package)

    monkeypatch.setattr(importlib.util, "find_spec", spec)


def test_every_command_is_one_that_can_be_typed() -> None:
    for data in data_sets.DATA_SETS.values():
        assert data.hub or data.homepage
        assert len(data.revision) in (0, 40)
        assert data.command(("a",)).startswith("hf download " if data.hub else "download it from ")
