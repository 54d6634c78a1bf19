"""What goes through layers is read, changed or left out, and only while it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import torch
from torch import Tensor, nn

from pytest_vlmsight.models.anatomy import Anatomy
from pytest_vlmsight.models.base import NoMapError, Stage
from pytest_vlmsight.models.recording import PROJECTED, recorded, replaced, without_layers

if TYPE_CHECKING:
    from collections.abc import Callable


class Plus(nn.Module):
    """Adds a number."""

    def __init__(self, number: float) -> None:
        super().__init__()
        self.number = number

    def forward(self, hidden_states: Tensor, scale: Tensor | None = None) -> Tensor:
        return hidden_states + self.number


class PlusAndMore(Plus):
    """Returns a tuple, as layers that hand out their attention do."""

    def forward(self, hidden_states: Tensor, scale: Tensor | None = None) -> Any:
        return hidden_states + self.number, "attention"


class Model(nn.Module):
    """Three layers that see and two that speak."""

    def __init__(self, layer: type[Plus] = Plus, *, named: bool = False) -> None:
        super().__init__()
        self.eye = nn.ModuleList([layer(1), layer(10), layer(100)])
        self.mouth = nn.ModuleList([layer(1000), layer(10_000)])
        self.named = named
        self.spoke = 0

    def forward(self, x: Tensor) -> Tensor:
        for layer in (*self.eye, *self.mouth):
            self.spoke += layer is self.mouth[-1]
            # Attention masks and the like come before and after what is passed on.
            own = layer(scale=torch.ones(1), hidden_states=x) if self.named else layer(x)
            x = own[0] if isinstance(own, tuple) else own
        return x


def anatomy(model: Model) -> Anatomy:
    return Anatomy(eye=model.eye, mouth=model.mouth, between=())


SHAPES: list[Callable[[], Model]] = [
    Model,
    lambda: Model(PlusAndMore),
    lambda: Model(named=True),
    lambda: Model(PlusAndMore, named=True),
]
shapes = pytest.mark.parametrize(
    "make", SHAPES, ids=["plain", "tuples", "by name", "tuples by name"]
)


def hooks(model: nn.Module) -> int:
    return sum(
        len(module._forward_hooks) + len(module._forward_pre_hooks) + ("forward" in vars(module))
        for module in model.modules()
    )


@shapes
def test_a_stage_is_what_its_layer_is_given_or_returns(make: Callable[[], Model]) -> None:
    model = make()
    stages = [*(Stage("encoder", k) for k in range(4)), *(Stage("llm", k) for k in range(3))]
    with recorded(anatomy(model), [*stages, PROJECTED]) as record:
        assert float(model(torch.zeros(1))) == 11_111
    assert [float(record[stage]) for stage in stages] == [0, 1, 11, 111, 111, 1111, 11_111]
    assert float(record[PROJECTED]) == 111


def test_the_first_forward_is_kept_of_several() -> None:
    model = Model()
    with recorded(anatomy(model), [Stage("llm", 1)]) as record:
        for start in (5.0, 6.0, 7.0):
            model(torch.full((1,), start))
    assert float(record[Stage("llm", 1)]) == 1116


def test_a_forward_can_end_where_the_llm_begins() -> None:
    model = Model()
    after = False
    with recorded(anatomy(model), [Stage("encoder", 3), PROJECTED], stop=True) as record:
        model(torch.zeros(1))
        after = True
    assert not after
    assert model.spoke == 0
    assert float(record[PROJECTED]) == float(record[Stage("encoder", 3)]) == 111
    assert float(model(torch.zeros(1))) == 11_111


@pytest.mark.parametrize(
    ("stage", "message"),
    [
        (Stage("encoder", 4), r"encoder\[4\]: the encoder has layers 0 to 3"),
        (Stage("llm", 3), r"llm\[3\]: the LLM has layers 0 to 2"),
    ],
)
def test_a_layer_that_is_not_there_is_told_and_nothing_is_left_behind(
    stage: Stage, message: str
) -> None:
    model = Model()
    with (
        pytest.raises(ValueError, match=message),
        recorded(anatomy(model), [PROJECTED, stage]),
    ):
        pytest.fail("it has been entered")
    assert hooks(model) == 0


def test_an_encoder_without_layers_has_no_map() -> None:
    model = Model()
    blind = Anatomy(eye=None, mouth=model.mouth, between=())
    with (
        pytest.raises(NoMapError, match=r"encoder\[1\]: the encoder has no layers with attention"),
        recorded(blind, [Stage("encoder", 1)]),
    ):
        pytest.fail("it has been entered")
    with recorded(blind, [PROJECTED]) as record:
        model(torch.zeros(1))
    assert float(record[PROJECTED]) == 111


@shapes
def test_a_layer_can_return_something_else(make: Callable[[], Model]) -> None:
    model = make()
    with replaced(model.eye, 2, lambda states: -states):
        assert float(model(torch.zeros(1))) == 11_100 - 11
    assert float(model(torch.zeros(1))) == 11_111


@shapes
def test_layers_can_be_left_out(make: Callable[[], Model]) -> None:
    model = make()
    with without_layers([model.eye]):
        assert float(model(torch.zeros(1))) == 11_000
        with without_layers([model.mouth]):
            assert float(model(torch.zeros(1))) == 0
    assert float(model(torch.zeros(1))) == 11_111


def test_layers_that_are_left_out_run_but_once() -> None:
    """However large an encoder is, measuring where its tokens look costs little."""
    model = Model()
    runs: list[int] = []
    real = model.eye[0].forward

    def own(states: Tensor) -> Any:
        runs.append(1)
        return real(states)

    model.eye[0].forward = own
    with without_layers([model.eye, model.mouth]):
        for start in (5.0, 6.0, 7.0):
            assert float(model(torch.full((1,), start))) == start
    assert len(runs) == 1
    assert model.eye[0].forward is own
    assert "forward" not in model.eye[1].__dict__


def test_what_is_read_of_a_layer_that_is_changed_or_left_out_is_what_goes_on() -> None:
    model = Model()
    stages = [Stage("encoder", 1), Stage("encoder", 2)]
    with without_layers([model.eye]), recorded(anatomy(model), stages) as record:
        model(torch.ones(1))
    assert [float(record[stage]) for stage in stages] == [1, 1]
    with (
        replaced(model.eye, 1, lambda states: states * 5),
        recorded(anatomy(model), stages) as record,
    ):
        model(torch.ones(1))
    assert [float(record[stage]) for stage in stages] == [10, 20]


def test_nothing_stays_behind_where_a_forward_fails() -> None:
    model = Model()
    with (
        pytest.raises(TypeError),
        recorded(anatomy(model), [Stage("llm", 1)], stop=True),
        replaced(model.eye, 1, torch.neg),
        without_layers([model.eye, model.mouth]),
    ):
        model("no tensor")
    assert hooks(model) == 0
