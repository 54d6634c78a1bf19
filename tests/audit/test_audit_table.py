"""The table of an audit: within 80 columns, marked where a shortcut exceeds, whole as Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import leaky_items as leaky
import pytest
import tiny_packs
from hypothesis import given
from hypothesis import strategies as st
from made_items import task

from pytest_vlmsight.audit import fitted
from pytest_vlmsight.audit.run import run_audits
from pytest_vlmsight.audit.shortcuts import SHORTCUTS, Audit, Shortcut, audit
from pytest_vlmsight.audit.table import WIDTH, legend, markdown, table, write_markdown
from pytest_vlmsight.stats.interval import Interval
from pytest_vlmsight.tasks.registry import resolve

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without trees, whose fits take most of the time."""
    monkeypatch.setattr(fitted, "_fit_trees", fitted._fit_linear)


def shortcut(share: float | None, *, low: float = 0.4, how: str = "rule largest y") -> Shortcut:
    interval = None if share is None else Interval(min(low, share), share + 0.02)
    return Shortcut(name="positions", share=share, interval=interval, chance=0.5, how=how)


def result(*shortcuts: Shortcut, task: str = "relative_depth") -> Audit:
    return Audit(
        task=task, version="1", n=2000, seed=0, chance=0.5, groups=1900, shortcuts=shortcuts
    )


@pytest.mark.parametrize(
    ("share", "low", "exceeds", "doubtful"),
    [
        (0.55, 0.53, False, False),
        (0.551, 0.53, True, False),
        (0.58, 0.49, True, True),
        (0.45, 0.4, False, False),
        (None, 0, False, False),
    ],
)
def test_more_than_five_points_above_chance_exceed(
    share: float | None, low: float, exceeds: bool, doubtful: bool
) -> None:
    one = shortcut(share, low=low)
    assert (one.exceeds, one.doubtful) == (exceeds, doubtful)
    assert result(one).exceeded == exceeds


def test_table_names_figures_and_means() -> None:
    lines = table(result(shortcut(0.62, low=0.6), shortcut(None, how="none drawn"))).splitlines()
    assert lines == [
        "relative_depth (version 1): 2000 items from 1900 sources, chance 50.0 %",
        "  shortcut      accuracy [95 %]       over   by",
        "  positions     62.0 [60.0, 64.0]    +12.0 ! rule largest y",
        "  positions     -                            none drawn",
    ]


def test_legend_explains_the_marks_that_are_there() -> None:
    assert legend([result(shortcut(0.5))]) == "No shortcut exceeds chance by more than 5 points."
    assert legend([result(shortcut(0.6, low=0.55))]).splitlines() == [
        "! exceeds chance by more than 5 points"
    ]
    both = legend([result(shortcut(0.6, low=0.55)), result(shortcut(0.6, low=0.5))])
    assert [line[0] for line in both.splitlines()] == ["!", "?"]


@given(
    st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=120),
    st.lists(st.text("ab -", max_size=200), max_size=3),
    st.floats(0, 0.9),
)
def test_table_stays_within_80_columns(name: str, hows: list[str], share: float) -> None:
    shown = table(result(*(shortcut(share, low=0, how=h) for h in hows), task=name))
    assert max(map(len, shown.splitlines())) <= WIDTH


def test_markdown_has_a_row_for_each_task_and_every_cell() -> None:
    audits = [
        result(*(shortcut(0.5 + i / 50, low=0.5) for i in range(5)), task=f"task{t}")
        for t in range(3)
    ]
    figures, means = (
        [line for line in part.splitlines() if line.startswith("|")]
        for part in markdown(audits).split("By which means:")
    )
    assert len(figures) == len(means) == 5
    assert {line.count("|") for line in figures} == {len(SHORTCUTS) + 4}
    assert {line.count("|") for line in means} == {len(SHORTCUTS) + 2}
    assert figures[2].startswith("| task0 | 2000 | 50.0 | 50.0 [50.0, 52.0] |")
    assert figures[2].endswith("| 58.0 [50.0, 60.0] ? |")


def test_markdown_of_a_task_with_a_bar_in_its_means_is_still_a_table() -> None:
    text = markdown([result(*[shortcut(0.5, how="a|b\nc")] * 5)])
    assert "a\\|b c" in text


def test_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "audit.md"
    write_markdown([result(*[shortcut(0.5)] * 5)], path)
    assert path.read_text().startswith("| task | n |")
    (tmp_path / "taken.md").mkdir()
    with pytest.raises(OSError, match=r"taken\.md"):
        write_markdown([result(*[shortcut(0.5)] * 5)], tmp_path / "taken.md")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["audit.md", "taken.md"]


@pytest.mark.usefixtures("quick")
def test_run_says_whether_any_task_exceeds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fine, bad = (
        task(leaky.depth_items(60, lower=share), name=name)
        for share, name in ((0.5, "fine"), (0.95, "bad"))
    )
    output = tmp_path / "audit.md"
    assert run_audits([fine, bad], n=60, seed=0, jobs=1, output=output)
    out = capsys.readouterr().out
    assert out.index("fine (version 1)") < out.index("bad (version 1)") < out.index("! exceeds")
    assert out.endswith(f"wrote {output}\n")
    assert output.read_text().count("| bad |") == 2


@pytest.mark.parametrize("name", ["", "no/such/audit.md"])
def test_output_that_cannot_be_written_is_refused_before_the_work(
    tmp_path: Path, name: str
) -> None:
    with pytest.raises(OSError, match="expected a file in a folder"):
        run_audits([], n=60, seed=0, jobs=1, output=tmp_path / name)


@pytest.mark.usefixtures("quick")
def test_several_processes_find_the_same_as_one(tmp_path: Path) -> None:
    (tiny,) = resolve([str(tiny_packs.write_pack(tmp_path / "tiny", n=40))])
    told: list[tuple[str, int, int]] = []
    alone = audit(tiny, n=40, jobs=1)
    assert audit(tiny, n=40, jobs=2, progress=lambda *done: told.append(done)) == alone
    assert told[:3] == [("tiny: items", 16, 40), ("tiny: items", 32, 40), ("tiny: items", 40, 40)]
    assert told[-1] == ("tiny: shortcuts", 5, 5)
    assert [s.name for s in alone.shortcuts if s.exceeds] == ["pixels"]
