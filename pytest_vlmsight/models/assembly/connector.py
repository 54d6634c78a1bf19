"""The connector between eye and mouth: new, untrained, and of the right scale.

An untrained projector only has to do no harm: its outputs stand among token embeddings, so they
get their size, and the channels of a vision transformer's residual stream differ in size by two
orders of magnitude, so they are standardised first. Both are folded into LLaVA's two linear
layers. The scales are measured on generated pictures, not on anybody's data.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_vlmsight.models.assembly.vits import IMAGE_SIZE, MEAN, STD

if TYPE_CHECKING:
    from torch import Tensor

_PICTURES, _DISCS = 8, 300


def pictures(*, seed: int) -> Tensor:
    """Dead leaves: discs of all sizes over each other, whose statistics are near photographs'.

    Radii follow the density r^-3 between 3 and 120 pixels, which makes the pictures look alike
    at every scale (Lee, Mumford and Huang 2001, "Occlusion models for natural images").

    Returns:
        (8, 3, 224, 224) float32, normalised for the eye.
    """
    import numpy as np
    import torch
    from PIL import Image, ImageDraw

    random = np.random.default_rng(seed)
    smallest, largest = 3.0**-2, 120.0**-2
    drawn = []
    for _ in range(_PICTURES):
        image = Image.new("RGB", (IMAGE_SIZE, IMAGE_SIZE))
        pen = ImageDraw.Draw(image)
        radii = (smallest + random.random(_DISCS) * (largest - smallest)) ** -0.5
        centres = random.random((_DISCS, 2)) * IMAGE_SIZE
        colours = random.integers(0, 256, (_DISCS, 3)).tolist()
        for radius, (x, y), colour in zip(radii.tolist(), centres.tolist(), colours, strict=True):
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=tuple(colour))
        drawn.append(np.asarray(image, dtype=np.float32) / 255)
    pixels = (np.stack(drawn) - np.array(MEAN)) / np.array(STD)
    return torch.from_numpy(pixels.transpose(0, 3, 1, 2).astype(np.float32))


def new_connector(features: Tensor, embeddings: Tensor, *, seed: int) -> dict[str, Tensor]:
    """Weights of LLaVA's projector (linear, GELU, linear).

    Args:
        features: (n, d_eye) patch features of `pictures`.
        embeddings: (v, d_mouth) token embeddings.
        seed: of the random weights.

    Returns:
        `linear_1.weight` (d_mouth, d_eye), `linear_2.weight` (d_mouth, d_mouth) and their
        biases, such that the outputs for `features` have the embeddings' root mean square.
    """
    import torch
    from torch.nn.functional import gelu

    generator = torch.Generator().manual_seed(seed)
    d_eye, d_mouth = features.shape[1], embeddings.shape[1]
    first = torch.randn(d_mouth, d_eye, generator=generator) / d_eye**0.5
    second = torch.randn(d_mouth, d_mouth, generator=generator) / d_mouth**0.5

    first = first / features.std(dim=0)
    bias = -first @ features.mean(dim=0)
    outputs = gelu(features @ first.T + bias) @ second.T
    second = second * (embeddings.square().mean() / outputs.square().mean()).sqrt()
    return {
        "linear_1.weight": first,
        "linear_1.bias": bias,
        "linear_2.weight": second,
        "linear_2.bias": torch.zeros(d_mouth),
    }
