"""What a model is asked of a task's items: sighted, and blind in one of the ways of not seeing.

A question knows what decides its prompt without rendering a picture; the prompt is made when it is
asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from . import sight
from .models.base import MeasurementError, Prompt
from .models.wordings import DEFAULT
from .tasks.generated import GenerationError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from PIL.Image import Image

    from .models.wordings import Wording
    from .tasks.item import Item, Picture
    from .tasks.presentation import Presentation


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A prompt before it is made.

    Attributes:
        item: that is asked about.
        decided_by: all that decides the prompt, as plain values.
        make: makes it.

    Raises:
        MeasurementError: by ``make``, where a picture cannot be read.
    """

    item: Item
    decided_by: Mapping[str, object]
    make: Callable[[], Prompt]


def sighted(
    asked: Sequence[Sequence[Presentation]], *, wording: Wording = DEFAULT
) -> list[Question]:
    """Each presentation of each item as it is."""
    return [
        _question(
            one,
            shown=[(picture.digest, *picture.size) for picture in one.images],
            wording=wording,
        )
        for turns in asked
        for one in turns
    ]


def blind(
    kind: str,
    asked: Sequence[Sequence[Presentation]],
    *,
    seed: int,
    wording: Wording = DEFAULT,
) -> list[Question]:
    """Each presentation of each item without its pictures.

    Args:
        kind: blank, none, noise or shuffled.
        asked: presentations by item.
        seed: of what is shuffled.
        wording: of the questions.

    Raises:
        MeasurementError: pictures cannot be shuffled.
    """
    partner = _partners(asked, seed=seed) if kind == "shuffled" else range(len(asked))
    questions = []
    for index, turns in enumerate(asked):
        for turn, one in enumerate(turns):
            pictures = asked[partner[index]][turn].images
            sizes = [picture.size for picture in pictures]
            if kind == "none":
                question = _question(one, shown=[], images=tuple, wording=wording)
            elif kind == "blank":
                images = partial(sight.blank, sizes)
                question = _question(one, shown=sizes, images=images, wording=wording)
            elif kind == "noise":
                key = one.item.id
                images = partial(sight.noise, sizes, key=key)
                question = _question(one, shown=[key, *sizes], images=images, wording=wording)
            else:
                shown = [(picture.digest, *picture.size) for picture in pictures]
                images = partial(_load, one.item, pictures)
                question = _question(one, shown=shown, images=images, wording=wording)
            questions.append(question)
    return questions


def clean_images(item: Item) -> tuple[Image, ...]:
    """An item's pictures without markers.

    Raises:
        MeasurementError: one cannot be read.
    """
    return _load(item, item.clean_images)


def _question(
    one: Presentation,
    *,
    shown: Sequence[object],
    images: Callable[[], tuple[Image, ...]] | None = None,
    wording: Wording,
) -> Question:
    def make() -> Prompt:
        return Prompt(
            images=_load(one.item, one.images) if images is None else images(),
            question=one.item.question,
            options=one.options,
            wording=wording,
        )

    decided_by: dict[str, object] = {
        "question": one.item.question,
        "options": one.options,
        "shown": shown,
    }
    if wording != DEFAULT:
        decided_by["wording"] = [wording.form, wording.option, wording.between]
    return Question(item=one.item, decided_by=decided_by, make=make)


def _partners(asked: Sequence[Sequence[Presentation]], *, seed: int) -> list[int]:
    try:
        return sight.partners([len(turns[0].images) for turns in asked], seed=seed)
    except ValueError as error:
        raise MeasurementError(f"--vlm-blind=shuffled: {error}") from error


def _load(item: Item, pictures: Sequence[Picture]) -> tuple[Image, ...]:
    try:
        return tuple(picture.load() for picture in pictures)
    except (OSError, ValueError, GenerationError) as error:
        raise MeasurementError(f"item {item.name}: {error}") from error
