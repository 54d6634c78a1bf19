"""Learned embeddings in front of every prompt: prompt tuning of a model that is frozen.

The prompts are given as many more words, and what the model's own table of embeddings returns for
these is replaced. So all that a family makes of its prompts (where image tokens stand, positions in
several dimensions, masks) is made by itself, of a prompt that is longer. The wrapper of peft
embeds prompts itself and hands on embeddings alone, by which some families do not run and others
lose their positions; its configuration, its embeddings and how they start are used.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from .base import MeasurementError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from torch import Tensor

    from .engine import Engine

WEIGHT = "prefix"
"""What the embeddings are called among weights that learn."""

_APART = ("qformer",)
"""Of what a model is given, in the names of what is not about its prompt's tokens."""


class Prefix:
    """Embeddings at the start of prompts; after the padding where that is on the left.

    Args:
        embeddings: (count, d).
        word: the token that stands in for each until it is embedded; any that is plain text.
        name: of the model, as shown in errors.
    """

    def __init__(self, embeddings: Tensor, *, word: int, name: str) -> None:
        self._embeddings, self._word, self._name = embeddings, word, name
        self._at: Tensor | None = None
        self._met = True

    def before(self, x: Mapping[str, Any]) -> dict[str, Any]:
        """What a model is given, with the words in front of each prompt.

        Args:
            x: with ``input_ids`` and ``attention_mask``, (rows, length), and others of the same
                first two sizes, which are 0 for text.

        Raises:
            MeasurementError: positions are given, or those given last did not come to the model.
        """
        import torch

        if "position_ids" in x:
            raise MeasurementError(
                f"{self._name}: its processor numbers the tokens of a prompt, and none can be put "
                "in front"
            )
        ids, count = x["input_ids"], len(self._embeddings)
        rows, length = ids.shape
        mask = x["attention_mask"]
        start = mask.argmax(-1, keepdim=True)  # of each prompt: the first that is no padding
        place = torch.arange(length + count).expand(rows, -1).to(ids.device)
        at = (place >= start) & (place < start + count)
        old = torch.where(place < start, place, (place - count).clamp(min=0))
        numbers = torch.arange(rows, device=ids.device)[:, None]
        found = dict(x)
        for key, value in x.items():
            if tuple(getattr(value, "shape", ())[:2]) != (rows, length) or key.startswith(_APART):
                continue
            longer = value[numbers, old].clone()
            longer[at] = {"input_ids": self._word, "attention_mask": 1}.get(key, 0)
            found[key] = longer
        self._at, self._met = at, False
        return found

    def put(self, _: Any, __: Any, result: Tensor) -> Tensor | None:
        """Hook of the table: what it returns, with the embeddings where they belong."""
        at = self._at
        if at is None or result.shape[:2] != at.shape:
            return None
        self._met = True
        own = self._embeddings.to(result.device, result.dtype).repeat(len(at), 1)
        return result.masked_scatter(at.to(result.device)[..., None], own)

    @property
    def met(self) -> bool:
        """Whether the prompts that were made last came to the table."""
        return self._met


@contextlib.contextmanager
def prefixed(engine: Engine, count: int, *, seed: int) -> Iterator[dict[str, Tensor]]:
    """Have embeddings that learn in front of every prompt (Lester et al., EMNLP 2021, 2104.08691).

    They start as words of the model's vocabulary, drawn at random.

    Args:
        engine: of the model; it is asked once.
        count: of embeddings.
        seed: of the words; the global generators are left as they are.

    Yields:
        The embeddings, (count, d) float32, by name.

    Raises:
        MeasurementError: they do not come to the LLM.
    """
    import torch

    from .engine import ANY, noise

    table = engine.model.get_input_embeddings()
    if not isinstance(table, torch.nn.Embedding):
        raise MeasurementError(
            f"{engine.name}: its words are embedded by {type(table).__name__} and not by a table; "
            "nothing can be learned in front of them"
        )
    embeddings = _started(table, count, seed=seed)
    _, letters = engine.chat.letters(ANY)
    prefix = Prefix(embeddings, word=letters[0], name=engine.name)
    hook = table.register_forward_hook(prefix.put)
    engine.prefix = prefix
    try:
        with torch.inference_mode():
            engine.forward(engine.encode([(ANY, [noise()])], primer=None))
        if not prefix.met:
            raise MeasurementError(
                f"{engine.name}: what is put in front of a prompt does not come to its LLM as it "
                "was given; nothing can be learned there"
            )
        yield {WEIGHT: embeddings}
    finally:
        engine.prefix = None
        hook.remove()


def _started(table: Any, count: int, *, seed: int) -> Tensor:
    """(count, d) embeddings of words drawn at random, in float32 and with gradients."""
    import torch
    from peft import PromptEmbedding, PromptTuningConfig

    config = PromptTuningConfig(
        num_virtual_tokens=count,
        token_dim=table.weight.shape[1],
        num_transformer_submodules=1,
        prompt_tuning_init="SAMPLE_VOCAB",
    )
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        weight: Tensor = PromptEmbedding(config, table).embedding.weight
    return weight
