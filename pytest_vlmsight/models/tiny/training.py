"""A training that can be stopped at any time, goes on where it was, and ends the same.

All that a step does is decided by its number, and what was learnt is written down every few
minutes: weights and the optimiser's moments, as safetensors.
"""

from __future__ import annotations

import json
import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from torch import Tensor, nn
    from torch.optim import Optimizer

_WRITTEN_EVERY = 60.0  # seconds
_MOMENTS = ("exp_avg", "exp_avg_sq")


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
) -> None:
    """Train what of a module needs gradients.

    Args:
        module: changed in place.
        loss: step → what is to be small; all of it is decided by the step's number.
        course: how long and how fast.
        path: where it is written down; what is there already is gone on with.
        told: of how many steps are done, of how many, and of the last one's loss.

    Raises:
        ValueError: the file is that of another module, or a loss is not finite.
    """
    import torch

    learning = {name: one for name, one in module.named_parameters() if one.requires_grad}
    # Biases and scales are left as they are.
    groups = [
        {"params": [p for p in learning.values() if p.ndim > 1], "weight_decay": course.decay},
        {"params": [p for p in learning.values() if p.ndim < 2], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(
        [group for group in groups if group["params"]], lr=course.rate, betas=(0.9, 0.98)
    )
    done = _read(path, learning, optimizer) if path.is_file() else 0
    module.train()
    written = time.monotonic()
    for step in range(done, course.steps):
        for group in optimizer.param_groups:
            group["lr"] = course.rate_at(step)
        value = loss(step)
        told_loss = float(value.detach())
        if not math.isfinite(told_loss):
            raise ValueError(f"step {step} of {path.stem}: the loss is {told_loss}")
        optimizer.zero_grad()
        torch.autograd.backward(value)
        torch.nn.utils.clip_grad_norm_(learning.values(), course.clip)
        optimizer.step()
        told(step + 1, course.steps, told_loss)
        if time.monotonic() - written > _WRITTEN_EVERY:
            _write(path, step + 1, learning, optimizer)
            written = time.monotonic()
    if done < course.steps:
        _write(path, course.steps, learning, optimizer)
    module.eval()


def _write(path: Path, step: int, learning: dict[str, Any], optimizer: Optimizer) -> None:
    from safetensors.torch import save_file

    tensors = {name: one.detach().contiguous() for name, one in learning.items()}
    for name, one in learning.items():
        # What no loss depends on has no moments.
        for moment in _MOMENTS if optimizer.state[one] else ():
            tensors[f"{moment} {name}"] = optimizer.state[one][moment].contiguous()
    partial = path.with_suffix(".partial")
    save_file(tensors, partial, metadata={"step": json.dumps(step)})
    partial.replace(path)


def _read(path: Path, learning: dict[str, Any], optimizer: Optimizer) -> int:
    """The step that is next."""
    import torch
    from safetensors import safe_open

    with safe_open(path, "pt") as file:
        written = set(file.keys())
        names = {name for name in written if " " not in name}
        if names != set(learning):
            (first, *_) = sorted(names ^ set(learning))
            raise ValueError(
                f"{path}: what was written is not what is trained (first: {first}); "
                "delete the file or give another folder"
            )
        step = int(json.loads(file.metadata()["step"]))
        with torch.no_grad():
            for name, one in learning.items():
                one.copy_(file.get_tensor(name))
                if f"{_MOMENTS[0]} {name}" not in written:
                    continue
                optimizer.state[one] = {
                    "step": torch.tensor(float(step)),
                    **{moment: file.get_tensor(f"{moment} {name}") for moment in _MOMENTS},
                }
    return step


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
