"""Places are found by what is there, and not by where it is."""

from __future__ import annotations

import numpy as np
import torch
from known_lessons import PATCHES, known_batch, own_features

from pytest_vlmsight.models.tiny.finding import Finding
from pytest_vlmsight.models.tiny.lesson_store import MIX, Batch
from pytest_vlmsight.models.tiny.lessons import SITES
from pytest_vlmsight.models.tiny.pictures import CLASSES, GRID


def found(
    first: torch.Tensor, second: torch.Tensor, batch: Batch, *, finding: Finding | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    loss, hits = (finding or Finding())(first, second, batch, torch.from_numpy(batch.sites))
    return loss, hits


def test_places_find_themselves_in_the_same_picture() -> None:
    given = known_batch()
    loss, hits = found(own_features(2), own_features(2), given)
    other, missed = found(own_features(2), own_features(2, seed=1), given)
    assert float(hits.mean()) > 0.9
    assert float(missed.mean()) < 0.3
    assert float(loss) < float(other)


def test_places_of_one_name_are_the_same() -> None:
    # All patches of the upper half have one feature, and all of the lower half another.
    halves = torch.zeros(2, 32, PATCHES, PATCHES)
    halves[:, 0, : PATCHES // 2], halves[:, 1, PATCHES // 2 :] = 1, 1
    name = np.ones((2, 2, GRID, GRID), np.int64)
    name[:, :, GRID // 2 :] = 2
    _, by_name = found(halves, halves, known_batch("parts", name=name))
    _, by_place = found(halves, halves, known_batch("scene", name=name))
    assert float(by_name.mean()) > 0.9
    assert float(by_place.mean()) < 0.5


def test_what_is_not_known_is_not_asked() -> None:
    known = np.zeros((2, SITES), bool)
    known[0, :10] = True
    _, hits = found(own_features(2), own_features(2), known_batch(known=known))
    assert torch.isfinite(hits).sum() == 10
    assert torch.isnan(hits[1]).all()


def test_where_a_place_is_counts_for_nothing() -> None:
    """In pictures that do not differ, a feature that says where it is finds everything."""
    finding, given = Finding(), known_batch()
    first, _ = found(own_features(2), own_features(2), given, finding=finding)
    for _ in range(20):
        last, hits = found(own_features(2), own_features(2), given, finding=finding)
    alike = torch.ones(2, 4, PATCHES, PATCHES)
    nothing, _ = found(alike, alike, given, finding=finding)
    assert float(hits.mean()) > 0.9
    # Displacement alone says nearly all, so that features have hardly anything to add.
    assert float(nothing) < 0.5 * np.log(SITES)
    assert float(last) < float(first)


def test_displacements_are_counted_per_sort_of_lesson() -> None:
    finding = Finding()
    found(own_features(2), own_features(2), known_batch("gadgets"), finding=finding)
    changed = [bool((of > 1).any()) for of in finding.counts[1]]
    assert changed == [name == "gadgets" for name in MIX]


def test_marked_places_weigh_more() -> None:
    # Those of the right half can be found.
    first = own_features(2)
    second = first.clone()
    classes = np.zeros((2, 2, len(CLASSES), GRID, GRID), np.uint8)
    second[..., : PATCHES // 2] = 0
    costs = {}
    for half in ("lost", "found"):
        marked = classes.copy()
        columns = slice(GRID // 2) if half == "lost" else slice(GRID // 2, None)
        marked[:, 1, CLASSES.index("mark"), :, columns] = 1
        costs[half], _ = found(first, second, known_batch(classes=marked))
    assert costs["found"] < costs["lost"]


def test_places_that_have_left_the_picture_are_not_asked() -> None:
    given = known_batch()
    sites = torch.from_numpy(given.sites).clone()
    sites[:, 1, :20] += 300
    _, hits = Finding()(own_features(2), own_features(2), given, sites)
    assert torch.isnan(hits[:, :20]).all()
    assert torch.isfinite(hits[:, 20:]).all()
