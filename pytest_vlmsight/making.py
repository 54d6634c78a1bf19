"""Items and pictures that are made by other processes before they are asked for.

To find a generated item and to render its pictures takes longer than a small model takes to answer,
and one process does not keep several cores busy with it. So processes of their own make what is not
kept on disk yet, in the order in which it will be asked for; whoever asks then reads it from disk.
What they fail at is left to whoever asks.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from multiprocessing import parent_process
from threading import Thread
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from concurrent.futures import Future, ProcessPoolExecutor

    from .tasks.item import Task

_CHUNK = 4
"""Items that a process makes at a time."""

_LEAST = 16
"""Where fewer items are missing, other processes take longer to start than these take to make."""


def cores() -> int:
    """Processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):  # not on every system
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Ahead:
    """Makes the items of some tasks.

    Args:
        tasks: in the order in which they will be asked for. Of those that are not generated, or
            whose canvas keeps nothing, nothing is made.
        n: items of each.
        seed: of the items.
        jobs: processes; with 1 nothing is made.
    """

    def __init__(self, tasks: Sequence[Task], *, n: int, seed: int, jobs: int) -> None:
        from .tasks.generated import GeneratedItems

        self._pool: ProcessPoolExecutor | None = None
        self._parts: dict[str, list[Future[int]]] = {}
        if jobs < 2:
            return
        missing = {
            task.name: (task.make_items, task.make_items.missing(n, seed))
            for task in tasks
            if isinstance(task.make_items, GeneratedItems)
        }
        if sum(len(some) for _, some in missing.values()) < _LEAST:
            return
        self._pool = _pool(jobs)
        with _no_main():
            for name, (items, some) in missing.items():
                self._parts[name] = [
                    self._pool.submit(_prepare, items, seed, some[start : start + _CHUNK])
                    for start in range(0, len(some), _CHUNK)
                ]

    def wait(self, task: Task, *, told: Callable[[str, int, int], None] | None = None) -> None:
        """Until a task's items are made, or nobody is making them.

        Args:
            task: of those that were given; of any other nothing is waited for.
            told: what is done, how many items of how many.
        """
        from concurrent.futures import as_completed

        parts = self._parts.pop(task.name, [])
        done = 0
        for part in as_completed(parts):
            if part.cancelled() or part.exception() is not None:
                continue  # whoever asks makes the items, or meets the same error
            done += part.result()
            if told is not None:
                told(f"{task.name} items", min(done, _CHUNK * len(parts)), _CHUNK * len(parts))

    def close(self) -> None:
        """Stop making items; those begun are finished."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None


def _pool(jobs: int) -> ProcessPoolExecutor:
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    # Spawned: a process with a model's threads in it must not be forked.
    return ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=_begin)


@contextmanager
def _no_main() -> Iterator[None]:
    """Processes that are started now do not run the program again that started this one.

    A spawned process imports the main module, and a script that calls ``pytest.main`` without
    asking for its own name would test the model again in each of them. They need nothing of it.
    """
    own = vars(sys.modules["__main__"])
    hidden: dict[str, Any] = {name: own[name] for name in ("__file__", "__spec__") if name in own}
    own.pop("__file__", None)
    own["__spec__"] = None
    try:
        yield
    finally:
        own.update(hidden)


def _begin() -> None:
    """What a process of the pool does first."""
    # One thread each is enough where there are as many processes as cores.
    os.environ["OMP_NUM_THREADS"] = "1"
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """End when the run does that started this process, also where it was killed.

    A process of a pool waits for work on a pipe that it holds both ends of, so it would wait for
    ever.
    """
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _prepare(items: Any, seed: int, some: Sequence[int]) -> int:
    items.prepare(seed, some)
    return len(some)
