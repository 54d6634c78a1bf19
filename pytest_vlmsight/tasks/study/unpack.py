"""Archives from the network, unpacked without trusting them.

No member may leave the folder, be a link or a device, or be larger than is allowed; the folder
appears whole or not at all, so that what a killed run left is never read.
"""

from __future__ import annotations

import os
import secrets
import shutil
import stat
import tarfile
import zipfile
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO, TYPE_CHECKING

from .errors import StudyError, Where

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FOLDER = "study"
"""Where archives are unpacked, of the folder of what is kept."""

_CHUNK = 2**20

_JUNK = ("__MACOSX", ".DS_Store")
"""What some systems put into archives; it is left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What an archive may hold, in bytes and numbers of files."""

    one: int = 512 * 2**20
    all: int = 16 * 2**30
    files: int = 500_000


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class _Member:
    name: str
    size: int
    kind: str
    open: Callable[[], IO[bytes]]


def unpack(archive: Path, folder: Path, *, limits: Limits = DEFAULT_LIMITS) -> Path:
    """The folder with an archive's files; unpacked where it is not there yet.

    Args:
        archive: a zip or a tar, which may be compressed.
        folder: to be made; its parents are made too.
        limits: of what it may hold.

    Raises:
        StudyError: the archive is broken, or holds something that it may not; nothing is left.
        OSError: it cannot be read, or the folder cannot be written.
    """
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = folder.with_name(f".{folder.name}-{secrets.token_hex(4)}")
    unfinished.mkdir()
    try:
        _write(archive, unfinished, limits)
        try:
            unfinished.replace(folder)
        except OSError:
            if not folder.is_dir():  # else another process was faster
                raise
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return folder


def forget(kept: Path) -> int:
    """Remove all that was unpacked below the folder of what is kept.

    Whole folders, each out of sight before its first file is gone: half of one is never read.

    Returns:
        Bytes that were freed.
    """
    base = kept / FOLDER
    freed = 0
    for folder in base.iterdir() if base.is_dir() else ():
        freed += sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file())
        gone = folder.with_name(f".gone-{secrets.token_hex(4)}")
        folder.replace(gone)
        shutil.rmtree(gone, ignore_errors=True)
    return freed


def _write(archive: Path, folder: Path, limits: Limits) -> None:
    where = Where(archive.name, kind="member")
    left, files = limits.all, 0
    try:
        with _members(archive) as members:
            for member in members:
                parts = _parts(member, where)
                if any(part in _JUNK for part in parts):
                    continue
                if member.kind == "folder":
                    continue
                if member.kind != "file":
                    raise where.error(_told(member), f"a {member.kind}", "files and folders only")
                files += 1
                if files > limits.files:
                    raise where.error("", f"more than {limits.files} files", "fewer")
                if member.size > limits.one:
                    given = f"{member.size} bytes"
                    raise where.error(_told(member), given, f"at most {limits.one}")
                target = folder.joinpath(*parts)
                target.parent.mkdir(parents=True, exist_ok=True)
                left -= _copy(member, target, most=min(limits.one, left), where=where)
    except (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError) as error:
        given = f"an archive that cannot be read ({error})"
        raise where.error("", given, "a whole one: delete it and download it again") from error
    if not files:
        raise where.error("", "an archive without files", "a data set")


@contextmanager
def _members(archive: Path) -> Iterator[Iterator[_Member]]:
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as opened:
            yield (_of_zip(opened, info) for info in opened.infolist())
    else:
        with tarfile.open(archive, "r|*") as stream:  # read once, from its beginning to its end
            yield (_of_tar(stream, info) for info in stream)


def _of_zip(opened: zipfile.ZipFile, info: zipfile.ZipInfo) -> _Member:
    mode = info.external_attr >> 16
    kind = "folder" if info.is_dir() else "file"
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        kind = "link or device"
    return _Member(info.filename, info.file_size, kind, lambda: opened.open(info))


def _of_tar(stream: tarfile.TarFile, info: tarfile.TarInfo) -> _Member:
    kind = "file" if info.isreg() else "folder" if info.isdir() else "link or device"

    def content() -> IO[bytes]:
        found = stream.extractfile(info)
        assert found is not None
        return found

    return _Member(info.name, info.size, kind, content)


def _parts(member: _Member, where: Where) -> tuple[str, ...]:
    """The parts of a member's path, which is inside the folder."""
    name = member.name
    parts = PurePosixPath(name).parts
    windows = PureWindowsPath(name)
    bad = not parts and member.kind != "folder"
    if bad or name.startswith("/") or windows.anchor or "\0" in name or "\\" in name:
        raise where.error(_told(member), "that path", "a path inside the archive's folder")
    if ".." in parts:
        raise where.error(_told(member), "a path with '..'", "a path inside the archive's folder")
    return tuple(part for part in parts if part != ".")


def _told(member: _Member) -> str:
    return ascii(member.name)[1:-1][:120]


def _copy(member: _Member, target: Path, *, most: int, where: Where) -> int:
    """Write a member, which may be larger than it says."""
    written = 0
    # "x": of two members of one name the second is no reason to replace the first unseen.
    try:
        with member.open() as source, target.open("xb") as file:
            while chunk := source.read(_CHUNK):
                written += len(chunk)
                if written > most:
                    raise where.error(_told(member), f"more than {most} bytes", "fewer")
                file.write(chunk)
    except FileExistsError as error:
        raise where.error(_told(member), "the path twice", "it once") from error
    except RuntimeError as error:
        if isinstance(error, StudyError):
            raise
        given = f"a member that cannot be read ({error})"  # encrypted
        raise where.error(_told(member), given, "a plain one") from error
    os.chmod(target, 0o644)  # noqa: PTH101 - whatever the archive says
    return written
