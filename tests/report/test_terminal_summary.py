"""The header and the summary stay aligned and within 80 columns whatever they are told."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_vlmsight.options import BLIND_KINDS
from pytest_vlmsight.report.terminal import WIDTH, header, summary
from pytest_vlmsight.settings import GateSettings, Settings
from pytest_vlmsight.tasks.item import Task

HEAD = "task                sighted blind ceiling chance     n ceiling gate blind gate"

MEASURED: dict[str, Any] = {
    "vlm_n": 400,
    "vlm_chance": 0.25,
    "vlm_sighted": 0.4325,
    "vlm_blind": 0.27,
    "vlm_blind_blank": 0.27,
    "vlm_decided_by": "matched",
    "vlm_ceiling_matched": 0.9175,
    "vlm_ceiling_matched_low": 0.89,
    "vlm_ceiling_matched_high": 0.94,
    "vlm_model_type": "llava",
    "vlm_encoder": "clip_vision_model",
    "vlm_fed_from": "encoder[23]",
    "vlm_dtype": "float32",
}


def report(
    gate: str,
    verdict: str | None,
    *,
    model: str = "llava-1.5",
    task: str = "relative_depth",
    when: Any = "call",
    outcome: Any = "passed",
    **told: object,
) -> pytest.TestReport:
    """A report as a case makes it."""
    properties = {"vlm_model": model, "vlm_task": task, "vlm_gate": gate, **told}
    if verdict is not None:
        properties["vlm_verdict"] = verdict
    return pytest.TestReport(
        nodeid=f"vlmsight::{model}::{task}::{gate}",
        location=("", 0, ""),
        keywords={},
        outcome=outcome,
        longrepr=None,
        when=when,
        user_properties=list(properties.items()),
    )


def a_task(available: int | None) -> Task:
    return Task(
        name="t",
        version="1",
        readout="gram",
        source="made up",
        licence="CC0",
        make_items=lambda n, seed: [],
        available=available,
    )


def test_header_tells_the_protocol_and_what_departs_from_it() -> None:
    assert not any("protocol" in line for line in header(Settings(), tasks=[], tests=2))
    told = header(Settings(protocol="study", blind=BLIND_KINDS), tasks=[], tests=2)
    assert max(map(len, told)) <= WIDTH
    assert (
        "vlmsight: protocol study, but items=400 scoring=letters blind=blank,none,noise,shuffled "
        "ceiling=matched images=auto"
    ) in " ".join(told)


def test_line_has_accuracies_and_both_verdicts() -> None:
    reports = [report("ceiling", "FAIL", **MEASURED), report("blind", "PASS", **MEASURED)]
    assert summary(reports) == [
        "llava-1.5 (llava, clip_vision_model, encoder[23], float32)",
        HEAD,
        "relative_depth         43.2  27.0    91.8   25.0   400 FAIL         PASS",
    ]


def test_what_was_not_measured_or_not_run_is_told_from_what_was() -> None:
    error = report("ceiling", None, when="setup", outcome="failed")
    assert summary([error])[-1] == (
        "relative_depth            –     –       –      –     – ERROR        –"
    )
    judged = report("blind", "PASS", **{**MEASURED, "vlm_n": 32})
    assert summary([error, judged])[-1].endswith("   32 ERROR        PASS")


def test_failed_teardown_is_an_error_whatever_was_judged_before() -> None:
    passed = report("blind", "PASS", **MEASURED)
    teardown = report("blind", "PASS", when="teardown", outcome="failed", **MEASURED)
    assert summary([passed, teardown])[-1].endswith("–            ERROR")


def test_call_that_fails_without_a_verdict_is_an_error() -> None:
    assert summary([report("blind", None, outcome="failed", **MEASURED)])[-1].endswith("ERROR")


def test_setup_alone_shows_no_verdict() -> None:
    assert summary([report("ceiling", None, when="setup", **MEASURED)])[-1].endswith("–")


def test_reports_of_other_tests_are_left_out() -> None:
    other = report("ceiling", "PASS")
    other.user_properties = [("seed", 3)]
    assert summary([other]) == []


def test_models_have_blocks_and_tasks_have_lines() -> None:
    reports = [
        report(gate, "PASS", model=model, task=task, **MEASURED)
        for model in ("one", "two")
        for task in ("a", "b")
        for gate in ("ceiling", "blind")
    ]
    lines = summary(reports)
    assert [line.split()[0] if line else "" for line in lines] == (
        ["one", "task", "a", "b", "", "two", "task", "a", "b"]
    )


def test_ceiling_that_decides_is_the_one_in_the_line() -> None:
    both = {**MEASURED, "vlm_ceiling_native": 0.95, "vlm_decided_by": "native"}
    line, other = summary([report("ceiling", "FAIL", **both)])[2:]
    assert line.split()[3] == "95.0"
    assert other == "  matched ceiling                    91.8"
    assert len(other) == HEAD.index("ceiling") + len("ceiling")


def test_ceiling_that_decides_but_was_not_measured_is_not_replaced_by_another() -> None:
    told = {k: v for k, v in MEASURED.items() if not k.startswith("vlm_ceiling")}
    error = report("ceiling", None, when="setup", outcome="failed", **told, vlm_ceiling_native=0.95)
    line, other = summary([error])[2:]
    assert line.split()[3] == "–"
    assert other.split() == ["native", "ceiling", "95.0"]


VERDICTS = ("PASS", "FAIL", "INCONCLUSIVE", None)


@given(
    model=st.text("abc/[]@.-", min_size=1, max_size=120),
    task=st.text("abcdefg_/", min_size=1, max_size=40),
    n=st.integers(1, 99_999),
    verdicts=st.tuples(st.sampled_from(VERDICTS), st.sampled_from(VERDICTS)),
    shares=st.lists(st.floats(0, 1), min_size=5, max_size=5),
    native=st.booleans(),
)
def test_no_line_is_wider_than_a_terminal_and_columns_are_aligned(
    *,
    model: str,
    task: str,
    n: int,
    verdicts: tuple[str | None, str | None],
    shares: list[float],
    native: bool,
) -> None:
    told = {**MEASURED, "vlm_n": n}
    keys = ("sighted", "blind", "ceiling_matched", "chance")
    told |= {f"vlm_{key}": share for key, share in zip(keys, shares, strict=False)}
    if native:
        told["vlm_ceiling_native"] = shares[4]
    reports = [
        report(gate, verdict, model=model, task=task, **told)
        for gate, verdict in zip(("ceiling", "blind"), verdicts, strict=True)
    ]
    lines = summary(reports)
    assert all(len(line) <= WIDTH for line in lines)
    first = lines[2]
    for title, value in (("sighted", shares[0]), ("blind", shares[1]), ("chance", shares[3])):
        end = HEAD.index(title) + len(title)
        assert first[:end].endswith(f"{100 * value:.1f}")
    assert first[: HEAD.index(" n ") + 2].endswith(str(n))
    assert first[HEAD.index("ceiling gate") :].startswith(verdicts[0] or "ERROR")
    assert first[HEAD.index("blind gate") :] == (verdicts[1] or "ERROR")


def test_slices_stand_below_the_line_of_their_task_where_asked_for() -> None:
    rows = [
        {"slice": "light", "value": value, "n": 16, "confidence": 0.9}
        | {
            f"{k}{end}": 0.5
            for k in ("sighted", "blind", "ceiling")
            for end in ("", "_low", "_high")
        }
        for value in ("day", "night")
    ]
    told = {**MEASURED, "vlm_slices": json.dumps(rows)}
    reports = [report("ceiling", "PASS", **told), report("blind", "PASS", task="b", **MEASURED)]
    lines = summary(reports, slices=True)
    assert [line.split()[0] for line in lines[2:]] == (
        ["relative_depth", "slice,", "light", "day", "night", "b"]
    )
    assert lines[4:6] == [
        "  light",
        f"    {'day':<27}    16  " + "50 [50, 50]   " * 2 + "50 [50, 50]",
    ]
    assert all(len(line) <= WIDTH for line in lines)
    assert [line.split()[0] for line in summary(reports)[2:]] == ["relative_depth", "b"]


def test_long_task_names_keep_their_beginning_and_end() -> None:
    line = summary([report("blind", "PASS", task="study/correspondence_car_2")])[2]
    assert line.split()[0] == "study/corres…_car_2"


def test_widest_line_fills_the_terminal() -> None:
    told = {**MEASURED, "vlm_n": 12345, "vlm_sighted": 1.0, "vlm_blind": 1.0}
    reports = [report(gate, "INCONCLUSIVE", task="t" * 25, **told) for gate in ("ceiling", "blind")]
    assert len(summary(reports)[2]) == WIDTH


def test_header_says_what_the_least_task_can_show() -> None:
    settings = Settings(vlms=("a", "b"), items=400)
    lines = header(settings, tasks=[a_task(None), a_task(120), a_task(1000)], tests=12)
    assert lines[0] == "vlmsight: 2 model(s), 3 task(s) of 120 to 400 items, 12 gates"
    assert lines[1].startswith("vlmsight: margin 0.1, alpha 0.05; at n=120 a margin of 0.1")
    assert lines[1].endswith(" passes")


@given(
    margin=st.floats(0.001, 0.999),
    alpha=st.floats(0.001, 0.499),
    items=st.integers(1, 99_999),
    models=st.integers(1, 99),
)
def test_header_fits_a_terminal(margin: float, alpha: float, items: int, models: int) -> None:
    gate = GateSettings(margin=round(margin, 3), alpha=round(alpha, 4))
    settings = Settings(vlms=("m",) * models, items=items, gate=gate)
    lines = header(settings, tasks=[a_task(None), a_task(30)], tests=4 * models)
    assert all(len(line) <= WIDTH for line in lines)


def test_header_of_a_run_without_tasks_has_one_line() -> None:
    assert header(Settings(vlms=("a",)), tasks=[], tests=0) == [
        "vlmsight: 1 model(s), 0 task(s) of 0 items, 0 gates"
    ]
