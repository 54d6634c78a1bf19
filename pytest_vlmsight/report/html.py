"""A run as one HTML file: the verdict first, then what is worst, then all that it was made with.

The file loads nothing and runs only the script that it brings, which sorts and filters; all is
there without it. Whatever is put into the template is escaped, and made printable first. jinja2
(extra: report) is imported when a report is made.
"""

from __future__ import annotations

import base64
import hashlib
import json
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from pytest_vlmsight.accuracy import items_asked
from pytest_vlmsight.comparing import against_baselines
from pytest_vlmsight.models.extras import advice, lacking
from pytest_vlmsight.phrases import limits, p_is, points, printable
from pytest_vlmsight.records.errors import unwritable
from pytest_vlmsight.records.run_settings import run_settings
from pytest_vlmsight.regression import Status
from pytest_vlmsight.study_protocol import protocol_told
from pytest_vlmsight.whole_file import whole_file

from .attention_overlays import overlays
from .comparison import counts, listed, once, title
from .diagnoses import value_of
from .drawing import Drawing, drawing
from .figures import LEFT, RIGHT, WIDTH, figure, label
from .gallery import (
    DEFAULT_BUDGET,
    MOST_SHOWN,
    Gallery,
    NoPicturesError,
    Pictured,
    Pictures,
    galleries,
    missed_items,
)
from .letters import letter_counts
from .standing import GATES, Standing, State, counted, standings, state_of
from .wording import findings, outcomes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import jinja2

    from pytest_vlmsight.baselines import Baseline
    from pytest_vlmsight.records.run import Run
    from pytest_vlmsight.stats.interval import Interval

NOTHING = "–"
"""What stands where something was not measured."""


STANDS_AS = {
    Status.REGRESSED: State.FAIL.name,
    Status.INCOMPARABLE: State.ERROR.name,
    Status.MISSING: State.NONE.name,
    Status.INCONCLUSIVE: State.INCONCLUSIVE.name,
    Status.NEW: State.INCONCLUSIVE.name,
    Status.IMPROVED: State.PASS.name,
    Status.PASS: State.PASS.name,
}
"""Status of a task against its baseline → the state whose colours it has."""

MOST_NAMED = 30
"""Items that are lost or won by name."""


class NoJinjaError(ImportError):
    """jinja2 is missing; the message says how to install it."""


def require_report(what: str) -> None:
    """Make sure that reports can be made.

    Raises:
        NoJinjaError: they cannot.
    """
    if packages := lacking("report"):
        raise NoJinjaError(f"{what} needs {advice('report', packages)}")


def write_report(
    run: Run,
    path: Path,
    *,
    pictures: Pictures | None = None,
    budget: int = DEFAULT_BUDGET,
    baselines: Mapping[str, Baseline] | None = None,
) -> None:
    """Write the report of a run; see ``html_report``.

    Raises:
        NoJinjaError: jinja2 is missing.
        RecordError: the file cannot be written, or something in the run cannot be used.
    """
    text = html_report(run, pictures=pictures, budget=budget, baselines=baselines)
    try:
        with whole_file(path) as unfinished:
            unfinished.write_text(text, encoding="utf-8")
    except OSError as error:
        raise unwritable(path, error) from error


def html_report(
    run: Run,
    *,
    pictures: Pictures | None = None,
    budget: int = DEFAULT_BUDGET,
    baselines: Mapping[str, Baseline] | None = None,
) -> str:
    """A run as an HTML document.

    Args:
        run: what was measured and judged.
        pictures: gives those of an item (see ``pictures.TaskPictures``); None for a report
            without.
        budget: bytes that all pictures may take in the document.
        baselines: model, as shown → what it is compared with; None leaves the section out.

    Raises:
        NoJinjaError: jinja2 is missing.
        RecordError: a setting or an evaluation of the run cannot be used.
    """
    require_report("a report")
    models = standings(run)
    missed = {
        (one.model, one.task): missed_items(one.evaluation, kind=one.kind)
        for tasks in models.values()
        for one in tasks
        if one.evaluation is not None
    }
    over: dict[tuple[str, str, str], Drawing] = {}
    spent = 0
    for one in run.diagnoses:
        drawn, size = overlays(one, pictures=pictures or _left_out, budget=budget - spent)
        if drawn is not None:
            over[one.model, one.task, one.part] = drawn
            spent += size
    shown, more = galleries(missed, pictures=pictures or _left_out, budget=budget - spent)
    common = {model: _common(tasks) for model, tasks in models.items()}
    levels = sorted({one.confidence for tasks in models.values() for one in tasks})
    template = _environment().get_template("report.html.jinja")
    return template.render(
        run=run,
        protocol=protocol_told(run_settings(run)),
        models=models,
        gates=tuple(dict.fromkeys((*GATES, *(case.gate for case in run.cases)))),
        compared=against_baselines(run, baselines or {}),
        across=[
            one for one in run.diagnoses if one.model not in run.models or one.task not in run.tasks
        ],
        cases={(case.model, case.task, case.gate): case for case in run.cases},
        galleries=shown,
        empty=Gallery(),
        budget=budget,
        spent=spent + more,
        overlays=over,
        common=common,
        facts=tuple(dict.fromkeys(name for facts in common.values() for name in facts)),
        levels=[f"{_percent(level, 0)}%" for level in levels],
        **_assets(),
    )


def _left_out(_: Pictured) -> Sequence[Any]:
    raise NoPicturesError("the report was made without")


@cache
def _environment() -> jinja2.Environment:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("pytest_vlmsight.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_final,
    )
    environment.filters |= {
        "percent": _percent,
        "items_asked": items_asked,
        "limits": _limits,
        "plain": _plain,
        "counted": counted,
        "outcomes": outcomes,
        "bytes": _bytes,
        "moment": _moment,
        "value_of": value_of,
        "points": points,
        "point_limits": limits,
        "p_is": p_is,
        "p_value": _p,
        "title": title,
        "once": once,
        "listed": listed,
        "counts": counts,
    }
    environment.globals |= {
        "figure": figure,
        "drawing": drawing,
        "label": label,
        "letter_counts": letter_counts,
        "findings": findings,
        "own": _own,
        "State": State,
        "state_of": state_of,
        "STANDS_AS": STANDS_AS,
        "MOST_NAMED": MOST_NAMED,
        "MOST_SHOWN": MOST_SHOWN,
        "LEFT": LEFT,
        "RIGHT": RIGHT,
        "WIDTH": WIDTH,
        "NOTHING": NOTHING,
    }
    return environment


def _assets() -> dict[str, Any]:
    """Style and script of the report, and a policy under which nothing but them is in force."""
    from markupsafe import Markup

    folder = files("pytest_vlmsight.report").joinpath("templates")
    texts = {name: folder.joinpath(name).read_text("utf-8") for name in ("style.css", "script.js")}
    style, script = (
        base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in texts.values()
    )
    return {
        "style": Markup(texts["style.css"]),  # noqa: S704 - of this package
        "script": Markup(texts["script.js"]),  # noqa: S704 - of this package
        "policy": (
            f"default-src 'none'; img-src data:; style-src 'sha256-{style}'; "
            f"script-src 'sha256-{script}'; base-uri 'none'; form-action 'none'"
        ),
    }


def _final(value: Any) -> Any:
    """What is written for a value anywhere in the template, before it is escaped."""
    if value is None:
        return NOTHING
    if isinstance(value, str) and not hasattr(value, "__html__"):
        return printable(value, kept="\n\t")
    return value


def _percent(share: float | None, decimals: int = 1) -> str:
    return NOTHING if share is None else f"{100 * share:.{decimals}f}"


def _limits(interval: Interval | None, decimals: int = 1) -> str:
    if interval is None:
        return ""
    return f"[{100 * interval.low:.{decimals}f}, {100 * interval.high:.{decimals}f}]"


def _plain(value: Any) -> str:
    """A value of a setting or of provenance in a line."""
    if value is None or value in ("", [], {}, ()):
        return NOTHING
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)


def _p(p: float) -> str:
    return p_is(p).removeprefix("p=")


def _bytes(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1e5 else f"{count / 1e3:.0f} kB"


def _moment(started: str) -> str:
    """ISO 8601 as people write it."""
    return started.replace("T", " ").replace("+00:00", " UTC")


def _common(tasks: Sequence[Standing]) -> dict[str, Any]:
    """Provenance that is the same for all of a model's tasks."""
    measured = [dict(one.evaluation.provenance) for one in tasks if one.evaluation is not None]
    if not measured:
        return {}
    return {
        key: value
        for key, value in measured[0].items()
        if all(key in other and other[key] == value for other in measured)
    }


def _own(standing: Standing, common: Mapping[str, Any]) -> dict[str, Any]:
    """Provenance of one task that is not that of all."""
    assert standing.evaluation is not None
    return {k: v for k, v in standing.evaluation.provenance.items() if k not in common}
