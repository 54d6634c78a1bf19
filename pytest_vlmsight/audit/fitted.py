"""Classifiers that learn a shortcut from some of a task's items and are scored on the others.

A linear and a nonlinear one: the better of both is what an auditor wants to know. Needs
scikit-learn (extra: audit), which is imported when a classifier is fitted.
"""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Any

import numpy as np

from .guesses import Guess, highest

if TYPE_CHECKING:
    from .rows import FloatArray, IntArray, Rows


def require_sklearn() -> None:
    """Check that scikit-learn is there.

    Raises:
        ImportError: it is not; the message names the extra.
    """
    if importlib.util.find_spec("sklearn") is None:
        raise ImportError(
            "audits fit classifiers with scikit-learn, which is not installed; "
            "install it with: pip install 'pytest-vlmsight[audit]'"
        )


def fitted_guesses(rows: Rows, folds: IntArray) -> list[Guess]:
    """A linear and a nonlinear classifier of options, right or wrong, cross-fitted.

    An item is decided by its most probable option, from a fit that saw no item of its fold.

    Args:
        rows: the clues.
        folds: (n,) of each item, at least two different.

    Returns:
        One guess of each classifier; none where the clues are the same for all options.
    """
    values, ranks = np.hstack([rows.scalars, rows.vectors]), rows.ranks()
    right, fold = rows.right, folds[rows.items]
    guesses = []
    for how, fit, clues in (
        # Of options of one item, differences from the others' mean are linear in the values.
        ("linear fit", _fit_linear, np.hstack([values, ranks])),
        ("fitted trees", _fit_trees, np.hstack([values, ranks, rows.beside()])),
    ):
        features = clues[:, np.ptp(clues, axis=0) > 0]
        if not features.shape[1]:
            return []
        probability = np.empty(len(right))
        for number in np.unique(folds):
            held = fold == number
            model = fit(features[~held], right[~held])
            probability[held] = model.predict_proba(features[held])[:, 1]
        guesses.append(Guess(how, highest(probability, rows), fitted=True))
    return guesses


def fitted_position(words: FloatArray, rows: Rows, folds: IntArray) -> Guess:
    """The right option's position from numbers of the whole item, cross-fitted.

    Args:
        words: (n, d) of each item.
        rows: the items' options and answers.
        folds: (n,) of each item, at least two different.
    """
    probability = np.zeros(len(rows.items))
    place = np.arange(len(rows.items)) - rows.starts[rows.items]
    for number in np.unique(folds):
        held = folds == number
        if len(np.unique(rows.answers[~held])) < 2:
            continue  # nothing to learn: all options stay tied
        model = _fit_linear(words[~held], rows.answers[~held])
        by_position = np.zeros((len(words), int(rows.counts.max())))
        by_position[np.ix_(held, model.classes_)] = model.predict_proba(words[held])
        of_fold = held[rows.items]
        probability[of_fold] = by_position[rows.items[of_fold], place[of_fold]]
    return Guess("linear fit of the position", highest(probability, rows), fitted=True)


def _fit_linear(features: FloatArray, target: Any) -> Any:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.05, max_iter=2000, tol=1e-3))
    return model.fit(features, target)


def _fit_trees(features: FloatArray, target: Any) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier

    model = HistGradientBoostingClassifier(
        max_iter=60,
        learning_rate=0.1,
        max_leaf_nodes=8,
        max_bins=63,
        l2_regularization=1.0,
        early_stopping=False,
        random_state=0,
    )
    return model.fit(features, target)
