"""Image files of a task folder: found safely, identified by content, decoded only when asked for.

A folder may come from anyone, so a path may not lead out of it, only plain image formats are
opened (Pillow's others include some that start programs), and sizes are bounded before decoding.
"""

from __future__ import annotations

import hashlib
import io
import warnings
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING

from .item import Picture
from .pack_error import PackError, Place, shown

if TYPE_CHECKING:
    from PIL.Image import Image

FORMATS = ("PNG", "JPEG", "WEBP", "BMP")
MAX_BYTES = 64 * 2**20
MODES = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr")
"""Of 8 bits a channel; 16-bit modes would be clipped without a word."""

_ORIENTATION = 0x0112  # EXIF tag; 5 to 8 swap width and height


@dataclass(frozen=True, slots=True)
class _ImageFile:
    """Decodes a file, if it is still the one that was identified."""

    path: Path
    digest: str

    def __call__(self) -> Image:
        from PIL import Image, ImageOps

        try:
            data = self.path.read_bytes()
            if hashlib.sha256(data).hexdigest() != self.digest:
                raise PackError(
                    f"{self.path}: got other content than when the items were made; "
                    "expected a file that does not change during a run",
                    path=self.path,
                )
            with Image.open(io.BytesIO(data), formats=FORMATS) as image:
                upright = ImageOps.exif_transpose(image)
        except (OSError, SyntaxError, Image.DecompressionBombError) as error:
            raise PackError(
                f"{self.path}: got an image that cannot be decoded ({error}); "
                "expected a whole image file",
                path=self.path,
            ) from error
        if upright.has_transparency_data:
            white = Image.new("RGBA", upright.size, "white")
            return Image.alpha_composite(white, upright.convert("RGBA"))
        return upright


class PictureFiles:
    """The image files of one folder, each read once however many items share it.

    Sizes and points are those of the upright picture: an EXIF orientation is applied. What is
    transparent is shown on white.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._root = folder.resolve()
        self._pictures: dict[str, Picture] = {}

    def picture(self, name: str, place: Place, field: str) -> Picture:
        """The picture of a path inside the folder, identified but not decoded.

        Raises:
            PackError: the path leaves the folder, or is not an image that can be used.
        """
        if name not in self._pictures:
            self._pictures[name] = self._identify(name, place, field)
        return self._pictures[name]

    def _identify(self, name: str, place: Place, field: str) -> Picture:
        path = self._inside(name, place, field)
        size = path.stat().st_size
        if size > MAX_BYTES:
            expected = f"at most {MAX_BYTES // 2**20} MiB"
            raise place.error(field, f"{shown(name)}, a file of {size} bytes", expected)
        data = path.read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        return Picture(digest, _header(data, name, place, field), _ImageFile(path, digest))

    def _inside(self, name: str, place: Place, field: str) -> Path:
        windows = PureWindowsPath(name)
        parts = {*PurePosixPath(name).parts, *windows.parts}
        if name.startswith("/") or windows.anchor or ".." in parts or "\0" in name:
            raise place.error(field, shown(name), "a path inside the task folder, without '..'")
        path = self._folder / name
        try:
            real = path.resolve()
            if not real.is_relative_to(self._root):
                given = f"{shown(name)}, a link that leads out of the task folder"
                raise place.error(field, given, "a file inside it")
            if not real.is_file():
                raise place.error(field, f"{shown(name)}, which is no file", "an image file")
        except (OSError, RuntimeError) as error:  # a name too long, a loop of links
            raise place.error(field, f"{shown(name)} ({error})", "an image file") from error
        return real


def _header(data: bytes, name: str, place: Place, field: str) -> tuple[int, int]:
    """The upright width and height, read without decoding."""
    from PIL import Image

    bombs = (Image.DecompressionBombWarning, Image.DecompressionBombError)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=FORMATS) as image:
                mode, (width, height) = image.mode, image.size
                # Only where the header has it: asking a PNG for it would decode the whole picture.
                exif = image.getexif() if "exif" in image.info else {}
    except bombs as error:
        expected = f"at most Pillow's limit of {Image.MAX_IMAGE_PIXELS} pixels"
        raise place.error(field, f"{shown(name)}, too large an image", expected) from error
    except (OSError, SyntaxError, ValueError) as error:
        given = f"{shown(name)}, which does not open as an image"
        raise place.error(field, given, f"one of {', '.join(FORMATS)}") from error
    if mode not in MODES:
        given = f"{shown(name)}, an image of mode {mode}"
        raise place.error(field, given, "8 bits a channel")
    return (height, width) if exif.get(_ORIENTATION, 1) in (5, 6, 7, 8) else (width, height)
