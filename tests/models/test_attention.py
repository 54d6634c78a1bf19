"""What the answer position attends to is what the model computes, and cutting it off cuts it."""

from __future__ import annotations

import weakref
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from asking import noise, prompt
from torch import nn

from pytest_vlmsight.models.attention import cut_off, eager
from pytest_vlmsight.models.base import KnockOut, MeasurementError, NoMapError, Prompt

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from pytest_vlmsight.models.base import Attention
    from pytest_vlmsight.models.transformers_vlm import TransformersVlm

ASKED = [prompt(noise(k, (112, 112)), words=1 + 4 * k) for k in range(3)]


def implementations(vlm: TransformersVlm) -> dict[str, str]:
    """Name of every part → how it attends."""
    found = {}
    for name, part in vlm._engine.model.named_modules():
        config: Any = getattr(part, "config", None)
        for own in (
            config,
            *(getattr(config, k, None) for k in getattr(config, "sub_configs", {})),
        ):
            if hasattr(own, "_attn_implementation"):
                found[f"{name} {type(own).__name__}"] = own._attn_implementation
    return found


def knocked(asked: Prompt, hidden: np.ndarray, *, alone: bool = False) -> KnockOut:
    return KnockOut(
        images=asked.images,
        question=asked.question,
        options=asked.options,
        hidden=tuple(hidden.tolist()),
        alone=alone,
    )


def given(vlm: TransformersVlm, asked: Prompt) -> Mapping[str, Any]:
    primer, _ = vlm._engine.chat.letters(asked)
    return vlm._engine.encode([(asked, vlm._given(asked)[0])], primer=primer)


def maps(vlm: TransformersVlm, asked: Prompt) -> list[np.ndarray]:
    """(heads, length, length) of each layer, as transformers hands them out."""
    with torch.inference_mode(), eager(vlm._engine.model.get_decoder()):
        output = vlm._engine.model(**given(vlm, asked), output_attentions=True)
    return [one[0].numpy() for one in output.attentions]


# -- eager for this pass only --------------------------------------------------------------------


def test_answers_are_the_same_before_and_after_and_nearly_so_meanwhile(
    vlm: TransformersVlm,
) -> None:
    before, how = list(vlm.ask(ASKED)), implementations(vlm)
    assert "eager" not in how.values()  # else nothing is switched
    meanwhile = [one.answer for one in vlm.attend(ASKED)]
    assert implementations(vlm) == how
    assert list(vlm.ask(ASKED)) == before
    for one, other in zip(before, meanwhile, strict=True):
        assert other.logprobs == pytest.approx(one.logprobs, abs=1e-4)


def test_attention_is_put_back_after_an_error(
    vlm: TransformersVlm, monkeypatch: pytest.MonkeyPatch
) -> None:
    how = implementations(vlm)
    met = []

    def fails(*_: object) -> None:
        met.append(implementations(vlm))
        raise MeasurementError("no answer")

    monkeypatch.setattr(vlm, "_scored", fails)
    for run in (vlm.attend(ASKED), vlm.knocked_out([knocked(ASKED[0], np.array([3]))])):
        with pytest.raises(MeasurementError, match="no answer"):
            list(run)
    assert "eager" in met[0].values()
    assert implementations(vlm) == how
    assert not any(part._forward_hooks for part in vlm._engine.anatomy.mouth.modules())


def test_an_llm_that_cannot_be_switched_is_an_error() -> None:
    with (
        pytest.raises(MeasurementError, match=r"Linear.* cannot be switched to eager"),
        eager(nn.Linear(2, 2)),
    ):
        pass


# -- what is read --------------------------------------------------------------------------------


def test_rows_are_those_of_the_answer_position_in_transformers_own_maps(
    vlm: TransformersVlm,
) -> None:
    for asked, found in zip(ASKED, vlm.attend(ASKED), strict=True):  # padded on the left
        own = maps(vlm, asked)
        assert found.layers == tuple(range(1, len(own) + 1))
        assert found.rows.shape == (len(own), own[0].shape[0], own[0].shape[-1])
        for row, full in zip(found.rows, own, strict=True):
            np.testing.assert_allclose(row, full[:, -1], atol=1e-5)
        np.testing.assert_allclose(found.rows.sum(-1), 1, atol=1e-5)
        assert found.rollout is None


def test_a_rollout_is_the_product_of_all_layers_maps(vlm: TransformersVlm) -> None:
    (found,) = vlm.attend(ASKED[:1], rollout=True)
    rolled = None
    for full in maps(vlm, ASKED[0]):
        step = (full.mean(0) + np.eye(full.shape[-1])) / 2
        rolled = step if rolled is None else step @ rolled
    assert rolled is not None
    assert found.rollout is not None
    np.testing.assert_allclose(found.rollout, rolled[-1], atol=1e-6)


@pytest.mark.parametrize("rollout", [False, True])
def test_full_maps_of_earlier_layers_are_not_kept(vlm: TransformersVlm, rollout: bool) -> None:
    made: list[weakref.ref[torch.Tensor]] = []
    most = 0

    def count(_: nn.Module, __: Any, result: tuple[Any, ...]) -> None:
        nonlocal most
        made.append(weakref.ref(result[1]))
        most = max(most, sum(one() is not None for one in made))

    handles = [layer.self_attn.register_forward_hook(count) for layer in vlm._engine.anatomy.mouth]
    found = list(vlm.attend(ASKED, rollout=rollout))
    for handle in handles:
        handle.remove()
    assert len(made) == len(found[0].layers) > 1
    assert most == 1


def test_image_tokens_are_those_that_stand_for_the_image_and_lie_where_they_look(
    vlm: TransformersVlm,
) -> None:
    (found,) = vlm.attend(ASKED[:1])
    ids = given(vlm, ASKED[0])["input_ids"][0].numpy()
    image = np.flatnonzero(ids == vlm._engine.config.image_token_index)
    np.testing.assert_array_equal(found.tokens.numbers, image)
    (grid,) = found.tokens.grids
    assert grid.shape == (8, 8)
    np.testing.assert_allclose(found.tokens.x[grid[3]], (np.arange(8) + 0.5) * 14, atol=0.5)
    np.testing.assert_allclose(found.tokens.y[grid[:, 3]], (np.arange(8) + 0.5) * 14, atol=0.5)
    np.testing.assert_allclose(found.tokens.width, 14, atol=0.5)


def test_images_side_by_side_have_tokens_of_their_own(plain: Path) -> None:
    import tiny_vlms

    vlm = tiny_vlms.loaded(plain, images="composite")
    (found,) = vlm.attend([prompt(noise(0, (112, 112)), noise(1, (112, 56)))])
    tokens = found.tokens
    assert {-1, 0, 1} >= set(tokens.image.tolist()) >= {0, 1}
    for number, grid in enumerate(tokens.grids):
        assert (tokens.image[grid] == number).all()
        assert tokens.x[grid].min() > 0
        assert tokens.x[grid].max() < 112


def test_an_answer_position_that_attends_to_one_patch_is_found_to(vlm: TransformersVlm) -> None:
    (before,) = vlm.attend(ASKED[:1])
    length, patch = before.rows.shape[-1], int(before.tokens.numbers[21])
    cut = torch.zeros(1, length, length, dtype=torch.bool)
    cut[0, -1] = True
    cut[0, -1, patch] = False
    with cut_off(vlm._engine.anatomy.mouth, cut):
        (found,) = vlm.attend(ASKED[:1])
    np.testing.assert_allclose(found.rows[..., patch], 1)


# -- what is cut off -----------------------------------------------------------------------------


def test_without_attention_to_the_image_another_image_is_answered_alike(
    vlm: TransformersVlm,
) -> None:
    others = [replace(one, images=(noise(90 + k, (112, 112)),)) for k, one in enumerate(ASKED)]
    tokens = [one.tokens.numbers for one in vlm.attend(ASKED)]

    def answers(asked: list[Prompt], **how: bool) -> np.ndarray:
        shown = [knocked(one, hidden, **how) for one, hidden in zip(asked, tokens, strict=True)]
        return np.array([one.logprobs for one in vlm.knocked_out(shown)])

    np.testing.assert_allclose(answers(ASKED), answers(others), atol=1e-5)
    seen = np.array([[one.logprobs for one in vlm.ask(asked)] for asked in (ASKED, others)])
    assert np.abs(seen[0] - seen[1]).max() > 1e-3
    # Words between carry on to the answer position what it does not attend to by itself.
    alone = answers(ASKED, alone=True) - answers(others, alone=True)
    assert np.abs(alone).max() > 1e-4


def test_a_prompt_of_which_nothing_is_hidden_is_answered_as_ever(vlm: TransformersVlm) -> None:
    found = list(vlm.knocked_out([knocked(one, np.array([], int)) for one in ASKED]))
    for one, other in zip(vlm.ask(ASKED), found, strict=True):
        assert other.logprobs == pytest.approx(one.logprobs, abs=1e-4)


class _Layer(nn.Module):
    """Attends to what it likes."""

    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.Module()
        self.attention.forward = lambda states, mask: (
            states,
            torch.full((1, 2, 4, 4), 0.25),
        )

    def forward(self, states: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
        out: torch.Tensor = self.attention(states, mask)[0]
        return out


def test_a_layer_that_attends_all_the_same_is_an_error() -> None:
    cut = torch.zeros(1, 4, 4, dtype=torch.bool)
    cut[0, 3, 1] = True
    layers = nn.ModuleList([_Layer()])
    with (
        pytest.raises(MeasurementError, match=r"layer 1 .* attends to what is cut off"),
        cut_off(layers, cut),
    ):
        layers[0](torch.zeros(1, 4, 2), torch.zeros(1, 1, 4, 4))
    with (
        pytest.raises(MeasurementError, match="no mask to which anything can be added"),
        cut_off(layers, torch.zeros_like(cut)),
    ):
        layers[0](torch.zeros(1, 4, 2))


# -- families ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "family",
    [
        "idefics3",
        "llava_next",
        "paligemma",
        *(pytest.param(name, marks=pytest.mark.slow) for name in ("gemma3", "qwen2_5_vl")),
    ],
)
def test_families_are_read_and_cut_off(
    family: str, family_vlm: Callable[[str], TransformersVlm]
) -> None:
    vlm = family_vlm(family)
    how = implementations(vlm)
    asked, other = (prompt(noise(k, (112, 112)), words=3) for k in (0, 1))
    found: Attention
    (found,) = vlm.attend([asked])
    assert found.layers
    assert not found.others
    np.testing.assert_allclose(found.rows.sum(-1), 1, atol=1e-4)
    assert len(found.tokens.numbers) >= 4
    assert not found.tokens.placeless
    hidden = found.tokens.numbers
    cut = [one.logprobs for one in vlm.knocked_out([knocked(p, hidden) for p in (asked, other)])]
    seen = [one.logprobs for one in vlm.ask([asked, other])]
    assert np.ptp(seen, axis=0).max() > 10 * np.ptp(cut, axis=0).max()
    assert implementations(vlm) == how


def test_layers_that_attend_linearly_are_told(
    family_vlm: Callable[[str], TransformersVlm],
) -> None:
    vlm = family_vlm("qwen3_5")
    (found,) = vlm.attend([prompt(noise(0, (112, 112)))])
    assert found.layers
    assert found.others
    assert sorted((*found.layers, *found.others)) == [
        k + 1 for k in range(len(vlm._engine.anatomy.mouth))
    ]


@pytest.mark.parametrize("family", ["blip2", "chameleon", "mllama"])
def test_families_without_image_tokens_of_their_own_are_told(
    family: str, family_vlm: Callable[[str], TransformersVlm]
) -> None:
    with pytest.raises(NoMapError, match="images have no tokens of their own in the LLM"):
        list(family_vlm(family).attend([prompt(noise(0, (112, 112)))]))
