"""Archives that would do harm, and archives that are killed half-way."""

from __future__ import annotations

import io
import shutil
import stat
import tarfile
import zipfile
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_vlmsight.tasks.study.errors import StudyError
from pytest_vlmsight.tasks.study.unpack import Limits, forget, unpack

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def zipped(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return path


def tarred(path: Path, members: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


BOTH = pytest.mark.parametrize("write", [zipped, tarred])


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@BOTH
def test_files_are_those_of_the_archive(
    tmp_path: Path, write: Callable[[Path, dict[str, bytes]], Path]
) -> None:
    archive = write(
        tmp_path / "a", {"x/one": b"1", "./x/y/000-a:cat.json": b"2", "__MACOSX/x/._one": b"no"}
    )
    folder = unpack(archive, tmp_path / "kept" / "a")
    assert files(folder) == {"x/one": b"1", "x/y/000-a:cat.json": b"2"}
    assert sorted(p.name for p in folder.parent.iterdir()) == ["a"]


@BOTH
@pytest.mark.parametrize(
    "name", ["../out", "x/../../out", "/out", "C:/out", "x\\..\\..\\out", "\\\\server\\out"]
)
def test_no_path_leaves_the_folder(
    tmp_path: Path, write: Callable[[Path, dict[str, bytes]], Path], name: str
) -> None:
    archive = write(tmp_path / "a.bin", {"fine": b"1", name: b"bad"})
    with pytest.raises(StudyError, match=r"a\.bin: member '.*path.*expected a path inside"):
        unpack(archive, tmp_path / "kept" / "a")
    assert files(tmp_path) == {"a.bin": archive.read_bytes()}


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE])
def test_a_tar_may_hold_no_links_or_devices(tmp_path: Path, kind: bytes) -> None:
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        info = tarfile.TarInfo("evil")
        info.type, info.linkname = kind, "/etc/passwd"
        archive.addfile(info)
    with pytest.raises(StudyError, match="member 'evil': got a link or device"):
        unpack(tmp_path / "a.tar", tmp_path / "a")
    assert not (tmp_path / "a").exists()


def test_a_zip_may_hold_no_links(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        info = zipfile.ZipInfo("evil")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, "/etc/passwd")
    with pytest.raises(StudyError, match="member 'evil': got a link or device"):
        unpack(tmp_path / "a.zip", tmp_path / "a")


@BOTH
@pytest.mark.parametrize(
    ("limits", "says"),
    [
        (Limits(one=99), "member 'zeros': got 100 bytes; expected at most 99"),
        (Limits(all=150), "member 'more': got more than 50 bytes"),
        (Limits(files=1), "got more than 1 files"),
    ],
)
def test_sizes_are_bounded(
    tmp_path: Path, write: Callable[[Path, dict[str, bytes]], Path], limits: Limits, says: str
) -> None:
    archive = write(tmp_path / "a.bin", {"zeros": bytes(100), "more": bytes(100)})
    with pytest.raises(StudyError, match=says):
        unpack(archive, tmp_path / "kept" / "a", limits=limits)
    assert list((tmp_path / "kept").iterdir()) == []


def test_a_member_that_says_it_is_small_is_not_believed(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "a.zip", {"bomb": bytes(10**6)})
    data = bytearray(archive.read_bytes())
    # The size in the central directory, which is what a reader is told first.
    at = data.rindex(b"PK\x01\x02") + 24
    data[at : at + 4] = (10).to_bytes(4, "little")
    archive.write_bytes(bytes(data))
    with pytest.raises(StudyError):
        unpack(archive, tmp_path / "a", limits=Limits(one=1000))
    assert not (tmp_path / "a").exists()


@BOTH
def test_the_same_path_twice(
    tmp_path: Path, write: Callable[[Path, dict[str, bytes]], Path]
) -> None:
    archive = write(tmp_path / "a.bin", {"x": b"1", "./x": b"2"})
    with pytest.raises(StudyError, match="the path twice"):
        unpack(archive, tmp_path / "a")


@BOTH
def test_a_broken_archive_leaves_nothing_and_a_whole_one_then_works(
    tmp_path: Path, write: Callable[[Path, dict[str, bytes]], Path]
) -> None:
    whole = write(tmp_path / "whole", {f"{i}": bytes([i]) * 5000 for i in range(9)}).read_bytes()
    archive = tmp_path / "a.bin"
    archive.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(StudyError, match=r"a\.bin: got an archive that cannot be read"):
        unpack(archive, tmp_path / "kept" / "a")
    assert list((tmp_path / "kept").iterdir()) == []
    archive.write_bytes(whole)
    assert len(files(unpack(archive, tmp_path / "kept" / "a"))) == 9


def test_a_run_that_is_killed_leaves_no_folder_that_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pytest_vlmsight.tasks.study import unpack as module

    archive = zipped(tmp_path / "a.zip", {"one": b"1", "two": b"2"})

    class KilledError(BaseException):
        pass

    def killed(member: object, target: Path, **_: object) -> int:
        if target.name == "two":
            raise KilledError
        target.write_bytes(b"half")
        return 4

    with monkeypatch.context() as patched:
        patched.setattr(module, "_copy", killed)
        # Not even what is done on the way out is done by a process that is killed.
        patched.setattr(shutil, "rmtree", lambda *_, **__: None)
        with pytest.raises(KilledError):
            unpack(archive, tmp_path / "kept")
    assert not (tmp_path / "kept").exists()
    assert files(unpack(archive, tmp_path / "kept")) == {"one": b"1", "two": b"2"}


def test_what_was_unpacked_is_not_unpacked_again(tmp_path: Path) -> None:
    folder = unpack(zipped(tmp_path / "a.zip", {"one": b"1"}), tmp_path / "a")
    (tmp_path / "a.zip").unlink()
    assert unpack(tmp_path / "a.zip", folder) == folder


@given(name=st.text(st.sampled_from("ab./\\: \0"), min_size=1, max_size=12))
def test_whatever_a_member_is_called_it_stays_inside(
    tmp_path_factory: pytest.TempPathFactory, name: str
) -> None:
    base = tmp_path_factory.mktemp("names")
    archive = tarred(base / "archive", {name.replace("\0", "b"): b"1"})
    try:
        unpack(archive, base / "deep" / "er")
    except StudyError:
        assert not (base / "deep" / "er").exists()
    assert {p.name for p in base.iterdir()} <= {"archive", "deep"}
    assert {p.name for p in (base / "deep").iterdir()} <= {"er"}


def test_what_was_unpacked_is_cleared_with_all_else_that_is_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from pytest_vlmsight.cli import main

    unpack(zipped(tmp_path / "a.zip", {"x/one": bytes(100)}), tmp_path / "kept" / "study" / "a")
    assert main(["cache", "clear", "--dir", str(tmp_path / "kept")]) == 0
    assert "removed 100 B" in capsys.readouterr().out
    assert list((tmp_path / "kept" / "study").iterdir()) == []
    assert forget(tmp_path / "kept") == forget(tmp_path / "none") == 0
