"""Writing any task as a task folder, which ``pack.py`` reads back with the same items.

Questions, options, answers, points, boxes, slices, depths and the pixels of all images are the
same. Items of a task folder keep their ids, since its files are copied as they are. Items with
rendered pictures get other ids: the digest of such a picture is a hash of what it is rendered
from, which a folder does not hold, while that of a file is a hash of its content.
"""

from __future__ import annotations

import hashlib
import io
import json
import secrets
import shutil
import tomllib
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from .markers import Markers
from .pack import ITEMS, MANIFEST, load_task
from .pack_error import PackError
from .picture_file import content_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from PIL.Image import Image

    from .item import DepthMap, Item, Picture, Task

    Source = TypeVar("Source", Picture, DepthMap)

_DIGITS = 20  # of the hash that a file is named by


def pack_task(task: Task, folder: Path, *, n: int, seed: int) -> int:
    """Write items of a task as a task folder, all of it or nothing.

    The folder has ``markers = "draw"`` where drawing them on the clean images gives the images
    of every item; they are then drawn in the style of whoever reads it (where that varies, in the
    style of an item's name). Images with other marks are written as they are, with the clean ones
    beside them (``markers = "burned"``).

    Args:
        task: built-in, from a folder or of one's own.
        folder: does not exist yet, or is empty.
        n: how many items at most.
        seed: of the items.

    Returns:
        how many items were written.

    Raises:
        ValueError: there are no items, or a folder cannot hold one of them; it is named.
        OSError: the folder is taken or cannot be written.
    """
    folder = folder.resolve()
    _check_free(folder)
    items = task.make_items(n, seed)
    if not items:
        raise ValueError(f"task {task.name}: got n={n}, which makes no items; expected 1 or more")
    unfinished = folder.with_name(f".{folder.name}-{secrets.token_hex(4)}")
    unfinished.mkdir()
    try:
        _write(task, items, unfinished)
        _check_written(task, items, unfinished)
        with suppress(FileNotFoundError):
            folder.rmdir()
        unfinished.replace(folder)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    return len(items)


def _check_free(folder: Path) -> None:
    expected = "a folder that does not exist yet or is empty"
    if folder == Path.cwd():
        raise FileExistsError(f"{folder}: got the current folder; expected {expected} elsewhere")
    if folder.is_dir():
        if any(folder.iterdir()):
            raise FileExistsError(
                f"{folder}: got a folder with something in it; expected {expected}"
            )
    elif folder.exists():
        raise FileExistsError(f"{folder}: got a file; expected {expected}")
    elif not folder.parent.is_dir():
        raise FileNotFoundError(f"{folder}: {folder.parent} is no folder; make it first")


def _write(task: Task, items: Sequence[Item], folder: Path) -> None:
    markers = _markers_of(task, items)
    files = _Files(folder)
    lines = [json.dumps(_record(task, item, files, drawn=markers == "draw")) for item in items]
    keys = ("name", "version", "readout", "source", "licence")
    values = {**{key: str(getattr(task, key)) for key in keys}, "markers": markers}
    manifest = "".join(f"{key} = {_toml(value)}\n" for key, value in values.items())
    (folder / MANIFEST).write_bytes(manifest.encode())
    (folder / ITEMS).write_bytes("".join(f"{line}\n" for line in lines).encode())


def _toml(text: str) -> str:
    """A TOML string: one of JSON, but for a character that JSON does not escape."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _markers_of(task: Task, items: Sequence[Item]) -> str:
    if all(map(_can_be_redrawn, items)):
        return "draw"
    if any(item.draw is not None or item.images != item.clean_images for item in items):
        return "burned"
    if task.folder is not None:
        # Marks without clean images look like no marks to everybody but a reader of the file.
        said = tomllib.loads((task.folder / MANIFEST).read_text("utf-8")).get("markers")
        return "burned" if said == "burned" else "none"
    return "none"


def _can_be_redrawn(item: Item) -> bool:
    """Whether a reader's markers on the clean images make the images."""
    if not isinstance(item.draw, Markers) or not (item.points or item.boxes):
        return False
    drawn = item.draw.paint_all(item.clean_images, points=item.points, boxes=item.boxes)
    return drawn == item.images


def _record(task: Task, item: Item, files: _Files, *, drawn: bool) -> dict[str, object]:
    """What ``pack_line.parse_line`` reads."""
    images = item.clean_images if drawn else item.images
    record: dict[str, object] = {"id": item.name, "images": list(map(files.picture, images))}
    if images != item.clean_images:
        record["clean_images"] = list(map(files.picture, item.clean_images))
    record |= {"question": item.question, "options": item.options, "answer": item.answer}
    if item.points:
        record["points"] = [asdict(point) for point in item.points]
    if item.boxes:
        record["boxes"] = [
            {name: value for name, value in asdict(box).items() if name != "colour" or value}
            for box in item.boxes
        ]
    if item.depth_maps:
        record["depth_maps"] = list(map(files.depth_map, item.depth_maps))
    # The slices of varied markers are told by whoever draws them.
    told = item.draw.slices if drawn and isinstance(item.draw, Markers) else ()
    slices = [pair for pair in item.slices if pair not in told]
    if len(dict(slices)) < len(slices):
        raise ValueError(
            f"task {task.name}, item {item.name!a}: got two slices of one name in {slices}; "
            "expected different names"
        )
    if slices:
        record["slices"] = dict(slices)
    return record


class _Files:
    """Writes image files named by their content, each once however many items share it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._names: dict[tuple[str, str], str] = {}

    def picture(self, picture: Picture) -> str:
        """The path, inside the folder, of a file with the picture's pixels."""
        return self._name("images", picture, _png_of_picture)

    def depth_map(self, depth_map: DepthMap) -> str:
        """The same for a depth map."""
        return self._name("depth_maps", depth_map, _png_of_depths)

    def _name(self, kind: str, source: Source, encode: Callable[[Source], bytes]) -> str:
        key = kind, source.digest
        if key not in self._names:
            data, suffix = content_of(source) or (encode(source), ".png")
            name = f"{kind}/{hashlib.sha256(data).hexdigest()[:_DIGITS]}{suffix}"
            path = self._folder / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(data)
            self._names[key] = name
        return self._names[key]


def _png_of_picture(picture: Picture) -> bytes:
    return _png(picture.load())


def _png_of_depths(depth_map: DepthMap) -> bytes:
    from PIL.Image import fromarray

    return _png(fromarray(depth_map.load()))


def _png(image: Image) -> bytes:
    data = io.BytesIO()
    image.save(data, format="PNG")
    return data.getvalue()


def _check_written(task: Task, items: Sequence[Item], folder: Path) -> None:
    """Read the folder back, which holds every item to what a folder's lines may be."""
    try:
        load_task(folder).make_items(len(items), 0)
    except PackError as error:
        where = f"{error.path}:" if error.line is None else f"{error.path}:{error.line}:"
        what = str(error).removeprefix(where).strip()
        which = "" if error.line is None else f", item {items[error.line - 1].name!a}"
        raise ValueError(
            f"task {task.name}{which}: a task folder cannot hold it: {what}"
        ) from error
