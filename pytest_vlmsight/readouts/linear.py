"""A trained linear readout: which direction in feature space tells the right option.

Some things an encoder sees have no zero-shot readout (rough or smooth, square or round, MOCHI's
odd one out), and a linear probe finds the direction that carries them. A probe must never train
on the items it scores: train it on a separate split where there is one, else cross-fit it by
group, where everything that shares a source (scene, photograph, object) shares a group.
Cross-fitting was simulated to be mildly liberal (type I error .045 to .070 at a nominal .05),
which `CrossFit.description` says for the report. Averaging bootstrap refits lowers the ceiling
and is not offered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from pytest_vlmsight.readouts.folds import deal_codes
from pytest_vlmsight.readouts.ridge import Ridge

if TYPE_CHECKING:
    from torch import Tensor

FloatArray: TypeAlias = NDArray[np.float64]
IntArray: TypeAlias = NDArray[np.intp]
Features: TypeAlias = "Tensor | NDArray[np.floating] | Sequence[Tensor | NDArray[np.floating]]"
Answers: TypeAlias = "Sequence[int] | NDArray[np.integer]"
Groups: TypeAlias = "Sequence[str] | Sequence[int] | NDArray[np.str_] | NDArray[np.integer]"

# Relative to the mean eigenvalue, from strong to weak: of equally good ones the strongest is taken.
_PENALTIES = np.geomspace(1e4, 1e-5, 19)


@dataclass(frozen=True, slots=True, eq=False)
class LinearReadout:
    """A direction in feature space, learned from items that it is not to score.

    Attributes:
        weights: (d,) in the units of the features given (the standardisation is folded in).
        penalty: the chosen ridge penalty, on the standardised features.
        n_items: how many items it was trained on.
        n_groups: how many groups these came from.
    """

    weights: FloatArray
    penalty: float
    n_items: int
    n_groups: int

    def choose(self, features: Features) -> IntArray:
        """The option whose feature lies furthest along the direction.

        Args:
            features: (n, k, d) option j's feature of item i; k may differ from training's.

        Returns:
            (n,) the argmax over k; the first of equals.

        Raises:
            ValueError: another feature width, unequal k, or a value that is not finite.
        """
        options = _options(features)
        if options.shape[2] != len(self.weights):
            raise ValueError(
                f"Expected features of width d={len(self.weights)}, which this readout was "
                f"trained on, but got d={options.shape[2]}"
            )
        scores: FloatArray = options @ self.weights
        choices: IntArray = np.argmax(scores, axis=1)
        return choices


@dataclass(frozen=True, slots=True, eq=False)
class CrossFit:
    """Choices in which no item was decided by a readout that saw its group.

    Attributes:
        choices: (n,) the chosen option of each item.
        folds: (n,) the fold in which each item was scored.
        description: how it was done, in a sentence for the report.
    """

    choices: IntArray
    folds: IntArray
    description: str


def fit_linear(features: Features, answers: Answers, *, groups: Groups) -> LinearReadout:
    """Train a readout on items of a separate split.

    Features are centred within each item, so that only differences between its options count,
    then divided by their root mean square over the training items. Ridge regression to
    1[j = answer] − 1/k gives the direction. The penalty is the one with the least squared error
    in leave-one-group-out inside the training items (by item if they are all of one group, which
    can pick too weak a penalty but sees none of the items to be scored).

    Args:
        features: (n, k, d) option j's feature of item i (at its point, in its box, of its image,
            or relative to the reference's), or n arrays of (k, d). Items with another k go in
            another call.
        answers: (n,) the index of the right option.
        groups: (n,) labels, whole numbers or text, equal for items that share a source.

    Returns:
        The readout, for items of none of these groups.

    Raises:
        ValueError: shapes that do not fit, unequal k, an answer out of range, a value that is not
            finite, or features that are the same for all options of every item.
    """
    options, gold, codes, _ = _training_set(features, answers, groups)
    return _fit(options, gold, codes)


def cross_fit(
    features: Features, answers: Answers, *, groups: Groups, folds: int = 5, seed: int = 0
) -> CrossFit:
    """Decide every item by a readout trained on the other groups.

    Args:
        features: (n, k, d) option j's feature of item i, or n arrays of (k, d).
        answers: (n,) the index of the right option.
        groups: (n,) labels, whole numbers or text, equal for items that share a source. A group
            is never split.
        folds: into how many parts the groups are dealt; with fewer groups, each is a part of its
            own (leave-one-group-out).
        seed: of the dealing, which is balanced by the number of items.

    Returns:
        The choices; their accuracy is the readout's.

    Raises:
        ValueError: one group only, fewer than two folds, or what `fit_linear` raises.
    """
    options, gold, codes, labels = _training_set(features, answers, groups)
    if folds < 2:
        raise ValueError(f"Expected folds ≥ 2 but got folds={folds}")
    if len(labels) < 2:
        raise ValueError(
            f"Expected items of at least two groups to cross-fit but all {len(gold)} are of group "
            f"{labels[0]!r}: label each independent source (scene, photograph) as a group of its "
            f"own, or train on a separate split with fit_linear"
        )
    assigned = deal_codes(codes, folds=min(folds, len(labels)), seed=seed)
    choices = np.empty(len(gold), dtype=np.intp)
    for fold in range(int(assigned.max()) + 1):
        held = assigned == fold
        readout = _fit(options[~held], gold[~held], codes[~held])
        choices[held] = readout.choose(options[held])
    return CrossFit(choices, assigned, _describe(len(gold), len(labels), folds=folds, seed=seed))


def _fit(options: FloatArray, gold: IntArray, codes: IntArray) -> LinearReadout:
    from scipy.linalg import helmert

    n, k, d = options.shape
    groups = np.unique(codes, return_inverse=True)[1]
    # k − 1 orthonormal contrasts of the k options: they centre within the item and drop the row
    # that centring makes redundant, and change neither the ridge problem nor its errors.
    contrasts = helmert(k)
    rows = (contrasts @ options).reshape(n * (k - 1), d)
    targets = contrasts.T[gold].reshape(-1)
    scale = np.sqrt(np.square(rows).mean(axis=0))
    # What is equal between options up to rounding carries nothing and gets weight 0.
    useful = scale > 1e-9 * np.abs(options).max(axis=(0, 1))
    if not useful.any():
        raise ValueError(
            f"The features of all {k} options are the same in each of the {n} training items: "
            f"nothing to learn from; check where they were read"
        )
    ridge = Ridge.decompose(rows[:, useful] / scale[useful], targets)
    penalties = _PENALTIES * ridge.eigenvalues.sum() / len(ridge.eigenvalues)
    left_out = groups if groups.max() > 0 else np.arange(n)
    errors = ridge.left_out_errors(penalties, np.repeat(left_out, k - 1))
    penalty = float(penalties[errors.argmin()])
    weights = np.zeros(d)
    weights[useful] = ridge.weights(penalty) / scale[useful]
    return LinearReadout(weights, penalty, n_items=n, n_groups=int(groups.max()) + 1)


def _describe(n: int, groups: int, *, folds: int, seed: int) -> str:
    if groups <= folds:
        way = f"leave-one-group-out over {groups} groups"
    else:
        way = f"{folds}-fold over {groups} groups (seed {seed})"
    return (
        f"linear readout cross-fitted by group on {n} items, {way}; no item was scored by a fit "
        f"that saw its group; mildly liberal compared with a separate training split"
    )


def _training_set(
    features: Features, answers: Answers, groups: Groups
) -> tuple[FloatArray, IntArray, IntArray, list[str | int]]:
    """Options, answers, group codes (0 … g−1 in label order) and group labels, checked."""
    options = _options(features)
    n, k, _ = options.shape
    if n == 0:
        raise ValueError("Expected at least one item to train on but got none")
    if k < 2:
        raise ValueError(f"Expected at least 2 options per item but got k={k}")
    gold = np.asarray(answers)
    if gold.shape != (n,) or gold.dtype.kind not in "iu":
        raise ValueError(
            f"Expected answers as {n} whole numbers, one per item, but got shape {gold.shape} "
            f"of {gold.dtype}"
        )
    if gold.min() < 0 or gold.max() >= k:
        raise ValueError(f"Expected answers in 0 … {k - 1} but got {gold.min()} … {gold.max()}")
    labels = np.asarray(groups)
    if labels.shape != (n,) or labels.dtype.kind not in "iuU":
        raise ValueError(
            f"Expected groups as {n} labels, whole numbers or text, one per item, but got shape "
            f"{labels.shape} of {labels.dtype}"
        )
    names, codes = np.unique(labels, return_inverse=True)
    return options, gold.astype(np.intp), codes.astype(np.intp), names.tolist()


def _options(features: Features) -> FloatArray:
    """(n, k, d) in float64 on the CPU, checked."""
    if isinstance(features, Sequence):
        items = [_float64(item) for item in features]
        shapes = sorted({item.shape for item in items})
        if len(shapes) > 1:
            raise ValueError(
                f"Expected the same number of options k and width d in every item but got (k, d) "
                f"of {', '.join(map(str, shapes))}: call once per number of options"
            )
        options = np.stack(items) if items else np.empty((0, 0, 0))
    else:
        options = _float64(features)
    if options.ndim != 3:
        raise ValueError(f"Expected features of shape (n, k, d) but got shape {options.shape}")
    finite = np.isfinite(options).all(axis=(1, 2))
    if not finite.all():
        raise ValueError(
            f"features hold NaN or infinity in {int((~finite).sum())} of {len(options)} items, "
            f"first in item {int((~finite).argmax())}"
        )
    return options


def _float64(array: Tensor | NDArray[np.floating]) -> FloatArray:
    if isinstance(array, np.ndarray):
        return array.astype(np.float64)
    # Through float32 on the way: numpy knows no bfloat16, and some devices no float64.
    tensor = array.detach().cpu()
    return (tensor if tensor.element_size() >= 4 else tensor.float()).numpy().astype(np.float64)
