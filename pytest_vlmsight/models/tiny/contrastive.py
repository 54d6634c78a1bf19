"""What an eye learns from captions, as CLIP's does (Radford et al., arXiv 2103.00020).

A picture and its caption are to be nearer to each other than to the other captions and pictures of
a step. Pictures of which nothing can be said are left out, and equal captions are equally right.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn import functional

from .captions import caption, word_by_word, words
from .objectives import Objective, pooled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from .lesson_store import Batch

_LONGEST = 24
_SHARED = 64  # dimensions in which pictures and captions are compared
_PAD, _START, _FIRST = 0, 1, 2


class Contrastive(Objective):
    """A small text encoder of transformers' CLIP, and maps into a shared space.

    Args:
        width: of the eye's features, and of the text encoder.
    """

    def __init__(self, width: int) -> None:
        from transformers import CLIPTextConfig, CLIPTextModel

        super().__init__()
        self._numbers = {word: number for number, word in enumerate(words(), start=_FIRST)}
        # The text encoder reads at its greatest token.
        self._end = _FIRST + len(self._numbers)
        config = CLIPTextConfig(
            vocab_size=self._end + 1,
            hidden_size=width,
            intermediate_size=2 * width,
            num_hidden_layers=2,
            num_attention_heads=4,
            max_position_embeddings=_LONGEST,
            bos_token_id=_START,
            eos_token_id=self._end,
            pad_token_id=_PAD,
        )
        self.text = CLIPTextModel(config)
        self.of_picture = nn.Linear(width, _SHARED, bias=False)
        self.of_caption = nn.Linear(width, _SHARED, bias=False)
        self.scale = nn.Parameter(torch.tensor(2.6593))  # log(1 / 0.07), as CLIP begins

    def loss(self, eye: Any, batch: Batch, _: torch.Generator) -> Tensor:
        """Of one step, in which nothing is drawn; see ``Objective``."""
        pixels = batch.pixels.reshape(-1, *batch.pixels.shape[2:])
        said = [caption(one) for one in batch.classes.reshape(-1, *batch.classes.shape[2:])]
        told = [number for number, one in enumerate(said) if one]
        if not told:
            return pooled(eye, pixels[:1]).sum() * 0
        pictures = self.of_picture(pooled(eye, pixels[told]))
        captions = self.of_caption(self._read([said[number] for number in told]))
        alike = functional.normalize(pictures, dim=-1) @ functional.normalize(captions, dim=-1).T
        logits = alike * self.scale.exp().clamp(max=100)
        equal = torch.tensor([[said[one] == said[other] for other in told] for one in told])
        right = (equal / equal.sum(1, keepdim=True)).to(logits.device)
        return (
            functional.cross_entropy(logits, right) + functional.cross_entropy(logits.T, right)
        ) / 2

    def _read(self, said: Sequence[str]) -> Tensor:
        """(n, d) of captions."""
        numbers = [[self._numbers[word] for word in word_by_word(one)] for one in said]
        some = [[_START, *of[: _LONGEST - 2], self._end] for of in numbers]
        longest = max(map(len, some))
        rows = [[*one, *[_PAD] * (longest - len(one))] for one in some]
        ids = torch.tensor(rows, device=self.text.device)
        found: Tensor = self.text(input_ids=ids, attention_mask=(ids != _PAD).long()).pooler_output
        return found
