"""What a report says of a model, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .standing import State

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .standing import Standing

_SAID = {
    State.FAIL: ("fails", "fail"),
    State.ERROR: ("could not be measured", "could not be measured"),
    State.INCONCLUSIVE: ("is inconclusive", "are inconclusive"),
    State.NONE: ("was not judged", "were not judged"),
}


def outcomes(counts: Mapping[State, int]) -> str:
    """What came of a model's gates: "passes 3 of 8 gates: 4 fail, 1 is inconclusive"."""
    total = sum(counts.values())
    if not total:
        return "has no gate in this run"
    others = [
        f"{counts[state]} {many if counts[state] > 1 else one}"
        for state, (one, many) in _SAID.items()
        if counts[state]
    ]
    gates = "gate" if total == 1 else "gates"
    return f"passes {counts[State.PASS]} of {total} {gates}" + (
        f": {', '.join(others)}" if others else ""
    )


def findings(tasks: Sequence[Standing]) -> list[tuple[str, list[str]]]:
    """What the gates show of a model: a claim, and the tasks that it is shown on."""
    claims = [
        ("ceiling", State.FAIL, "Its eye knows more than its mouth says on"),
        ("ceiling", State.PASS, "Its mouth keeps up with its eye on"),
        ("blind", State.FAIL, "It gains too little by looking on"),
        ("blind", State.PASS, "It does better with its eye than without on"),
    ]
    shown = [
        (claim, [one.task for one in tasks if one.state(gate) is state])
        for gate, state, claim in claims
    ]
    return [(claim, names) for claim, names in shown if names]
