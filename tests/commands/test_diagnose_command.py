"""``vlmsight diagnose``: what it prints, writes and refuses."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
import tiny_packs
import tiny_vlms
from made_diagnoses import of_subject, plant
from made_runs import evaluation, run

from pytest_vlmsight.cli import main
from pytest_vlmsight.diagnosis.tuning import Tuning
from pytest_vlmsight.models.base import MeasurementError
from pytest_vlmsight.models.transformers_vlm import TransformersVlm
from pytest_vlmsight.records.diagnoses import diagnosis_of
from pytest_vlmsight.records.run_file import write_run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_vlmsight.diagnosis.result import Diagnosis
    from pytest_vlmsight.diagnosis.subject import Subject
    from pytest_vlmsight.models.base import Answer

Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model and a task."""
    root = tmp_path_factory.mktemp("diagnose")
    tiny_vlms.build(root / "model", "oracle")
    tiny_packs.write_pack(root / "tiny", n=8)
    return root


@pytest.fixture
def subjects(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int, int]]:
    """Items, seed and batch of what is diagnosed by one of two parts; the other fails."""
    seen: list[tuple[int, int, int]] = []

    def made(subject: Subject) -> Diagnosis:
        settings, told = subject.settings, subject.vlm.provenance
        seen.append((settings.items, settings.seed, told["batch_limit"]))
        return of_subject(subject)

    def broken(_: Subject) -> Diagnosis:
        raise MeasurementError("there is no map")

    plant(monkeypatch, made=made, broken=broken)
    return seen


def test_what_was_found_is_printed_in_80_columns_and_written(
    folder: Path, tmp_path: Path, subjects: list[tuple[int, int, int]], capsys: Capture
) -> None:
    what = ["diagnose", str(folder / "model"), "--task", str(folder / "tiny"), "--part=made"]
    assert main([*what, "--n=6", "--seed=2", "--batch-size=3", "-o", str(tmp_path / "a.txt")]) == 0
    out = capsys.readouterr().out
    assert (tmp_path / "a.txt").read_text() == out
    assert out.splitlines()[0].endswith("model on tiny")
    assert "made: lost: It is lost on the way." in out
    assert "  encoder[1]   75.0% [60.0, 85.0]  n=40" in out
    assert "encoder[1] → projector: -20.0 points [-30.0, -10.0], n=40;" in out
    assert max(map(len, out.splitlines())) <= 80
    assert subjects == [(6, 2, 3)]


def test_a_part_that_fails_is_told_of_and_exits_with_1(
    folder: Path, subjects: list[tuple[int, int, int]], capsys: Capture
) -> None:
    what = ["diagnose", str(folder / "model"), "--task", str(folder / "tiny"), "--part=all"]
    assert main([*what, "--json"]) == 1
    found = [diagnosis_of(plain) for plain in json.loads(capsys.readouterr().out)]
    assert [(one.part, one.error) for one in found] == [
        ("made", ""),
        ("broken", "there is no map"),
        ("verdict", ""),
    ]
    assert len(subjects) == 1


def test_a_budget_of_tuning_comes_to_parts(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    seen: list[Tuning] = []

    def made(subject: Subject) -> Diagnosis:
        seen.append(subject.tuning)
        return of_subject(subject)

    plant(monkeypatch, made=made)
    what = ["diagnose", str(folder / "model"), "--task", str(folder / "tiny"), "--part=made"]
    assert main([*what, "--tune", "steps=7", "rates=1e-3"]) == 0
    assert seen == [Tuning(steps=7, rates=(1e-3,))]


def test_what_was_answered_once_is_not_asked_again(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setenv("VLMSIGHT_CACHE", str(tmp_path))
    what = ["diagnose", str(folder / "model"), "--task", str(folder / "tiny"), "--part=bias"]

    def shown() -> str:
        return re.sub(r"[\d.]+ s\b", "some s", capsys.readouterr().out)

    assert main([*what, "--n=6"]) == 0
    before = shown()

    def asked(*_: object, **__: object) -> Iterator[Answer]:
        raise AssertionError("it was asked again")

    monkeypatch.setattr(TransformersVlm, "ask", asked)
    assert main([*what, "--n=6"]) == 0
    assert shown() == before
    (tmp_path / "answers.sqlite").unlink()
    (tmp_path / "answers.sqlite").mkdir()
    monkeypatch.undo()
    monkeypatch.setenv("VLMSIGHT_CACHE", str(tmp_path))
    assert main([*what, "--n=6"]) == 0
    assert "answers are not kept" in capsys.readouterr().err


def test_a_model_is_compared_with_another(folder: Path, capsys: Capture) -> None:
    what = ["diagnose", str(folder / "model"), "--task", str(folder / "tiny"), "--part=attention"]
    assert main([*what, "--n=6", "--rollout", "--against", str(folder / "model"), "--json"]) == 0
    before, after = map(diagnosis_of, json.loads(capsys.readouterr().out))
    assert before.of("rollout")
    assert after.estimates == before.estimates
    assert len(after.tests) > len(before.tests)
    assert after.tests[-1].claim == "attends otherwise"
    assert after.tests[-1].estimate == 0


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ["--part=made", "--against=other"],
            "--against: only part attention compares with a model",
        ),
        (
            ["--part=nose"],
            "there is no part 'nose' of diagnosis; expected any of made, broken, all",
        ),
        (["--part=made", "--n=0"], "--n: got 0, expected a whole number of at least 1"),
        (["--part=made", "--batch-size=0"], "--batch-size: got 0"),
        (["--part=made", "--task=nowhere"], "nowhere"),
        (["--part=made", "--tune", "step=3"], "tuning: got 'step=3'; expected NAME=VALUE"),
    ],
)
@pytest.mark.usefixtures("subjects")
def test_what_cannot_be_used_is_refused_in_a_line(
    folder: Path, capsys: Capture, words: list[str], told: str
) -> None:
    what = ["diagnose", str(folder / "model"), "--task", str(folder / "tiny")]
    assert main([*what, *words]) == 2
    out, err = capsys.readouterr()
    assert not out
    assert told in err
    assert len(err.splitlines()) == 1


# -- several models ------------------------------------------------------------------------------


TURNED = {"a": (0.95, 0.5), "b": (0.75, 0.75), "c": (0.5, 0.95)}
"""Model → shares right by ceiling and as VLM."""


def record(path: Path, *models: str, tasks: tuple[str, ...] = ("one", "two")) -> str:
    """Write the record of a run of these models."""
    evaluations = [
        evaluation(model=name, task=task, n=120, ceiling=TURNED[name][0], sighted=TURNED[name][1])
        for name in models
        for task in tasks
    ]
    write_run(run(*evaluations), path)
    return str(path)


def test_models_of_several_records_are_ranked_without_asking_any(
    tmp_path: Path, capsys: Capture
) -> None:
    records = [record(tmp_path / "ab.json", "a", "b"), record(tmp_path / "c.json", "c")]
    assert main(["diagnose", *records, "--part=encoders"]) == 0
    out = capsys.readouterr().out
    assert out.splitlines()[0] == "3 models on 2 tasks"
    assert "encoders: the best eye is last as a VLM: by ceiling a" in out
    assert main(["diagnose", *records, "--part=all", "--task=two", "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert (found["task"], found["n"]) == ("two", 120)


def test_what_records_cannot_tell_is_refused_in_a_line(tmp_path: Path, capsys: Capture) -> None:
    both = record(tmp_path / "ab.json", "a", "b")
    three = record(tmp_path / "abc.json", "a", "b", "c")
    for words, told in (
        ([both, "--part=encoders"], "part encoders ranks at least 3 models; there are 2"),
        ([three, "--part=layers"], "of records only parts that compare models can be made"),
        ([three, "--part=encoders", "--task=nose"], "no record has 'nose'; they have one, two"),
        ([str(tmp_path / "no.json"), "--part=encoders"], "no.json cannot be read"),
        (["model", "--part=layers"], "--task: name a task"),
        (["model", "--part=encoders", "--task=texture"], "ranks at least 3 models; there are 1"),
    ):
        assert main(["diagnose", *words]) == 2
        out, err = capsys.readouterr()
        assert not out
        assert told in err
        assert len(err.splitlines()) == 1


def test_several_models_are_asked_several_tasks_and_then_ranked(
    folder: Path, capsys: Capture
) -> None:
    for name in ("always_a", "text_only"):
        tiny_vlms.build(folder / name, name)
    tiny_packs.write_pack(folder / "other", n=8, name="other", seed=1)
    models = [str(folder / name) for name in ("model", "always_a", "text_only")]
    tasks = [f"--task={folder / name}" for name in ("tiny", "other")]
    assert main(["diagnose", *models, *tasks, "--part=encoders", "--json"]) == 0
    (found,) = map(diagnosis_of, json.loads(capsys.readouterr().out))
    assert found.details["tasks"] == ["tiny", "other"]
    best = max(found.of("as VLM"), key=lambda one: one.value)
    assert best.name.endswith("model")
    assert best.value == 1
