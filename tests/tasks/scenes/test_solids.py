from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_vlmsight.tasks.scenes.exact import any_direction, dot
from pytest_vlmsight.tasks.scenes.solids import KINDS, entry, limb, normal

kinds = st.sampled_from([(kind, top) for kind in KINDS for top in (0.0, 0.4, 1.0)])


def holds(kind: str, top: float, point: Any, slack: float) -> Any:
    """Whether points are inside of a plain shape, by its definition."""
    x, y, z = point
    if kind == "ball":
        return x * x + y * y + z * z <= 1 + slack
    flat = np.abs(z) <= 1 + slack
    if kind == "block":
        return flat & (np.abs(x) <= 1 + slack) & (np.abs(y) <= 1 + slack)
    radius = 1.0 if kind == "rod" else (1 + top) / 2 + (top - 1) / 2 * z
    return flat & (np.sqrt(x * x + y * y) <= radius + slack)


@given(kinds, st.integers(0, 2**32 - 1))
def test_rays_enter_where_marching_along_them_does(shape: tuple[str, float], seed: int) -> None:
    kind, top = shape
    rng = np.random.default_rng(seed)
    origin = tuple(4 * value for value in any_direction(rng))
    aims = rng.random((40, 3)) * 2.4 - 1.2
    ray = tuple(aims[:, axis] - origin[axis] for axis in range(3))
    found = entry(kind, origin, ray, top=top)
    steps = np.linspace(0, 2, 2001)[:, None]
    marched = tuple(o + steps * d for o, d in zip(origin, ray, strict=True))
    within = holds(kind, top, marched, 0)
    first = np.where(within.any(0), steps[within.argmax(0), 0], np.inf)
    hit = np.isfinite(first)
    assert np.isfinite(found)[hit].all()
    assert np.abs(found[hit] - first[hit]).max(initial=0) < 2e-3
    # What marching misses can only be grazed.
    grazed = np.isfinite(found) & ~hit
    point = tuple(o + np.where(grazed, found, 0) * d for o, d in zip(origin, ray, strict=True))
    assert holds(kind, top, point, 1e-6)[grazed].all()


@given(kinds, st.integers(0, 2**32 - 1))
def test_normals_point_outwards_and_towards_the_ray(shape: tuple[str, float], seed: int) -> None:
    kind, top = shape
    rng = np.random.default_rng(seed)
    origin = tuple(4 * value for value in any_direction(rng))
    aims = rng.random((40, 3)) - 0.5
    ray = tuple(aims[:, axis] - origin[axis] for axis in range(3))
    found = entry(kind, origin, ray, top=top)
    hit = np.isfinite(found)
    point = tuple((o + found * d)[hit] for o, d in zip(origin, ray, strict=True))
    across = normal(kind, point, top=top)
    assert (dot(across, tuple(d[hit] for d in ray)) <= 1e-9).all()
    inward = tuple(p - 1e-3 * n for p, n in zip(point, across, strict=True))
    outward = tuple(p + 1e-3 * n for p, n in zip(point, across, strict=True))
    if kind in {"rod", "cone"}:  # at the rim, inward of one face is outside of the other
        radius = 1.0 if kind == "rod" else (1 + top) / 2 + (top - 1) / 2 * point[2]
        side = np.abs(np.sqrt(point[0] ** 2 + point[1] ** 2) - radius)
        rim = (side < 0.01) & (1 - np.abs(point[2]) < 0.01)
        inward = tuple(value[~rim] for value in inward)
    assert holds(kind, top, inward, 1e-9).all()
    assert not holds(kind, top, outward, -1e-9).any()


@pytest.mark.parametrize("kind", KINDS)
def test_rays_along_an_axis_are_no_special_case(kind: str) -> None:
    zero = np.zeros(1)
    found = entry(kind, (0.0, 0.0, 5.0), (zero, zero, zero - 1), top=0.5)
    assert found == pytest.approx(4.0)
    assert np.isinf(entry(kind, (3.0, 0.0, 5.0), (zero, zero, zero - 1), top=0.5))


def test_a_limb_reaches_from_point_to_point() -> None:
    solid = limb((0.0, 0.0, 0.0), (0.0, 3.0, 4.0), 0.2)
    assert solid.half == pytest.approx((0.2, 0.2, 2.5))
    assert solid.centre == pytest.approx((0, 1.5, 2))
    assert solid.axes[2] == pytest.approx((0, 0.6, 0.8))
