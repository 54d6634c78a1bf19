"""Training a connector and a mouth to answer by what an eye sees, the eye left as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .sequences import SILENT, Tokens, padded, sequence
from .training import Course, order, train

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from torch import Tensor

    from .examination_store import ExaminationStore
    from .sequences import Padded

Task = tuple["Tensor", list[Tokens]]
"""(b, pictures, patches, d) features of an eye, and a sequence about each."""


def train_mouth(
    vlm: Any,
    step: Callable[[int], Sequence[Task]],
    *,
    course: Course,
    path: Path,
    told: Callable[[int, int, float], None],
) -> None:
    """Train the projector and the LLM.

    Args:
        vlm: changed in place; of the eye nothing is.
        step: number → what is asked in it, those of one number of pictures together.
        course: how long and how fast.
        path: where the training is written down, and gone on with.
        told: see ``training.train``.
    """
    import torch
    from torch.nn import functional

    vlm.requires_grad_(requires_grad=True)
    vlm.model.vision_tower.requires_grad_(requires_grad=False)
    pad = vlm.config.text_config.pad_token_id

    def loss(number: int) -> Tensor:
        found = []
        for features, sequences in step(number):
            batch = padded(sequences, pad=pad)
            said = batch.targets != SILENT
            logits = answers(vlm, features, batch, where=said)
            found.append(functional.cross_entropy(logits, batch.targets[said], reduction="none"))
        return torch.cat(found).mean()

    train(vlm, loss, course=course, path=path, told=told)


def asked_of(
    store: ExaminationStore, tokenizer: Any, *, batch: int, seed: int
) -> Callable[[int], list[Task]]:
    """What is asked in each step: examinations in an order of their own, all of their questions.

    Args:
        store: whose pictures were seen.
        tokenizer: of the model.
        batch: examinations of a step.
        seed: of the order.
    """
    import numpy as np
    import torch

    def step(number: int) -> list[Task]:
        groups: dict[int, list[int]] = {}
        for one in order(number, batch=batch, of=len(store), seed=seed):
            groups.setdefault(store.pictures(one), []).append(one)
        found = []
        for pictures, some in sorted(groups.items()):
            seen = np.stack([store.features(one) for one in some]).astype(np.float32)
            sequences = [
                sequence(
                    tokenizer,
                    pictures=pictures,
                    patches=seen.shape[2],
                    asked=[(q.text, q.options, q.answer) for q in store.questions(one)],
                )
                for one in some
            ]
            found.append((torch.from_numpy(seen), sequences))
        return found

    return step


def answers(vlm: Any, features: Tensor, batch: Padded, *, where: Tensor | None = None) -> Tensor:
    """Logits of what comes next.

    Args:
        vlm: the model.
        features: (b, pictures, patches, d) of its eye, at the layer that its projector reads.
        batch: what is asked.
        where: (b, n) bool, tokens that are wanted; all by default.

    Returns:
        (b, n, v), or (k, v) of the k tokens that are wanted.
    """
    model = vlm.model
    seen = model.multi_modal_projector(features.flatten(0, 1)).flatten(0, 1)
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
