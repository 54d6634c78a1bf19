"""What a model would choose if it liked all letters alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pytest_vlmsight.evaluation import Answers

LEAST = 4
"""Items with equally many options, below which no prior is told from what is asked."""


def without_prior(answers: Answers, *, orders: np.ndarray, seed: int) -> np.ndarray | None:
    """Choices when each letter's mean log-probability is taken away from it.

    A letter that is likely whatever is asked hides what else moves the answer. Its prior is the
    mean over the items of the other half (with as many options), so no answer is corrected by
    itself. The idea is that of batch calibration (Zhou et al., ICLR 2024, 2309.17249).

    Args:
        answers: with log-probabilities.
        orders: (n, R, k) ``orders[i, r, position]`` is the option shown there; -1 beyond the last.
        seed: of the halves.

    Returns:
        (n, R) index of the option; None where answers have no log-probabilities of all letters, or
        there are too few items.
    """
    shown = orders >= 0
    by_letter = np.take_along_axis(answers.logprobs, np.where(shown, orders, 0), axis=2)
    by_letter = np.where(shown, by_letter, np.nan)
    if not np.isfinite(by_letter[shown]).all():
        return None
    # Of the letters that an item has, not of all words: what these share says nothing of letters.
    by_letter -= np.nanmax(by_letter, axis=2, keepdims=True)
    by_letter -= np.log(np.nansum(np.exp(by_letter), axis=2, keepdims=True))
    counts = shown[:, 0].sum(-1)
    rng = np.random.default_rng([seed, 6])
    chosen = np.empty(answers.choices.shape, dtype=int)
    for count in np.unique(counts).tolist():
        where = rng.permutation(np.flatnonzero(counts == count))
        if len(where) < LEAST:
            return None
        halves = where[::2], where[1::2]
        for own, other in (halves, halves[::-1]):
            prior = by_letter[other, :, :count].mean(axis=(0, 1))
            chosen[own] = (by_letter[own, :, :count] - prior).argmax(-1)
    choices: np.ndarray = np.take_along_axis(orders, chosen[..., None], axis=2)[..., 0]
    return choices


def letters(answers: Answers, *, orders: np.ndarray) -> np.ndarray:
    """(n) position that was chosen in the first rotation; -1 where nothing could be parsed."""
    choices = answers.choices[:, 0]
    positions: np.ndarray = (orders[:, 0] == choices[:, None]).argmax(-1)
    return np.where(choices < 0, -1, positions)
