"""A projector that begins by saying, patch by patch, what is in a picture.

What a mouth is first to learn is that image tokens tell of things. It does so late, or never, from
tokens that tell nothing yet; so the projector, and the words' embeddings, learn it before by
themselves: each patch says some word of its picture's caption, whichever it likes.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from .naming import BETWEEN
from .store import PARTS
from .training import Course, order, train

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from torch import Tensor

    from .examination_store import ExaminationStore

BATCH = 32
"""Examinations of a step."""

_SHRUNK = 1e-2
"""Added to variances, as a share of their mean: directions without any are noise."""

_PICTURES, _PATCHES = 1000, 7
"""How many pictures an eye's features are looked at in, and which of their patches: each 7th."""


def whiten(projector: Any, features: Tensor) -> None:
    """Have a projector begin with features whose directions vary alike.

    An eye's features vary a hundred times as much along some directions as along others, and what
    is along the others would be learnt last.

    Args:
        projector: of LLaVA, changed in place.
        features: (n, d) of an eye.
    """
    import torch

    double = features.double()
    middle = double.mean(0)
    variances, directions = torch.linalg.eigh(torch.cov(double.T))
    white = directions / (variances + _SHRUNK * variances.mean()).sqrt()
    first, second = projector.linear_1, projector.linear_2
    with torch.no_grad():
        first.weight.copy_(white.T)
        first.bias.copy_(-middle @ white)
        # As large as what it is given; it is drawn for much smaller numbers.
        second.weight.mul_(second.in_features**-0.5 / second.weight.std())


def align(
    vlm: Any,
    store: ExaminationStore,
    tokenizer: Any,
    *,
    seed: int,
    course: Course,
    path: Path,
    told: Callable[[int, int, float], None],
) -> None:
    """Train a projector, and the words' embeddings, to say the captions' words.

    Args:
        vlm: changed in place.
        store: with captions, whose pictures were seen.
        tokenizer: of the model.
        seed: of the order.
        course: how long and how fast.
        path: where the training is written down, and gone on with.
        told: see ``training.train``.
    """
    import numpy as np
    import torch

    embeddings = vlm.get_input_embeddings()
    for name, one in vlm.named_parameters():
        one.requires_grad_(PARTS["projector"] in name or one is embeddings.weight)
    said = [_words(store, tokenizer, number) for number in range(len(store))]

    def loss(step: int) -> Tensor:
        some = order(step, batch=min(BATCH, len(store)), of=len(store), seed=seed)
        features = np.concatenate([store.features(number) for number in some])
        given = torch.from_numpy(features.astype(np.float32)).to(vlm.device)
        seen = vlm.model.multi_modal_projector(given)
        return unsaid(vlm.lm_head(seen), [words for number in some for words in said[number]])

    train(vlm, loss, course=course, path=path, told=told)


def unsaid(logits: Tensor, words: Sequence[Sequence[int]]) -> Tensor:
    """How little the patches of pictures say of their words, on average of all words.

    The chance of a word is the mean of its chances at all patches, so that one patch may speak of
    one thing and others of others, as in multiple-instance learning (Dietterich, Lathrop and
    Lozano-Pérez 1997); a patch of which the caption says nothing may say anything.

    Args:
        logits: (pictures, patches, v).
        words: tokens of each picture's caption.
    """
    import torch

    found = []
    for patches, own in zip(logits.log_softmax(-1), words, strict=True):
        found.append(math.log(len(patches)) - patches[:, list(own)].logsumexp(0))
    return torch.cat(found).mean()


def _words(store: ExaminationStore, tokenizer: Any, number: int) -> list[list[int]]:
    """Tokens of the words that each picture's caption is made of, each once."""
    (caption,) = [one.words for one in store.questions(number) if one.about == "caption"]
    found = []
    for said in caption.split(BETWEEN):
        words = [f" {word}" for word in said.replace(",", "").split()]
        tokens = tokenizer(words, add_special_tokens=False)["input_ids"]
        found.append(sorted({token for some in tokens for token in some}))
    return found


def some_features(store: ExaminationStore) -> Tensor:
    """(n, d) features of some patches of pictures that were seen, all over a store."""
    import numpy as np
    import torch

    every = max(1, len(store) // _PICTURES)
    found = [store.features(number)[0, ::_PATCHES] for number in range(0, len(store), every)]
    return torch.from_numpy(np.concatenate(found).astype(np.float32))
