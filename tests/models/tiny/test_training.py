"""A training that was stopped goes on, and ends as if it had not been."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from pytest_vlmsight.models.tiny import training
from pytest_vlmsight.models.tiny.training import Course, order, train

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from torch import Tensor

COURSE = Course(steps=12, rate=0.1)


class Deep(nn.Module):
    """Its ``layers`` have matrices, as a transformer's have; the other map has one, too."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Module()
        self.inner.layers = nn.ModuleList([nn.Linear(3, 4), nn.Linear(4, 4)])
        self.last = nn.Linear(4, 1)

    def forward(self, x: Tensor) -> Tensor:
        for layer in cast("nn.ModuleList", self.inner.layers):
            x = torch.tanh(layer(x))
        found: Tensor = self.last(x)
        return found


def module() -> nn.Module:
    torch.manual_seed(0)
    return Deep()


def loss_of(trained: nn.Module) -> Callable[[int], Tensor]:
    def loss(step: int) -> Tensor:
        x = torch.randn(16, 3, generator=torch.Generator().manual_seed(step))
        off: Tensor = trained(x)[:, 0] - x[:, 0]
        return (off * off).mean()

    return loss


def ignored(*_: object) -> None:
    """Nobody is told."""


def test_the_loss_falls(tmp_path: Path) -> None:
    told: list[tuple[int, int, float]] = []
    trained = module()
    train(
        trained,
        loss_of(trained),
        course=Course(steps=60, rate=0.05),
        path=tmp_path / "a.safetensors",
        told=lambda *one: told.append(one),
    )
    assert [done for done, _, _ in told] == list(range(1, 61))
    assert told[-1][2] < 0.3 * told[0][2]
    assert not trained.training


@pytest.mark.parametrize("stop", [1, 5, 11])
def test_what_was_stopped_ends_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop: int
) -> None:
    whole = module()
    train(whole, loss_of(whole), course=COURSE, path=tmp_path / "whole.safetensors", told=ignored)
    monkeypatch.setattr(training, "_WRITTEN_EVERY", -1.0)
    path = tmp_path / "part.safetensors"
    stopped = module()
    loss = loss_of(stopped)

    def interrupted(step: int) -> Tensor:
        if step == stop:
            raise KeyboardInterrupt
        return loss(step)

    with pytest.raises(KeyboardInterrupt):
        train(stopped, interrupted, course=COURSE, path=path, told=ignored)
    again = module()
    told: list[int] = []
    train(
        again,
        loss_of(again),
        course=COURSE,
        path=path,
        told=lambda done, _, __: told.append(done),
    )
    assert told == list(range(stop + 1, 13))
    for one, other in zip(whole.parameters(), again.parameters(), strict=True):
        assert torch.equal(one, other)


def test_what_is_done_is_only_read(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    first = module()
    train(first, loss_of(first), course=COURSE, path=path, told=ignored)
    again = module()

    def never(step: int) -> Tensor:
        raise AssertionError(step)

    train(again, never, course=COURSE, path=path, told=ignored)
    for one, other in zip(first.parameters(), again.parameters(), strict=True):
        assert torch.equal(one, other)


def test_what_needs_no_gradient_stays_and_is_not_written(tmp_path: Path) -> None:
    from safetensors import safe_open

    trained = module()
    first = trained.get_submodule("inner.layers.0")
    before = cast("Tensor", first.weight).clone()
    first.requires_grad_(requires_grad=False)
    path = tmp_path / "a.safetensors"
    train(trained, loss_of(trained), course=COURSE, path=path, told=ignored)
    assert torch.equal(cast("Tensor", first.weight), before)
    with safe_open(path, "pt") as file:
        assert not [name for name in file.keys() if "layers.0" in name]  # noqa: SIM118


def test_the_file_of_another_module_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    trained = module()
    train(trained, loss_of(trained), course=COURSE, path=path, told=ignored)
    other = nn.Linear(3, 1)
    with pytest.raises(ValueError, match=r"a\.safetensors: what was written is not what"):
        train(other, loss_of(other), course=COURSE, path=path, told=ignored)


def test_a_loss_that_is_not_finite_ends_it(tmp_path: Path) -> None:
    trained = module()
    with pytest.raises(ValueError, match="step 0 of a: the loss is nan"):
        train(
            trained,
            lambda _: torch.tensor(torch.nan),
            course=COURSE,
            path=tmp_path / "a.safetensors",
            told=ignored,
        )
    assert not list(tmp_path.iterdir())


def test_the_rate_rises_and_falls() -> None:
    rates = [Course(steps=100, rate=2.0).rate_at(step) for step in range(100)]
    assert max(rates) == rates[10] == 2.0
    assert rates[:10] == sorted(rates[:10])
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rates[-1] < 0.002


@given(st.integers(1, 6), st.integers(6, 20), st.integers(0, 3))
def test_all_are_met_once_before_any_is_met_again(batch: int, of: int, seed: int) -> None:
    each = of // batch
    for epoch in range(2):
        met = [
            one
            for step in range(epoch * each, (epoch + 1) * each)
            for one in order(step, batch=batch, of=of, seed=seed)
        ]
        assert len(met) == len(set(met)) == each * batch
        assert set(met) <= set(range(of))
