"""The start that prompts have in common goes through the LLM once; their ends follow it.

Keys and values of the start are kept by the cache of transformers and repeated for each end. Ends
are padded on the right, so that tokens keep their distance to what is before them.
"""

from __future__ import annotations

import contextlib
import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from torch import Tensor

    from .engine import Engine


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Start:
    """The starts of some prompts, which have gone through the LLM.

    Attributes:
        given: what the model was given, padded on the left.
        cache: of transformers.
        text: key → (starts, 1, …) what the model is given for a token of text, beside the token.
        next: (axes, starts) position of the token that comes next, where a family has positions
            along several axes and images count otherwise than their tokens; None elsewhere.
    """

    given: Mapping[str, Any]
    cache: Any
    text: Mapping[str, Tensor]
    next: Tensor | None


def begun(engine: Engine, x: Mapping[str, Any], cuts: Sequence[int]) -> Start:
    """Run the starts of some prompts.

    Args:
        engine: of the model.
        x: what the model is given for whole prompts.
        cuts: how many tokens of each are its start; images must be among them.
    """
    import torch

    rows, length = x["input_ids"].shape
    device = x["input_ids"].device
    longest = max(cuts)
    first = x["attention_mask"].long().argmax(-1)
    # Place in the start; what is before it is padding.
    place = (
        torch.arange(longest, device=device) - longest + torch.tensor(cuts, device=device)[:, None]
    )
    number = torch.arange(rows, device=device)[:, None]
    last = x["attention_mask"].long().cumsum(-1).argmax(-1)
    pad = engine.processor.tokenizer.pad_token_id or 0
    given, text = dict(x), {}
    for key, value in x.items():
        if tuple(value.shape[:2]) != (rows, length):
            continue
        own = value[number, (first[:, None] + place).clamp(min=0)].clone()
        own[place < 0] = pad if key == "input_ids" else 0
        given[key] = own
        if key not in {"input_ids", "attention_mask"}:
            text[key] = value[number, last[:, None]]
    with _positions(engine.model.get_decoder()) as seen:
        output = engine.states(given)
    return Start(
        given=given, cache=output.past_key_values, text=text, next=seen[0] if seen else None
    )


def followed(
    engine: Engine,
    start: Start,
    ends: Sequence[Sequence[int]],
    of: Sequence[int],
    *,
    again: bool = False,
) -> Tensor:
    """(prompts, vocabulary) float32 logits of what comes after some prompts.

    Args:
        engine: of the model.
        start: starts of all of them.
        ends: the further tokens of each prompt, one at least.
        of: the number of each one's start.
        again: whether the starts are followed again later.
    """
    logits, _ = _run(engine, start, ends, of, again=again)
    return logits


def longer(engine: Engine, start: Start, tokens: Sequence[int]) -> Start:
    """One start with further tokens of text, one at least; it can be followed itself as before."""
    _, given = _run(engine, start, [tokens], [0], again=True)
    return Start(
        given={"attention_mask": given["attention_mask"]},
        cache=given["past_key_values"],
        text=start.text,
        next=None if start.next is None else start.next + len(tokens),
    )


def _run(
    engine: Engine,
    start: Start,
    ends: Sequence[Sequence[int]],
    of: Sequence[int],
    *,
    again: bool,
) -> tuple[Tensor, dict[str, Any]]:
    """Logits after each end, and what the model was given, whose cache has the ends as well."""
    import torch

    mask = start.given["attention_mask"]
    device = mask.device
    index = torch.tensor(list(of), device=device)
    last = torch.tensor([len(end) - 1 for end in ends], device=device)
    longest = int(last.max()) + 1
    pad = engine.processor.tokenizer.pad_token_id or 0
    ids = torch.tensor([[*end, *[pad] * (longest - len(end))] for end in ends], device=device)
    place = torch.arange(longest, device=device)
    cache = copy.deepcopy(start.cache) if again else start.cache
    if list(of) != list(range(len(mask))):
        cache.reorder_cache(index)
    x: dict[str, Any] = {
        "input_ids": ids,
        "attention_mask": torch.cat([mask[index], (place <= last[:, None]).to(mask.dtype)], dim=1),
        **{
            key: value[index].expand(-1, longest, *value.shape[2:])
            for key, value in start.text.items()
        },
    }
    if start.next is not None:
        x["position_ids"] = start.next.to(device)[:, index, None] + place
    logits = engine.logits_at(x, last, past_key_values=cache, use_cache=True)
    return logits, {**x, "past_key_values": cache}


@contextlib.contextmanager
def _positions(decoder: Any) -> Iterator[list[Tensor]]:
    """The next position along each of several axes, after an LLM has run."""
    import torch

    seen: list[Tensor] = []

    def look(_: Any, __: Any, named: dict[str, Any]) -> None:
        own = named.get("position_ids")
        if isinstance(own, torch.Tensor) and own.ndim == 3:
            # A picture is as long as its longest side, and text goes on after that on all axes.
            seen.append(own.amax((0, 2)).add(1).expand(len(own), -1))

    handle = decoder.register_forward_pre_hook(look, with_kwargs=True)
    try:
        yield seen
    finally:
        handle.remove()
