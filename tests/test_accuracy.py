"""The figures beside a verdict."""

from __future__ import annotations

import pytest
from fake_vlm import FakeVlm, always
from made_items import same_colour_items, task

from pytest_vlmsight.accuracy import accuracies, figures
from pytest_vlmsight.evaluation import Evaluation, evaluate
from pytest_vlmsight.settings import Settings
from pytest_vlmsight.stats.proportion import wilson_interval


@pytest.fixture
def evaluation() -> Evaluation:
    settings = Settings(blind=("blank", "none"), ceiling=("matched", "native"))
    return evaluate(FakeVlm(always(0)), task(same_colour_items(40)), settings=settings)


def test_every_run_and_ceiling_is_listed_with_its_interval(evaluation: Evaluation) -> None:
    listed = {a.name: a for a in accuracies(evaluation, confidence=0.9)}
    assert list(listed) == [
        "sighted",
        "blind_blank",
        "blind_none",
        "ceiling_matched",
        "ceiling_native",
    ]
    assert listed["sighted"].share == 0.5
    assert listed["sighted"].interval == wilson_interval(20, 40, confidence=0.9)


def test_the_line_of_figures_names_n_and_level(evaluation: Evaluation) -> None:
    line = figures(evaluation, alpha=0.05)
    assert line.startswith("sighted 50.0% [")
    assert line.endswith("chance 50.0%; n=40, 90% intervals")
    assert "ceiling native 100.0%" in line
