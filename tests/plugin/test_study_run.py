"""``pytest --vlm=… --vlm-tasks='study/…'``: every loader through a whole run, offline."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

from hub_cache import offline

from pytest_vlmsight.cli import main
from pytest_vlmsight.study_protocol import TASKS
from pytest_vlmsight.tasks.study.catalogue import STUDY

if TYPE_CHECKING:
    from pathlib import Path

    import pytest
    from plugin_fixtures import RunSuite
    from study_fixtures import Laid

# Six items of each can pass where so little is asked.
FEW = ("--vlm-items=6", "--vlm-margin=.45", "--vlm-alpha=.2", "--vlm-ceiling=native")


def test_every_loader_in_a_run_of_all_tasks(run_suite: RunSuite, folders: Path, laid: Laid) -> None:
    run = run_suite(
        *("--vlm=always_a", "--vlm-tasks=study/*", "--vlm-tasks=study/*/*", *FEW),
        *(f"--vlm-data-dir={laid.own}", "--vlm-json=run.json"),
    )
    assert {case.split("::")[2] for case in run.collected} == set(STUDY)
    assert set(run.outcomes) == set(run.collected)
    for case, outcome in run.outcomes.items():
        _, _, task, gate = case.split("::")
        undecided = gate == "ceiling" and STUDY[task].readout == "none"
        assert (outcome == "skipped") == undecided, (case, run.reasons[case])
        assert outcome != "error", (case, run.reasons[case])
        # One of SPair-71k's six pairs shares too few keypoints.
        assert run.told[case]["vlm_n"] == (5 if task.endswith("spair-71k") else 6)
    record = json.loads((folders / "run.json").read_text(encoding="utf-8"))
    measured = {one["task"]: one["provenance"] for one in record["evaluations"]}
    assert set(measured) == set(STUDY)
    # One item's markers are not certain: it is left out of both sides, and told.
    blink = measured["study/semantic_correspondence"]
    assert blink["left_out"] == 1
    assert blink["left_out_items"].startswith("val_Semantic_Correspondence_3: image 1: one ring")
    assert blink["data"] == f"BLINK-Benchmark/BLINK@{'ab' * 20}"
    people = measured["study/odd_one_out"]["human_accuracy"]
    assert people.startswith("all 66.0% (n=6), ")
    assert "barense 62.5% (n=1)" in people
    assert str(laid.own) not in json.dumps(measured)
    lines = run.section("vlmsight")
    some = [one for one in measured.values() if one["left_out"]]
    assert sum("1 item left out of both sides" in line for line in lines) == len(some) > 3
    (pairs,) = (line for line in lines if "both of a pair" in line)
    assert pairs.split()[-1] == "3"  # of six items


def test_the_study_s_protocol_in_a_word_and_its_record_beside_the_study(
    run_suite: RunSuite, folders: Path, laid: Laid, capsys: pytest.CaptureFixture[str]
) -> None:
    """All six tasks from the hub's cache, asked as the study asked, but for a few items."""
    (folders / "pytest.ini").write_text("[pytest]\nvlm_scoring = letters\nvlm_tasks = tiny\n")
    few = ("--vlm-items=6", "--vlm-margin=.45", "--vlm-alpha=.2")
    run = run_suite("--vlm=always_a", "--vlm-protocol=study", *few, "--vlm-json=run.json")
    assert {case.split("::")[2] for case in run.collected} == set(TASKS)
    assert "error" not in run.outcomes.values(), run.reasons
    assert "vlmsight: protocol study, but items=6" in run.out
    record = json.loads((folders / "run.json").read_text(encoding="utf-8"))
    assert record["settings"]["protocol"] == "study"
    assert len(record["evaluations"]) == len(TASKS)
    for one in record["evaluations"]:
        assert one["provenance"]["scoring"] == "generate"
        assert one["provenance"]["several_images"] == "composite"
        assert list(one["ceilings"]) == ["native"]
        assert list(one["blind"]) == ["blank"]
    capsys.readouterr()
    assert main(["study", str(folders / "run.json"), "--json"]) == 0
    (model,) = json.loads(capsys.readouterr().out)["models"]
    assert (model["encoder"], model["protocol"]) == ("CLIP", "study, but items=6")
    rows = {row["task"]: row for row in model["tasks"]}
    assert set(rows) == set(TASKS)
    for name, row in rows.items():
        assert row["sighted"]["difference"] is not None, (name, row["notes"])
        other = name in ("study/object_depth", "study/odd_one_out")
        assert (row["ceiling"]["difference"] is None) == other, (name, row["notes"])


def test_nothing_is_read_while_cases_are_collected(
    run_suite: RunSuite, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pytest_vlmsight.tasks.study import items

    def fail(*_: object, **__: object) -> None:
        raise AssertionError("a data set was looked for")

    monkeypatch.setattr(items, "find", fail)
    run = run_suite("--vlm=always_a", "--vlm-tasks=study/*", "--collect-only", "-q")
    assert len(run.collected) == 2 * sum(name.count("/") == 1 for name in STUDY)
    assert "vlmsight::always_a::study/art_style::ceiling" in run.collected


def test_a_data_set_that_is_not_there_is_an_error_that_says_what_to_type(
    run_suite: RunSuite, use_hub: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert callable(use_hub)
    use_hub(tmp_path / "empty")
    run = run_suite("--vlm=always_a", "--vlm-tasks=study/object_depth")
    assert set(run.outcomes.values()) == {"error"}
    for reason in run.reasons.values():
        told = " ".join(reason.split())
        assert (
            "hf download nyu-visionx/CV-Bench --repo-type dataset --revision bc284db50d03" in told
        )
        assert "--vlm-data-dir=FOLDER" in told
        assert "Traceback" not in told


def test_no_such_folder_of_data(run_suite: RunSuite) -> None:
    error = run_suite("--vlm=always_a", "--vlm-tasks=study/mmvp", "--vlm-data-dir=nowhere").error
    assert error.startswith("--vlm-data-dir=nowhere: there is no such folder")


def test_the_hub_s_own_environment_is_heeded(study_files: Laid, tmp_path: Path) -> None:
    """As a user has it: a process of its own, with the hub's cache named by the environment."""
    done = subprocess.run(
        [
            sys.executable,
            *("-c", "import sys; from pytest_vlmsight.cli import main; sys.exit(main())"),
            *("pack", "study/art_style", str(tmp_path / "pack"), "--n", "3"),
        ],
        env=offline(study_files.hub),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert len((tmp_path / "pack" / "items.jsonl").read_text().splitlines()) == 3
    assert "BLINK-Benchmark/BLINK" in (tmp_path / "pack" / "task.toml").read_text()
