"""What the LLM's answer position attends to, read while the model runs; and attention cut off.

Fused attention (sdpa, flash) hands out no weights, so that of the LLM is switched to eager for the
forwards that are read. Of a layer's full map, which transformers makes anyway, only the rows of
the answer position are kept; a rollout keeps one map in all.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .base import MeasurementError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torch import Tensor, nn

EAGER = "eager"
"""Of transformers: attention whose weights are made, and whose masks are added."""


@contextlib.contextmanager
def eager(decoder: nn.Module) -> Iterator[None]:
    """Have an LLM attend eagerly; afterwards, also after an error, as before.

    Args:
        decoder: of transformers.

    Raises:
        MeasurementError: it is of a kind that cannot be switched.
    """
    switch: Callable[[str], None] | None = getattr(decoder, "set_attn_implementation", None)
    if switch is None:
        raise MeasurementError(
            f"its LLM ({type(decoder).__name__}) is no model of transformers by itself, and its "
            "attention cannot be switched to eager"
        )
    before = [(one, one._attn_implementation) for one in _configs(decoder)]
    try:
        # What it cannot be switched to it tells by itself; then no weights come.
        switch(EAGER)
        yield
    finally:
        for config, name in before:
            config._attn_implementation_internal = name


def _configs(decoder: nn.Module) -> list[Any]:
    """All that say how a part of it attends, each once."""
    found: dict[int, Any] = {}
    for module in decoder.modules():
        config = getattr(module, "config", None)
        if hasattr(config, "_attn_implementation"):
            found.setdefault(id(config), config)
            for name in getattr(config, "sub_configs", {}):
                own = getattr(config, name, None)
                if hasattr(own, "_attn_implementation"):
                    found.setdefault(id(own), own)
    return list(found.values())


@dataclass(slots=True, kw_only=True, eq=False)
class Watch:
    """What was read in a forward.

    Attributes:
        last: (batch,) the position from which each prompt is answered.
        rows: number of layer, from 1 → (batch, heads, length) float32 weights of that position.
        rolled: (batch, length, length) rollout up to the last layer that ran; None without.
    """

    last: Tensor
    rows: dict[int, Tensor] = field(default_factory=dict)
    rolled: Tensor | None = None


@contextlib.contextmanager
def watched(mouth: nn.ModuleList, last: Tensor, *, rollout: bool = False) -> Iterator[Watch]:
    """Keep the attention of the answer position in the forward within.

    Args:
        mouth: layers of the LLM, which attends eagerly.
        last: (batch,) positions.
        rollout: also multiply the maps of all layers, means of heads, each half of it what is kept
            of a position itself (Abnar & Zuidema, ACL 2020, 2005.00928).
    """
    import torch

    watch = Watch(last=last)
    each = torch.arange(len(last))

    def keep(number: int, weights: Tensor) -> None:
        if number in watch.rows:
            return
        own = watch.last.to(weights.device)
        watch.rows[number] = weights[each.to(weights.device), :, own].float().cpu()
        if rollout:
            mean = weights.float().mean(1)
            step = (mean + torch.eye(mean.shape[-1], device=mean.device)) / 2
            before = watch.rolled
            watch.rolled = step if before is None else step @ before.to(step.device)

    with _weights(mouth, len(last), keep):
        yield watch


@contextlib.contextmanager
def cut_off(mouth: nn.ModuleList, cut: Tensor) -> Iterator[None]:
    """Keep positions from attending to others, in all layers and heads, in the forward within.

    What a layer adds to its scores gets the lowest number there, as for positions that come later.

    Args:
        mouth: layers of the LLM, which attends eagerly.
        cut: (batch, length, length) which position (second) does not attend to which (third).

    Raises:
        MeasurementError: a layer attends all the same, or none could be kept from it.
    """
    import torch

    length, changed, checked = cut.shape[-1], set(), set()

    def masked(value: Any) -> Any:
        if not isinstance(value, torch.Tensor) or value.ndim != 4:
            return value
        if value.shape[-2:] != (length, length):
            return value
        own = cut.to(value.device)[:, None]
        if value.dtype == torch.bool:
            return value & ~own
        return value.masked_fill(own, torch.finfo(value.dtype).min)

    def before(layer: nn.Module, given: tuple[Any, ...], named: dict[str, Any]) -> Any:
        put = tuple(map(masked, given)), {key: masked(value) for key, value in named.items()}
        if any(new is not old for new, old in zip(put[0], given, strict=True)) or any(
            put[1][key] is not named[key] for key in named
        ):
            changed.add(id(layer))
        return put

    def check(number: int, weights: Tensor) -> None:
        checked.add(number)
        if float((weights.amax(1) * cut.to(weights.device)).max()) > 0:
            raise MeasurementError(f"layer {number} of the LLM attends to what is cut off")

    handles = [layer.register_forward_pre_hook(before, with_kwargs=True) for layer in mouth]
    try:
        with _weights(mouth, len(cut), check):
            yield
    finally:
        for handle in handles:
            handle.remove()
    if not changed or not checked:
        raise MeasurementError("its LLM's layers are given no mask to which anything can be added")


@contextlib.contextmanager
def _weights(
    mouth: nn.ModuleList, batch: int, take: Callable[[int, Tensor], None]
) -> Iterator[None]:
    """Have weights of self-attention, (batch, heads, length, length), taken as they are made."""
    import torch

    def hook(number: int) -> Callable[..., None]:
        def taking(_: nn.Module, __: Any, result: Any) -> None:
            if not isinstance(result, tuple):
                return
            for value in result[1:]:
                if (
                    isinstance(value, torch.Tensor)
                    and value.ndim == 4
                    and value.shape[0] == batch
                    and value.shape[-1] == value.shape[-2]
                ):
                    take(number, value)
                    return

        return taking

    handles = []
    try:
        for number, layer in enumerate(mouth, start=1):
            for name, module in layer.named_modules():
                last = name.rpartition(".")[2]
                if "attn" in last or "attention" in last:
                    handles.append(module.register_forward_hook(hook(number)))
        yield
    finally:
        for handle in handles:
            handle.remove()
