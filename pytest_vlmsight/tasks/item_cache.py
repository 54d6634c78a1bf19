"""Generated items kept on disk, so that no run looks for what an earlier one found.

To find an item takes many tries, and longer than to render its pictures. A file has a line for
each item of a task and seed, written as soon as the item is found, so that a run that is killed
has lost nothing. Its name says all that decides the items, the code that makes them included, so
nothing ever has to be made invalid. A cache may only save time: a line with anything wrong is
passed over, and the item is made.
"""

from __future__ import annotations

import json
import os
import time
from contextlib import suppress
from dataclasses import asdict, astuple, dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from .generated import digest
from .item import Box, DepthMap, Item, Picture, Point
from .markers import Markers, MarkerStyle
from .picture_cache import cached, cached_depths, is_kept

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .generated import Canvas

FOLDER = "items"
_UNUSED = 30 * 86400.0  # seconds after which a file is removed


class Maker(Protocol):
    """Makes items; hashable, and picklable so that tasks travel to workers."""

    @property
    def canvas(self) -> Canvas:
        """How their pictures are made."""

    def __hash__(self) -> int:
        """Of all that decides the items."""

    def __call__(self, seed: int, index: int, /) -> Item:
        """Item ``index`` of a seed."""


class ItemFile:
    """The items of a task and seed.

    Args:
        make: makes them.
        seed: of them.
        fingerprint: hash of all that decides them but markers and code.
        folder: holds the cache, in its folder ``items``; made when something is first written.
    """

    def __init__(self, make: Maker, seed: int, *, fingerprint: str, folder: Path) -> None:
        self._make, self._seed, self._folder = make, seed, folder
        self._path = _path(make, seed, fingerprint=fingerprint, folder=folder)
        self._lines = _read(self._path)

    def items(self, n: int) -> list[Item]:
        """The first n items, read where they were found before.

        Raises:
            GenerationError: an item could not be made.
        """
        return [self._item(index) for index in range(n)]

    def missing(self, n: int) -> list[int]:
        """Which of the first n items are not there with all that is rendered of them."""
        known = ((index, self._known(index)) for index in range(n))
        return [index for index, item in known if item is None or not rendered(item, self._folder)]

    def prepare(self, indices: Iterable[int]) -> None:
        """Make items and render all of them.

        Raises:
            GenerationError: an item could not be made.
        """
        for index in indices:
            item = self._item(index)
            for picture in item.clean_images:
                picture.load()
            for depths in item.depth_maps:
                depths.load()

    def _item(self, index: int) -> Item:
        item = self._known(index)
        if item is None:
            item = self._make(self._seed, index)
            with suppress(OSError):  # no permission, no space, a file where a folder should be
                _append(self._path, index, item)
        return item

    def _known(self, index: int) -> Item | None:
        """The item of the last whole line of its number."""
        for record in reversed(self._lines.get(index, [])):
            with suppress(Exception):  # whatever is wrong with the line, the item is made
                item = _item(record, self._make, self._seed, index, self._folder)
                if item.id == record["id"]:
                    return item
        return None


def rendered(item: Item, folder: Path) -> bool:
    """Whether all pictures and depth maps of an item are kept."""
    pictures = all(is_kept(one, folder) for one in item.clean_images)
    return pictures and all(is_kept(one, folder) for one in item.depth_maps)


def _path(make: Maker, seed: int, *, fingerprint: str, folder: Path) -> Path:
    markers = make.canvas.markers
    content = {
        "fingerprint": fingerprint,
        "markers": [asdict(markers.style), markers.varied, sorted(markers.fixed)],
        "code": _code(),
    }
    return folder / FOLDER / f"{digest(content)[:32]}-{seed}.jsonl"


@lru_cache(maxsize=1)
def _code() -> str:
    """Digest of all that makes items."""
    here = Path(__file__).parent
    return digest({str(p.relative_to(here)): p.read_text("utf-8") for p in here.rglob("*.py")})


def _read(path: Path) -> dict[int, list[Any]]:
    """Lines by the item's number, as they are."""
    found: dict[int, list[Any]] = {}
    try:
        lines = path.read_bytes().splitlines()
        os.utime(path)
    except OSError:
        return found
    for line in filter(None, lines):
        with suppress(ValueError, TypeError, KeyError):  # no JSON, or no record
            record = json.loads(line)
            found.setdefault(record["index"], []).append(record)
    return found


def _append(path: Path, index: int, item: Item) -> None:
    """Write an item's line, where the item can be told by one.

    Raises:
        OSError: it cannot be written.
    """
    if item.draw is not None and not isinstance(item.draw, Markers):
        return
    record = {
        "index": index,
        "id": item.id,
        "name": item.name,
        "pictures": [[p.digest, *p.size] for p in item.clean_images],
        "depth_maps": [[m.digest, *m.size] for m in item.depth_maps],
        "question": item.question,
        "options": item.options,
        "answer": item.answer,
        "points": [astuple(p) for p in item.points],
        "boxes": [astuple(b) for b in item.boxes],
        "slices": item.slices,
        "style": item.draw and [asdict(item.draw.style), item.draw.slices],
    }
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        _prune(path.parent)
    # It begins a line of its own even where a run was killed within one.
    line = f"\n{json.dumps(record)}\n".encode()
    with path.open("ab", buffering=0) as file:
        file.write(line)


def _item(record: dict[str, Any], make: Maker, seed: int, index: int, folder: Path) -> Item:
    pictures = tuple(
        cached(
            Picture(name, (width, height), _Again(make, seed, index, "clean_images", number)),
            folder,
        )
        for number, (name, width, height) in enumerate(record["pictures"])
    )
    depth_maps = tuple(
        cached_depths(
            DepthMap(name, (width, height), _Again(make, seed, index, "depth_maps", number)),
            folder,
        )
        for number, (name, width, height) in enumerate(record["depth_maps"])
    )
    points = tuple(Point(**_named(Point, values)) for values in record["points"])
    boxes = tuple(Box(**_named(Box, values)) for values in record["boxes"])
    draw = None
    if record["style"] is not None:
        style, slices = record["style"]
        draw = Markers(MarkerStyle(**style), slices=_pairs(slices))
    return Item(
        name=record["name"],
        images=draw.paint_all(pictures, points=points, boxes=boxes) if draw else pictures,
        clean_images=pictures,
        question=record["question"],
        options=tuple(record["options"]),
        answer=record["answer"],
        points=points,
        boxes=boxes,
        slices=_pairs(record["slices"]),
        depth_maps=depth_maps,
        draw=draw,
    )


def _named(kind: Any, values: list[Any]) -> dict[str, Any]:
    return dict(zip(kind.__dataclass_fields__, values, strict=True))


def _pairs(given: list[list[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in given)


@dataclass(frozen=True, slots=True)
class _Again:
    """Makes an item anew for one of its pictures or depth maps that is not kept any more."""

    make: Maker
    seed: int
    index: int
    what: str
    number: int

    def __call__(self) -> Any:
        return getattr(_made(self.make, self.seed, self.index), self.what)[self.number].load()


@lru_cache(maxsize=2)  # an item's pictures are usually loaded one after the other
def _made(make: Maker, seed: int, index: int) -> Item:
    return make(seed, index)


def _prune(folder: Path) -> None:
    """Remove what was not used for long, which is of other code mostly."""
    for path in folder.glob("*.jsonl"):
        with suppress(OSError):  # another process removed it
            if time.time() - path.stat().st_mtime > _UNUSED:
                path.unlink()
