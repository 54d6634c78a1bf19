"""Rendered pictures and depth maps kept on disk, so that no run renders what an earlier one did.

A picture's digest says all that decides its pixels, so it is the file's name and nothing ever
has to be made invalid. A cache may only save time: whatever is wrong with it, the picture is
rendered. Several processes may share a folder, since a file appears whole or not at all.
"""

from __future__ import annotations

import io
import os
import secrets
import struct
import sys
import time
import zlib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .item import DepthMap, Picture

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

LIMIT = 2 * 2**30
"""Bytes that a folder's pictures take up; now and then about ``PRUNE_AFTER`` more."""

PRUNE_AFTER = 64 * 2**20
"""Bytes that are written, by whatever processes, between two prunings on average."""

_NAME = "pytest-vlmsight"
PICTURES, DEPTHS = "pictures", "depths"
_RGB, _DEEP = (8, 2), (16, 0)  # bits and colour type of a PNG
_SUFFIX, _UNFINISHED = ".png", ".part"
_ABANDONED = 3600.0  # seconds after which an unfinished file is nobody's any more


def default_folder() -> Path | None:
    """Where pictures are kept unless something else is asked for.

    Returns:
        ``$VLMSIGHT_CACHE``, else ``pytest-vlmsight`` in ``$XDG_CACHE_HOME``, else in the
        platform's folder for caches; None where the user has no home folder.
    """
    if own := os.environ.get("VLMSIGHT_CACHE"):
        # Unlike Path.expanduser it does not fail where there is no home folder.
        return Path(os.path.expanduser(own)).absolute()  # noqa: PTH111
    shared = os.environ.get("XDG_CACHE_HOME", "")
    if Path(shared).is_absolute():  # anything else is to be ignored, says its specification
        return Path(shared) / _NAME
    try:
        home = Path.home()
    except RuntimeError:
        return None
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local") / _NAME
    if sys.platform == "darwin":
        return home / "Library" / "Caches" / _NAME
    return home / ".cache" / _NAME


def cached(picture: Picture, folder: Path | None, *, limit: int = LIMIT) -> Picture:
    """The same picture, read from disk where it was rendered before.

    Args:
        picture: any; its digest and size stay, so it is still the same picture.
        folder: holds the cache, in its folder ``pictures``; None keeps nothing. Both are made
            when something is first written.
        limit: bytes of all pictures in the folder. Beyond it those that were not used for the
            longest time are removed, at the next pruning (see ``PRUNE_AFTER``).
    """
    if folder is None:
        return picture
    return Picture(picture.digest, picture.size, _Kept(picture, folder / PICTURES, limit))


def cached_depths(depths: DepthMap, folder: Path | None, *, limit: int = LIMIT) -> DepthMap:
    """The same depth map, read from disk where it was measured before; see ``cached``.

    Args:
        depths: any.
        folder: holds the cache, in its folder ``depths``; None keeps nothing.
        limit: bytes of all depth maps in the folder.
    """
    if folder is None:
        return depths
    return DepthMap(depths.digest, depths.size, _KeptDepths(depths, folder / DEPTHS, limit))


def is_kept(one: Picture | DepthMap, folder: Path) -> bool:
    """Whether there is a file of a picture or depth map, whole or not."""
    name = PICTURES if isinstance(one, Picture) else DEPTHS
    return _file(folder / name, one.digest).is_file()


@dataclass(frozen=True, slots=True)
class _Kept:
    """Reads a picture or renders and writes it when called; picklable where the picture is."""

    picture: Picture
    folder: Path
    limit: int

    def __call__(self) -> Image:
        picture = self.picture
        path = _file(self.folder, picture.digest)
        image = _read(path, picture.size, _RGB)
        if image is None:
            image = picture.load()
            _keep(path, image, limit=self.limit)
        return image


@dataclass(frozen=True, slots=True)
class _KeptDepths:
    """Reads a depth map or measures and writes it when called; picklable likewise."""

    depths: DepthMap
    folder: Path
    limit: int

    def __call__(self) -> NDArray[np.uint16]:
        import numpy as np
        from PIL import Image

        path = _file(self.folder, self.depths.digest)
        image = _read(path, self.depths.size, _DEEP)
        if image is not None:
            return np.asarray(image, np.uint16)
        found = self.depths.load()
        _keep(path, Image.fromarray(found), limit=self.limit)
        return found


def _file(folder: Path, digest: str) -> Path:
    return folder / digest[:2] / f"{digest}{_SUFFIX}"


def _keep(path: Path, image: Image, *, limit: int) -> None:
    """Write a file, and now and then prune its folder; where neither can be done, nothing is."""
    with suppress(OSError):  # no permission, no space, a file where a folder should be
        written = _write(path, image)
        # Decided by the digest, so that processes need not count together and short runs
        # prune as often as long ones.
        if int(path.stem[:8], 16) * PRUNE_AFTER < written * 2**32:
            _prune(path.parent.parent, limit)


def _read(path: Path, size: tuple[int, int], form: tuple[int, int]) -> Image | None:
    """The picture of a file, if that is a whole one of this size and form."""
    from PIL import Image

    try:
        data = path.read_bytes()
        if not data.startswith(_png_start(size, form)):
            return None
        with Image.open(io.BytesIO(data), formats=["PNG"]) as image:
            image.verify()  # the checksums, which decoding alone does not look at
        with Image.open(io.BytesIO(data), formats=["PNG"]) as image:
            image.load()
    except Exception:  # whatever is wrong with the file, the picture is rendered
        return None
    with suppress(OSError):
        os.utime(path)
    return image


def _png_start(size: tuple[int, int], form: tuple[int, int]) -> bytes:
    """What the file of such a picture begins with: nothing else needs to be decoded."""
    header = b"IHDR" + struct.pack(">IIBBBBB", *size, *form, 0, 0, 0)
    checked = struct.pack(">I", len(header) - 4) + header + struct.pack(">I", zlib.crc32(header))
    return b"\x89PNG\r\n\x1a\n" + checked


def _write(path: Path, image: Image) -> int:
    """Write the whole file or none; its size in bytes.

    Raises:
        OSError: it cannot be written.
    """
    data = io.BytesIO()
    image.save(data, format="PNG", compress_level=1)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{secrets.token_hex(8)}{_UNFINISHED}")
    try:
        unfinished.write_bytes(data.getbuffer())
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    return data.tell()


def _prune(folder: Path, limit: int) -> None:
    """Remove what was not used for the longest time until the rest is within the limit."""
    files = []
    now = time.time()
    for entry in _files(folder):
        with suppress(OSError):  # another process removed it
            found = entry.stat(follow_symlinks=False)
            if entry.name.endswith(_SUFFIX):
                files.append((found.st_mtime, found.st_size, entry.path))
            elif now - found.st_mtime > _ABANDONED:
                Path(entry.path).unlink()
    total = sum(size for _, size, _ in files)
    for _, size, path in sorted(files):
        if total <= limit:
            return
        with suppress(OSError):
            Path(path).unlink()
        total -= size


def _files(folder: Path) -> Iterator[os.DirEntry[str]]:
    """Every file that may be the cache's own."""
    for part in folder.glob("[0-9a-f][0-9a-f]"):
        with suppress(OSError), os.scandir(part) as entries:
            for entry in entries:
                if entry.name.endswith((_SUFFIX, _UNFINISHED)):
                    yield entry
