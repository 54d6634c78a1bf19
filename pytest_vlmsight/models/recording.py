"""What goes through a model's encoder and LLM in a forward, read while it runs.

What is read is what was used: the very features that the LLM answers from.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
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
    """Have layers return what they are given; each runs but once, to tell in what form."""
    replaced = []
    try:
        for one in itertools.chain.from_iterable(lists):
            replaced.append((one, one.__dict__.get("forward")))
            one.forward = _skipped(one.forward)
        yield
    finally:
        for one, before in reversed(replaced):
            del one.forward
            if before is not None:  # a layer that waits on another device
                one.forward = before


def _skipped(forward: Callable[..., Any]) -> Callable[..., Any]:
    # What it returns beside states: a tuple, or None where it returns no tuple.
    form: list[Any] = []

    @functools.wraps(forward)
    def skipping(*positional: Any, **named: Any) -> Any:
        if not form:
            result = forward(*positional, **named)
            form.append(result[1:] if isinstance(result, tuple) else None)
        given = _first(positional, named)
        return given if form[0] is None else (given, *form[0])

    return skipping


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


def _first(positional: tuple[Any, ...], named: dict[str, Any]) -> Tensor:
    """The states that a layer is called with, whatever they are called."""
    import torch

    given = (*positional, named.get("hidden_states"), *named.values())
    return next(one for one in given if isinstance(one, torch.Tensor))
