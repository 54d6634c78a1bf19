"""Coordinates of markers that are burned into pictures, as those of BLINK are.

BLINK draws a red circle round each point and its label beside it, and ships no coordinates. A
readout needs them. They are found here by what is known of the drawing: the circles of a picture
are all of one size, their labels all of one colour and one height, each label is there once, and
it stands at much the same place beside each circle. Where any of this does not hold, the item is
uncertain and says why. Nothing is ever guessed: an uncertain point is to be left out, on both
sides of the pairing.

How often this is right is measured by ``benchmarks/burned_markers.py``; docs/study-markers.md has
the figures.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pytest_vlmsight.tasks.item import REFERENCE, Picture, Point
from pytest_vlmsight.tasks.study.lettering import LETTERS, Glyph, find_glyphs, planes
from pytest_vlmsight.tasks.study.rings import Ring, find_rings, redness

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from PIL.Image import Image

_LEAST_COVERED = 0.6
"""Share of a circle's directions in which its line must be there."""

_LEAST_LIKENESS = 0.6
"""Of a label that stands where, and as high as, the other labels say."""

_FAINT_LIKENESS = 0.42
"""Of a label whose word is the only one left, because it is partly hidden or cut."""

_LONE_LIKENESS = 0.7
"""Of a label that no other label speaks for."""

_LEAST_LEAD = 0.1
"""By how much a label must look more like its own word than like any other."""

_LEAST_LEAD_OVER_RIVALS = 0.25
"""By how much more likeness in all a reading must have than one that contradicts it."""

_FURTHER = 1.8
"""How many times further from their circles a rival's labels may stand for it to count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Marker:
    """One marker that was looked for.

    Attributes:
        label: as asked for.
        x: of the middle of its circle in px, the centre of the first pixel being .5; None where
            it is not certain.
        y: likewise.
        reason: why it is not certain; empty where it is.
    """

    label: str
    x: float | None = None
    y: float | None = None
    reason: str = ""

    @property
    def certain(self) -> bool:
        """Whether the point may be used."""
        return not self.reason


@dataclass(frozen=True, slots=True)
class Found:
    """What was found of the markers of one picture, in the order that was asked for."""

    markers: tuple[Marker, ...]

    @property
    def certain(self) -> bool:
        """Whether every marker is certain, so that the item may be used."""
        return all(marker.certain for marker in self.markers)

    @property
    def reason(self) -> str:
        """Why the item may not be used, in a sentence; empty where it may."""
        reasons: dict[str, list[str]] = {}
        for marker in self.markers:
            if marker.reason:
                reasons.setdefault(marker.reason, []).append(marker.label)
        return "; ".join(f"{', '.join(labels)}: {why}" for why, labels in reasons.items())

    def points(self, *, image: int) -> tuple[Point, ...]:
        """The points, of image number ``image`` of an item.

        Raises:
            ValueError: a marker is not certain.
        """
        points = [
            Point(image=image, x=m.x, y=m.y, label=m.label)
            for m in self.markers
            if m.x is not None and m.y is not None
        ]
        if len(points) < len(self.markers):
            raise ValueError(f"markers are not certain: {self.reason}; leave the item out")
        return tuple(points)


@dataclass(frozen=True, slots=True)
class _Reading:
    """One way to read a picture: which label belongs to which ring.

    Attributes:
        ink: of the labels.
        away: from a ring to the middle of its label, in px, as the labels that were read have it.
        labels: label of each ring that has one, by the ring's number.
        likeness: likeness and lead of each of them.
        faint: what a ring's label looks most like where that is too little to be read.
    """

    ink: str
    away: float
    labels: dict[int, str]
    likeness: dict[int, tuple[float, float]]
    faint: dict[int, str]

    @property
    def total(self) -> float:
        return sum(likeness for likeness, _ in self.likeness.values())


def found(picture: Picture | Image, *, labels: Sequence[str]) -> Found:
    """The markers of a picture.

    >>> from PIL import Image
    >>> found(Image.new("RGB", (64, 64)), labels=("A", "B")).reason
    'A, B: 0 red circles of one size are seen, and 2 are expected'

    Args:
        picture: with markers burned in.
        labels: of all the markers that it has, each once: ``("REF",)``, ``("A", "B")``…

    Raises:
        ValueError: no labels, or some that are not of one length, not all different, or of
            letters that are not known.
    """
    words = tuple(labels)
    lengths = {len(word) for word in words}
    if (
        len(lengths) != 1
        or 0 in lengths
        or len(set(words)) < len(words)
        or set().union(*words) - LETTERS
    ):
        raise ValueError(
            f"labels: got {words!r}; expected different words of one length, of the letters "
            f"{''.join(sorted(LETTERS))}, such as {(REFERENCE,)!r} or ('A', 'B')"
        )
    image = picture.load() if isinstance(picture, Picture) else picture.convert("RGB")
    pixels = np.asarray(image)
    red = redness(pixels)
    groups = _of_one_size([ring for ring in find_rings(red) if _drawn(ring)])
    most = max((len(group) for group in groups), default=0)
    if most < len(words):
        seen = f"{most} red circles of one size are seen"
        return _uncertain(words, f"{seen}, and {len(words)} are expected")
    results = [
        _decided(words, rings, _readings(pixels, red, rings, words))
        for rings in groups
        if len(rings) >= len(words)
    ]
    sure = [result for result in results if result.certain]
    if len(sure) > 1:
        return _uncertain(words, "circles of two sizes have the labels")
    return sure[0] if sure else results[0]


def _uncertain(words: tuple[str, ...], reason: str) -> Found:
    return Found(tuple(Marker(label=word, reason=reason) for word in words))


def _drawn(ring: Ring) -> bool:
    """Whether a program drew it: things of a photograph are seldom so round."""
    return (
        ring.covered >= _LEAST_COVERED
        and ring.inside >= 0.4
        and ring.contrast >= 0.15
        and ring.rough <= 0.25 + 0.02 * ring.radius
    )


def _of_one_size(rings: Sequence[Ring]) -> list[list[Ring]]:
    """The rings of each radius, the largest group first; no ring is in two groups."""
    left = list(rings)
    groups: list[list[Ring]] = []
    while left:
        near = [
            [
                ring
                for ring in left
                if abs(ring.radius - seed.radius) <= max(0.6, 0.06 * seed.radius)
            ]
            for seed in left
        ]
        groups.append(max(near, key=len))
        left = [ring for ring in left if ring not in groups[-1]]
    return groups


def _readings(
    pixels: NDArray[np.uint8],
    red: NDArray[np.float32],
    rings: Sequence[Ring],
    words: tuple[str, ...],
) -> list[_Reading]:
    """All ways to read the picture, the likeliest first."""
    readings: list[_Reading] = []
    for ink, plane in planes(pixels, _without(red, rings)).items():
        near = [_around(plane, ring, words) for ring in rings]
        glyphs: list[Glyph] = []
        for some in near:
            glyphs += [
                glyph
                for glyph in some
                if not any(abs(glyph.x - g.x) + abs(glyph.y - g.y) < 2 for g in glyphs)
            ]
        for ring, some in zip(rings, near, strict=True):
            readings += [
                _read(ink, ring, glyph, rings, glyphs, words)
                for glyph in some
                if max(glyph.likeness) >= _LEAST_LIKENESS and _beside(ring, glyph)
            ]
    return sorted(readings, key=lambda reading: -reading.total)


def _without(red: NDArray[np.float32], rings: Sequence[Ring]) -> NDArray[np.float32]:
    """Redness without the rings, which look like a D or a B."""
    rest = red.copy()
    for ring in rings:
        reach = 1.6 * ring.radius + 3
        top, left = max(0, int(ring.y - reach)), max(0, int(ring.x - reach))
        part = rest[top : int(ring.y + reach) + 1, left : int(ring.x + reach) + 1]
        ys, xs = np.ogrid[: part.shape[0], : part.shape[1]]
        away = np.hypot(ys + top + 0.5 - ring.y, xs + left + 0.5 - ring.x)
        part[np.abs(away - ring.radius) <= 0.3 * ring.radius + 1] = 0
    return rest


def _around(plane: NDArray[np.float32], ring: Ring, words: tuple[str, ...]) -> list[Glyph]:
    """What looks like a label near a ring, in px of the picture."""
    reach = 6 * ring.radius + 24
    top, left = max(0, int(ring.y - reach)), max(0, int(ring.x - reach))
    part = plane[top : int(ring.y + reach) + 1, left : int(ring.x + reach) + 1]
    glyphs = find_glyphs(part, words, least=0.6 * ring.radius, most=5 * ring.radius)
    return [Glyph(g.x + left, g.y + top, g.width, g.height, g.likeness) for g in glyphs]


def _beside(ring: Ring, glyph: Glyph) -> bool:
    """Whether the glyph's middle is outside of the ring, and the glyph next to it."""
    away = float(np.hypot(glyph.x - ring.x, glyph.y - ring.y))
    size = float(np.hypot(glyph.width, glyph.height))
    return 0.9 * ring.radius < away < 2.5 * ring.radius + 1.2 * size


def _read(
    ink: str,
    ring: Ring,
    glyph: Glyph,
    rings: Sequence[Ring],
    glyphs: Sequence[Glyph],
    words: tuple[str, ...],
) -> _Reading:
    """What the rings are labelled with if labels stand to them as ``glyph`` does to ``ring``."""
    x, y = glyph.x - ring.x, glyph.y - ring.y
    labels: dict[int, str] = {}
    likeness: dict[int, tuple[float, float]] = {}
    faint: dict[int, str] = {}
    for number, other in enumerate(rings):
        fits = [
            g
            for g in glyphs
            if abs(g.height - glyph.height) <= 0.12 * glyph.height + 1.5
            and abs(g.x - other.x - x) <= 0.25 * glyph.height + 1.5
            and abs(g.y - other.y - y) <= 0.15 * glyph.height + 1.5
        ]
        if not fits:
            continue
        best = max(fits, key=lambda g: max(g.likeness))
        first, *rest = sorted(best.likeness, reverse=True)
        word = words[best.likeness.index(first)]
        if first >= _LEAST_LIKENESS:
            labels[number] = word
            likeness[number] = (first, first - max(rest, default=0.0))
        elif first >= _FAINT_LIKENESS:
            faint[number] = word
    return _Reading(ink, float(np.hypot(x, y)), labels, likeness, faint)


def _decided(words: tuple[str, ...], rings: Sequence[Ring], readings: Sequence[_Reading]) -> Found:
    """The reading that holds; uncertain where it does not name each label once, or has a rival."""
    if not readings:
        return _uncertain(words, "no label is legible")
    best = max(readings, key=lambda r: (len(set(r.labels.values())), r.total))
    why = _unclear(words, best)
    if why:
        return _uncertain(words, why)
    places = {label: number for number, label in best.labels.items()}
    unread = [word for word in words if word not in places]
    for word in unread:
        bare = [number for number, looks in best.faint.items() if looks == word]
        if len(bare) != 1:
            return _uncertain(words, f"labels not legible: {word}")
        places[word] = bare[0]
    if any(_contradicts(rival, best, places) for rival in readings):
        return _uncertain(words, "labels can be read in two ways")
    return Found(
        tuple(
            Marker(label=word, x=rings[places[word]].x, y=rings[places[word]].y) for word in words
        )
    )


def _unclear(words: tuple[str, ...], reading: _Reading) -> str:
    """Why the labels of a reading are not to be relied on; empty where they are."""
    for one, other in itertools.combinations(reading.labels, 2):
        if reading.labels[one] == reading.labels[other]:
            return f"the label {reading.labels[one]} is seen twice"
    unread = [word for word in words if word not in reading.labels.values()]
    if len(unread) > 1:
        return f"labels not legible: {', '.join(unread)}"
    least = _LONE_LIKENESS if len(reading.labels) == 1 else _LEAST_LIKENESS
    for number, (likeness, lead) in reading.likeness.items():
        if likeness < least or (len(words) > 1 and lead < _LEAST_LEAD):
            return f"the label {reading.labels[number]} is not clear"
    return ""


def _contradicts(rival: _Reading, best: _Reading, places: dict[str, int]) -> bool:
    """Whether another reading is about as good, and has a label at another ring."""
    return (
        len(rival.labels) >= len(best.labels)
        and rival.away <= _FURTHER * best.away
        and rival.total >= best.total - _LEAST_LEAD_OVER_RIVALS
        and any(places.get(label) != number for number, label in rival.labels.items())
    )
