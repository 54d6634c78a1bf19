"""Where the files of a public data set lie: the user's folder, or the hub's cache.

The hub's client downloads into the cache that all programs of the user share (``HF_HOME``), goes
on with what was begun, and downloads nothing where ``HF_HUB_OFFLINE`` is set. What it stores is
checked here once more, against the hash that the hub names it by.
"""

from __future__ import annotations

import atexit
import hashlib
import re
import shutil
import tempfile
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import StudyError
from .extra import require
from .unpack import FOLDER, unpack

if TYPE_CHECKING:
    from pytest_vlmsight.tasks.generated import Canvas

    from .data_sets import DataSet

_SHARD = re.compile(r"-(\d{5})-of-(\d{5})(?=\.)")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Files:
    """The files of a data set that were found.

    Attributes:
        data: the data set.
        folder: holds them.
        paths: of those asked for, sorted.
        commit: of the hub; empty where they are the user's own.
    """

    data: DataSet
    folder: Path
    paths: tuple[Path, ...]
    commit: str

    @property
    def told(self) -> str:
        """What a record says of them; never a path of the machine."""
        return f"{self.data.hub}@{self.commit}" if self.commit else f"{self.data.key}, own files"


def find(data: DataSet, patterns: tuple[str, ...], *, canvas: Canvas) -> Files:
    """The files of a data set; from the user's folder where that has them, else from the hub.

    Args:
        data: the data set.
        patterns: of paths below its folder, ``*`` also standing for "/"; of an archive, of those
            inside it.
        canvas: has the folder of ``--vlm-data-dir`` and that of what is kept.

    Raises:
        StudyError: they are not there and cannot be downloaded, or are not whole.
    """
    if canvas.data is not None:
        own = _own_folder(data, canvas.data, canvas=canvas)
        if own is not None:
            return _found(data, own, patterns, canvas=canvas)
        if not data.hub:
            raise StudyError(
                f"data set {data.key}: --vlm-data-dir has no {_expected(data)}; {data.command()}, "
                "and put it there (docs/study.md has its layout)"
            )
    if not data.hub:
        raise StudyError(
            f"data set {data.key} is not on the hub; {data.command()}, and give "
            f"--vlm-data-dir=FOLDER with {_expected(data)} in it (docs/study.md has its layout)"
        )
    return _of_hub(data, patterns, canvas=canvas)


def _expected(data: DataSet) -> str:
    return " or ".join([f"{data.key}/", *data.archives])


def _own_folder(data: DataSet, base: Path, *, canvas: Canvas) -> Path | None:
    if (base / data.key).is_dir():
        return base / data.key
    for name in data.archives:
        if (base / name).is_file():
            _check_hash(data, base / name, name)
            return _unpacked(base / name, data, canvas=canvas)
    return None


def _of_hub(data: DataSet, patterns: tuple[str, ...], *, canvas: Canvas) -> Files:
    require("huggingface_hub", what=f"data set {data.key}")
    from huggingface_hub import snapshot_download

    wanted = data.archives or patterns
    try:
        found = snapshot_download(
            data.hub,
            repo_type="dataset",
            revision=data.revision or None,
            allow_patterns=list(wanted),
        )
    except Exception as error:  # of the hub's client, of its HTTP library, of the disk
        first = str(error).strip().splitlines() or [type(error).__name__]
        raise _missing(data, wanted, f"it cannot be had from the hub ({first[0]})") from error
    files = _found(data, Path(found), patterns, canvas=canvas)
    return Files(data, files.folder, files.paths, Path(found).name)


def _missing(data: DataSet, wanted: tuple[str, ...], why: str) -> StudyError:
    command = data.command(wanted)
    return StudyError(
        f"data set {data.key}: {why}; run `{command}` where there is a network, or give "
        f"--vlm-data-dir=FOLDER with its files in FOLDER/{data.key} (docs/study.md)"
    )


def _found(data: DataSet, folder: Path, patterns: tuple[str, ...], *, canvas: Canvas) -> Files:
    """The files in a folder, or in the archive that lies in it."""
    paths = _matching(folder, patterns)
    if not paths:
        for name in data.archives:
            if (folder / name).is_file():
                _check_hash(data, folder / name, name)
                folder = _unpacked(folder / name, data, canvas=canvas)
                paths = _matching(folder, patterns)
                break
    if not paths:
        wanted = data.archives or patterns
        raise _missing(data, wanted, f"there is no {' or '.join(patterns)} in what was found of it")
    _check_shards(data, paths, patterns)
    for path in paths:
        if path.suffix == ".parquet":
            _check_hash(data, path, path.relative_to(folder).as_posix())
    return Files(data, folder, tuple(paths), "")


def _matching(folder: Path, patterns: tuple[str, ...]) -> list[Path]:
    """Files whose path below a folder is as one of the patterns has it; hidden ones are not."""
    found = {
        path
        for path in folder.rglob("*")
        if not any(part.startswith(".") for part in path.relative_to(folder).parts)
        and any(fnmatchcase(path.relative_to(folder).as_posix(), pattern) for pattern in patterns)
        and path.is_file()
    }
    return sorted(found)


def _check_shards(data: DataSet, paths: list[Path], patterns: tuple[str, ...]) -> None:
    """Be sure that a file in parts has all of them: an interrupted download leaves some.

    Where a pattern asks for one part alone, so many are enough.
    """
    groups: dict[str, list[tuple[int, int]]] = {}
    for path in paths:
        if match := _SHARD.search(path.name):
            name = path.with_name(_SHARD.sub("", path.name)).as_posix()
            groups.setdefault(name, []).append((int(match[1]), int(match[2])))
    for parts in groups.values():
        count = parts[0][1]
        whole = not any(re.search(r"-\d{5}-of-", pattern) for pattern in patterns)
        lacking = sorted(set(range(count)).difference(part for part, _ in parts))
        if whole and lacking:
            wanted = ", ".join(f"{part:05}-of-{count:05}" for part in lacking[:3])
            why = f"the download is not finished: part {wanted} is missing"
            raise _missing(data, data.archives or patterns, why)


def _check_hash(data: DataSet, path: Path, name: str) -> None:
    """Be sure that a file has the content that is known of it, or that the hub names it by."""
    real = path.resolve()
    known = {data.sha256.get(name, "")}
    if _SHA256.fullmatch(real.name):
        known.add(real.name)
    known.discard("")
    if not known:
        return
    if (digest := _sha256(real, real.stat().st_mtime_ns, real.stat().st_size)) in known and len(
        known
    ) == 1:
        return
    raise StudyError(
        f"data set {data.key}: {name} has the SHA-256 {digest[:16]}…; expected "
        f"{' and '.join(f'{one[:16]}…' for one in sorted(known))}: its download is broken or it is "
        f"another version; delete it and run `{data.command((name,))}`"
    )


@cache
def _sha256(path: Path, _changed: int, _size: int) -> str:
    """Of a file's content; read once a process, where it does not change."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _unpacked(archive: Path, data: DataSet, *, canvas: Canvas) -> Path:
    """The folder of an archive's files, known by the archive's content."""
    real = archive.resolve()
    digest = _sha256(real, real.stat().st_mtime_ns, real.stat().st_size)
    base = _passing() if canvas.cache is None else canvas.cache / FOLDER
    return unpack(archive, base / f"{data.key}-{digest[:20]}")


@cache
def _passing() -> Path:
    """A folder that is gone with the process, where nothing is to be kept."""
    folder = Path(tempfile.mkdtemp(prefix="vlmsight-study-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
