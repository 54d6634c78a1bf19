"""What is packed opens as it was, with its own key, and not at all where it was changed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from pytest_vlmsight.records.packed import Packed, pack, unpack

KEYS = st.binary(max_size=80)
ARRAYS = arrays.arrays(
    st.sampled_from([np.float32, np.float64, np.int64, np.uint8, np.bool_]),
    arrays.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5),
)
CONTENT = st.builds(
    Packed,
    arrays=st.lists(ARRAYS, max_size=4).map(tuple),
    texts=st.dictionaries(st.text(), st.text(), max_size=3),
)


@given(CONTENT, KEYS)
def test_what_is_packed_opens_bit_for_bit(content: Packed, key: bytes) -> None:
    opened = unpack(pack(content, key=key), key=key)
    assert opened is not None
    assert opened.texts == content.texts
    assert len(opened.arrays) == len(content.arrays)
    for one, other in zip(opened.arrays, content.arrays, strict=True):
        assert (one.dtype, one.shape) == (other.dtype, other.shape)
        assert one.tobytes() == other.tobytes()


def test_nan_infinity_and_signed_zero_are_kept() -> None:
    values = np.array([np.nan, -np.inf, -0.0, 5e-324])
    opened = unpack(pack(Packed(arrays=(values,)), key=b"k"), key=b"k")
    assert opened is not None
    assert opened.arrays[0].tobytes() == values.tobytes()


def test_other_ways_to_lie_in_memory_are_the_same_array() -> None:
    values = np.arange(24, dtype=">f4").reshape(4, 6).T[::2]
    opened = unpack(pack(Packed(arrays=(values,)), key=b"k"), key=b"k")
    assert opened is not None
    np.testing.assert_array_equal(opened.arrays[0], values)
    opened.arrays[0][:] = 0  # one's own to change


@given(CONTENT, st.data())
def test_whatever_was_changed_or_cut_off_does_not_open(
    content: Packed, data: st.DataObject
) -> None:
    packed = pack(content, key=b"key")
    at = data.draw(st.integers(0, len(packed) - 1))
    bit = 1 << data.draw(st.integers(0, 7))
    assert unpack(packed[:at] + bytes([packed[at] ^ bit]) + packed[at + 1 :], key=b"key") is None
    assert unpack(packed[:at], key=b"key") is None
    assert unpack(packed, key=b"another") is None


@given(st.binary(max_size=200))
def test_bytes_of_anything_else_do_not_open(data: bytes) -> None:
    assert unpack(data, key=b"key") is None


def test_objects_are_refused() -> None:
    with pytest.raises(ValueError, match="Expected arrays of numbers but got object"):
        pack(Packed(arrays=(np.array([{}]),)), key=b"k")
