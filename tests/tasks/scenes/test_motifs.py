"""Scenes worth a picture show something, and no thing is in the camera's way."""

from __future__ import annotations

import numpy as np
import pytest

from pytest_vlmsight.tasks.generated import generator
from pytest_vlmsight.tasks.scenes.motifs import MOTIFS
from pytest_vlmsight.tasks.scenes.render import truth


@pytest.mark.parametrize("name", MOTIFS)
def test_things_are_seen_and_leave_room(name: str) -> None:
    shares = []
    for seed in range(12):
        seen = truth(*MOTIFS[name](generator(name, seed)), 32)
        shares.append((seen.thing >= 0).mean())
        assert 0.04 < shares[-1] < 0.9
        assert seen.depth.min() > 0.8
        assert len(np.unique(seen.thing)) >= 3  # the room and two things
    assert np.mean(shares) > 0.12


@pytest.mark.parametrize("name", MOTIFS)
def test_things_stand_on_the_floor(name: str) -> None:
    scene, _ = MOTIFS[name](generator(name, 5))
    heights = []
    for thing in scene.things:
        assert thing.axes[2][2] == pytest.approx(1)  # upright
        lowest = min(
            thing.place(solid.centre)[2] - max(solid.half) * thing.scale for solid in thing.solids
        )
        heights.append(lowest)
    assert min(heights) < 0.5


@pytest.mark.parametrize("name", MOTIFS)
def test_another_seed_another_scene(name: str) -> None:
    assert MOTIFS[name](generator(name, 1)) == MOTIFS[name](generator(name, 1))
    assert MOTIFS[name](generator(name, 1)) != MOTIFS[name](generator(name, 2))
