"""Reads the clues of many items, in several processes where that is asked for."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from .marks import has_markers, mark_clues
from .pixels import pixel_clues
from .positions import position_clues
from .subjects import subjects_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from pytest_vlmsight.tasks.item import Item

    from .rows import Clues

Asked: TypeAlias = "tuple[Item, tuple[int, ...]]"

_CHUNK = 16


@dataclass(frozen=True, slots=True, eq=False)
class Observation:
    """The clues of one item.

    Attributes:
        positions: where its options are.
        pixels: what they look like without markers.
        marks: what markers change; None where there are none.
    """

    positions: Clues
    pixels: Clues
    marks: Clues | None


def observe(asked: Asked) -> Observation | None:
    """Read one item.

    Args:
        asked: the item, and the order in which its options are presented.

    Returns:
        None where its options are about nothing in its pictures.
    """
    item, order = asked
    subjects = subjects_of(item, order)
    if subjects is None:
        return None
    needed = {s.image for s in subjects.options}
    if subjects.reference is not None:
        needed.add(subjects.reference.image)
    images = {index: item.clean_images[index].load() for index in sorted(needed)}
    return Observation(
        positions=position_clues(item, subjects),
        pixels=pixel_clues(subjects, images),
        marks=mark_clues(item, order, subjects, images) if has_markers(item) else None,
    )


def observe_all(
    asked: Sequence[Asked], *, jobs: int, told: Callable[[int, int], None]
) -> list[Observation | None]:
    """Read items, in their order.

    Args:
        asked: items and their orders; they must be picklable where there are several jobs.
        jobs: processes; 1 is this one.
        told: of how many are done, of how many.
    """
    done: list[Observation | None] = []
    for part in _parts(asked, jobs):
        done += part
        told(len(done), len(asked))
    return done


def _parts(asked: Sequence[Asked], jobs: int) -> Iterator[list[Observation | None]]:
    chunks = [asked[at : at + _CHUNK] for at in range(0, len(asked), _CHUNK)]
    if jobs == 1 or len(chunks) == 1:
        yield from map(_observe_chunk, chunks)
        return
    # Spawned, as forking a process that has threads can hang.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(jobs, len(chunks)), mp_context=context) as pool:
        yield from pool.map(_observe_chunk, chunks)


def _observe_chunk(asked: Iterable[Asked]) -> list[Observation | None]:
    return [observe(one) for one in asked]
