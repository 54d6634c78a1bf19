"""Part ``layers`` says where a planted fault is, and what it cannot say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from fake_vlm import FakeVlm, always
from layered_vlm import STAGES, LayeredVlm, destroyed, off_the_origin, shuffled, tile_items
from made_items import same_colour_items, task

from pytest_vlmsight.diagnosis.layers import chosen_elsewhere, diagnose
from pytest_vlmsight.diagnosis.stage_readouts import deal_answers
from pytest_vlmsight.diagnosis.subject import Subject
from pytest_vlmsight.models.base import MeasurementError
from pytest_vlmsight.records.diagnoses import diagnosis_of, diagnosis_plain
from pytest_vlmsight.settings import GateSettings, Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_vlmsight.diagnosis.result import Diagnosis, Estimate
    from pytest_vlmsight.models.base import PatchGrid, Vlm
    from pytest_vlmsight.tasks.item import Item

ITEMS = tile_items(64)


def diagnosed(
    vlm: Vlm,
    items: Sequence[Item] = ITEMS,
    *,
    readout: str = "nearest_patch",
    **settings: GateSettings,
) -> Diagnosis:
    subject = Subject(
        vlm,
        task(items, readout=readout),
        settings=Settings(items=len(items), gate=settings.get("gate", GateSettings())),
    )
    return diagnose(subject)


@pytest.fixture(scope="module")
def sound() -> Diagnosis:
    """Of a model in which all is seen and kept, and which says A."""
    return diagnosed(LayeredVlm(twin=True))


def of(found: Diagnosis, group: str) -> dict[str, Estimate]:
    return {one.name: one for one in found.of(group)}


# -- planted faults ------------------------------------------------------------------------------


def test_what_is_seen_and_kept_is_present_to_the_last_layer(sound: Diagnosis) -> None:
    found = sound
    assert found.conclusion == "present to the last layer"
    assert (
        "the readout at encoder[1] 100.0% [95.9, 100.0] is above chance (25.0%," in found.sentence
    )
    assert "at llm[3] 100.0% [95.9, 100.0] it is shown to be within -10.0 points" in found.sentence
    (unused,) = (test for test in found.tests if test.claim == "unused")
    assert unused.name == "LLM last → answers"
    assert unused.estimate == pytest.approx(-0.75)
    assert unused.p < 1e-9
    (behind,) = (test for test in found.tests if test.claim.startswith("more is lost behind"))
    assert behind.estimate == pytest.approx(0.75)  # 75 points behind it, none up to it
    assert behind.p < 1e-9


@pytest.mark.parametrize(
    ("stage", "name"), [("projector", "projector"), ("llm[1]", "LLM first"), ("llm[2]", "LLM last")]
)
def test_features_destroyed_at_a_stage_are_lost_there(stage: str, name: str) -> None:
    found = diagnosed(LayeredVlm(faults={stage: destroyed}))
    assert found.conclusion == f"lost at {name}"
    lost = [test for test in found.tests if test.claim == "lost" and test.adjusted <= 0.05]
    assert [test.name.partition(" → ")[2] for test in lost] == [name]
    assert lost[0].interval.high < -0.5
    (behind,) = (test for test in found.tests if test.claim.startswith("more is lost behind"))
    assert behind.p > 0.5
    curve = of(found, "readout")
    place = [str(one) for one in STAGES].index(stage)
    assert all(curve[str(one)].value == 1 for one in STAGES[:place])
    assert all(curve[str(one)].value < 0.5 for one in STAGES[place:])


def test_a_shuffled_encoder_does_not_encode() -> None:
    found = diagnosed(LayeredVlm(faults={"encoder[0]": shuffled}), gate=GateSettings(min_gain=0.2))
    assert found.conclusion == "not encoded"
    assert "not shown to be above chance (25.0%" in found.sentence
    assert "less than +20.0 points above it" in found.sentence


def test_too_few_items_are_no_proof_that_nothing_is_encoded() -> None:
    found = diagnosed(LayeredVlm(faults={"encoder[0]": shuffled}), ITEMS[:12])
    assert found.conclusion == "cannot tell"
    assert found.sentence.endswith("more items would tell")


def test_what_some_pictures_lose_is_partly_lost() -> None:
    def some(own: PatchGrid, rng: np.random.Generator) -> PatchGrid:
        return destroyed(own, rng) if rng.random() < 0.3 else own

    found = diagnosed(LayeredVlm(faults={"projector": some}))
    assert found.conclusion == "partly lost at projector"
    assert "it is still above chance" in found.sentence


def test_what_only_takes_another_form_is_not_said_to_be_lost() -> None:
    found = diagnosed(LayeredVlm(faults={"projector": off_the_origin}))
    assert of(found, "readout")["projector"].value < 0.7
    assert of(found, "fitted readout")["projector"].value > 0.9
    assert found.conclusion == "reshaped at projector"
    assert "a readout fitted on other items still reads it at projector" in found.sentence
    claims = {test.claim: test for test in found.tests}
    assert claims["kept for a fitted readout"].p <= 0.05
    assert claims["unused, by a fitted readout"].p <= 0.05


# -- selectivity ---------------------------------------------------------------------------------


def test_controls_are_at_chance_where_the_eye_is_what_counts(sound: Diagnosis) -> None:
    found = sound
    for group in ("random labels", "untrained twin"):
        assert list(of(found, group)) == [str(stage) for stage in STAGES]
        assert all(0.1 < one.value < 0.45 for one in found.of(group))
    assert 0.1 < of(found, "controls")["position only"].value < 0.45
    selective = [test for test in found.tests if test.claim == "more than the control"]
    assert [test.name for test in selective] == [
        "position only → encoder",
        "untrained twin → encoder",
    ]
    assert all(test.adjusted < 1e-9 for test in selective)


def test_where_positions_tell_as_much_the_readout_shows_nothing() -> None:
    found = diagnosed(LayeredVlm(), tile_items(40, fixed=True))
    assert of(found, "controls")["position only"].value == 1
    assert found.conclusion == "cannot tell"
    assert "not shown to be above what the positions of patches tell" in found.sentence


def test_an_untrained_twin_that_reads_as_much_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LayeredVlm, "untrained", lambda *_, **__: LayeredVlm())
    notes = diagnosed(LayeredVlm(), ITEMS[:24]).notes
    assert any("no more is shown to be read than from an untrained twin" in one for one in notes)


def test_a_model_without_a_twin_is_diagnosed_all_the_same() -> None:
    found = diagnosed(LayeredVlm(), ITEMS[:40])
    assert found.conclusion == "present to the last layer"
    assert not found.of("untrained twin")
    assert any("no untrained twin: a model whose weights are quantised" in n for n in found.notes)


def test_dealt_answers_are_the_same_answers_among_items_with_as_many_options() -> None:
    items = [*tile_items(40), *same_colour_items(40)]
    dealt = deal_answers(items, seed=0)
    for count in (2, 4):
        here = [k for k, one in enumerate(items) if len(one.options) == count]
        answers = [items[k].answer for k in here]
        new = [dealt[k].answer for k in here]
        assert sorted(new) == sorted(answers)
        assert new != answers


def test_a_fitted_readout_learns_dealt_answers_in_vain() -> None:
    found = diagnosed(LayeredVlm(), readout="linear")
    assert all(one.value > 0.9 for one in found.of("readout"))
    assert all(one.value < 0.45 for one in found.of("random labels"))
    assert not found.of("fitted readout")
    assert any("The readout is fitted" in note for note in found.notes)


# -- stages --------------------------------------------------------------------------------------


def test_stages_without_a_map_are_told_and_the_rest_is_read() -> None:
    found = diagnosed(LayeredVlm(mapless=("llm",)))
    assert list(of(found, "readout")) == ["encoder[0]", "encoder[1]", "projector"]
    assert found.conclusion == "cannot tell"
    assert "no loss is shown up to projector, and later stages cannot be read" in found.sentence
    assert "Not read: llm[1] to llm[3]: has no spatial map: it is a resampler" in found.notes


def test_a_loss_is_found_before_stages_without_a_map() -> None:
    found = diagnosed(LayeredVlm(mapless=("llm",), faults={"projector": destroyed}))
    assert found.conclusion == "lost at projector"


def test_an_encoder_without_a_map_leaves_nothing_to_compare_with() -> None:
    found = diagnosed(LayeredVlm(mapless=("encoder",)))
    assert found.conclusion == "cannot tell"
    assert list(of(found, "readout")) == ["projector", "llm[1]", "llm[2]", "llm[3]"]


def test_a_model_that_can_be_read_nowhere_is_an_error() -> None:
    with pytest.raises(MeasurementError, match=r"no stage can be read: .* it is a resampler"):
        diagnosed(LayeredVlm(mapless=("encoder", "projector", "llm")))


def test_an_adapter_without_layers_is_told_what_it_lacks() -> None:
    with pytest.raises(
        MeasurementError, match=r"fake cannot be read at its layers: .* stages, read"
    ):
        diagnosed(FakeVlm(always(0)))


def test_every_stage_comes_from_one_forward_of_each_batch() -> None:
    vlm = LayeredVlm(batch=16)
    diagnosed(vlm, ITEMS[:40])
    assert vlm.forwards == 3


# -- numbers -------------------------------------------------------------------------------------


def test_every_number_has_its_n_and_interval_and_is_kept_in_a_record() -> None:
    found = diagnosed(LayeredVlm(faults={"projector": destroyed}))
    assert {one.n for one in found.estimates} == {one.n for one in found.tests} == {64}
    assert all(one.value in one.interval for one in found.estimates)
    assert all(test.p <= test.adjusted for test in found.tests)
    assert diagnosis_of(diagnosis_plain(found)) == found


def test_stages_are_summarised_without_the_luck_of_a_maximum(sound: Diagnosis) -> None:
    found = sound
    assert list(of(found, "summary")) == [
        "encoder: encoder[1]",
        "projector: projector",
        "LLM first: llm[1]",
        "LLM last: llm[3]",
        "encoder: layer chosen on the other half",
        "encoder: mean of layers",
        "LLM: layer chosen on the other half",
        "LLM: mean of layers",
    ]


def test_the_best_of_many_layers_of_noise_is_above_chance_and_that_chosen_elsewhere_is_not() -> (
    None
):
    rng = np.random.default_rng(0)
    best, chosen = [], []
    for seed in range(40):
        layers = [(rng.random(len(ITEMS)) < 0.25).astype(float) for _ in range(33)]
        best.append(max(layer.mean() for layer in layers))
        chosen.append(chosen_elsewhere(layers, ITEMS, seed=seed).mean())
    assert np.mean(best) > 0.33
    assert np.mean(chosen) == pytest.approx(0.25, abs=0.03)


def test_a_layer_that_is_better_is_chosen() -> None:
    rng = np.random.default_rng(0)
    layers = [(rng.random(len(ITEMS)) < share).astype(float) for share in (0.3, 0.9, 0.3)]
    np.testing.assert_array_equal(chosen_elsewhere(layers, ITEMS, seed=0), layers[1])
