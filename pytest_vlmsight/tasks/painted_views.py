"""Two views of a painting: the second is warped and in other light."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .homography import Homography
    from .painting import Painting
    from .relight import Relight

Place = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Views:
    """An item's painting and its two views.

    Attributes:
        painting: what its random numbers are made from.
        offset: place of the painting that is in the middle of the first view.
        homography: painting → second view.
        light: of the second view.
    """

    painting: str
    offset: Place
    homography: Homography
    light: Relight


def picture(views: Views, second: bool, size: int, *, samples: int = 2) -> Any:
    """(size, size, 3) uint8 of one of the two views.

    Args:
        views: what is seen.
        second: which.
        size: in px.
        samples: along each side of a pixel.
    """
    import numpy as np

    from .generated import generator
    from .painting import Painting
    from .scenes.render import developed

    painting = Painting(generator(views.painting, "painting"))
    total = np.zeros((3, size * size), dtype=np.float32)
    for down in range(samples):
        for across in range(samples):
            steps = (np.arange(size) + (across + 0.5) / samples) / size - 0.5
            rows = (np.arange(size) + (down + 0.5) / samples) / size - 0.5
            x, y = np.tile(steps, size), np.repeat(rows, size)
            if second:
                total += lit(views, painting, x, y)
            else:
                total += painting.at(x + views.offset[0], y + views.offset[1])
    total *= np.float32(1 / (samples * samples))
    return developed(total.reshape(3, size, size))


def lit(views: Views, painting: Painting, x: Any, y: Any) -> Any:
    """(3, n) float32 light of the second view at places (n,)."""
    from .homography import inverse, moved

    return views.light(painting.at(*moved(inverse(views.homography), x, y)), x, y)
