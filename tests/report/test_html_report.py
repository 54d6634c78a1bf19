"""The report of a run: what it says, in which order, and that texts stay texts."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hostile import TEXTS, hostile_baselines, hostile_run
from made_runs import case, evaluation, run
from web_page import Element, web_page

from pytest_vlmsight.gates import Outcome
from pytest_vlmsight.models import extras
from pytest_vlmsight.records.errors import RecordError
from pytest_vlmsight.report.gallery import Pictured, Thumbnail
from pytest_vlmsight.report.html import NoJinjaError, html_report, write_report

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_vlmsight.records.run import Run

URI = "data:image/webp;base64,AAAA"


def page(made: Run, **options: object) -> Element:
    """The report of a run, read."""
    return web_page(html_report(made, **options))  # type: ignore[arg-type]


def pictures(_: Pictured) -> list[Thumbnail]:
    """Two for every item."""
    return [Thumbnail(uri=URI, width=320, height=240)] * 2


def several() -> Run:
    """Two models and three tasks, of which the second model was asked two."""
    good, bad = evaluation(task="good"), evaluation(task="bad", sighted=0.4)
    cases = [
        *(case(good, gate) for gate in ("ceiling", "blind")),
        case(bad, "ceiling", Outcome.FAIL),
        case(bad, "blind", Outcome.INCONCLUSIVE),
        case(replace(good, task="broken"), "ceiling", None),
        case(replace(good, task="broken"), "blind", None),
        case(replace(good, model="b"), "ceiling"),
        case(replace(bad, model="b"), "blind", Outcome.FAIL),
    ]
    return run(good, bad, replace(good, model="b"), replace(bad, model="b"), cases=cases)


def test_the_protocol_is_told_at_the_head_with_what_departs_from_it() -> None:
    assert "Protocol" not in page(several()).all("header")[0].text
    settings = {"protocol": "study", "scoring": "generate", "images": "composite"}
    head = page(replace(several(), settings=settings)).all("header")[0]
    assert "Protocol: study, but items=400 ceiling=matched" in head.text


def rows(document: Element) -> list[list[str]]:
    """Cells of the table of tasks."""
    body = document.one("table", class_="tasks").one("tbody")
    cells = ([c for c in row.inside if isinstance(c, Element)] for row in body.all("tr"))
    return [[cell.text for cell in row] for row in cells]


# -- what is said, in which order -----------------------------------------------------------------


def test_the_verdict_comes_first_in_a_sentence() -> None:
    one, other = (said.text for said in page(several()).all("p", class_="verdict"))
    assert one == ("a passes 2 of 6 gates: 1 fails, 2 could not be measured, 1 is inconclusive.")
    assert other == "b passes 1 of 2 gates: 1 fails."


def test_one_model_is_the_title() -> None:
    document = page(run(evaluation()))
    assert document.one("head").one("title").text == "vlmsight: a"
    assert document.one("h1").text == "a"
    assert page(several()).one("h1").text == "2 models, 3 tasks"


def test_the_finding_names_the_tasks() -> None:
    text = page(several()).one("main").text
    assert "Its eye knows more than its mouth says on 1 of 3 tasks: bad ." in text
    assert "It does better with its eye than without on 1 of 3 tasks: good ." in text


def test_tasks_stand_worst_first_in_table_and_sections() -> None:
    document = page(several())
    assert [row[:2] for row in rows(document)] == [
        ["a", "bad"],
        ["a", "broken"],
        ["a", "good"],
        ["b", "bad"],
        ["b", "good"],
        ["b", "broken"],
    ]
    sections = document.all("section", class_="task")
    assert [one.one("h3").text for one in sections] == [row[1] for row in rows(document)]
    linked = [one.attributes["href"] for one in document.one("table", class_="tasks").all("a")]
    assert linked == [f"#{one.attributes['id']}" for one in sections]


def test_of_equal_gates_what_loses_most_of_its_ceiling_is_first() -> None:
    near = evaluation(task="near", sighted=0.85)
    far = evaluation(task="far", sighted=0.55)
    assert [row[0] for row in rows(page(run(near, far)))] == ["far", "near"]


def test_a_row_has_all_accuracies_with_intervals_chance_n_and_gates() -> None:
    one = evaluation(sighted=0.5)
    (row,) = rows(page(run(one, cases=[case(one, "ceiling", Outcome.FAIL), case(one, "blind")])))
    right = 100 * float(one.sighted.scores(one.gold).mean())
    assert re.fullmatch(rf"{right:.1f} \[\d+\.\d, \d+\.\d\]", row[1])
    assert re.fullmatch(r"\d+\.\d \[\d+\.\d, \d+\.\d\]", row[2])
    assert re.fullmatch(r"\d+\.\d \[\d+\.\d, \d+\.\d\]", row[3])
    assert row[4:] == ["50.0", "40", "FAIL", "PASS"]
    assert "90% intervals" in page(run(one)).one("table", class_="tasks").one("caption").text


def test_intervals_are_of_the_level_that_each_task_was_judged_at() -> None:
    made = replace(
        run(evaluation(task="one"), evaluation(task="two")),
        settings={"gate": {"alpha": 0.05}, "per_task": [["two", [["alpha", 0.01]]]]},
    )
    document = page(made)
    assert "90% or 98% intervals" in document.one("table", class_="tasks").one("caption").text
    told = [one.text for one in document.all("section", class_="task")]
    assert ["90% intervals" in text for text in told] == [True, False]
    low = [row[1] for row in rows(document)]
    assert low[0] != low[1]


def test_reasons_of_both_gates_are_told() -> None:
    text = page(several()).all("section", class_="task")[0].one("ul", class_="reasons").text
    assert text.startswith("FAIL ceiling : ceiling is FAIL INCONCLUSIVE blind : blind is INCONCL")


def test_a_gate_of_its_own_has_a_column() -> None:
    one = evaluation()
    document = page(run(one, cases=[case(one, "regression", Outcome.FAIL)]))
    heads = [one.text for one in document.one("table", class_="tasks").one("thead").all("th")]
    assert heads[-3:] == ["ceiling gate", "blind gate", "regression gate"]
    assert rows(document)[0][-3:] == ["–", "–", "FAIL"]


def test_the_command_settings_versions_and_device_are_there() -> None:
    one = evaluation(provenance={"device": "a GPU", "revision": None})
    text = page(run(one)).one("main").text
    assert "pytest --vlm=a '--vlm-tasks=my tasks/*'" in text
    assert "seed 0" in text
    assert "device a GPU" in text
    assert "revision –" in text
    assert '{"torch": "2.13.0"}' in text
    assert "2026-11-26 10:00:00 UTC" in text


def test_what_differs_between_tasks_stands_with_them() -> None:
    tasks = [evaluation(task=name, provenance={"readout": name}) for name in ("gram", "depth")]
    document = page(run(*tasks))
    shown = [one.text for one in document.all("section", class_="task")]
    assert sorted("readout gram" in text for text in shown) == [False, True]
    assert "task_version 1" not in shown[0]
    (table,) = (t for t in document.all("table", class_="values") if "all tasks" in t.text)
    assert "task_version 1" in table.text
    assert "readout" not in table.text


# -- what is missing ------------------------------------------------------------------------------


def test_what_was_not_measured_is_said() -> None:
    document = page(several())
    broken = document.all("section", class_="task")[1]
    assert "– Nothing was measured: see errors" in broken.text
    assert rows(document)[1][2:] == ["–", "–", "–", "–", "–", "ERROR", "ERROR"]
    not_asked = document.all("section", class_="task")[-1]
    assert "this task was not asked of this model" in not_asked.text
    assert rows(document)[-1][2:] == ["–"] * 7
    measured = document.all("section", class_="task")[0]
    assert "– The native ceiling was not measured: there was no time" in measured.text
    assert "ceiling (native) –" in measured.text


def test_errors_are_told_whole() -> None:
    one = evaluation()
    error = replace(case(one, "blind", None), told="first line\nsecond line")
    document = page(run(one, cases=[case(one, "ceiling"), error]))
    assert "vlmsight::a::one::blind" in [h.text for h in document.all("h3")]
    assert any("first line second line" in pre.text for pre in document.all("pre"))


def test_a_case_that_was_judged_and_then_broke_is_an_error() -> None:
    one = evaluation()
    document = page(run(one, cases=[replace(case(one, "blind"), result="error", told="teardown")]))
    assert rows(document)[0][-1] == "ERROR"
    assert "blind is PASS ; then an error, see errors" in document.one("main").text


def test_a_skipped_case_is_neither_passed_nor_failed() -> None:
    one = evaluation()
    document = page(run(one, cases=[replace(case(one, "blind", None), result="skipped")]))
    assert rows(document)[0][-1] == "–"
    assert "skipped before it was judged" in document.one("main").text
    assert "passes 0 of 1 gate: 1 was not judged" in document.one("main").text


def test_a_run_of_nothing_is_a_report() -> None:
    document = page(run())
    assert "Nothing was tested." in document.one("main").text
    assert rows(document) == []


def test_a_ceiling_that_decides_and_was_not_measured_leaves_the_gallery_empty() -> None:
    one = evaluation()
    one = replace(one, ceilings={}, unmeasured={"matched": "there is no map"})
    document = page(run(one), pictures=pictures)
    assert rows(document)[0][3] == "–"
    assert "– The matched ceiling was not measured." in document.one("main").text
    assert not document.all("img")


# -- slices, letters, items -----------------------------------------------------------------------


def table_of(document: Element, title: str) -> list[list[str]]:
    """Cells of the table below a heading."""
    (found,) = (
        t for one in document.all("div") for t in one.inside
        if isinstance(t, Element) and t.all("caption")
        and any(isinstance(h, Element) and h.text == title for h in one.inside)
    )  # fmt: skip
    return [
        [c.text for c in row.inside if isinstance(c, Element)]
        for row in found.one("tbody").all("tr")
    ]


def test_slices_are_broken_down() -> None:
    found = table_of(page(run(evaluation())), "Slices")
    assert [row[:3] for row in found] == [["half", "first", "20"], ["half", "second", "20"]]


def test_without_slices_that_is_said() -> None:
    one = replace(evaluation(), slices=((),) * 40)
    assert "– None to break results down by" in page(run(one)).one("main").text


def test_letters_are_counted_where_the_options_stood() -> None:
    one = evaluation(n=40, sighted=1.0)
    # The option that stands first is chosen blind.
    one = replace(one, blind={"blank": replace(one.blind["blank"], choices=one.orders[:, :, 0])})
    found = table_of(page(run(one)), "Letters")
    right = int((one.orders[:, 0, 0] == one.gold).sum())
    assert found[0] == [
        "A", f"{100 * right / 40:.0f} ({right})", f"{100 * right / 40:.0f} ({right})", "100 (40)"
    ]  # fmt: skip
    assert found[1][3] == "0 (0)"
    assert len(found) == 2


def test_answers_without_a_letter_are_counted() -> None:
    one = evaluation(n=40)
    choices = one.sighted.choices.copy()
    choices[:10] = -1
    one = replace(one, sighted=replace(one.sighted, choices=choices))
    assert table_of(page(run(one)), "Letters")[-1] == ["no letter", "0 (0)", "25 (10)", "0 (0)"]


def test_items_that_only_the_eye_solves_are_shown_with_pictures_and_answers() -> None:
    one = evaluation(n=40, sighted=0.5)
    document = page(run(one), pictures=pictures)
    eye, mouth = one.ceiling_scores("matched"), one.sighted.scores(one.gold)
    total = int(((eye == 1) & (mouth == 0)).sum())
    shown = document.all("li", class_="item")
    assert len(shown) == min(total, 12)
    assert f"{total} of 40 items are solved" in document.one("main").text
    first = int(np.flatnonzero((eye == 1) & (mouth == 0))[0])
    assert f"item {first}" in shown[0].text
    right = shown[0].one("li", class_="right").text
    assert re.fullmatch(rf"\([AB]\) option {one.gold[first]} right( blind chose)?", right)
    assert "sighted chose" in shown[0].text
    assert [img.attributes["src"] for img in shown[0].all("img")] == [URI, URI]
    assert shown[0].all("img")[0].attributes["alt"].startswith("Picture 1 of 2 of item")


def test_items_beyond_the_budget_are_counted_and_named() -> None:
    one = evaluation(n=40, sighted=0.2)
    budget = 5 * len(URI)
    text = html_report(run(one), pictures=pictures, budget=budget)
    document = web_page(text)
    assert text.count(URI) == 4
    assert len(document.all("li", class_="item")) == 2
    (more,) = (p.text for p in document.all("p") if "more, not shown" in p.text)
    count, names = re.fullmatch(r"(\d+) more, not shown because .*: (.*)", more).groups()  # type: ignore[union-attr]
    assert len(re.findall(r"item \d+", names)) == int(count) > 12


def test_the_budget_is_stated() -> None:
    told = page(run(evaluation()), pictures=pictures, budget=2_500_000).one("main").text
    assert "of at most 2.5 MB of this file" in told


def test_without_pictures_items_have_their_texts_and_that_is_said() -> None:
    document = page(run(evaluation(sighted=0.5)))
    assert document.all("li", class_="item")
    assert "Pictures are not at hand: the report was made without." in document.one("main").text


# -- texts stay texts -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def hostile() -> tuple[str, Element]:
    text = html_report(hostile_run(), pictures=pictures, baselines=hostile_baselines())
    return text, web_page(text)


def test_a_hostile_text_makes_no_element_and_no_attribute(hostile: tuple[str, Element]) -> None:
    _, document = hostile
    tags = {one.tag for one in document.all()}
    assert tags.isdisjoint({"iframe", "theirs", "object", "base"})
    assert len(document.all("h1")) == len(document.one("head").all("title")) == 1
    assert len(document.all("script")) == len(document.all("style")) == 1
    assert {img.attributes["src"] for img in document.all("img")} == {URI}
    names = {name for one in document.all() for name in one.attributes}
    assert not {name for name in names if name.startswith("on")}
    assert all(one.attributes["href"].startswith("#") for one in document.all("a"))


@pytest.mark.parametrize("hostile_text", TEXTS)
def test_a_hostile_text_is_shown_as_it_is(hostile: tuple[str, Element], hostile_text: str) -> None:
    from pytest_vlmsight.phrases import printable

    shown = " ".join(printable(hostile_text).split())
    said = hostile[1].one("body").text
    # model, task, unmeasured, slice, item, question, options, reason, errors, provenance, settings
    for what in ("model", "task", "native", "why", "slice", "value 0", "name", "question", "one",
                 "two", "reason", "told", "path", "old", "gone", "started", "seed", "python",
                 "package"):  # fmt: skip
        assert re.search(rf"{what} <script>.*{re.escape(shown)}", said)


def test_what_turns_writing_round_or_is_no_unicode_is_escaped(
    hostile: tuple[str, Element],
) -> None:
    text, document = hostile
    assert not set(text) & {"\u202e", "\x00", "\x07"}
    text.encode()
    assert r"gnp.\u202etxt" in document.one("h1").text
    assert r"step-\udcff" in document.one("head").one("title").text


def test_the_page_is_allowed_nothing_but_its_own_style_and_script() -> None:
    text = html_report(run(evaluation(sighted=0.5)), pictures=pictures)
    document = web_page(text)
    (policy,) = (
        one.attributes["content"] for one in document.all("meta") if "http-equiv" in one.attributes
    )
    assert policy.startswith("default-src 'none'; img-src data:; style-src 'sha256-")
    assert "unsafe" not in policy
    assert not [one for one in document.all() if "style" in one.attributes]
    assert not re.search(r"https?://(?!www\.w3\.org)", text)


def test_the_same_run_makes_the_same_report() -> None:
    assert html_report(several(), pictures=pictures) == html_report(several(), pictures=pictures)


def test_a_picture_of_a_task_is_small() -> None:
    text = html_report(run(evaluation()))
    (drawn,) = re.findall(r'<svg class="figure".*?</svg>', text, re.DOTALL)
    assert len(drawn) < 3000


# -- access ---------------------------------------------------------------------------------------


def test_tables_have_captions_and_scopes_pictures_have_titles_and_controls_have_labels() -> None:
    document = page(several(), pictures=pictures)
    for table in document.all("table"):
        assert table.one("caption").text
        assert all(th.attributes["scope"] in ("col", "row") for th in table.all("th"))
    for drawn in document.all("svg", role="img"):
        ids = [drawn.one(tag).attributes["id"] for tag in ("title", "desc")]
        assert drawn.attributes["aria-labelledby"].split() == ids
    labelled = {one.attributes["for"] for one in document.all("label")}
    controls = [*document.all("input"), *document.all("select")]
    assert {one.attributes["id"] for one in controls} == labelled
    ids = [one.attributes["id"] for one in document.all() if "id" in one.attributes]
    assert len(ids) == len(set(ids))


def test_headings_go_down_one_level_at_a_time() -> None:
    document = page(several(), pictures=pictures)
    levels = [int(one.tag[1]) for one in document.all() if re.fullmatch(r"h[1-6]", one.tag)]
    assert levels[0] == 1
    assert all(low - high <= 1 for high, low in pairwise(levels))


def test_the_first_link_leads_to_the_content() -> None:
    document = page(run(evaluation()))
    link = document.all("a")[0]
    assert link.attributes["href"] == f"#{document.one('main').attributes['id']}"


# -- what cannot be made --------------------------------------------------------------------------


def test_where_jinja2_is_missing_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "_installed", lambda package: package != "jinja2")
    with pytest.raises(NoJinjaError, match=r"a report needs jinja2: pip install .*\[report\]'"):
        html_report(run())


def test_a_report_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    write_report(run(evaluation()), tmp_path / "run.html")
    assert (tmp_path / "run.html").read_text("utf-8") == html_report(run(evaluation()))
    with pytest.raises(RecordError, match=r"no/run\.html cannot be written: No such file"):
        write_report(run(), tmp_path / "no" / "run.html")
    with pytest.raises(RecordError, match="setting items: got 'many'"):
        write_report(replace(run(), settings={"items": "many"}), tmp_path / "other.html")
    assert [one.name for one in tmp_path.iterdir()] == ["run.html"]


def test_an_evaluation_without_blind_answers_is_refused() -> None:
    with pytest.raises(RecordError, match="evaluation of a, one: it has no blind answers"):
        html_report(run(replace(evaluation(), blind={})))
