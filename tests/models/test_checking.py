"""``vlmsight check``: tables of what came out, and an exit status that tells."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_vlmsight import cli
from pytest_vlmsight.models import checking
from pytest_vlmsight.models.checking import Checked, check_models, json_of, summary_of, table_of
from pytest_vlmsight.models.conformance import FAIL, NONE, PASS, Check

if TYPE_CHECKING:
    from collections.abc import Callable

Capture = pytest.CaptureFixture[str]

CHECKS = (
    Check(name="letters", outcome=PASS, told="2 to 4 options"),
    Check(name="projector map", outcome=NONE, told="projector has no spatial map: none | at all"),
    Check(name="LLM layers", outcome=NONE, told="llm[0] has no spatial map: none | at all"),
)
FAILING = (Check(name="letters", outcome=FAIL, told="3 scores\nfor 2 options"), *CHECKS[1:])
FACTS = {
    "source": "/somewhere",
    "model_type": "llava",
    "encoder": "clip",
    "fed_from": "encoder[1]",
    "several_images": "separate",
}


def made(**changes: Any) -> Checked:
    given: dict[str, Any] = {"name": "one", "provenance": FACTS, "checks": CHECKS} | changes
    return Checked(**given)


def test_a_table_says_what_a_model_is_and_what_was_found() -> None:
    assert table_of(made()).splitlines() == [
        "### one",
        "",
        "model_type llava, encoder clip, fed_from encoder[1], several_images separate",
        "",
        "| check | outcome | found |",
        "| --- | --- | --- |",
        "| letters | pass | 2 to 4 options |",
        r"| projector map | none | projector has no spatial map: none \| at all |",
        r"| LLM layers | none | llm[0] has no spatial map: none \| at all |",
    ]


def test_the_table_of_a_refused_model_says_why() -> None:
    refused = made(name="two", provenance={}, checks=(), refused="it is none")
    assert table_of(refused).splitlines() == ["### two", "", "Not loaded: it is none"]
    assert not refused.failed


def test_a_summary_has_a_row_for_each_model_and_tells_each_reason_once() -> None:
    rows = summary_of(
        [
            made(name="refused", provenance={}, checks=(), refused="it is none"),
            made(),
            made(name="failing", checks=FAILING),
        ]
    ).splitlines()
    facts, checks = "model type | encoder | fed from | several images", "letters | projector map"
    assert rows == [
        f"| model | {facts} | {checks} | LLM layers |",
        "| " + " | ".join(["---"] * 8) + " |",
        "| refused | – | – | – | – |  |  |  |",
        "| one | llava | clip | encoder[1] | separate | ✓ | – | – |",
        "| failing | llava | clip | encoder[1] | separate | FAIL | – | – |",
        "",
        "- refused is refused: it is none",
        "- one: projector map, LLM layers: none | at all",
        "- failing: letters: 3 scores for 2 options",
        "- failing: projector map, LLM layers: none | at all",
    ]


def test_json_has_all_that_tables_have() -> None:
    refused = made(name="two", provenance={}, checks=(), refused="it is none")
    one, other, failing = json.loads(json_of([made(), refused, made(checks=FAILING)]))
    assert one["provenance"] == FACTS
    assert one["checks"][0] == {"name": "letters", "outcome": "pass", "told": "2 to 4 options"}
    assert (one["name"], one["passed"], one["refused"]) == ("one", True, None)
    assert (other["passed"], other["refused"], other["checks"]) == (False, "it is none", [])
    assert failing["passed"] is False


def test_only_a_check_that_fails_fails_a_model() -> None:
    assert not made().failed
    assert made(checks=FAILING).failed


# -- models ---------------------------------------------------------------------------------------


def test_a_model_that_does_all_it_must_passes(capsys: Capture, plain: Path, tmp_path: Path) -> None:
    output = tmp_path / "found.md"
    assert cli.main(["check", str(plain), "-o", str(output)]) == 0
    out, err = capsys.readouterr()
    assert out.startswith(f"### {plain}\n")
    assert "primer Answer: (" in out  # is only known after asking
    assert out.count("| pass |") == 13
    assert output.read_text(encoding="utf-8") == out
    assert err == ""
    assert [path.name for path in tmp_path.iterdir()] == ["found.md"]


def test_a_model_that_is_refused_is_told_beside_the_others(
    capsys: Capture, families: Callable[[str], Path], plain: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checking, "conformance", lambda _: list(CHECKS))
    refused = families("florence2")
    assert cli.main(["check", str(refused), str(plain), "--summary"]) == 1
    out, err = capsys.readouterr()
    assert err.splitlines() == [f"1/2 {refused}: refused", f"2/2 {plain}: pass"]
    assert f"- {refused} is refused: model_type 'florence2' is not measured" in out
    assert f"| {plain} | llava | clip_vision_model | encoder[1] | separate | ✓ | – | – |" in out


def test_a_name_that_is_none_is_told_before_any_model_is_loaded(
    capsys: Capture, plain: Path, tmp_path: Path
) -> None:
    assert cli.main(["check", str(plain), str(tmp_path / "nothing")]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    (line,) = err.splitlines()
    assert line.startswith("vlmsight check: ")
    assert "there is no such folder" in line


def test_a_model_that_is_none_with_eyes_is_refused(capsys: Capture, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    assert check_models([str(tmp_path)]) == 1
    assert f"Not loaded: {tmp_path} is no vision-language model" in capsys.readouterr().out


def test_a_model_that_fails_is_told_by_the_exit_status(
    capsys: Capture, plain: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checking, "conformance", lambda _: list(FAILING))
    assert cli.main(["check", str(plain), str(plain)]) == 1
    out, err = capsys.readouterr()
    assert err.splitlines() == [f"1/2 {plain}: FAIL", f"2/2 {plain}: FAIL"]
    assert "| letters | FAIL | 3 scores for 2 options |" in out


def test_json_is_printed_and_written(
    capsys: Capture, plain: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checking, "conformance", lambda _: list(FAILING))
    output = tmp_path / "found.json"
    assert cli.main(["check", str(plain), "--json", "-o", str(output)]) == 1
    out, _ = capsys.readouterr()
    assert output.read_text(encoding="utf-8") == out
    (one,) = json.loads(out)
    assert one["provenance"]["model_type"] == "llava"
    assert out == json.dumps([one], indent=2, sort_keys=True) + "\n"


def test_options_reach_the_model(
    capsys: Capture, plain: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Any] = []

    def seen(vlm: Any) -> list[Check]:
        told.append({key: vlm.provenance[key] for key in ("dtype", "device", "several_images")})
        return list(CHECKS)

    monkeypatch.setattr(checking, "conformance", seen)
    options = ["--images=composite", "--dtype=bfloat16", "--device=cpu"]
    assert cli.main(["check", str(plain), *options]) == 0
    assert told == [{"dtype": "bfloat16", "device": "cpu", "several_images": "composite"}]
    capsys.readouterr()


def test_a_file_that_cannot_be_written_whole_leaves_the_old_one(
    capsys: Capture, plain: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / "found.md"
    output.write_text("before")

    def full(path: Path, text: str, **_: Any) -> int:
        path.write_bytes(text[:5].encode())
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checking, "conformance", lambda _: list(CHECKS))
    monkeypatch.setattr(Path, "write_text", full)
    assert cli.main(["check", str(plain), "-o", str(output)]) == 2
    assert "vlmsight check: " in capsys.readouterr().err
    assert output.read_bytes() == b"before"
