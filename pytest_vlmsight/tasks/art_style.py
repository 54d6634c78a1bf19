"""Generated task: which of two pictures is made in the style of the reference?

All three show scenes of their own. A style is a technique with its direction and the size of its
strokes, lines, dots or tiles; colours, brightness, contrast and sharpness are drawn for every
picture by itself, so that none of them says anything, and both styles are about as lively. What is
left (how ragged a foreground, how many colours) is balanced: of several pictures in each of two
styles those are taken of which likeness says least, and which style is asked for is drawn last, see
``crossed.py``.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from .decoys import balanced_index
from .generated import DEFAULT_CANVAS, Canvas, Choice, digest, generated_task, generator
from .item import Item, Picture, Task
from .knobs import Knob, spans_of
from .picture_cache import cached

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from PIL.Image import Image

    from .impression import Impression
    from .scenes.styles.finish import Finish
    from .scenes.styles.sheet import Manner
    from .scenes.styles.subject import Palette

NAME = "art_style"
VERSION = "1"

KNOBS = (
    Knob(
        name="difference",
        meaning=(
            "how far apart the styles are: 1 is one technique in another direction or variant, "
            "2 a related technique, 3 an unrelated one"
        ),
        span=(1, 3),
        limits=(1, 3),
        bands=(2, 3),
        whole=True,
    ),
    Knob(
        name="coarseness",
        meaning="of strokes and dots, 0 being the finest that both styles can have",
        span=(0, 1),
        limits=(0, 1),
        bands=(0.5,),
    ),
)

_QUESTION = (
    "The first image is the reference. Which of the other two images is made in the same style as "
    "the first image? The style is how an image is made, not what it shows or its colours."
)
_OPTIONS = ("the second image", "the third image")

_REFERENCES, _CANDIDATES = 4, 2
"""How many pictures are drawn in each style, for one to be the reference and one the option."""

_WEIGHTS = {
    # Styles have their own sharpness and number of colours, and make things more or less ragged.
    "sharpness": 2.0,
    "histogram": 2.0,
    "outline length": 2.0,
    "area": 1.5,
    # Of other scenes, these are far apart anyway.
    **dict.fromkeys(("thumbnail", "border", "outline", "centred outline", "profile"), 0.5),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """A picture, and its maker when called.

    Attributes:
        key: decides the scene and where single strokes are.
        motif: what is shown, one of ``MOTIFS``.
        manner: how.
        palette: in which colours.
        finish: how it comes out.
        size: side in px.
    """

    key: str
    motif: str
    manner: Manner
    palette: Palette
    finish: Finish
    size: int

    def picture(self) -> Picture:
        """The same, to be drawn when it is loaded."""
        return Picture(digest(asdict(self)), (self.size, self.size), self)

    def __call__(self) -> Image:
        """Draw it."""
        from PIL import Image

        return Image.fromarray(self._drawn(self.size))

    def impression(self) -> Impression:
        """What it is like to whoever sees neither what it shows nor how it is made."""
        from .impression import SIDE, impression

        return impression(self._drawn(SIDE))

    def _drawn(self, size: int) -> Any:
        """(size, size, 3) uint8."""
        from .scenes.motifs import MOTIFS
        from .scenes.styles import drawn_in_style

        scene, camera = MOTIFS[self.motif](generator(self.key, "scene"))
        return drawn_in_style(
            scene,
            camera,
            size,
            manner=self.manner,
            palette=self.palette,
            finish=self.finish,
            rng=generator(self.key, "strokes"),
        )


Drawings = tuple[list[Drawing], list[Drawing]]
"""In each of two styles."""


def art_style(*, canvas: Canvas = DEFAULT_CANVAS, difficulty: Mapping[str, str] = {}) -> Task:
    """The task.

    Args:
        canvas: how pictures are made.
        difficulty: knob → span.

    Raises:
        KnobError: there is no such knob, or not the span asked for.
    """
    spans = spans_of(KNOBS, difficulty, task=NAME)
    return generated_task(
        name=NAME,
        version=VERSION,
        readout="gram",
        source="scenes drawn in styles of painting, ink, tiles and flat colour",
        make=_Maker(canvas, tuple(spans.items())),
        settings={"size": canvas.size, "spans": spans},
        knobs=KNOBS,
    )


@dataclass(frozen=True, slots=True)
class _Maker:
    """Makes one item."""

    canvas: Canvas
    spans: tuple[tuple[str, tuple[float, float]], ...]

    def __call__(self, seed: int, index: int) -> Item:
        _, item = self.found(seed, index)
        return item

    def found(self, seed: int, index: int, choice: Choice | None = None) -> tuple[Choice, Item]:
        """See ``TrioItems.found``; nothing is tried more than once."""
        from .scenes.styles.families import FAMILIES

        drawn = generator(NAME, VERSION, seed, index, "knobs").random(len(KNOBS) + 1).tolist()
        spans = dict(self.spans)
        values = {
            knob.name: knob.value(share, spans[knob.name])
            for knob, share in zip(KNOBS, drawn, strict=False)
        }
        colours = drawn[-1] < 0.6
        answer = balanced_index(len(_OPTIONS), NAME, "answer", seed, index)
        style = balanced_index(2, NAME, "style", seed, index)
        rng = generator(NAME, VERSION, seed, index, 0)
        some, others = self._drawings(
            rng, f"{NAME}/{VERSION}/{seed}/{index}", values, colours=colours
        )
        picked = _picked(some, others) if choice is None else choice
        one, other, first, second = picked
        references, options = (some[0][one], some[1][other]), (others[0][first], others[1][second])
        reference = references[style]
        right, wrong = options[style], options[1 - style]
        shown = (reference, wrong, right) if answer else (reference, right, wrong)
        pictures = tuple(cached(drawing.picture(), self.canvas.cache) for drawing in shown)
        item = Item(
            name=f"{NAME}-{seed}-{index}",
            images=pictures,
            clean_images=pictures,
            question=_QUESTION,
            options=_OPTIONS,
            answer=answer,
            slices=(
                *((knob.name, knob.label(values[knob.name])) for knob in KNOBS),
                ("style", FAMILIES[right.manner.family].kind),
                ("palette", "colours" if colours else "monochrome"),
            ),
        )
        return picked, item

    def _drawings(
        self, rng: np.random.Generator, key: str, values: Mapping[str, float], *, colours: bool
    ) -> tuple[Drawings, Drawings]:
        """References and options in each of two manners."""
        from .scenes.styles.rivalry import two_manners

        first, second, liveliness = two_manners(
            rng, difference=int(values["difference"]), coarseness=values["coarseness"]
        )

        def drawing(number: str) -> Drawing:
            return _drawing(
                rng,
                f"{key}/{number}",
                first,
                colours=colours,
                liveliness=liveliness,
                size=self.canvas.size,
            )

        # The same pictures in both manners: their content says nothing of these.
        references = [drawing(f"reference {number}") for number in range(_REFERENCES)]
        options = [
            [replace(drawing(f"{side} {number}"), manner=manner) for number in range(_CANDIDATES)]
            for side, manner in enumerate((first, second))
        ]
        return (
            (references, [replace(one, manner=second) for one in references]),
            (options[0], options[1]),
        )


def _picked(references: Drawings, options: Drawings) -> Choice:
    """Numbers of a reference in each style and of an option in each."""
    from .crossed import crossed
    from .impression import counted, unlikeness

    a, b, c, d = ([drawing.impression() for drawing in some] for some in (*references, *options))
    return crossed((a, b), (c, d), unlikeness, counted(_WEIGHTS))


def _drawing(
    rng: np.random.Generator,
    key: str,
    manner: Manner,
    *,
    colours: bool,
    liveliness: float,
    size: int,
) -> Drawing:
    """A picture in a manner, with a scene, colours and a finish of its own."""
    from .scenes.drawn import between, one_of
    from .scenes.motifs import MOTIFS
    from .scenes.styles.finish import Finish
    from .scenes.styles.subject import Palette

    middle = between(rng, 0.42, 0.58)
    cast = [middle + between(rng, -0.06, 0.06) for _ in range(3)]
    dark = [between(rng, 0.0, 0.3) for _ in range(3)]
    light = [between(rng, 0.75, 1.0) for _ in range(3)]
    return Drawing(
        key=key,
        motif=one_of(rng, tuple(MOTIFS)),
        manner=manner,
        palette=Palette(
            dark=(dark[0], dark[1], dark[2]),
            light=(light[0], light[1], light[2]),
            colour=1.0 if colours else 0.0,
        ),
        finish=Finish(
            cast=(cast[0], cast[1], cast[2]),
            contrast=between(rng, 0.16, 0.23),
            colourful=between(rng, 0.12, 0.25) if colours else between(rng, 0.03, 0.08),
            # A finish can add detail rather than take it away.
            liveliness=liveliness * between(rng, 1.0, 1.25),
        ),
        size=size,
    )
