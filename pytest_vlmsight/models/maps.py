"""Where the tokens of a prompt's images look, at the encoder and at the LLM.

Measured once for each combination of image sizes, by the model's own processor and forward.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .base import ImageTokens, MeasurementError, NoMapError, PatchGrid, Stage
from .layouts import Layout, NoLayoutError, layout
from .recording import PROJECTED, recorded, without_layers
from .source_fields import NoFieldsError, sketch, source_fields
from .token_places import token_places

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from PIL.Image import Image
    from torch import Tensor

    from .anatomy import Anatomy
    from .source_fields import Sketch, SourceFields
    from .token_places import TokenPlaces

Sizes = tuple[tuple[int, int], ...]
"""Width and height of each image of a prompt in px."""

_ENCODER = Stage("encoder", 0)

_SKETCHES = 16
"""Kept of what was measured last; each has some megabytes."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Map:
    """Of one part of a model.

    Attributes:
        count: tokens of a prompt.
        layouts: of each image; a reason where there is none.
        places: of the tokens; None where they could not be measured.
    """

    count: int
    layouts: tuple[Layout | str, ...]
    places: TokenPlaces | None = None


class Maps:
    """Lays out the tokens of one model.

    Args:
        encode: images → what the model is given for them and a question, one prompt.
        forward: runs the model on that.
        anatomy: of the model.
        coarse: whether it computes in 16 bits.
        mapless: why there are no maps, where that is known.
    """

    def __init__(
        self,
        encode: Callable[[Sequence[Image]], Mapping[str, Any]],
        forward: Callable[[Mapping[str, Any]], object],
        *,
        anatomy: Anatomy,
        coarse: bool,
        mapless: str | None = None,
    ) -> None:
        self._encode, self._forward = encode, forward
        self._anatomy, self._coarse, self._mapless = anatomy, coarse, mapless
        self._maps: dict[Sizes, dict[str, _Map]] = {}
        self._words: dict[Sizes, Tensor] = {}
        self._sketched: list[tuple[Sketch, dict[str, _Map]]] = []

    def hides(self, size: tuple[int, int], stage: Stage) -> bool:
        """Whether more than half a patch of such an image's border is cropped away."""
        (own,) = self._of((size,), stage).layouts
        if isinstance(own, str):
            return False
        for middles in (own.xs, own.ys):
            step = (middles[-1] - middles[0]) / max(len(middles) - 1, 1) or 1.0
            if middles[0] > step or 1 - middles[-1] > step:
                return True
        return False

    def reason(self, size: tuple[int, int], stage: Stage) -> str | None:
        """Why tokens at a stage are on no map; None where they are on one."""
        (own,) = self._of((size,), stage).layouts
        return own if isinstance(own, str) else None

    def grids(
        self, states: Tensor, *, stage: Stage, sizes: Sizes, x: Mapping[str, Any]
    ) -> list[tuple[PatchGrid, ...]]:
        """The grids of each prompt of a batch.

        Args:
            states: (…, d) what was read at the stage.
            stage: where.
            sizes: of the images of each of the prompts.
            x: what the model was given.

        Raises:
            NoMapError: the stage has no spatial map.
            MeasurementError: the tokens are not those that were mapped.
        """
        own = self._of(sizes, stage)
        for laid in own.layouts:
            if isinstance(laid, str):
                raise NoMapError(f"{stage} has no spatial map: {laid}")
        batch = len(x["input_ids"])
        if stage.part == "encoder":
            tokens = states.flatten(0, -2)
            if len(tokens) != batch * own.count:
                raise MeasurementError(
                    f"{len(tokens)} tokens at {stage} for {batch} prompts of {own.count}: what "
                    "encoder[0] has is not there"
                )
            rows = list(tokens.view(batch, own.count, -1))
        else:
            last = 1 + max(int(one.index.max()) for one in own.layouts if isinstance(one, Layout))
            rows = [
                states[number, start:]
                for number, start in enumerate(self._starts(x, sizes=sizes, last=last))
            ]
        return [
            tuple(_grid(row, laid, size) for laid, size in zip(own.layouts, sizes, strict=True))
            for row in rows
        ]

    def image_tokens(self, x: Mapping[str, Any], *, sizes: Sizes) -> tuple[list[int], ImageTokens]:
        """Where the LLM is shown the images of a batch of prompts.

        Args:
            x: what the model was given.
            sizes: of the images of each of the prompts.

        Returns:
            where prompts begin in their rows, and their tokens, the same in each.

        Raises:
            NoMapError: no token of its own shows an image.
            MeasurementError: the tokens are not those that were mapped.
        """
        import numpy as np

        own = self._of(sizes, PROJECTED)
        why = next((laid for laid in own.layouts if isinstance(laid, str)), "")
        shows = np.array([], int) if own.places is None else np.flatnonzero(~np.isnan(own.places.x))
        if own.places is None or not len(shows):
            raise NoMapError(f"images have no tokens of their own in the LLM: {why}")
        image = np.rint(own.places.picture[shows]).astype(int)
        wide, high = np.array(sizes, float)[image].T
        x_of, y_of = own.places.x[shows] * wide, own.places.y[shows] * high
        width, height = own.places.width[shows] * wide, own.places.height[shows] * high
        grids = []
        for laid, size in zip(own.layouts, sizes, strict=True):
            if isinstance(laid, str):
                continue
            # What a grid's tokens show is known better from the grid.
            grid = np.searchsorted(shows, laid.index)
            grids.append(grid)
            xs, ys = laid.xs * size[0], laid.ys * size[1]
            x_of[grid], y_of[grid] = np.broadcast_arrays(xs, ys[:, None])
            width[grid] = np.ptp(xs) / max(len(xs) - 1, 1) or size[0]
            height[grid] = np.ptp(ys) / max(len(ys) - 1, 1) or size[1]
        tokens = ImageTokens(
            numbers=shows,
            image=image,
            x=x_of,
            y=y_of,
            width=width,
            height=height,
            grids=tuple(grids),
            placeless=why,
        )
        return self._starts(x, sizes=sizes, last=1 + int(shows[-1])), tokens

    def _starts(self, x: Mapping[str, Any], *, sizes: Sizes, last: int) -> list[int]:
        """Where prompts begin in their rows; their first tokens must be those of the mapped one."""
        import torch

        words = self._words[sizes][:last].to(x["input_ids"].device)
        starts = [int(row.argmax()) for row in x["attention_mask"]]
        for ids, start in zip(x["input_ids"], starts, strict=True):
            if not torch.equal(ids[start : start + last], words):
                raise MeasurementError(
                    "a prompt does not begin as the one did whose image tokens were mapped; the "
                    "chat template must put images before the question"
                )
        return starts

    def _of(self, sizes: Sizes, stage: Stage) -> _Map:
        if sizes not in self._maps:
            self._maps[sizes] = self._measured(sizes)
        return self._maps[sizes]["encoder" if stage.part == "encoder" else "llm"]

    def _fields(self, sizes: Sizes) -> SourceFields:
        if self._mapless:
            raise NoFieldsError(self._mapless)
        return source_fields(self._encode, sizes)

    def _measured(self, sizes: Sizes) -> dict[str, _Map]:
        import torch

        anatomy = self._anatomy
        stages = [PROJECTED] if anatomy.eye is None else [_ENCODER, PROJECTED]
        none = "its encoder has no layers with attention"
        found = {"encoder": _Map(count=0, layouts=(none,) * len(sizes))}
        try:
            source = self._fields(sizes)
        except NoFieldsError as error:
            return {part: _Map(count=0, layouts=(str(error),) * len(sizes)) for part in PARTS}
        self._words[sizes] = source.given["input_ids"][0]
        own_sketch = sketch(source)
        for known, maps in self._sketched:
            # Most processors make the same of pictures of many sizes.
            if known.alike(own_sketch):
                return maps

        def run(changed: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
            with recorded(anatomy, stages, stop=True) as record:
                self._forward({**source.given, **changed})
            return {
                PARTS[stage is PROJECTED]: states.flatten(0, -2) for stage, states in record.items()
            }

        with torch.inference_mode(), without_layers(anatomy.mixing):
            places = token_places(source, run, coarse=self._coarse)
        for part, own in places.items():
            layouts: list[Layout | str] = []
            for number in range(len(sizes)):
                try:
                    layouts.append(layout(own, number))
                except NoLayoutError as error:
                    layouts.append(str(error))
            found[part] = _Map(count=len(own.x), layouts=tuple(layouts), places=own)
        self._sketched = [(own_sketch, found), *self._sketched[: _SKETCHES - 1]]
        return found


PARTS = ("encoder", "llm")
"""Of a model, that have maps; the projector's output is what the LLM is given."""


def _grid(tokens: Tensor, laid: Layout | str, size: tuple[int, int]) -> PatchGrid:
    import torch

    assert isinstance(laid, Layout)
    width, height = size
    index = torch.from_numpy(laid.index).to(tokens.device)
    return PatchGrid(features=tokens[index].float(), xs=laid.xs * width, ys=laid.ys * height)
