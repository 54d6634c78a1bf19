"""Task folders that the tiny models of ``tiny_vlms`` can be tested on.

The pictures are grey textures that a random eye can match, with two flat coloured strips: the
hue of the upper one names the right option, that of the lower one an option drawn at random.
Options are colour words, so a code is about an option and not about a letter, and a model that
reads it is right in whatever order the options are put. The question names a third option, the
trial word. All three codes are balanced and independent of each other.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

COLOURS = ("red", "green", "blue", "yellow")
"""The words that name the options, in the source's order."""

SIDE = 112
"""Pixels of a picture's side; a tile of 28 px is 2 × 2 patches of the tiny models."""

_TILE, _CELL, _STRIP = 28, 4, 14
_SLOTS = tuple((row, col) for row in range(3) for col in range(4))
# Tiles lie between the strips, which leave three rows of four.

_QUESTIONS = {
    "nearest_patch": "Which tile of the second image is the one marked on the first?",
    "pooled": "Which other image is made of the same tiles as the first?",
    "gram": "Which other image is made of the same tiles as the first?",
    "oddity": "Which image is made of other tiles than the rest?",
    "linear": "Which tile has the special pattern?",
    "depth": "Which tile is closer?",
}

Grey = NDArray[np.float64]


def true_hue(option: int) -> float:
    """Angle in the plane of opponent colours that codes an option as the right one."""
    return math.tau * option / 4


def decoy_hue(option: int) -> float:
    """Angle that codes an option drawn at random: halfway between two that tell the truth."""
    return true_hue(option) + math.tau / 8


def flat_colour(hue: float) -> tuple[int, int, int]:
    """A saturated colour of mid brightness at an angle of the plane of opponent colours."""
    a, b = 0.6 * math.cos(hue), 0.6 * math.sin(hue)
    red = 0.5 + a * 2 / math.sqrt(6)
    green = 0.5 - a / math.sqrt(6) + b / math.sqrt(2)
    blue = 0.5 - a / math.sqrt(6) - b / math.sqrt(2)
    return (round(255 * red), round(255 * green), round(255 * blue))


def trial(option: int) -> str:
    """The words of the question that name an option, unrelated to the truth."""
    return f"Trial {COLOURS[option]}."


@dataclass(frozen=True, slots=True)
class _Codes:
    """The right option of an item, and which option each of its codes names."""

    answer: int
    truth: int
    decoy: int
    trial: int


def write_pack(
    folder: Path,
    *,
    n: int,
    readout: str = "nearest_patch",
    seed: int = 0,
    name: str = "tiny",
    version: str = "1",
    code: bool = True,
    truth: float = 1.0,
    leak: float = 0.0,
    groups: int | None = None,
    noise: float = 0.3,
) -> Path:
    """Write a task folder and return it.

    Args:
        folder: made where it is not there.
        n: items.
        readout: decides the form of the items. ``nearest_patch``: 2 images, 4 options, points
            REF and A to D. ``pooled`` and ``gram``: 3 images, 2 options. ``oddity``: 3 images,
            3 options. ``linear`` and ``depth``: 1 image, 2 options, points A and B; what tells
            them apart is the same in all items.
        seed: of everything.
        name: of the task.
        version: of the task.
        code: whether the pictures have the coloured strips; without, no tiny model knows better
            than chance while the readout still does.
        truth: share of the items whose upper strip names the right option; in the others it names
            a wrong one. It is what the model "oracle" scores.
        leak: share of the items whose question names the right option on purpose; the trial words
            of the others stay unrelated to the truth. "text_only" scores about
            ``leak + (1 - leak) / options``, sighted and blind.
        groups: into how many scenes the items are dealt, told by the slice ``scene``; items of a
            scene share their background. None is 12 for ``linear`` and ``depth`` and no slice for
            the others.
        noise: how much a tile differs from its copy, relative to its own contrast. The readouts
            score 1 at 0.3, .82 to .97 at 1 and .4 to .7 at 2; ``linear`` and ``depth`` 1 up to 2
            and .93 at 3. That is from pictures by themselves: side by side in one picture, tiles
            lie across the patches and only ``linear`` and ``depth`` can still be read.
    """
    rng = np.random.default_rng([seed, 7])
    if groups is None and readout in {"linear", "depth"}:
        groups = 12
    (folder / "images").mkdir(parents=True, exist_ok=True)
    maker = _Maker(readout=readout, noise=noise, rng=rng)
    lines = []
    told = _codes(n, maker.options, rng, truth=truth, leak=leak)
    for i, codes in enumerate(told):
        scene = i % groups if groups else i
        pictures, points = maker.item(codes.answer, background=_texture((28, 28), [seed, 8, scene]))
        files = []
        for j, picture in enumerate(pictures):
            files.append(f"images/{i:04d}-{j}.png")
            _save(folder / files[-1], picture, codes if code else None)
        line = {
            "id": f"{name.rsplit('/', 1)[-1]}-{i:04d}",
            "images": files,
            "question": f"{trial(codes.trial)} {_QUESTIONS[readout]}",
            "options": COLOURS[: maker.options],
            "answer": codes.answer,
            "points": points,
        }
        if groups:
            line["slices"] = {"scene": f"scene-{scene:02d}"}
        lines.append(json.dumps(line))
    (folder / "items.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    manifest = {
        "name": name,
        "version": version,
        "readout": readout,
        "markers": "none",
        "source": "random textures made for tests",
        "licence": "CC0-1.0",
    }
    text = "".join(f"{key} = {json.dumps(value)}\n" for key, value in manifest.items())
    (folder / "task.toml").write_text(text, encoding="utf-8")
    return folder


def _codes(
    n: int, options: int, rng: np.random.Generator, *, truth: float, leak: float
) -> list[_Codes]:
    """Codes of which each is balanced, the decoy and the trial also within each right answer."""
    answers = rng.permutation(np.arange(n) % options)
    others = np.empty((2, n), dtype=int)
    for answer in range(options):
        where = np.flatnonzero(answers == answer)
        for row in others:
            # Starting at the answer lets the remainders of the strata even out.
            row[where] = rng.permutation((np.arange(len(where)) + answer) % options)
    decoys, trials = others
    leaking = rng.permutation(n)[: round(leak * n)]
    trials[leaking] = answers[leaking]
    lying = rng.permutation(n)[: n - round(truth * n)]
    truths = answers.copy()
    truths[lying] = (answers[lying] + rng.integers(1, options, len(lying))) % options
    return [_Codes(*map(int, row)) for row in zip(answers, truths, decoys, trials, strict=True)]


class _Maker:
    """Lays out the tiles of one item after the other, in cells of 4 px."""

    def __init__(self, *, readout: str, noise: float, rng: np.random.Generator) -> None:
        if readout not in _QUESTIONS:
            raise ValueError(f"readout: got {readout!r}; expected one of {sorted(_QUESTIONS)}")
        self.options = {"nearest_patch": 4, "oddity": 3}.get(readout, 2)
        self._readout, self._noise, self._rng = readout, noise, rng
        # What `linear` and `depth` are about; the same in all packs, so that one can be trained on.
        self._right, self._wrong = _texture((2, 7, 7), [9])

    def item(self, answer: int, *, background: Grey) -> tuple[list[Grey], list[dict[str, object]]]:
        """Pictures of 28 × 28 cells, and the points."""
        if self._readout == "nearest_patch":
            return self._match(answer, background)
        if self._readout in {"linear", "depth"}:
            return self._special(answer, background)
        return self._sets(answer), []

    def _match(self, answer: int, background: Grey) -> tuple[list[Grey], list[dict[str, object]]]:
        tiles = self._tiles(self.options)
        reference, other = background.copy(), background.copy()
        where = self._slots(1)[0]
        self._put(reference, where, tiles[answer])
        points = [_point(0, where, "REF")]
        for tile, slot, label in zip(tiles, self._slots(self.options), "ABCD", strict=True):
            self._put(other, slot, tile)
            points.append(_point(1, slot, label))
        return [reference, other], points

    def _special(self, answer: int, background: Grey) -> tuple[list[Grey], list[dict[str, object]]]:
        picture, points = background.copy(), []
        for option, slot in enumerate(self._slots(2)):
            self._put(picture, slot, self._right if option == answer else self._wrong)
            points.append(_point(0, slot, "AB"[option]))
        return [picture], points

    def _sets(self, answer: int) -> list[Grey]:
        """Three pictures of which two are made of the same tiles, each in an order of its own."""
        one, other = self._tiles(len(_SLOTS)), self._tiles(len(_SLOTS))
        if self._readout == "oddity":
            made_of = [other if image == answer else one for image in range(3)]
        else:
            made_of = [one, *(one if option == answer else other for option in range(2))]
        pictures = []
        for tiles in made_of:
            picture = np.zeros((28, 28))
            for tile, slot in zip(tiles, self._slots(len(_SLOTS)), strict=True):
                self._put(picture, slot, tile)
            pictures.append(picture)
        return pictures

    def _tiles(self, count: int) -> Grey:
        return self._rng.standard_normal((count, 7, 7))

    def _slots(self, count: int) -> list[tuple[int, int]]:
        return [_SLOTS[k] for k in self._rng.permutation(len(_SLOTS))[:count]]

    def _put(self, picture: Grey, slot: tuple[int, int], tile: Grey) -> None:
        # Tiles start below the strip of 14 px, in the middle of a cell: the picture is shifted by
        # half a cell when it is painted.
        row, col = slot[0] * 7, slot[1] * 7
        seen = tile + self._noise * self._rng.standard_normal(tile.shape)
        picture[row : row + 7, col : col + 7] = seen / math.sqrt(1 + self._noise**2)


def _texture(shape: tuple[int, ...], seed: Sequence[int]) -> Grey:
    return np.random.default_rng(seed).standard_normal(shape)


def _point(image: int, slot: tuple[int, int], label: str) -> dict[str, object]:
    x, y = slot[1] * _TILE + _TILE / 2, _STRIP + slot[0] * _TILE + _TILE / 2
    return {"image": image, "x": x, "y": y, "label": label}


def _save(path: Path, picture: Grey, codes: _Codes | None) -> None:
    grey = np.clip(128 + 48 * picture, 0, 255).astype(np.uint8)
    whole = np.roll(grey.repeat(_CELL, axis=0).repeat(_CELL, axis=1), _STRIP, axis=0)
    pixels = np.repeat(whole[:, :, None], 3, axis=2)
    if codes is not None:
        pixels[:_STRIP] = flat_colour(true_hue(codes.truth))
        pixels[-_STRIP:] = flat_colour(decoy_hue(codes.decoy))
    Image.fromarray(pixels).save(path, compress_level=1)
