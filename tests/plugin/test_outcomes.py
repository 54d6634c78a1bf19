"""What models of known behaviour end as: passed, failed, skipped, or an error."""

from __future__ import annotations

import json
import re
import shutil
from typing import TYPE_CHECKING

import pytest
from made_tasks import add_made_tasks
from plugin_fixtures import N, junit_suite, rewrite_lines

from pytest_vlmsight.models.transformers_vlm import TransformersVlm

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from plugin_fixtures import RunSuite


def cases(model: str, task: str = "tiny") -> list[str]:
    return [f"vlmsight::{model}::{task}::{gate}" for gate in ("ceiling", "blind")]


def words(text: str) -> str:
    """The text without its line breaks."""
    return " ".join(text.split())


def test_terminal_and_junit_tell_a_passing_model_from_a_failing_one(
    run_suite: RunSuite, folders: Path
) -> None:
    models = ("--vlm=oracle", "--vlm=always_a")
    # A gain of .20, since 32 items without any leave a gain of .10 open.
    run = run_suite(*models, "--vlm-tasks=tiny", "--vlm-min-gain=.2", "--junitxml=sight.xml")
    assert run.code == pytest.ExitCode.TESTS_FAILED
    assert run.outcomes == {
        **dict.fromkeys(cases("oracle"), "passed"),
        **dict.fromkeys(cases("always_a"), "failed"),
    }
    assert "collected 4 items" in run.out
    failures = run.section("FAILURES")
    assert len(failures) <= 12
    assert not [line for line in failures if "pluggy" in line or "suite.py" in line]
    assert re.match(
        r"FAIL: sighted 25\.0% against matched ceiling 100\.0%: difference -75\.0 points "
        r"\[-85\.\d, -60\.8\] is beyond the margin -10\.0 points \(p=\S+ at alpha/m=0\.013\)",
        words(run.reasons[cases("always_a")[0]]),
    )
    assert words(run.reasons[cases("always_a")[1]]).startswith(
        "FAIL: sighted 25.0% against 25.0% blind (blank): gain +0.0 points"
    )
    assert run.section("vlmsight") == [
        "oracle (llava, clip_vision_model, encoder[1], float32)",
        "task                sighted blind ceiling chance     n ceiling gate blind gate",
        "tiny                  100.0  25.0   100.0   25.0    32 PASS         PASS",
        "",
        "always_a (llava, clip_vision_model, encoder[1], float32)",
        "task                sighted blind ceiling chance     n ceiling gate blind gate",
        "tiny                   25.0  25.0   100.0   25.0    32 FAIL         FAIL",
    ]
    paths = ("rootdir: ", "- generated xml file: ")
    assert not [line for line in run.out if len(line) > 80 and not line.startswith(paths)]
    check_junit(folders / "sight.xml")


def check_junit(path: Path) -> None:
    suite = junit_suite(path)
    counts = {key: suite.get(key) for key in ("tests", "failures", "errors", "skipped")}
    assert counts == {"tests": "4", "failures": "2", "errors": "0", "skipped": "0"}
    told = {
        (str(case.get("classname")), str(case.get("name"))): case for case in suite.iter("testcase")
    }
    assert sorted(told) == [
        (f"vlmsight.{model}.tiny", gate)
        for model in ("always_a", "oracle")
        for gate in ("blind", "ceiling")
    ]
    for (scope, gate), case in told.items():
        values = {p.get("name"): str(p.get("value")) for p in case.iter("property")}
        oracle = "oracle" in scope
        assert values["vlm_gate"] == gate
        assert values["vlm_model"] == ("oracle" if oracle else "always_a")
        assert values["vlm_verdict"] == ("PASS" if oracle else "FAIL")
        assert values["vlm_n"] == str(N)
        assert float(values["vlm_sighted"]) == (1.0 if oracle else 0.25)
        assert float(values["vlm_blind"]) == float(values["vlm_blind_blank"]) == 0.25
        assert float(values["vlm_ceiling_matched"]) == 1.0
        assert float(values["vlm_chance"]) == 0.25
        assert 0 <= float(values["vlm_p"]) < 0.05
        low, middle, high = (float(values[f"vlm_{k}"]) for k in ("low", "estimate", "high"))
        assert low < middle < high or low < middle == high
        assert values["vlm_decided_by"] == "matched"
        assert values["vlm_readout"] == "nearest_patch"
        assert values["vlm_task_version"] == "1"
        assert (case.find("failure") is None) == oracle
        message = "" if oracle else str(case.find("failure").get("message"))  # type: ignore[union-attr]
        assert message.startswith("" if oracle else "FAIL: sighted 25.0% against ")
        assert len(message) <= 500


@pytest.mark.parametrize(
    ("setting", "outcome", "code"),
    [("fail", "failed", 1), ("skip", "skipped", 0), ("pass", "passed", 0)],
)
def test_inconclusive_gate_is_what_is_asked_for(
    run_suite: RunSuite, setting: str, outcome: str, code: int
) -> None:
    run = run_suite(
        "--vlm=refuses",
        "--vlm-tasks=tiny",
        "--vlm-scoring=generate",
        f"--vlm-inconclusive={setting}",
        "-rs",
    )
    assert run.code == code
    assert run.outcomes == dict.fromkeys(cases("refuses"), outcome)
    for case in cases("refuses"):
        assert run.told[case]["vlm_verdict"] == "INCONCLUSIVE"
        reason = str(run.told[case]["vlm_reason"])
        assert f"only 0 of {N} sighted answers name an option" in reason
        if setting == "fail":
            assert words(run.reasons[case]).startswith(f"INCONCLUSIVE: {reason}")
    assert run.section("vlmsight")[-1].endswith(f"{N} INCONCLUSIVE INCONCLUSIVE")
    assert any("INCONCLUSIVE: only 0 of" in line for line in run.out) == (setting != "pass")


def test_number_of_gates_that_divides_alpha_is_fixed_before_k(run_suite: RunSuite) -> None:
    arguments = ("--vlm=always_a", "--vlm=oracle", "--vlm-tasks=tiny")
    case = cases("always_a")[0]
    every = run_suite(*arguments).told[case]["vlm_reason"]
    assert "alpha/m=0.013" in str(every)
    run = run_suite(*arguments, "-k", "always_a and ceiling")
    assert list(run.outcomes) == [case]
    assert run.told[case]["vlm_reason"] == every
    pasted = run_suite(*arguments, case)
    assert list(pasted.outcomes) == [case]
    assert pasted.told[case]["vlm_reason"] == every


def test_checkpoint_that_does_not_load_is_an_error_of_every_case_told_once(
    run_suite: RunSuite,
) -> None:
    run = run_suite("--vlm=broken", "--vlm=oracle", "--vlm-tasks=tiny", "--junitxml=sight.xml")
    assert run.code == pytest.ExitCode.TESTS_FAILED
    assert run.outcomes == {
        **dict.fromkeys(cases("broken"), "error"),
        **dict.fromkeys(cases("oracle"), "passed"),
    }
    first, second = (words(run.reasons[case]) for case in cases("broken"))
    assert first.startswith("cannot load its weights of broken (folder ")
    assert "deserializing header" in first
    assert second == "broken could not be loaded: see the first ERROR of this model"
    errors = run.section("ERRORS")
    assert len(errors) <= 12
    assert not [line for line in errors if "pluggy" in line or ".py" in line]
    assert run.section("vlmsight")[:3] == [
        "broken",
        "task                sighted blind ceiling chance     n ceiling gate blind gate",
        "tiny                      –     –       –      –     – ERROR        ERROR",
    ]


def test_answers_that_are_not_numbers_are_an_error_and_no_verdict(run_suite: RunSuite) -> None:
    run = run_suite("--vlm=nan", "--vlm-tasks=tiny", "--vlm-inconclusive=pass")
    assert run.code == pytest.ExitCode.TESTS_FAILED
    assert run.outcomes == dict.fromkeys(cases("nan"), "error")
    for case in cases("nan"):
        assert words(run.reasons[case]).startswith("nan answered with NaN or infinite logits")
        assert "vlm_verdict" not in run.told[case]
    assert len(run.section("ERRORS")) <= 12


def test_ceiling_that_cannot_be_read_is_an_error_while_blind_is_judged(
    run_suite: RunSuite, folders: Path
) -> None:
    run = run_suite("--vlm=oracle", "--vlm-tasks=one-scene", "--junitxml=sight.xml")
    ceiling, blind = cases("oracle", "one-scene")
    assert run.outcomes == {ceiling: "error", blind: "passed"}
    assert words(run.reasons[ceiling]).startswith(
        "the matched ceiling of one-scene could not be measured: the linear readout: Expected "
        "items of at least two groups"
    )
    assert run.section("vlmsight")[-1].split()[-2:] == ["ERROR", "PASS"]
    suite = junit_suite(folders / "sight.xml")
    assert (suite.get("errors"), suite.get("failures")) == ("1", "0")
    (error,) = suite.iter("error")
    assert "the matched ceiling of one-scene could not be measured" in words(
        str(error.get("message"))
    )
    assert len(str(error.text).splitlines()) <= 6


def test_native_ceiling_is_shown_beside_the_one_that_decides(run_suite: RunSuite) -> None:
    run = run_suite(
        "--vlm=oracle", "--vlm-tasks=tiny", "--vlm-ceiling=matched,native", "--vlm-blind=none,blank"
    )
    assert run.outcomes == dict.fromkeys(cases("oracle"), "passed")
    told = run.told[cases("oracle")[0]]
    assert told["vlm_ceiling_native"] == told["vlm_ceiling_matched"] == 1.0
    assert told["vlm_blind"] == max(float(str(told[f"vlm_blind_{k}"])) for k in ("none", "blank"))
    assert run.section("vlmsight")[-2:] == [
        "tiny                  100.0  25.0   100.0   25.0    32 PASS         PASS",
        "  native ceiling                    100.0",
    ]


def light(index: int, line: dict[str, object]) -> dict[str, object]:
    return {**line, "slices": {"light": "day" if index < 20 else "night", "scene": f"s{index}"}}


SLICES = [
    "slice, 90% intervals              n  sighted       blind         ceiling",
    "light",
    "  day                            20  100 [88, 100] 25 [13, 43]   100 [88, 100]",
    "  night                          12  100 [82, 100] 25 [11, 48]   100 [82, 100]",
]


def test_slices_are_told_to_junit_and_with_v_in_the_summary(
    run_suite: RunSuite, folders: Path
) -> None:
    rewrite_lines(shutil.copytree(folders / "tiny", folders / "lit"), light)
    arguments = ("--vlm=oracle", "--vlm-tasks=./lit", "--junitxml=sight.xml")
    run = run_suite(*arguments, "-v")
    without = run_suite(*arguments).section("vlmsight")
    assert without[-1].startswith("tiny ")
    shown = run.section("vlmsight")
    assert shown[: len(without)] == without
    below = shown[len(without) :]
    # Which blind answers are right by chance is of no interest here.
    assert [line[2:50] for line in below] == [line[:48] for line in SLICES]
    for case in junit_suite(folders / "sight.xml").iter("testcase"):
        values = {str(p.get("name")): str(p.get("value")) for p in case.iter("property")}
        day, night = json.loads(values["vlm_slices"])
        assert (day["slice"], day["value"], day["n"]) == ("light", "day", 20)
        assert (night["slice"], night["value"], night["n"]) == ("light", "night", 12)
        assert day["sighted"] == day["sighted_high"] == 1.0
        assert day["sighted_low"] == pytest.approx(0.881, abs=0.001)
        assert 20 * day["blind"] + 12 * night["blind"] == pytest.approx(8)
        assert values["vlm_image_size"] == "112x112"
        assert not {"vlm_markers", "vlm_difficulty"} & set(values)


def test_gate_that_fails_shows_the_slices(run_suite: RunSuite, folders: Path) -> None:
    rewrite_lines(shutil.copytree(folders / "tiny", folders / "lit"), light)
    manifest = folders / "lit" / "task.toml"
    manifest.write_text(manifest.read_text().replace('markers = "none"', 'markers = "draw"'))
    run = run_suite("--vlm=always_a", "--vlm-tasks=./lit", "--vlm-min-gain=.2", "--vlm-marker=vary")
    assert run.outcomes == dict.fromkeys(cases("always_a"), "failed")
    for case in cases("always_a"):
        lines = run.reasons[case].splitlines()
        start = lines.index(SLICES[0])
        assert "n=32, 90% intervals" in lines[start - 1]
        names = [line for line in lines[start + 1 :] if not line.startswith(" ")]
        assert names == ["light", "marker_colour", "marker_shape", "marker_size"]
        assert {"  day", "  night", "  ring", "  dot", "  small"} < {
            line[:29].rstrip() for line in lines
        }
        assert all(len(line) <= 80 for line in lines)
        assert run.told[case]["vlm_markers"] == "markers-1 * * * * letters"


def test_generated_items_that_cannot_be_made_are_an_error_of_their_task(
    run_suite: RunSuite, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_made_tasks(monkeypatch)
    arguments = ("--vlm=oracle", "--vlm-tasks=made_never", "--vlm-tasks=made_colours")
    never, made = cases("oracle", "made_never"), cases("oracle", "made_colours")
    assert run_suite(*arguments, "--collect-only", "-q").collected == [*never, *made]
    run = run_suite(*arguments, "--vlm-items=30", "--vlm-inconclusive=pass")
    assert {run.outcomes[case] for case in never} == {"error"}
    assert not {"error"} & {run.outcomes[case] for case in made}
    for case in never:
        assert words(run.reasons[case]).startswith(
            "task made_never: item 3 of seed 0 could not be made in 400 tries; use another"
        )
    assert run.told[made[0]]["vlm_difficulty"] == "shade=100..250"
    assert run.told[made[0]]["vlm_image_size"] == "224x224"


def test_size_and_difficulty_of_generated_tasks_are_what_is_asked_for(
    run_suite: RunSuite, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_made_tasks(monkeypatch)
    run = run_suite(
        "--vlm=oracle",
        "--vlm-tasks=made_colours",
        "--vlm-items=29",
        "--vlm-size=256",
        "--vlm-difficulty=made_* shade=120..170",
        "--vlm-difficulty=made_colours shade=210..230",
        "--vlm-inconclusive=pass",
    )
    told = run.told[cases("oracle", "made_colours")[1]]
    assert (told["vlm_difficulty"], told["vlm_image_size"]) == ("shade=210..230", "256x256")
    (row,) = json.loads(str(told["vlm_slices"]))
    assert (row["slice"], row["value"], row["n"]) == ("shade", "200 levels and more", 29)


def test_model_is_loaded_once_and_freed_before_the_next(
    run_suite: RunSuite, monkeypatch: pytest.MonkeyPatch
) -> None:
    events: list[str] = []
    load, close = TransformersVlm.from_name, TransformersVlm.close

    def loading(name: Any, **options: Any) -> TransformersVlm:
        events.append(f"load {name.shown}")
        return load(name, **options)

    def closing(vlm: TransformersVlm) -> None:
        events.append(f"close {vlm.name}")
        close(vlm)

    monkeypatch.setattr(TransformersVlm, "from_name", loading)
    monkeypatch.setattr(TransformersVlm, "close", closing)
    run_suite("--vlm=oracle", "--vlm=always_a", "--vlm-tasks=one-scene", "--vlm-tasks=tiny")
    assert events == ["load oracle", "close oracle", "load always_a", "close always_a"]


def test_failure_of_the_program_itself_is_shown_without_frames_of_pytest(
    run_suite: RunSuite, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("out of memory")

    monkeypatch.setattr("pytest_vlmsight.evaluation.evaluate", fail)
    run = run_suite("--vlm=oracle", "--vlm-tasks=tiny")
    assert run.outcomes == dict.fromkeys(cases("oracle"), "error")
    reason = run.reasons[cases("oracle")[0]]
    assert "RuntimeError: out of memory" in reason
    assert "suite.py" in reason
    assert "pluggy" not in reason


def test_picture_that_is_cut_off_is_an_error_that_names_its_file(
    run_suite: RunSuite, folders: Path
) -> None:
    shutil.copytree(folders / "tiny", folders / "cut")
    picture = folders / "cut" / "images" / "0003-0.png"
    picture.write_bytes(picture.read_bytes()[:400])
    run = run_suite("--vlm=oracle", "--vlm-tasks=./cut")
    assert run.outcomes == dict.fromkeys(cases("oracle"), "error")
    for case in cases("oracle"):
        assert "item tiny-0003: " in words(run.reasons[case])
        assert f"{picture}: got an image that cannot be decoded" in words(run.reasons[case])
