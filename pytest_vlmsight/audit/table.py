"""The table of an audit, for a terminal of 80 columns and as Markdown."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from pytest_vlmsight.whole_file import whole_file

from .shortcuts import MARGIN, SHORTCUTS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from .shortcuts import Audit, Shortcut

WIDTH = 80

_HEAD = "  shortcut      accuracy [95 %]       over   by"
_BY = len(_HEAD) - len("by")


def table(audit: Audit) -> str:
    """The shortcuts of one task, a line each, at most ``WIDTH`` columns wide."""
    title = (
        f"{audit.task} (version {audit.version}): {audit.n} items "
        f"from {audit.groups} sources, chance {100 * audit.chance:.1f} %"
    )
    lines = textwrap.wrap(title, WIDTH, subsequent_indent="  ")
    lines.append(_HEAD)
    for shortcut in audit.shortcuts:
        lines += _line(shortcut)
    return "\n".join(lines)


def legend(audits: Sequence[Audit]) -> str:
    """What the marks of the audits mean, and what came out."""
    margin = f"{100 * MARGIN:g} points"
    found = [s for a in audits for s in a.shortcuts if s.exceeds]
    if not found:
        return f"No shortcut exceeds chance by more than {margin}."
    lines = [f"! exceeds chance by more than {margin}"]
    if any(s.doubtful for s in found):
        lines.append("? does so too, but its interval reaches chance: too few items to tell")
    return "\n".join(lines)


def _line(shortcut: Shortcut) -> list[str]:
    figures, over = "-", ""
    if shortcut.share is not None:
        figures = _figures(shortcut)
        over = f"{100 * (shortcut.share - shortcut.chance):+.1f}"
    start = f"  {shortcut.name:<14}{figures:<20}{over:>6} {_mark(shortcut):<2}"
    parts = textwrap.wrap(shortcut.how, WIDTH - _BY) or [""]
    rest = [" " * _BY + part for part in parts[1:]]
    return [f"{start:<{_BY}}{parts[0]}".rstrip(), *rest]


def _figures(shortcut: Shortcut) -> str:
    assert shortcut.share is not None
    assert shortcut.interval is not None
    low, high = 100 * shortcut.interval.low, 100 * shortcut.interval.high
    return f"{100 * shortcut.share:.1f} [{low:.1f}, {high:.1f}]"


def _mark(shortcut: Shortcut) -> str:
    if not shortcut.exceeds:
        return ""
    return "?" if shortcut.doubtful else "!"


def markdown(audits: Sequence[Audit]) -> str:
    """All audits in one Markdown table, and by which rule or classifier each figure was had."""
    heads = ("task", "n", "chance", *SHORTCUTS)
    rows = [heads, ("---", *["---:"] * (len(heads) - 1))]
    for audit in audits:
        cells = ["–" if s.share is None else _cell(s) for s in audit.shortcuts]
        rows.append((audit.task, str(audit.n), f"{100 * audit.chance:.1f}", *cells))
    means: list[tuple[str, ...]] = [("task", *SHORTCUTS), ("---",) * (len(SHORTCUTS) + 1)]
    means += [(audit.task, *(s.how for s in audit.shortcuts)) for audit in audits]
    text = (
        "Accuracy in % with 95 % intervals; of rules and fitted classifiers the better. "
        f"{legend(audits)}".replace("\n", "; ")
    )
    return "\n\n".join([_rows(rows), text, "By which means:", _rows(means)]) + "\n"


def _cell(shortcut: Shortcut) -> str:
    mark = _mark(shortcut)
    return f"{_figures(shortcut)} {mark}".rstrip()


def _rows(rows: Sequence[Sequence[str]]) -> str:
    return "\n".join("| " + " | ".join(_escaped(c) for c in row) + " |" for row in rows)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ")


def write_markdown(audits: Sequence[Audit], path: Path) -> None:
    """Write the Markdown table; the file appears whole or not at all.

    Raises:
        OSError: the file cannot be written.
    """
    with whole_file(path) as unfinished:
        unfinished.write_text(markdown(audits), encoding="utf-8")
