"""Pictures and their ground truth, of a scene that holds everything the renderer knows."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from functools import cache

import numpy as np
import pytest

from pytest_vlmsight.tasks.scenes.camera import Camera
from pytest_vlmsight.tasks.scenes.exact import any_turn, into, sub
from pytest_vlmsight.tasks.scenes.render import Truth, developed, light_of, render, truth
from pytest_vlmsight.tasks.scenes.scene import Light, Room, Scene, Thing
from pytest_vlmsight.tasks.scenes.solids import KINDS, Solid
from pytest_vlmsight.tasks.scenes.texture import PATTERNS, Texture
from pytest_vlmsight.tasks.scenes.trace import ROOM

CAMERA = Camera.look_at((1.0, -4.5, 2.6), (0.0, 0.0, 0.6))


@cache
def scene(*, shadows: bool = True) -> Scene:
    """A thing for every pattern, among them every kind of solid, in a room."""
    rng = np.random.default_rng(1)
    things = []
    for number, pattern in enumerate(PATTERNS):
        kind = KINDS[number % len(KINDS)]
        red, green, blue = rng.random(3).tolist()
        skin = Texture(
            pattern=pattern,
            ground=(red, green, blue),
            figure=(blue, red, green),
            scale=3,
            axes=any_turn(rng),
            bump=0.3 if number % 3 == 0 else 0,
            gloss=0.4 if number % 2 else 0,
        )
        solids = (
            Solid(kind=kind, centre=(0, 0, 0), half=(0.5, 0.4, 0.5), top=0.3, axes=any_turn(rng)),
            Solid(kind="ball", centre=(0, 0, 0.6), half=(0.2, 0.2, 0.2), part="knob"),
        )
        place = ((number % 4 - 1.5) * 1.4, (number // 4) * 1.5 - 1, 0.6)
        things.append(Thing(kind=kind, solids=solids, skins=(skin,), position=place, scale=1.0))
    skins = (
        Texture(pattern="checked", scale=1, ground=(0.5, 0.4, 0.3), figure=(0.3, 0.25, 0.2)),
        Texture(pattern="bricked", scale=1, ground=(0.5, 0.3, 0.2), figure=(0.7, 0.7, 0.7)),
        Texture(ground=(0.8, 0.8, 0.8)),
    )
    room = Room(low=(-4, -5, 0), high=(4, 4, 4), skins=skins)
    return Scene(room=room, things=tuple(things), light=Light(shadows=shadows))


@cache
def known(count: int = 224) -> Truth:
    """The ground truth of the scene."""
    return truth(scene(), CAMERA, count)


def content_hash() -> str:
    """Of pixels and ground truth at two sizes."""
    content = hashlib.sha256()
    for count in (224, 301):
        content.update(render(scene(), CAMERA, count).tobytes())
    for array in (known().depth, known().thing, known().part, *known().points()):
        content.update(np.ascontiguousarray(array).tobytes())
    for array in known().surfaces():
        content.update(np.ascontiguousarray(array).tobytes())
    return content.hexdigest()


PINNED = "4f3496f8b2afe4dbc48dfa0e2ac92045daccb42788f6d399b48dda3c5a98b3b4"


def test_pixels_and_truth_are_those_of_every_machine() -> None:
    assert content_hash() == PINNED


def test_pixels_do_not_depend_on_the_processors_instructions() -> None:
    """NumPy picks its loops by what the processor has; the plainest give the same pixels."""
    code = "import test_pictures; print(test_pictures.content_hash())"
    found = np.show_config(mode="dicts")
    assert found is not None
    disabled = found["SIMD Extensions"]["found"]
    if not disabled:
        pytest.skip("NumPy has no other loops for this processor")
    environment = {**os.environ, "NPY_DISABLE_CPU_FEATURES": " ".join(disabled)}
    environment["PYTHONPATH"] = os.path.dirname(__file__)  # noqa: PTH120
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == PINNED


def test_a_point_of_the_world_is_seen_where_the_camera_projects_it() -> None:
    points = known().points()
    across, down, depth = CAMERA.project(points)
    centres = (np.arange(224) + 0.5) / 224
    assert np.abs(across - centres).max() < 1e-12
    assert np.abs(down - centres[:, None]).max() < 1e-12
    assert np.abs(depth - known().depth).max() < 1e-12


def test_every_pixel_lies_on_the_surface_it_names() -> None:
    own, across = known().surfaces()
    placed = [(t, s) for t, thing in enumerate(scene().things) for s in thing.solids]
    for number, (thing, solid) in enumerate(placed):
        here = known().solid == number
        if not here.any():
            continue
        assert (known().thing[here] == thing).all()
        assert {known().parts[part] for part in known().part[here]} == {solid.part}
        place = into(solid.axes, tuple(own[k][here] - solid.centre[k] for k in range(3)))
        x, y, z = (value / half for value, half in zip(place, solid.half, strict=True))
        if solid.kind == "ball":
            distance = np.abs(np.sqrt(x * x + y * y + z * z) - 1)
        elif solid.kind == "block":
            distance = np.abs(np.maximum(np.maximum(np.abs(x), np.abs(y)), np.abs(z)) - 1)
        else:
            radius = 1.0 if solid.kind == "rod" else 0.65 - 0.35 * z
            side = np.abs(np.sqrt(x * x + y * y) - radius)
            distance = np.minimum(side, np.abs(np.abs(z) - 1))
        assert distance.max() < 1e-9
    room = known().thing == ROOM
    low, high = scene().room.low, scene().room.high
    gaps = [np.abs(own[k][room] - edge[k]) for k in range(3) for edge in (low, high)]
    assert np.min(gaps, axis=0).max() < 1e-9
    assert np.abs((across**2).sum(0) - 1).max() < 1e-9


def test_normals_face_the_camera() -> None:
    points = known().points()
    _, across = known().surfaces()
    back = sub(CAMERA.position, points)
    assert (sum(n * b for n, b in zip(across, back, strict=True)) > -1e-9).all()


def test_nothing_nearer_is_overlooked() -> None:
    """Against a search through all solids for single pixels, without screen boxes."""
    from pytest_vlmsight.tasks.scenes.solids import entry
    from pytest_vlmsight.tasks.scenes.view import View

    solids = View(scene(), CAMERA).solids
    rng = np.random.default_rng(0)
    for row, column in (rng.random((60, 2)) * 224).astype(int).tolist():
        ray = CAMERA.ray((column + 0.5) / 224, (row + 0.5) / 224)
        direction = tuple(np.array([value]) for value in ray)
        found = [
            float(entry(s.solid.kind, s.inside(CAMERA.position), s.inward(direction), top=0.3)[0])
            for s in solids
        ]
        nearest = int(np.argmin(found))
        if known().solid[row, column] == ROOM:
            assert min(found) > known().depth[row, column]
        else:
            assert nearest == known().solid[row, column]
            assert found[nearest] == pytest.approx(known().depth[row, column])


def test_ground_truth_at_twice_the_size_is_the_same_scene() -> None:
    fine, coarse = known(336), known(112)
    # The middle of every third pixel of the fine picture is a middle of the coarse one.
    assert np.abs(fine.depth[1::3, 1::3] - coarse.depth).max() < 1e-9
    assert (fine.part[1::3, 1::3] == coarse.part).all()


def test_things_cast_shadows_on_the_floor_away_from_the_lamp() -> None:
    with_shadows = light_of(scene(), CAMERA, 112, smooth=False)
    without = light_of(scene(shadows=False), CAMERA, 112, smooth=False)
    darker = (with_shadows < without - 0.02).any(0)
    assert not (with_shadows > without + 1e-6).any()
    floor = known(112).part == known(112).parts.index("floor")
    x, y, z = known(112).points()
    assert 0.05 < darker[floor].mean() < 0.9
    # Walking from a shaded place towards the lamp meets a thing, from a lit one none.
    towards = scene().light.direction
    from pytest_vlmsight.tasks.scenes.solids import entry
    from pytest_vlmsight.tasks.scenes.view import View

    solids = View(scene(), CAMERA).solids
    places = np.argwhere(floor)[::37]
    for row, column in places.tolist():
        origin = (x[row, column], y[row, column], z[row, column])
        blocked = any(
            0
            < float(
                entry(
                    s.solid.kind,
                    s.inside(origin),
                    s.inward(tuple(np.array([t]) for t in towards)),
                    top=0.3,
                )[0]
            )
            < 100
            for s in solids
        )
        assert blocked == bool(darker[row, column])


def test_edges_are_smooth_and_flat_places_are_as_without_smoothing() -> None:
    rough = light_of(scene(), CAMERA, 224, smooth=False)
    smooth = light_of(scene(), CAMERA, 224)
    fine = light_of(scene(), CAMERA, 896, smooth=False)
    ideal = fine.reshape(3, 224, 4, 224, 4).mean((2, 4))
    error = [np.abs(np.sqrt(light) - np.sqrt(ideal)).mean() for light in (rough, smooth)]
    assert error[1] < 0.6 * error[0]
    assert (rough == smooth).all(0).mean() > 0.4


def test_the_truth_gives_the_picture_without_smoothing() -> None:
    plain = developed(light_of(scene(), CAMERA, 224, smooth=False))
    assert np.array_equal(known().picture(), plain)


def test_textures_turn_with_their_thing() -> None:
    """A thing and its camera turned together about the vertical look the same but for the light."""
    from pytest_vlmsight.tasks.scenes.exact import turned

    light = Light(strength=0.0, ambient=0.8, shadows=False)
    thing = scene().things[3]
    frame = turned(yaw=90)
    views = []
    for axes, place in ((thing.axes, (0.0, -3.0, 1.2)), (frame, (3.0, 0.0, 1.2))):
        only = Scene(
            room=scene().room,
            things=(thing.moved((0.0, 0.0, 0.6), axes=axes),),
            light=light,
        )
        camera = Camera.look_at(place, (0.0, 0.0, 0.6))
        seen = truth(only, camera, 96).thing == 0
        views.append((seen, developed(light_of(only, camera, 96, smooth=False))))
    (first, before), (second, after) = views
    assert (first == second).mean() > 0.999
    both = first & second
    assert (np.abs(before[both].astype(int) - after[both]).max(-1) <= 2).mean() > 0.99


def test_a_picture_is_as_the_same_in_any_size() -> None:
    small, large = (render(scene(), CAMERA, count) for count in (224, 672))
    shrunk = large.reshape(224, 3, 224, 3, 3).mean((1, 3))
    assert np.abs(shrunk - small).mean() < 5


def test_camera_roll_turns_the_picture() -> None:
    rolled = Camera.look_at(CAMERA.position, (0.0, 0.0, 0.6), roll=90)
    assert (truth(scene(), rolled, 112).part == np.rot90(known(112).part)).mean() > 0.999
