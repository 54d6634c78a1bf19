"""What a run measured beside what the study published: for people, never for a gate.

A difference is given only where the same was measured: the study's items, asked as it asked them,
of a model whose encoder is one of the study's. What keeps one from being given is said in a note.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .accuracy import accuracies, items_asked
from .models.aliases import TABLE
from .phrases import printable
from .published import ENCODERS, PUBLISHED
from .records.errors import RecordError
from .records.run_settings import run_settings
from .stats.agreement import letter_shares, total_variation
from .stats.interval import Interval
from .study_protocol import protocol_told

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from .accuracy import Accuracy
    from .evaluation import Evaluation
    from .published import PublishedTask, Reading
    from .records.run import Run

SIGHTED, BLIND, CEILING = "sighted", "blind", "ceiling"
COLUMNS = (SIGHTED, BLIND, CEILING)

_KINDS = {
    "clip_vision_model": "CLIP",
    "dinov2": "DINOv2",
    "siglip_vision_model": "SigLIP",
}
"""``model_type`` of an encoder → which of the study's it is of the kind of.

A "vit" is none: its type does not tell that it was trained on ImageNet-1k.
"""

_READOUTS = {
    "object_depth": "the study's depth readout is a head trained on NYUv2; ours is another",
    "odd_one_out": "the study's readout of MOCHI may be the trained one; ours is zero-shot",
}
"""Tasks whose ceiling is read in another way than the study's, or may be."""

_ONE_IMAGE = frozenset({"study/object_depth"})
"""Tasks that have no several images to be laid side by side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number of ours and one of the study's.

    Attributes:
        ours: None where it was not measured.
        published: None where the study has none.
        comparable: whether a difference means what it says.
    """

    ours: Accuracy | None
    published: Reading | None
    comparable: bool = False

    @property
    def difference(self) -> tuple[float, Interval] | None:
        """Ours less the study's, with the limits of ours widened by the reading error.

        None where the two are not comparable. The study's own sampling error is not in it.
        """
        if self.ours is None or self.published is None or not self.comparable:
            return None
        low = self.ours.interval.low - self.published.high
        high = self.ours.interval.high - self.published.low
        return self.ours.share - self.published.value, Interval(low, high)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A task of ours beside one of the study's.

    Attributes:
        task: ours; None where none was measured.
        of: the study's.
        n: items of ours; None where none was measured.
        figures: by ``COLUMNS``.
        moved: total variation between the letters answered sighted and blind; None where it is
            not known.
        confidence: of the intervals.
        notes: what keeps numbers from being comparable, or is to be known beside them.
    """

    task: str | None
    of: str
    n: int | None
    figures: Mapping[str, Figure]
    moved: float | None
    confidence: float | None
    notes: tuple[str, ...]

    @property
    def published(self) -> PublishedTask:
        """The study's task."""
        return PUBLISHED[self.of]


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """A model of a run beside one of the study's.

    Attributes:
        run: which run, in words.
        model: as shown.
        facts: its type, its encoder, where its LLM is fed from, its number format.
        encoder: the study's; None where it is none of them.
        protocol: of the run, with what departs from it; empty where it had none.
        rows: at least one for each task of the study, in the order of ``PUBLISHED``.
        others: tasks of the run that the study has no numbers of.
        notes: what holds for the whole model.
    """

    run: str
    model: str
    facts: tuple[str, ...]
    encoder: str | None
    protocol: str
    rows: tuple[Row, ...]
    others: tuple[str, ...]
    notes: tuple[str, ...]


def beside_study(
    runs: Sequence[tuple[str, Run]], *, encoders: Mapping[str, str] | None = None
) -> list[Beside]:
    """Every model of the runs beside the study, in the order of the study's encoders.

    Args:
        runs: each with its name.
        encoders: model, as shown → the study's encoder that it is to stand beside; others are
            found by the type of their own.

    Raises:
        RecordError: a record cannot be used, or none of them has a task of the study's.
        ValueError: a model or an encoder is named that there is not.
    """
    given = dict(encoders or {})
    models = dict.fromkeys(one.model for _, run in runs for one in run.evaluations)
    for model, encoder in given.items():
        if model not in models:
            raise ValueError(f"no model {model!a} was measured; expected {_listed(models)}")
        if encoder not in ENCODERS:
            raise ValueError(
                f"{model}={encoder}: expected an encoder of the study: {', '.join(ENCODERS)}"
            )
    found = [
        _beside(name, run, model, given.get(model))
        for name, run in runs
        for model in dict.fromkeys(one.model for one in run.evaluations)
    ]
    if not any(row.task for one in found for row in one.rows):
        raise RecordError(
            f"{_listed(name for name, _ in runs)}: no task of the study was measured "
            f"({_listed(PUBLISHED)}); run pytest --vlm=MODEL --vlm-protocol=study --vlm-json=FILE"
        )
    order: tuple[str | None, ...] = (*ENCODERS, None)
    return sorted(found, key=lambda one: order.index(one.encoder))


def study_task(task: str) -> str | None:
    """The study's task that one of ours asks like, on whatever items; None where there is none.

    >>> study_task("study/art_style/wikiart"), study_task("art_style"), study_task("texture")
    ('art_style', 'art_style', None)
    """
    name = task.removeprefix("study/").partition("/")[0]
    return name if name in PUBLISHED else None


def _beside(name: str, run: Run, model: str, given: str | None) -> Beside:
    settings = run_settings(run)
    measured = [one for one in run.evaluations if one.model == model]
    facts = measured[0].provenance
    kind = str(facts.get("encoder"))
    encoder = given or _KINDS.get(kind)
    rows: list[Row] = []
    for of in PUBLISHED:
        own = [one for one in measured if study_task(one.task) == of]
        own.sort(key=lambda one: (one.task != f"study/{of}", one.task))
        rows += [
            _row(one, of, encoder, confidence=1 - 2 * settings.gate_for(one.task).alpha)
            for one in own
        ] or [_missing(of, encoder)]
    return Beside(
        run=name,
        model=model,
        facts=_facts(facts),
        encoder=encoder,
        protocol=protocol_told(settings),
        rows=tuple(rows),
        others=tuple(one.task for one in measured if study_task(one.task) is None),
        notes=_notes(facts, kind, encoder, chosen=given is not None),
    )


def _facts(provenance: Mapping[str, Any]) -> tuple[str, ...]:
    told = [
        str(provenance[key])
        for key in ("model_type", "encoder", "fed_from", "dtype")
        if provenance.get(key)
    ]
    known = {alias.hub_id: alias.encoder for alias in TABLE}.get(str(provenance.get("source")))
    return (*told, *((known,) if known else ()))


def _notes(
    provenance: Mapping[str, Any], kind: str, encoder: str | None, *, chosen: bool
) -> tuple[str, ...]:
    notes = []
    if encoder is None:
        notes.append(
            f"its encoder ({kind}) is not known to be one of the study's "
            f"({', '.join(ENCODERS)}): name one with --encoder MODEL=ENCODER"
        )
    elif chosen:
        notes.append(f"beside {encoder} because --encoder says so; its encoder is {kind}")
    else:
        notes.append(
            f"beside {encoder} by the type of its encoder ({kind}); its size, its side in px and "
            "the layer that is read may be others than the study's"
        )
    if "prism" not in str(provenance.get("source")).lower():
        notes.append(
            "the model is not the study's: its VLMs are Prismatic ones with Vicuna v1.5 7B, "
            "trained on LLaVA-1.5's data at 224 px"
        )
    else:
        notes.append("a model of the study by its name alone")
    return tuple(notes)


def _published(of: str, encoder: str | None) -> dict[str, Reading | None]:
    readout, vlm = (None, None) if encoder is None else PUBLISHED[of].of(encoder)
    return {SIGHTED: vlm, BLIND: None, CEILING: readout}


def _missing(of: str, encoder: str | None) -> Row:
    return Row(
        task=None,
        of=of,
        n=None,
        figures={
            name: Figure(ours=None, published=one) for name, one in _published(of, encoder).items()
        },
        moved=None,
        confidence=None,
        notes=(),
    )


def _row(one: Evaluation, of: str, encoder: str | None, *, confidence: float) -> Row:
    if not one.blind:
        raise RecordError(f"evaluation of {one.model}, {one.task}: it has no blind answers")
    found = {each.name: each for each in accuracies(one, confidence=confidence)}
    blind = "blank" if "blank" in one.blind else one.strongest_blind
    ceiling = next((kind for kind in ("native", "matched") if kind in one.ceilings), None)
    items = list(_other_items(one, of))
    asked = list(_asked_otherwise(one))
    read = list(_read_otherwise(of, ceiling))
    ours = {
        SIGHTED: found[SIGHTED],
        BLIND: found[f"blind_{blind}"],
        CEILING: None if ceiling is None else found[f"ceiling_{ceiling}"],
    }
    comparable = {SIGHTED: not items + asked, BLIND: False, CEILING: not items + read}
    return Row(
        task=one.task,
        of=of,
        n=one.n,
        figures={
            name: Figure(ours=ours[name], published=published, comparable=comparable[name])
            for name, published in _published(of, encoder).items()
        },
        moved=_moved(one, blind),
        confidence=confidence,
        notes=(*items, *asked, *read, *_beside_notes(one, of, blind)),
    )


def _other_items(one: Evaluation, of: str) -> Iterable[str]:
    """Whether the items are the study's: its data set, read from where that is."""
    data = str(one.provenance.get("data") or "")
    if one.task != f"study/{of}" or not data:
        yield "its items are not those of the study's data set"
    if one.sequential is not None and one.sequential.stopped:
        yield "it was stopped as soon as its gates were decided"


def _asked_otherwise(one: Evaluation) -> Iterable[str]:
    told = one.provenance
    if told.get("scoring") != "generate":
        yield "answered by letters' log-probabilities; the study's VLMs write"
    if told.get("several_images") != "composite" and one.task not in _ONE_IMAGE:
        yield "several images are separate; the study puts them side by side"
    if one.orders.shape[1] > 1:
        yield f"each item is asked {one.orders.shape[1]} times; in the study once"


def _read_otherwise(of: str, ceiling: str | None) -> Iterable[str]:
    if ceiling is None:
        yield "no ceiling was measured"
    elif ceiling != "native":
        yield f"the ceiling is the {ceiling} one; the study's readouts see each image by itself"
    if of in _READOUTS:
        yield _READOUTS[of]


def _beside_notes(one: Evaluation, of: str, blind: str) -> Iterable[str]:
    """What is to be known and keeps nothing from being compared."""
    if blind != "blank":
        yield f"the blind run is {blind}, the study's a blank image"
    if one.sighted.unanswered:
        yield f"{one.sighted.unanswered} answers with the image name no option and count as wrong"
    if one.task == f"study/{of}" and one.n != PUBLISHED[of].n:
        out = one.provenance.get("left_out")
        left = f", {out} left out" if out else ""
        yield f"{items_asked(one)} items{left}; the study has {PUBLISHED[of].n}"


def _moved(one: Evaluation, blind: str) -> float | None:
    """How far the letters answered with the image are from those without; None without answers."""
    shares = []
    for answers in (one.sighted, one.blind[blind]):
        given = answers.choices >= 0
        letters = (one.orders == answers.choices[:, :, None]).argmax(-1)[given]
        if not letters.size:
            return None
        shares.append(letter_shares(letters, options=one.orders.shape[-1]))
    return total_variation(*shares)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(map(printable, names))
