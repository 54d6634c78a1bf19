"""Muon turns a gradient into one whose directions all weigh about the same."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_vlmsight.models.tiny.muon import Muon, orthogonalised


@settings(deadline=None)
@given(st.integers(1, 12), st.integers(1, 12), st.integers(0, 1000))
def test_directions_stay_and_weigh_about_the_same(rows: int, columns: int, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    rank = min(rows, columns)
    left, _ = torch.linalg.qr(torch.randn(2, rows, rank, generator=generator))
    right, _ = torch.linalg.qr(torch.randn(2, columns, rank, generator=generator))
    weighed = torch.linspace(1, 5, rank)
    got = orthogonalised(left * weighed @ right.transpose(1, 2))
    turned = left.transpose(1, 2) @ got @ right
    values = turned.diagonal(dim1=1, dim2=2)
    assert torch.allclose(turned, torch.diag_embed(values), atol=1e-3)
    assert 0.6 < values.min() <= values.max() < 1.3


def test_it_agrees_with_the_one_of_torch() -> None:
    """But for bfloat16's rounding, with 8 bits of precision, in five rounds."""
    torch.manual_seed(0)
    start = torch.randn(6, 4)
    ours, theirs = (torch.nn.Parameter(start.clone()) for _ in range(2))
    one = Muon([ours], lr=0.02, weight_decay=0.1)
    other = torch.optim.Muon(
        [theirs], lr=0.02, weight_decay=0.1, momentum=0.95, adjust_lr_fn="match_rms_adamw"
    )
    for step in range(5):
        generator = torch.Generator().manual_seed(step)
        ours.grad = torch.randn(6, 4, generator=generator)
        theirs.grad = ours.grad.clone()
        one.step()
        other.step()  # type: ignore[no-untyped-call]
    moved = (theirs - start).norm()
    assert (ours - theirs).norm() < 0.03 * moved


def test_equal_shapes_do_not_mix() -> None:
    torch.manual_seed(0)
    grads = torch.randn(2, 5, 5)
    together = [torch.nn.Parameter(torch.zeros(5, 5)) for _ in range(2)]
    for one, grad in zip(together, grads, strict=True):
        one.grad = grad
    Muon(together, lr=0.1, weight_decay=0.0).step()
    for one, grad in zip(together, grads, strict=True):
        alone = torch.nn.Parameter(torch.zeros(5, 5))
        alone.grad = grad
        Muon([alone], lr=0.1, weight_decay=0.0).step()
        assert torch.allclose(one, alone, atol=1e-6)


def test_what_has_no_gradient_stays() -> None:
    one = torch.nn.Parameter(torch.ones(2, 2))
    Muon([one], lr=0.1, weight_decay=0.5).step()
    assert torch.equal(one, torch.ones(2, 2))


def test_a_closure_is_refused() -> None:
    with pytest.raises(ValueError, match="takes no closure"):
        Muon([torch.nn.Parameter(torch.ones(2, 2))], lr=0.1, weight_decay=0.0).step(lambda: 0.0)
