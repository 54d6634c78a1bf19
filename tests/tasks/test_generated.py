from __future__ import annotations

import pytest

from pytest_vlmsight.tasks.generated import Canvas, GenerationError, generator, tries


@pytest.mark.parametrize("size", [0, 223, 673])
def test_size_out_of_bounds_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match=f"--vlm-size: got {size}; expected 224 to 672 px"):
        Canvas(size=size)


def test_random_numbers_depend_on_the_key_alone() -> None:
    assert generator("a", 1).random() == generator("a", 1).random()
    assert generator("a", 1).random() != generator("a", 2).random()
    # Pinned: NumPy's plainest stream is relied on to stay.
    assert generator("pinned").random() == pytest.approx(PINNED, abs=0)


def test_tries_end_with_an_error_that_names_task_and_seed() -> None:
    attempts = tries("t", "1", 9, 5, most=7)
    assert len({next(attempts).random() for _ in range(7)}) == 7
    with pytest.raises(GenerationError, match=r"task t: item 5 of seed 9 .* in 7 tries"):
        next(attempts)


PINNED = 0.4618139288786378
