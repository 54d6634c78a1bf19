"""The depth head reads depth where features carry it, from images that are not scored."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from torch import Tensor

from pytest_vlmsight.readouts import (
    DenseDepthHead,
    DepthMoments,
    bilinear,
    closer,
    closer_box,
    closest,
    patches_in,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

XS = torch.tensor([7.0, 21.0, 35.0])
YS = torch.tensor([7.0, 21.0])
DIRECTION = torch.tensor([0.5, -0.25, 0.0, 0.1])


def scenes(
    seed: int, m: int, *, noise: float = 0.0, dtype: torch.dtype = torch.float32
) -> tuple[Tensor, Tensor]:
    """Features (m, 2, 3, 4) of which DIRECTION gives log-depth, and depths (m, 2, 3)."""
    rng = np.random.default_rng(seed)
    features = torch.from_numpy(rng.standard_normal((m, 2, 3, 4))).to(dtype)
    log_depth = features.float() @ DIRECTION + 1
    log_depth = log_depth + noise * torch.from_numpy(rng.standard_normal((m, 2, 3))).float()
    return features, log_depth.exp()


def trained(*batches: tuple[Tensor, Tensor], penalty: float | None = None) -> DenseDepthHead:
    return DenseDepthHead.fit(batches or [scenes(0, 50)], trained_on="made up", penalty=penalty)


def head(weights: list[float]) -> DenseDepthHead:
    return DenseDepthHead(torch.tensor(weights, dtype=torch.float64), 0.0, 1.0, 1, "by hand")


def test_log_depth_is_recovered_on_new_images() -> None:
    features, depths = scenes(1, 1)
    expected = depths[0].log().double()
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
    y = depths.double().log().reshape(-1).numpy()
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
        holes[index, 0] = hole  # the upper row of patches
    holes[5] = 0
    got = trained((features, holes), penalty=1e-6)
    assert got.n_images == 11
    assert got.weights.numpy() == pytest.approx(DIRECTION.numpy(), abs=1e-4)


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


def test_distances_beyond_what_a_float_holds_are_told_apart() -> None:
    points = torch.tensor([[7.0, 7.0], [21.0, 7.0], [35.0, 7.0]])
    for grid in (depth_grid([-3000.0, -5000.0, 0.0]), depth_grid([3000.0, 2000.0, 4000.0])):
        assert closer(head([1.0]), grid, xs=XS, ys=YS[:1], points=points) == 1


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        ((0, 0, 28, 28), [0, 1, 3, 4]),
        ((7, 7, 35, 21), [0, 1]),  # the right and lower edges are outside
        ((8, 8, 20, 20), [2]),  # no centre inside: the feature at its own
        ((14, 0, 42, 99), [1, 2, 4, 5]),
    ],
)
def test_a_box_is_the_patches_with_centres_inside(
    box: tuple[float, ...], expected: list[float]
) -> None:
    grid = torch.arange(6.0).reshape(2, 3, 1)
    assert patches_in(grid, xs=XS, ys=YS, box=box).flatten().tolist() == expected


def test_places_are_decided_as_points_and_boxes_are() -> None:
    eye = trained()
    features, _ = scenes(9, 40)
    points = torch.tensor([[10.0, 12.0], [30.0, 8.0], [20.0, 20.0]])
    boxes = [(0, 0, 28, 28), (14, 0, 42, 28), (9, 9, 11, 11)]
    at_points, at_boxes = set(), set()
    for grid in features:
        places = [at[None] for at in bilinear(grid, xs=XS, ys=YS, points=points)]
        expected = bilinear(eye.predict(grid)[..., None], xs=XS, ys=YS, points=points)
        choice = closest(eye, places)
        assert choice == closer(eye, grid, xs=XS, ys=YS, points=points)
        assert choice == int(expected.argmin())
        at_points.add(choice)
        inside = [patches_in(grid, xs=XS, ys=YS, box=box) for box in boxes]
        at_boxes.add(closest(eye, inside))
        assert closest(eye, inside) == closer_box(eye, grid, xs=XS, ys=YS, boxes=boxes)
    assert at_points == at_boxes == {0, 1, 2}


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
    with pytest.raises(
        ValueError, match=r"at least 2 parts of images .* but got 1: add images, or give"
    ):
        trained((features[:1], depths[:1]))
    with pytest.raises(ValueError, match="penalty > 0 but got -1"):
        trained((features, depths), penalty=-1)
    with pytest.raises(ValueError, match="depths of each image but got 2 for 3"):
        trained((features, depths[:2]))
    with pytest.raises(ValueError, match=r"depth per patch, of shape \(1, 2, 3\), .* \(1, 3, 2\)"):
        trained((features, depths.mT))
    with pytest.raises(ValueError, match="one width in all images but got d=4 and then d=3"):
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
    with pytest.raises(ValueError, match="at least one place"):
        closest(head([1.0]), [])


# -- moments by part ------------------------------------------------------------------------------


def moments(*parts: tuple[Tensor, Tensor]) -> DepthMoments:
    """Of parts 0, 1, …, each of one batch."""
    made = DepthMoments()
    for part, (features, depths) in enumerate(parts):
        made.add(features, depths, part=part)
    return made


def test_a_part_left_out_is_as_if_it_had_never_been_there() -> None:
    parts = [scenes(seed, 6, noise=0.5) for seed in range(4)]
    for left_out in range(4):
        rest = [part for index, part in enumerate(parts) if index != left_out]
        without = moments(*parts).fit(without=[left_out])
        alone = moments(*rest).fit()
        assert without.weights.tolist() == alone.weights.tolist()
        assert (without.bias, without.penalty) == (alone.bias, alone.penalty)
        assert without.n_images == 18
    assert moments(*parts).fit().n_images == 24


def test_a_part_left_out_has_no_say_in_the_penalty() -> None:
    clean = [scenes(seed, 4) for seed in range(3)]
    noisy = scenes(3, 400, noise=5)
    assert moments(*clean, noisy).fit(without=[3]).penalty == moments(*clean).fit().penalty
    assert moments(*clean, noisy).fit().penalty > moments(*clean).fit().penalty


def test_heads_follow_what_is_added_later() -> None:
    made = moments(scenes(0, 5, noise=1), scenes(1, 5, noise=1))
    before = made.fit()
    made.add(*scenes(2, 5, noise=1), part=1)
    after = made.fit()
    assert before.weights.tolist() != after.weights.tolist()
    first, second = scenes(1, 5, noise=1), scenes(2, 5, noise=1)
    both = (torch.cat([first[0], second[0]]), torch.cat([first[1], second[1]]))
    whole = moments(scenes(0, 5, noise=1), both).fit()
    assert after.weights.numpy() == pytest.approx(whole.weights.numpy())
    assert after.n_images == whole.n_images == made.n_images == 15


def test_nothing_left_to_train_on_is_refused() -> None:
    made = moments(scenes(0, 5), scenes(1, 5), (scenes(2, 5)[0], torch.zeros(5, 2, 3)))
    with pytest.raises(ValueError, match="to train on but got none"):
        made.fit(without=[0, 1])
    with pytest.raises(ValueError, match=r"at least 2 parts of images .* but got 1"):
        made.fit(without=[1])  # part 2 holds no measured depth
    assert made.fit(without=[1], penalty=0.1).n_images == 5
