"""Maps of attention over images, as a record keeps them: small numbers and no pictures."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_vlmsight.models.base import ImageTokens
    from pytest_vlmsight.tasks.presentation import Presentation

    from .attended import Attended

MOST = 4096
"""Patches of a map; a finer one is not kept."""


def kept_maps(
    found: Attended, shown: Sequence[Presentation], heads: np.ndarray | None
) -> list[dict[str, Any]]:
    """The maps of the first items.

    Args:
        found: of all items.
        shown: likewise.
        heads: (n,) number of the head, of all layers', that is shown beside their mean; None for
            none.

    Returns:
        Per item its ``id``, ``index``, ``order`` and, per map, ``of`` (which attention), ``image``,
        ``rows``, ``cols``, ``left``, ``top``, ``right``, ``bottom`` (borders of the grid as shares
        of the image) and ``heat``: bytes row by row in base64, 255 where attention is highest.
    """
    kept = []
    for k, (weights, tokens) in enumerate(zip(found.maps, found.tokens, strict=True)):
        flat = weights.reshape(-1, weights.shape[-1])
        which = {"mean of heads": flat.mean(0)}
        if heads is not None:
            layer, head = divmod(int(heads[k]), weights.shape[1])
            which[f"layer {found.layers[layer]}, head {head + 1}"] = flat[int(heads[k])]
        sizes = [picture.size for picture in shown[k].images]
        maps = [
            one
            for name, own in which.items()
            for one in _grids(name, own, tokens=tokens, sizes=sizes)
        ]
        if maps:
            kept.append(
                {
                    "id": shown[k].item.id,
                    "index": k,
                    "order": list(shown[k].order),
                    "maps": maps,
                }
            )
    return kept


def _grids(
    name: str, own: np.ndarray, *, tokens: ImageTokens, sizes: Sequence[tuple[int, int]]
) -> list[dict[str, Any]]:
    highest = max((float(own[grid].max()) for grid in tokens.grids if grid.size), default=0.0)
    found = []
    for image, (grid, (width, height)) in enumerate(zip(tokens.grids, sizes, strict=False)):
        if not 0 < grid.size <= MOST or highest == 0:
            continue
        xs, ys = tokens.x[grid], tokens.y[grid]
        wide, high = tokens.width[grid], tokens.height[grid]
        heat = np.rint(255 * own[grid] / highest).astype(np.uint8)
        found.append(
            {
                "of": name,
                "image": image,
                "rows": grid.shape[0],
                "cols": grid.shape[1],
                "left": round(float((xs - wide / 2).min()) / width, 4),
                "top": round(float((ys - high / 2).min()) / height, 4),
                "right": round(float((xs + wide / 2).max()) / width, 4),
                "bottom": round(float((ys + high / 2).max()) / height, 4),
                "heat": base64.b64encode(heat.tobytes()).decode("ascii"),
            }
        )
    return found
