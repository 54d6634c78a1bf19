"""A run in Markdown: the worst first, nothing left out unsaid, and no markup but our own."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from made_runs import case, evaluation, run

from pytest_vlmsight.gates import Outcome
from pytest_vlmsight.report.markdown import escaped, markdown_report

if TYPE_CHECKING:
    from pytest_vlmsight.records.run import Run

FACTS = {"model_type": "llava", "encoder": "clip", "fed_from": "encoder[1]", "dtype": "float32"}
TAGS = {"<details>", "</details>", "<summary>", "</summary>", "<span>", "</span>"}

HOSTILE = (
    "<script>alert(1)</script>",
    "<!-- -->",
    "</details>",
    "[x](http://e.vil)",
    "![x](https://e.vil/p.png)",
    "www.e.vil",
    "@everyone",
    "`code`",
    "```",
    "a|b",
    "a\\|b\\",
    "*b* _i_ ~~s~~",
    "$x$",
    "line\n\n# heading",
    "line\r\n| a | b |",
    "\x1b[31m\x07\u202e",
    "step-\udcff",
    "&lt;b&gt; &#35;",
)


def mixed() -> Run:
    """A run with every kind of outcome, one of a model that passes first."""
    good = evaluation(model="good")
    bad, two, three = (evaluation(task=task, provenance=FACTS) for task in ("one", "two", "three"))
    cases = [case(good, "ceiling"), case(good, "blind")]
    cases += [case(bad, "ceiling"), case(bad, "blind")]
    cases += [case(two, "ceiling", None), case(two, "blind", Outcome.FAIL)]
    cases += [case(three, "ceiling", Outcome.INCONCLUSIVE), case(three, "blind")]
    return run(good, bad, two, three, cases=cases)


def test_the_protocol_is_told_with_what_departs_from_it() -> None:
    assert "Protocol" not in markdown_report(mixed())
    settings = {"protocol": "study", "scoring": "generate", "images": "composite"}
    text = markdown_report(replace(mixed(), settings=settings))
    assert text.splitlines()[4] == "Protocol: study, but items=400 ceiling=matched"


def test_the_verdict_comes_first_and_the_worst_before_the_others() -> None:
    text = markdown_report(mixed())
    assert text.splitlines()[:3] == [
        "## vlmsight: FAIL",
        "",
        "**2 of 4 tasks pass** (1 FAIL, 1 INCONCLUSIVE, 2 PASS)",
    ]
    assert re.findall(r"^### (\w+)", text, re.MULTILINE) == ["a", "good"]
    assert re.findall(r"^\| (one|two|three) ", text, re.MULTILINE) == ["two", "three", "one", "one"]


def test_a_row_has_all_figures_with_their_intervals_and_every_gate() -> None:
    one = evaluation()
    text = markdown_report(run(one))
    (row,) = re.findall(r"^\| one .*$", text, re.MULTILINE)
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    sighted = 100 * one.sighted.scores(one.gold).mean()
    assert re.fullmatch(rf"{sighted:.1f} \[\d+\.\d, \d+\.\d\]", cells[1])
    assert cells[4:] == ["50.0", "40", "PASS", "PASS"]
    assert "Per cent, with 90% intervals." in text


def test_what_could_not_be_measured_has_dashes_and_its_reason() -> None:
    text = markdown_report(run(cases=[case(evaluation(), "ceiling", None)]))
    assert "| one | – | – | – | – | – | ERROR | – |" in text
    assert "- **one, ceiling: ERROR** it could not be measured" in text
    assert text.startswith("## vlmsight: ERROR\n")


def test_a_reason_of_several_lines_is_one() -> None:
    told = replace(case(evaluation(), "ceiling", None), told="it ran\n  out of memory\n")
    assert "- **one, ceiling: ERROR** it ran out of memory\n" in markdown_report(run(cases=[told]))


def test_further_gates_have_columns_of_their_own() -> None:
    one = evaluation()
    cases = [case(one, gate) for gate in ("ceiling", "blind")]
    text = markdown_report(run(one, cases=[*cases, case(one, "regression", Outcome.FAIL)]))
    assert "| ceiling gate | blind gate | regression gate |" in text
    assert "| PASS | PASS | FAIL |" in text


def test_reasons_provenance_and_the_command_are_there() -> None:
    text = markdown_report(mixed())
    assert "model type llava, encoder clip, fed from encoder\\[1\\], dtype float32" in text
    assert "- **two, blind: FAIL** blind is FAIL" in text
    assert "| torch | 2.13.0 |" in text
    assert "```sh\npytest --vlm=a '--vlm-tasks=my tasks/*'\n```" in text
    assert "Run again" not in markdown_report(replace(mixed(), command=()))


def test_a_run_of_nothing_says_so() -> None:
    assert markdown_report(run()).startswith(
        "## vlmsight: nothing was measured\n\n**0 of 0 tasks pass**\n"
    )


# -- hostile texts --------------------------------------------------------------------------------


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_is_no_markup(text: str) -> None:
    safe = escaped(text)
    assert len(safe.splitlines()) == 1
    assert set(re.findall(r"<[^>]*>", safe)) <= TAGS
    assert not re.search(r"(?<!\\)(\\\\)*[`*_\[\]|~]", safe), "every one has a backslash before it"
    assert "://" not in safe
    assert "www." not in safe
    assert not re.search(r"@\w", safe)
    assert not re.search(r"(?<!<span>)\$|\$(?!</span>)", safe)
    assert safe.encode()


@pytest.mark.parametrize("text", HOSTILE)
def test_the_report_of_hostile_texts_has_the_form_of_any_other(text: str) -> None:
    one = evaluation(model=text, task=text, provenance={"encoder": text, text: text})
    cases = [case(one, "ceiling", Outcome.FAIL), replace(case(one, "blind", None), told=text)]
    verdict = cases[0].verdict
    assert verdict is not None
    cases[0] = replace(cases[0], verdict=replace(verdict, reason=text))
    hostile = replace(
        run(one, cases=cases),
        command=("pytest", f"--vlm={text}"),
        environment={"python": text, "packages": {"torch": text}, "gpus": [text]},
    )
    plain = replace(
        run(evaluation(provenance={"encoder": "x", "y": "z"})), environment=hostile.environment
    )
    lines = markdown_report(hostile).splitlines()
    assert len(lines) == len(markdown_report(plain).splitlines())
    for line in lines:
        # Every row has the cells of its table.
        if line.startswith("|"):
            assert len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) in {3, 9}, line
    tags = re.findall(r"<[^>]*>", "\n".join(lines[: lines.index("Run again:")]))
    assert set(tags) <= TAGS
    assert tags.count("<details>") == tags.count("</details>") == 2
    fence = lines[lines.index("Run again:") + 2].removesuffix("sh")
    assert lines[-1] == fence
    assert fence not in lines[-2]


def test_texts_without_end_are_cut() -> None:
    one = evaluation(model="m" * 9999)
    cases = [replace(case(one, "ceiling", None), told="x" * 99_999)]
    assert len(markdown_report(run(one, cases=cases))) < 6000


# -- a limit --------------------------------------------------------------------------------------


def test_where_there_is_no_room_tables_are_kept_and_what_is_left_out_is_said() -> None:
    whole = markdown_report(mixed())
    assert markdown_report(mixed(), limit=len(whole.encode()) + 2) == whole
    text = markdown_report(mixed(), limit=1600)
    assert len(text.encode()) <= 1600
    assert text.startswith("## vlmsight: FAIL\n")
    assert re.findall(r"^### (\w+)", text, re.MULTILINE) == ["a", "good"]
    assert "_Left out, as there is no room: " in text.splitlines()[-1]
    assert "provenance (1)" in text.splitlines()[-1]


@pytest.mark.parametrize("limit", [200, 400, 800, 1200, 2000])
def test_a_limit_is_kept_and_no_fold_is_left_open(limit: int) -> None:
    text = markdown_report(mixed(), limit=limit)
    assert len(text.encode()) <= limit
    assert text.count("<details>") == text.count("</details>")


def test_of_many_models_the_best_are_left_out_first() -> None:
    models = [evaluation(model=f"good {index}", n=8) for index in range(20)]
    worst = evaluation(model="worst", n=8)
    cases = [case(one, gate) for one in models for gate in ("ceiling", "blind")]
    cases += [case(worst, gate, Outcome.FAIL) for gate in ("ceiling", "blind")]
    text = markdown_report(run(*models, worst, cases=cases), limit=3000)
    shown = re.findall(r"^### (.+)$", text, re.MULTILINE)
    assert shown[0] == "worst"
    assert 1 < len(shown) < 21
