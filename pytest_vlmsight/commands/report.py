"""``vlmsight report``: an HTML report of a recorded run."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .printing import add_json, print_written

if TYPE_CHECKING:
    from pytest_vlmsight.baselines import Baseline
    from pytest_vlmsight.records.run import Run


def add(commands: Any) -> None:
    """Add the command."""
    command = commands.add_parser("report", help="make an HTML report of a run (extra: report)")
    command.add_argument("run_file", metavar="RUN.json", type=Path, help="what --vlm-json wrote")
    command.add_argument("-o", "--output", type=Path, help="file to write (beside it, in .html)")
    command.add_argument(
        "--baseline",
        metavar="PATH",
        help="compare with: a file of one model, or a folder with one for each",
    )
    command.add_argument("--budget", type=_megabytes, help="MB that pictures may take (4)")
    command.add_argument("--no-images", action="store_true", help="without pictures")
    add_json(command, "written")
    command.set_defaults(run=run)


def run(parsed: argparse.Namespace) -> None:
    """Write the report."""
    from pytest_vlmsight.records.run_file import read_run
    from pytest_vlmsight.report.gallery import DEFAULT_BUDGET
    from pytest_vlmsight.report.html import require_report, write_report
    from pytest_vlmsight.report.pictures import TaskPictures

    require_report("vlmsight report")
    run = read_run(parsed.run_file)
    output = parsed.output or parsed.run_file.with_suffix(".html")
    if output.resolve() == parsed.run_file.resolve():
        raise ValueError(f"{output} is the record itself; name another file with -o")
    write_report(
        run,
        output,
        pictures=None if parsed.no_images else TaskPictures(run),
        budget=DEFAULT_BUDGET if parsed.budget is None else parsed.budget,
        baselines=None if parsed.baseline is None else _baselines(parsed.baseline, run),
    )
    print_written([output], as_json=parsed.json)


def _baselines(typed: str, run: Run) -> dict[str, Baseline]:
    """What the models of a run are compared with; at least one must be there."""
    from pytest_vlmsight.baselines import find_baselines

    found = find_baselines(typed, models=run.models, folder=Path.cwd(), option="--baseline")
    if all(one.run is None for one in found.values()):
        looked_for = ", ".join(one.shown for one in found.values())
        raise ValueError(f"--baseline={typed}: there is none (looked for {looked_for})")
    return found


def _megabytes(text: str) -> int:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise argparse.ArgumentTypeError(f"got {text}; expected megabytes, 0 or more")
    return int(value * 1_000_000)
