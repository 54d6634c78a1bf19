"""The start-up self-check refuses what does not read the features that the LLM is given."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch

from pytest_vlmsight.models.base import ModelError
from pytest_vlmsight.models.selfcheck import StageSamples, check_stages

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

PATCHES, CHANNELS, LAYERS = 16, 8, 4


class Eye:
    """Hidden states with a CLS token in front, and a projector."""

    def __init__(self) -> None:
        random = torch.Generator().manual_seed(0)
        self.states = [torch.randn(1 + PATCHES, CHANNELS, generator=random) for _ in range(LAYERS)]
        self.weight = torch.randn(CHANNELS, CHANNELS, generator=random)

    def project(self, features: Tensor) -> Tensor:
        return torch.tanh(features @ self.weight)

    def samples(
        self, *, source: Tensor, given: Callable[[Tensor], Tensor] = torch.clone
    ) -> StageSamples:
        """What is read where the LLM is truly fed from layer 2 without CLS."""
        projected = self.project(self.states[2][1:])
        return StageSamples(
            llm_input=given(projected),
            projected=projected,
            projected_again=self.project(source),
            fed_from="encoder[2]",
        )


def test_the_right_features_pass() -> None:
    eye = Eye()
    check_stages(eye.samples(source=eye.states[2][1:]), name="model", dtype="float32")


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        (lambda eye: eye.states[1][1:], "the layer before"),
        (lambda eye: eye.states[3][1:], "the layer after"),
        (lambda eye: eye.states[2][:-1], "CLS kept: one token off"),
        (lambda eye: eye.states[2][1:].roll(1, 0), "rolled"),
        (lambda eye: eye.states[2][1:].flip(0), "reversed"),
        (lambda eye: eye.states[2][1:].reshape(4, 4, -1).mT.reshape(16, -1), "scrambled"),
        (lambda eye: eye.states[2][1:] * 1.01, "scaled"),
    ],
)
def test_features_that_the_llm_is_not_given_are_refused(
    source: Callable[[Eye], Tensor], fault: str
) -> None:
    eye = Eye()
    with pytest.raises(ModelError, match=r"model: self-check failed: encoder\[2\] through the"):
        check_stages(eye.samples(source=source(eye)), name="model", dtype="float32")


def test_transposed_tokens_are_refused() -> None:
    eye = Eye()
    transposed = eye.states[2][1:].reshape(4, 4, -1).transpose(0, 1).reshape(PATCHES, -1)
    with pytest.raises(ModelError, match="self-check failed"):
        check_stages(eye.samples(source=transposed), name="model", dtype="float32")


@pytest.mark.parametrize(
    "given",
    [lambda x: x.roll(1, 0), lambda x: x.flip(0), lambda x: x * 2, lambda x: x[torch.randperm(16)]],
    ids=["rolled", "reversed", "scaled", "shuffled"],
)
def test_an_llm_that_is_given_something_else_is_refused(
    given: Callable[[Tensor], Tensor],
) -> None:
    eye = Eye()
    torch.manual_seed(0)
    samples = eye.samples(source=eye.states[2][1:], given=given)
    with pytest.raises(ModelError, match="the LLM's input differs from the projected features by"):
        check_stages(samples, name="model", dtype="float32")


def test_another_number_of_tokens_is_refused_with_both_shapes() -> None:
    eye = Eye()
    samples = eye.samples(source=eye.states[2])
    with pytest.raises(ModelError, match=r"in shape, \(17, 8\) against \(16, 8\)"):
        check_stages(samples, name="model", dtype="float32")
    samples = eye.samples(source=eye.states[2][1:], given=lambda x: x[:-1])
    with pytest.raises(ModelError, match=r"LLM's input .* in shape, \(15, 8\) against \(16, 8\)"):
        check_stages(samples, name="model", dtype="float32")


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_numbers_that_are_none_are_refused(value: float, dtype: str) -> None:
    eye = Eye()
    broken = eye.states[2][1:].clone()
    broken[3, 2] = float("nan")
    with pytest.raises(ModelError, match="self-check failed"):
        check_stages(eye.samples(source=broken), name="model", dtype=dtype)

    def given(x: Tensor) -> Tensor:
        y = x.clone()
        y[0, 0] = value
        return y

    samples = eye.samples(source=eye.states[2][1:], given=given)
    with pytest.raises(ModelError, match="self-check failed"):
        check_stages(samples, name="model", dtype=dtype)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_numbers_that_are_none_on_both_sides_are_refused(value: float) -> None:
    both = torch.full((PATCHES, CHANNELS), value)
    samples = StageSamples(llm_input=both, projected=both, projected_again=None, fed_from="")
    with pytest.raises(ModelError, match="self-check failed"):
        check_stages(samples, name="model", dtype="float32")


def test_rounding_is_allowed_as_the_dtype_has_it() -> None:
    eye = Eye()
    source = eye.states[2][1:]
    rounded = eye.samples(source=source, given=lambda x: x.bfloat16().float())
    check_stages(rounded, name="model", dtype="bfloat16")
    with pytest.raises(ModelError, match="self-check failed"):
        check_stages(rounded, name="model", dtype="float32")
    check_stages(
        eye.samples(source=source, given=lambda x: x + 1e-6), name="model", dtype="float32"
    )


def test_a_projector_that_reads_several_layers_is_checked_at_the_llm_only() -> None:
    eye = Eye()
    right = eye.samples(source=eye.states[2][1:])
    check_stages(
        StageSamples(
            llm_input=right.llm_input,
            projected=right.projected,
            projected_again=None,
            fed_from="encoder[2]",
        ),
        name="model",
        dtype="float32",
    )


def test_a_wrong_layer_is_caught_at_half_precision_too() -> None:
    eye = Eye()
    with pytest.raises(ModelError, match="readouts would not see what the LLM sees"):
        check_stages(eye.samples(source=eye.states[1][1:]), name="model", dtype="bfloat16")
