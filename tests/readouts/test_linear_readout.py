"""The trained readout learns what is there, and never from the items it scores."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pytest_vlmsight.readouts import cross_fit, fit_linear
from pytest_vlmsight.readouts.ridge import Ridge

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
Chooser = Callable[[Floats, Ints, Ints], Ints]


def noise(seed: int, *, n: int = 400, k: int = 4, d: int = 16) -> tuple[Floats, Ints, Ints]:
    """Features that know nothing of the answers; every item is a group of its own."""
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n, k, d)), rng.integers(0, k, n), np.arange(n)


def signal(seed: int, *, strength: float = 2.0, **size: int) -> tuple[Floats, Ints, Ints]:
    """The same, with the right option moved along a direction, items moved as a whole."""
    features, answers, groups = noise(seed, **size)
    rng = np.random.default_rng(seed + 1)
    n, _, d = features.shape
    features[np.arange(n), answers] += strength * rng.standard_normal(d) / np.sqrt(d) * 2
    return features + 50 * rng.standard_normal((n, 1, d)), answers, groups


def duplicated(seed: int, *, copies: int = 4, d: int = 600) -> tuple[Floats, Ints, Ints]:
    """Noise in which each item occurs `copies` times with the same answer and group."""
    features, answers, groups = noise(seed, n=400 // copies, d=d)
    return tuple(np.repeat(array, copies, axis=0) for array in (features, answers, groups))  # type: ignore[return-value]


def accuracy(choices: Ints, answers: Ints) -> float:
    return float((choices == answers).mean())


def honest(features: Floats, answers: Ints, groups: Ints) -> Ints:
    return cross_fit(features, answers, groups=groups).choices


def ungrouped(features: Floats, answers: Ints, groups: Ints) -> Ints:
    """The planted fault: groups are ignored."""
    return cross_fit(features, answers, groups=np.arange(len(answers))).choices


def in_sample(features: Floats, answers: Ints, groups: Ints) -> Ints:
    """The planted fault: trained on what it scores."""
    return fit_linear(features, answers, groups=groups).choose(features)


def leaks(chooser: Chooser, data: tuple[Floats, Ints, Ints], *, effective: int) -> bool:
    """Whether accuracy on noise is above chance (.25) by more than 4 standard errors."""
    features, answers, groups = data
    above = accuracy(chooser(features, answers, groups), answers) - 0.25
    return above > 4 * math.sqrt(0.25 * 0.75 / effective)


@pytest.mark.parametrize("d", [16, 1500])
def test_noise_is_read_at_chance(d: int) -> None:
    features, answers, groups = noise(0, d=d)
    assert abs(accuracy(honest(features, answers, groups), answers) - 0.25) < 4 * 0.0217


def test_duplicates_in_one_group_do_not_leak() -> None:
    assert not leaks(honest, duplicated(1), effective=100)


def test_the_leak_detector_detects_leaks() -> None:
    assert leaks(ungrouped, duplicated(1), effective=100)
    assert accuracy(ungrouped(*duplicated(1)), duplicated(1)[1]) > 0.9
    assert leaks(in_sample, noise(0, n=400, d=600), effective=400)


def test_answers_of_a_fold_do_not_move_its_choices() -> None:
    features, answers, _ = signal(2, n=60, d=8, strength=0.5)
    groups = np.arange(60) // 3
    before = cross_fit(features, answers, groups=groups)
    for fold in range(5):
        held = before.folds == fold
        wrong = np.where(held, (answers + 1) % 4, answers)
        after = cross_fit(features, wrong, groups=groups)
        assert (after.choices[held] == before.choices[held]).all()


def test_features_of_a_fold_move_no_choices_but_its_own_items() -> None:
    features, answers, groups = signal(3, n=50, d=8, strength=0.5)
    before = cross_fit(features, answers, groups=groups)
    item = 7
    fold = np.flatnonzero(before.folds == before.folds[item])
    changed = features.copy()
    changed[item] = 1e3 * features[0]
    after = cross_fit(changed, answers, groups=groups)
    others = fold[fold != item]
    assert (after.choices[others] == before.choices[others]).all()


@pytest.mark.parametrize("d", [16, 600])
def test_a_direction_is_found(d: int) -> None:
    features, answers, groups = signal(4, d=d, strength=4)
    assert accuracy(honest(features, answers, groups), answers) > 0.8


def test_a_readout_of_a_separate_split_scores_new_items() -> None:
    features, answers, groups = signal(5, strength=4)
    readout = fit_linear(features[:200], answers[:200], groups=groups[:200])
    assert readout.n_items == readout.n_groups == 200
    assert accuracy(readout.choose(features[200:]), answers[200:]) > 0.8


def test_groups_are_never_split_and_folds_are_balanced() -> None:
    features, answers, _ = noise(6, n=103, d=3)
    groups = np.random.default_rng(0).integers(0, 30, 103)
    got = cross_fit(features, answers, groups=groups)
    for group in set(groups.tolist()):
        assert len(set(got.folds[groups == group].tolist())) == 1
    sizes = np.bincount(got.folds)
    assert len(sizes) == 5
    assert sizes.max() - sizes.min() <= 3
    assert "5-fold over 30 groups (seed 0)" in got.description
    assert "mildly liberal" in got.description


@pytest.mark.parametrize("g", [2, 4])
def test_few_groups_are_left_out_one_by_one(g: int) -> None:
    features, answers, _ = signal(7, n=80, strength=4)
    labels = [f"scene {i % g}" for i in range(80)]
    got = cross_fit(features, answers, groups=labels)
    assert len(set(zip(labels, got.folds.tolist(), strict=True))) == g == got.folds.max() + 1
    assert f"leave-one-group-out over {g} groups" in got.description
    assert accuracy(got.choices, answers) > 0.7


def test_one_group_cannot_be_cross_fitted() -> None:
    features, answers, _ = noise(8, n=9)
    with pytest.raises(ValueError, match=r"two groups .* 'kitchen': .*separate split with fit_lin"):
        cross_fit(features, answers, groups=["kitchen"] * 9)


def test_one_group_can_be_trained_on() -> None:
    features, answers, _ = signal(9, strength=4)
    readout = fit_linear(features[:200], answers[:200], groups=["all"] * 200)
    assert readout.n_groups == 1
    assert accuracy(readout.choose(features[200:]), answers[200:]) > 0.8


def test_the_penalty_is_strong_for_noise_and_weak_for_signal() -> None:
    weak = fit_linear(*signal(10, strength=8)[:2], groups=np.arange(400))
    strong = fit_linear(*noise(10)[:2], groups=np.arange(400))
    assert strong.penalty > 10 * weak.penalty


def test_the_penalty_is_chosen_across_groups() -> None:
    features, answers, groups = duplicated(10)
    across = fit_linear(features, answers, groups=groups)
    within = fit_linear(features, answers, groups=np.arange(len(answers)))
    assert across.penalty > 1000 * within.penalty


def test_the_seed_decides_the_folds_and_nothing_else_does() -> None:
    features, answers, groups = noise(11, n=50, d=4)
    first = cross_fit(features, answers, groups=groups)
    np.random.default_rng().standard_normal(3)
    torch.rand(3)
    again = cross_fit(features, answers, groups=groups)
    other = cross_fit(features, answers, groups=groups, seed=1)
    assert (first.folds == again.folds).all()
    assert (first.choices == again.choices).all()
    assert (first.folds != other.folds).any()


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 1000), st.permutations(range(3)))
def test_permuting_options_permutes_the_choices(seed: int, order: list[int]) -> None:
    features, answers, groups = signal(seed, n=40, k=3, d=5)
    before = cross_fit(features, answers, groups=groups).choices
    moved = np.argsort(order)[answers]
    after = cross_fit(features[:, order], moved, groups=groups).choices
    assert (np.array(order)[after] == before).all()


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 1000), st.floats(0.01, 100))
def test_what_is_common_to_the_options_and_the_scale_of_a_feature_do_not_matter(
    seed: int, scale: float
) -> None:
    features, answers, groups = signal(seed, n=40, k=3, d=5)
    rng = np.random.default_rng(seed)
    changed = features + rng.standard_normal((40, 1, 5))
    changed[..., 2] *= scale
    before = cross_fit(features, answers, groups=groups).choices
    assert (cross_fit(changed, answers, groups=groups).choices == before).all()


def test_a_constant_feature_is_ignored() -> None:
    features, answers, groups = signal(12, n=60, d=5)
    features[..., 3] = np.random.default_rng(0).standard_normal((60, 1)) * 1e6
    readout = fit_linear(features, answers, groups=groups)
    assert readout.weights[3] == 0
    assert np.abs(readout.weights).max() > 0


def test_of_equal_options_the_first_is_chosen() -> None:
    features, answers, groups = signal(13, n=40)
    readout = fit_linear(features, answers, groups=groups)
    assert readout.choose(np.repeat(features[:, :1], 4, axis=1)).tolist() == [0] * 40


def test_tensors_lists_and_arrays_are_the_same() -> None:
    features, answers, groups = signal(14, n=40, d=5)
    half = torch.from_numpy(features).bfloat16()
    wide = half.double().numpy()
    expected = fit_linear(wide, answers, groups=groups).weights.tolist()
    assert fit_linear(half, answers.tolist(), groups=groups).weights.tolist() == expected
    assert fit_linear(list(half), answers, groups=[*map(str, groups)]).weights.shape == (5,)


@pytest.mark.parametrize("d", [3, 60])
def test_left_out_errors_are_those_of_refitting(d: int) -> None:
    rng = np.random.default_rng(15)
    rows, targets = rng.standard_normal((24, d)), rng.standard_normal(24)
    groups = np.arange(24) // 5
    penalties = np.array([0.01, 1.0, 100.0])
    expected = []
    for penalty in penalties:
        total = 0.0
        for group in range(5):
            out = groups == group
            x, y = rows[~out], targets[~out]
            w = np.linalg.solve(x.T @ x + penalty * np.eye(d), x.T @ y)
            total += float(np.square(targets[out] - rows[out] @ w).sum())
        expected.append(total / 24)
    ridge = Ridge.decompose(rows, targets)
    assert ridge.dual == (d > 24)
    assert ridge.left_out_errors(penalties, groups) == pytest.approx(expected)


@pytest.mark.parametrize("d", [3, 60])
def test_weights_are_those_of_scikit_learn(d: int) -> None:
    linear_model: Any = pytest.importorskip("sklearn.linear_model")
    features, answers, groups = signal(16, n=40, k=4, d=d)
    readout = fit_linear(features, answers, groups=groups)
    centred = (features - features.mean(axis=1, keepdims=True)).reshape(-1, d)
    # The readout's scale is over n(k−1) contrasts, the sum of squares over n·k options is equal.
    scale = np.sqrt(np.square(centred).sum(axis=0) / (40 * 3))
    targets = (np.arange(4) == answers[:, None]).astype(float).reshape(-1) - 0.25
    peer = linear_model.Ridge(alpha=readout.penalty, fit_intercept=False, solver="svd")
    peer.fit(centred / scale, targets)
    assert readout.weights * scale == pytest.approx(peer.coef_, rel=1e-6, abs=1e-9)


def refused(message: str, **change: Any) -> None:
    features, answers, groups = noise(17, n=6, d=3)
    sound: dict[str, Any] = {"features": features, "answers": answers, "groups": groups}
    with pytest.raises(ValueError, match=message):
        fit_linear(**(sound | change))


def test_unsound_input_is_refused() -> None:
    refused(
        r"\(k, d\) of \(3, 2\), \(4, 2\): call once", features=[np.ones((3, 2)), np.ones((4, 2))]
    )
    refused(r"features of shape \(n, k, d\) but got shape \(6, 3\)", features=np.ones((6, 3)))
    refused("at least one item", features=[], answers=[], groups=[])
    refused("at least 2 options per item but got k=1", features=np.ones((6, 1, 3)))
    refused("NaN or infinity in 6 of 6 items, first in item 0", features=np.full((6, 4, 3), np.nan))
    refused("the same in each of the 6 training items", features=np.full((6, 4, 3), 0.1))
    refused("answers as 6 whole numbers", answers=[0, 1])
    refused("answers as 6 whole numbers", answers=[0.5] * 6)
    refused(r"answers in 0 … 3 but got 0 … 4", answers=[0, 1, 2, 3, 4, 0])
    refused("groups as 6 labels", groups=["a"])
    refused("groups as 6 labels", groups=[None] * 6)


def test_unsound_use_is_refused() -> None:
    features, answers, groups = noise(18, n=6, d=3)
    with pytest.raises(ValueError, match="folds ≥ 2 but got folds=1"):
        cross_fit(features, answers, groups=groups, folds=1)
    with pytest.raises(ValueError, match="width d=3, which this readout was trained on, but got"):
        fit_linear(features, answers, groups=groups).choose(features[..., :2])
