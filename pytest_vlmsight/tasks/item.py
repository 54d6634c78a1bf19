"""An item: one multiple-choice question about images, with its ground truth.

Pictures are opened only when their pixels are needed, so that collecting a task of thousands of
items costs no image memory. Identity comes from content, never from position in a file.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

    from .knobs import Knob

REFERENCE = "REF"
"""Label of the point or box that the question starts from."""

NO_READOUT = "none"
"""Of a task that nothing decides from encoder features: its VLM is compared with itself blind."""

READOUTS = ("nearest_patch", "gram", "pooled", "oddity", "linear", "depth", NO_READOUT)
"""What can decide a task from encoder features."""


def letter(index: int) -> str:
    """The option letter of a position: 0 → "A"."""
    return chr(ord("A") + index)


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A marked point, in pixels of image number ``image`` (the centre of the first pixel is .5)."""

    image: int
    x: float
    y: float
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A marked box, in pixels of image number ``image``; the right and lower edges are outside.

    Where ``colour`` is not empty the box is drawn in it and without a letter, for questions that
    tell boxes apart by colour (as those of CV-Bench do).
    """

    image: int
    x0: float
    y0: float
    x1: float
    y1: float
    label: str
    colour: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """An image that is decoded only when asked for.

    Attributes:
        digest: hexadecimal SHA-256 of all that decides the pixels.
        size: width and height in pixels.
    """

    digest: str
    size: tuple[int, int]
    _open: Callable[[], Image] = field(compare=False, repr=False)

    @classmethod
    def of(cls, paint: Callable[[], Image], *, size: tuple[int, int], key: object) -> Picture:
        """A picture that is painted, or read, whenever its pixels are needed.

        Args:
            paint: gives the picture, the same at every call.
            size: its width and height in pixels.
            key: plain values (as JSON has them) that tell its pixels from those of every other
                picture: all that ``paint`` paints from, and a version of how. Answers and
                features are known again by it.

        Raises:
            ValueError: the key has values that JSON does not have.
        """
        try:
            text = json.dumps({"key": key, "size": size}, sort_keys=True, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise ValueError(f"key: {error}; expected plain values, as JSON has them") from error
        return cls(hashlib.sha256(text.encode()).hexdigest(), size, paint)

    def load(self) -> Image:
        """The picture as an RGB image of ``size``; a new object at each call."""
        return self._open().convert("RGB")


@dataclass(frozen=True, slots=True)
class DepthMap:
    """The depth of every pixel of an image, for readouts that learn depth from other items.

    Attributes:
        digest: hexadecimal SHA-256 of all that decides the depths.
        size: width and height in pixels; those of the image.
    """

    digest: str
    size: tuple[int, int]
    _open: Callable[[], NDArray[np.uint16]] = field(compare=False, repr=False)

    def load(self) -> NDArray[np.uint16]:
        """(height, width) depth along the optical axis in 1/1000 of a unit of length.

        0 is a pixel whose depth is unknown or not to be learned from.
        """
        return self._open()


@dataclass(frozen=True, kw_only=True)
class Item:
    """One multiple-choice question.

    Attributes:
        name: the source's own label, for people; not part of the identity.
        images: as the VLM sees them, with markers drawn or burned in.
        clean_images: the same without markers; equal to ``images`` where there are none.
        question: the text, without the options.
        options: in the source's order; option j is about the point or box labelled ``letter(j)``,
            or else about image j + 1 (image 0 is the reference), or image j for odd-one-out.
        answer: index of the right option.
        points: for readouts and drawing only, never told to the VLM.
        boxes: likewise.
        slices: (name, value) labels to break results down by.
        depth_maps: one per image, or none; never of use to the item itself, only to a readout
            that is trained on other items.
        draw: paints markers on a clean picture, given that picture and its points and boxes;
            None where there is nothing to draw.
    """

    name: str
    images: tuple[Picture, ...]
    clean_images: tuple[Picture, ...]
    question: str
    options: tuple[str, ...]
    answer: int
    points: tuple[Point, ...] = ()
    boxes: tuple[Box, ...] = ()
    slices: tuple[tuple[str, str], ...] = ()
    depth_maps: tuple[DepthMap, ...] = ()
    draw: Draw | None = field(default=None, compare=False, repr=False)

    @cached_property
    def id(self) -> str:
        """Hash of the content: images, question, options, answer, points, boxes, depth maps."""
        content: dict[str, object] = {
            "images": [p.digest for p in self.images],
            "clean_images": [p.digest for p in self.clean_images],
            "question": self.question,
            "options": self.options,
            "answer": self.answer,
            "points": [(p.image, p.x, p.y, p.label) for p in self.points],
            "boxes": [(b.image, b.x0, b.y0, b.x1, b.y1, b.label) for b in self.boxes],
        }
        # Only where there are some, so that items without keep the ids they have.
        if self.depth_maps:
            content["depth_maps"] = [m.digest for m in self.depth_maps]
        if any(b.colour for b in self.boxes):
            content["colours"] = [b.colour for b in self.boxes]
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:20]


class Draw(Protocol):
    """Paints the markers of one image (see ``tasks/markers.py``)."""

    def __call__(
        self, picture: Picture, *, points: Sequence[Point], boxes: Sequence[Box]
    ) -> Picture:
        """A picture that paints the given markers when it is loaded."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """A named, versioned source of items and the readout that decides it.

    Attributes:
        name: as shown in case ids.
        version: changes whenever the items would.
        readout: one of ``READOUTS``.
        source: where the items come from, in a sentence.
        licence: of the images.
        make_items: (n, seed) → at most n items, the same for the same arguments; the items for a
            smaller n are the first of those for a larger one.
        available: how many items there are; None where there is no end.
        folder: where a task folder lies; None for a built-in task.
        fingerprint: hash of what the items are made from, so that a record can tell that a task
            changed under the same version. Of a folder it covers task.toml and items.jsonl; the
            images are covered by the items' ids.
        knobs: what makes the items of a generated task easier or harder, each with the span that
            they are drawn from.
        on_demand: whether ``make_items`` reads or downloads a data set, so that it is called when
            a case runs and never while cases are collected. ``available`` is then what is known
            of the data set beforehand.
        told: (n, seed) → what is known of those items once they are made, for the record: names
            and plain values. None where there is nothing to tell.
    """

    name: str
    version: str
    readout: str
    source: str
    licence: str
    make_items: Callable[[int, int], list[Item]] = field(repr=False)
    available: int | None = None
    folder: Path | None = None
    fingerprint: str = ""
    knobs: tuple[Knob, ...] = ()
    on_demand: bool = False
    told: Callable[[int, int], Mapping[str, str | int]] | None = field(default=None, repr=False)
