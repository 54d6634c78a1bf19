"""Our table beside the study's: as text of 80 columns, as Markdown, and as JSON."""

from __future__ import annotations

import json
import textwrap
from typing import TYPE_CHECKING, Any

from pytest_vlmsight.beside_study import BLIND, CEILING, COLUMNS, SIGHTED
from pytest_vlmsight.phrases import limits, printable
from pytest_vlmsight.published import SOURCE

from .markdown import escaped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_vlmsight.beside_study import Beside, Figure, Row

FORMATS = ("text", "markdown", "json")

_LABEL, _N, _COLUMN = 13, 5, 20
_NONE = "–"

_ABOUT = f"""
Published numbers: {SOURCE}, each known to within the ± beside it. They are for comparison; no gate
knows them.

Per cent. A difference is ours less theirs, its limits those of ours widened by the reading error;
the study's own sampling error, 3 to 5 points where n is below 200, is not in it.

Right answers are dealt evenly to the letters here and not in the study's items, so a model that
prefers a letter scores otherwise there (always A).
"""
_SENTENCES = tuple(" ".join(one.split()) for one in _ABOUT.split("\n\n"))


def rendered(found: Sequence[Beside], form: str) -> str:
    """All models in one of ``FORMATS``, with a line end."""
    return {"text": _text, "markdown": _markdown, "json": _json}[form](found)


def _text(found: Sequence[Beside]) -> str:
    lines: list[str] = []
    for one in found:
        lines += _folded(_title(one), indent="")
        lines.append(_line("", "n", COLUMNS))
        for row in one.rows:
            lines += _row_lines(row)
        for note in _all_notes(one):
            lines += _folded(note)
        lines.append("")
    for sentence in _SENTENCES:
        lines += _folded(sentence, indent="")
    return "\n".join(lines) + "\n"


def _title(one: Beside) -> str:
    beside = f"{one.encoder} of the study" if one.encoder else "none of the study's"
    facts = f" ({', '.join(one.facts)})" if one.facts else ""
    protocol = f"; protocol {one.protocol}" if one.protocol else ""
    return printable(f"{one.model}{facts} beside {beside}; {one.run}{protocol}")


def _row_lines(row: Row) -> list[str]:
    """A task's name, ours, the study's, and what differs where anything can be compared."""
    figures = [row.figures[name] for name in COLUMNS]
    lines = _folded(f"{printable(row.task or row.of)}: {_guessing(row)}", indent="")
    if row.task is not None:
        lines.append(_line("  ours", f"{row.n}", map(_ours, figures)))
    lines.append(_line("  study", f"{row.published.n}", map(_published, figures)))
    if any(figure.difference for figure in figures):
        lines.append(_line("  difference", "", map(_difference, figures)))
    if row.moved is not None:
        moved = f"  letters, sighted from blind: moved by {row.moved:.3f}"
        lines.append(f"{moved}; study {row.published.blind_distance:.3f}")
    return lines


def _guessing(row: Row) -> str:
    published = row.published
    told = f"chance {100 * published.chance:.1f}"
    if published.always_a is not None:
        told += f", in the study always A {100 * published.always_a:.1f}"
    return told


def _line(label: str, n: str, cells: Any) -> str:
    columns = "".join(f"{cell:>{_COLUMN}}" for cell in cells)
    return f"{label:<{_LABEL}}{n:>{_N}}{columns}".rstrip()


def _ours(figure: Figure) -> str:
    if figure.ours is None:
        return _NONE
    low, high = figure.ours.interval.low, figure.ours.interval.high
    return f"{100 * figure.ours.share:.1f} [{100 * low:.1f}, {100 * high:.1f}]"


def _published(figure: Figure) -> str:
    return _NONE if figure.published is None else str(figure.published)


def _difference(figure: Figure) -> str:
    if figure.difference is None:
        return ""
    estimate, interval = figure.difference
    return f"{100 * estimate:+.1f} {limits(interval)}"


def _all_notes(one: Beside) -> list[str]:
    """Of the model, of its tasks (each note once), and which tasks are not in the table."""
    measured = [row for row in one.rows if row.task is not None]
    of_tasks: dict[str, list[str]] = {}
    for row in measured:
        for note in row.notes:
            of_tasks.setdefault(note, []).append(str(row.task))
    notes = [*one.notes, *(f"{intervals} intervals" for intervals in _levels(one))]
    notes += [
        note if len(tasks) == len(measured) > 1 else f"{', '.join(tasks)}: {note}"
        for note, tasks in of_tasks.items()
    ]
    missing = [row.of for row in one.rows if row.task is None]
    if missing:
        notes.append(f"not measured: {', '.join(missing)}")
    if one.others:
        notes.append(f"the study has no numbers of: {', '.join(one.others)}")
    return [printable(note) for note in notes]


def _levels(one: Beside) -> list[str]:
    levels = {row.confidence for row in one.rows if row.confidence is not None}
    return [" or ".join(f"{level:.0%}" for level in sorted(levels))] if levels else []


def _folded(text: str, *, indent: str = "  ") -> list[str]:
    return textwrap.wrap(
        text, 80, initial_indent=indent, subsequent_indent=f"{indent}  ", break_on_hyphens=False
    )


def _markdown(found: Sequence[Beside]) -> str:
    heads = ["task", "n", "sighted", "study", "difference", "blind", "ceiling", "study"]
    heads += ["difference", "letters moved", "study"]
    lines: list[str] = []
    for one in found:
        rows = [heads, ["---", *["--:"] * (len(heads) - 1)], *map(_cells, one.rows)]
        lines += [f"### {escaped(_title(one), most=400)}", ""]
        lines += [f"| {' | '.join(cells)} |" for cells in rows]
        lines += ["", *(f"- {escaped(note, most=2000)}" for note in _all_notes(one)), ""]
    return "\n".join([*lines, *(f"{escaped(one, most=2000)}\n" for one in _SENTENCES)])


def _cells(row: Row) -> list[str]:
    sighted, blind, ceiling = (row.figures[name] for name in (SIGHTED, BLIND, CEILING))
    n = _NONE if row.n is None else f"{row.n}"
    cells = [
        row.task or row.of,
        f"{n} (study {row.published.n})",
        *(show(sighted) for show in (_ours, _published, _difference)),
        _ours(blind),
        *(show(ceiling) for show in (_ours, _published, _difference)),
        _NONE if row.moved is None else f"{row.moved:.3f}",
        f"{row.published.blind_distance:.3f}",
    ]
    return [escaped(cell) for cell in cells]


def _json(found: Sequence[Beside]) -> str:
    plain = {"published": SOURCE, "models": [_plain(one) for one in found]}
    return json.dumps(plain, indent=2, sort_keys=True, allow_nan=False) + "\n"


def _plain(one: Beside) -> dict[str, Any]:
    return {
        "run": one.run,
        "model": one.model,
        "facts": list(one.facts),
        "encoder": one.encoder,
        "protocol": one.protocol or None,
        "tasks": [_plain_row(row) for row in one.rows],
        "others": list(one.others),
        "notes": list(one.notes),
    }


def _plain_row(row: Row) -> dict[str, Any]:
    published = row.published
    return {
        "task": row.task,
        "study_task": row.of,
        "n": row.n,
        "study_n": published.n,
        "study_chance": published.chance,
        "study_always_a": published.always_a,
        "confidence": row.confidence,
        "letters_moved": row.moved,
        "study_letters_moved": published.blind_distance,
        "notes": list(row.notes),
        **{name: _plain_figure(row.figures[name]) for name in COLUMNS},
    }


def _plain_figure(figure: Figure) -> dict[str, Any]:
    ours, published = figure.ours, figure.published
    difference, interval = figure.difference or (None, None)
    return {
        "name": None if ours is None else ours.name,
        "share": None if ours is None else ours.share,
        "low": None if ours is None else ours.interval.low,
        "high": None if ours is None else ours.interval.high,
        "published": None if published is None else published.value,
        "reading_error": None if published is None else published.error,
        "difference": difference,
        "difference_low": None if interval is None else interval.low,
        "difference_high": None if interval is None else interval.high,
    }
