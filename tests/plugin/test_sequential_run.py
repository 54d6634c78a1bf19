"""``--vlm-sequential``: a blind model is stopped early, and everything says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import tiny_packs

from pytest_vlmsight.records.run_file import read_run

if TYPE_CHECKING:
    from pathlib import Path

    from plugin_fixtures import RunSuite


def test_a_blind_model_is_stopped_and_the_run_says_so(run_suite: RunSuite, folders: Path) -> None:
    n = 320
    tiny_packs.write_pack(folders / "many", n=n)
    arguments = ["--vlm=always_a", "--vlm-tasks=many", "--vlm-sequential", "--vlm-json=run.json"]
    run = run_suite(*arguments, "--vlm-report=run.html")
    assert set(run.outcomes.values()) == {"failed"}
    (one,) = read_run(folders / "run.json").evaluations
    assert one.sequential is not None
    assert one.sequential.planned == n
    assert one.n <= n / 4
    assert f"  stopped after {one.n} of {n} items" in run.section("vlmsight")
    assert "vlmsight: a task is stopped as soon as its gates are decided" in run.out
    assert f"{one.n} of {n}" in (folders / "run.html").read_text()
    for told in run.told.values():
        assert (told["vlm_n"], told["vlm_planned"], told["vlm_stopped"]) == (one.n, n, True)
    for reason in run.reasons.values():
        assert f"of {n} items" in " ".join(reason.split())

    # Asked again, all is known; by one gate alone, the same is asked.
    blind = run_suite(*arguments, "-k", "blind")
    assert list(blind.outcomes.values()) == ["failed"]
    (again,) = read_run(folders / "run.json").evaluations
    assert again.ids == one.ids
