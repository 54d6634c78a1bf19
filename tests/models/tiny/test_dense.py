"""The dense objective is small where features say what is known, and only there."""

from __future__ import annotations

import numpy as np
import torch
from known_lessons import PATCHES, known_batch, own_features

from pytest_vlmsight.models.tiny.dense import Dense
from pytest_vlmsight.models.tiny.lessons import SITES
from pytest_vlmsight.models.tiny.pictures import CLASSES, GRID


def test_depth_is_learnt_where_it_is_known() -> None:
    depth = np.full((2, 2, GRID, GRID), np.nan, np.float16)
    depth[0, 0] = 2.0
    given = known_batch(depth=depth)
    objective = Dense(32)
    losses = objective(own_features(4), given, torch.Generator().manual_seed(0))
    assert all(torch.isfinite(loss) for loss in losses.values())
    with torch.no_grad():
        objective.depth.weight.zero_()
        objective.depth.bias.fill_(2.0 - 1.4)
        told = objective(own_features(4), given, torch.Generator().manual_seed(0))
    assert float(told["depth"]) < 1e-4 < float(losses["depth"].detach())


def test_lessons_of_which_nothing_is_known_cost_nothing() -> None:
    depth = np.full((2, 2, GRID, GRID), np.nan, np.float16)
    given = known_batch(depth=depth, known=np.zeros((2, SITES), bool))
    losses = Dense(32)(own_features(4), given, torch.Generator().manual_seed(0))
    assert {name: float(loss) for name, loss in losses.items()} == {"same": 0.0, "whole": 0.0}


def test_too_far_everywhere_costs_less_than_too_far_in_places() -> None:
    """Of the same sum of squares: 0.3 everywhere, and 0.3 to either side."""
    halves = torch.zeros(4, 32, PATCHES, PATCHES)
    halves[:, 0] = 1
    halves[:, 1, :, : PATCHES // 2], halves[:, 1, :, PATCHES // 2 :] = 1, -1
    objective = Dense(32)
    costs = []
    for which in range(2):
        with torch.no_grad():
            objective.depth.weight.zero_()
            objective.depth.weight[0, which] = 0.3
            objective.depth.bias.fill_(1.0 - 1.4)
            told = objective(halves, known_batch(), torch.Generator().manual_seed(0))
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
            told = objective(
                own_features(4), known_batch(classes=classes), torch.Generator().manual_seed(0)
            )
        costs[number] = float(told["whole"])
    assert costs[3] < 1e-4
    assert costs[5] > 1


def test_names_are_asked_of_what_has_one() -> None:
    classes = np.zeros((2, 2, len(CLASSES), GRID, GRID), np.uint8)
    classes[0, 1, 2, :5] = 7
    losses = Dense(32)(
        own_features(4), known_batch(classes=classes), torch.Generator().manual_seed(0)
    )
    assert "name 2" in losses
    assert "name 0" not in losses


def test_an_eye_learns_from_it() -> None:
    """A few steps on one batch: the losses fall, those of features as well as of maps."""
    torch.manual_seed(0)
    grids = own_features(4).clone().requires_grad_()
    objective = Dense(32)
    optimizer = torch.optim.Adam([grids, *objective.parameters()], lr=0.05)
    given = known_batch()
    seen = []
    for step in range(30):
        loss = sum(objective(grids, given, torch.Generator().manual_seed(step)).values())
        assert isinstance(loss, torch.Tensor)
        seen.append(float(loss.detach()))
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
    assert seen[-1] < 0.5 * seen[0]


def test_what_differs_between_twins_has_a_loss_of_its_own() -> None:
    """A thing that is farther by a factor in one of two rooms, and all else the same in both."""
    depth = np.ones((2, 2, GRID, GRID), np.float16)
    classes = np.zeros((2, 2, len(CLASSES), GRID, GRID), np.uint8)
    classes[:, :, CLASSES.index("kind"), 8:12, 8:12] = 3
    depth[:, 0, 8:12, 8:12] = 1.5
    features = torch.zeros(4, 32, PATCHES, PATCHES)
    features[::2, 0, 4:6, 4:6] = 1
    objective = Dense(32)
    objective.hard = True
    costs = {}
    for said in (0.5, 0.0, -0.5):
        with torch.no_grad():
            objective.depth.weight.zero_()
            objective.depth.weight[0, 0] = said
            twins = known_batch("rooms", depth=depth, classes=classes)
            costs[said] = float(
                objective(features, twins, torch.Generator().manual_seed(0))["twins"]
            )
    assert costs[0.5] < 0.3 * costs[0.0]
    assert costs[0.0] < 0.6 * costs[-0.5]


def test_only_rooms_have_twins_and_only_where_what_is_hard_is_asked() -> None:
    objective = Dense(32)
    for hard, sort in ((False, "rooms"), (True, "scene"), (True, "rooms")):
        objective.hard = hard
        told = objective(own_features(4), known_batch(sort), torch.Generator().manual_seed(0))
        assert ("twins" in told) == (hard and sort == "rooms")
        # No thing of these rooms is in both.
        assert all(torch.isfinite(loss) for loss in told.values())
