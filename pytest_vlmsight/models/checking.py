"""``vlmsight check``: models loaded one after another, and tables of what came out."""

from __future__ import annotations

import dataclasses
import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_vlmsight.whole_file import whole_file

from .base import ModelError
from .conformance import FAIL, NONE, PASS, Check, conformance

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from .names import ModelName

_FACTS = ("model_type", "encoder", "fed_from", "several_images")
"""Of the provenance, in a row of the summary."""

_DASH = "–"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What is known of a model.

    Attributes:
        name: as it was given.
        provenance: of the adapter; empty where there is none.
        checks: what came out; empty where it was not loaded.
        refused: why it was not loaded.
    """

    name: str
    provenance: Mapping[str, Any]
    checks: Sequence[Check]
    refused: str | None = None

    @property
    def failed(self) -> bool:
        """Whether a check failed."""
        return any(check.outcome == FAIL for check in self.checks)


def check_models(
    names: Sequence[str], *, form: str = "tables", output: Path | None = None, **options: Any
) -> int:
    """Check models and print, or write, what came out.

    Args:
        names: as after ``--vlm``.
        form: tables, a Markdown table for each; summary, a row for each; or json.
        output: file to write it to, too.
        options: of ``TransformersVlm.from_name``.

    Returns:
        0, or 1 where a check failed or a model could not be loaded.

    Raises:
        ValueError: a name is none; before any model is loaded.
    """
    from .names import parse_name

    found = []
    models = [parse_name(name) for name in names]
    for number, model in enumerate(models, start=1):
        found.append(_checked(model, options))
        if len(names) > 1:
            told = "refused" if found[-1].refused else "FAIL" if found[-1].failed else "pass"
            print(f"{number}/{len(names)} {found[-1].name}: {told}", file=sys.stderr, flush=True)
    text = _FORMS[form](found)
    print(text)
    if output is not None:
        with whole_file(output) as unfinished:
            unfinished.write_text(f"{text}\n", encoding="utf-8")
    return int(any(one.failed or one.refused for one in found))


def _checked(model: ModelName, options: Mapping[str, Any]) -> Checked:
    from .transformers_vlm import TransformersVlm

    try:
        vlm = TransformersVlm.from_name(model, **options)
    except ModelError as error:
        return Checked(name=model.shown, provenance={}, checks=(), refused=str(error))
    checks = conformance(vlm)
    provenance = dict(vlm.provenance)  # after the checks: primers are found while asking
    vlm.close()
    return Checked(name=model.shown, provenance=provenance, checks=checks)


def table_of(one: Checked) -> str:
    """Markdown: what a model is, and its checks."""
    lines = [f"### {one.name}", ""]
    if one.refused:
        return "\n".join([*lines, f"Not loaded: {one.refused}", ""])
    facts = {key: value for key, value in one.provenance.items() if key != "source"}
    lines += [", ".join(f"{key} {value}" for key, value in facts.items()), ""]
    lines += [_row(("check", "outcome", "found")), _row(("---",) * 3)]
    lines += [_row((check.name, check.outcome, check.told)) for check in one.checks]
    return "\n".join([*lines, ""])


def tables_of(found: Sequence[Checked]) -> str:
    """Markdown: a table for each model."""
    return "\n".join(map(table_of, found))


def json_of(found: Sequence[Checked]) -> str:
    """JSON: a list of objects with name, passed, refused (or null), provenance and checks."""
    plain = [
        {
            "name": one.name,
            "passed": not (one.failed or one.refused),
            "refused": one.refused,
            "provenance": dict(one.provenance),
            "checks": [dataclasses.asdict(check) for check in one.checks],
        }
        for one in found
    ]
    return json.dumps(plain, indent=2, sort_keys=True, default=str)


def summary_of(found: Sequence[Checked]) -> str:
    """Markdown: one row for each model."""
    names = next(([check.name for check in one.checks] for one in found if one.checks), [])
    lines = [
        _row(("model", *(fact.replace("_", " ") for fact in _FACTS), *names)),
        _row(("---",) * (1 + len(_FACTS) + len(names))),
    ]
    notes = []
    for one in found:
        facts = [str(one.provenance.get(fact, _DASH)) for fact in _FACTS]
        outcomes = {check.name: check.outcome for check in one.checks}
        marks = {PASS: "✓", NONE: _DASH, FAIL: "FAIL"}
        cells = [marks[outcomes[name]] if name in outcomes else "" for name in names]
        lines.append(_row((one.name, *facts, *cells)))
        if one.refused:
            reason = one.refused.removeprefix(f"{one.name}: ").replace("\n", " ")
            notes.append(f"- {one.name} is refused: {reason}")
        # The same reason is not told for each of the checks that it keeps from being made.
        told: dict[str, list[str]] = {}
        for check in one.checks:
            if check.outcome != PASS:
                reason = check.told.rpartition(" has no spatial map: ")[2]
                told.setdefault(reason.replace("\n", " "), []).append(check.name)
        notes += [f"- {one.name}: {', '.join(who)}: {why}" for why, who in told.items()]
    return "\n".join([*lines, "", *notes])


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


_FORMS = {"tables": tables_of, "summary": summary_of, "json": json_of}
