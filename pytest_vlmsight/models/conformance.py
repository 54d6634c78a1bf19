"""What an adapter must do, whatever model it is for: checks, and what came out.

Everything is asked through ``base.Vlm``, so that an adapter of a user's own is checked like the
one for transformers. Pictures are textures, and a square in one of them is what is looked for.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .base import MeasurementError, ModelError, NoMapError, Prompt, Stage
from .lit_squares import PLACES, UnseenSquareError, check_not_aside, lit, off_place, texture

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from PIL.Image import Image

    from .base import Answer, PatchGrid, Vlm

PASS, FAIL, NONE = "pass", "FAIL", "none"

ALIKE = {"float32": 1e-4, "float64": 1e-4}
"""Most that log-probabilities of the same prompt may differ by in batches of different shapes."""

HALF_ALIKE = 5e-2
"""The same in 16 bits, or with quantised weights."""

CHANGED = 1e-3
"""Least that log-probabilities differ by where a model has seen something else."""

SIZES = ((224, 224), (320, 160), (160, 320))
"""Width and height of pictures in px."""

_MOST_IMAGES = 4
"""Of a prompt that the suite asks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check of one model.

    Attributes:
        name: what is checked.
        outcome: PASS, FAIL, or NONE where there is nothing to check.
        told: what was found, in a few words.
    """

    name: str
    outcome: str
    told: str


class _Failed(Exception):  # noqa: N818 - it is what a check says, and no error of ours
    """A check found what must not be."""


class _Nothing(Exception):  # noqa: N818 - nothing went wrong
    """There is nothing to check."""


def conformance(vlm: Vlm) -> list[Check]:
    """Check a model that has been loaded."""
    alike = ALIKE.get(str(vlm.provenance.get("dtype")), HALF_ALIKE)
    if vlm.provenance.get("quantisation"):
        alike = HALF_ALIKE
    checks: dict[str, Callable[[], str]] = {
        "letters": lambda: _letters(vlm),
        "generates": lambda: _generates(vlm),
        "images": lambda: _images(vlm),
        "blind": lambda: _blind(vlm),
        "sees": lambda: _sees(vlm),
        "swap": lambda: _swap(vlm, alike),
        "repeats": lambda: _repeats(vlm),
        "batch": lambda: _batch(vlm, alike),
        "projected": lambda: _projected(vlm, alike),
        "encoder map": lambda: _map(vlm, Stage("encoder", 0)),
        "fed-from map": lambda: _map(vlm, vlm.fed_from),
        "projector map": lambda: _map(vlm, Stage("projector")),
        "LLM layers": lambda: _layers(vlm),
    }
    return [_checked(name, check) for name, check in checks.items()]


def _checked(name: str, check: Callable[[], str]) -> Check:
    try:
        return Check(name=name, outcome=PASS, told=check())
    except (_Nothing, NoMapError) as found:
        return Check(name=name, outcome=NONE, told=str(found))
    except (_Failed, UnseenSquareError, MeasurementError, ModelError) as found:
        return Check(name=name, outcome=FAIL, told=str(found))
    except Exception as error:  # an adapter may fail in any way, and the others are to be checked
        return Check(name=name, outcome=FAIL, told=f"{type(error).__name__}: {error}")


# -- answers --------------------------------------------------------------------------------------


def _letters(vlm: Vlm) -> str:
    for options in (2, 3, 4):
        (answer,) = vlm.ask([_prompt(_texture(0), options=options)])
        if len(answer.logprobs) != options:
            raise _Failed(f"{len(answer.logprobs)} scores for {options} options")
        if not all(score <= 0 for score in answer.logprobs):
            raise _Failed(f"scores are no log-probabilities: {answer.logprobs}")
    primer = vlm.provenance.get("primer")
    return "2 to 4 options" + (f", after {primer!r}" if primer else "")


def _generates(vlm: Vlm) -> str:
    try:
        (answer,) = vlm.ask([_prompt(_texture(0))], scoring="generate")
    except ValueError as error:  # an adapter may know letters only
        raise _Nothing(str(error)) from None
    if answer.text is None:
        raise _Failed("no text was generated")
    return "text, parsed strictly"


def _images(vlm: Vlm) -> str:
    for count in range(1, _MOST_IMAGES + 1):
        given = [_prompt(*map(_texture, range(count)))]
        try:
            (answer,) = vlm.ask(given)
        except MeasurementError as error:
            if count == 1:
                raise
            return f"at most {count - 1}: {error}"
        assert answer.logprobs
    how = vlm.provenance.get("several_images", "separate")
    return f"1 to {_MOST_IMAGES}, {how}"


def _blind(vlm: Vlm) -> str:
    (grey,) = vlm.ask([_prompt(_grey())])
    try:
        (none,) = vlm.ask([_prompt()])
    except MeasurementError:
        return "blank; none is refused"
    return "blank and none" if grey.logprobs and none.logprobs else ""


def _sees(vlm: Vlm) -> str:
    sighted, blind = vlm.ask([_prompt(_texture(0)), _prompt(_grey())])
    gap = _gap(sighted, blind)
    if gap < CHANGED:
        raise _Failed(f"a picture and a grey one are answered alike (within {gap:.0e})")
    return f"answers differ by {gap:.2g} from those to a grey picture"


def _swap(vlm: Vlm, alike: float) -> str:
    one, other = _texture(0), _texture(1)
    stage = Stage("encoder", 0)
    try:
        first, second = vlm.ask([_prompt(one, other), _prompt(other, one)], stage=stage)
    except NoMapError:
        first, second = vlm.ask([_prompt(one, other), _prompt(other, one)])
    gap = _gap(first, second)
    if gap < CHANGED:
        raise _Failed(f"two images in either order are answered alike (within {gap:.0e})")
    if vlm.provenance.get("several_images") == "composite":  # an eye's input says where it is
        return f"answers differ by {gap:.2g}"
    for before, after in zip(first.grids, reversed(second.grids), strict=True):
        off = _off(before, after)
        if off > alike:
            raise _Failed(f"features do not follow the images that are swapped (by {off:.1e})")
    return f"answers differ by {gap:.2g}" + (", features follow" if first.grids else "")


def _repeats(vlm: Vlm) -> str:
    (once,), (again,) = (list(vlm.ask([_prompt(_texture(0), _texture(1))])) for _ in range(2))
    if once.logprobs != again.logprobs:
        raise _Failed(f"the same prompt is answered differently (by {_gap(once, again):.1e})")
    return "exactly"


def _batch(vlm: Vlm, alike: float) -> str:
    prompts = [
        _prompt(_texture(seed), question="So? " * words) for seed, words in enumerate((1, 9, 3))
    ]
    together = list(vlm.ask(prompts))
    alone = [answer for prompt in prompts for answer in vlm.ask([prompt])]
    gap = max(_gap(a, b) for a, b in zip(together, alone, strict=True))
    if gap > alike:
        raise _Failed(f"answers in a padded batch differ by {gap:.1e} (allowed {alike:.0e})")
    return f"within {gap:.0e}"


# -- features -------------------------------------------------------------------------------------


def _projected(vlm: Vlm, alike: float) -> str:
    pair = getattr(vlm, "projection", lambda: None)()
    if pair is None:
        raise _Nothing("the model does not say what it projects")
    given, said = pair
    if given.shape != said.shape:
        raise _Failed(
            f"the LLM is given {tuple(given.shape)} at image tokens and the projector gives "
            f"{tuple(said.shape)}"
        )
    gap = float((given - said).abs().max() / said.abs().max().clamp(min=1e-9))
    if not gap <= alike:
        raise _Failed(f"the LLM's input differs from the projected features by {gap:.1e}")
    return f"within {gap:.0e}"


def _map(vlm: Vlm, stage: Stage) -> str:
    shapes, off = [], []
    for size in SIZES:
        plain = _texture(2, size)
        (before,) = _looked(vlm, [plain], stage)
        rows, columns = before.features.shape[:2]
        shapes.append(f"{rows}×{columns}")
        for share in PLACES:
            drawn, place = lit(plain, before, share)
            (after,) = _looked(vlm, [drawn], stage)
            with _told(f"a picture of {size[0]}×{size[1]} px"):
                off.append(off_place(before, after, place))
    pair = [_texture(0), _texture(1)]
    both = _looked(vlm, pair, stage)
    for number in range(2):
        drawn, place = lit(pair[number], both[number], PLACES[1])
        seen = _looked(vlm, [drawn if k == number else pair[k] for k in range(2)], stage)
        with _told(f"image {number + 1} of two"):
            off.append(off_place(both[number], seen[number], place))
        other, same = both[1 - number], seen[1 - number]
        if stage.part == "encoder" and (stage.layer or 0) == 0 and _off(other, same) > CHANGED:
            raise _Failed(f"a square in image {number + 1} of two is seen in the other")
    check_not_aside(off)
    return f"{stage}: {', '.join(dict.fromkeys(shapes))}"


@contextlib.contextmanager
def _told(where: str) -> Iterator[None]:
    try:
        yield
    except UnseenSquareError as error:
        raise _Failed(f"in {where} {error}") from error


def _looked(vlm: Vlm, images: Sequence[Image], stage: Stage) -> tuple[PatchGrid, ...]:
    (answer,) = vlm.ask([_prompt(*images)], stage=stage)
    return answer.grids


def _layers(vlm: Vlm) -> str:
    shape, layer = None, 0
    while True:
        try:
            (grid,) = _looked(vlm, [_texture(0)], Stage("llm", layer))
        except ValueError:
            if layer == 0:
                raise
            break
        shape = shape or grid.features.shape
        if grid.features.shape != shape or not bool(grid.features.isfinite().all()):
            raise _Failed(f"llm[{layer}] has {tuple(grid.features.shape)}, or no numbers")
        layer += 1
    assert shape is not None
    return f"0 to {layer - 1}: {shape[0]}×{shape[1]}"


# -- pictures -------------------------------------------------------------------------------------


def _prompt(*images: Image, question: str = "Which of these is it?", options: int = 2) -> Prompt:
    return Prompt(
        images=images, question=question, options=("one", "two", "three", "four")[:options]
    )


def _texture(seed: int, size: tuple[int, int] = SIZES[0]) -> Image:
    return texture(seed, size)


def _grey() -> Image:
    from PIL import Image

    return Image.new("RGB", SIZES[0], (128, 128, 128))


def _gap(one: Answer, other: Answer) -> float:
    return max(abs(a - b) for a, b in zip(one.logprobs, other.logprobs, strict=True))


def _off(one: PatchGrid, other: PatchGrid) -> float:
    """Difference of features as a share of their scale."""
    scale = float(one.features.abs().max()) or 1.0
    return float((one.features - other.features).abs().max()) / scale
