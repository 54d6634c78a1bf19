"""What a model's encoder and LLM are given in a forward, read while it runs.

What is read is what was used: the very features that the LLM answers from.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor, nn

    from .anatomy import Anatomy


@dataclass(slots=True, eq=False)
class Record:
    """Of one forward.

    Attributes:
        eye: (n, d) tokens of the encoder's layers that were asked for, by layer.
        mouth: (b, t, d) what the LLM's first layer was given; None before it was.
    """

    eye: dict[int, Tensor] = field(default_factory=dict)
    mouth: Tensor | None = None


class _Enough(Exception):  # noqa: N818 - nothing went wrong
    """What was to be read has been read."""


@contextlib.contextmanager
def recorded(
    anatomy: Anatomy, *, layers: tuple[int, ...] = (), stop: bool = False
) -> Iterator[Record]:
    """Have forwards in it write down what goes through a model.

    Args:
        anatomy: of the model.
        layers: of the encoder, as ``Stage`` counts them: 0 is what the first is given, k what
            layer k makes of it.
        stop: end the forward, and the context, where the LLM's first layer begins.
    """
    record = Record()

    def given(module: nn.Module, positional: Any, named: Any) -> None:
        record.eye[0] = _flat(first(positional, named))

    def made(layer: int) -> Any:
        def hook(module: nn.Module, positional: Any, result: Any) -> None:
            record.eye[layer] = _flat(result[0] if isinstance(result, tuple) else result)

        return hook

    def heard(module: nn.Module, positional: Any, named: Any) -> None:
        record.mouth = first(positional, named)
        if stop:
            raise _Enough

    handles = [anatomy.mouth[0].register_forward_pre_hook(heard, with_kwargs=True)]
    for layer in layers:
        if layer:
            handles.append(anatomy.eye[layer - 1].register_forward_hook(made(layer)))
        else:
            handles.append(anatomy.eye[0].register_forward_pre_hook(given, with_kwargs=True))
    try:
        with contextlib.suppress(_Enough):
            yield record
    finally:
        for handle in handles:
            handle.remove()


@contextlib.contextmanager
def without_layers(layers: nn.ModuleList) -> Iterator[None]:
    """Have layers return what they are given."""
    # Before the hooks of transformers itself, which hand on what layers return.
    handles = [
        one.register_forward_hook(_returned, with_kwargs=True, prepend=True) for one in layers
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _returned(_: Any, positional: tuple[Any, ...], named: dict[str, Any], result: Any) -> Any:
    given = first(positional, named)
    return (given, *result[1:]) if isinstance(result, tuple) else given


def first(positional: tuple[Any, ...], named: dict[str, Any]) -> Tensor:
    """The states that a layer is called with."""
    states: Tensor = positional[0] if positional else named["hidden_states"]
    return states


def _flat(states: Tensor) -> Tensor:
    """(…, d) → (n, d)."""
    return states.flatten(0, -2)
