"""How an eye looks at pictures, in training as elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .architecture import GRID, MEAN, SIDE, SIZE, STD

if TYPE_CHECKING:
    from torch import Tensor


def normalised(pixels: Any, *, device: Any = "cpu") -> Tensor:
    """(…, 224, 224, 3) uint8 → (n, 3, 192, 192) as an eye is given them, on a device."""
    import torch
    from torch.nn.functional import interpolate

    drawn = torch.from_numpy(pixels).to(device)
    drawn = drawn.reshape(-1, *pixels.shape[-3:]).permute(0, 3, 1, 2)
    if drawn.device.type == "cpu":
        # In whole numbers it is what Pillow does, which the processor uses.
        small = interpolate(drawn, (SIDE, SIDE), mode="bicubic", antialias=True).float()
    else:
        # GPUs resize fractions only: at most one level off.
        small = interpolate(drawn.float(), (SIDE, SIDE), mode="bicubic", antialias=True)
        small = small.round().clamp(0, 255)
    mean, spread = (torch.tensor(three, device=device).view(1, 3, 1, 1) for three in (MEAN, STD))
    return (small / 255 - mean) / spread


def look(eye: Any, images: Tensor) -> Tensor:
    """(n, d, rows, columns) features of what the projector reads.

    Args:
        eye: the vision tower.
        images: (n, 3, 192, 192), normalised, on the eye's device.
    """
    states: Tensor = eye(pixel_values=images, output_hidden_states=True).hidden_states[-1]
    return states[:, 1:].transpose(1, 2).reshape(len(images), -1, GRID, GRID)


def at(features: Tensor, places: Tensor) -> Tensor:
    """(n, k, d) features at places, bilinear between the middles of patches.

    Args:
        features: (n, d, rows, columns).
        places: (n, k, 2) x and y in px.
    """
    from torch.nn import functional

    grid = (2 * places / SIZE - 1)[:, :, None]
    seen = functional.grid_sample(features, grid, align_corners=False, padding_mode="border")
    return seen[..., 0].transpose(1, 2)
