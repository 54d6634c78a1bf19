"""What two evaluations of a task must have in common so that their answers can be paired.

Answers are paired item by item, so the items must be the same and must have been asked in the same
way. What else differs (a package, a number format) belongs to what is compared: it is told.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .phrases import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from .evaluation import Evaluation

ASKED_BY = {
    "task_version": "task version",
    "task_fingerprint": "task fingerprint",
    "seed": "seed",
    "difficulty": "difficulty",
    "image_size": "image size",
    "markers": "markers",
    "scoring": "scoring",
    "rotations": "rotations",
    "several_images": "several images of an item",
}
"""Keys of provenance that decide what is asked, and what they are called.

What an old record does not tell differs from whatever a new one tells: give records their value in
records/run_file.py when a key is added.
"""

WORDED_BY = {"prompt": "prompt form", "primer": "start of the answer"}
"""Keys of provenance that decide how it is put into a prompt."""

TOLD = {
    "source": "source",
    "revision": "revision",
    "adapter": "adapter",
    "weights": "weights",
    "files": "files",
    "model_type": "model type",
    "encoder": "encoder",
    "fed_from": "layer that is fed",
    "dtype": "dtype",
    "quantisation": "quantisation",
    "device": "device",
    "batch": "batch",
    "torch": "torch",
    "transformers": "transformers",
}
"""Keys of provenance that may change answers and that a comparison may be made for.

Which model it is, is told by the hashes of its weights and of its other files: its folder may have
been moved, and another checkpoint may lie in the folder that it had.
"""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not the same in both.

    Attributes:
        what: its name.
        old: what it is in the older one, as text.
        new: what it is in the newer one.
    """

    what: str
    old: str
    new: str

    def __str__(self) -> str:
        return f"{self.what} {self.old} → {self.new}"


def in_the_way(old: Evaluation, new: Evaluation) -> tuple[Difference, ...]:
    """All that keeps the answers of two evaluations from being paired; nothing where they can be.

    A chat template belongs to a model as its tokenizer does: where the model types differ, each
    was asked as its own template has it, and that is only told. Within one type another prompt is
    another question: a template or a tokenizer that was changed by mistake is what a release gate
    must not take for a change of sight.
    """
    found = list(_differing(ASKED_BY, old.provenance, new.provenance))
    if _same_type(old, new):
        found += _differing(WORDED_BY, old.provenance, new.provenance)
    if not _same_plan(old, new):
        both = len(set(old.ids) & set(new.ids))
        found.append(Difference("items", f"{old.n}", f"{new.n} ({both} of them in both)"))
    elif not found and not _asked_alike(old, new):
        found.append(Difference("order of options, or right answers", "one", "another"))
    return tuple(found)


def besides(old: Evaluation, new: Evaluation) -> tuple[Difference, ...]:
    """What else differs and may be why the answers do."""
    told = TOLD if _same_type(old, new) else {**TOLD, **WORDED_BY}
    return tuple(_differing(told, old.provenance, new.provenance))


def shared(evaluations: Sequence[Evaluation]) -> list[np.ndarray]:
    """Indices of the items that all have asked, for each, of the same item at the same place.

    Where some may have been stopped early these are the items of the one that was stopped first,
    in the order in which they were asked. Nothing may be in the way of comparing them.
    """
    found = [one for one in evaluations if one.sequential is not None]
    if not found:
        return [np.argsort(np.array(one.ids), kind="stable") for one in evaluations]
    ids = min(found, key=lambda one: one.n).ids
    places = [{id_: place for place, id_ in enumerate(one.ids)} for one in evaluations]
    return [np.array([at[id_] for id_ in ids]) for at in places]


def _same_plan(old: Evaluation, new: Evaluation) -> bool:
    """Whether the same items were to be asked, and one was asked at least those of the other.

    An evaluation that was stopped early tells of the others of its plan by their hash alone.
    """
    if old.sequential is None and new.sequential is None:
        return sorted(old.ids) == sorted(new.ids)
    plans = [
        (
            one.n if one.sequential is None else one.sequential.planned,
            one.provenance.get("items_hash"),
        )
        for one in (old, new)
    ]
    fewer, more = sorted((set(old.ids), set(new.ids)), key=len)
    # The same item twice in a plan cannot be told apart by its id.
    unique = len(set(old.ids)) == old.n and len(set(new.ids)) == new.n
    return plans[0] == plans[1] and fewer <= more and unique


def _same_type(old: Evaluation, new: Evaluation) -> bool:
    return bool(old.provenance.get("model_type") == new.provenance.get("model_type"))


def _asked_alike(old: Evaluation, new: Evaluation) -> bool:
    """Whether the same items have their options in the same orders, and the same is right."""
    here, there = shared((old, new))
    return all(
        np.array_equal(one[here], other[there])
        for one, other in (
            (old.gold, new.gold),
            (old.options, new.options),
            (old.orders, new.orders),
        )
    )


def _differing(
    keys: Mapping[str, str], old: Mapping[str, Any], new: Mapping[str, Any]
) -> Iterable[Difference]:
    for key, name in keys.items():
        if old.get(key) != new.get(key):
            yield Difference(name, _shown(old.get(key)), _shown(new.get(key)))


def _shown(value: Any) -> str:
    """One line without quotes where they are not needed, cut where it is long."""
    text = "none" if value is None else printable(str(value))
    text = text if text == text.strip() and text else repr(text)
    return text if len(text) <= 60 else f"{text[:40]}…{text[-19:]}"
