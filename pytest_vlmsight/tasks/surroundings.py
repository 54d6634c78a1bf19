"""What the surroundings of places in a picture look like to whoever sees only colours and pixels.

Measured for many places at once while items are made, on coarse pictures or on windows cut out of
fine ones: so that wrong options can be found that are as like or unlike the reference as the right
one is. All of it is sums of whole numbers below 2⁵³, which are exact in any order, so that choices
made by them are the same everywhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

FINE = 224
"""Side in px of the pictures that windows are cut out of."""

COARSE = 112
"""Side in px of the pictures that are looked at as a whole."""

RADII = (1, 4, 8)
"""Of the windows around a place, in px of a coarse picture; about half of those in a fine one."""

MEASURES = (
    *(
        f"{what} {radius}"
        for radius in RADII
        for what in ("colour", "contrast", "sharpness", "saturation")
    ),
    "pixels",
    "normalised pixels",
    *(f"histogram {radius}" for radius in RADII),
)

_FINE_RADII = (3, 8, 16)
REACH = _FINE_RADII[-1] + 1
"""What windows of a fine picture hold on each side of a place, in px."""

_GREY = (54, 183, 19)  # of 256
_LEVELS = 3
"""Of each channel in a histogram."""


class Surroundings:
    """A picture that is asked about many places, at least the largest radius from its border.

    Args:
        picture: (height, width, 3) uint8.
        radii: of the windows around a place, in px; of the one in the middle pixels are compared.
    """

    def __init__(self, picture: Any, radii: tuple[int, int, int] = RADII) -> None:
        self._radii = radii
        self.area = (2 * radii[1] + 1) ** 2
        self._picture = picture
        self._counts: Any = None
        values = picture.astype(np.int64)
        red, green, blue = (values[..., channel] for channel in range(3))
        grey = (_GREY[0] * red + _GREY[1] * green + _GREY[2] * blue) // 256
        step = np.zeros_like(grey)
        step[:, 1:] += np.abs(grey[:, 1:] - grey[:, :-1])
        step[1:] += np.abs(grey[1:] - grey[:-1])
        spread = np.maximum(np.maximum(red, green), blue) - np.minimum(np.minimum(red, green), blue)
        planes = (red, green, blue, grey, grey * grey, step, spread, red * red, green * green)
        self._sums = _integral(np.stack([*planes, blue * blue], 2))
        self._pixels = picture.astype(np.float64)  # sums stay below 2⁵³, so they are exact

    def figures(self, rows: Any, columns: Any) -> Any:
        """(18, n) of places (n,), 0 to 255.

        Of each window red, green, blue, contrast, sharpness and saturation.
        """
        found = []
        for radius in self._radii:
            total = _window(self._sums, rows, columns, radius)
            area = (2 * radius + 1) ** 2
            mean = total / area
            variance = (total[4] * area - total[3] * total[3]) / (area * area)
            found += [mean[0], mean[1], mean[2], np.sqrt(variance), mean[5], mean[6]]
        return np.stack(found)

    def looks(self, rows: Any, columns: Any, noise: Sequence[float]) -> Any:
        """(18, n) the figures in units of ``noise``, what they differ by in views of one place."""
        return self.figures(rows, columns) / np.array(noise)[:, None]

    def histograms(self, rows: Any, columns: Any) -> list[Any]:
        """Of each window the pixels of each of 27 colours, (27, n), around places (n,)."""
        if self._counts is None:  # not everyone asks for it
            levels = np.minimum(self._picture.astype(np.int64) * _LEVELS // 255, _LEVELS - 1)
            codes = (levels[..., 0] * _LEVELS + levels[..., 1]) * _LEVELS + levels[..., 2]
            colours = np.arange(_LEVELS**3)
            self._counts = _integral((codes[..., None] == colours).astype(np.int32))
        return [_window(self._counts, rows, columns, radius) for radius in self._radii]

    def moments(self, rows: Any, columns: Any) -> tuple[Any, Any]:
        """(3, n) sums of the channels in the patch around places, and of their squares."""
        total = _window(self._sums, rows, columns, self._radii[1])
        return total[:3], total[7:]

    def patches(self, rows: Any, columns: Any) -> Any:
        """(n, p) float64 pixels around places."""
        reach = np.arange(-self._radii[1], self._radii[1] + 1)
        found = self._pixels[rows[:, None, None] + reach[:, None], columns[:, None, None] + reach]
        return found.reshape(len(rows), -1)


def windows(
    picture: Callable[[Any, Any], Any], x: Any, y: Any
) -> tuple[Surroundings, tuple[Any, Any]]:
    """What is around places of a fine picture, of which nothing else is made.

    Args:
        picture: what it shows at places (k,) across and down, in shares of its side: (k, 3) uint8.
        x: (n,) of the places.
        y: likewise.

    Returns:
        The windows below each other, and the places' rows and columns (n,) in that.
    """
    side = 2 * REACH + 1
    steps = np.arange(-REACH, REACH + 1) / FINE
    across = np.broadcast_to(x[:, None, None] + steps, (len(x), side, side))
    down = np.broadcast_to(y[:, None, None] + steps[:, None], (len(x), side, side))
    return stacked(picture(across.reshape(-1), down.reshape(-1)).reshape(len(x), side, side, 3))


def stacked(cut: Any) -> tuple[Surroundings, tuple[Any, Any]]:
    """Windows (n, s, s, 3) uint8 of a fine picture below each other, s = 2 ``REACH`` + 1.

    Returns:
        The windows, and the rows and columns (n,) of their middles.
    """
    count, side = cut.shape[:2]
    rows = np.arange(count) * side + REACH
    return Surroundings(cut.reshape(count * side, side, 3), _FINE_RADII), (
        rows,
        np.full(count, REACH),
    )


def unlikeness(first: Surroundings, one: Any, second: Surroundings, other: Any) -> Any:
    """(m, n) how unlike places of two pictures are, by each of ``MEASURES``; 0 is equal.

    Args:
        first: picture.
        one: row and column in it, (1,).
        second: picture.
        other: rows and columns in it, (n,).
    """
    return pairwise(first, one, second, other)[:, 0]


def pairwise(first: Surroundings, some: Any, second: Surroundings, other: Any) -> Any:
    """(m, k, n) how unlike each of some places is to each of others; see ``unlikeness``.

    Args:
        first: picture.
        some: rows and columns in it, (k,).
        second: picture.
        other: rows and columns in it, (n,).
    """
    differences = first.figures(*some)[:, :, None] - second.figures(*other)[:, None]
    found = []
    for start in range(0, len(differences), 6):
        red, green, blue, contrast, sharpness, saturation = differences[start : start + 6]
        found += [
            np.sqrt(red * red + green * green + blue * blue),
            np.abs(contrast),
            np.abs(sharpness),
            np.abs(saturation),
        ]
    # Sums of products of whole numbers, so exact.
    products = (first.patches(*some) @ second.patches(*other).T).astype(np.int64)
    (a, aa), (b, bb) = first.moments(*some), second.moments(*other)
    a, aa = a[:, :, None], aa[:, :, None]
    squares = aa[0] + aa[1] + aa[2], bb[0] + bb[1] + bb[2]
    found.append(np.sqrt((squares[0] + squares[1] - 2 * products) / (3 * first.area)))
    common = first.area * products - (a[0] * b[0] + a[1] * b[1] + a[2] * b[2])
    own, others = (
        np.maximum(first.area * square - (s[0] * s[0] + s[1] * s[1] + s[2] * s[2]), 1)
        for square, s in zip(squares, (a, b), strict=True)
    )
    found.append(255 * (1 - common / np.sqrt(own.astype(np.float64) * others)))
    both = zip(first.histograms(*some), second.histograms(*other), strict=True)
    # In whole pixels of the window, so sums are exact.
    found += [np.abs(a[:, :, None] - b[:, None]).sum(0) / a[:, 0].sum() for a, b in both]
    return np.stack(found)


def _integral(planes: Any) -> Any:
    """(n + 1, n + 1, k) int32 sums of everything above and to the left in (n, n, k) planes."""
    height, width, count = planes.shape
    sums = np.zeros((height + 1, width + 1, count), dtype=np.int32)
    np.cumsum(planes, 0, out=sums[1:, 1:])
    np.cumsum(sums, 1, out=sums)
    return sums


def _window(sums: Any, rows: Any, columns: Any, radius: int) -> Any:
    """(k, n) int64 sums over windows."""
    top, left, low, right = (
        rows - radius,
        columns - radius,
        rows + radius + 1,
        columns + radius + 1,
    )
    total = sums[low, right] - sums[top, right] - sums[low, left] + sums[top, left]
    return total.T.astype(np.int64)
