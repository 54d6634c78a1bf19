"""Which of some boxes is drawn in which colour: CV-Bench draws them and gives their places apart.

The order of its boxes is not documented, and readers have met another than that of the colours. So
nothing is assumed: a box is that of a colour where the picture has a line of that colour along its
edges.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

Corners = tuple[float, float, float, float]
"""Left, upper, right and lower edge in px."""

_REACH = 4
"""How far from an edge its line may lie, in px: lines are thick, and places are rounded."""

_LEAST, _MOST_OTHER = 0.7, 0.35
"""Share of the edges that must have a colour, and that no other may reach."""

_STEP = 60
"""By how much a channel exceeds the other two in a line of its colour; of 255."""

CHANNELS: Mapping[str, int] = {"red": 0, "green": 1, "blue": 2}


def drawn_as(
    pixels: NDArray[np.uint8], boxes: Sequence[Corners], colours: Sequence[str]
) -> dict[str, Corners] | str:
    """Colour → the box that is drawn in it, or why that is not certain.

    Args:
        pixels: (height, width, 3) of the picture.
        boxes: their corners.
        colours: that are to be found, as many as boxes.
    """
    if len(boxes) != len(colours):
        return f"{len(boxes)} boxes for {len(colours)} colours"
    height, width = pixels.shape[:2]
    found: dict[str, Corners] = {}
    for number, (x0, y0, x1, y1) in enumerate(boxes, start=1):
        box = (max(x0, 0.0), max(y0, 0.0), min(x1, float(width)), min(y1, float(height)))
        if not (box[0] + 1 <= box[2] and box[1] + 1 <= box[3]):
            return f"box {number} is outside the picture"
        shares = {colour: _share(pixels, box, CHANNELS[colour]) for colour in colours}
        best = max(shares, key=lambda colour: shares[colour])
        others = [share for colour, share in shares.items() if colour != best]
        if shares[best] < _LEAST:
            return f"no line is drawn along box {number} ({shares[best]:.0%} of it is {best})"
        if max(others, default=0) > _MOST_OTHER:
            return f"the colour of box {number} is not certain"
        if best in found:
            return f"two boxes are {best}"
        found[best] = box
    return found


def _share(pixels: NDArray[np.uint8], box: Corners, channel: int) -> float:
    """Share of a box's edges beside which there is a line of a colour."""
    others = [c for c in range(3) if c != channel]
    wide = pixels.astype(np.int16)
    coloured = (wide[..., channel] - wide[..., others].max(-1)) > _STEP
    height, width = coloured.shape
    left, upper, right, lower = (round(edge) for edge in box)
    rows, columns = (
        slice(max(upper, 0), max(lower, upper + 1)),
        slice(max(left, 0), max(right, left + 1)),
    )

    def near(edge: int, size: int) -> slice:
        return slice(max(edge - _REACH, 0), min(edge + _REACH + 1, size))

    edges = [coloured[near(edge, height), columns].any(0) for edge in (upper, lower)]
    edges += [coloured[rows, near(edge, width)].any(1) for edge in (left, right)]
    return float(np.concatenate(edges).mean())
