"""The dense objective is small where features say what is known, and only there."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from pytest_vlmsight.models.tiny.dense import Dense, at, same
from pytest_vlmsight.models.tiny.lesson_store import MIX, Batch
from pytest_vlmsight.models.tiny.lessons import SITES
from pytest_vlmsight.models.tiny.pictures import CLASSES, GRID

SIDE = 14


def batch(sort: str = "scene", *, lessons: int = 2, **given: Any) -> Batch:
    """Lessons whose sites are all over their pictures, the same in both."""
    rng = np.random.default_rng(0)
    cell = rng.permutation(GRID * GRID)[: lessons * SITES].reshape(lessons, SITES)
    sites = np.stack([cell % GRID, cell // GRID], -1) * 8.0 + 4
    fields = {
        "pixels": np.zeros((lessons, 2, 1, 1, 3), np.uint8),
        "depth": np.ones((lessons, 2, GRID, GRID), np.float16),
        "facing": np.zeros((lessons, 2, 3, GRID, GRID), np.float16),
        "classes": np.zeros((lessons, 2, len(CLASSES), GRID, GRID), np.uint8),
        "name": np.zeros((lessons, 2, GRID, GRID), np.int64),
        "sites": np.stack([sites, sites], 1).astype(np.float32),
        "known": np.ones((lessons, SITES), bool),
        "sort": np.full(lessons, list(MIX).index(sort)),
    }
    return Batch(**(fields | given))


def places(lessons: int, *, seed: int = 0) -> torch.Tensor:
    """Features of which every patch has its own."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(1, 32, SIDE, SIDE, generator=generator).expand(lessons, -1, -1, -1)


def test_features_between_patches_are_interpolated() -> None:
    # A plane: its value at a place is the place.
    middle = (torch.arange(SIDE) + 0.5) * 16
    plane = torch.stack([middle.expand(SIDE, SIDE), middle[:, None].expand(SIDE, SIDE)])[None]
    asked = torch.tensor([[[8.0, 8.0], [100.0, 37.5], [216.0, 150.0]]])
    assert torch.allclose(at(plane, asked), asked, atol=1e-4)
    assert torch.allclose(at(plane, torch.tensor([[[0.0, 224.0]]])), torch.tensor([8.0, 216.0]))


def test_places_find_themselves_in_the_same_picture() -> None:
    loss, hits = same(places(2), places(2), batch())
    other, missed = same(places(2), places(2, seed=1), batch())
    assert float(hits.mean()) > 0.9
    assert float(missed.mean()) < 0.3
    assert float(loss) < float(other)


def test_places_of_one_name_are_the_same() -> None:
    # All patches of the upper half have one feature, and all of the lower half another.
    halves = torch.zeros(2, 32, SIDE, SIDE)
    halves[:, 0, : SIDE // 2], halves[:, 1, SIDE // 2 :] = 1, 1
    name = np.ones((2, 2, GRID, GRID), np.int64)
    name[:, :, GRID // 2 :] = 2
    _, by_name = same(halves, halves, batch("parts", name=name))
    _, by_place = same(halves, halves, batch("scene", name=name))
    assert float(by_name.mean()) > 0.9
    assert float(by_place.mean()) < 0.5


def test_what_is_not_known_is_not_asked() -> None:
    known = np.zeros((2, SITES), bool)
    known[0, :10] = True
    _, hits = same(places(2), places(2), batch(known=known))
    assert torch.isfinite(hits).sum() == 10
    assert torch.isnan(hits[1]).all()


def test_depth_is_learnt_where_it_is_known() -> None:
    depth = np.full((2, 2, GRID, GRID), np.nan, np.float16)
    depth[0, 0] = 2.0
    given = batch(depth=depth)
    objective = Dense(32)
    losses = objective(places(4), given, torch.Generator().manual_seed(0))
    assert all(torch.isfinite(loss) for loss in losses.values())
    with torch.no_grad():
        objective.depth.weight.zero_()
        objective.depth.bias.fill_(2.0 - 1.4)
        told = objective(places(4), given, torch.Generator().manual_seed(0))
    assert float(told["depth"]) < 1e-4 < float(losses["depth"].detach())


def test_lessons_of_which_nothing_is_known_cost_nothing() -> None:
    depth = np.full((2, 2, GRID, GRID), np.nan, np.float16)
    given = batch(depth=depth, known=np.zeros((2, SITES), bool))
    losses = Dense(32)(places(4), given, torch.Generator().manual_seed(0))
    assert {name: float(loss) for name, loss in losses.items()} == {"same": 0.0, "whole": 0.0}


def test_too_far_everywhere_costs_less_than_too_far_in_places() -> None:
    """Of the same sum of squares: 0.3 everywhere, and 0.3 to either side."""
    halves = torch.zeros(4, 32, SIDE, SIDE)
    halves[:, 0] = 1
    halves[:, 1, :, : SIDE // 2], halves[:, 1, :, SIDE // 2 :] = 1, -1
    objective = Dense(32)
    costs = []
    for which in range(2):
        with torch.no_grad():
            objective.depth.weight.zero_()
            objective.depth.weight[0, which] = 0.3
            objective.depth.bias.fill_(1.0 - 1.4)
            told = objective(halves, batch(), torch.Generator().manual_seed(0))
        costs.append(float(told["depth"]))
    assert 0 < costs[0] < 0.5 * costs[1]


def test_a_whole_picture_is_known_by_its_mean_feature() -> None:
    kind = CLASSES.index("kind")
    classes = np.zeros((2, 2, len(CLASSES), GRID, GRID), np.uint8)
    classes[:, :, kind, :4] = 3
    classes[:, :, kind, 8:12, :9] = 5  # smaller
    objective = Dense(32)
    costs = {}
    for number in (3, 5):
        with torch.no_grad():
            head = objective.wholes.heads[0]
            head.weight.zero_()  # type: ignore[operator]
            head.bias.copy_(20.0 * (torch.arange(len(head.bias)) == number))  # type: ignore[operator,arg-type]
            told = objective(places(4), batch(classes=classes), torch.Generator().manual_seed(0))
        costs[number] = float(told["whole"])
    assert costs[3] < 1e-4
    assert costs[5] > 1


def test_names_are_asked_of_what_has_one() -> None:
    classes = np.zeros((2, 2, len(CLASSES), GRID, GRID), np.uint8)
    classes[0, 1, 2, :5] = 7
    losses = Dense(32)(places(4), batch(classes=classes), torch.Generator().manual_seed(0))
    assert "name 2" in losses
    assert "name 0" not in losses


def test_an_eye_learns_from_it() -> None:
    """A few steps on one batch: the losses fall, those of features as well as of maps."""
    torch.manual_seed(0)
    grids = places(4).clone().requires_grad_()
    objective = Dense(32)
    optimizer = torch.optim.Adam([grids, *objective.parameters()], lr=0.05)
    given = batch()
    seen = []
    for step in range(30):
        loss = sum(objective(grids, given, torch.Generator().manual_seed(step)).values())
        assert isinstance(loss, torch.Tensor)
        seen.append(float(loss.detach()))
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
    assert seen[-1] < 0.5 * seen[0]
