"""How alike two pictures are by what takes no eye: colours, pixels and outline.

All measures are exact sums of whole numbers, so that choices made by them are the same everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

MEASURES = ("colour", "histogram", "grey thumbnail", "thumbnail", "area", "outline")


@dataclass(frozen=True, slots=True, eq=False)
class Sketch:
    """What is compared of a picture.

    Attributes:
        colour: (3,) int64 sum of each channel.
        histogram: (64,) int64 pixels of each of 4 × 4 × 4 colours.
        grey: (16, 16) int64 sums of brightness.
        small: (32, 32, 3) int64 sums of each channel.
        mask: (n, n) bool, the object.
    """

    colour: Any
    histogram: Any
    grey: Any
    small: Any
    mask: Any


def sketch(picture: NDArray[Any], mask: NDArray[Any]) -> Sketch:
    """What is compared of a picture.

    Args:
        picture: (n, n, 3) uint8, n a multiple of 32.
        mask: (n, n) bool, the object.
    """
    import numpy as np

    values = picture.astype(np.int64)
    cells = (values[..., 0] // 64 * 4 + values[..., 1] // 64) * 4 + values[..., 2] // 64
    brightness = 54 * values[..., 0] + 183 * values[..., 1] + 19 * values[..., 2]
    return Sketch(
        colour=values.sum((0, 1)),
        histogram=np.bincount(cells.ravel(), minlength=64),
        grey=_blocks(brightness, 16),
        small=_blocks(values, 32),
        mask=mask,
    )


def differences(first: Sketch, second: Sketch) -> tuple[float, ...]:
    """How unlike two pictures are, by each of ``MEASURES``; only their order means anything."""
    import numpy as np

    both = int((first.mask & second.mask).sum())
    either = int((first.mask | second.mask).sum())
    return (
        float(np.abs(first.colour - second.colour).sum()),
        float(np.abs(first.histogram - second.histogram).sum()),
        float(((first.grey - second.grey) ** 2).sum()),
        float(((first.small - second.small) ** 2).sum()),
        float(abs(int(first.mask.sum()) - int(second.mask.sum()))),
        1 - both / max(1, either),
    )


def _blocks(values: NDArray[Any], side: int) -> Any:
    """Sums over blocks, so that ``side`` × ``side`` are left."""
    step = len(values) // side
    return values.reshape(side, step, side, step, *values.shape[2:]).sum((1, 3))
