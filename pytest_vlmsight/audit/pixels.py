"""Colours and pixels of the clean pictures: what is told without seeing anything in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .regions import regions, resampled, shown
from .rows import Clues
from .silhouettes import Silhouette, compare_silhouettes, silhouette

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from PIL.Image import Image

    from .rows import FloatArray
    from .subjects import Subject, Subjects

_GREY = np.array([0.299, 0.587, 0.114])
_LEVELS = 3
"""Of each channel in a colour histogram."""


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What pixels say about one option.

    Attributes:
        figures: name → number.
        histograms: region → (27,) shares of colours.
        patches: name → (height, width, 3) pixels to be compared place by place.
        silhouette: of a whole picture; None of a point or box.
        thumbnail: (6, 6, 3).
    """

    figures: dict[str, float]
    histograms: dict[str, FloatArray]
    patches: dict[str, FloatArray]
    silhouette: Silhouette | None
    thumbnail: FloatArray


def pixel_clues(subjects: Subjects, images: Mapping[int, Image]) -> Clues:
    """Colours, contrast, sharpness and pixel-wise similarity of an item's options.

    Options are compared with the reference, or, where there is none, with all other options.

    Args:
        subjects: what the options are about.
        images: clean pictures by index; at least those that the subjects are in.
    """
    arrays = {index: shown(image) for index, image in images.items()}
    looks = [_look(s, images[s.image], arrays[s.image]) for s in subjects.options]
    scalars = {name: [look.figures[name] for look in looks] for name in looks[0].figures}
    if subjects.reference is not None:
        of = subjects.reference
        reference = _look(of, images[of.image], arrays[of.image])
        differences = [_differences(look, reference) for look in looks]
        end = "to the reference"
    else:
        differences = _to_the_others(looks)
        end = "to the others"
    for name in differences[0]:
        scalars[f"{name} {end}"] = [d[name] for d in differences]
    histogram = [list(look.histograms.values())[-1] for look in looks]
    return Clues(
        scalars={name: np.array(values) for name, values in scalars.items()},
        vectors={
            "histogram": np.array(histogram),
            "thumbnail": np.array([look.thumbnail.ravel() for look in looks]),
        },
    )


def _look(subject: Subject, image: Image, pixels: FloatArray) -> Look:
    parts = regions(image, pixels, subject.mark)
    figures: dict[str, float] = {}
    for name, part in parts.items():
        figures |= {f"{what} {name}": value for what, value in _figures(part).items()}
    outline = None
    if subject.mark is None:
        outline = silhouette(resampled(image, 64))
        figures |= {f"silhouette {what}": value for what, value in outline.figures.items()}
        figures["sharpness at 64 px"] = _sharpness(resampled(image, 64) @ _GREY)
        patches = {"32 px thumbnail": resampled(image, 32), "16 px thumbnail": resampled(image, 16)}
    elif "8 px" in parts:
        patches = {"17 px patch": parts["8 px"]}
        # Beside its surroundings a point may be bright or dark whatever the light.
        figures["brightness against the picture"] = float(
            (_mean(parts["3 px"]) - _mean(pixels)) @ _GREY
        )
    else:
        patches = {"box": _blocks(parts["box"], 16)}
        figures["brightness against the picture"] = float(
            (_mean(parts["box"]) - _mean(pixels)) @ _GREY
        )
    largest = list(parts.values())[-1]
    return Look(
        figures=figures,
        histograms={name: _histogram(part) for name, part in parts.items()},
        patches=patches,
        silhouette=outline,
        thumbnail=_blocks(largest, 6),
    )


def _figures(part: FloatArray) -> dict[str, float]:
    grey, mean = part @ _GREY, _mean(part)
    red, green, blue = np.moveaxis(part, 2, 0)
    most, least = np.maximum(np.maximum(red, green), blue), np.minimum(np.minimum(red, green), blue)
    return {
        "red": float(mean[0]),
        "green": float(mean[1]),
        "blue": float(mean[2]),
        "brightness": float(grey.mean()),
        "saturation": float((most - least).mean()),
        "contrast": float(grey.std()),
        "sharpness": _sharpness(grey),
    }


def _mean(part: FloatArray) -> FloatArray:
    """(3,) the mean colour; as a product of matrices, which is much quicker than ``mean``."""
    flat = part.reshape(-1, 3)
    mean: FloatArray = np.full(len(flat), 1 / len(flat)) @ flat
    return mean


def _sharpness(grey: FloatArray) -> float:
    """Mean difference between neighbouring pixels."""
    down, across = np.abs(np.diff(grey, axis=0)), np.abs(np.diff(grey, axis=1))
    return float((down.mean() + across.mean()) / 2)


def _histogram(part: FloatArray) -> FloatArray:
    levels = np.minimum((part.reshape(-1, 3) * _LEVELS).astype(np.uint8), _LEVELS - 1)
    codes = levels @ np.array((_LEVELS**2, _LEVELS, 1), dtype=np.uint8)
    return np.bincount(codes, minlength=_LEVELS**3) / len(codes)


def _blocks(part: FloatArray, side: int) -> FloatArray:
    """(side, side, 3) means of blocks of nearly equal size; of a small part, pixels repeated."""
    for axis in (0, 1):
        length = part.shape[axis]
        if length < side:
            part = part.take(np.arange(side) * length // side, axis)
            continue
        starts = np.arange(side) * length // side
        counts = np.diff(np.append(starts, length))
        shape = (-1, 1, 1) if axis == 0 else (1, -1, 1)
        part = np.add.reduceat(part, starts, axis=axis) / counts.reshape(shape)
    return part


def _to_the_others(looks: Sequence[Look]) -> list[dict[str, float]]:
    """Mean differences of each option from the others; of two options, which say nothing, none."""
    if len(looks) < 3:
        return [{} for _ in looks]
    pairs = {
        (i, j): _differences(looks[i], looks[j])
        for i in range(len(looks))
        for j in range(i + 1, len(looks))
    }
    return [
        {
            name: float(np.mean([d[name] for pair, d in pairs.items() if index in pair]))
            for name in pairs[0, 1]
        }
        for index in range(len(looks))
    ]


def _differences(one: Look, other: Look) -> dict[str, float]:
    """How different two options look, by several measures; 0 is equal."""
    found = {}
    for name, histogram in one.histograms.items():
        colours = [
            one.figures[f"{c} {name}"] - other.figures[f"{c} {name}"]
            for c in ("red", "green", "blue")
        ]
        found[f"colour difference {name}"] = float(np.linalg.norm(colours))
        found[f"histogram difference {name}"] = float(
            np.abs(histogram - other.histograms[name]).sum()
        )
        for what in ("contrast", "sharpness", "saturation"):
            key = f"{what} {name}"
            found[f"{what} difference {name}"] = abs(one.figures[key] - other.figures[key])
    for name, patch in one.patches.items():
        found |= {f"{how} {name}": d for how, d in _patch_differences(patch, other.patches[name])}
    if one.silhouette is not None and other.silhouette is not None:
        found |= compare_silhouettes(one.silhouette, other.silhouette)
    return found


def _patch_differences(one: FloatArray, other: FloatArray) -> list[tuple[str, float]]:
    grey, other_grey = one @ _GREY, other @ _GREY
    return [
        ("colour pixel difference", float(np.sqrt(((one - other) ** 2).mean()))),
        ("grey pixel difference", float(np.sqrt(((grey - other_grey) ** 2).mean()))),
        ("normalised colour pixel difference", 1 - _correlation(one, other)),
        ("normalised grey pixel difference", 1 - _correlation(grey, other_grey)),
    ]


def _correlation(one: FloatArray, other: FloatArray) -> float:
    """Of pixels, after each channel's mean is taken away; 0 where one of both is flat."""
    a, b = one - one.mean((0, 1)), other - other.mean((0, 1))
    length = np.linalg.norm(a) * np.linalg.norm(b)
    return float((a * b).sum() / length) if length > 1e-9 else 0.0
