"""A training that can be stopped at any time, goes on where it was, and ends the same.

All that a step does is decided by its number, and what was learnt is written down every few
minutes: weights and the optimisers' moments, as safetensors.
"""

from __future__ import annotations

import json
import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from torch import Tensor, nn
    from torch.optim import Optimizer

_WRITTEN_EVERY = 60.0  # seconds
_KEPT = "kept"
_LAYERS = ".layers."
"""In the names of what is in a transformer's layers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """How long and how fast something is trained.

    Attributes:
        steps: how many.
        rate: the highest learning rate; reached after a tenth of the steps, 0 after all.
        decay: of weights, per step and learning rate.
        clip: most length of a step's gradient.
    """

    steps: int
    rate: float
    decay: float = 0.05
    clip: float = 1.0

    def rate_at(self, step: int) -> float:
        """A straight rise and then half a cosine (Loshchilov and Hutter 2017, without restarts)."""
        risen = max(1, self.steps // 10)
        if step < risen:
            return self.rate * (step + 1) / risen
        share = (step - risen) / max(1, self.steps - risen)
        return self.rate * 0.5 * (1 + math.cos(math.pi * share))


def train(
    module: nn.Module,
    loss: Callable[[int], Tensor],
    *,
    course: Course,
    path: Path,
    told: Callable[[int, int, float], None],
    after: Callable[[], None] | None = None,
) -> None:
    """Train what of a module needs gradients.

    Args:
        module: changed in place.
        loss: step → what is to be small; all of it is decided by the step's number.
        course: how long and how fast.
        path: where it is written down; what is there already is gone on with.
        told: of how many steps are done, of how many, and of the last one's loss.
        after: called after each step, and may change what needs no gradient.

    Raises:
        ValueError: the file is that of another module, or a loss is not finite.
    """
    import torch

    learning = {name: one for name, one in module.named_parameters() if one.requires_grad}
    # state_dict's tensors are the module's own, so that what is read into them is in it.
    kept = {n: t for n, t in module.state_dict().items() if n not in learning} if after else {}
    own = _Own(learning=learning, kept=kept, optimizers=_optimizers(learning, course))
    done = _read(path, own) if path.is_file() else 0
    module.train()
    written = time.monotonic()
    for step in range(done, course.steps):
        for optimizer in own.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = course.rate_at(step)
        value = loss(step)
        told_loss = float(value.detach())
        if not math.isfinite(told_loss):
            raise ValueError(f"step {step} of {path.stem}: the loss is {told_loss}")
        module.zero_grad()
        torch.autograd.backward(value)
        torch.nn.utils.clip_grad_norm_(learning.values(), course.clip)
        for optimizer in own.optimizers:
            optimizer.step()
        if after:
            after()
        told(step + 1, course.steps, told_loss)
        if time.monotonic() - written > _WRITTEN_EVERY:
            _write(path, step + 1, own)
            written = time.monotonic()
    if done < course.steps:
        _write(path, course.steps, own)
    module.eval()


def _optimizers(learning: dict[str, Any], course: Course) -> list[Optimizer]:
    """Muon for the matrices of layers, AdamW for the rest."""
    import torch

    from .muon import Muon

    matrices = [p for name, p in learning.items() if _LAYERS in name and p.ndim == 2]
    rest = {name: p for name, p in learning.items() if not (_LAYERS in name and p.ndim == 2)}
    # Biases and scales are left as they are.
    groups = [
        {"params": [p for p in rest.values() if p.ndim > 1], "weight_decay": course.decay},
        {"params": [p for p in rest.values() if p.ndim < 2], "weight_decay": 0.0},
    ]
    groups = [group for group in groups if group["params"]]
    found: list[Optimizer] = []
    if matrices:
        found.append(Muon(matrices, lr=course.rate, weight_decay=course.decay))
    if groups:
        found.append(torch.optim.AdamW(groups, lr=course.rate, betas=(0.9, 0.98)))
    return found


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Own:
    """All that a training changes.

    Attributes:
        learning: weights by name.
        kept: other tensors by name, which are no weights that learn.
        optimizers: of the weights.
    """

    learning: dict[str, Any]
    kept: dict[str, Any]
    optimizers: Sequence[Optimizer]


def _write(path: Path, step: int, own: _Own) -> None:
    from safetensors.torch import save_file

    tensors = {name: one.detach().contiguous() for name, one in own.learning.items()}
    tensors |= {f"{_KEPT} {name}": one.clone() for name, one in own.kept.items()}
    for name, one in own.learning.items():
        for optimizer in own.optimizers:
            # What no loss depends on has no moments.
            for moment, value in optimizer.state.get(one, {}).items():
                if moment != "step":
                    tensors[f"{moment} {name}"] = value.contiguous()
    partial = path.with_suffix(".partial")
    save_file(tensors, partial, metadata={"step": json.dumps(step)})
    partial.replace(path)


def _read(path: Path, own: _Own) -> int:
    """The step that is next."""
    import torch
    from safetensors import safe_open

    with safe_open(path, "pt") as file:
        written = set(file.keys())
        names = {name for name in written if " " not in name}
        if names != set(own.learning):
            (first, *_) = sorted(names ^ set(own.learning))
            raise ValueError(
                f"{path}: what was written is not what is trained (first: {first}); "
                "delete the file or give another folder"
            )
        step = int(json.loads(file.metadata()["step"]))
        with torch.no_grad():
            for name, one in own.learning.items():
                one.copy_(file.get_tensor(name))
            for key in written - names:
                moment, name = key.split(" ")
                value = file.get_tensor(key)
                if moment == _KEPT:
                    own.kept[name].copy_(value)
                    continue
                one = own.learning[name]
                (optimizer,) = (o for o in own.optimizers if _has(o, one))
                optimizer.state[one][moment] = value.to(one.device)
                if isinstance(optimizer, torch.optim.AdamW):
                    optimizer.state[one]["step"] = torch.tensor(float(step))
    return step


def _has(optimizer: Optimizer, one: Any) -> bool:
    return any(one is p for group in optimizer.param_groups for p in group["params"])


def order(step: int, *, batch: int, of: int, seed: int) -> list[int]:
    """The numbers of a step's examples: all are met once before any is met again.

    Args:
        step: its number.
        batch: examples of a step, at most ``of``.
        of: how many there are.
        seed: of the order.
    """
    import numpy as np

    each = of // batch
    epoch, place = divmod(step, each)
    shuffled = np.random.default_rng([seed, epoch]).permutation(of)
    return sorted(shuffled[place * batch : (place + 1) * batch].tolist())
