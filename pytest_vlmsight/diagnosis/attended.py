"""What the answer position attends to, item by item, and answers from which that is cut off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_vlmsight import questions
from pytest_vlmsight.models.base import KnockOut, MeasurementError

from .marked_tokens import MarkedTokens, marked_tokens, partners

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from pytest_vlmsight.models.base import Answer, Attention, AttentiveVlm, Prompt
    from pytest_vlmsight.tasks.presentation import Presentation

MARKED, RIGHT, REST, TEXT = "marked points", "right answer's point", "rest of the images", "text"
OTHER, WRONG, IMAGES = "points of another item", "points of wrong answers", "images"
"""What shares of attention fall on."""

ANSWER_MARKED, ANSWER_OTHERS = "answer position → marked", "answer position → as many others"
TEXT_MARKED, TEXT_OTHERS = "all text → marked", "all text → as many others"
TEXT_IMAGES = "all text → images"
"""What is cut off from what."""

_DRAWN = 4
"""Items whose maps are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attended:
    """Of n items.

    Attributes:
        layers: (l,) numbers of the LLM's layers.
        others: of those whose attention can be neither read nor cut off.
        shares: name → (n, l, heads) share of the answer position's attention.
        uniform: name → (n,) the share if it attended to all tokens alike.
        rollout: name → (n,) the share in a rollout; empty without.
        choices: (n,) position of the option that was answered, with eager attention.
        cut: name → (n,) the same where something was cut off.
        gold: (n,) position of the right option.
        maps: what the first items' image tokens get: (l, heads, t) each.
        tokens: where these are.
        placeless: why tokens have no place in an image; empty where they have.
        pointed: whether items have points or boxes whose tokens are known.
    """

    layers: tuple[int, ...]
    others: tuple[int, ...]
    shares: Mapping[str, np.ndarray]
    uniform: Mapping[str, np.ndarray]
    rollout: Mapping[str, np.ndarray]
    choices: np.ndarray
    cut: Mapping[str, np.ndarray]
    gold: np.ndarray
    maps: Sequence[np.ndarray]
    tokens: Sequence[Any]
    placeless: str
    pointed: bool

    def changed(self, name: str) -> np.ndarray:
        """(n,) 1 where an answer is another once something is cut off."""
        changed: np.ndarray = (self.cut[name] != self.choices).astype(float)
        return changed

    def right(self, name: str | None = None) -> np.ndarray:
        """(n,) 1 where an answer is right, with something cut off or with nothing."""
        choices = self.choices if name is None else self.cut[name]
        right: np.ndarray = (choices == self.gold).astype(float)
        return right


def attend(
    vlm: AttentiveVlm,
    shown: Sequence[Presentation],
    *,
    seed: int,
    rollout: bool,
    told: Callable[[str, int], None],
) -> Attended:
    """Ask items, and ask them again with attention cut off.

    Args:
        vlm: the model.
        shown: an item each.
        seed: of items and patches that serve as controls.
        rollout: whether a rollout is made, too.
        told: what is done, and of how many items.

    Raises:
        MeasurementError: attention cannot be read or cut off.
    """
    items = [one.item for one in shown]
    paired = partners(items, seed=seed)
    pointed = all(item.points or item.boxes for item in items) and all(
        k != own for k, own in enumerate(paired)
    )
    shares: list[dict[str, np.ndarray]] = []
    uniform: list[dict[str, float]] = []
    rolled: list[dict[str, float]] = []
    hidden: list[dict[str, tuple[int, ...]]] = []
    choices, maps, tokens, placeless = [], [], [], ""
    layers: tuple[int, ...] | None = None
    others: tuple[int, ...] = ()
    for k, found in enumerate(vlm.attend(_prompts(shown), rollout=rollout)):
        if layers is None:
            layers, others, placeless = found.layers, found.others, found.tokens.placeless
        if found.layers != layers:
            raise MeasurementError("attention comes from other layers in some prompts")
        marks = None
        if pointed and not placeless:
            marks = marked_tokens(items[k], items[paired[k]], found.tokens)
        shares.append(_shares(found.rows, found, marks))
        even = np.full(found.rows.shape[-1], 1 / found.rows.shape[-1])
        uniform.append({name: float(one) for name, one in _shares(even, found, marks).items()})
        if found.rollout is not None:
            own = _shares(found.rollout, found, marks)
            rolled.append({name: float(one) for name, one in own.items()})
        hidden.append(_hidden(found, marks, rng=np.random.default_rng([seed, 13, k])))
        choices.append(_choice(found.answer))
        if k < _DRAWN:
            maps.append(found.rows[..., found.tokens.numbers])
            tokens.append(found.tokens)
        told("attention", k + 1)
    assert layers is not None
    cut = {}
    for name in hidden[0]:
        asked = _knocked_out(shown, [one[name] for one in hidden], alone=name.startswith("answer"))
        answers = []
        for answer in vlm.knocked_out(asked):
            answers.append(_choice(answer))
            told(f"attention cut off, {name}", len(answers))
        cut[name] = np.array(answers)
    return Attended(
        layers=layers,
        others=others,
        shares=_common(shares),
        uniform=_common(uniform),
        rollout=_common(rolled),
        choices=np.array(choices),
        cut=cut,
        gold=np.array([one.answer for one in shown]),
        maps=maps,
        tokens=tokens,
        placeless=placeless,
        pointed=pointed and not placeless,
    )


def _common(rows: Sequence[Mapping[str, Any]]) -> dict[str, np.ndarray]:
    """Name → (n, …) of what all items have."""
    names = [name for name in (rows or [{}])[0] if all(name in row for row in rows)]
    return {name: np.stack([row[name] for row in rows]) for name in names}


def _prompts(shown: Sequence[Presentation]) -> Iterator[Prompt]:
    return (question.make() for question in questions.sighted([[one] for one in shown]))


def _knocked_out(
    shown: Sequence[Presentation], hidden: Sequence[tuple[int, ...]], *, alone: bool
) -> Iterator[KnockOut]:
    for prompt, own in zip(_prompts(shown), hidden, strict=True):
        yield KnockOut(
            images=prompt.images,
            question=prompt.question,
            options=prompt.options,
            wording=prompt.wording,
            hidden=own,
            alone=alone,
        )


def _shares(
    rows: np.ndarray, found: Attention, marks: MarkedTokens | None
) -> dict[str, np.ndarray]:
    """Name → (…) what falls on it of rows (…, tokens) that sum to 1.

    Controls are of as many tokens as what they are compared with.
    """
    on = rows[..., found.tokens.numbers]
    images = on.sum(-1)
    if marks is None:
        return {IMAGES: images, TEXT: 1 - images}

    def share(of: np.ndarray, as_many: np.ndarray) -> np.ndarray:
        total: np.ndarray = on[..., of].sum(-1) * (as_many.sum() / max(of.sum(), 1))
        return total

    marked = share(marks.marked, marks.marked)
    shares = {
        MARKED: marked,
        REST: images - marked,
        TEXT: 1 - images,
        OTHER: share(marks.other, marks.marked),
    }
    if marks.right.any():
        shares[RIGHT] = share(marks.right, marks.right)
        # Where no token shows wrong points alone there is no difference to be seen.
        shares[WRONG] = share(marks.wrong if marks.wrong.any() else marks.right, marks.right)
    return shares


def _hidden(
    found: Attention, marks: MarkedTokens | None, *, rng: np.random.Generator
) -> dict[str, tuple[int, ...]]:
    """Name → numbers of tokens that are cut off; as many of both kinds where both are compared."""
    numbers = found.tokens.numbers
    whole = {TEXT_IMAGES: tuple(numbers.tolist())}
    if marks is None:
        return whole
    marked, others = numbers[marks.marked], numbers[~marks.marked]
    count = min(len(marked), len(others))
    kept = marked if count == len(marked) else rng.choice(marked, count, replace=False)
    own = tuple(kept.tolist())
    control = tuple(np.atleast_1d(rng.choice(others, count, replace=False)).tolist())
    return {
        ANSWER_MARKED: own,
        ANSWER_OTHERS: control,
        TEXT_MARKED: own,
        TEXT_OTHERS: control,
        **whole,
    }


def _choice(answer: Answer) -> int:
    return int(np.argmax(answer.logprobs))
