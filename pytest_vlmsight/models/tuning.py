"""A part of a model that learns which letter is right, under the very prompts it is asked with.

Weights that are frozen are never written to; those that are tuned are put back bit for bit.
"""

from __future__ import annotations

import contextlib
import itertools
import warnings
from typing import TYPE_CHECKING, Any

from .base import MeasurementError, Prompt

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence

    from PIL.Image import Image
    from torch import Tensor

    from .engine import Engine

ALPHA = 16
"""What LoRA's product is multiplied by, after it was divided by its rank: so that the first steps
change a layer alike at all ranks."""

CLIP = 1.0
"""Most length of a step's gradient."""

_HELD = "held"


class Learner:
    """Weights that learn, by AdamW without decay; moments and weights in float32 at least.

    Args:
        engine: of the model.
        given: prompt → the canvases that the model is given.
        kind: prompt → what those have in common that go through the model together.
        batch: prompts of a forward at most.
        weights: that learn, by name.

    Attributes:
        size: how many numbers learn.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        given: Callable[[Prompt], Sequence[Image]],
        kind: Callable[[Prompt], Hashable],
        batch: int,
        weights: Mapping[str, Tensor],
    ) -> None:
        import torch

        self._engine, self._given, self._kind, self._batch = engine, given, kind, batch
        self._live = dict(weights)
        self._learning = {
            # Steps are lost to rounding in 16 bits.
            name: one if one.dtype.itemsize >= 4 else one.detach().float().requires_grad_()
            for name, one in self._live.items()
        }
        self.size = sum(one.numel() for one in self._live.values())
        self._optimizer = torch.optim.AdamW(self._learning.values(), weight_decay=0.0)

    def loss(self, prompts: Sequence[Prompt], right: Sequence[int], *, learn: bool) -> float:
        """Mean cross-entropy of the right letter as the next word, over the whole vocabulary.

        Args:
            prompts: as the model is asked.
            right: position of each one's right option.
            learn: whether gradients are kept for a step.

        Raises:
            MeasurementError: it is not finite, no gradient comes to what is to learn, or there is
                no memory for one prompt.
        """
        import math

        import torch

        while True:
            self._optimizer.zero_grad()
            for one in self._live.values():
                one.grad = None
            try:
                total = self._loss(prompts, right, learn=learn)
                break
            except torch.OutOfMemoryError as error:
                words = str(error).splitlines()[0]
            # Outside of the except block: the exception keeps the forward's tensors alive.
            torch.cuda.empty_cache()
            if self._batch == 1:
                raise MeasurementError(
                    f"one prompt at a time does not fit in memory while it is learned: {words}"
                )
            self._batch = max(1, self._batch // 2)
        if not math.isfinite(total):
            raise MeasurementError(f"the loss is {total}")
        # Where all is learned perfectly there is none left.
        if (
            learn
            and total > 0
            and not any(
                one.grad is not None and bool(one.grad.any()) for one in self._live.values()
            )
        ):
            raise MeasurementError("no gradient of the answers comes to it")
        return total

    def _loss(self, prompts: Sequence[Prompt], right: Sequence[int], *, learn: bool) -> float:
        import torch
        from torch.nn import functional

        total = 0.0
        numbers = range(len(prompts))
        for _, group in itertools.groupby(numbers, lambda k: self._kind(prompts[k])):
            own = list(group)
            for start in range(0, len(own), self._batch):
                some = [prompts[k] for k in own[start : start + self._batch]]
                primer, letters = self._engine.chat.letters(some[0])
                x = self._engine.encode([(p, self._given(p)) for p in some], primer=primer)
                with torch.set_grad_enabled(learn):
                    logits = self._engine.next_words(x)
                    targets = [letters[right[k]] for k in own[start : start + self._batch]]
                    value = functional.cross_entropy(
                        logits, torch.tensor(targets, device=logits.device), reduction="sum"
                    ) / len(prompts)
                if value.requires_grad:
                    torch.autograd.backward(value)
                total += float(value.detach())
        return total

    def step(self, rate: float) -> None:
        """Change the weights by the gradients of the last loss."""
        import torch

        for name, one in self._learning.items():
            grad = self._live[name].grad
            if one is not self._live[name] and grad is not None:
                one.grad = grad.float()
        torch.nn.utils.clip_grad_norm_(self._learning.values(), CLIP)
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        self._optimizer.step()
        self._show()

    def state(self) -> dict[str, Tensor]:
        """Weights and moments by name."""
        tensors = {name: one.detach().clone() for name, one in self._learning.items()}
        for name, one in self._learning.items():
            for moment, value in self._optimizer.state.get(one, {}).items():
                tensors[f"{moment} {name}"] = value.clone()
        return tensors

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Go on from a state.

        Raises:
            ValueError: it is that of other weights.
        """
        import torch

        names = {key for key in state if " " not in key}
        if names != set(self._learning):
            raise ValueError("the state is that of other weights")
        with torch.no_grad():
            for name, one in self._learning.items():
                one.copy_(state[name])
        for key in state.keys() - names:
            moment, name = key.split(" ")
            one = self._learning[name]
            # AdamW counts its steps on the CPU.
            value = state[key] if moment == "step" else state[key].to(one.device)
            self._optimizer.state[one][moment] = value.clone()
        self._show()

    def _show(self) -> None:
        """Have the model compute with what is learned, where that is kept apart."""
        import torch

        with torch.no_grad():
            for name, one in self._learning.items():
                if one is not self._live[name]:
                    self._live[name].copy_(one)


@contextlib.contextmanager
def lora(model: Any, ranks: Mapping[str, int], *, seed: int) -> Iterator[dict[str, Tensor]]:
    """Have matrices of low rank beside some linear layers (Hu et al., ICLR 2022, 2106.09685).

    They change nothing before they learn, and are taken out in the end.

    Args:
        model: of transformers.
        ranks: name of a linear layer → rank.
        seed: of the matrices that start at random; the global generators are left as they are.

    Yields:
        The matrices by name, in float32 where the layers are in 16 bits.
    """
    import torch
    from peft import LoraConfig, get_peft_model
    from torch import nn

    config = LoraConfig(
        r=max(ranks.values()),
        lora_alpha=ALPHA,
        target_modules=[f"{_HELD}.{name}" for name in ranks],
        rank_pattern={f"{_HELD}.{name}": rank for name, rank in ranks.items()},
    )
    # Of a model whose type peft knows to have experts it takes layers that are called as theirs,
    # whatever part they are in, for the experts. Of what only holds a model it knows no type.
    holder = nn.ModuleDict({_HELD: model})
    with warnings.catch_warnings(), torch.random.fork_rng():
        warnings.simplefilter("ignore")  # of tied weights, which are not touched
        torch.manual_seed(seed)
        wrapped = get_peft_model(holder, config)
    try:
        wrapped.eval()
        yield {name: one for name, one in wrapped.named_parameters() if one.requires_grad}
    finally:
        wrapped.unload()


@contextlib.contextmanager
def freed(model: Any, names: Sequence[str]) -> Iterator[dict[str, Tensor]]:
    """Have some of a model's own weights learn, and put them back in the end.

    Args:
        model: of transformers.
        names: of the weights.

    Yields:
        The weights by name.
    """
    import torch

    weights = {name: model.get_parameter(name) for name in names}
    before = {name: one.detach().clone() for name, one in weights.items()}
    try:
        for one in weights.values():
            one.requires_grad_(requires_grad=True)
        yield weights
    finally:
        with torch.no_grad():
            for name, one in weights.items():
                one.requires_grad_(requires_grad=False)
                one.grad = None
                one.copy_(before[name])
