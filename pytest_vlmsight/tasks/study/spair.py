"""SPair-71k: keypoints of two objects of one class.

``PairAnnotation/test/*.json`` has a pair each: ``src_imname``, ``trg_imname``, ``src_imsize`` and
``trg_imsize`` (width, height, …), ``src_kps``, ``trg_kps`` ([x, y] each, in the order of
``kps_ids``) and ``viewpoint_variation``; images are ``JPEGImages/<class>/*.jpg``. Wrong options
are other keypoints of the second object.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_vlmsight.tasks.generated import generator
from pytest_vlmsight.tasks.pack_error import Place
from pytest_vlmsight.tasks.picture_file import PictureFiles

from .errors import Where
from .json_file import read_json
from .matching import apart, match_item
from .rows import Row
from .source import LeftOut, Source, shuffled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_vlmsight.tasks.generated import Canvas
    from pytest_vlmsight.tasks.item import Item

    from .access import Files

_QUESTION = (
    "Both images show an object of the same kind. A point REF is marked on the object in the "
    "first image. Which point in the second image marks the same part of the other object?"
)

_LEAST = 4
"""Keypoints that a pair must share: one that is right and three that are wrong."""


def patterns(part: str) -> tuple[str, ...]:
    """The files of a split; images are read by the names in them."""
    return (f"PairAnnotation/{part}/*.json", f"*/PairAnnotation/{part}/*.json")


def open_source(files: Files, *, part: str, canvas: Canvas) -> _Spair:  # noqa: ARG001 - as all
    """All pairs, with markers drawn on them."""
    return _Spair(files, canvas)


@dataclass(frozen=True)
class _Spair(Source):
    files: Files
    canvas: Canvas

    @property
    def told(self) -> str:
        return self.files.told

    def order(self, seed: int) -> list[int]:
        return shuffled(len(self.files.paths), seed)

    def make(self, numbers: Sequence[int]) -> list[Item | LeftOut]:
        pictures = PictureFiles(self.files.paths[0].parents[2])
        return [self._item(self.files.paths[number], pictures) for number in numbers]

    def _item(self, path: Path, pictures: PictureFiles) -> Item | LeftOut:
        where = Where(f"{self.files.data.key}/{path.name}", kind="field")
        record = read_json(path, where)
        if not isinstance(record, dict):
            raise where.wrong("", record, "an object with src_imname, trg_imname, …")
        pair = Row(record, where)
        # "000001-2008_000123-2009_000456:aeroplane.json"
        kind = pair.text("category") if "category" in record else path.stem.rsplit(":", 1)[-1]
        sides = {}
        for side in ("src", "trg"):
            name = f"JPEGImages/{kind}/{pair.text(f'{side}_imname')}"
            picture = pictures.picture(name, Place(Path(where.file)), f"{side}_imname")
            if picture.size != tuple(pair.numbers(f"{side}_imsize", 2)):
                given = f"an image of {picture.size[0]} × {picture.size[1]} px"
                raise where.error(f"{side}_imsize", given, "the image's own size")
            sides[side] = picture, _keypoints(pair, side, picture.size)
        (one, sources), (other, targets) = sides["src"], sides["trg"]
        if len(sources) != len(targets):
            raise where.error("trg_kps", f"{len(targets)} points", f"{len(sources)}, as src_kps")
        if len(targets) < _LEAST:
            return LeftOut(path.stem, f"{len(targets)} shared keypoints; 4 are needed")
        rng = generator("study", "spair", path.stem)
        order = sorted(range(len(targets)), key=lambda _: rng.random())
        right = order[0]
        wrong = apart(targets[right], [targets[i] for i in order[1:]], size=other.size, count=3)
        if wrong is None:
            return LeftOut(path.stem, "keypoints lie too close together to be marked apart")
        return match_item(
            self.canvas,
            name=path.stem,
            pictures=(one, other),
            question=_QUESTION,
            reference=sources[right],
            right=targets[right],
            wrong=wrong,
            slices=(
                ("kind", kind),
                ("viewpoint variation", str(pair.whole("viewpoint_variation"))),
            ),
        )


def _keypoints(pair: Row, side: str, size: tuple[int, int]) -> list[tuple[float, float]]:
    name, found = f"{side}_kps", []
    value = pair.values.get(name)
    if not isinstance(value, list):
        raise pair.where.wrong(name, value, "a list of [x, y]")
    for point in value:
        x, y = pair.all_finite(name, point, 2)
        if not (0 <= x <= size[0] and 0 <= y <= size[1]):
            given = f"the point {x:g}, {y:g}"
            raise pair.where.error(name, given, f"one inside the image of {size[0]} × {size[1]} px")
        # Some stand on the last edge, which is no pixel's any more.
        found.append((min(x, size[0] - 0.5), min(y, size[1] - 0.5)))
    return found
