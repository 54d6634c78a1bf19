"""The depth head reads depth where features carry it, from images that are not scored."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from torch import Tensor

from pytest_vlmsight.readouts import DenseDepthHead, closer, closer_box, pool_depth

if TYPE_CHECKING:
    from collections.abc import Iterator

XS = torch.tensor([7.0, 21.0, 35.0])
YS = torch.tensor([7.0, 21.0])
DIRECTION = torch.tensor([0.5, -0.25, 0.0, 0.1])


def scenes(
    seed: int, m: int, *, noise: float = 0.0, dtype: torch.dtype = torch.float32
) -> tuple[Tensor, Tensor]:
    """Features (m, 2, 3, 4) of which DIRECTION gives log-depth, and depth maps (m, 4, 9)."""
    rng = np.random.default_rng(seed)
    features = torch.from_numpy(rng.standard_normal((m, 2, 3, 4))).to(dtype)
    log_depth = features.float() @ DIRECTION + 1
    log_depth = log_depth + noise * torch.from_numpy(rng.standard_normal((m, 2, 3))).float()
    depths = log_depth.exp().repeat_interleave(2, dim=1).repeat_interleave(3, dim=2)
    return features, depths


def trained(*batches: tuple[Tensor, Tensor], penalty: float | None = None) -> DenseDepthHead:
    return DenseDepthHead.fit(batches or [scenes(0, 50)], trained_on="made up", penalty=penalty)


def head(weights: list[float]) -> DenseDepthHead:
    return DenseDepthHead(torch.tensor(weights, dtype=torch.float64), 0.0, 1.0, 1, "by hand")


def test_log_depth_is_recovered_on_new_images() -> None:
    features, depths = scenes(1, 1)
    expected = depths[0, ::2, ::3].log().double()
    assert trained().predict(features[0]).numpy() == pytest.approx(expected.numpy(), abs=1e-4)
    assert trained().weights.numpy() == pytest.approx(DIRECTION.numpy(), abs=1e-4)
    assert trained().bias == pytest.approx(1, abs=1e-4)


def test_batches_stream_and_their_sizes_do_not_matter() -> None:
    features, depths = scenes(2, 30, noise=0.3)
    pulled = []

    def stream() -> Iterator[tuple[Tensor, Tensor]]:
        for i in range(0, 30, 7):
            pulled.append(i)
            yield features[i : i + 7], depths[i : i + 7]

    whole = trained((features, depths))
    parts = DenseDepthHead.fit(stream(), trained_on="made up")
    assert pulled == [0, 7, 14, 21, 28]
    assert parts.weights.tolist() == whole.weights.tolist()
    assert (parts.bias, parts.penalty, parts.n_images) == (whole.bias, whole.penalty, 30)


def test_closed_form_is_that_of_centred_standardised_ridge() -> None:
    features, depths = scenes(3, 20, noise=0.3)
    got = trained((features, depths), penalty=0.5)
    x = features.double().reshape(-1, 4).numpy()
    y = depths[:, ::2, ::3].double().log().reshape(-1).numpy()
    z = (x - x.mean(0)) / x.std(0)
    w = np.linalg.solve(z.T @ z / len(z) + 0.5 * np.eye(4), z.T @ (y - y.mean()) / len(z)) / x.std(
        0
    )
    assert got.weights.numpy() == pytest.approx(w, rel=1e-5)
    assert got.bias == pytest.approx(y.mean() - x.mean(0) @ w, rel=1e-5)


def test_the_penalty_is_stronger_where_features_carry_less() -> None:
    assert trained(scenes(4, 8)).penalty < trained(scenes(4, 8, noise=5)).penalty


def test_invalid_depth_is_left_out() -> None:
    features, depths = scenes(5, 12)
    holes = depths.clone()
    for index, hole in enumerate((0.0, torch.nan, torch.inf, -1.0)):
        holes[index, :2] = hole  # the upper row of patches
        holes[index, 2, ::3] = hole  # a third of the pixels of each lower patch's upper half
    holes[5] = 0
    got = trained((features, holes), penalty=1e-6)
    assert got.n_images == 11
    assert got.weights.numpy() == pytest.approx(DIRECTION.numpy(), abs=1e-4)


def test_cells_hold_the_mean_of_measured_depth() -> None:
    depths = torch.tensor([[[1.0, 3.0, 0.0, 8.0], [5.0, 7.0, torch.nan, torch.inf]]])
    assert pool_depth(depths, rows=1, cols=2).tolist() == [[[4, 8]]]
    assert pool_depth(0 * depths, rows=1, cols=1).isnan().all()


def test_a_pixel_belongs_to_the_cell_of_its_centre_when_sizes_do_not_divide() -> None:
    # Five pixels on two cells: the third's centre lies on the border and counts to the right.
    depths = torch.tensor([[[1.0, 3.0, 10.0, 20.0, 30.0]]])
    assert pool_depth(depths, rows=1, cols=2).tolist() == [[[2, 20]]]


def test_a_constant_or_huge_common_offset_feature_does_no_harm() -> None:
    features, depths = scenes(6, 40)
    wide = torch.cat([features + 300, torch.full((40, 2, 3, 1), 7.0)], dim=-1)
    got = trained((wide, depths))
    assert got.weights[4] == 0
    assert got.weights[:4].numpy() == pytest.approx(DIRECTION.numpy(), abs=1e-3)


def test_half_precision_features_are_read() -> None:
    features, depths = scenes(7, 40, dtype=torch.bfloat16)
    got = trained((features, depths))
    assert got.weights.numpy() == pytest.approx(DIRECTION.numpy(), abs=1e-3)
    assert got.predict(features[0]).shape == (2, 3)


def depth_grid(*rows: list[float]) -> Tensor:
    """A grid whose one feature is the log-depth itself."""
    return torch.tensor(rows)[..., None]


def test_the_closer_point_has_the_smaller_depth() -> None:
    grid = depth_grid([0.0, 1.0, 2.0], [-1.0, 1.0, 3.0])
    points = torch.tensor([[35.0, 21.0], [7.0, 7.0], [7.0, 21.0], [7.0, 21.0]])
    assert closer(head([1.0]), grid, xs=XS, ys=YS, points=points) == 2
    assert closer(head([-1.0]), grid, xs=XS, ys=YS, points=points) == 0


def test_the_closer_box_has_the_smaller_mean_depth_and_not_log_depth() -> None:
    # Depths e⁻³ and e³ against e¹ twice: the mean log-depth is lower left, the mean depth right.
    grid = depth_grid([-3.0, 3.0, 1.0], [-3.0, 3.0, 1.0])
    boxes = [(0, 0, 28, 28), (28, 0, 42, 28)]
    assert closer_box(head([1.0]), grid, xs=XS, ys=YS, boxes=boxes) == 1
    assert closer_box(head([1.0]), 500 * grid, xs=XS, ys=YS, boxes=boxes) == 1
    assert closer_box(head([1.0]), grid, xs=XS, ys=YS, boxes=[boxes[0], boxes[0]]) == 0
    assert closer_box(head([1.0]), grid, xs=XS, ys=YS, boxes=[(6, 6, 8, 8), boxes[1]]) == 0


def test_what_it_was_trained_on_must_be_said() -> None:
    for empty in ("", " \n"):
        with pytest.raises(ValueError, match="trained_on to say in words"):
            DenseDepthHead.fit([scenes(0, 3)], trained_on=empty)
        with pytest.raises(ValueError, match="trained_on to say in words"):
            DenseDepthHead(torch.ones(1), 0.0, 1.0, 1, empty)


def test_unsound_training_data_are_refused() -> None:
    features, depths = scenes(8, 3)
    with pytest.raises(ValueError, match="measured depth to train on but got none"):
        trained((features, 0 * depths))
    with pytest.raises(ValueError, match=r"at least 2 images .* but got 1: add images, or give"):
        trained((features[:1], depths[:1]))
    with pytest.raises(ValueError, match="penalty > 0 but got -1"):
        trained((features, depths), penalty=-1)
    with pytest.raises(ValueError, match="one depth map per image but got 2 for 3"):
        trained((features, depths[:2]))
    with pytest.raises(ValueError, match=r"depths of shape \(m, h, w\)"):
        trained((features, depths[0, 0]))
    with pytest.raises(
        ValueError, match="at least as fine as the patch grid of 2 × 3 but got 4 × 2"
    ):
        trained((features, depths[..., :2]))
    with pytest.raises(ValueError, match="one width in all batches but got d=4 and then d=3"):
        trained((features, depths), (features[..., :3], depths))
    with pytest.raises(ValueError, match="features holds NaN"):
        trained((features * torch.nan, depths))


def test_unsound_questions_are_refused() -> None:
    grid = depth_grid([0.0, 1.0, 2.0], [-1.0, 1.0, 3.0])
    with pytest.raises(ValueError, match="one width but grid has d=1, head has d=2"):
        head([1.0, 1.0]).predict(grid)
    with pytest.raises(ValueError, match="at least one point"):
        closer(head([1.0]), grid, xs=XS, ys=YS, points=torch.empty(0, 2))
    with pytest.raises(ValueError, match="at least one box"):
        closer_box(head([1.0]), grid, xs=XS, ys=YS, boxes=[])
