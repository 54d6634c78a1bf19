"""Training parts of a model to answer by what its eye sees, its other parts left as they are."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from .eye import look, normalised
from .sequences import SILENT, Tokens, padded, sequence
from .store import PARTS
from .training import Course, order, train

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from pathlib import Path

    from torch import Tensor

    from .examination_store import ExaminationStore
    from .naming import Question
    from .sequences import Padded

Task = tuple["Tensor", list[Tokens]]
"""(pictures, patches, d) features of an eye, and sequences about them, in their order."""


def train_parts(
    vlm: Any,
    step: Callable[[int], Sequence[Task]],
    *,
    parts: Collection[str],
    course: Course,
    path: Path,
    told: Callable[[int, int, float], None],
) -> None:
    """Train some parts.

    Args:
        vlm: changed in place.
        step: number → what is asked in it, in batches.
        parts: of ``store.PARTS``. Where the eye is one of them, the steps must look with it.
        course: how long and how fast.
        path: where the training is written down, and gone on with.
        told: see ``training.train``.
    """
    import torch
    from torch.nn import functional

    within = [PARTS[part] for part in parts]
    for name, one in vlm.named_parameters():
        one.requires_grad_(requires_grad=any(part in name for part in within))
    pad = vlm.config.text_config.pad_token_id

    def loss(number: int) -> Tensor:
        found = []
        for features, sequences in step(number):
            batch = padded(sequences, pad=pad, device=vlm.device)
            said = batch.targets != SILENT
            logits = answers(vlm, features, batch, where=said)
            found.append(functional.cross_entropy(logits, batch.targets[said], reduction="none"))
        return torch.cat(found).mean()

    train(vlm, loss, course=course, path=path, told=told)


def asked_of(
    store: ExaminationStore,
    tokenizer: Any,
    *,
    batch: int,
    seed: int,
    form: Callable[[Sequence[Question]], Sequence[Question]] = tuple,
    eye: Any = None,
    together: bool = False,
) -> Callable[[int], list[Task]]:
    """What is asked in each step: examinations in an order of their own, all of their questions.

    Args:
        store: whose pictures were seen, unless an eye is given.
        tokenizer: of the model.
        batch: examinations of a step.
        seed: of the order.
        form: what is made of the questions of an examination before they are asked.
        eye: what looks at the pictures in each step, so that it can be trained.
        together: whether those of one picture and of several are one batch: more padding and
            fewer of them, which pays on a GPU.
    """

    @cache
    def written(number: int, patches: int) -> Tokens:
        questions = form(store.questions(number))
        pictures = store.pictures(number)
        return sequence(tokenizer, pictures=pictures, patches=patches, asked=questions)

    def step(number: int) -> list[Task]:
        groups: dict[int, list[int]] = {}
        for one in order(number, batch=batch, of=len(store), seed=seed):
            groups.setdefault(0 if together else store.pictures(one), []).append(one)
        found = []
        for _, some in sorted(groups.items()):
            seen = _seen_before(store, some) if eye is None else _looked_at(store, some, eye)
            found.append((seen, [written(one, seen.shape[1]) for one in some]))
        return found

    return step


def _seen_before(store: ExaminationStore, some: Sequence[int]) -> Tensor:
    import numpy as np
    import torch

    features = np.concatenate([store.features(one) for one in some])
    return torch.from_numpy(features.astype(np.float32))


def _looked_at(store: ExaminationStore, some: Sequence[int], eye: Any) -> Tensor:
    import numpy as np

    pixels = np.concatenate([store.examination(one).pixels for one in some])
    return look(eye, normalised(pixels, device=eye.device)).flatten(2).transpose(1, 2)


def answers(vlm: Any, features: Tensor, batch: Padded, *, where: Tensor | None = None) -> Tensor:
    """Logits of what comes next.

    Args:
        vlm: the model.
        features: (pictures, patches, d) of its eye, at the layer that its projector reads: those
            of the first sequence, then those of the second and so on, on any device.
        batch: what is asked, on the model's device.
        where: (b, n) bool, tokens that are wanted; all by default.

    Returns:
        (b, n, v), or (k, v) of the k tokens that are wanted.
    """
    model = vlm.model
    seen = model.multi_modal_projector(features.to(vlm.device)).flatten(0, 1)
    embedded = model.get_input_embeddings()(batch.ids)
    at = batch.ids == vlm.config.image_token_id
    embedded = embedded.masked_scatter(at[..., None], seen.to(embedded.dtype))
    states = model.language_model(
        inputs_embeds=embedded,
        attention_mask=batch.mask,
        position_ids=batch.positions,
        use_cache=False,
    ).last_hidden_state
    logits: Tensor = vlm.lm_head(states if where is None else states[where])
    return logits
