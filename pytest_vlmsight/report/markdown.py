"""A run in Markdown, as GitHub shows it: what failed first, then figures, reasons and provenance.

A pure function of the run. Texts of models and tasks cannot become markup of any kind.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_vlmsight.accuracy import items_asked
from pytest_vlmsight.phrases import printable
from pytest_vlmsight.records.run_settings import run_settings
from pytest_vlmsight.study_protocol import protocol_told

from .passing import asked, gated, overall, short, word
from .standing import GATES, Standing, State, state_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pytest_vlmsight.accuracy import Accuracy
    from pytest_vlmsight.records.run import Run

_DASH = "–"
_NAME, _REASON = 200, 2000
"""Most characters of a name and of a reason."""

_FACTS = ("model_type", "encoder", "fed_from", "dtype")

_MARKUP = re.compile(r"[\\`*_\[\]|~]|[&<>$]|(?<=:)//|\bwww(?=\.)|(?<!\w)@")

# A word joiner takes no room, and ends what would be taken for a link or for somebody's name.
_HARMLESS = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    "$": "<span>$</span>",
    "//": "\u2060//",
    "www": "www\u2060",
    "@": "@\u2060",
}


def escaped(text: object, *, most: int = _NAME) -> str:
    r"""One line of Markdown that reads as the text does, in a table, too.

    Nothing in it is markup, HTML, a link, a formula or a mention of somebody.

    >>> escaped("a|b <i>")
    'a\\|b &lt;i&gt;'
    """
    safe = short(str(text), most=most)
    return _MARKUP.sub(lambda found: _HARMLESS.get(found[0], f"\\{found[0]}"), safe)


@dataclass(frozen=True, slots=True)
class _Block:
    """Lines that stand together; of lesser weight are those that are left out first."""

    weight: int
    what: str
    text: str


def markdown_report(run: Run, *, limit: int | None = None) -> str:
    """All of a run, with a line end.

    Args:
        run: all of it.
        limit: bytes in UTF-8; where there is more, reasons are left out before provenance, and
            that before tables, of the models that stand best first; a note says so.
    """
    found = asked(run)
    models = sorted(found, key=lambda model: [overall(one).rank for one in found[model]])
    blocks = [_Block(5, "heading", _heading([one for some in found.values() for one in some]))]
    protocol = protocol_told(run_settings(run))
    if protocol:
        blocks.append(_Block(4, "protocol", f"Protocol: {escaped(protocol)}"))
    for model in models:
        blocks.append(_Block(3, "table", _table(model, found[model])))
        blocks.append(_Block(1, "reasons", _reasons(found[model])))
    blocks.append(_Block(2, "provenance", _provenance(run)))
    if run.command:
        blocks.append(_Block(4, "command", f"Run again:\n\n{_fenced(run.rerun)}"))
    blocks = [block for block in blocks if block.text]
    kept = blocks if limit is None else _fitted(blocks, limit)
    return "\n\n".join(block.text for block in kept) + "\n"


def _fitted(blocks: Sequence[_Block], limit: int) -> list[_Block]:
    """The weightiest, earlier ones first, and a note on the others."""
    room = limit - _size(_note(blocks))
    if sum(map(_size, blocks)) <= limit:
        return list(blocks)
    kept = set()
    for index in sorted(range(len(blocks)), key=lambda index: (-blocks[index].weight, index)):
        if _size(blocks[index]) <= room:
            kept.add(index)
            room -= _size(blocks[index])
    left_out = [block for index, block in enumerate(blocks) if index not in kept]
    return [*(blocks[index] for index in sorted(kept)), _note(left_out)]


def _size(block: _Block) -> int:
    return len(block.text.encode()) + 2


def _note(left_out: Sequence[_Block]) -> _Block:
    counts = Counter(block.what for block in left_out)
    shown = ", ".join(f"{what} ({count})" for what, count in counts.items())
    return _Block(5, "note", f"_Left out, as there is no room: {shown}. `--vlm-json` keeps all._")


def _heading(found: Sequence[Standing]) -> str:
    none = "no gate was run" if found else "nothing was measured"
    found = gated(found)
    counts = Counter(map(overall, found))
    told = [f"{counts[state]} {word(state)}" for state in State if counts[state]]
    worst = word(min(counts, key=lambda state: state.rank)) if found else none
    passed = f"{counts[State.PASS]} of {len(found)} tasks pass"
    return f"## vlmsight: {worst}\n\n**{passed}**" + (f" ({', '.join(told)})" if told else "")


def _table(model: str, found: Sequence[Standing]) -> str:
    gates = list(dict.fromkeys([*GATES, *(gate for one in found for gate in one.cases)]))
    head = ["task", "sighted", "blind", "ceiling", "chance", "n", *(f"{g} gate" for g in gates)]
    rules = ["---", *["--:"] * 5, *["---"] * len(gates)]
    rows = [head, rules, *(_row(one, gates) for one in found)]
    lines = [f"### {escaped(model)}", "", *_facts(found)]
    levels = {one.confidence for one in found if one.evaluation is not None}
    lines += [f"| {' | '.join(row)} |" for row in rows]
    if levels:
        shown = " or ".join(f"{level:.0%}" for level in sorted(levels))
        lines += ["", f"Per cent, with {shown} intervals."]
    return "\n".join(lines)


def _facts(found: Iterable[Standing]) -> list[str]:
    for one in found:
        if one.evaluation is not None:
            facts = one.evaluation.provenance
            told = [f"{f.replace('_', ' ')} {escaped(facts[f])}" for f in _FACTS if f in facts]
            return [", ".join(told), ""] if told else []
    return []


def _row(one: Standing, gates: Sequence[str]) -> list[str]:
    accuracies = [_share(accuracy) for accuracy in (one.sighted, one.blind, one.ceiling)]
    chance = _DASH if one.chance is None else f"{100 * one.chance:.1f}"
    n = _DASH if one.evaluation is None else items_asked(one.evaluation)
    return [escaped(one.task), *accuracies, chance, n, *(str(one.state(gate)) for gate in gates)]


def _share(accuracy: Accuracy | None) -> str:
    if accuracy is None:
        return _DASH
    low, high = accuracy.interval.low, accuracy.interval.high
    return f"{100 * accuracy.share:.1f} [{100 * low:.1f}, {100 * high:.1f}]"


def _reasons(found: Sequence[Standing]) -> str:
    lines = []
    for one in found:
        for case in sorted(one.cases.values(), key=lambda case: state_of(case).rank):
            reason = case.told if case.verdict is None or case.told else case.verdict.reason
            told = escaped(" ".join(reason.split()), most=_REASON)
            lines.append(
                f"- **{escaped(one.task)}, {escaped(case.gate)}: {state_of(case)}** {told}"
            )
    return _folded(f"Reasons ({len(lines)})", "\n".join(lines)) if lines else ""


def _provenance(run: Run) -> str:
    environment = dict(run.environment)
    packages = environment.pop("packages", None) or {}
    git = environment.pop("git", None) or {}
    facts: list[tuple[str, Any]] = [
        ("started", run.started),
        ("took", f"{run.seconds:.0f} s"),
        ("pytest-vlmsight", run.version),
        *((str(name), value) for name, value in environment.items()),
        *((str(name), value) for name, value in packages.items() if name != "pytest-vlmsight"),
        *((f"git {name}", value) for name, value in git.items()),
    ]
    for one in run.evaluations:
        whole = ", ".join(
            f"{name} {value}" for name, value in one.provenance.items() if value is not None
        )
        facts.append((f"{one.model}, {one.task}", whole))
    rows = [
        f"| {escaped(name)} | {escaped(_shown(value), most=_REASON)} |"
        for name, value in facts
        if value not in (None, [], "")
    ]
    return _folded("Provenance", "\n".join(["| what | value |", "|---|---|", *rows]))


def _shown(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _folded(title: str, text: str) -> str:
    return f"<details><summary>{title}</summary>\n\n{text}\n\n</details>"


def _fenced(text: str) -> str:
    """A block of code that its own backticks do not end."""
    safe = printable(text)
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", safe)), default=0))
    return f"{fence}sh\n{safe}\n{fence}"
