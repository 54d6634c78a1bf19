"""Features at points and in boxes come from the right place of the image."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from pytest_vlmsight.readouts import bilinear, box_mean

XS = torch.tensor([7.0, 21.0, 35.0])
YS = torch.tensor([5.0, 25.0])
GRID = torch.tensor([[[0.0], [1.0], [2.0]], [[10.0], [11.0], [12.0]]])

coefficient = st.floats(-3, 3)


def affine(xs: Tensor, ys: Tensor, a: float, b: float, c: float) -> Tensor:
    """A field a + b·x + c·y sampled at the patch centres, (rows, cols, 1)."""
    return (a + b * xs[None, :] + c * ys[:, None])[..., None]


def centres(draw: st.DrawFn, size: int) -> Tensor:
    gaps = draw(st.lists(st.floats(0.5, 30), min_size=size, max_size=size))
    return torch.tensor(gaps, dtype=torch.float64).cumsum(0)


@st.composite
def layouts(draw: st.DrawFn) -> tuple[Tensor, Tensor]:
    return centres(draw, draw(st.integers(1, 6))), centres(draw, draw(st.integers(1, 6)))


def sample(grid: Tensor, *points: tuple[float, float]) -> list[float]:
    return bilinear(grid, xs=XS, ys=YS, points=torch.tensor(points)).flatten().tolist()


def test_a_point_on_a_centre_gives_that_patch() -> None:
    assert sample(GRID, (7, 5), (35, 5), (7, 25), (21, 25)) == [0, 2, 10, 11]


def test_a_point_between_four_centres_gives_their_weighted_mean() -> None:
    # A quarter of the way right of the first column, half way down.
    assert sample(GRID, (10.5, 15)) == [0.25 + 5]


def test_beyond_the_outermost_centres_their_features_hold() -> None:
    assert sample(GRID, (-100, -100), (0, 15), (1e6, 5), (21, 1e6)) == [0, 5, 2, 11]


def test_one_patch_is_everywhere() -> None:
    one = torch.tensor([4.0])
    points = torch.tensor([[0.0, 0.0], [4.0, 4.0], [9.0, 1.0]])
    assert bilinear(torch.ones(1, 1, 2), xs=one, ys=one, points=points).tolist() == [[1, 1]] * 3


def test_no_points_give_no_features() -> None:
    assert bilinear(GRID, xs=XS, ys=YS, points=torch.empty(0, 2)).shape == (0, 1)


@settings(deadline=None, max_examples=60)
@given(layouts(), st.tuples(*[coefficient] * 3), st.tuples(st.floats(0, 1), st.floats(0, 1)))
def test_affine_fields_are_reproduced_exactly_between_the_centres(
    layout: tuple[Tensor, Tensor],
    field: tuple[float, float, float],
    place: tuple[float, float],
) -> None:
    (xs, ys), (a, b, c), (u, v) = layout, field, place
    x = float(xs[0] + u * (xs[-1] - xs[0]))
    y = float(ys[0] + v * (ys[-1] - ys[0]))
    grid = affine(xs, ys, a, b, c)
    got = bilinear(grid, xs=xs, ys=ys, points=torch.tensor([[x, y]], dtype=torch.float64))
    assert got.item() == pytest.approx(a + b * x + c * y, abs=1e-9)


def test_swapping_x_and_y_is_noticed() -> None:
    # The planted fault: on a square grid a swap raises nothing and only the values can tell.
    square = torch.tensor([7.0, 21.0, 35.0], dtype=torch.float64)
    grid = affine(square, square, 0, 1, 100)
    point = torch.tensor([[10.0, 30.0]])
    assert bilinear(grid, xs=square, ys=square, points=point).item() == pytest.approx(3010)
    assert bilinear(grid, xs=square, ys=square, points=point.flip(1)).item() != pytest.approx(3010)
    faulty = bilinear(grid.transpose(0, 1), xs=square, ys=square, points=point)
    assert faulty.item() == pytest.approx(1030)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_half_precision_is_interpolated_in_float32(dtype: torch.dtype) -> None:
    got = bilinear(GRID.to(dtype), xs=XS, ys=YS, points=torch.tensor([[10.5, 15.0]]))
    assert got.dtype == torch.float32
    assert got.item() == 5.25


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"grid": GRID[0]}, r"grid of shape \(rows, cols, d\) but got shape \(3, 1\)"),
        ({"grid": GRID.long()}, "grid of a floating type but got torch.int64"),
        ({"grid": GRID / 0}, "grid holds NaN or infinity in 6 of 6 values"),
        ({"xs": YS}, r"Expected xs of shape \(3,\), one per patch along cols"),
        ({"ys": XS}, r"Expected ys of shape \(2,\), one per patch along rows"),
        ({"xs": XS.flip(0)}, "xs strictly increasing"),
        ({"ys": torch.tensor([5.0, 5.0])}, "ys strictly increasing"),
        ({"xs": XS * torch.nan}, "xs holds NaN"),
        ({"points": torch.tensor([1.0, 2.0])}, r"points of shape \(n, 2\)"),
        ({"points": torch.tensor([[1.0, torch.nan]])}, r"points holds NaN .* index \(0, 1\)"),
    ],
)
def test_unsound_input_is_refused(change: dict[str, Tensor], message: str) -> None:
    sound = {"grid": GRID, "xs": XS, "ys": YS, "points": torch.tensor([[1.0, 2.0]])}
    with pytest.raises(ValueError, match=message):
        bilinear(**(sound | change))


def mean(*box: float) -> float:
    return box_mean(GRID, xs=XS, ys=YS, box=box).item()


def test_a_box_averages_the_patches_whose_centres_it_holds() -> None:
    assert mean(0, 0, 42, 30) == 6
    assert mean(0, 0, 22, 10) == 0.5
    assert mean(20, 20, 42, 30) == 11.5


def test_the_left_and_upper_edges_are_inside_and_the_others_outside() -> None:
    assert mean(7, 5, 35, 25) == 0.5


def test_a_box_between_centres_is_read_at_its_own_centre() -> None:
    assert mean(10, 14, 11, 16) == 5.25
    assert mean(21, 5, 21, 5) == 1


def test_a_box_that_holds_centres_in_one_direction_only_is_read_at_its_own_centre() -> None:
    assert mean(0, 14, 42, 16) == 6


@pytest.mark.parametrize(
    ("box", "message"),
    [
        ((0, 0, 1), "box of four numbers x0, y0, x1, y1"),
        ((5, 0, 1, 1), "box with x0 ≤ x1"),
        ((0, 5, 1, 1), "box with x0 ≤ x1 and y0 ≤ y1"),
        ((0, 0, 1, float("nan")), "box holds NaN"),
    ],
)
def test_an_unsound_box_is_refused(box: tuple[float, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        mean(*box)
