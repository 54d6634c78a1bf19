"""Encoded images, in files or in memory: identified by content, decoded only when asked for.

A folder may come from anyone, so a path may not lead out of it, only plain image formats are
opened (Pillow's others include some that start programs), and sizes are bounded before decoding.
"""

from __future__ import annotations

import hashlib
import io
import warnings
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING

from .item import DepthMap, Picture
from .pack_error import PackError, Place, shown

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

MAX_BYTES = 64 * 2**20

_ORIENTATION = 0x0112  # EXIF tag; 5 to 8 swap width and height


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """What a file has to be: one of these formats, in one of Pillow's modes."""

    formats: tuple[str, ...]
    modes: tuple[str, ...]
    bits: str
    """The modes in words."""


_PICTURE = _Kind(
    formats=("PNG", "JPEG", "WEBP", "BMP", "PPM"),
    # 16-bit modes would be clipped without a word.
    modes=("1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr"),
    bits="8 bits a channel",
)
_DEPTH_MAP = _Kind(formats=("PNG",), modes=("I;16",), bits="grey values of 16 bits")


_SUFFIXES = {"PNG": ".png", "JPEG": ".jpg", "WEBP": ".webp", "BMP": ".bmp", "PPM": ".ppm"}


class _Encoded(ABC):
    """An encoded image."""

    __slots__ = ()

    @property
    @abstractmethod
    def name(self) -> str:
        """What errors call it."""

    @property
    @abstractmethod
    def suffix(self) -> str:
        """The ending of its file, or of one that it could be written to."""

    @abstractmethod
    def read(self) -> bytes:
        """Its content."""

    def upright(self, kind: _Kind) -> Image:
        """The decoded image, its EXIF orientation applied."""
        from PIL import Image, ImageOps

        try:
            with Image.open(io.BytesIO(self.read()), formats=kind.formats) as image:
                return ImageOps.exif_transpose(image)
        except (OSError, SyntaxError, Image.DecompressionBombError) as error:
            raise PackError(
                f"{self.name}: got an image that cannot be decoded ({error}); "
                "expected a whole image file",
                path=Path(self.name),
            ) from error


@dataclass(frozen=True, slots=True)
class _File(_Encoded):
    """A file, as long as it is still the one that was identified."""

    path: Path
    digest: str

    @property
    def name(self) -> str:
        return str(self.path)

    @property
    def suffix(self) -> str:
        return self.path.suffix.lower()

    def read(self) -> bytes:
        """Its content.

        Raises:
            PackError: it is another one by now.
            OSError: it cannot be read.
        """
        data = self.path.read_bytes()
        if hashlib.sha256(data).hexdigest() != self.digest:
            raise PackError(
                f"{self.path}: got other content than when the items were made; "
                "expected a file that does not change during a run",
                path=self.path,
            )
        return data


@dataclass(frozen=True, slots=True)
class _Bytes(_Encoded):
    """An image in memory, of a data set that keeps images in its tables."""

    called: str
    ending: str
    data: bytes = field(repr=False)

    @property
    def name(self) -> str:
        return self.called

    @property
    def suffix(self) -> str:
        return self.ending

    def read(self) -> bytes:
        return self.data


def _decoded(encoded: _Encoded) -> Image:
    """The picture, what is transparent shown on white."""
    from PIL import Image

    image = encoded.upright(_PICTURE)
    if image.has_transparency_data:
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image.convert("RGBA"))
    return image


@dataclass(frozen=True, slots=True)
class _PictureFile(_File):
    """Decodes a picture when called."""

    def __call__(self) -> Image:
        return _decoded(self)


@dataclass(frozen=True, slots=True)
class _PictureBytes(_Bytes):
    """Decodes a picture when called."""

    def __call__(self) -> Image:
        return _decoded(self)


@dataclass(frozen=True, slots=True)
class _DepthFile(_File):
    """Decodes a depth map when called."""

    def __call__(self) -> NDArray[np.uint16]:
        import numpy as np

        return np.array(self.upright(_DEPTH_MAP), dtype=np.uint16)


def content_of(source: Picture | DepthMap) -> tuple[bytes, str] | None:
    """The bytes and the name's ending of the encoded image that a picture or depth map is.

    Returns:
        None where it comes from no encoded image.

    Raises:
        PackError: the file is another one by now.
        OSError: it cannot be read.
    """
    image = source._open
    return (image.read(), image.suffix) if isinstance(image, _Encoded) else None


def picture_of(data: bytes, name: str, place: Place, field: str) -> Picture:
    """The picture that is encoded in bytes, identified but not decoded.

    Args:
        data: of an image file.
        name: what errors call it.
        place: where it was found.
        field: likewise.

    Raises:
        PackError: it is not an image that can be used, or too large.
    """
    if len(data) > MAX_BYTES:
        expected = f"at most {MAX_BYTES // 2**20} MiB"
        raise place.error(field, f"an image of {len(data)} bytes", expected)
    form, size = _header(data, name, place, field, _PICTURE)
    made = _PictureBytes(name, _SUFFIXES[form], data)
    return Picture(hashlib.sha256(data).hexdigest(), size, made)


class PictureFiles:
    """The image files of one folder, each read once however many items share it.

    Sizes and points are those of the upright picture: an EXIF orientation is applied. What is
    transparent is shown on white.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._root = folder.resolve()
        self._pictures: dict[str, Picture] = {}
        self._depth_maps: dict[str, DepthMap] = {}

    def picture(self, name: str, place: Place, field: str) -> Picture:
        """The picture of a path inside the folder, identified but not decoded.

        Raises:
            PackError: the path leaves the folder, or is not an image that can be used.
        """
        if name not in self._pictures:
            path, digest, size = self._identify(name, place, field, _PICTURE)
            self._pictures[name] = Picture(digest, size, _PictureFile(path, digest))
        return self._pictures[name]

    def depth_map(self, name: str, place: Place, field: str) -> DepthMap:
        """The depth map of a path inside the folder: a PNG with grey values of 16 bits.

        They are as ``DepthMap.load`` gives them: 0 is unknown or not to be learned from.

        Raises:
            PackError: the path leaves the folder, or is not such a file.
        """
        if name not in self._depth_maps:
            path, digest, size = self._identify(name, place, field, _DEPTH_MAP)
            self._depth_maps[name] = DepthMap(digest, size, _DepthFile(path, digest))
        return self._depth_maps[name]

    def _identify(
        self, name: str, place: Place, field: str, kind: _Kind
    ) -> tuple[Path, str, tuple[int, int]]:
        path = self._inside(name, place, field)
        size = path.stat().st_size
        if size > MAX_BYTES:
            expected = f"at most {MAX_BYTES // 2**20} MiB"
            raise place.error(field, f"{shown(name)}, a file of {size} bytes", expected)
        data = path.read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        return path, digest, _header(data, name, place, field, kind)[1]

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


def _header(
    data: bytes, name: str, place: Place, field: str, kind: _Kind
) -> tuple[str, tuple[int, int]]:
    """The format, and the upright width and height, read without decoding."""
    from PIL import Image

    bombs = (Image.DecompressionBombWarning, Image.DecompressionBombError)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=kind.formats) as image:
                form, mode, (width, height) = image.format or "", image.mode, image.size
                # Only where the header has it: asking a PNG for it would decode the whole picture.
                exif = image.getexif() if "exif" in image.info else {}
    except bombs as error:
        expected = f"at most Pillow's limit of {Image.MAX_IMAGE_PIXELS} pixels"
        raise place.error(field, f"{shown(name)}, too large an image", expected) from error
    except (OSError, SyntaxError, ValueError) as error:
        given = f"{shown(name)}, which does not open as an image"
        formats = ", ".join(kind.formats)
        expected = f"one of {formats}" if len(kind.formats) > 1 else formats
        raise place.error(field, given, expected) from error
    if mode not in kind.modes:
        given = f"{shown(name)}, an image of mode {mode}"
        raise place.error(field, given, kind.bits)
    turned = exif.get(_ORIENTATION, 1) in (5, 6, 7, 8)
    return form, (height, width) if turned else (width, height)
