"""``vlmsight compare``: two records, task by task."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse


def add(commands: Any) -> None:
    """Add the command."""
    command = commands.add_parser(
        "compare", help="compare two records; exit status 1 where --fail-on says so"
    )
    command.add_argument("old", type=Path, help="a record (--vlm-json) or a baseline")
    command.add_argument("new", type=Path, help="another")
    command.add_argument(
        "--fail-on",
        default="",
        help="regressed, inconclusive, new, missing, incomparable, improved",
    )
    command.add_argument("--format", help="text, markdown or json (text)")
    command.add_argument("--json", action="store_true", help="as --format=json")
    command.add_argument("-o", "--output", type=Path, help="file to write")
    command.add_argument(
        "--model", action="append", default=[], help="NAME, or OLD=NEW; repeatable (all)"
    )
    command.add_argument("--alpha", default="0.05", help="error rate (.05)")
    command.add_argument("--drop", default="auto", help="as --vlm-drop (auto)")
    command.set_defaults(run=run)


def run(parsed: argparse.Namespace) -> int:
    """Compare, and say whether what was found is to fail."""
    from pytest_vlmsight.comparing import compare_runs
    from pytest_vlmsight.records.errors import unwritable
    from pytest_vlmsight.records.run_file import read_run
    from pytest_vlmsight.regression import Status
    from pytest_vlmsight.report.comparison import FORMATS, rendered
    from pytest_vlmsight.report.github_log import for_log
    from pytest_vlmsight.settings import read_gate
    from pytest_vlmsight.whole_file import whole_file

    known = [status.value for status in Status if status is not Status.PASS]
    fail_on = parsed.fail_on.replace(",", " ").split()
    for word in fail_on:
        if word not in known:
            raise ValueError(f"--fail-on: got {word!a}; expected any of {', '.join(known)}")
    form = parsed.format or ("json" if parsed.json else "text")
    if form not in FORMATS:
        raise ValueError(f"--format: got {form!a}; expected {', '.join(FORMATS)}")
    if parsed.json and form != "json":
        raise ValueError(f"--format={form} and --json: give one of them")
    compared = compare_runs(
        read_run(parsed.old),
        read_run(parsed.new),
        gate=read_gate(alpha=parsed.alpha, drop=parsed.drop),
        pairs=[(old, new or old) for old, _, new in (m.partition("=") for m in parsed.model)],
    )
    text = rendered(compared, form)
    if parsed.output is None:
        print(text if form == "json" else for_log(text), end="")
    else:
        try:
            with whole_file(parsed.output) as unfinished:
                unfinished.write_text(text, encoding="utf-8")
        except OSError as error:
            raise unwritable(parsed.output, error) from error
        print(f"wrote {parsed.output}")
    return int(any(compared.count(Status(word)) for word in fail_on))
