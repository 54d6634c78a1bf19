"""HPatches: flat scenes seen from elsewhere (v_…) or in another light (i_…).

A sequence is a folder with images ``1.ppm`` to ``6.ppm`` and homographies ``H_1_2`` to ``H_1_6``,
nine numbers in text. Of two images i and j that are two or more apart, a point of i is moved into
j by H_1j · H_1i⁻¹; wrong options are other points of the scene.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from pytest_vlmsight.tasks.generated import generator
from pytest_vlmsight.tasks.pack_error import Place
from pytest_vlmsight.tasks.picture_file import PictureFiles

from .errors import Where
from .matching import apart, match_item
from .source import LeftOut, Source, shuffled

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from pytest_vlmsight.tasks.generated import Canvas
    from pytest_vlmsight.tasks.item import Item, Picture

    from .access import Files

    Matrix = NDArray[np.float64]
    Spot = tuple[float, float]

_QUESTION = (
    "Both images show the same scene, from another side or in another light. A point REF is "
    "marked in the first image. Which point in the second image is the same point of the scene?"
)
_IMAGES = 6
_PAIRS = tuple((i, j) for i in range(1, _IMAGES + 1) for j in range(i + 2, _IMAGES + 1))
_TRIES = 64
"""Points of the first image that are looked at: the best of them are taken."""

_BORDER, _FAR = 0.08, 0.2
"""Least distance of points from an image's edge and from each other, of its shorter side."""


def patterns(part: str) -> tuple[str, ...]:  # noqa: ARG001 - there is one part
    """The files that tell the sequences."""
    return ("*/H_1_2",)


def open_source(files: Files, *, part: str, canvas: Canvas) -> _Hpatches:  # noqa: ARG001 - as all
    """All pairs of all sequences, with markers drawn on them."""
    return _Hpatches(files, canvas)


@dataclass(frozen=True)
class _Hpatches(Source):
    files: Files
    canvas: Canvas

    @property
    def told(self) -> str:
        return self.files.told

    @cached_property
    def _sequences(self) -> list[Path]:
        return [path.parent for path in self.files.paths]

    def order(self, seed: int) -> list[int]:
        return shuffled(len(self._sequences) * len(_PAIRS), seed)

    def make(self, numbers: Sequence[int]) -> list[Item | LeftOut]:
        found = []
        for number in numbers:
            sequence, pair = divmod(number, len(_PAIRS))
            found.append(self._item(self._sequences[sequence], *_PAIRS[pair]))
        return found

    def _item(self, folder: Path, i: int, j: int) -> Item | LeftOut:
        name = f"{folder.name} {i}-{j}"
        where = Place(folder)
        files = PictureFiles(folder)
        one, other = (files.picture(f"{k}.ppm", where, f"image {k}") for k in (i, j))
        moved = self._homography(folder, j) @ _inverted(self._homography(folder, i), folder, i)
        places = _places(name, one, other, moved)
        for at, (_, target) in enumerate(places):
            rest = [place for _, place in (*places[:at], *places[at + 1 :])]
            far = apart(target, rest, size=other.size, count=3, least=_FAR)
            if far is not None:
                return self._matched(name, (one, other), places, [target, *far])
        return LeftOut(name, "the images share too little for four points far from each other")

    def _matched(
        self,
        name: str,
        pictures: tuple[Picture, Picture],
        places: Sequence[tuple[Spot, Spot]],
        options: Sequence[Spot],
    ) -> Item:
        """An item with one of the options right, whichever has more texture."""
        right = options[int(generator("study", "hpatches right", name).random() * len(options))]
        reference = next(start for start, target in places if target == right)
        folder = name.split(maxsplit=1)[0]
        change = {"i": "light", "v": "viewpoint"}.get(folder[:1], "other")
        return match_item(
            self.canvas,
            name=name,
            pictures=pictures,
            question=_QUESTION,
            reference=reference,
            right=right,
            wrong=[place for place in options if place != right],
            slices=(("change", change), ("scene", folder)),
        )

    def _homography(self, folder: Path, image: int) -> Matrix:
        """(3, 3) from the first image of a sequence to another."""
        import numpy as np

        if image == 1:
            return np.eye(3)
        where = Where(f"{self.files.data.key}/{folder.name}/H_1_{image}", kind="part")
        try:
            text = (folder / f"H_1_{image}").read_text(encoding="utf-8")
            numbers = [float(word) for word in text.split()]
        except (OSError, ValueError) as error:
            raise where.error("", str(error), "nine numbers") from error
        if len(numbers) != 9 or not np.isfinite(numbers).all():
            raise where.error("", f"{len(numbers)} numbers", "nine finite ones")
        return np.array(numbers).reshape(3, 3)


def _inverted(matrix: Matrix, folder: Path, image: int) -> Matrix:
    import numpy as np

    try:
        return np.asarray(np.linalg.inv(matrix))
    except np.linalg.LinAlgError as error:
        where = Where(f"{folder.name}/H_1_{image}", kind="part")
        raise where.error("", "a matrix without an inverse", "a homography") from error


def _places(
    name: str, one: Picture, other: Picture, moved: Matrix
) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    """Points of the first image and where they are in the second, most textured first.

    Coordinates of homographies are those of pixels' middles counted from 0, as OpenCV has them;
    points here count from the corner of the first pixel.
    """
    import numpy as np

    rng = generator("study", "hpatches", name)
    grey = np.asarray(one.load().convert("L"), dtype=np.float64)
    height, width = grey.shape
    reach = max(2, round(0.02 * min(one.size)))
    found = []
    for _ in range(_TRIES):
        x, y = rng.random() * width, rng.random() * height
        u, v, w = moved @ np.array([x - 0.5, y - 0.5, 1.0])
        if abs(w) < 1e-9:
            continue
        target = (float(u / w) + 0.5, float(v / w) + 0.5)
        if not (_inside((x, y), one.size) and _inside(target, other.size)):
            continue
        row, column = int(y), int(x)
        around = grey[
            max(row - reach, 0) : row + reach + 1, max(column - reach, 0) : column + reach + 1
        ]
        found.append((float(around.std()), (float(x), float(y)), target))
    return [(start, target) for _, start, target in sorted(found, reverse=True)]


def _inside(place: tuple[float, float], size: tuple[int, int]) -> bool:
    border = _BORDER * min(size)
    return all(border <= at <= side - border for at, side in zip(place, size, strict=True))
