"""What adapters must do is checked: planted faults fail the check that is for them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from checks import failed

from pytest_vlmsight.models.base import (
    Answer,
    MeasurementError,
    NoMapError,
    PatchGrid,
    Prompt,
    Stage,
)
from pytest_vlmsight.models.conformance import FAIL, NONE, PASS, conformance

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from PIL.Image import Image

    from pytest_vlmsight.models.base import Vlm
    from pytest_vlmsight.models.layouts import Layout
    from pytest_vlmsight.models.token_places import TokenPlaces

    Fault = Callable[[Layout, TokenPlaces], np.ndarray]

MAPS = {"encoder map", "fed-from map", "projector map"}


def outcomes(vlm: Vlm) -> dict[str, str]:
    return {check.name: check.outcome for check in conformance(vlm)}


# -- an adapter of one's own ----------------------------------------------------------------------


class Own:
    """An adapter in a few lines that does all that is asked of one.

    Its eye and its mouth: features are mean colours of 28 px cells at every stage, and answers
    depend on them, on the order of images, and on the question.
    """

    name = "own"
    fed_from = Stage("encoder", 1)
    provenance: Mapping[str, Any] = {"dtype": "float32"}
    most_images = 9
    layers = 3

    def ask(
        self, prompts: Iterable[Prompt], *, stage: Stage | None = None, scoring: str = "letters"
    ) -> Iterator[Answer]:
        if stage is not None and (stage.layer or 0) >= self.layers:
            raise ValueError(f"{stage}: there are layers 0 to {self.layers - 1}")
        for prompt in self.given(list(prompts)):
            if len(prompt.images) > self.most_images:
                raise MeasurementError(f"takes {self.most_images} images")
            grids = tuple(map(self.grid, prompt.images))
            yield Answer(
                logprobs=self.scores(prompt, grids),
                text="A" if scoring == "generate" else None,
                grids=grids if stage is not None else (),
            )

    def look(self, images: Iterable[Image], *, stage: Stage) -> Iterator[PatchGrid]:
        yield from map(self.grid, images)

    def close(self) -> None:
        """Nothing to give back."""

    def given(self, prompts: list[Prompt]) -> list[Prompt]:
        return prompts

    def scores(self, prompt: Prompt, grids: tuple[PatchGrid, ...]) -> tuple[float, ...]:
        seen = sum(
            (number + 1) * float(grid.features[0, 0].mean()) for number, grid in enumerate(grids)
        )
        logits = torch.arange(float(len(prompt.options))) * (seen / 50 + len(prompt.question))
        return tuple(logits.log_softmax(0).tolist())

    def grid(self, picture: Image) -> PatchGrid:
        pixels = np.asarray(picture, np.float32)
        rows, columns = pixels.shape[0] // 28, pixels.shape[1] // 28
        cells = pixels[: rows * 28, : columns * 28].reshape(rows, 28, columns, 28, 3)
        return PatchGrid(
            features=torch.from_numpy(cells.mean((1, 3))),
            xs=(np.arange(columns) + 0.5) * 28,
            ys=(np.arange(rows) + 0.5) * 28,
        )


def test_an_adapter_of_ones_own_is_checked_like_any() -> None:
    told = outcomes(Own())
    assert told.pop("projected") == NONE
    assert set(told.values()) == {PASS}


class TooManyLetters(Own):
    def scores(self, prompt: Prompt, grids: tuple[PatchGrid, ...]) -> tuple[float, ...]:
        return (*super().scores(prompt, grids), -9.0)


class NoLogProbabilities(Own):
    def scores(self, prompt: Prompt, grids: tuple[PatchGrid, ...]) -> tuple[float, ...]:
        return tuple(score + 3 for score in super().scores(prompt, grids))


class NoText(Own):
    def ask(
        self, prompts: Iterable[Prompt], *, stage: Stage | None = None, scoring: str = "letters"
    ) -> Iterator[Answer]:
        yield from super().ask(prompts, stage=stage)


class NoImages(Own):
    most_images = 0


class Blind(Own):
    def scores(self, prompt: Prompt, grids: tuple[PatchGrid, ...]) -> tuple[float, ...]:
        return super().scores(prompt, ())


class AnyOrder(Own):
    def scores(self, prompt: Prompt, grids: tuple[PatchGrid, ...]) -> tuple[float, ...]:
        return super().scores(prompt, tuple(sorted(grids, key=lambda g: float(g.features.mean()))))


class GridsOfTheFirst(Own):
    """Hands out the first image's features for all, and answers from its own."""

    def ask(
        self, prompts: Iterable[Prompt], *, stage: Stage | None = None, scoring: str = "letters"
    ) -> Iterator[Answer]:
        for answer in super().ask(prompts, stage=stage, scoring=scoring):
            yield replace(answer, grids=answer.grids[:1] * len(answer.grids))


class Fickle(Own):
    def __init__(self) -> None:
        self.asked = 0

    def scores(self, prompt: Prompt, grids: tuple[PatchGrid, ...]) -> tuple[float, ...]:
        self.asked += 1
        return tuple(score - 1e-6 * self.asked for score in super().scores(prompt, grids))


class MixesABatch(Own):
    def given(self, prompts: list[Prompt]) -> list[Prompt]:
        return [replace(prompt, question=prompts[0].question) for prompt in prompts]


class OneTokenOff(Own):
    def grid(self, picture: Image) -> PatchGrid:
        own = super().grid(picture)
        tokens = own.features.flatten(0, 1).roll(1, 0)
        return replace(own, features=tokens.reshape(own.features.shape))


class SeesTheOther(Own):
    """Its encoder's input for an image depends on the other one, too."""

    def ask(
        self, prompts: Iterable[Prompt], *, stage: Stage | None = None, scoring: str = "letters"
    ) -> Iterator[Answer]:
        for answer in super().ask(prompts, stage=stage, scoring=scoring):
            grids = answer.grids
            if len(grids) == 2:
                grids = tuple(
                    replace(one, features=one.features + 0.2 * other.features)
                    for one, other in zip(grids, reversed(grids), strict=True)
                )
            yield replace(answer, grids=grids)


class NotANumber(Own):
    def ask(
        self, prompts: Iterable[Prompt], *, stage: Stage | None = None, scoring: str = "letters"
    ) -> Iterator[Answer]:
        for answer in super().ask(prompts, stage=stage, scoring=scoring):
            worn = stage == Stage("llm", 2)
            yield replace(
                answer,
                grids=tuple(
                    replace(grid, features=grid.features * (torch.nan if worn else 1))
                    for grid in answer.grids
                ),
            )


class Breaks(Own):
    def ask(
        self, prompts: Iterable[Prompt], *, stage: Stage | None = None, scoring: str = "letters"
    ) -> Iterator[Answer]:
        if scoring == "generate":
            raise ZeroDivisionError("by nothing")
        yield from super().ask(prompts, stage=stage)


OWN: dict[type[Own], tuple[set[str], str]] = {
    TooManyLetters: ({"letters"}, "3 scores for 2 options"),
    NoLogProbabilities: ({"letters"}, "scores are no log-probabilities"),
    NoText: ({"generates"}, "no text was generated"),
    Blind: ({"sees", "swap"}, "are answered alike"),
    AnyOrder: ({"swap"}, "two images in either order are answered alike"),
    Fickle: ({"repeats"}, "the same prompt is answered differently"),
    MixesABatch: ({"batch"}, "answers in a padded batch differ by"),
    OneTokenOff: (MAPS, "squares change most what looks beside them"),
    SeesTheOther: ({"encoder map"}, "a square in image 1 of two is seen in the other"),
    NotANumber: ({"LLM layers"}, "llm[2] has (8, 8, 3), or no numbers"),
    Breaks: ({"generates"}, "ZeroDivisionError: by nothing"),
}
"""Adapters with a fault; the checks that they fail, and what is told of one."""


@pytest.mark.parametrize("kind", OWN)
def test_each_fault_fails_the_check_that_is_for_it(kind: type[Own]) -> None:
    told = failed(kind())
    checks, message = OWN[kind]
    assert set(told) == checks
    assert any(message in one for one in told.values())


def test_grids_of_another_image_fail_wherever_two_are_asked() -> None:
    told = failed(GridsOfTheFirst())
    assert MAPS | {"swap"} == set(told)


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (lambda x: 1.01 * x, "the LLM's input differs from the projected features by 9.9e-03"),
        (lambda x: x.roll(1, 0), "the LLM's input differs from the projected features by"),
        (lambda x: x * torch.nan, "the LLM's input differs from the projected features by nan"),
        (
            lambda x: x[:-1],
            "the LLM is given (64, 32) at image tokens and the projector gives (63, 32)",
        ),
    ],
    ids=["scaled", "one token off", "no numbers", "a token less"],
)
def test_an_llm_that_is_given_other_features_than_are_projected_fails(
    fault: Callable[[torch.Tensor], torch.Tensor], message: str
) -> None:
    features = torch.randn(64, 32, generator=torch.Generator().manual_seed(0))

    class Projecting(Own):
        said = features

        def projection(self) -> tuple[torch.Tensor, torch.Tensor]:
            return features, self.said

    assert outcomes(Projecting())["projected"] == PASS
    model = Projecting()
    model.said = fault(features)
    told = failed(model)
    assert set(told) == {"projected"}
    assert message in told["projected"]


def test_a_model_that_takes_no_image_fails_all_that_asks_with_one() -> None:
    told = failed(NoImages())
    assert "images" in told
    assert "takes 0 images" in told["images"]


@pytest.mark.parametrize(("most", "told"), [(1, "at most 1"), (3, "at most 3"), (9, "1 to 4")])
def test_how_many_images_a_prompt_may_have_is_told(most: int, told: str) -> None:
    class Few(Own):
        most_images = most

    (check,) = (check for check in conformance(Few()) if check.name == "images")
    assert check.outcome == PASS
    assert check.told.startswith(told)


def test_a_model_without_maps_has_nothing_to_check_there() -> None:
    class NoMap(Own):
        def ask(
            self,
            prompts: Iterable[Prompt],
            *,
            stage: Stage | None = None,
            scoring: str = "letters",
        ) -> Iterator[Answer]:
            if stage is not None:
                raise NoMapError(f"{stage} has no spatial map")
            return super().ask(prompts, scoring=scoring)

    told = outcomes(NoMap())
    assert {name for name, outcome in told.items() if outcome == NONE} == {
        "projected",
        "LLM layers",
        *MAPS,
    }
    assert FAIL not in told.values()


def test_more_may_differ_in_sixteen_bits() -> None:
    class Half(Own):
        provenance: Mapping[str, Any] = {"dtype": "bfloat16"}

        def given(self, prompts: list[Prompt]) -> list[Prompt]:
            self.many = len(prompts) > 1
            return prompts

        def scores(self, prompt: Prompt, grids: tuple[PatchGrid, ...]) -> tuple[float, ...]:
            factor = 1.0001 if self.many else 1.0
            return tuple(score * factor for score in super().scores(prompt, grids))

    class Full(Half):
        provenance: Mapping[str, Any] = {"dtype": "float32"}

    assert failed(Half()) == {}
    assert set(failed(Full())) == {"batch"}
