"""One (model, task): the same items asked sighted and blind, and read out of the encoder.

The only place where tasks and models meet. Everything is paired by item; all answers are kept in
the source's order of options, so that a rotation of the letters changes nothing but letters.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from . import questions
from .ceiling import UNDECIDED, Ceiling, CeilingReader
from .models.base import MeasurementError, NoMapError
from .models.wordings import DEFAULT
from .remembered import Remembered
from .sequence import Order, Sequential, random_order, whole_scenes
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

Enough = Callable[["Evaluation"], bool]
"""Told what was measured of the items so far, whether no more of them need be asked."""


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

    def first(self, n: int) -> Answers:
        """Those to the first n items."""
        return Answers(logprobs=self.logprobs[:n], choices=self.choices[:n])

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
        sequential: how the items were asked where asking could be stopped early; None where all
            were asked, whatever they showed.
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
    sequential: Sequential | None = None

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

    def foretold_scores(self, kind: str) -> np.ndarray | None:
        """(n,) 1 where a readout fitted to the items asked before is right; NaN without one.

        None where the readout of this kind is not fitted, or all items were asked at once.
        """
        if self.sequential is None or kind not in self.sequential.foretold:
            return None
        choices = self.sequential.foretold[kind]
        return np.where(choices < 0, np.nan, (choices == self.gold).astype(float))

    def first(self, n: int) -> Evaluation:
        """What was measured of the first items, as it was after one of the looks.

        But for ``trained_on`` and choices of fitted readouts, which are of all items.

        Raises:
            ValueError: items were not asked one by one, or not looked at after so many.
        """
        if self.sequential is None:
            raise ValueError("all items were asked at once")
        if n == self.n:
            return self
        return replace(
            self,
            ids=self.ids[:n],
            gold=self.gold[:n],
            options=self.options[:n],
            orders=self.orders[:n],
            sighted=self.sighted.first(n),
            blind={kind: answers.first(n) for kind, answers in self.blind.items()},
            ceilings={
                kind: replace(one, choices=one.choices[:n]) for kind, one in self.ceilings.items()
            },
            slices=self.slices[:n],
            asked=self.asked[:n],
            sequential=self.sequential.first(n),
        )


def evaluate(
    vlm: Vlm,
    task: Task,
    *,
    settings: Settings,
    progress: Progress | None = None,
    cache: AnswerCache | None = None,
    wording: Wording = DEFAULT,
    enough: Enough | None = None,
) -> Evaluation:
    """Ask a model a task's items sighted and blind, and read its encoder.

    With ``settings.sequential`` items are asked in parts, in a random order that the seed decides,
    until that is enough.

    Args:
        vlm: the loaded model.
        task: where the items come from.
        settings: how many items, their seed, rotations, blind kinds, ceilings, scoring.
        progress: told of each prompt done.
        cache: what was answered before, which is not asked again; None keeps nothing.
        wording: of the questions.
        enough: told what was measured so far after each part, whether to stop; None stops as soon
            as ceiling and blind gate are decided as ``judge`` does it. Of no meaning without
            ``settings.sequential``.

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
    model = Remembered(
        vlm,
        task,
        cache=cache,
        scoring=settings.scoring,
        told=progress or _silent,
        in_parts=settings.sequential,
    )
    whole = _Measuring(
        model, task, items=items, asked=asked, vlm=vlm, settings=settings, wording=wording
    )
    if not settings.sequential:
        whole.measure(len(items))
        return whole.evaluation()
    if enough is None:
        from .stopping import enough_for

        enough = enough_for(settings, task=task.name)
    for look in whole.order.looks:
        whole.measure(look)
        if look < len(items) and enough(whole.evaluation(finished=False)):
            break
    return whole.evaluation()


class _Measuring:
    """What is being measured of one (model, task), item by item in an order.

    Args:
        model: that is asked.
        task: where the items come from.
        items: all that may be asked, in the source's order.
        asked: presentations by item.
        vlm: the same model.
        settings: see ``evaluate``.
        wording: of the questions.

    Attributes:
        order: in which the items are asked: the source's, but for a task that may be stopped.
    """

    def __init__(
        self,
        model: Remembered,
        task: Task,
        *,
        items: Sequence[Item],
        asked: Sequence[Sequence[Presentation]],
        vlm: Vlm,
        settings: Settings,
        wording: Wording,
    ) -> None:
        self._model, self._task, self._vlm, self._settings = model, task, vlm, settings
        self._turns, n = len(asked[0]), len(items)
        self.order = (
            random_order(items, asked, seed=settings.seed)
            if settings.sequential
            else Order(tuple(range(n)), (1,) * n)
        )
        # What is asked of an item does not depend on when: only then are questions put in order.
        put = {"sighted": questions.sighted(asked, wording=wording)}
        for kind in settings.blind:
            put[kind] = questions.blind(kind, asked, seed=settings.seed, wording=wording)
        self._questions = {
            what: [
                some[place * self._turns + turn]
                for place in self.order.places
                for turn in range(self._turns)
            ]
            for what, some in put.items()
        }
        self._source, self._asked_source = items, asked
        self._items = [items[place] for place in self.order.places]
        self._asked = [asked[place] for place in self.order.places]
        self._rows: dict[str, list[np.ndarray]] = {what: [] for what in put}
        self._looks: list[int] = []
        self._unmeasured: dict[str, str] = {}
        if task.readout == NO_READOUT:
            self._unmeasured = dict.fromkeys(settings.ceiling, UNDECIDED)
        self._readers = {
            kind: CeilingReader(
                task.readout,
                items=self._items,
                kind=kind,
                stage=str(vlm.fed_from),
                seed=settings.seed,
            )
            for kind in settings.ceiling
            if kind not in self._unmeasured
        }
        self._foretold: dict[str, list[int]] = {
            kind: [] for kind, reader in self._readers.items() if reader.is_fitted
        }

    def measure(self, end: int) -> None:
        """Ask about the next items, up to this number of them.

        Raises:
            MeasurementError: see ``evaluate``.
        """
        start = self._looks[-1] if self._looks else 0
        if self._settings.sequential:
            for kind in self._foretold.keys() & self._readers.keys():
                self._readers[kind].learn()
        matched = self._readers.get("matched")
        try:
            self._ask("sighted", start, end, reader=matched, native=self._readers.get("native"))
        except NoMapError as error:  # answers can be had without a readout
            self._unmeasured["matched"] = str(error)
            del self._readers["matched"]
            self._ask("sighted", start, end)
        for kind in self._settings.blind:
            self._ask(kind, start, end)
        if "native" in self._readers:
            items = self._items[start:end]
            try:
                self._model.look("native", items, reader=self._readers["native"])
            except NoMapError as error:
                self._unmeasured["native"] = str(error)
                del self._readers["native"]
        if self._settings.sequential:
            for kind in self._foretold.keys() & self._readers.keys():
                self._foretold[kind] += self._readers[kind].foretold(start, end)
        self._looks.append(end)

    def evaluation(self, *, finished: bool = True) -> Evaluation:
        """What was measured so far.

        Args:
            finished: whether no more is asked. Fitted readouts are then fitted; before, what they
                foretold stands in the place of their choices, and what none foretold as wrong.

        Raises:
            MeasurementError: an answer is NaN.
        """
        n, settings, task = self._looks[-1], self._settings, self._task
        items, asked = self._items[:n], self._asked[:n]
        ids = tuple(item.id for item in items)
        ceilings, unmeasured = self._ceilings(n, finished=finished)
        planned = "".join(item.id for item in self._source)
        return Evaluation(
            model=self._vlm.name,
            task=task.name,
            ids=ids,
            gold=np.array([item.answer for item in items]),
            options=np.array([len(item.options) for item in items]),
            orders=_padded([[p.order for p in turn] for turn in asked], fill=-1).astype(int),
            sighted=in_source_order(self._rows["sighted"], asked),
            blind={kind: in_source_order(self._rows[kind], asked) for kind in settings.blind},
            ceilings=ceilings,
            unmeasured=unmeasured,
            provenance={
                **self._model.provenance,
                "task_version": task.version,
                "task_fingerprint": task.fingerprint,
                "items_hash": hashlib.sha256(planned.encode()).hexdigest()[:20],
                "readout": task.readout,
                "trained_on": {kind: c.trained_on for kind, c in ceilings.items()},
                "scoring": settings.scoring,
                "rotations": self._turns,
                "seed": settings.seed,
                "image_size": _image_size(self._source),
                "difficulty": " ".join(_spelled(knob) for knob in task.knobs) or None,
                "markers": marker_style(self._source),
                **(task.told(settings.items, settings.seed) if task.told is not None else {}),
            },
            slices=tuple(item.slices for item in items),
            asked=tuple(
                Asked(name=item.name, question=item.question, options=item.options)
                for item in items
            ),
            sequential=self._sequential() if settings.sequential else None,
        )

    def _ask(
        self,
        what: str,
        start: int,
        end: int,
        *,
        reader: CeilingReader | None = None,
        native: CeilingReader | None = None,
    ) -> None:
        some = self._questions[what][start * self._turns : end * self._turns]
        rows = self._model.ask(what, some, reader=reader, native=native, turns=self._turns)
        in_source_order(rows, self._asked[start:end])  # raises what keeps them from being used
        self._rows[what] += rows

    def _ceilings(self, n: int, *, finished: bool) -> tuple[dict[str, Ceiling], dict[str, str]]:
        ceilings, unmeasured = {}, dict(self._unmeasured)
        for kind, reader in self._readers.items():
            if reader.is_fitted and not finished:
                choices = np.array(self._foretold[kind])
                told = Ceiling(kind=kind, stage=reader.stage, choices=choices, trained_on="")
                ceilings[kind] = told
                continue
            try:
                ceilings[kind] = self._model.ceiling(reader, n=n)
            except MeasurementError as error:
                unmeasured[kind] = str(error)
        return ceilings, unmeasured

    def _sequential(self) -> Sequential:
        n, source = self._looks[-1], self._asked_source
        right = [(len(one.options), one.answer) for turns in source for one in turns]
        positions = Counter(position for _, position in right)
        return Sequential(
            planned=len(self._items),
            looks=tuple(self._looks),
            scenes=whole_scenes(self.order.scenes, n),
            largest=max(self.order.scenes),
            chance=1 / min(count for count, _ in right),
            key=max(positions.values()) / len(right),
            foretold={
                kind: np.array(choices)
                for kind, choices in self._foretold.items()
                if kind in self._readers
            },
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
