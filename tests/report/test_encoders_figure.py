"""The picture of part ``encoders``: ranks on both sides, joined."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from made_runs import evaluation, run
from web_page import web_page

from pytest_vlmsight.diagnosis.encoders import diagnose
from pytest_vlmsight.report.drawing import Drawing, drawing
from pytest_vlmsight.report.html import html_report
from pytest_vlmsight.settings import Settings

if TYPE_CHECKING:
    from pytest_vlmsight.diagnosis.result import Diagnosis


def made(count: int) -> Diagnosis:
    """Of models whose order is turned round."""
    shares = [0.95 - 0.4 * k / (count - 1) for k in range(count)]
    models = [
        evaluation(
            model=f"a-model-with-a-long-name-{k}",
            n=200,
            ceiling=share,
            sighted=shares[-1 - k],
            seed=k,
        )
        for k, share in enumerate(shares)
    ]
    return diagnose(models, Settings())


def drawn(diagnosis: Diagnosis) -> Drawing:
    found = drawing(diagnosis)
    assert found is not None
    return found


@pytest.mark.parametrize("count", [3, 9])
def test_all_that_is_drawn_lies_in_the_picture(count: int) -> None:
    found = drawn(made(count))
    for shape in found.shapes:
        for name, value in shape.at.items():
            if name in {"x", "x1", "x2", "cx"}:
                assert 0 <= float(value) <= found.width
            if name in {"y", "y1", "y2", "cy"}:
                assert 0 <= float(value) <= found.height


def test_a_line_joins_the_ranks_of_each_model() -> None:
    lines = [s for s in drawn(made(3)).shapes if s.title.endswith("as VLM")]
    assert [line.title.partition(": ")[2] for line in lines] == [
        "rank 1 by ceiling, 3 as VLM",
        "rank 2 by ceiling, 2 as VLM",
        "rank 3 by ceiling, 1 as VLM",
    ]
    ends = [(line.at["y1"], line.at["y2"]) for line in lines]
    assert ends == [tuple(reversed(end)) for end in reversed(ends)]
    assert ends[0][0] < ends[0][1]  # type: ignore[operator]
    assert [line.look for line in lines] == ["line sighted", "line sighted", "line ceiling"]


def test_the_report_has_it_in_a_section_of_its_own() -> None:
    page = web_page(html_report(replace(run(evaluation()), diagnoses=(made(3),))))
    (section,) = page.all("section", class_="diagnosis")
    assert "the best eye is last as a VLM" in section.text
    assert len(section.all("circle")) == 6
    assert "Models compared" in page.text
    assert "Models compared" not in web_page(html_report(run(evaluation()))).text
