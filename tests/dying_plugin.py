"""A run of pytest that notes what its models are asked, and is killed at a counted moment.

``-p dying_plugin`` in a process of its own, with two variables of the environment: ``DYING_LOG``
names the file for notes, ``DYING`` holds a ``Death`` as JSON, or nothing.
"""

from __future__ import annotations

import dataclasses
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from dying import Moments

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Death:
    """When a run is killed.

    Attributes:
        forwards: so many batches must have gone through the model; -1 for all, when what the run
            writes at its end is to be written. From the end on moments count in any case.
        moment: from then on: statements of SQLite, and files of the run's folder that are opened,
            moved or removed.
        seconds: after it.
        rows: whether only rows that are written to the cache are moments, of which a batch has
            several.
    """

    forwards: int
    moment: int
    seconds: float = 0.0
    rows: bool = False

    def environment(self) -> dict[str, str]:
        return {"DYING": json.dumps(dataclasses.asdict(self))}


class _Dying:
    def __init__(self, log: Path, death: Death | None) -> None:
        self._log, self._death = log, death
        self._forwards, self._end = 0, False
        self._moments = Moments(death.moment if death else 0, seconds=death.seconds if death else 0)
        self._moments.are_statements(
            where=lambda text: self._counts(row=text.startswith("INSERT OR REPLACE INTO entries"))
        )
        self._moments.are_files(Path.cwd(), where=self._counts)

    def _counts(self, *, row: bool = False) -> bool:
        if self._death is None or (self._death.rows and not row):
            return False
        return self._end or 0 <= self._death.forwards <= self._forwards

    def note(self, what: str, count: int) -> None:
        with self._log.open("ab", buffering=0) as log:
            log.write(f"{what} {count}\n".encode())
        self._forwards += 1

    @pytest.hookimpl(tryfirst=True, wrapper=True)
    def pytest_sessionfinish(self) -> Any:
        self._end = True
        return (yield)


def pytest_configure(config: pytest.Config) -> None:
    from pytest_vlmsight.models.transformers_vlm import TransformersVlm

    told = os.environ.get("DYING")
    death = Death(**json.loads(told)) if told else None
    dying = _Dying(Path(os.environ["DYING_LOG"]), death)
    config.pluginmanager.register(dying)
    for name in ("_ask_batch", "_look"):
        real = getattr(TransformersVlm, name)

        def noting(
            self: TransformersVlm,
            some: Sequence[object],
            *args: object,
            name: str = name,
            real: Any = real,
            **named: object,
        ) -> object:
            dying.note(name, len(some))
            return real(self, some, *args, **named)

        setattr(TransformersVlm, name, noting)
