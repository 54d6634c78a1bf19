"""What a model answered before is not asked again, and nothing is changed by that."""

from __future__ import annotations

import math
import multiprocessing
import os
import random
import signal
import sqlite3
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from kept_answers import (
    BATCH,
    KILLED,
    KeptVlm,
    assert_equal,
    measured,
    readable_items,
    run_to_be_killed,
)
from made_items import BLUE, flat, same_colour_items, task

from pytest_vlmsight import Settings, evaluate
from pytest_vlmsight.models.base import Answer, MeasurementError, NoMapError, Prompt, Stage
from pytest_vlmsight.models.transformers_vlm import TransformersVlm
from pytest_vlmsight.tasks.item import Item, Picture

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from PIL.Image import Image

READOUTS = ("nearest_patch", "gram", "pooled", "oddity", "linear", "depth", "depth maps")
BLIND = ("blank", "none", "noise", "shuffled")


def of(readout: str) -> str:
    """The readout's name in a task."""
    return "depth" if readout == "depth maps" else readout


@pytest.mark.parametrize("readout", READOUTS)
def test_a_second_run_asks_nothing_and_gives_the_same(readout: str, tmp_path: Path) -> None:
    items = readable_items(readout, 24)
    how: dict[str, Any] = {"readout": of(readout), "blind": BLIND, "rotations": 2}
    want = measured(KeptVlm(), items, folder=None, **how)
    assert want.ceilings.keys() == {"matched", "native"}
    assert_equal(measured(KeptVlm(), items, folder=tmp_path, **how), want)
    again = KeptVlm()
    assert_equal(measured(again, items, folder=tmp_path, **how), want)
    assert (again.prompts, again.looked) == ([], [])


@pytest.mark.parametrize("readout", READOUTS)
def test_runs_that_die_go_on_to_what_one_run_gives(readout: str, tmp_path: Path) -> None:
    """Answers and features depend on what is asked together, in the model of this test as well."""
    items = readable_items(readout, 22)
    how: dict[str, Any] = {"readout": of(readout), "blind": ("blank",)}
    want = measured(KeptVlm(), items, folder=None, **how)
    asked = 0
    for dies_after in (6, 1, 12, 9, 23):
        vlm = KeptVlm(dies_after=dies_after)
        with pytest.raises(KeyboardInterrupt):
            measured(vlm, items, folder=tmp_path, **how)
        asked += dies_after
    vlm = KeptVlm()
    assert_equal(measured(vlm, items, folder=tmp_path, **how), want)
    asked += len(vlm.prompts) + len(vlm.looked)
    everything = KeptVlm()
    measured(everything, items, folder=None, **how)
    total = len(everything.prompts) + len(everything.looked)
    pictures = max(len(one.clean_images) for one in items)
    assert asked <= total + 5 * BATCH * pictures
    assert len(vlm.prompts) + len(vlm.looked) < total


def test_no_picture_of_what_is_known_is_rendered(tmp_path: Path) -> None:
    def never() -> Any:
        raise AssertionError("rendered")

    def unseen(picture: Picture) -> Picture:
        return Picture(picture.digest, picture.size, never)

    items = readable_items("linear", 12)
    how: dict[str, Any] = {"readout": "linear", "blind": ("noise", "shuffled")}
    want = measured(KeptVlm(), items, folder=tmp_path, **how)
    hidden = [
        replace(
            one,
            images=tuple(map(unseen, one.images)),
            clean_images=tuple(map(unseen, one.clean_images)),
        )
        for one in items
    ]
    assert_equal(measured(KeptVlm(), hidden, folder=tmp_path, **how), want)


@pytest.mark.parametrize(
    "changed",
    [
        {"weights": "x"},
        {"files": "x"},
        {"dtype": "bfloat16"},
        {"quantisation": "4 bits"},
        {"device": "cuda:0"},
        {"batch": 3},
        {"prompt": "no chat template"},
        {"several_images": "composite"},
        {"torch": "3.0"},
        {"transformers": "6.0"},
    ],
    ids=str,
)
def test_another_model_or_way_to_ask_is_asked(changed: dict[str, Any], tmp_path: Path) -> None:
    items = readable_items("pooled", 8)
    measured(KeptVlm(), items, folder=tmp_path)
    vlm = KeptVlm(**changed)
    measured(vlm, items, folder=tmp_path)
    assert (len(vlm.prompts), len(vlm.looked)) == (16, 24)


@pytest.mark.parametrize(
    ("changed", "prompts"),
    [({"scoring": "generate"}, 16), ({"blind": ("none",)}, 8), ({"readout": "gram"}, 8)],
    ids=str,
)
def test_what_is_asked_otherwise_is_asked(
    changed: dict[str, Any], prompts: int, tmp_path: Path
) -> None:
    items = readable_items("pooled", 8)
    measured(KeptVlm(), items, folder=tmp_path)
    vlm = KeptVlm()
    measured(vlm, items, folder=tmp_path, **changed)
    assert len(vlm.prompts) == prompts


@pytest.mark.parametrize("fitted", [False, True])
def test_another_seed_is_another_order_and_other_folds(fitted: bool, tmp_path: Path) -> None:
    readout = "linear" if fitted else "nearest_patch"
    items = readable_items(readout, 40)
    measured(KeptVlm(), items, folder=tmp_path, readout=readout)
    vlm = KeptVlm()
    other = measured(vlm, items, folder=tmp_path, readout=readout, seed=5)
    assert_equal(other, measured(KeptVlm(), items, folder=None, readout=readout, seed=5))
    assert vlm.prompts
    assert not vlm.looked  # what is read of clean pictures does not depend on it


def test_more_rotations_ask_what_is_new(tmp_path: Path) -> None:
    items = readable_items("pooled", 8)
    measured(KeptVlm(batch=1), items, folder=tmp_path)
    vlm = KeptVlm(batch=1)
    measured(vlm, items, folder=tmp_path, rotations=2)
    assert len(vlm.prompts) == 16


@pytest.mark.parametrize("readout", ["pooled", "linear", "depth maps"])
def test_more_items_ask_what_is_new(readout: str, tmp_path: Path) -> None:
    items = readable_items(readout, 32)
    how: dict[str, Any] = {"readout": of(readout), "blind": ("noise",)}
    measured(KeptVlm(), items[:20], folder=tmp_path, **how)
    vlm = KeptVlm()
    more = measured(vlm, items, folder=tmp_path, **how)
    assert_equal(more, measured(KeptVlm(), items, folder=None, **how))
    assert len(vlm.prompts) == 2 * 12


@pytest.mark.parametrize(
    "changed",
    [{"points": True}, {"answer": True}, {"scene": True}, {"depths": True}],
    ids=str,
)
def test_a_readout_of_changed_items_is_made_anew(changed: dict[str, bool], tmp_path: Path) -> None:
    def other(one: Item, index: int) -> Item:
        if "points" in changed:
            return replace(one, points=tuple(replace(p, x=32.0) for p in one.points))
        if "answer" in changed:
            return replace(one, answer=1 - one.answer)
        if "depths" in changed:
            return replace(one, depth_maps=items[index - 1].depth_maps)
        return replace(one, slices=(("scene", str(index)),))

    items = readable_items("depth maps", 24)
    measured(KeptVlm(), items, folder=tmp_path, readout="depth")
    new = [other(one, index) for index, one in enumerate(items)]
    want = measured(KeptVlm(), new, folder=None, readout="depth")
    assert_equal(measured(KeptVlm(), new, folder=tmp_path, readout="depth"), want)


@pytest.mark.parametrize(
    "changed",
    [{"source": "elsewhere"}, {"revision": "c0ffee"}, {"adapter": "there"}, {"device": "cpu:0"}],
    ids=str,
)
def test_where_a_model_was_and_which_device_of_a_kind_is_no_matter(
    changed: dict[str, Any], tmp_path: Path
) -> None:
    items = readable_items("pooled", 8)
    measured(KeptVlm(), items, folder=tmp_path)
    vlm = KeptVlm(**changed)
    evaluation = measured(vlm, items, folder=tmp_path)
    assert (vlm.prompts, vlm.looked) == ([], [])
    assert evaluation.provenance.items() >= changed.items()


def test_nothing_is_kept_of_a_model_that_does_not_tell_its_weights(tmp_path: Path) -> None:
    items = readable_items("pooled", 8)
    for _ in range(2):
        vlm = KeptVlm(weights=None)
        measured(vlm, items, folder=tmp_path)
        assert len(vlm.prompts) == 16
    assert not list(tmp_path.iterdir())


def test_what_a_model_only_says_once_it_was_asked_is_said_again(tmp_path: Path) -> None:
    class Learns(KeptVlm):
        def ask(self, prompts: Iterable[Prompt], **how: Any) -> Iterator[Answer]:
            self.provenance = {**self.provenance, "primer": "Answer: (", "batch": 2}
            return super().ask(prompts, **how)

    class Silent(KeptVlm):
        def ask(self, prompts: Iterable[Prompt], **how: Any) -> Iterator[Answer]:
            assert not list(prompts)
            return iter(())

    items = readable_items("pooled", 8)
    more: dict[str, Any] = {"primer": None, "batch_limit": BATCH}
    first = measured(Learns(**more), items, folder=tmp_path)
    assert first.provenance["primer"] == "Answer: ("
    assert_equal(measured(Silent(**more), items, folder=tmp_path), first)


class Primed(KeptVlm):
    """Says how its answers begin once it was asked."""

    def ask(self, prompts: Iterable[Prompt], **how: Any) -> Iterator[Answer]:
        for answer in super().ask(prompts, **how):
            self.provenance = {**self.provenance, "primer": "Answer: ("}
            yield answer


@pytest.mark.parametrize("prompts", [9, 16, 17, 23])
def test_what_a_model_learns_when_asked_is_known_after_a_kill(prompts: int, tmp_path: Path) -> None:
    """Also where all answers were kept and only pictures are still to be looked at."""
    items = readable_items("pooled", 8)
    how: dict[str, Any] = {"folder": tmp_path, "blind": ("blank",)}
    want = measured(Primed(primer=None), items, **(how | {"folder": tmp_path / "other"}))
    assert want.provenance["primer"] == "Answer: ("
    with pytest.raises(KeyboardInterrupt):
        measured(Primed(primer=None, dies_after=prompts), items, **how)
    vlm = Primed(primer=None)
    assert_equal(measured(vlm, items, **how), want)
    assert vlm.looked
    # And once nothing is asked or looked at any more.
    vlm = Primed(primer=None)
    assert_equal(measured(vlm, items, **how), want)
    assert not vlm.prompts
    assert not vlm.looked


def test_a_question_that_recurs_is_asked_once(tmp_path: Path) -> None:
    items = [replace(one, question="Which?") for one in readable_items("linear", 24)]
    vlm = KeptVlm()
    measured(vlm, items, folder=None, readout="linear", blind=("blank",))
    blind = vlm.prompts[24:]
    assert len(blind) == len({prompt.options for prompt in blind}) == 2


def test_a_prompt_that_is_sighted_of_one_and_blind_of_another_is_asked_as_both(
    tmp_path: Path,
) -> None:
    """They stand in other batches."""
    items = [replace(one, question="Which?") for one in readable_items("linear", 24)]
    how: dict[str, Any] = {"readout": "linear", "blind": ("shuffled",), "ceiling": ("native",)}
    want = measured(KeptVlm(), items, folder=None, **how)
    assert_equal(measured(KeptVlm(), items, folder=tmp_path, **how), want)


class Mapless(KeptVlm):
    """Has no places to read."""

    def ask(
        self, prompts: Iterable[Prompt], *, stage: Stage | None = None, scoring: str = "letters"
    ) -> Iterator[Answer]:
        for answer in super().ask(prompts, stage=stage, scoring=scoring):
            if stage is not None:
                raise NoMapError("no token has a place")
            yield answer


def test_that_there_is_nothing_to_read_is_known_the_second_time(tmp_path: Path) -> None:
    items = readable_items("pooled", 12)
    want = measured(Mapless(), items, folder=None)
    assert want.unmeasured == {"matched": "no token has a place"}
    assert_equal(measured(Mapless(), items, folder=tmp_path), want)
    vlm = Mapless()
    assert_equal(measured(vlm, items, folder=tmp_path), want)
    assert not vlm.prompts


def test_answers_that_are_no_numbers_are_not_kept(tmp_path: Path) -> None:
    class Nan(KeptVlm):
        def ask(self, prompts: Iterable[Prompt], **how: Any) -> Iterator[Answer]:
            for answer in super().ask(prompts, **how):
                yield replace(answer, logprobs=(math.nan, 0.0))

    items = readable_items("pooled", 8)
    for _ in range(2):
        vlm = Nan()
        with pytest.raises(MeasurementError, match="NaN"):
            measured(vlm, items, folder=tmp_path)
        assert len(vlm.prompts) == 8


def test_progress_says_how_much_was_known(tmp_path: Path) -> None:
    items = readable_items("nearest_patch", 20)
    how: dict[str, Any] = {"readout": "nearest_patch", "blind": ("noise",)}
    measured(KeptVlm(), items[:8], folder=tmp_path, **how)
    told: list[str] = []
    measured(KeptVlm(), items, folder=tmp_path, told=told, **how)
    titles = ["sighted", "noise", "native"]
    assert list(dict.fromkeys(told)) == [f"made {one} (8 of 20 known)" for one in titles]
    again: list[str] = []
    measured(KeptVlm(), items, folder=tmp_path, told=again, **how)
    assert "made sighted (20 of 20 known)" in again


def test_what_cannot_be_read_back_is_asked_again_with_its_batch(tmp_path: Path) -> None:
    items = readable_items("pooled", 24)
    want = measured(KeptVlm(), items, folder=tmp_path, blind=("noise",))
    connection = sqlite3.connect(tmp_path / "answers.sqlite")
    with connection:
        connection.execute(
            "UPDATE entries SET value = x'00' WHERE rowid = "
            "(SELECT MIN(rowid) + 5 FROM entries WHERE what = 0)"
        )
    connection.close()
    vlm = KeptVlm()
    assert_equal(measured(vlm, items, folder=tmp_path, blind=("noise",)), want)
    assert len(vlm.prompts) == BATCH


def test_large_features_are_kept_until_the_readout_was_fitted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def features() -> int:
        connection = sqlite3.connect(tmp_path / "answers.sqlite")
        (count,) = connection.execute("SELECT COUNT(*) FROM entries WHERE what = 1").fetchone()
        connection.close()
        return int(count)

    monkeypatch.setattr("pytest_vlmsight.remembered._LARGE", 100)
    items = readable_items("depth maps", 24)
    with pytest.raises(KeyboardInterrupt):
        measured(KeptVlm(dies_after=20), items, folder=tmp_path, readout="depth")
    assert features() == 20
    want = measured(KeptVlm(), items, folder=tmp_path, readout="depth")
    assert features() == 0
    vlm = KeptVlm()
    assert_equal(measured(vlm, items, folder=tmp_path, readout="depth"), want)
    assert not vlm.prompts


def test_runs_that_are_killed_at_any_moment_go_on_where_they_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Runs are forked from a process that has loaded torch once, for which it must find the tests.
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, sys.path)))
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["kept_answers"])
    log, random_moments = tmp_path / "log", random.Random(7)
    log.touch()

    def lines() -> list[str]:
        return log.read_text().splitlines()

    kills = 10
    for _ in range(kills):
        before = len(lines())
        moment = before + random_moments.randint(1, 18)
        process = context.Process(target=run_to_be_killed, args=(str(tmp_path), str(log)))
        process.start()
        end = time.monotonic() + 60
        while len(lines()) < moment and process.is_alive() and time.monotonic() < end:
            time.sleep(0.001)
        assert process.is_alive()
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        process.join()
    vlm = KeptVlm(log=log)
    got = measured(vlm, readable_items("linear", 24), folder=tmp_path, **KILLED)
    all_at_once = KeptVlm()
    want = measured(all_at_once, readable_items("linear", 24), folder=None, **KILLED)
    assert_equal(got, want)
    total = len(all_at_once.prompts) + len(all_at_once.looked)
    assert len(lines()) <= total + kills * BATCH


def test_pictures_that_questions_show_as_they_are_are_not_looked_at_again(
    vlm: TransformersVlm, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, marked = same_colour_items(4), same_colour_items(5)[4]
    marked = replace(marked, clean_images=(flat(BLUE), *marked.clean_images[1:]))
    settings = Settings(items=5, ceiling=("matched", "native"))
    assert vlm.sees_each_alone(tuple(picture.size for picture in marked.images))
    looked = list[int]()
    real = TransformersVlm._look

    def counting(self: TransformersVlm, images: Sequence[Image], stage: Stage) -> Any:
        looked.append(len(images))
        return real(self, images, stage)

    monkeypatch.setattr(TransformersVlm, "_look", counting)
    found = evaluate(vlm, task(plain), settings=settings)
    assert not looked
    evaluate(vlm, task([*plain, marked]), settings=settings)
    assert sum(looked) == 5 * len(marked.images)
    monkeypatch.setattr(TransformersVlm, "sees_each_alone", lambda self, sizes: False)
    looked.clear()
    apart = evaluate(vlm, task(plain), settings=settings)
    assert sum(looked) == 4 * len(marked.images)
    for kind in settings.ceiling:
        assert np.array_equal(found.ceilings[kind].choices, apart.ceilings[kind].choices)
