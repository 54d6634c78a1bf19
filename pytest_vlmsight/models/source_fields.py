"""Which place of its pictures each number shows that a model is given of them.

Every processor resizes, crops, pads, cuts into tiles or into patches in its own way. Pictures that
grow lighter from left to right, and others from top to bottom, go through the model's own
processor; what comes out says where it came from, whatever happened in between. Two greys
calibrate the normalisation and show where padding is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np
    from PIL.Image import Image
    from torch import Tensor

_DARK, _LIGHT = 96, 160
# Greys for the calibration: neither may look like a padding colour (0, 127, 255, a mean colour).

_ALIKE = 1.5 / 255
"""Places that differ by less than this are the same: a ramp's levels are 1/255 apart."""

_OTHER = 1.25
"""Views whose pixels are larger by more than this are others."""


class NoFieldsError(ValueError):
    """The processor does something that no places in pictures describe."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Field:
    """What is known of each number of one input; all tensors have that input's shape.

    Attributes:
        inside: 1 where a number shows a picture, 0 where it is padding.
        x: how far right in its picture, from 0 to 1.
        y: how far down, from 0 to 1.
        picture: number of its picture.
        grain: 1 in the coarsest view of a picture, half as much in the next finer one, and so on.
    """

    inside: Tensor
    x: Tensor
    y: Tensor
    picture: Tensor
    grain: Tensor


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SourceFields:
    """All that a processor gives, and the fields of what shows pictures in it.

    Attributes:
        given: what the processor gives for pictures of noise.
        fields: of those inputs that show pictures, by their keys.
    """

    given: Mapping[str, Any]
    fields: Mapping[str, Field]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sketch:
    """What pictures become, but for what the ramps' levels and resampling blur.

    Attributes:
        digest: of words, of shapes, and of what is a picture's, which one's and in which view.
        places: x and y of all numbers, in 16 bits.
    """

    digest: str
    places: Tensor

    def alike(self, other: Sketch) -> bool:
        """Whether tokens look at the same places in both."""
        return self.digest == other.digest and bool(
            (self.places.float() - other.places.float()).abs().max() < _ALIKE
        )


def sketch(source: SourceFields) -> Sketch:
    """The sketch of pictures of some sizes."""
    import hashlib

    import torch

    digest = hashlib.sha256(source.given["input_ids"].cpu().numpy().tobytes())
    for key, field in sorted(source.fields.items()):
        digest.update(f"{key} {tuple(field.x.shape)}".encode())
        for own in (field.inside, field.picture, field.grain):
            digest.update(own.to(torch.float16).contiguous().numpy().tobytes())
    places = [own.flatten() for field in source.fields.values() for own in (field.x, field.y)]
    return Sketch(digest=digest.hexdigest(), places=torch.cat(places).to(torch.float16))


def source_fields(
    process: Callable[[Sequence[Image]], Mapping[str, Any]], sizes: Sequence[tuple[int, int]]
) -> SourceFields:
    """Measure them.

    Args:
        process: pictures → what the model is given, as tensors.
        sizes: width and height of each picture in px.

    Raises:
        NoFieldsError: no input depends on the pictures, or its shape depends on what they show.
    """
    import numpy as np

    def greys(levels: Sequence[int]) -> Mapping[str, Any]:
        return process([_flat(size, level) for size, level in zip(sizes, levels, strict=True)])

    count = len(sizes)
    dark, light = greys([_DARK] * count), greys([_LIGHT] * count)
    keys = [key for key, value in dark.items() if _differ(value, light.get(key))]
    if not keys:
        raise NoFieldsError("the processor makes the same of dark and of light pictures")
    ramps = [process([_ramp(size, axis) for size in sizes]) for axis in (0, 1)]
    apart = [
        greys([_LIGHT if k == number else _DARK for k in range(count)])
        for number in range(1, count)
    ]
    noise = np.random.default_rng(0)
    given = process([_noise(noise, size) for size in sizes])
    for key in keys:
        for other in (given, *ramps, *apart):
            if other[key].shape != dark[key].shape:
                raise NoFieldsError(
                    f"{key} is {tuple(dark[key].shape)} for one picture and "
                    f"{tuple(other[key].shape)} for another of the same size"
                )
    fields = {
        key: _field(dark[key], light[key], [x[key] for x in ramps], [x[key] for x in apart])
        for key in keys
    }
    return SourceFields(given=given, fields=fields)


def _field(dark: Tensor, light: Tensor, ramps: Sequence[Tensor], apart: Sequence[Tensor]) -> Field:
    import torch

    low = dark.double()
    gain = light.double() - low
    inside = gain.abs() > 0.5 * gain.abs().max()
    safe = torch.where(inside, gain, 1.0)
    x, y = (
        torch.where(inside, _DARK + (ramp.double() - low) / safe * (_LIGHT - _DARK), 0.0) / 255
        for ramp in ramps
    )
    picture = torch.zeros_like(x)
    for number, own in enumerate(apart, start=1):
        picture[(own.double() - low).abs() > 0.5 * gain.abs()] = number
    picture = torch.where(inside, picture, 0.0)
    return Field(
        inside=inside.double(),
        x=x,
        y=y,
        picture=picture,
        grain=_grain(x, y, inside=inside, picture=picture),
    )


def _differ(one: Any, other: Any) -> bool:
    import torch

    return (
        isinstance(one, torch.Tensor)
        and isinstance(other, torch.Tensor)
        and one.is_floating_point()
        and one.shape == other.shape
        and not torch.equal(one, other)
    )


def _grain(x: Tensor, y: Tensor, *, inside: Tensor, picture: Tensor) -> Tensor:
    """The same for all numbers of a tile (…, 3, height, width), or of a patch in a row (…, d)."""
    import torch

    own = (-3, -2, -1) if _tiled(x) else (-1,)
    across, down = _steps(x, y, inside=inside)
    # Views of one fineness may be of another shape: a mosaic that is padded, and a squashed whole.
    views = _classes(across) * (across.numel() + 1) + _classes(down)
    pictures = torch.where(inside, picture, -1.0).amax(own, keepdim=True)
    grain = torch.ones_like(across)
    for number in set(pictures.flatten().tolist()) - {-1.0}:
        here = (pictures == number) & (across * down > 0)
        shown = {
            view: float((across * down)[here & (views == view)].mean())
            for view in set(views[here].tolist())
        }
        for rank, view in enumerate(sorted(shown, key=lambda view: -shown[view])):
            grain[here & (views == view)] = 0.5**rank
    return grain.expand_as(x)


def _steps(x: Tensor, y: Tensor, *, inside: Tensor) -> tuple[Tensor, Tensor]:
    """Of a tile's pixels from each other, or the extent of a patch, as shares of a picture."""
    import torch

    steps = []
    for values, axis in ((x, -1), (y, -2)):
        if not _tiled(x):
            # Not from the first to the last, of which there are few levels in a large picture.
            count = inside.sum(-1, keepdim=True).clamp(min=1)
            mean = torch.where(inside, values, 0.0).sum(-1, keepdim=True) / count
            off = torch.where(inside, values - mean, 0.0)
            steps.append((12 * (off**2).sum(-1, keepdim=True) / count).sqrt())
            continue
        step = values.diff(dim=axis)
        both = inside.narrow(axis, 1, step.shape[axis]) & inside.narrow(axis, 0, step.shape[axis])
        # The mean is exact where levels are rounded, and the median of a ramp's steps is not.
        total = torch.where(both, step, 0.0).sum((-3, -2, -1), keepdim=True)
        steps.append(total / both.sum((-3, -2, -1), keepdim=True).clamp(min=1))
    return steps[0], steps[1]


def _tiled(x: Tensor) -> bool:
    return x.ndim >= 4 and x.shape[-3] == 3


def _classes(values: Tensor) -> Tensor:
    """Numbers of groups of values that are about the same, which others are not near."""
    import torch

    ordered, order = values.clamp(min=1e-9).flatten().sort()
    apart = ordered[1:] / ordered[:-1] > _OTHER
    numbers = torch.cat([torch.zeros(1, dtype=torch.long), apart.long().cumsum(0)])
    return torch.empty_like(numbers).index_copy(0, order, numbers).view_as(values)


def _flat(size: tuple[int, int], level: int) -> Image:
    from PIL import Image

    return Image.new("RGB", size, (level,) * 3)


def _ramp(size: tuple[int, int], axis: int) -> Image:
    import numpy as np
    from PIL import Image

    width, height = size
    share = (np.arange(size[axis]) + 0.5) / size[axis]
    line = np.round(share * 255).astype(np.uint8)
    plane = line[None, :] if axis == 0 else line[:, None]
    return Image.fromarray(np.repeat(np.broadcast_to(plane, (height, width))[..., None], 3, 2))


def _noise(rng: np.random.Generator, size: tuple[int, int]) -> Image:
    import numpy as np
    from PIL import Image

    return Image.fromarray(rng.integers(0, 256, (size[1], size[0], 3), np.uint8))
