"""Arrays and texts as bytes and back: nothing is unpickled, and what was changed does not open."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

_DIGEST, _LENGTH = 8, 4
_KINDS = "fiub"


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """What is kept under one key.

    Attributes:
        arrays: of numbers, in order.
        texts: by name.
    """

    arrays: tuple[np.ndarray, ...] = ()
    texts: Mapping[str, str] = field(default_factory=dict)


def pack(packed: Packed, *, key: bytes) -> bytes:
    """Bytes that ``unpack`` opens with the same key and no other.

    Raises:
        ValueError: an array is not of plain numbers.
    """
    arrays = [np.ascontiguousarray(array).reshape(array.shape) for array in packed.arrays]
    for array in arrays:
        if array.dtype.kind not in _KINDS:
            raise ValueError(f"Expected arrays of numbers but got {array.dtype}")
    little = [array.astype(array.dtype.newbyteorder("<"), copy=False) for array in arrays]
    head = json.dumps(
        [[[array.dtype.str, list(array.shape)] for array in little], dict(packed.texts)]
    ).encode()
    body = b"".join(
        [len(head).to_bytes(_LENGTH, "little"), head, *(array.tobytes() for array in little)]
    )
    return _digest(body, key) + body


def unpack(data: bytes, *, key: bytes) -> Packed | None:
    """What was packed; None where it was changed, cut off or is something else."""
    body = data[_DIGEST:]
    if data[:_DIGEST] != _digest(body, key):
        return None
    end = _LENGTH + int.from_bytes(body[:_LENGTH], "little")
    try:
        forms, texts = json.loads(body[_LENGTH:end])
        arrays = []
        for kind, shape in forms:
            dtype = np.dtype(kind)
            count = int(np.prod(shape, dtype=int))
            array = np.frombuffer(body, dtype, count, end).reshape(shape)
            arrays.append(array.astype(dtype.newbyteorder("=")))
            end += array.nbytes
    except (ValueError, TypeError):  # another version wrote it
        return None
    return Packed(arrays=tuple(arrays), texts=texts)


def _digest(body: bytes, key: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=_DIGEST, key=key[:64]).digest()
