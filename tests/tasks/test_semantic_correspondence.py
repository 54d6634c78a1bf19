"""The task ``semantic_correspondence``; see ``test_part_items.py`` for what it shares."""

from __future__ import annotations

from collections import Counter

from part_tasks import SEMANTIC, parts, some, view

from pytest_vlmsight.tasks.scenes.assembly import DARK
from pytest_vlmsight.tasks.scenes.catalogue import NAMEABLE
from pytest_vlmsight.tasks.semantic_correspondence import KNOBS, semantic_correspondence

PINNED = "b47184bfd2ee351e6b08"


def test_both_things_are_of_one_kind_and_differ_in_proportions_and_colours() -> None:
    for item in some(SEMANTIC):
        first, second = (view(item, image).scene().things[0] for image in (0, 1))
        assert first.kind == second.kind
        assert first.solids != second.solids
        assert set(first.parts) & set(second.parts)
        assert not (set(first.skins) & set(second.skins)) - {DARK}


def test_the_kind_is_of_the_category_that_the_slice_says() -> None:
    for item in some(SEMANTIC):
        kind = view(item, 0).scene().things[0].kind
        category = dict(item.slices)["category"]
        assert kind == "blob" if category == "blob" else kind in NAMEABLE[category]


def test_two_in_five_items_of_every_block_have_no_names() -> None:
    items = some(SEMANTIC)
    for at in range(0, len(items), 5):
        found = Counter(dict(item.slices)["category"] for item in items[at : at + 5])
        assert found == {"animal": 1, "vehicle": 1, "furniture": 1, "blob": 2}
    for item in items:
        slices = dict(item.slices)
        assert slices["nameable"] == ("no" if slices["category"] == "blob" else "yes")


def test_parts_of_blobs_have_no_words_and_both_blobs_are_of_one_species() -> None:
    for item in some(SEMANTIC):
        if dict(item.slices)["category"] == "blob":
            first, second = (view(item, image).scene().things[0] for image in (0, 1))
            assert first.parts == second.parts
            kinds = [[(s.part, s.kind) for s in thing.solids] for thing in (first, second)]
            assert kinds[0] == kinds[1]
            assert all(part.startswith("blob-") for part in parts(item)[1])


def test_the_question_names_neither_thing_nor_part() -> None:
    assert len({item.question for item in some(SEMANTIC)}) == 1
    assert "same part" in some(SEMANTIC)[0].question


def test_items_have_all_slices() -> None:
    for item in some(SEMANTIC):
        names = [name for name, _ in item.slices]
        assert names == ["category", "nameable", "rotation", "tilt", "coats"]
    task = semantic_correspondence()
    assert task.knobs == KNOBS
    assert (task.name, task.readout) == (SEMANTIC, "nearest_patch")


def test_items_are_those_of_every_machine() -> None:
    assert some(SEMANTIC)[2].id == PINNED
