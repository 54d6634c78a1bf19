"""What every readout asks of its input before it computes anything.

A readout that silently accepts a NaN or a transposed array still returns an index, and that
index would be counted as a measurement. So shapes, types and values are checked here, once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def features(name: str, tensor: Tensor, *dims: str) -> Tensor:
    """The tensor in at least float32, once its type, shape and values are found sound.

    Args:
        name: what the caller calls it, for the error.
        tensor: features of any floating type, on any device.
        dims: the expected axes by name, such as "n", "k", "d". Only "n" may be empty.

    Returns:
        The tensor itself, or a float32 copy of a half-precision one.

    Raises:
        ValueError: another number of axes, an empty axis, no floating type, NaN or infinity.
    """
    expected = f"({', '.join(dims)})"
    shape = tuple(tensor.shape)
    if len(shape) != len(dims):
        raise ValueError(f"Expected {name} of shape {expected} but got shape {shape}")
    for dim, size in zip(dims, shape, strict=True):
        if size == 0 and dim != "n":
            raise ValueError(f"Expected {name} of shape {expected} with {dim} > 0 but got {shape}")
    if not tensor.is_floating_point():
        raise ValueError(f"Expected {name} of a floating type but got {tensor.dtype}")
    finite(name, tensor)
    return tensor if tensor.element_size() >= 4 else tensor.float()


def finite(name: str, tensor: Tensor) -> None:
    """Refuse NaN and infinity.

    Raises:
        ValueError: some value is not finite; the message counts them and gives the first index.
    """
    bad = ~tensor.isfinite()
    if bad.any():
        first = tuple(bad.nonzero()[0].tolist())
        raise ValueError(
            f"{name} holds NaN or infinity in {int(bad.sum())} of {tensor.numel()} values, "
            f"first at index {first}"
        )


def same_width(**tensors: Tensor) -> None:
    """Refuse features of different encoders or layers.

    Args:
        tensors: by name, each with the feature width d as its last axis.

    Raises:
        ValueError: the widths differ; the message lists them.
    """
    widths = {name: tensor.shape[-1] for name, tensor in tensors.items()}
    if len(set(widths.values())) > 1:
        told = ", ".join(f"{name} has d={width}" for name, width in widths.items())
        raise ValueError(f"Expected features of one width but {told}")


def float64(tensor: Tensor) -> Tensor:
    """The tensor in float64, on its own device where that knows float64 (MPS does not)."""
    import torch

    device = torch.device("cpu") if tensor.device.type == "mps" else tensor.device
    return tensor.to(device=device, dtype=torch.float64)
