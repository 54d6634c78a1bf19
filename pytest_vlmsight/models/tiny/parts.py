"""What takes long to make, on disk in parts, made by several processes.

A part is decided by its seed and number. It is written under another name and renamed when it is
whole, so that a run that is stopped goes on with the parts that are missing.
"""

from __future__ import annotations

import multiprocessing
import shutil
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def write_parts(
    folder: Path,
    *,
    name: str,
    seed: int,
    count: int,
    make: Callable[[int, Path, int], None],
    jobs: int,
    told: Callable[[int, int], None],
) -> None:
    """Make the parts that are missing.

    Args:
        folder: made where it is not there.
        name: of the parts.
        seed: decides them.
        count: of all parts.
        make: seed, empty folder and number → the part is in it; picklable where there are several
            jobs.
        jobs: processes; 1 is this one.
        told: of how many parts are there, of how many.
    """
    folder.mkdir(parents=True, exist_ok=True)
    missing = [number for number in range(count) if not part(folder, name, seed, number).is_dir()]
    done = count - len(missing)
    told(done, count)
    if jobs == 1 or len(missing) < 2:
        for number in missing:
            _write(folder, name, seed, number, make)
            done += 1
            told(done, count)
        return
    # Spawned, as forking a process that has threads can hang.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(jobs, len(missing)), mp_context=context) as pool:
        made = [pool.submit(_write, folder, name, seed, number, make) for number in missing]
        for one in as_completed(made):
            one.result()
            done += 1
            told(done, count)


def part(folder: Path, name: str, seed: int, number: int) -> Path:
    """Where a part is, once it is whole."""
    return folder / f"{name}-{seed}-{number:04d}"


def found_part(folder: Path, name: str, seed: int, number: int) -> Path:
    """A part that is there.

    Raises:
        FileNotFoundError: it is missing.
    """
    path = part(folder, name, seed, number)
    if not path.is_dir():
        raise FileNotFoundError(f"{path}: this part is missing; write it first")
    return path


def _write(
    folder: Path, name: str, seed: int, number: int, make: Callable[[int, Path, int], None]
) -> None:
    path = part(folder, name, seed, number)
    partial = path.with_name(f"{path.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    make(seed, partial, number)
    partial.rename(path)
