"""Tokens become the grid that they lie on, whatever order they come in, or none at all."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from pytest_vlmsight.models.layouts import NoLayoutError, layout
from pytest_vlmsight.models.token_places import TokenPlaces

if TYPE_CHECKING:
    from collections.abc import Sequence

NOISE = 0.025
"""Of a token's size: what measuring where it looks is off by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """What a view shows of its picture, as shares of it."""

    left: float = 0.0
    top: float = 0.0
    right: float = 1.0
    bottom: float = 1.0


WHOLE = Box()


def grid(
    rows: int,
    columns: int,
    *,
    box: Box = WHOLE,
    picture: int = 0,
    grain: float = 1.0,
    share: float = 1.0,
) -> TokenPlaces:
    """The tokens of one view, row by row."""
    width, height = (box.right - box.left) / columns, (box.bottom - box.top) / rows
    down, across = np.divmod(np.arange(rows * columns), columns)
    one = np.ones(rows * columns)
    return TokenPlaces(
        x=box.left + (across + 0.5) * width,
        y=box.top + (down + 0.5) * height,
        width=width * one,
        height=height * one,
        picture=picture * one,
        grain=grain * one,
        share=share * one,
    )


def words(count: int) -> TokenPlaces:
    """Tokens that show nothing."""
    return TokenPlaces(**{name: np.full(count, np.nan) for name in TokenPlaces.__slots__})


def joined(parts: Sequence[TokenPlaces]) -> TokenPlaces:
    return TokenPlaces(
        **{
            name: np.concatenate([getattr(part, name) for part in parts])
            for name in TokenPlaces.__slots__
        }
    )


def taken(places: TokenPlaces, which: np.ndarray) -> TokenPlaces:
    return TokenPlaces(**{name: getattr(places, name)[which] for name in TokenPlaces.__slots__})


def noisy(places: TokenPlaces, seed: int) -> TokenPlaces:
    """As they are measured."""
    random = np.random.default_rng(seed)

    def off(scale: np.ndarray | float) -> np.ndarray:
        return NOISE * scale * random.standard_normal(len(places.x)).clip(-3, 3)

    return replace(
        places,
        x=places.x + off(places.width),
        y=places.y + off(places.height),
        width=places.width * (1 + off(2)),
        height=places.height * (1 + off(2)),
        picture=places.picture + off(1),
        grain=places.grain * (1 + off(0.5)),
        share=places.share * (1 + off(0.5)),
    )


def shuffled(places: TokenPlaces, seed: int) -> tuple[TokenPlaces, np.ndarray]:
    """In any order; and where each token has gone."""
    order = np.random.default_rng(seed).permutation(len(places.x))
    return taken(places, order), np.argsort(order)


seeds = st.integers(0, 2**32 - 1)


@given(rows=st.integers(1, 16), columns=st.integers(1, 16), extra=st.integers(0, 5), seed=seeds)
@example(rows=10, columns=1, extra=0, seed=3)
@example(rows=1, columns=4, extra=0, seed=0)
def test_tokens_in_any_order_are_put_where_they_look(
    rows: int, columns: int, extra: int, seed: int
) -> None:
    assume(rows * columns >= 4)
    own = noisy(grid(rows, columns), seed)
    places, gone = shuffled(joined([own, words(extra)]), seed)
    laid = layout(places, 0)
    assert laid.index.tolist() == gone[: rows * columns].reshape(rows, columns).tolist()
    assert laid.xs * columns == pytest.approx(np.arange(columns) + 0.5, abs=0.1)
    assert laid.ys * rows == pytest.approx(np.arange(rows) + 0.5, abs=0.1)


@given(
    shapes=st.lists(st.tuples(st.integers(2, 8), st.integers(2, 8)), min_size=1, max_size=4),
    seed=seeds,
)
def test_each_picture_has_its_own_tokens(shapes: list[tuple[int, int]], seed: int) -> None:
    parts = [grid(*shape, picture=number) for number, shape in enumerate(shapes)]
    places, gone = shuffled(noisy(joined(parts), seed), seed)
    start = 0
    for number, (rows, columns) in enumerate(shapes):
        own = gone[start : start + rows * columns].reshape(rows, columns)
        assert layout(places, number).index.tolist() == own.tolist()
        start += rows * columns


@given(
    mosaic=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    side=st.integers(2, 6),
    first=st.booleans(),
    seed=seeds,
)
def test_tiles_are_one_grid_and_the_view_of_the_whole_is_left_out(
    mosaic: tuple[int, int], side: int, *, first: bool, seed: int
) -> None:
    down, across = mosaic
    assume(down * across > 1)
    tiles = [
        grid(
            side,
            side,
            box=Box(
                left=column / across,
                right=(column + 1) / across,
                top=row / down,
                bottom=(row + 1) / down,
            ),
            grain=0.5,
        )
        for row in range(down)
        for column in range(across)
    ]
    whole = grid(side, side)
    parts = [whole, words(1), *tiles] if first else [*tiles, words(1), whole]
    laid = layout(noisy(joined(parts), seed), 0)
    start = side * side + 1 if first else 0
    numbers = np.arange(len(tiles) * side * side).reshape(down, across, side, side) + start
    assert laid.index.tolist() == (
        numbers.transpose(0, 2, 1, 3).reshape(down * side, across * side).tolist()
    )


def test_a_picture_that_is_a_single_tile_is_there_twice_and_its_first_view_is_taken() -> None:
    laid = layout(noisy(joined([grid(4, 4), grid(4, 4)]), 0), 0)
    assert laid.index.tolist() == np.arange(16).reshape(4, 4).tolist()


@pytest.mark.parametrize("shared", [1, 2, 3])
def test_tiles_that_overlap_are_one_grid(shared: int) -> None:
    """The tokens of four by four tokens' tiles, ``shared`` columns of which are in both."""
    columns = 8 - shared
    left = grid(4, 4, box=Box(right=4 / columns))
    right = grid(4, 4, box=Box(left=1 - 4 / columns))
    laid = layout(noisy(joined([left, right]), 0), 0)
    assert laid.index.shape == (4, columns)
    assert laid.index[:, :4].tolist() == np.arange(16).reshape(4, 4).tolist()
    assert laid.index[:, 4:].tolist() == (16 + np.arange(16).reshape(4, 4))[:, shared:].tolist()


@given(rows=st.integers(4, 10), columns=st.integers(4, 10), padded=st.integers(1, 2), seed=seeds)
def test_rows_and_columns_that_mostly_show_padding_are_left_out(
    rows: int, columns: int, padded: int, seed: int
) -> None:
    share = np.ones((rows, columns))
    share[:padded] = 0.3
    share[:, -padded:] *= 0.2
    own = replace(grid(rows, columns), share=share.ravel())
    laid = layout(noisy(own, seed), 0)
    numbers = np.arange(rows * columns).reshape(rows, columns)
    assert laid.index.tolist() == numbers[padded:, :-padded].tolist()


def test_columns_at_nearly_equal_distances_are_put_at_equal_ones() -> None:
    laid = layout(noisy(grid(8, 8), 0), 0)
    assert np.diff(laid.xs, 2) == pytest.approx(np.zeros(6), abs=1e-12)
    assert laid.xs == pytest.approx((np.arange(8) + 0.5) / 8, abs=0.01)


def test_a_column_that_is_cut_at_the_border_keeps_its_middle() -> None:
    own = grid(4, 5)
    x = np.tile([0.1, 0.3, 0.5, 0.7, 0.82], 4)
    laid = layout(noisy(replace(own, x=x), 0), 0)
    assert laid.xs[-1] == pytest.approx(0.82, abs=0.01)


# -- no grid --------------------------------------------------------------------------------------


@given(count=st.integers(4, 80), seed=seeds)
@example(count=6, seed=0)
@example(count=64, seed=1)
def test_tokens_that_all_see_everything_lie_on_no_grid(count: int, seed: int) -> None:
    one = np.ones(count)
    own = TokenPlaces(
        x=0.5 * one,
        y=0.5 * one,
        width=one,
        height=one,
        picture=0 * one,
        grain=one,
        share=one,
    )
    with pytest.raises(NoLayoutError, match="each token shows much more than a place of its own"):
        layout(noisy(own, seed), 0)


@given(count=st.integers(16, 60), size=st.floats(0.02, 0.5), seed=seeds)
def test_tokens_that_look_anywhere_lie_on_no_grid(count: int, size: float, seed: int) -> None:
    random = np.random.default_rng(seed)
    one = np.ones(count)
    own = TokenPlaces(
        x=random.random(count),
        y=random.random(count),
        width=size * one,
        height=size * one,
        picture=0 * one,
        grain=one,
        share=one,
    )
    with pytest.raises(NoLayoutError):
        layout(own, 0)


def test_tokens_that_mix_rows_lie_on_no_grid() -> None:
    """Each shows its own columns and a bit of all the picture's height."""
    own = grid(8, 8)
    y = 0.5 + 0.1 * np.random.default_rng(0).standard_normal(64).clip(-1.5, 1.5)
    with pytest.raises(NoLayoutError, match="64 tokens lie at 8 places"):
        layout(replace(own, y=y, height=0.9 * np.ones(64)), 0)


def test_tokens_that_show_much_more_than_their_place_lie_on_no_grid() -> None:
    own = grid(8, 8)
    with pytest.raises(NoLayoutError, match="each token shows much more than a place of its own"):
        layout(replace(own, width=4 * own.width, height=4 * own.height), 0)


def test_tokens_that_show_some_of_their_neighbours_places_lie_on_a_grid() -> None:
    own = grid(8, 8)
    laid = layout(noisy(replace(own, width=2 * own.width, height=2 * own.height), 0), 0)
    assert laid.index.tolist() == np.arange(64).reshape(8, 8).tolist()


def test_views_that_go_over_into_each_other_lie_on_no_grid() -> None:
    own = grid(8, 8)
    with pytest.raises(NoLayoutError, match="more than a place of its own"):
        layout(replace(own, grain=np.geomspace(0.1, 1, 64)), 0)


@pytest.mark.parametrize("lost", [1, 5, 14])
def test_a_grid_with_a_hole_is_none(lost: int) -> None:
    own = taken(noisy(grid(4, 5), 0), np.delete(np.arange(20), lost))
    with pytest.raises(NoLayoutError, match="19 tokens lie in"):
        layout(own, 0)


@pytest.mark.parametrize("shape", [(1, 1), (1, 2), (3, 1)])
def test_fewer_than_four_tokens_are_no_grid(shape: tuple[int, int]) -> None:
    with pytest.raises(NoLayoutError):
        layout(grid(*shape), 0)


def test_a_picture_that_no_token_shows_has_no_grid() -> None:
    with pytest.raises(NoLayoutError, match="no token shows a place of it by itself"):
        layout(joined([words(3), grid(4, 4)]), 1)
    with pytest.raises(NoLayoutError, match="no token shows a place of it by itself"):
        layout(words(3), 0)


def test_a_picture_that_is_all_padding_has_no_grid() -> None:
    with pytest.raises(NoLayoutError, match="all of its tokens show padding"):
        layout(grid(4, 4, share=0.2), 0)
