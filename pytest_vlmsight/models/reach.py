"""Which layers of a model's encoder, projector and LLM can be tuned, and by matrices of which rank.

A layer belongs to a part by when it runs and not by its name: the projector is what runs after the
encoder layer that it reads and before the LLM's first layer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .base import Way

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torch import nn

    from .base import Stage
    from .engine import Engine

PARTS = ("encoder", "projector", "llm")
"""Of a model, from the eye on."""

WHOLE = "whole projector"
"""The way in which all of the projector's own weights are tuned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A linear layer.

    Attributes:
        name: of the module.
        inputs: width of what it is given.
        outputs: width of what it returns.
    """

    name: str
    inputs: int
    outputs: int

    @property
    def size(self) -> int:
        """Weights of two matrices of rank 1 beside it."""
        return self.inputs + self.outputs

    @property
    def most(self) -> int:
        """The rank from which on they have more weights than the layer."""
        return max(1, self.inputs * self.outputs // self.size)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What of a model can be tuned.

    Attributes:
        layers: part → its linear layers that a forward runs through, in the order of the model.
        projector: names of all weights of the projector.
        missing: part → why it cannot be tuned.
    """

    layers: Mapping[str, tuple[Layer, ...]]
    projector: tuple[str, ...]
    missing: Mapping[str, str]


def reach(engine: Engine, *, fed_from: Stage) -> Reach:
    """Find what can be tuned by running the model once.

    Args:
        engine: of the model.
        fed_from: the encoder layer that the projector reads; deeper ones change nothing.
    """
    from torch import nn

    eye, mouth = engine.anatomy.eye, engine.anatomy.mouth
    found: dict[str, list[str]] = {part: [] for part in PARTS}
    missing: dict[str, str] = {}
    between: list[str] = []
    if eye is None or fed_from.part != "encoder" or not fed_from.layer:
        why = "the encoder has no layers with attention that what the LLM is given depends on"
        missing |= dict.fromkeys(("encoder", "projector"), why)
        called = _called(engine, opens=None)
    else:
        called = _called(engine, opens=eye[fed_from.layer - 1])
        read = {id(one) for layer in eye[: fed_from.layer] for one in layer.modules()}
        found["encoder"] = [name for name, one in called.before.items() if id(one) in read]
        between = _between(engine, eye, called)
        found["projector"] = between
    spoken = set(map(id, mouth.modules()))
    everything = {**called.before, **called.between, **called.after}
    found["llm"] = [name for name, one in everything.items() if id(one) in spoken]
    modules = dict(engine.model.named_modules())
    layers: dict[str, tuple[Layer, ...]] = {}
    for part, names in found.items():
        own = [(name, modules[name]) for name in names]
        linear = tuple(
            Layer(name=name, inputs=one.in_features, outputs=one.out_features)
            for name, one in own
            if isinstance(one, nn.Linear)
        )
        if linear:
            layers[part] = linear
        else:
            missing.setdefault(part, "no linear layers of it run in a forward")
    return Reach(
        layers=layers,
        projector=tuple(
            f"{name}.{weight}"
            for name in between
            for weight, _ in modules[name].named_parameters(recurse=False)
        ),
        missing=missing,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Called:
    """Modules with weights of their own, by name, in the order of their first call.

    Attributes:
        before: called before the layer that the projector reads returned.
        between: called after that and before the LLM's first layer; none of ``before``.
        after: called later, and not before.
    """

    before: dict[str, Any]
    between: dict[str, Any]
    after: dict[str, Any]


def _called(engine: Engine, *, opens: nn.Module | None) -> _Called:
    import torch

    from .engine import ANY, noise

    at = ["before"]
    order: dict[str, dict[str, Any]] = {"before": {}, "between": {}, "after": {}}
    handles = []

    def keep(name: str, one: nn.Module) -> None:
        if not any(name in some for some in order.values()):
            order[at[0]][name] = one

    def to(place: str) -> None:
        at[0] = place

    for name, one in engine.model.named_modules():
        if any(True for _ in one.parameters(recurse=False)):
            handles.append(
                one.register_forward_pre_hook(lambda module, _, name=name: keep(name, module))
            )
    if opens is not None:
        handles.append(
            opens.register_forward_hook(lambda *_: to("between") if at[0] == "before" else None)
        )
    handles.append(
        engine.anatomy.mouth[0].register_forward_pre_hook(lambda *_: to("after"), prepend=True)
    )
    try:
        with torch.no_grad():
            engine.forward(engine.encode([(ANY, [noise()])], primer=None))
    finally:
        for handle in handles:
            handle.remove()
    return _Called(**order)


def _between(engine: Engine, eye: nn.ModuleList, called: _Called) -> list[str]:
    """Names of the projector's modules: within the encoder only where there are none outside."""
    model, own = engine.model, engine.family.eye
    encoder = model.get_submodule(own) if own else model.get_encoder(modality="image")
    decoder = model.get_decoder()
    seeing = set(map(id, encoder.modules()))
    others = set(map(id, eye.modules())) | set(map(id, engine.anatomy.mouth.modules()))
    if id(eye) not in set(map(id, decoder.modules())):
        others |= set(map(id, decoder.modules()))  # what it does before its first layer
    others |= {id(model.get_input_embeddings()), id(model.get_output_embeddings())}
    found = [name for name, one in called.between.items() if id(one) not in others]
    outside = [name for name in found if id(called.between[name]) not in seeing]
    return outside or found


def dealt_ranks(layers: Sequence[Layer], *, weights: int) -> dict[str, int]:
    """Ranks of layers so that their matrices have about so many weights in all.

    All have the same rank, but for some, evenly spread, that have one more; those that are to have
    none are left out.

    >>> layers = [Layer(name=name, inputs=4, outputs=6) for name in "ab"]
    >>> dealt_ranks(layers, weights=50)
    {'a': 2, 'b': 2}

    Args:
        layers: of a part.
        weights: that the matrices may have at most, unless no layer were left.
    """
    even = weights // sum(one.size for one in layers)
    ranks = [min(even, one.most) for one in layers]
    rest = weights - sum(rank * one.size for rank, one in zip(ranks, layers, strict=True))
    # Multiples of the golden ratio are spread evenly, however many of them are taken.
    spread = sorted(range(len(layers)), key=lambda k: (k * 0.6180339887) % 1)
    given = True
    while given:
        given = False
        for k in spread:
            if layers[k].size <= rest and ranks[k] < layers[k].most:
                ranks[k] += 1
                rest -= layers[k].size
                given = True
    if not any(ranks):
        ranks[spread[0]] = 1
    return {one.name: rank for one, rank in zip(layers, ranks, strict=True) if rank}


def equal_weights(parts: Mapping[str, Sequence[Layer]], *, rank: int) -> int:
    """How many weights the matrices of each part shall have.

    Those of the given rank in the part that then has most, but no more than any part can have.
    """
    wanted = max(rank * sum(one.size for one in layers) for layers in parts.values())
    return min(
        wanted,
        *(sum(one.most * one.size for one in layers) for layers in parts.values()),
    )


def ways_of(found: Reach, *, rank: int, model: Any) -> list[Way]:
    """The ways to tune a model.

    Args:
        found: what can be tuned.
        rank: see ``equal_weights``.
        model: of transformers.
    """
    ways = []
    weights = equal_weights(found.layers, rank=rank)
    for part, layers in found.layers.items():
        sizes = {one.name: one.size for one in layers}
        ranks = dealt_ranks(layers, weights=weights)
        least, most = min(ranks.values()), max(ranks.values())
        span = f"rank {most}" if least == most else f"ranks {least} to {most}"
        few = f"{len(ranks)} of {len(layers)}" if len(ranks) < len(layers) else f"{len(layers)}"
        size = sum(sizes[name] * one for name, one in ranks.items())
        ways.append(Way(name=part, size=size, told=f"{span} in {few} layers"))
    if found.projector:
        size = sum(model.get_parameter(name).numel() for name in found.projector)
        ways.append(Way(name=WHOLE, size=size, told="its own weights"))
    return ways
