"""What goes through a model's encoder and LLM in a forward, read while it runs.

What is read is what was used: the very features that the LLM answers from.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from .base import NoMapError, Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from torch import Tensor, nn

    from .anatomy import Anatomy

PROJECTED = Stage("projector")
"""What the LLM's first layer is given; words are among it."""


class _Enough(Exception):  # noqa: N818 - nothing went wrong
    """What was to be read has been read."""


@contextlib.contextmanager
def recorded(
    anatomy: Anatomy, stages: Collection[Stage], *, stop: bool = False
) -> Iterator[dict[Stage, Tensor]]:
    """Have the first forward in it write down what goes through a model.

    Args:
        anatomy: of the model.
        stages: to read.
        stop: end the forward, and the context, where the LLM's first layer begins.

    Yields:
        What was read, (…, d), as the encoder or LLM has it.

    Raises:
        ValueError: the model has no such layer.
        NoMapError: its encoder has none.
    """
    record: dict[Stage, Tensor] = {}
    handles = []
    try:
        for stage in stages:
            layers = anatomy.eye if stage.part == "encoder" else anatomy.mouth
            number = stage.layer or 0
            if layers is None:
                raise NoMapError(f"{stage}: the encoder has no layers with attention")
            if number > len(layers):
                part = "LLM" if stage.part == "llm" else stage.part
                raise ValueError(f"{stage}: the {part} has layers 0 to {len(layers)}")
            handles.append(_hooked(layers, number, _keeping(record, stage)))
        if stop:
            handles.append(anatomy.mouth[0].register_forward_pre_hook(_stopping))
        with contextlib.suppress(_Enough):
            yield record
    finally:
        for handle in handles:
            handle.remove()


@contextlib.contextmanager
def replaced(
    layers: nn.ModuleList, number: int, change: Callable[[Tensor], Tensor]
) -> Iterator[None]:
    """Have one layer return something else.

    Args:
        layers: of a part of a model.
        number: of the layer, from 1.
        change: what it would return → what it returns.
    """

    def hook(_: nn.Module, __: Any, result: Any) -> Any:
        if isinstance(result, tuple):
            return (change(result[0]), *result[1:])
        return change(result)

    handle = layers[number - 1].register_forward_hook(hook, prepend=True)
    try:
        yield
    finally:
        handle.remove()


@contextlib.contextmanager
def without_layers(lists: Iterable[nn.ModuleList]) -> Iterator[None]:
    """Have layers return what they are given."""
    # Before the hooks of transformers itself, which hand on what layers return.
    handles = [
        one.register_forward_hook(_returned, with_kwargs=True, prepend=True)
        for layers in lists
        for one in layers
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _hooked(layers: nn.ModuleList, number: int, keep: Callable[[Tensor], None]) -> Any:
    """0 is what the first layer is given, k what layer k returns."""
    if number == 0:
        return layers[0].register_forward_pre_hook(
            lambda _, positional, named: keep(_first(positional, named)), with_kwargs=True
        )
    return layers[number - 1].register_forward_hook(
        lambda _, __, result: keep(result[0] if isinstance(result, tuple) else result)
    )


def _keeping(record: dict[Stage, Tensor], stage: Stage) -> Callable[[Tensor], None]:
    def keep(states: Tensor) -> None:
        # Generation runs the LLM again and again; the prompt comes first.
        record.setdefault(stage, states)

    return keep


def _stopping(*_: Any) -> None:
    raise _Enough


def _returned(_: Any, positional: tuple[Any, ...], named: dict[str, Any], result: Any) -> Any:
    given = _first(positional, named)
    return (given, *result[1:]) if isinstance(result, tuple) else given


def _first(positional: tuple[Any, ...], named: dict[str, Any]) -> Tensor:
    """The states that a layer is called with, whatever they are called."""
    import torch

    given = (*positional, named.get("hidden_states"), *named.values())
    return next(one for one in given if isinstance(one, torch.Tensor))
