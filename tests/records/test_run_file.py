"""A run is read back as it was written, and what is none is refused in words."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import jsonschema
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_runs import answered, case, evaluation, run

from pytest_vlmsight.gates import Outcome
from pytest_vlmsight.records.errors import RecordError
from pytest_vlmsight.records.run_file import (
    SCHEMA_VERSION,
    read_run,
    run_of,
    run_plain,
    run_text,
    write_run,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_vlmsight.evaluation import Evaluation
    from pytest_vlmsight.records.run import Run


def whole() -> Run:
    """A run with all that a record can hold."""
    one = evaluation(options=(2, 4), turns=2)
    silent = one.sighted.choices.copy()
    silent[3] = -1
    logprobs = one.sighted.logprobs.copy()
    logprobs[3, :, : one.options[3]] = -np.inf
    one = replace(one, sighted=replace(one.sighted, logprobs=logprobs, choices=silent))
    other = evaluation(model="b", options=(2, 4), turns=2, seed=1)
    third = evaluation(model="b", task="two ½", provenance={"adapter": None, "batch": 8})
    outcomes = (Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE, None)
    cases = [case(one, "ceiling", outcome) for outcome in outcomes]
    return replace(run(one, other, third, cases=cases), gates=12)


def same(one: Evaluation, other: Evaluation) -> bool:
    """Whether everything is equal, arrays included."""
    plain = [run_plain(run(each, cases=[])) for each in (one, other)]
    for each in (one, other):
        assert each.orders.dtype == other.orders.dtype
    return plain[0] == plain[1] and one.slices == other.slices and one.asked == other.asked


@pytest.fixture(scope="module")
def schema() -> Any:
    text = files("pytest_vlmsight.records").joinpath("schemas", "run-2.schema.json").read_text()
    return json.loads(text)


# -- there and back -------------------------------------------------------------------------------


def test_a_run_is_read_as_it_was_written(tmp_path: Path) -> None:
    written = whole()
    write_run(written, tmp_path / "run.json")
    read = read_run(tmp_path / "run.json")
    assert run_text(read) == (tmp_path / "run.json").read_text() == run_text(written)
    assert read.cases == written.cases
    assert replace(read, evaluations=()) == replace(written, evaluations=())
    for one, other in zip(read.evaluations, written.evaluations, strict=True):
        assert same(one, other)
        np.testing.assert_array_equal(one.sighted.logprobs, other.sighted.logprobs)
        np.testing.assert_array_equal(one.orders, other.orders)
        np.testing.assert_array_equal(one.options, other.options)
        np.testing.assert_array_equal(
            one.blind["blank"].scores(one.gold), other.blind["blank"].scores(other.gold)
        )
        assert one.majority_key == other.majority_key


@given(
    st.integers(1, 30),
    st.lists(st.integers(2, 5), min_size=1, max_size=3),
    st.integers(1, 2),
    st.integers(0, 9),
)
@settings(max_examples=40, deadline=None)
def test_every_shape_is_read_as_it_was_written(
    n: int, options: list[int], turns: int, seed: int
) -> None:
    one = evaluation(n=n, options=options, turns=turns, seed=seed)
    (read,) = run_of(json.loads(run_text(run(one)))).evaluations
    assert same(read, one)
    np.testing.assert_array_equal(read.sighted.logprobs, one.sighted.logprobs)
    np.testing.assert_array_equal(read.orders, one.orders)


def test_log_probabilities_keep_six_decimals() -> None:
    one = evaluation(n=4)
    logprobs = np.full((4, 1, 2), -1.23456789)
    one = replace(one, sighted=replace(one.sighted, logprobs=logprobs))
    (read,) = run_of(run_plain(run(one))).evaluations
    assert np.abs(read.sighted.logprobs - logprobs).max() < 1e-6


def test_a_run_that_could_measure_nothing_is_a_run() -> None:
    nothing = run(cases=[case(evaluation(), "ceiling", None)])
    assert run_of(run_plain(nothing)) == nothing


def test_what_is_written_keeps_to_the_published_schema(schema: Any) -> None:
    jsonschema.Draft202012Validator.check_schema(schema)
    for one in (whole(), run()):
        jsonschema.validate(json.loads(run_text(one)), schema)


def test_the_schema_would_notice(schema: Any) -> None:
    plain = run_plain(whole())
    del plain["evaluations"][0]["sighted"]["choices"]
    with pytest.raises(jsonschema.ValidationError, match="choices"):
        jsonschema.validate(plain, schema)


def test_items_are_there_once_for_all_models_and_texts_once_for_all_items() -> None:
    plain = run_plain(whole())
    assert sorted(plain["tasks"]) == ["one", "two ½"]
    assert plain["tasks"]["one"]["questions"] == ["Which one?"]
    assert len(plain["tasks"]["one"]["options"]) == 2


def test_a_file_is_sorted_and_has_a_list_in_a_line() -> None:
    text = run_text(whole())
    plain = json.loads(text)
    assert list(plain) == sorted(plain)
    assert text.endswith("}\n")
    assert '   "gold": [0, 1, 0, 3' in text
    assert max(line.count("{") for line in text.splitlines()) == 1


def test_names_that_are_no_unicode_are_kept(tmp_path: Path) -> None:
    """A folder's name on Linux is bytes; Python tells those that are no text by surrogates."""
    one = evaluation(model="step-\udcff")
    write_run(run(one), tmp_path / "run.json")
    assert read_run(tmp_path / "run.json").models == ("step-\udcff",)


def test_a_run_has_a_command_for_a_shell() -> None:
    assert run().rerun == "pytest --vlm=a '--vlm-tasks=my tasks/*'"


# -- what cannot be written -----------------------------------------------------------------------


def test_models_that_were_asked_different_items_make_no_record() -> None:
    with pytest.raises(RecordError, match="task one: models were asked different items"):
        run_text(run(evaluation(n=40), evaluation(model="b", n=41)))


def test_where_nothing_can_be_written_nothing_is_changed(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match=r"no/run\.json cannot be written: No such file"):
        write_run(run(), tmp_path / "no" / "run.json")
    assert not list(tmp_path.iterdir())


# -- what cannot be read --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is no JSON"),
        (b"\xff\xfe", "is no JSON"),
        (b"[]", "no record of a run"),
        (b'{"kind": "something else"}', "no record of a run"),
        (b"[" * 100_000, "no record of a run|is no JSON"),
        (b'{"kind": "vlmsight run"}', "schema_version: expected a whole number from 1, got None"),
        (b'{"kind": "vlmsight run", "schema_version": true}', "got True"),
        (
            b'{"kind": "vlmsight run", "schema_version": 99, "version": "7.2"}',
            "of schema version 99, written by pytest-vlmsight 7.2; .* update it",
        ),
        (b'{"kind": "vlmsight run", "schema_version": 1}', "'evaluations' is missing"),
    ],
)
def test_what_is_no_record_is_refused_in_words(tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / "run.json"
    path.write_bytes(content)
    with pytest.raises(RecordError, match=told) as error:
        read_run(path)
    assert str(path) in str(error.value)


def test_a_file_that_was_cut_off_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    path.write_text(run_text(whole())[:-200])
    with pytest.raises(RecordError, match=r"cut off or edited: .* run again with --vlm-json"):
        read_run(path)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="cannot be read: No such file"):
        read_run(tmp_path / "run.json")


def drop(*keys: str) -> Callable[[Any], None]:
    """What takes something out of a record."""

    def change(plain: Any) -> None:
        *path, last = keys
        for key in path:
            plain = plain[int(key) if isinstance(plain, list) else key]
        del plain[last]

    return change


def put(value: Any, *keys: str) -> Callable[[Any], None]:
    """What puts something else into a record."""

    def change(plain: Any) -> None:
        *path, last = keys
        for key in path:
            plain = plain[int(key) if isinstance(plain, list) else key]
        plain[int(last) if isinstance(plain, list) else last] = value

    return change


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        (drop("tasks", "one"), "evaluation of a, one: its items are missing"),
        (drop("tasks", "one", "gold"), "evaluation of a, one: 'gold' is missing"),
        (put([], "tasks", "one", "gold"), r"gold: expected whole numbers of \(40,\)"),
        (put([7] * 40, "tasks", "one", "gold"), "do not fit each other"),
        (put([1.5] * 40, "tasks", "one", "gold"), "gold: expected whole numbers"),
        (put([], "tasks", "one", "ids"), "it has no items"),
        (put([9], "tasks", "one", "questions"), "expected text, got 9"),
        (put([[0, 0]], "tasks", "one", "orders", "0"), "item 0: its orders"),
        (put([[0, 5]] * 40, "evaluations", "0", "sighted", "choices"), "does not have"),
        (put([], "evaluations", "0", "sighted", "logprobs"), "sighted: log-probabilities of"),
        (put(None, "evaluations", "0", "blind"), "evaluation of a, one"),
        (put("passt", "cases", "0", "result"), "result 'passt', not one of"),
        (put("PERHAPS", "cases", "0", "verdict", "outcome"), "PERHAPS"),
        (put("b", "evaluations", "0", "model"), "a model and task are there twice"),
        (put("soon", "seconds"), "soon"),
        (put(True, "gates"), "gates: expected a whole number from 1, got True"),
        (put(0, "gates"), "gates: expected a whole number from 1, got 0"),
    ],
)
def test_a_record_that_was_edited_is_refused_by_what_does_not_fit(
    edit: Callable[[Any], None], told: str
) -> None:
    plain = run_plain(whole())
    edit(plain)
    with pytest.raises(RecordError, match=told):
        run_of(plain)


def test_a_choice_must_be_an_option_of_its_item() -> None:
    one = evaluation(options=(2, 4))
    wrong = answered(np.full((40, 1), 3), one.options)
    plain = run_plain(run(replace(one, sighted=wrong)))
    with pytest.raises(RecordError, match="an option was chosen that its item does not have"):
        run_of(plain)


def test_the_version_that_is_written_is_the_one_that_is_read() -> None:
    assert run_plain(run())["schema_version"] == SCHEMA_VERSION
