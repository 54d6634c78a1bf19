from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_vlmsight.tasks.knobs import Knob, KnobError, spans_of

RATIO = Knob(
    name="ratio", meaning="far to near", span=(1.1, 2.0), limits=(1.05, 3.0), bands=(1.3, 1.6)
)
CLUTTER = Knob(
    name="clutter",
    meaning="other objects",
    span=(0, 6),
    limits=(0, 8),
    bands=(1, 4),
    unit="objects",
    whole=True,
    why="more do not fit",
)
shares = st.floats(0, 1, exclude_max=True)


@given(shares)
def test_values_stay_within_the_span(share: float) -> None:
    assert 1.2 <= RATIO.value(share, (1.2, 1.4)) <= 1.4
    assert CLUTTER.value(share, (2, 5)) in {2, 3, 4, 5}


def test_every_whole_value_is_as_likely() -> None:
    drawn = [CLUTTER.value(k / 600, (2, 4)) for k in range(600)]
    assert [drawn.count(value) for value in (2, 3, 4)] == [200, 200, 200]


@pytest.mark.parametrize(
    ("knob", "value", "label"),
    [
        (RATIO, 1.1, "under 1.3"),
        (RATIO, 1.3, "1.3 to 1.6"),
        (RATIO, 9, "1.6 and more"),
        (CLUTTER, 0, "under 1 objects"),
        (CLUTTER, 3, "1 to 3 objects"),
        (CLUTTER, 4, "4 objects and more"),
    ],
)
def test_slice_of_a_value(knob: Knob, value: float, label: str) -> None:
    assert knob.label(value) == label


def test_what_is_given_replaces_a_span_and_the_others_stay() -> None:
    spans = spans_of([RATIO, CLUTTER], {"ratio": "1.2..1.5"}, task="t")
    assert spans == {"ratio": (1.2, 1.5), "clutter": (0, 6)}
    assert spans_of([CLUTTER], {"clutter": "3"}, task="t") == {"clutter": (3, 3)}


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"clutter": "20"}, "task t: clutter: got 20; expected .* 0 to 8 .*more do not fit"),
        ({"clutter": "2.5"}, "whole numbers"),
        ({"clutter": "many"}, "'many'"),
        ({"ratio": "2..1.5"}, "LOW..HIGH"),
        ({"ratio": "nan"}, "got nan"),
        ({"ratio": "1.01..2"}, "from 1.05 to 3"),
        ({"cluter": "2"}, "unknown setting 'cluter'; expected ratio .far to near., clutter"),
    ],
)
def test_setting_that_cannot_be_is_named(given: dict[str, str], says: str) -> None:
    with pytest.raises(KnobError, match=says):
        spans_of([RATIO, CLUTTER], given, task="t")
