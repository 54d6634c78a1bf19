"""The command ``vlmsight audit``: audits tasks one after the other and prints what comes out."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

from pytest_vlmsight.progress import Progress

from .shortcuts import audit
from .table import legend, table, write_markdown

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pytest_vlmsight.tasks.item import Task


def run_audits(
    tasks: Sequence[Task],
    *,
    n: int,
    seed: int,
    jobs: int,
    output: Path | None,
    as_json: bool = False,
) -> bool:
    """Audit tasks, printing each as soon as it is done, or all as JSON at the end.

    Args:
        tasks: at least one.
        n: items of each.
        seed: of the items and their orders.
        jobs: processes.
        output: Markdown file to write; None writes none.
        as_json: whether for programs.

    Returns:
        Whether any shortcut exceeds.

    Raises:
        ValueError: an argument cannot be used (see ``audit``).
        OSError: the file cannot be written.
    """
    if output is not None and (output.is_dir() or not output.parent.is_dir()):
        # Told now, not after the work.
        raise OSError(f"-o {output}: expected a file in a folder that is there")
    # A line of progress is for people: no terminal, none of it.
    progress = Progress(sys.stderr) if sys.stderr.isatty() else None
    found = []
    try:
        for task in tasks:
            found.append(audit(task, n=n, seed=seed, jobs=jobs, progress=progress))
            if not as_json:
                print(table(found[-1]), flush=True)
    finally:
        if progress is not None:
            progress.clear()
    if output is not None:
        write_markdown(found, output)
    if as_json:
        print(json.dumps([asdict(result) for result in found], indent=2, sort_keys=True))
    else:
        print(legend(found))
        if output is not None:
            print(f"wrote {output}")
    return any(result.exceeded for result in found)
