"""Questions that a mouth learns to look by: what something is, its colour, how many, where.

They have the form of a task's questions, with lettered options, and none of them is one: nothing is
compared between pictures, and nothing is asked about depth, surfaces, shapes that match, styles or
oddity. Right answers are not spread evenly over the letters, as they are not in texts that people
write, so that whoever answers without looking has something to go by.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from . import labels
from .architecture import SIZE
from .marking import painted
from .posing import posed

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from pytest_vlmsight.tasks.scenes.camera import Camera
    from pytest_vlmsight.tasks.scenes.scene import Scene, Thing
    from pytest_vlmsight.tasks.scenes.texture import Colour

COLOURS: dict[str, Colour] = {
    "red": (0.7, 0.03, 0.04),
    "orange": (0.85, 0.3, 0.02),
    "yellow": (0.85, 0.75, 0.05),
    "green": (0.05, 0.42, 0.08),
    "blue": (0.04, 0.1, 0.7),
    "purple": (0.3, 0.04, 0.45),
    "white": (0.85, 0.85, 0.85),
    "black": (0.015, 0.015, 0.015),
}
"""Light from 0 to 1 of what has a colour with a name."""

LETTERS = (0.4, 0.3, 0.2, 0.1)
"""How often each letter is the right one where there are four; with fewer, in proportion."""

NUMBERS = ("one", "two", "three", "four")

BETWEEN = "; "
"""Between what is said of two pictures."""

_DESCRIBE = "Describe what you see, from left to right."
_MARKED = 0.5  # of the pictures of several things
_STEP = 1.5  # between things that stand beside each other


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question.

    Attributes:
        about: what it asks for.
        text: the question.
        options: in their order; none where the answer is to be given in words.
        answer: index of the right one.
        words: the answer where there are no options.
    """

    about: str
    text: str
    options: tuple[str, ...] = ()
    answer: int = 0
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Examination:
    """Pictures and what is asked about them.

    Attributes:
        pixels: (k, 224, 224, 3) uint8 of one or two pictures.
        questions: at least one.
    """

    pixels: Any
    questions: tuple[Question, ...]


def examination(rng: np.random.Generator, *, questions: int, captions: bool = True) -> Examination:
    """Draws pictures, and so many questions about them where there are as many.

    Args:
        rng: random numbers.
        questions: with options, at most.
        captions: whether a description is asked for as well.
    """
    from pytest_vlmsight.tasks.scenes.drawn import one_of, shuffled

    pixels, said, asked = one_of(rng, (_single, _several, _several, _two))(rng)
    chosen = shuffled(rng, asked)[:questions]
    described = [Question(about="caption", text=_DESCRIBE, words=said)] if captions else []
    return Examination(pixels=pixels, questions=(*described, *chosen))


def question(
    rng: np.random.Generator, about: str, text: str, right: str, wrong: Sequence[str]
) -> Question:
    """A question whose right option is at the first letters more often than at the last.

    Args:
        rng: random numbers.
        about: what it asks for.
        text: the question.
        right: the right option.
        wrong: of these as many as there is room for; at least one.
    """
    from pytest_vlmsight.tasks.scenes.drawn import shuffled

    options = shuffled(rng, wrong)[: len(LETTERS) - 1]
    chances = LETTERS[: len(options) + 1]
    share, answer = float(rng.random()) * sum(chances), 0
    while answer < len(options) and share >= chances[answer]:
        share -= chances[answer]
        answer += 1
    options.insert(answer, right)
    return Question(about=about, text=text, options=tuple(options), answer=answer)


def in_words(some: Sequence[Question]) -> list[Question]:
    """Questions without their options, to be answered in words.

    A mouth that is asked for letters from the start never looks: to see what is in a picture, to
    find it among options and to say that one's letter are learnt together or not at all.
    """
    return [
        replace(one, options=(), answer=0, words=one.options[one.answer]) if one.options else one
        for one in some
    ]


def both_ways(some: Sequence[Question]) -> list[Question]:
    """Every other question in words, the others as they are."""
    return [*in_words(some[::2]), *some[1::2]]


Drawn = tuple["Any", str, "list[Question]"]
"""Pictures, what they show in words, and questions about them."""


def _single(rng: np.random.Generator) -> Drawn:
    """One large thing."""
    kind, pixels, colour = _portrait(rng)
    asked = [_what(rng, "What is in the picture?", kind)]
    if colour:
        asked.append(_which_colour(rng, f"What colour is the {kind}?", colour))
    return pixels[None], _called(kind, colour), asked


def _two(rng: np.random.Generator) -> Drawn:
    """Two large things, a picture each."""
    import numpy as np

    (kind, first, colour), (other, second, its) = _portrait(rng), _portrait(rng)
    places = ("the first image", "the second image")
    asked = [
        _what(rng, "What is in the first image?", kind),
        _what(rng, "What is in the second image?", other),
    ]
    if kind != other:
        for number, name in enumerate((kind, other)):
            text = f"Which image shows this: {name}?"
            asked.append(question(rng, "image", text, places[number], [places[1 - number]]))
    for number, told in enumerate((colour, its)):
        if told:
            text = f"What colour is the object in {places[number]}?"
            asked.append(_which_colour(rng, text, told))
    said = BETWEEN.join((_called(kind, colour), _called(other, its)))
    return np.stack([first, second]), said, asked


def _several(rng: np.random.Generator) -> Drawn:
    """One to four things beside each other, some of them marked."""
    import numpy as np

    from pytest_vlmsight.tasks.item import Point, letter
    from pytest_vlmsight.tasks.scenes.drawn import shuffled
    from pytest_vlmsight.tasks.scenes.ornaments import ORNAMENTS
    from pytest_vlmsight.tasks.scenes.render import render

    count = 1 + int(float(rng.random()) * len(NUMBERS))
    kinds = shuffled(rng, tuple(ORNAMENTS))[:count]
    colours = shuffled(rng, tuple(COLOURS))[:count]
    scene, camera = _beside(rng, kinds, colours)
    pixels = render(scene, camera, SIZE)
    right, wrong = NUMBERS[count - 1], _others(NUMBERS, count - 1)
    asked = [question(rng, "count", "How many objects are there?", right, wrong)]
    absent = [kind for kind in ORNAMENTS if kind not in kinds]
    for number, (kind, colour) in enumerate(zip(kinds, colours, strict=True)):
        asked += [
            _which_colour(rng, f"What colour is the {kind}?", colour),
            question(
                rng, "kind", f"Which object is {colour}?", kind, _others(kinds, number) or absent
            ),
        ]
    if count > 1:
        for side, number in (("left", 0), ("right", count - 1)):
            text = f"Which object is farthest to the {side}?"
            asked.append(question(rng, "place", text, kinds[number], _others(kinds, number)))
    if count > 1 and float(rng.random()) < _MARKED:
        order = shuffled(rng, range(count))
        points = [
            Point(image=0, x=SIZE * x, y=SIZE * y, label=letter(order[number]))
            for number, (x, y) in enumerate(_middles(scene.things, camera))
        ]
        pixels = painted(pixels, points)
        marks = [f"point {letter(number)}" for number in range(count)]
        for number, kind in enumerate(kinds):
            mark = marks[order[number]]
            asked += [
                question(rng, "mark", f"What is marked at {mark}?", kind, _others(kinds, number)),
                # As tasks ask it, letters and points have the same names.
                Question(
                    about="point",
                    text=f"Which marked point is on the {kind}?",
                    options=tuple(marks),
                    answer=order[number],
                ),
            ]
    said = ", ".join(map(_called, kinds, colours))
    return np.asarray(pixels)[None], said, asked


def _called(kind: str, colour: str | None) -> str:
    return f"{colour} {kind}" if colour else kind


def _others(names: Sequence[str], number: int) -> list[str]:
    """All names but one."""
    return [*names[:number], *names[number + 1 :]]


def _what(rng: np.random.Generator, text: str, kind: str) -> Question:
    return question(rng, "kind", text, kind, [name for name in labels.kinds() if name != kind])


def _which_colour(rng: np.random.Generator, text: str, colour: str) -> Question:
    return question(rng, "colour", text, colour, [name for name in COLOURS if name != colour])


def _portrait(rng: np.random.Generator) -> tuple[str, Any, str | None]:
    """A large thing's kind, its picture, and its colour if it has one with a name."""
    from pytest_vlmsight.tasks.scenes.catalogue import NAMEABLE, TOOLS
    from pytest_vlmsight.tasks.scenes.drawn import one_of
    from pytest_vlmsight.tasks.scenes.dress import COATS
    from pytest_vlmsight.tasks.scenes.render import render

    kinds = {**NAMEABLE, **TOOLS}
    group = kinds[one_of(rng, tuple(kinds))]
    name = one_of(rng, tuple(group))
    kind = group[name]
    thing = kind.build(rng)
    colour = one_of(rng, tuple(COLOURS)) if float(rng.random()) < 0.5 else None
    coat = COATS[0] if colour else one_of(rng, COATS)
    scene, camera = posed(rng, kind, thing, coat=coat, tilt=15.0, share=(0.6, 0.95))
    if colour:
        (worn,) = scene.things
        skins = tuple(
            replace(skin, ground=COLOURS[colour], pattern="plain", bump=0.0) for skin in worn.skins
        )
        scene = replace(scene, things=(replace(worn, skins=skins),))
    return name, render(scene, camera, SIZE), colour


def _beside(
    rng: np.random.Generator, kinds: Sequence[str], colours: Sequence[str]
) -> tuple[Scene, Camera]:
    """Things from left to right."""
    from pytest_vlmsight.tasks.scenes.camera import Camera
    from pytest_vlmsight.tasks.scenes.drawn import between, light, room
    from pytest_vlmsight.tasks.scenes.exact import turned
    from pytest_vlmsight.tasks.scenes.ornaments import ornament, reach
    from pytest_vlmsight.tasks.scenes.scene import Scene

    things: list[Thing] = []
    for number, (kind, colour) in enumerate(zip(kinds, colours, strict=True)):
        thing = ornament(rng, kind)
        skins = tuple(
            replace(skin, ground=COLOURS[colour], pattern="plain", bump=0.0, grain=0.1)
            for skin in thing.skins
        )
        scale = between(rng, 0.5, 0.68)
        x = _STEP * (number - (len(kinds) - 1) / 2) + between(rng, -0.15, 0.15)
        place = (x, between(rng, -0.6, 0.6), reach(thing)[1] * scale)
        axes = turned(yaw=between(rng, 0, 360))
        things.append(replace(thing, skins=skins).moved(place, axes=axes, scale=scale))
    away = between(rng, 5.0, 5.8)
    wide = _STEP * (len(kinds) - 1) / 2 + 0.9
    camera = Camera.look_at(
        (between(rng, -0.3, 0.3), -away, between(rng, 1.2, 2.6)),
        (between(rng, -0.2, 0.2), 0.0, between(rng, 0.3, 0.6)),
        roll=between(rng, -4, 4),
        focal=min(1.8, between(rng, 0.38, 0.46) * away / wide),
    )
    hall = room(rng, low=(-5.0, -6.5, 0.0), high=(5.0, 4.0, 4.0), plain=True)
    return Scene(room=hall, things=tuple(things), light=light(rng)), camera


def _middles(things: Sequence[Thing], camera: Camera) -> list[tuple[float, float]]:
    """Where in the picture the things' middles are, in shares of the side."""
    found = []
    for thing in things:
        x, y, _ = camera.project(thing.position)
        found.append((float(x), float(y)))
    return found
