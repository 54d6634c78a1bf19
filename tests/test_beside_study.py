"""Ours beside the study's: a difference only where the same was measured, and else a note why."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from made_study_runs import named, studied, study_run

from pytest_vlmsight.beside_study import BLIND, CEILING, SIGHTED, beside_study, study_task
from pytest_vlmsight.published import ENCODERS, PUBLISHED
from pytest_vlmsight.records.errors import RecordError
from pytest_vlmsight.tasks.study.catalogue import STUDY

if TYPE_CHECKING:
    from pytest_vlmsight.beside_study import Beside, Row
    from pytest_vlmsight.evaluation import Evaluation


def one_of(*evaluations: Evaluation, **more: Any) -> Beside:
    (found,) = beside_study(named(study_run(*evaluations)), **more)
    return found


def row_of(one: Evaluation) -> Row:
    """The row of a task that is alone in its run."""
    (row,) = (row for row in one_of(one).rows if row.task is not None)
    return row


def compared(row: Row) -> set[str]:
    return {name for name, figure in row.figures.items() if figure.difference is not None}


def test_the_same_measured_gives_differences_with_both_errors() -> None:
    one = studied("semantic_correspondence", sighted=0.5, ceiling=0.5)
    row = row_of(one)
    assert (row.task, row.of, row.n) == (one.task, "semantic_correspondence", 138)
    assert row.notes == ()
    assert compared(row) == {SIGHTED, CEILING}
    readout, vlm = PUBLISHED["semantic_correspondence"].of("CLIP")
    for name, published in ((SIGHTED, vlm), (CEILING, readout)):
        figure = row.figures[name]
        assert figure.published == published
        assert figure.ours is not None
        assert figure.difference is not None
        difference, interval = figure.difference
        assert difference == pytest.approx(figure.ours.share - published.value)
        assert interval.low == pytest.approx(figure.ours.interval.low - published.value - 0.003)
        assert interval.high == pytest.approx(figure.ours.interval.high - published.value + 0.003)


def test_shares_are_those_that_were_measured() -> None:
    one = studied("art_style", sighted=0.6, blind=0.5, ceiling=0.7)
    figures = row_of(one).figures
    scores = {
        SIGHTED: one.sighted.scores(one.gold),
        BLIND: one.blind["blank"].scores(one.gold),
        CEILING: one.ceiling_scores("native"),
    }
    for name, score in scores.items():
        ours = figures[name].ours
        assert ours is not None
        assert ours.share == pytest.approx(score.mean())
        assert ours.share in ours.interval


def test_nothing_is_published_of_blind_accuracy() -> None:
    assert all(PUBLISHED[row.of].blind_distance for row in one_of(studied("art_style")).rows)
    assert row_of(studied("art_style")).figures[BLIND].published is None


@pytest.mark.parametrize(
    ("told", "left", "note"),
    [
        ({"scoring": "letters"}, {CEILING}, "answered by letters' log-probabilities"),
        ({"several_images": "separate"}, {CEILING}, "several images are separate"),
        ({"data": None}, set(), "its items are not those of the study's data set"),
    ],
)
def test_what_was_asked_otherwise_is_not_compared(
    told: dict[str, Any], left: set[str], note: str
) -> None:
    row = row_of(studied("low_level_matching", provenance=told))
    assert compared(row) == left
    (only,) = row.notes
    assert only.startswith(note)


def test_items_asked_several_times_are_not_compared() -> None:
    row = row_of(studied("art_style", turns=2))
    assert compared(row) == {CEILING}
    assert row.notes == ("each item is asked 2 times; in the study once",)


def test_a_matched_ceiling_is_shown_and_not_compared() -> None:
    row = row_of(studied("art_style", kind="matched"))
    assert compared(row) == {SIGHTED}
    assert row.figures[CEILING].ours is not None
    assert row.notes[0].startswith("the ceiling is the matched one")


def test_without_a_ceiling_the_rest_is_shown() -> None:
    one = replace(studied("art_style"), ceilings={}, unmeasured={"native": "no map"})
    row = row_of(one)
    assert row.figures[CEILING].ours is None
    assert compared(row) == {SIGHTED}
    assert row.notes == ("no ceiling was measured",)


@pytest.mark.parametrize("name", ["object_depth", "odd_one_out"])
def test_a_readout_of_another_kind_is_not_compared(name: str) -> None:
    row = row_of(studied(name, n=60, provenance={"several_images": "composite"}))
    assert compared(row) == {SIGHTED}
    assert "readout" in row.notes[0]


def test_one_image_cannot_lie_beside_another() -> None:
    row = row_of(studied("object_depth", provenance={"several_images": "separate"}))
    assert SIGHTED in compared(row)


@pytest.mark.parametrize("task", ["art_style", "study/art_style/wikiart"])
def test_a_task_of_that_kind_on_other_items_is_shown_and_not_compared(task: str) -> None:
    one = studied("art_style", provenance={"data": "huggan/wikiart@ab"})
    row = row_of(replace(one, task=task))
    assert (row.task, row.of) == (task, "art_style")
    assert compared(row) == set()
    assert row.figures[SIGHTED].published is not None
    assert row.notes == ("its items are not those of the study's data set",)


def test_another_number_of_items_is_told_and_compared() -> None:
    one = studied("art_style", n=100, provenance={"left_out": 17})
    assert row_of(one).notes == ("100 items, 17 left out; the study has 117",)
    assert compared(row_of(one)) == {SIGHTED, CEILING}


def test_answers_that_name_no_option_are_counted() -> None:
    one = studied("art_style")
    one.sighted.choices[:3] = -1
    (note,) = row_of(one).notes
    assert note.startswith("3 answers with the image name no option")


def test_another_blind_run_than_a_blank_image_is_told() -> None:
    one = studied("art_style")
    one = replace(one, blind={"noise": one.blind["blank"]})
    row = row_of(one)
    assert row.notes == ("the blind run is noise, the study's a blank image",)
    ours = row.figures[BLIND].ours
    assert ours is not None
    assert ours.name == "blind_noise"


def test_letters_that_the_image_moves_are_counted() -> None:
    one = studied("art_style", n=100)
    always = one.orders[:, :, 0]
    other = one.orders[:, :, 1]
    half = always.copy()
    half[:50] = other[:50]
    same = replace(one.sighted, choices=always)
    moved = replace(one, sighted=replace(one.sighted, choices=half), blind={"blank": same})
    assert row_of(replace(one, sighted=same, blind={"blank": same})).moved == 0
    assert row_of(moved).moved == pytest.approx(0.5)
    silent = replace(one.sighted, choices=always * 0 - 1)
    assert row_of(replace(one, sighted=silent)).moved is None


def test_every_task_of_the_study_has_a_row_and_others_are_named() -> None:
    found = one_of(studied("art_style"), studied("texture"), studied("study/mmvp"))
    assert [row.of for row in found.rows] == list(PUBLISHED)
    assert [row.task for row in found.rows if row.task] == ["study/art_style"]
    assert found.others == ("texture", "study/mmvp")
    missing = found.rows[0]
    assert (missing.n, missing.moved, compared(missing)) == (None, None, set())
    assert missing.figures[SIGHTED].published == PUBLISHED[missing.of].of("CLIP")[1]


def test_tasks_are_known_by_what_they_ask() -> None:
    kinds = {name: study_task(name) for name in STUDY}
    assert kinds["study/low_level_matching/hpatches"] == "low_level_matching"
    assert kinds["study/relative_depth"] is kinds["study/mmvp"] is None
    assert study_task("low_level_matching") == "low_level_matching"


@pytest.mark.parametrize(
    ("kind", "encoder"),
    [("clip_vision_model", "CLIP"), ("dinov2", "DINOv2"), ("siglip_vision_model", "SigLIP")],
)
def test_the_encoder_is_found_by_its_type(kind: str, encoder: str) -> None:
    found = one_of(studied("art_style", provenance={"encoder": kind}))
    assert found.encoder == encoder
    assert kind in found.notes[0]


@pytest.mark.parametrize("kind", ["vit", "qwen2_5_vl_vision", None])
def test_an_encoder_that_is_none_of_the_study_s_is_never_guessed(kind: str | None) -> None:
    one = studied("art_style", provenance={"encoder": kind})
    found = one_of(one)
    assert found.encoder is None
    assert all(f.published is None for row in found.rows for f in row.figures.values())
    assert "--encoder MODEL=ENCODER" in found.notes[0]
    said = one_of(one, encoders={"llava": "IN-1k"})
    assert said.encoder == "IN-1k"
    assert said.rows[4].figures[SIGHTED].published == PUBLISHED["art_style"].of("IN-1k")[1]
    assert "because --encoder says so" in said.notes[0]


def test_a_model_that_is_not_the_study_s_is_told() -> None:
    assert any(note.startswith("the model is not the study's") for note in one_of(
        studied("art_style")
    ).notes)  # fmt: skip
    own = one_of(studied("art_style", provenance={"source": "./prism-clip+7b"}))
    assert own.notes[1] == "a model of the study by its name alone"


def test_models_of_several_runs_come_in_the_study_s_order_of_encoders() -> None:
    kinds = {"c": "clip_vision_model", "q": "qwen3_vl", "d": "dinov2", "s": "siglip_vision_model"}
    runs = [
        study_run(studied("art_style", model=model, provenance={"encoder": kind}))
        for model, kind in kinds.items()
    ]
    found = beside_study(named(*runs), encoders={"q": "IN-1k"})
    assert [one.encoder for one in found] == list(ENCODERS)
    assert [one.run for one in found] == ["run1.json", "run2.json", "run3.json", "run0.json"]


def test_the_protocol_of_each_run_is_told() -> None:
    run = study_run(studied("art_style"))
    less = replace(run, settings={**run.settings, "items": 60})
    found = beside_study(named(run, less, replace(run, settings={})))
    assert [one.protocol for one in found] == ["study", "study, but items=60", ""]


def test_what_cannot_be_used_is_named() -> None:
    run = study_run(studied("art_style"))
    with pytest.raises(ValueError, match=r"no model 'x' was measured; expected llava"):
        beside_study(named(run), encoders={"x": "CLIP"})
    with pytest.raises(ValueError, match=r"llava=ResNet: expected an encoder of the study: IN-1k,"):
        beside_study(named(run), encoders={"llava": "ResNet"})
    with pytest.raises(RecordError, match=r"run0.json: no task of the study.*--vlm-protocol=study"):
        beside_study(named(study_run(studied("texture"))))
    with pytest.raises(RecordError, match="it has no blind answers"):
        beside_study(named(study_run(replace(studied("art_style"), blind={}))))
