"""One (model, task): the same items asked sighted and blind, and read out of the encoder.

The only place where tasks and models meet. Everything is paired by item; all answers are kept in
the source's order of options, so that a rotation of the letters changes nothing but letters.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from . import questions
from .ceiling import UNDECIDED, Ceiling, CeilingReader
from .models.base import MeasurementError, NoMapError
from .models.wordings import DEFAULT
from .remembered import Remembered
from .tasks.generated import GenerationError
from .tasks.item import NO_READOUT
from .tasks.markers import Markers
from .tasks.own import OwnTaskError
from .tasks.presentation import Presentation, balanced_orders, present, rotations

if TYPE_CHECKING:
    from .models.base import Vlm
    from .models.wordings import Wording
    from .records.cache import AnswerCache
    from .settings import Settings
    from .tasks.item import Item, Task
    from .tasks.knobs import Knob

Progress = Callable[[str, int, int], None]
"""Called as work goes on: what is being done, how much of it, of how much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What a model answered to n items in R rotations each, in the source's order of options.

    Attributes:
        logprobs: (n, R, k) log-probability of each option; NaN where an item has fewer options.
        choices: (n, R) index of the chosen option; -1 where nothing could be parsed.
    """

    logprobs: np.ndarray
    choices: np.ndarray

    def scores(self, gold: np.ndarray) -> np.ndarray:
        """(n,) share of an item's rotations answered right; unanswered ones are wrong."""
        score: np.ndarray = (self.choices == gold[:, None]).mean(axis=1)
        return score

    @property
    def unanswered(self) -> int:
        """How many of the n × R answers could not be parsed."""
        return int((self.choices < 0).sum())

    @property
    def answered_share(self) -> float:
        """Share of the n × R answers that name an option."""
        return 1 - self.unanswered / self.choices.size


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What an item asks, for people: nothing is measured by it.

    Attributes:
        name: the source's own label.
        question: the text, without the options.
        options: in the source's order.
    """

    name: str
    question: str
    options: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """Everything the gates need of one (model, task).

    Attributes:
        model: as shown.
        task: its name.
        ids: (n,) content hashes of the items.
        gold: (n,) index of the right option in the source's order.
        options: (n,) number of options.
        orders: (n, R, k) ``orders[i, r, position]`` is the option shown there; -1 beyond the last.
        sighted: answers with the image.
        blind: answers per blind kind.
        ceilings: per kind; a kind that could not be measured is in ``unmeasured`` instead.
        unmeasured: ceiling kind → why.
        provenance: all that decides the numbers.
        slices: (n) per item its labels, (name, value) each, to break results down by.
        asked: (n) what each item asks.
    """

    model: str
    task: str
    ids: tuple[str, ...]
    gold: np.ndarray
    options: np.ndarray
    orders: np.ndarray
    sighted: Answers
    blind: Mapping[str, Answers]
    ceilings: Mapping[str, Ceiling]
    unmeasured: Mapping[str, str]
    provenance: Mapping[str, Any]
    slices: tuple[tuple[tuple[str, str], ...], ...] = ()
    asked: tuple[Asked, ...] = ()

    @property
    def n(self) -> int:
        """Number of items."""
        return len(self.gold)

    @property
    def chance(self) -> np.ndarray:
        """(n,) accuracy of guessing."""
        return 1 / self.options

    @property
    def majority_key(self) -> float:
        """Share of the commonest position of the right answer: what "always B" scores."""
        right = (self.orders == self.gold[:, None, None]).argmax(-1)
        return float(np.bincount(right.ravel()).max() / right.size)

    @property
    def strongest_blind(self) -> str:
        """The blind kind that scores most; the first of equals."""
        return max(self.blind, key=lambda kind: float(self.blind[kind].scores(self.gold).mean()))

    def ceiling_scores(self, kind: str) -> np.ndarray:
        """(n,) 1 where the readout is right."""
        right: np.ndarray = (self.ceilings[kind].choices == self.gold).astype(float)
        return right


def evaluate(
    vlm: Vlm,
    task: Task,
    *,
    settings: Settings,
    progress: Progress | None = None,
    cache: AnswerCache | None = None,
    wording: Wording = DEFAULT,
) -> Evaluation:
    """Ask a model a task's items sighted and blind, and read its encoder.

    Args:
        vlm: the loaded model.
        task: where the items come from.
        settings: how many items, their seed, rotations, blind kinds, ceilings, scoring.
        progress: told of each prompt done.
        cache: what was answered before, which is not asked again; None keeps nothing.
        wording: of the questions.

    Raises:
        MeasurementError: the task has no items or cannot make them, an answer is NaN, or the
            model cannot be asked.
    """
    try:
        items = task.make_items(settings.items, settings.seed)
    except (GenerationError, OwnTaskError) as error:
        raise MeasurementError(str(error)) from error
    if not items:
        raise MeasurementError(f"task {task.name} has no items")
    asked = presentations(items, settings)
    model = Remembered(vlm, task, cache=cache, scoring=settings.scoring, told=progress or _silent)
    unmeasured: dict[str, str] = {}
    if task.readout == NO_READOUT:
        unmeasured = dict.fromkeys(settings.ceiling, UNDECIDED)
    readers = {
        kind: CeilingReader(
            task.readout, items=items, kind=kind, stage=str(vlm.fed_from), seed=settings.seed
        )
        for kind in settings.ceiling
        if kind not in unmeasured
    }
    shown = questions.sighted(asked, wording=wording)
    try:
        rows = model.ask("sighted", shown, reader=readers.get("matched"), turns=len(asked[0]))
    except NoMapError as error:  # answers can be had without a readout
        unmeasured["matched"] = str(error)
        del readers["matched"]
        rows = model.ask("sighted", shown)
    sighted = in_source_order(rows, asked)
    blind = {
        kind: in_source_order(
            model.ask(kind, questions.blind(kind, asked, seed=settings.seed, wording=wording)),
            asked,
        )
        for kind in settings.blind
    }
    if "native" in readers:
        try:
            model.look("native", items, reader=readers["native"])
        except NoMapError as error:
            unmeasured["native"] = str(error)
            del readers["native"]
    ceilings = {}
    for kind, reader in readers.items():
        try:
            ceilings[kind] = model.ceiling(reader)
        except MeasurementError as error:
            unmeasured[kind] = str(error)
    ids = tuple(item.id for item in items)
    return Evaluation(
        model=vlm.name,
        task=task.name,
        ids=ids,
        gold=np.array([item.answer for item in items]),
        options=np.array([len(item.options) for item in items]),
        orders=_padded([[p.order for p in turn] for turn in asked], fill=-1).astype(int),
        sighted=sighted,
        blind=blind,
        ceilings=ceilings,
        unmeasured=unmeasured,
        provenance={
            **model.provenance,
            "task_version": task.version,
            "task_fingerprint": task.fingerprint,
            "items_hash": hashlib.sha256("".join(ids).encode()).hexdigest()[:20],
            "readout": task.readout,
            "trained_on": {kind: c.trained_on for kind, c in ceilings.items()},
            "scoring": settings.scoring,
            "rotations": len(asked[0]),
            "seed": settings.seed,
            "image_size": _image_size(items),
            "difficulty": " ".join(_spelled(knob) for knob in task.knobs) or None,
            "markers": marker_style(items),
            **(task.told(settings.items, settings.seed) if task.told is not None else {}),
        },
        slices=tuple(item.slices for item in items),
        asked=tuple(
            Asked(name=item.name, question=item.question, options=item.options) for item in items
        ),
    )


def _spelled(knob: Knob) -> str:
    low, high = knob.span
    return f"{knob.name}={low:g}..{high:g}"


def _image_size(items: Sequence[Item]) -> str:
    """Width x height of the items' pictures in px, or "various"."""
    sizes = {picture.size for item in items for picture in item.images}
    return "x".join(map(str, sizes.pop())) if len(sizes) == 1 else "various"


def marker_style(items: Sequence[Item]) -> str | None:
    """How the markers that the plugin drew look, ``*`` what varies; None where it drew none."""
    drawn = {i.draw.style.description for i in items if isinstance(i.draw, Markers)}
    words = [set(of) for of in zip(*(d.split() for d in drawn), strict=True)]
    return " ".join(of.pop() if len(of) == 1 else "*" for of in words) or None


def presentations(items: Sequence[Item], settings: Settings) -> list[list[Presentation]]:
    """Per item its rotations; equally many for all items, as pairing needs.

    Raises:
        MeasurementError: the items do not have so many options.
    """
    fewest = min(len(item.options) for item in items)
    turns = fewest if settings.rotations is None else settings.rotations
    if settings.rotations is None and len({len(item.options) for item in items}) > 1:
        raise MeasurementError(
            "--vlm-rotations=all needs items with equally many options; give a number up to "
            f"{fewest}"
        )
    if turns > fewest:
        raise MeasurementError(
            f"--vlm-rotations={turns}: there are items with {fewest} options only"
        )
    orders = balanced_orders(items, seed=settings.seed)
    return [
        [present(item, turned) for turned in rotations(order, turns)]
        for item, order in zip(items, orders, strict=True)
    ]


def _silent(_: str, __: int, ___: int) -> None:
    """No one watches."""


def in_source_order(rows: Sequence[np.ndarray], asked: Sequence[Sequence[Presentation]]) -> Answers:
    """Log-probabilities by position → by option, and the choice (the first of equals by letter).

    Args:
        rows: one of each presentation, by position.
        asked: presentations by item, equally many of each.

    Raises:
        MeasurementError: an option's log-probability is NaN.
    """
    left = iter(rows)
    logprobs, choices = [], []
    for turns in asked:
        by_option, chosen = [], []
        for presentation in turns:
            by_position = np.asarray(next(left), dtype=float)
            if np.isnan(by_position).any():
                raise MeasurementError(
                    f"item {presentation.item.name}: an option's log-probability is NaN"
                )
            by_source = np.empty(len(by_position))
            by_source[list(presentation.order)] = by_position
            by_option.append(by_source.tolist())
            answered = not math.isinf(by_position.max())
            chosen.append(presentation.order[int(by_position.argmax())] if answered else -1)
        logprobs.append(by_option)
        choices.append(chosen)
    return Answers(logprobs=_padded(logprobs, fill=math.nan), choices=np.array(choices))


def _padded(rows: Sequence[Sequence[Sequence[float]]], *, fill: float) -> np.ndarray:
    """(n, R, k) from rows whose last length varies."""
    width = max(len(turn) for turns in rows for turn in turns)
    return np.array(
        [[[*turn, *[fill] * (width - len(turn))] for turn in turns] for turns in rows], dtype=float
    )
