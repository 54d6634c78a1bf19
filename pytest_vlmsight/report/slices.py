"""Slices as a table in the terminal, and as one JSON text for JUnit and for xdist's controller."""

from __future__ import annotations

import json
import unicodedata
from typing import TYPE_CHECKING

from pytest_vlmsight.phrases import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pytest_vlmsight.accuracy import SliceAccuracy, SliceShare

_VALUE, _SHARE = 29, 13
_KEYS = ("sighted", "blind", "ceiling")


def to_json(slices: Sequence[SliceAccuracy], *, confidence: float) -> str:
    """A JSON list of an object per value of a slice.

    Its keys: slice, value, n, confidence (of the intervals), and for each of sighted, blind and
    ceiling KEY, KEY_low and KEY_high, shares between 0 and 1; null where a share was not measured
    or has no interval.
    """
    rows = []
    for part in slices:
        row: dict[str, object] = {"slice": part.name, "value": part.value, "n": part.n}
        row["confidence"] = confidence
        for key in _KEYS:
            row |= _numbers(key, getattr(part, key))
        rows.append(row)
    return json.dumps(rows)


def _numbers(key: str, share: SliceShare | None) -> dict[str, object]:
    interval = None if share is None else share.interval
    return {
        key: None if share is None else share.share,
        f"{key}_low": None if interval is None else interval.low,
        f"{key}_high": None if interval is None else interval.high,
    }


def table(text: str) -> list[str]:
    """Lines of at most 80 columns from what ``to_json`` made; none where nothing is to be told.

    A slice of which all items have the same value says no more than the whole does.
    """
    names: dict[str, list[dict[str, object]]] = {}
    rows = json.loads(text)
    for row in rows:
        names.setdefault(row["slice"], []).append(row)
    told = {name: rows for name, rows in names.items() if len(rows) > 1}
    if not told:
        return []
    head = " ".join(f"{key:<{_SHARE}}" for key in _KEYS).rstrip()
    title = f"slice, {rows[0]['confidence']:.0%} intervals"
    lines = [f"{title:<{_VALUE}} {'n':>5}  {head}"]
    for name, members in told.items():
        lines += [fitted(name, 2 * _VALUE).rstrip(), *map(_line, members)]
    return lines


def _line(row: Mapping[str, object]) -> str:
    shares = " ".join(f"{_shown(row, key):<{_SHARE}}" for key in _KEYS).rstrip()
    return f"  {fitted(str(row['value']), _VALUE - 2)} {row['n']!s:>5}  {shares}"


def _shown(row: Mapping[str, object], key: str) -> str:
    """Whole per cents: no slice has so many items that a tenth of one meant something."""
    share, low, high = (row[k] for k in (key, f"{key}_low", f"{key}_high"))
    if share is None:
        return "–"
    limits = "" if low is None else f" [{_percent(low)}, {_percent(high)}]"
    return f"{_percent(share)}{limits}"


def _percent(share: object) -> str:
    return f"{100 * float(str(share)):.0f}"


def fitted(text: str, width: int) -> str:
    """Text of a data set, escaped where it does not print and cut or filled to a width."""
    cells = [(c, _cells(c)) for c in printable(text)]
    if sum(n for _, n in cells) > width:
        cells = [*_first(cells, width - 1), ("…", 1)]
    return "".join(c for c, _ in cells) + " " * (width - sum(n for _, n in cells))


def _first(cells: Iterable[tuple[str, int]], width: int) -> list[tuple[str, int]]:
    kept, used = [], 0
    for character, n in cells:
        used += n
        if used > width:
            break
        kept.append((character, n))
    return kept


def _cells(character: str) -> int:
    """Columns that a character takes in a terminal."""
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
