"""Badges say how many tasks pass, of what was measured, and nothing that shields.io refuses."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from made_runs import case, evaluation, run

from pytest_vlmsight.gates import Outcome
from pytest_vlmsight.records.errors import RecordError
from pytest_vlmsight.report.badge import MOST, Badge, badge_json, badges, write_badges
from pytest_vlmsight.report.badge_svg import COLOURS

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_vlmsight.records.run import Run

PASS, FAIL, INCONCLUSIVE = Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE


def some_pass(passed: int, *, of: int) -> Run:
    """A run of a model in so many tasks."""
    ones = [evaluation(task=f"task {index}", n=4) for index in range(of)]
    cases = [case(one, "ceiling", PASS if i < passed else FAIL) for i, one in enumerate(ones)]
    return run(*ones, cases=[*cases, *(case(one, "blind") for one in ones)])


@pytest.mark.parametrize(
    ("passed", "of", "colour"),
    [
        (5, 5, "brightgreen"),
        (4, 5, "green"),
        (7, 9, "yellow"),
        (1, 2, "yellow"),
        (1, 5, "orange"),
        (0, 5, "red"),
        (0, 1, "red"),
    ],
)
def test_a_model_has_the_tasks_that_pass_of_those_measured(
    passed: int, of: int, colour: str
) -> None:
    assert badges(some_pass(passed, of=of)) == {
        "a": Badge(label="sight", message=f"{passed}/{of}", colour=colour)
    }


def test_what_could_not_be_measured_counts_as_not_passed() -> None:
    one, two = evaluation(), evaluation(task="two")
    cases = [case(one, "ceiling"), case(one, "blind"), case(two, "ceiling", None)]
    (badge,) = badges(run(one, two, cases=cases)).values()
    assert badge.message == "1/2"


def test_where_nothing_could_be_measured_it_is_unknown() -> None:
    nothing = run(cases=[case(evaluation(), gate, None) for gate in ("ceiling", "blind")])
    unknown = Badge(label="sight", message="unknown", colour="lightgrey")
    assert badges(nothing) == {"a": unknown}
    assert badges(nothing, task="one")["a"].message == "unknown"


def test_several_models_have_a_badge_each_that_names_them() -> None:
    both = run(evaluation(), evaluation(model="b"))
    assert [badge.label for badge in badges(both).values()] == ["sight a", "sight b"]
    assert badges(both, model="b") == {
        "b": Badge(label="sight", message="1/1", colour="brightgreen")
    }


@pytest.mark.parametrize(
    ("outcomes", "colour"),
    [
        ((PASS, PASS), "brightgreen"),
        ((INCONCLUSIVE, PASS), "yellow"),
        ((PASS, FAIL), "red"),
        ((PASS, None), "lightgrey"),
        ((PASS,), "yellow"),
    ],
)
def test_a_task_has_its_figures_and_the_colour_of_its_verdict(
    outcomes: tuple[Outcome | None, ...], colour: str
) -> None:
    one = evaluation(n=100)
    gates = zip(("ceiling", "blind"), outcomes, strict=False)
    badge = badges(run(one, cases=[case(one, g, o) for g, o in gates]), task="one")["a"]
    sighted = 100 * one.sighted.scores(one.gold).mean()
    ceiling = 100 * one.ceiling_scores("matched").mean()
    assert badge.label == "one"
    assert badge.message == f"sighted {sighted:.0f}% / ceiling {ceiling:.0f}%"
    assert badge.colour == colour


def test_words_of_ones_own_are_the_label() -> None:
    (badge,) = badges(some_pass(1, of=1), label="eyes").values()
    assert badge.label == "eyes"
    assert badges(some_pass(1, of=1), label="")["a"].label == ""


def test_names_are_shown_without_what_does_not_print_and_not_without_end() -> None:
    (badge,) = badges(run(evaluation()), label="l\x1b").values()
    assert badge.label == r"l\x1b"
    (badge,) = badges(run(evaluation(task="a\n" * 99)), task="a\n" * 99).values()
    assert badge.label.startswith(r"a\na\n")
    assert len(badge.label) == MOST


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"model": "c"}, "--model=c: the run has no such model, but a, b"),
        ({"task": "two"}, "--task=two: the run has no such task, but one"),
    ],
)
def test_what_the_run_does_not_have_is_refused(given: dict[str, str], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        badges(run(evaluation(), evaluation(model="b")), **given)


def test_a_run_of_nothing_has_no_badge() -> None:
    with pytest.raises(ValueError, match="the run has no model"):
        badges(run())


# -- files ----------------------------------------------------------------------------------------

KNOWN = {
    *("schemaVersion", "label", "message", "color", "labelColor", "isError", "namedLogo"),
    *("logoSvg", "logoColor", "logoSize", "style", "cacheSeconds"),
}
"""shields.io/badges/endpoint-badge; it shows "invalid" for any other."""


def test_shields_gets_what_it_demands_and_no_key_that_it_does_not_know() -> None:
    told = json.loads(badge_json(Badge(label="", message="7/9", colour="yellow")))
    assert told == {"schemaVersion": 1, "label": "", "message": "7/9", "color": "yellow"}
    assert set(told) <= KNOWN


def test_every_colour_can_be_drawn() -> None:
    shown = {badge.colour for n in range(6) for badge in badges(some_pass(n, of=5)).values()}
    assert shown | {"lightgrey"} == set(COLOURS)


def test_the_ending_says_the_form(tmp_path: Path) -> None:
    one = some_pass(1, of=1)
    assert write_badges(one, tmp_path / "s.json") == [tmp_path / "s.json"]
    assert json.loads((tmp_path / "s.json").read_text())["message"] == "1/1"
    write_badges(one, tmp_path / "s.svg", label="eyes")
    assert (tmp_path / "s.svg").read_text().startswith("<svg ")
    with pytest.raises(ValueError, match=r"s\.png: expected a file that ends with \.svg or \.json"):
        write_badges(one, tmp_path / "s.png")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["s.json", "s.svg"]


def test_badges_of_several_models_are_named_after_them(tmp_path: Path) -> None:
    names = ("llava-1.5", "org-model-main", "Org/Model@main", "../up", "½")
    models = run(*(evaluation(model=name, n=4) for name in names))
    files = write_badges(models, tmp_path / "sight.json")
    assert [file.name for file in files] == [
        "sight-llava-1.5.json",
        "sight-org-model-main.json",
        "sight-Org-Model-main-2.json",
        "sight-up.json",
        "sight-model.json",
    ]
    assert set(tmp_path.iterdir()) == set(files)


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match=r"no/s\.svg cannot be written: No such file"):
        write_badges(some_pass(1, of=1), tmp_path / "no" / "s.svg")
