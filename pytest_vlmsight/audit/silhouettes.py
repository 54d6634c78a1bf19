"""A foreground by the plainest means: what differs from the median colour of the border."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .rows import FloatArray

_LEAST = 24 / 255
"""Least difference of a colour that is told from the border's."""

_SHARES = (0.1, 0.3, 0.5, 0.7, 0.9, 1.0)


@dataclass(frozen=True, slots=True, eq=False)
class Silhouette:
    """A picture's foreground.

    Attributes:
        mask: (side, side) what belongs to it.
        figures: name → number, lengths as shares of the side.
        profile: distances from its middle, smallest to largest at fixed shares of its pixels,
            divided by their mean: the same however it is turned or scaled.
        border: (3,) the median colour of the border.
    """

    mask: NDArray[np.bool_]
    figures: dict[str, float]
    profile: FloatArray
    border: FloatArray


def silhouette(pixels: FloatArray) -> Silhouette:
    """The foreground of (side, side, 3) pixels; all of it empty where nothing stands out."""
    side = len(pixels)
    edge = np.concatenate([pixels[0], pixels[-1], pixels[1:-1, 0], pixels[1:-1, -1]])
    border = np.median(edge, axis=0)
    # Where the border itself is unruly, more is needed to stand out from it.
    unrest = float(np.median(np.abs(edge - border).max(1)))
    mask = np.abs(pixels - border).max(2) > max(_LEAST, 3 * unrest)
    down, across = np.nonzero(mask)
    if len(down) < 2:
        figures = dict.fromkeys(("area", "x", "y", "width", "height", "spread", "slimness"), 0.0)
        return Silhouette(mask, figures | {"outline": 0.0}, np.zeros(len(_SHARES)), border)
    places = np.stack([across, down], 1) / side
    middle = places.mean(0)
    long, short = np.linalg.eigvalsh(np.cov((places - middle).T))[::-1].clip(1e-6)
    distances = np.linalg.norm(places - middle, axis=1)
    outline = (mask[1:] != mask[:-1]).sum() + (mask[:, 1:] != mask[:, :-1]).sum()
    figures = {
        "area": float(mask.mean()),
        "x": float(middle[0]),
        "y": float(middle[1]),
        "width": float(np.ptp(places[:, 0])),
        "height": float(np.ptp(places[:, 1])),
        "spread": float(np.sqrt(long + short)),
        "slimness": float(np.sqrt(long / short)),
        "outline": float(outline / np.sqrt(len(down))),
    }
    profile = np.quantile(distances, _SHARES) / max(float(distances.mean()), 1e-6)
    return Silhouette(mask, figures, profile, border)


def compare_silhouettes(one: Silhouette, other: Silhouette) -> dict[str, float]:
    """How different two foregrounds are, by several measures; 0 is equal."""
    union = (one.mask | other.mask).sum()
    overlap = (one.mask & other.mask).sum() / union if union else 1.0
    shifted = _centred(one.mask) & _centred(other.mask)
    joined = (_centred(one.mask) | _centred(other.mask)).sum()
    figures = {
        f"silhouette {name} difference": abs(value - other.figures[name])
        for name, value in one.figures.items()
        if name not in ("x", "y")
    }
    return {
        **figures,
        "silhouette difference": 1 - float(overlap),
        "centred silhouette difference": 1 - float(shifted.sum() / joined if joined else 1.0),
        "silhouette profile difference": float(np.linalg.norm(one.profile - other.profile)),
        "border colour difference": float(np.linalg.norm(one.border - other.border)),
    }


def _centred(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    down, across = np.nonzero(mask)
    if not len(down):
        return mask
    half = len(mask) / 2
    return np.roll(mask, (round(half - down.mean()), round(half - across.mean())), (0, 1))
