"""Marks on a lattice: each cell holds one, at a random place in it, and pixels ask nine cells.

So a picture of thousands of strokes, dots or tiles takes no loop over them, and looks the same in
any size: all lengths are in sides of the picture.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_vlmsight.tasks.scenes.exact import cos_sin

if TYPE_CHECKING:
    from collections.abc import Iterator

_DIAGONAL = 1.4143  # of a picture, so that a turned lattice covers it
_BORDER = 3  # cells beyond the picture whose marks may reach into it


class Lattice:
    """A turned lattice of square cells that covers the picture, moved at random.

    Args:
        cell: side of a cell in sides of the picture.
        degrees: by which it is turned.
        rng: decides the random numbers of its cells.
        numbers: how many of them each cell has.
        stretch: a cell's length along the lattice's first axis, in heights.

    Attributes:
        random: (numbers, cells) float32, 0 to 1.
    """

    def __init__(
        self,
        cell: float,
        degrees: float,
        rng: np.random.Generator,
        numbers: int,
        *,
        stretch: float = 1.0,
    ) -> None:
        self._c, self._s = cos_sin(degrees)
        self._cell = (cell * stretch, cell)
        columns, rows = (int(_DIAGONAL / side) + 2 * _BORDER + 2 for side in self._cell)
        self._columns, self._rows = columns, rows
        # Else all pictures of one manner would have the same lines in the same places.
        across, down = rng.random(2).tolist()
        self._middle = np.float32(columns / 2 - across), np.float32(rows / 2 - down)
        self.random = rng.random((numbers, rows * columns)).astype(np.float32)

    def __len__(self) -> int:
        return self._columns * self._rows

    def coordinates(self, x: Any, y: Any) -> tuple[Any, Any]:
        """Column and row, with fractions, of places (n,) in sides of the picture; float32."""
        c, s = self._c, self._s
        a, b = x - np.float32(0.5), y - np.float32(0.5)
        u = a * np.float32(c / self._cell[0]) + b * np.float32(s / self._cell[0])
        v = b * np.float32(c / self._cell[1]) - a * np.float32(s / self._cell[1])
        return u + self._middle[0], v + self._middle[1]

    def middles(self, jitter: float) -> tuple[Any, Any]:
        """Column and row (cells,) of the cells' marks, by their first two random numbers.

        Args:
            jitter: how far a mark may be from its cell's middle, in cells, up to .5.
        """
        reach = np.float32(2 * jitter)
        columns = np.tile(np.arange(self._columns, dtype=np.float32), self._rows)
        rows = np.repeat(np.arange(self._rows, dtype=np.float32), self._columns)
        half = np.float32(0.5)
        return (
            columns + half + reach * (self.random[0] - half),
            rows + half + reach * (self.random[1] - half),
        )

    def places(self, u: Any, v: Any) -> tuple[Any, Any]:
        """Where columns and rows, with fractions, are: x and y in sides of the picture."""
        a = (u - self._middle[0]) * np.float32(self._cell[0])
        b = (v - self._middle[1]) * np.float32(self._cell[1])
        c, s = np.float32(self._c), np.float32(self._s)
        half = np.float32(0.5)
        return a * c - b * s + half, a * s + b * c + half

    def own(self, u: Any, v: Any) -> Any:
        """(n,) number of the cell that places are in."""
        return np.floor(v).astype(np.intp) * self._columns + np.floor(u).astype(np.intp)

    def between(self, u: Any, v: Any) -> Any:
        """(n,) the cells' first random numbers, linear between their corners."""
        column, row = np.floor(u), np.floor(v)
        a, b = u - column, v - row
        start = row.astype(np.intp) * self._columns + column.astype(np.intp)
        values = self.random[0]
        ends = []
        for line in (start, start + self._columns):
            left, right = values.take(line), values.take(line + 1)
            ends.append(left + (right - left) * a)
        return ends[0] + (ends[1] - ends[0]) * b

    def around(self, u: Any, v: Any) -> Iterator[Any]:
        """(n,) numbers of the nine cells around places, in the order in which marks are painted.

        The order is that of the cell's column and row modulo 3: a mark lies over another wherever
        both are seen.
        """
        column, row = np.floor(u).astype(np.intp), np.floor(v).astype(np.intp)
        columns = [column - 1 + (k - column + 1) % 3 for k in range(3)]
        rows = [(row - 1 + (k - row + 1) % 3) * self._columns for k in range(3)]
        for number in (4, 0, 8, 2, 6, 1, 7, 3, 5):
            down, across = divmod(number, 3)
            yield rows[down] + columns[across]
