"""``vlmsight study``: records beside what the study published."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse


def add(commands: Any) -> None:
    """Add the command."""
    command = commands.add_parser(
        "study", help="our table beside the one that the study published, for comparison only"
    )
    command.add_argument("runs", type=Path, nargs="+", metavar="RUN.json", help="a record")
    command.add_argument(
        "--encoder",
        action="append",
        default=[],
        metavar="MODEL=ENCODER",
        help="the study's encoder that a model stands beside: IN-1k, DINOv2, SigLIP or CLIP; "
        "repeatable (by the type of the model's own)",
    )
    command.add_argument("--format", help="text, markdown or json (text)")
    command.add_argument("--json", action="store_true", help="as --format=json")
    command.add_argument("-o", "--output", type=Path, help="file to write")
    command.set_defaults(run=run)


def run(parsed: argparse.Namespace) -> None:
    """Print the tables, or write them."""
    from pytest_vlmsight.beside_study import beside_study
    from pytest_vlmsight.records.errors import unwritable
    from pytest_vlmsight.records.run_file import read_run
    from pytest_vlmsight.report.github_log import for_log
    from pytest_vlmsight.report.study_tables import FORMATS, rendered
    from pytest_vlmsight.whole_file import whole_file

    form = parsed.format or ("json" if parsed.json else "text")
    if form not in FORMATS:
        raise ValueError(f"--format: got {form!a}; expected {', '.join(FORMATS)}")
    if parsed.json and form != "json":
        raise ValueError(f"--format={form} and --json: give one of them")
    encoders = {}
    for given in parsed.encoder:
        model, _, encoder = given.rpartition("=")
        if not model or not encoder:
            raise ValueError(f"--encoder: got {given!a}; expected MODEL=ENCODER")
        encoders[model] = encoder
    found = beside_study([(str(path), read_run(path)) for path in parsed.runs], encoders=encoders)
    text = rendered(found, form)
    if parsed.output is None:
        print(text if form == "json" else for_log(text), end="")
        return
    try:
        with whole_file(parsed.output) as unfinished:
            unfinished.write_text(text, encoding="utf-8")
    except OSError as error:
        raise unwritable(parsed.output, error) from error
    print(f"wrote {parsed.output}")
