"""Where the options are, without any pixel: rows, distances, sizes of boxes and pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pytest_vlmsight.tasks.item import Point

from .rows import Clues

if TYPE_CHECKING:
    from pytest_vlmsight.tasks.item import Item

    from .rows import FloatArray
    from .subjects import Subject, Subjects


def position_clues(item: Item, subjects: Subjects) -> Clues:
    """The places of an item's options; of whole pictures, their sizes.

    All lengths are shares of the width or height of the mark's own picture, so that places on
    pictures of different sizes can be compared.
    """
    sizes = np.array([item.images[s.image].size for s in subjects.options], dtype=float)
    scalars = {"picture width": sizes[:, 0], "picture height": sizes[:, 1]}
    if subjects.options[0].mark is None:
        scalars |= {"picture area": sizes.prod(1), "picture aspect": sizes[:, 0] / sizes[:, 1]}
        if subjects.reference is not None:
            own = item.images[subjects.reference.image].size
            scalars["size difference to the reference"] = np.abs(sizes - own).sum(1)
        return Clues(scalars=scalars)
    edges = np.array([_edges(item, subject) for subject in subjects.options])
    centres = (edges[:, :2] + edges[:, 2:]) / 2
    if not isinstance(subjects.options[0].mark, Point):
        scalars |= _of_boxes(edges)
    scalars |= _of_centres(centres)
    if subjects.reference is not None:
        start = _edges(item, subjects.reference)
        scalars |= _to_reference(centres, (start[:2] + start[2:]) / 2)
    return Clues(scalars=scalars)


def _edges(item: Item, subject: Subject) -> FloatArray:
    """x0, y0, x1, y1; twice the same of a point."""
    mark = subject.mark
    assert mark is not None
    edges = (
        (mark.x, mark.y) * 2 if isinstance(mark, Point) else (mark.x0, mark.y0, mark.x1, mark.y1)
    )
    shares: FloatArray = np.array(edges) / np.array(item.images[subject.image].size * 2)
    return shares


def _of_boxes(edges: FloatArray) -> dict[str, FloatArray]:
    width, height = (edges[:, 2:] - edges[:, :2]).T
    return {
        "left edge": edges[:, 0],
        "upper edge": edges[:, 1],
        "right edge": edges[:, 2],
        "lower edge": edges[:, 3],
        "width": width,
        "height": height,
        "area": width * height,
        "aspect": np.log(np.maximum(width, 1e-6) / np.maximum(height, 1e-6)),
    }


def _of_centres(centres: FloatArray) -> dict[str, FloatArray]:
    gaps = np.linalg.norm(centres[:, None] - centres, axis=2)
    others = gaps[~np.eye(len(centres), dtype=bool)].reshape(len(centres), -1)
    return {
        "x": centres[:, 0],
        "y": centres[:, 1],
        "distance to the centre": np.linalg.norm(centres - 0.5, axis=1),
        "distance to the border": np.minimum(centres, 1 - centres).min(1),
        "distance to the other options": others.mean(1),
        "distance to the nearest option": others.min(1),
    }


def _to_reference(centres: FloatArray, start: FloatArray) -> dict[str, FloatArray]:
    way = centres - start
    angle = np.arctan2(way[:, 1], way[:, 0])
    return {
        "distance to REF": np.linalg.norm(way, axis=1),
        "x distance to REF": np.abs(way[:, 0]),
        "y distance to REF": np.abs(way[:, 1]),
        "x from REF": way[:, 0],
        "y from REF": way[:, 1],
        "direction from REF, cosine": np.cos(angle),
        "direction from REF, sine": np.sin(angle),
        # Mirrored or turned by half, REF would be here.
        "distance to REF mirrored": np.hypot(centres[:, 0] - 1 + start[0], way[:, 1]),
        "distance to REF turned": np.linalg.norm(centres - 1 + start, axis=1),
        "x of REF": np.full(len(centres), start[0]),
        "y of REF": np.full(len(centres), start[1]),
    }
