"""Which tasks of a run pass: what badges, summaries and annotations count.

A task **passes** where its ceiling gate, its blind gate and every further gate of it passed with
the verdict PASS. An ERROR, a gate that was not run (``-k``) and an INCONCLUSIVE that
``--vlm-inconclusive`` lets through are no passes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_vlmsight.phrases import printable

from .standing import Standing, State, standings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_vlmsight.records.run import Run


def asked(run: Run) -> dict[str, list[Standing]]:
    """Model → where it stands in every task that it was asked, worst first.

    Raises:
        RecordError: as for ``standings``.
    """
    return {
        model: [one for one in found if one.evaluation is not None or one.cases]
        for model, found in standings(run).items()
    }


def gated(found: Iterable[Standing]) -> list[Standing]:
    """Those of which a gate was collected: what a test of the user's measured counts nowhere."""
    return [one for one in found if one.cases]


def overall(one: Standing) -> State:
    """The worst of a task's gates; PASS where it passes, NONE where a gate was not run."""
    return min(one.states, key=lambda state: state.rank)


def word(state: State) -> str:
    """A state in a sentence."""
    return "incomplete" if state is State.NONE else str(state)


def judged(found: Iterable[Standing]) -> bool:
    """Whether any gate has a verdict."""
    return any(case.verdict is not None for one in found for case in one.cases.values())


def short(text: str, *, most: int) -> str:
    """A text in one line of so many characters at most: where there would be more, "…" is last."""
    shown = printable(text[: most + 1])  # which makes none shorter
    return shown if len(shown) <= most else f"{shown[: most - 1]}…"
