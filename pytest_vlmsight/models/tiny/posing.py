"""A thing of the catalogue as it is looked at: on its stage, from a side that shows what it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from pytest_vlmsight.tasks.scenes.camera import Camera
    from pytest_vlmsight.tasks.scenes.catalogue import Kind
    from pytest_vlmsight.tasks.scenes.scene import Scene, Thing


def posed(
    rng: np.random.Generator,
    kind: Kind,
    thing: Thing,
    *,
    coat: str,
    tilt: float,
    share: tuple[float, float],
) -> tuple[Scene, Camera]:
    """A scene with one thing in it, and a camera that shows it whole.

    Args:
        rng: random numbers.
        kind: of the thing.
        thing: at the origin of the world.
        coat: see ``dress.dressed``.
        tilt: most degrees that the picture is turned either way.
        share: bounds of the picture's side that the thing takes up.
    """
    from pytest_vlmsight.tasks.framing import framed
    from pytest_vlmsight.tasks.part_scene import staged
    from pytest_vlmsight.tasks.scenes.drawn import between

    azimuth = between(rng, *kind.azimuth) * (1 if float(rng.random()) < 0.5 else -1)
    camera = framed(
        thing,
        azimuth=azimuth,
        elevation=between(rng, *kind.elevation),
        tilt=between(rng, -tilt, tilt),
        share=between(rng, *share),
    )
    return staged(rng, thing, coat=coat, azimuth=azimuth), camera
