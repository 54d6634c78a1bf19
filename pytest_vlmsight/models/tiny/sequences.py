"""Several questions about the same pictures in one sequence, as if each had been asked by itself.

The pictures come once. Every question follows them directly, by its positions and by what it may
look at: the pictures and itself, and none of the other questions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_vlmsight.models.base import Prompt
from pytest_vlmsight.models.prompts import LETTERS, PRIMERS, conversation

from .words import IMAGE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from .naming import Question

SILENT = -100
"""The target where nothing is to be said, which losses leave out."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tokens:
    """One sequence.

    Attributes:
        ids: (n,) tokens, image tokens among them.
        positions: (n,) where each token would stand if its question were the only one.
        block: (n,) 0 for pictures and what is before them, then the question's number from 1.
        targets: (n,) what is to be said after each token, or ``SILENT``.
    """

    ids: list[int]
    positions: list[int]
    block: list[int]
    targets: list[int]


def sequence(tokenizer: Any, *, pictures: int, patches: int, asked: Sequence[Question]) -> Tokens:
    """Questions in the form in which a model is asked, with what it is to say.

    Args:
        tokenizer: with the chat template.
        pictures: how many.
        patches: image tokens of each.
        asked: the questions.
    """
    start: list[int] = []
    ids: list[int] = []
    positions: list[int] = []
    block: list[int] = []
    targets: list[int] = []
    for number, question in enumerate(asked, start=1):
        before, after, answer = _written(tokenizer, pictures, question)
        if not start:
            image = [tokenizer.convert_tokens_to_ids(IMAGE)] * (pictures * patches)
            start = tokenizer(before, add_special_tokens=False)["input_ids"] + image
            ids, positions = list(start), list(range(len(start)))
            block, targets = [0] * len(start), [SILENT] * len(start)
        told = tokenizer(after, add_special_tokens=False)["input_ids"]
        said = tokenizer(after + answer, add_special_tokens=False)["input_ids"]
        said = [*said[len(told) :], tokenizer.eos_token_id]
        whole = [*told, *said[:-1]]
        ids += whole
        positions += range(len(start), len(start) + len(whole))
        block += [number] * len(whole)
        targets += [*[SILENT] * (len(told) - 1), *said]
    return Tokens(ids=ids, positions=positions, block=block, targets=targets)


def _written(tokenizer: Any, pictures: int, question: Question) -> tuple[str, str, str]:
    """What the chat template writes before pictures and after them, and what is to follow."""
    prompt = Prompt(images=(), question=question.text, options=question.options)
    chat = conversation(prompt, images=[None] * pictures, primer=PRIMERS[0])
    answer = f"{LETTERS[question.answer]})"
    if not question.options:
        chat[0]["content"][-1]["text"] = question.text
        chat[1]["content"][0]["text"] = PRIMERS[1].text
        answer = f" {question.words}"
    whole: str = tokenizer.apply_chat_template(chat, tokenize=False, continue_final_message=True)
    before, *_, after = whole.split(IMAGE)
    return before, after, answer


@dataclass(frozen=True, slots=True, eq=False)
class Padded:
    """Sequences as one batch.

    Attributes:
        ids: (b, n) int64.
        positions: (b, n) int64.
        mask: (b, 1, n, n) float32 to be added: 0 where a token may look, else the least number.
        targets: (b, n) int64.
    """

    ids: Tensor
    positions: Tensor
    mask: Tensor
    targets: Tensor


def padded(some: Sequence[Tokens], *, pad: int, device: Any = "cpu") -> Padded:
    """Sequences of different lengths, padded at their ends.

    Args:
        some: at least one.
        pad: the token to pad with.
        device: of the batch.
    """
    import numpy as np
    import torch

    length = max(len(one.ids) for one in some)

    def filled(values: Sequence[Sequence[int]], with_: int) -> Tensor:
        rows = np.full((len(values), length), with_)
        for row, one in zip(rows, values, strict=True):
            row[: len(one)] = one
        return torch.from_numpy(rows).to(device)

    block = filled([one.block for one in some], -1)
    before = torch.ones(length, length, dtype=torch.bool, device=device).tril()
    shared = (block[:, None] == 0) | (block[:, None] == block[:, :, None])
    sees = (before & shared)[:, None]
    mask = torch.zeros(sees.shape, device=device).masked_fill(~sees, torch.finfo(torch.float32).min)
    return Padded(
        ids=filled([one.ids for one in some], pad),
        positions=filled([one.positions for one in some], 0),
        mask=mask,
        targets=filled([one.targets for one in some], SILENT),
    )
