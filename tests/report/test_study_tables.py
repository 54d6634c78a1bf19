"""Ours beside the study's as text of 80 columns, Markdown and JSON."""

from __future__ import annotations

import json
from dataclasses import replace

from made_study_runs import named, studied, study_run

from pytest_vlmsight.beside_study import Beside, beside_study
from pytest_vlmsight.published import PUBLISHED, SOURCE
from pytest_vlmsight.report.study_tables import FORMATS, rendered

HOSTILE = "<b>|x\n`@y`\x1b[31m"


def found() -> list[Beside]:
    run = study_run(
        studied("art_style", sighted=0.6, ceiling=0.7),
        studied("low_level_matching", n=60),
        studied("art_style/own", sighted=0.5),
        studied("study/mmvp"),
    )
    return beside_study(named(run))


def test_text_has_ours_theirs_and_the_difference_below_each_other() -> None:
    lines = rendered(found(), "text").splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("study/art_style:"))
    head, ours, theirs, difference, letters = lines[start : start + 5]
    assert head == "study/art_style: chance 50.0, in the study always A 47.0"
    assert ours.split()[:2] == ["ours", "117"]
    assert theirs.split() == ["study", "117", "53.9", "±", "0.3", "–", "76.0", "±", "0.3"]
    assert difference.split()[0] == "difference"
    assert difference.count("[") == 2
    assert letters.startswith("  letters, sighted from blind: moved by 0.")
    assert letters.endswith("; study 0.169")
    assert all(len(line) == 78 for line in (ours, theirs, difference))
    title = next(line for line in lines if "\u2009" not in line)
    assert title.startswith("llava (llava, clip_vision_model, encoder[23], float32, CLIP ViT-L/14")


def test_a_row_without_ours_has_what_was_published_and_no_difference() -> None:
    lines = rendered(found(), "text").splitlines()
    start = lines.index("semantic_correspondence: chance 25.0, in the study always A 32.4")
    assert lines[start + 1].split() == ["study", "138", "29.7", "±", "0.3", "–", "38.4", "±", "0.3"]
    assert not lines[start + 2].startswith(" ")
    start = lines.index("art_style/own: chance 50.0, in the study always A 47.0")
    assert not any(line.startswith("  difference") for line in lines[start : start + 4])


def test_notes_say_which_tasks_they_are_of_and_what_is_missing() -> None:
    text = " ".join(rendered(found(), "text").split())
    assert "art_style/own: its items are not those of the study's data set" in text
    assert "study/low_level_matching: 60 items; the study has 171" in text
    assert (
        "not measured: semantic_correspondence, object_depth, functional_correspondence, "
        "odd_one_out" in text
    )
    assert "the study has no numbers of: study/mmvp" in text
    assert "90% intervals" in text
    letters = [studied(name, provenance={"scoring": "letters"}) for name in list(PUBLISHED)[:2]]
    text = rendered(beside_study(named(study_run(*letters))), "text")
    assert text.count("answered by letters' log-probabilities") == 1
    assert "  answered by letters' log-probabilities" in text  # of all: no task is named


def test_every_form_says_that_numbers_are_read_off_figures() -> None:
    assert "read off its figures" in SOURCE
    for form in FORMATS:
        text = " ".join(rendered(found(), form).split())
        assert SOURCE in text
    for form in ("text", "markdown"):
        assert "no gate knows them" in " ".join(rendered(found(), form).split())


def test_markdown_is_a_table_with_a_row_for_each_task() -> None:
    lines = rendered(found(), "markdown").splitlines()
    rows = [line for line in lines if line.startswith("|")]
    assert len(rows) == 2 + len(PUBLISHED) + 1
    assert {row.replace("\\|", "").count("|") for row in rows} == {12}
    row = next(row for row in rows if row.startswith("| study/art\\_style |"))
    assert "| 117 (study 117) |" in row
    assert "| 53.9 ± 0.3 |" in row


def test_json_has_every_figure() -> None:
    plain = json.loads(rendered(found(), "json"))
    (model,) = plain["models"]
    assert (model["model"], model["encoder"], model["protocol"]) == ("llava", "CLIP", "study")
    assert model["others"] == ["study/mmvp"]
    rows = {row["task"]: row for row in model["tasks"] if row["task"]}
    art = rows["study/art_style"]
    assert (art["n"], art["study_n"], art["confidence"]) == (117, 117, 0.9)
    assert (art["sighted"]["published"], art["sighted"]["reading_error"]) == (0.539, 0.003)
    assert art["sighted"]["low"] < art["sighted"]["share"] < art["sighted"]["high"]
    assert art["sighted"]["difference"] == art["sighted"]["share"] - 0.539
    assert art["blind"]["published"] is None
    assert rows["art_style/own"]["sighted"]["difference"] is None
    (missing,) = (r for r in model["tasks"] if r["study_task"] == "odd_one_out")
    assert (missing["task"], missing["n"], missing["sighted"]["share"]) == (None, None, None)


def test_hostile_names_come_out_as_text_in_80_columns() -> None:
    one = studied("art_style", model=HOSTILE, provenance={"encoder": HOSTILE, "dtype": HOSTILE})
    run = study_run(one, replace(studied("texture", model=HOSTILE), task=f"texture{HOSTILE}"))
    tables = beside_study([(HOSTILE, run)])
    text = rendered(tables, "text")
    assert max(map(len, text.splitlines())) <= 80
    assert "\x1b" not in text
    assert "<b>" not in rendered(tables, "markdown")
    assert json.loads(rendered(tables, "json"))["models"][0]["model"] == HOSTILE
