"""The start-up self-check: an adapter that reads the wrong features must not start.

Where tokens look was measured with changes of the model's input. Here a picture itself is changed,
in one place (see ``lit_squares``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .base import ModelError, Stage
from .engine import ANY
from .lit_squares import PLACES, UnseenSquareError, check_not_aside, lit, off_place, texture
from .recording import PROJECTED, recorded, without_layers

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL.Image import Image

    from .base import PatchGrid
    from .engine import Engine

_SIZE = (224, 224)
"""Of the picture that a model is checked with, in px."""


def check_maps(engine: Engine) -> None:
    """Check that what is said to look at a place does, at the encoder and at the LLM.

    Raises:
        ModelError: it does not.
    """
    import torch

    stages = {Stage("encoder", 0): "the encoder's input", PROJECTED: "the LLM's input"}
    for stage, what in stages.items():
        if engine.maps.reason(_SIZE, stage):
            continue

        def look(picture: Image, stage: Stage = stage) -> PatchGrid:
            x = engine.encode([(ANY, [picture])], primer=None)
            with (
                torch.inference_mode(),
                without_layers(engine.anatomy.mixing),
                recorded(engine.anatomy, [stage], stop=True) as record,
            ):
                engine.forward(x)
            ((grid,),) = engine.grids(record, stage, canvases=[[picture]], x=x)
            return grid

        check_places(look, size=_SIZE, what=what, name=engine.name)


def check_places(
    look: Callable[[Image], PatchGrid], *, size: tuple[int, int], what: str, name: str
) -> None:
    """Put a square into a picture and see where a grid changes.

    Args:
        look: picture → its grid.
        size: of the picture, in px.
        what: is looked at.
        name: of the model.

    Raises:
        ModelError: it changes most somewhere else; the message says where.
    """
    plain = texture(0, size)
    before = look(plain)
    off = []
    try:
        for share in PLACES:
            drawn, place = lit(plain, before, share)
            off.append(off_place(before, look(drawn), place))
        check_not_aside(off)
    except UnseenSquareError as error:
        raise ModelError(
            f"{name}: self-check failed at {what}: {error}; readouts would look in the wrong place"
        ) from error
