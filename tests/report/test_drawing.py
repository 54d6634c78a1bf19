"""Diagnoses in the report: what they say and draw, and that texts stay texts."""

from __future__ import annotations

import sys
from dataclasses import replace
from types import ModuleType
from typing import TYPE_CHECKING

import pytest
from hostile import TEXTS
from made_diagnoses import diagnosis
from made_runs import evaluation, run
from web_page import Element, web_page

from pytest_vlmsight.diagnosis.result import Diagnosis
from pytest_vlmsight.options import PARTS
from pytest_vlmsight.records.errors import RecordError
from pytest_vlmsight.report import drawing
from pytest_vlmsight.report.diagnoses import in_brief, in_full
from pytest_vlmsight.report.drawing import Drawing, Shape
from pytest_vlmsight.report.html import html_report

if TYPE_CHECKING:
    from collections.abc import Callable


def page(*diagnoses: Diagnosis) -> Element:
    return web_page(html_report(replace(run(evaluation()), diagnoses=diagnoses)))


def draw_with(monkeypatch: pytest.MonkeyPatch, draw: Callable[[Diagnosis], Drawing]) -> None:
    """Have the part "made" drawn so."""
    module = ModuleType("pytest_vlmsight.report.made_figure")
    module.draw = draw  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(drawing.FIGURES, "made", "made_figure")


def picture(of: Diagnosis) -> Drawing:
    return Drawing(
        title=f"Made {of.sentence}",
        told=f"In words {of.sentence}",
        width=200,
        height=50,
        shapes=(
            Shape(tag="line", at={"x1": 1, "x2": 9.5, "y1": 2, "y2": 2}, look="grid"),
            Shape(tag="text", at={"x": 5, "y": 20, "data-of": of.sentence}, text=of.sentence),
            Shape(tag="circle", at={"cx": 5, "cy": 5, "r": 2}, title=of.sentence),
        ),
        caption=f"Below {of.sentence}",
    )


def test_figures_are_of_parts() -> None:
    assert set(drawing.FIGURES) <= set(PARTS)


def test_a_section_has_sentence_tests_numbers_and_notes() -> None:
    (section,) = page(diagnosis()).all("section", class_="diagnosis")
    text = section.text
    for words in (
        "Diagnosis: made",
        "lost : It is lost on the way.",
        "-20.0 points [-30.0, -10.0]",
        "p=0.030",
        "75.0% [60.0, 85.0]",
        "1.500 [1.000, 2.000]",
        "to be kept in mind",
    ):
        assert words in text
    assert not section.all("svg")


def test_one_that_failed_says_why() -> None:
    failed = Diagnosis(part="made", model="a", task="one", error="there is no map")
    (section,) = page(failed).all("section", class_="diagnosis")
    assert "It could not be made: there is no map" in section.text


def test_a_diagnosis_stands_with_its_own_task_alone() -> None:
    other = evaluation(task="two")
    made = replace(run(evaluation(), other), diagnoses=(diagnosis(task="two"),))
    sections = web_page(html_report(made)).all("section", class_="task")
    assert ["It is lost" in one.text for one in sections] == [
        one.one("h3").text == "two" for one in sections
    ]


def test_the_verdict_stands_at_the_head_of_its_task() -> None:
    verdict = replace(diagnosis(part="verdict"), conclusion="present to the last layer but unused")
    sections = page(diagnosis(), verdict).all("section", class_="diagnosis")
    assert [one.one("h4").text for one in sections] == ["Diagnosis: verdict", "Diagnosis: made"]
    assert "present to the last layer but unused" in sections[0].text


def test_shapes_are_drawn_with_title_description_and_caption(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    draw_with(monkeypatch, picture)
    (section,) = page(diagnosis()).all("section", class_="diagnosis")
    drawn = section.one("svg")
    line = drawn.one("line", class_="grid")
    assert line.attributes["x2"] == "9.5"
    assert drawn.one("text").text == diagnosis().sentence
    assert drawn.one("circle").one("title").text == diagnosis().sentence
    assert drawn.one("desc").text.startswith("In words")
    assert section.one("figcaption").text.startswith("Below")


def test_hostile_texts_stay_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    draw_with(monkeypatch, picture)
    text = "".join(TEXTS)
    document = page(diagnosis(text=text))
    plain = page(diagnosis())

    def tags(of: Element) -> list[str]:
        return [one.tag for one in of.all()]

    assert tags(document) == tags(plain)
    failed = Diagnosis(part=text, model="a", task="one", error=text)
    assert "<script>alert(1)" not in html_report(replace(run(evaluation()), diagnoses=(failed,)))
    for lines in (in_brief([diagnosis(text=text)]), in_full(diagnosis(text=text))):
        assert all(line.isprintable() for line in lines)
        assert max(len(line) for line in in_brief([diagnosis()])) <= 80


def test_what_cannot_be_drawn_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(of: Diagnosis) -> Drawing:
        raise KeyError("curve")

    draw_with(monkeypatch, missing)
    with pytest.raises(RecordError, match="made of a, one cannot be drawn: KeyError: 'curve'"):
        page(diagnosis())


def test_only_shapes_of_svg_are_drawn() -> None:
    with pytest.raises(ValueError, match="not 'script'"):
        Shape(tag="script")
