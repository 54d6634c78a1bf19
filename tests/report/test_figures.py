"""What is drawn lies where its number is."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

import pytest
from made_runs import evaluation, run
from web_page import web_page

from pytest_vlmsight.ceiling import Ceiling
from pytest_vlmsight.report.figures import LEFT, RIGHT, WIDTH, figure, label, place
from pytest_vlmsight.report.html import html_report
from pytest_vlmsight.report.standing import Standing, standings


def standing() -> Standing:
    """With two ceilings, of which the second named decides."""
    one = evaluation(options=(2, 4), sighted=0.6)
    native = Ceiling(kind="native", stage="", choices=one.gold, trained_on=None)
    one = replace(one, ceilings={**one.ceilings, "native": native})
    made = replace(run(one), settings={"ceiling": ["native", "matched"]})
    return standings(made)["a"][0]


def test_the_axis_goes_from_none_to_all() -> None:
    assert (place(0), place(1), place(0.5)) == (LEFT, RIGHT, (LEFT + RIGHT) / 2)
    drawn = figure(standing())
    assert drawn is not None
    assert [percent for percent, _ in drawn.ticks] == [0, 25, 50, 75, 100]
    assert all(x == place(percent / 100) for percent, x in drawn.ticks)


def test_every_accuracy_is_drawn_with_its_interval_the_deciding_ceiling_first() -> None:
    drawn = figure(standing())
    assert drawn is not None
    assert [dot.label for dot in drawn.dots] == [
        "ceiling (native)",
        "ceiling (matched)",
        "sighted",
        "blind (blank)",
    ]
    for dot in drawn.dots:
        share, interval = dot.accuracy.share, dot.accuracy.interval
        assert (dot.x, dot.low, dot.high) == tuple(
            place(each) for each in (share, interval.low, interval.high)
        )
        assert LEFT <= dot.low <= dot.x <= dot.high <= RIGHT < WIDTH
    assert drawn.dots[0].x == RIGHT
    assert drawn.chance == pytest.approx((1 / 2 + 1 / 4) / 2)
    assert drawn.chance_x == place(0.375)


def test_lines_do_not_overlap_and_stay_within_the_picture() -> None:
    drawn = figure(standing())
    assert drawn is not None
    heights = [dot.y for dot in drawn.dots]
    assert min(b - a for a, b in pairwise(heights)) >= 20
    assert heights[-1] + 8 < drawn.axis < drawn.height - 14


def test_without_an_evaluation_there_is_no_picture() -> None:
    assert figure(replace(standing(), evaluation=None)) is None


def test_the_report_draws_those_places_and_tells_those_numbers() -> None:
    one = standing()
    assert one.evaluation is not None
    made = replace(run(one.evaluation), settings={"ceiling": ["native", "matched"]})
    drawn = figure(one)
    assert drawn is not None
    svg = web_page(html_report(made)).one("svg", role="img")
    circle = svg.one("circle").attributes
    assert (float(circle["cx"]), int(circle["cy"])) == (drawn.dots[2].x, drawn.dots[2].y)
    lines = [line.attributes for line in svg.all("line", class_="line")]
    assert [(float(line["x1"]), float(line["x2"])) for line in lines] == [
        (dot.low, dot.high) for dot in drawn.dots
    ]
    assert float(svg.one("line", class_="chance").attributes["x1"]) == drawn.chance_x
    told = svg.one("desc").text
    for dot in drawn.dots:
        assert f"{dot.label} {100 * dot.accuracy.share:.1f}% [" in told
    assert re.search(r"chance 37\.5%\.$", told)


def test_names_are_as_people_read_them() -> None:
    assert label("sighted") == "sighted"
    assert label("blind_shuffled") == "blind (shuffled)"
