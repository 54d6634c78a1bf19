"""Muon: steps of orthogonalised momentum for the matrices of a transformer's layers.

Jordan et al. 2024, https://kellerjordan.github.io/posts/muon, with the scale that makes its steps
as large as AdamW's (Liu et al., arXiv 2502.16982), so that both have one learning rate. An eye
learns as much in half the steps. PyTorch has one as well, which computes in bfloat16: where a CPU
has no instructions for that, a small model's steps take about 1.7 times as long.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torch import Tensor, nn

_COEFFICIENTS = (3.4445, -4.7750, 2.0315)
_ROUNDS = 5
_SCALE = 0.2


class Muon(torch.optim.Optimizer):
    """Of matrices only.

    Args:
        matrices: all of two dimensions.
        lr: learning rate, of AdamW's size.
        weight_decay: per step and learning rate.
        momentum: share of it that is kept.
    """

    def __init__(
        self,
        matrices: Iterable[nn.Parameter],
        *,
        lr: float,
        weight_decay: float,
        momentum: float = 0.95,
    ) -> None:
        super().__init__(matrices, {"lr": lr, "weight_decay": weight_decay, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        """Change the weights by their gradients.

        Args:
            closure: none is taken.
        """
        if closure is not None:
            raise ValueError("Muon takes no closure; compute gradients before the step")
        for group in self.param_groups:
            keep = group["momentum"]
            shaped: dict[torch.Size, list[tuple[nn.Parameter, Tensor]]] = {}
            for one in group["params"]:
                if one.grad is None:
                    continue
                state = self.state[one]
                if not state:
                    state["momentum"] = torch.zeros_like(one)
                state["momentum"].lerp_(one.grad, 1 - keep)
                along = one.grad.lerp(state["momentum"], keep)
                shaped.setdefault(one.shape, []).append((one, along))
            for shape, some in shaped.items():
                # All of one shape at once, as each alone is small.
                turned = orthogonalised(torch.stack([along for _, along in some]))
                for (one, _), update in zip(some, turned, strict=True):
                    one.mul_(1 - group["lr"] * group["weight_decay"])
                    one.add_(update, alpha=-group["lr"] * _SCALE * max(shape) ** 0.5)


def orthogonalised(matrices: Tensor) -> Tensor:
    """About U·Vᵀ of each matrix U·S·Vᵀ: singular values between 0.7 and 1.2 instead of its own.

    Args:
        matrices: (n, rows, columns).
    """
    wide = matrices.shape[1] <= matrices.shape[2]
    x: Tensor = matrices if wide else matrices.transpose(1, 2)
    x = x / x.norm(dim=(1, 2), keepdim=True).clamp(min=1e-7)
    a, b, c = _COEFFICIENTS
    for _ in range(_ROUNDS):
        gram = x @ x.transpose(1, 2)
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x if wide else x.transpose(1, 2)
