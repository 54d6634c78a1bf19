"""Part ``bias``: what answers lean on is named, and where they lean on nothing, nothing is."""

from __future__ import annotations

import math
import zlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from fake_vlm import FakeVlm, always
from made_items import flat, item, task
from tunable_vlm import COLOURS, WORDS, colour_items

from pytest_vlmsight.diagnosis import leaning
from pytest_vlmsight.diagnosis.answered import SIGHTED, Answered, Rotated
from pytest_vlmsight.diagnosis.bias import diagnose
from pytest_vlmsight.diagnosis.other_markers import marked_otherwise
from pytest_vlmsight.diagnosis.subject import Subject
from pytest_vlmsight.models.base import MeasurementError, ModelError
from pytest_vlmsight.records.diagnoses import diagnosis_of, diagnosis_plain
from pytest_vlmsight.settings import GateSettings, Settings
from pytest_vlmsight.tasks.item import Box, Point
from pytest_vlmsight.tasks.markers import DEFAULT_MARKERS, Markers, MarkerStyle

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fake_vlm import Mouth

    from pytest_vlmsight.diagnosis.result import Diagnosis, PairedTest
    from pytest_vlmsight.models.base import Prompt
    from pytest_vlmsight.tasks.item import Item

GATE = GateSettings(min_gain=0.25)


def subject(mouth: Mouth, *, n: int = 120, items: Sequence[Item] = (), **settings: Any) -> Subject:
    of = Settings(items=n, ceiling=(), gate=GATE, no_cache=True, **settings)
    return Subject(FakeVlm(mouth), task(list(items) or colour_items(n)), settings=of)


def dice(*words: object) -> np.random.Generator:
    return np.random.default_rng(zlib.crc32(repr(words).encode()))


def pixels(prompt: Prompt) -> list[bytes]:
    return [image.tobytes() for image in prompt.images]


def seen(prompt: Prompt) -> list[float]:
    """1 for the word of the colour that the corner of the picture has."""
    if not prompt.images:
        return [0.0] * len(prompt.options)
    corner = np.array(prompt.images[0].getpixel((0, 0)), dtype=float)
    word = WORDS[int(np.abs(COLOURS - corner).sum(1).argmin())]
    return [float(option == word) for option in prompt.options]


def said(letter: int) -> list[float]:
    return [0.0 if place == letter else -5.0 for place in range(3)]


def prior(prompt: Prompt) -> Sequence[float]:
    """A, B, C in 7, 2 and 1 of 10 answers, whatever is shown."""
    return said(int(dice(prompt.question).choice(3, p=(0.7, 0.2, 0.1))))


def restless_prior(prompt: Prompt) -> Sequence[float]:
    """The same, but another letter for another picture."""
    return said(int(dice(prompt.question, pixels(prompt)).choice(3, p=(0.7, 0.2, 0.1))))


def ignores(prompt: Prompt) -> Sequence[float]:
    """Has a word of its own for each question."""
    word = WORDS[dice(prompt.question).integers(3)]
    return [float(option == word) for option in prompt.options]


def follows_place(prompt: Prompt) -> Sequence[float]:
    """Has a letter of its own for each question."""
    return said(int(dice(prompt.question).integers(3)))


def restless_place(prompt: Prompt) -> Sequence[float]:
    """Has a letter of its own for each picture."""
    return said(int(dice(prompt.question, pixels(prompt)).integers(3)))


def coin(prompt: Prompt) -> Sequence[float]:
    """Another answer to whatever is asked."""
    return [
        float(x)
        for x in dice("coin", prompt.question, prompt.options, pixels(prompt)).normal(size=3)
    ]


def likes_a(prompt: Prompt) -> Sequence[float]:
    """Sees, and says A all the same."""
    return [x + 8 * (place == 0) for place, x in enumerate(seen(prompt))]


PLANTED = {
    "letter prior": (prior, "blind and biased to A"),
    "letter prior, other pictures": (restless_prior, "no gain by sight and biased to A"),
    "ignores the image": (ignores, "blind"),
    "follows the place": (follows_place, "blind and order-bound"),
    "follows the place, other pictures": (restless_place, "no gain by sight and order-bound"),
    "guesses": (coin, "no gain by sight"),
    "sound": (seen, "looks"),
    "sees and likes A": (likes_a, "looks but biased to A"),
    "always B": (always(1), "blind and biased to B"),
}


@pytest.mark.parametrize("name", PLANTED)
def test_what_is_planted_is_named(name: str) -> None:
    mouth, word = PLANTED[name]
    found = diagnose(subject(mouth))
    assert found.conclusion == word, found.sentence
    assert found.n == 120


def values(found: Diagnosis, group: str) -> dict[str, float]:
    return {one.name: one.value for one in found.of(group)}


def by_name(found: Diagnosis, claim: str) -> dict[str, PairedTest]:
    return {test.name: test for test in found.tests if test.claim == claim}


@pytest.fixture(scope="module")
def liking() -> Diagnosis:
    return diagnose(subject(likes_a))


@pytest.fixture(scope="module")
def sound() -> Diagnosis:
    return diagnose(subject(seen))


def test_letters_are_counted_in_each_way_of_not_seeing(liking: Diagnosis) -> None:
    assert liking.details["blind"] == ["blank", "none", "noise", "shuffled"]
    assert values(liking, "letters, right") == pytest.approx(dict.fromkeys("ABC", 1 / 3))
    for name in ("sighted", "blank", "none", "noise", "shuffled"):
        assert values(liking, f"letters, {name}") == {"A": 1, "B": 0, "C": 0}
    distances = values(liking, "total variation of letters")
    assert distances["sighted and right"] == pytest.approx(2 / 3)
    assert distances["sighted and noise"] == 0
    assert by_name(liking, "letters unlike the right ones")["sighted and right"].p < 0.001
    apart = by_name(liking, "letters unlike those of the blind")
    assert [test.p for test in apart.values()] == [1, 1, 1, 1]
    assert values(liking, "accuracy")["always A"] == pytest.approx(1 / 3)
    assert values(liking, "accuracy")["sighted, no prior of letters"] > 0.95


def test_kappa_that_is_not_defined_is_told(liking: Diagnosis) -> None:
    assert not liking.of("kappa of sighted and blind")
    assert "Kappa of sighted and blank is not defined" in " ".join(liking.notes)


def test_agreement_is_by_item_and_not_by_letter(sound: Diagnosis) -> None:
    """Letters are even sighted and for pictures of other items, and answers are not the same."""
    assert values(sound, "total variation of letters")["sighted and shuffled"] < 0.1
    assert values(sound, "sighted and blind agree")["shuffled"] < 0.6
    assert abs(values(sound, "kappa of sighted and blind")["shuffled"]) < 0.4
    assert (
        values(sound, "accuracy")["shuffled"]
        == values(sound, "sighted and blind agree")["shuffled"]
    )


def test_kappa_of_answers_that_all_agree_has_an_interval() -> None:
    found = diagnose(subject(ignores, n=30))
    for one in found.of("kappa of sighted and blind"):
        assert one.value == 1
        assert 0.7 < one.interval.low < 0.95
        assert one.interval.high == 1


def test_what_stays_when_options_are_rotated(sound: Diagnosis) -> None:
    stays = "what stays when options are rotated"
    assert values(sound, stays) == {"option": 1, "letter": 0, "option in all": 1}
    assert set(values(sound, "rotations").values()) == {1}
    bound = diagnose(subject(follows_place))
    assert values(bound, stays) == {"option": 0, "letter": 1, "option in all": 0}
    liking = diagnose(subject(always(2)))
    assert values(liking, "sighted, where the right option is at") == {"A": 0, "B": 0, "C": 1}
    assert len(values(liking, "rotations")) == 3
    assert list(values(liking, "rotations").values()) == pytest.approx([1 / 3] * 3)


def test_what_was_asked_before_is_not_asked_again() -> None:
    of = subject(seen, n=12, rotations=3, blind=("none", "shuffled"))
    assert of.evaluation.n == 12
    assert isinstance(of.vlm, FakeVlm)
    of.vlm.prompts.clear()
    assert diagnose(of).conclusion
    assert len(of.vlm.prompts) == 2 * 12  # blank and noise
    greys = [prompt for prompt in of.vlm.prompts if set(pixels(prompt)[0]) == {128}]
    assert len(greys) == 12


def test_a_way_of_not_seeing_that_cannot_be_asked_is_left_out() -> None:
    def needs_a_picture(prompt: Prompt) -> Sequence[float]:
        if not prompt.images:
            raise ModelError("this family needs a picture")
        return seen(prompt)

    found = diagnose(subject(needs_a_picture))
    assert found.conclusion == "looks"
    assert found.details["blind"] == ["blank", "noise", "shuffled"]
    assert "Blind by none was not asked: this family needs a picture." in found.notes


def test_rotations_that_cannot_be_asked_are_told() -> None:
    count = 0

    def tires(prompt: Prompt) -> Sequence[float]:
        nonlocal count
        count += 1
        if count > 5 * 40:
            raise ModelError("too tired")
        return seen(prompt)

    found = diagnose(subject(tires, n=40))
    assert "Rotated options were not asked: too tired." in found.notes
    assert not found.of("rotations")
    assert found.conclusion == "looks"


def test_answers_without_letters_are_an_error() -> None:
    with pytest.raises(MeasurementError, match="40 of 40 sighted answers have no letter"):
        diagnose(subject(lambda prompt: [-math.inf] * len(prompt.options), n=40))


def test_letters_are_scored_whatever_the_run_scores() -> None:
    asked = []

    class Generating(FakeVlm):
        def ask(self, prompts: Any, *, stage: Any = None, scoring: str = "letters") -> Any:
            asked.append(scoring)
            return super().ask(prompts, stage=stage, scoring=scoring)

    of = Settings(items=20, ceiling=(), gate=GATE, no_cache=True, scoring="generate")
    diagnose(Subject(Generating(seen), task(colour_items(20)), settings=of))
    assert set(asked) == {"letters"}


@pytest.mark.parametrize("mouth", [coin, seen, prior])
def test_few_items_tell_nothing(mouth: Mouth) -> None:
    found = diagnose(subject(mouth, n=4))
    assert found.conclusion == "cannot tell"
    assert "more items would tell" in found.sentence


def test_items_with_other_numbers_of_options_are_compared_by_their_letters() -> None:
    items = [
        item(
            [flat((10, 20, 30))], answer=index % 2, options=WORDS[: 2 + index % 2], name=f"{index}"
        )
        for index in range(60)
    ]

    def last(prompt: Prompt) -> Sequence[float]:
        return [float(place == len(prompt.options) - 1) for place in range(len(prompt.options))]

    found = diagnose(subject(last, items=items, n=60))
    assert values(found, "letters, sighted") == {"A": 0, "B": 0.5, "C": 0.5}
    assert len(found.of("rotations")) == 2
    assert found.conclusion == "blind and biased to C"


def test_it_is_recorded_as_it_is(sound: Diagnosis) -> None:
    assert diagnosis_of(diagnosis_plain(sound)) == sound


# -- markers -------------------------------------------------------------------------------------


def marked(n: int, *, markers: Markers = DEFAULT_MARKERS) -> list[Item]:
    points = (Point(label="REF", x=40, y=40, image=0),)
    return [
        replace(
            one,
            points=points,
            images=markers.paint_all(one.images, points=points, boxes=()),
            draw=markers,
        )
        for one in colour_items(n)
    ]


def reads_red(prompt: Prompt) -> Sequence[float]:
    """Sees only where a marker is pure red."""
    if not prompt.images:
        return said(0)
    red = (np.asarray(prompt.images[0]) == (255, 0, 0)).all(-1).any()
    return seen(prompt) if red else said(0)


def test_a_model_that_knows_one_look_of_markers_only_is_told() -> None:
    found = diagnose(subject(reads_red, items=marked(60), n=60))
    shares = values(found, "markers")
    assert shares["as usual"] == 1
    assert shares["others"] < 0.5
    assert shares["same option"] == shares["others"]
    assert by_name(found, "differ")["markers → other markers"].p < 0.001
    assert found.details["markers"].startswith("markers-1 cross #00ffff")


def test_a_model_that_does_not_mind_markers_gives_the_same_answers() -> None:
    found = diagnose(subject(seen, items=marked(30), n=30))
    assert values(found, "markers") == {"as usual": 1, "others": 1, "same option": 1}
    assert by_name(found, "differ")["markers → other markers"].p == 1


def test_a_task_without_markers_is_told(sound: Diagnosis) -> None:
    assert "No markers are drawn on the pictures of this task." in sound.notes
    assert not sound.of("markers")
    assert sound.details["markers"] is None


@pytest.mark.parametrize("shape", ["ring", "cross", "square", "dot"])
@pytest.mark.parametrize("colour", ["red", "cyan", "white"])
def test_other_markers_differ_in_colour_and_shape_alone(shape: str, colour: str) -> None:
    style = MarkerStyle(shape=shape, colour=colour, size=0.05)
    (one,) = marked(1, markers=Markers(style))
    other = marked_otherwise(one)
    assert other is not None
    assert isinstance(other.draw, Markers)
    assert other.draw.style.shape != shape
    assert other.draw.style.colour != style.colour
    assert other.draw.style.size == 0.05
    assert other.images[0].digest != one.images[0].digest
    assert other.clean_images == one.clean_images
    assert (other.question, other.options, other.answer) == (one.question, one.options, one.answer)


def test_markers_whose_looks_are_not_the_plugins_are_left_as_they_are() -> None:
    (one,) = marked(1)
    assert marked_otherwise(replace(one, draw=None)) is None
    box = Box(label="A", x0=2, y0=2, x1=20, y1=20, image=0, colour="red")
    assert marked_otherwise(replace(one, points=(), boxes=(box,))) is None
    assert marked_otherwise(replace(one, points=(), boxes=(replace(box, colour=""),))) is not None


# -- error rates ---------------------------------------------------------------------------------


def guessed(rng: np.random.Generator, n: int) -> tuple[Answered, Rotated]:
    """Of a model that guesses anew whatever it is asked."""
    orders = rng.permuted(np.tile(np.arange(3), (n, 1)), axis=1)
    names = (SIGHTED, "blank", "none", "noise", "shuffled")
    answered = Answered(
        gold=rng.integers(3, size=n),
        orders=orders,
        chance=np.full(n, 1 / 3),
        choices={name: rng.integers(3, size=n) for name in names},
        free={name: rng.integers(3, size=n) for name in names},
    )
    places = np.column_stack([answered.places(SIGHTED), rng.integers(3, size=(n, 2))])
    turned = np.stack([np.roll(orders, -turn, axis=1) for turn in range(3)], axis=1)
    choices = np.take_along_axis(turned, places[..., None], axis=2)[..., 0]
    right = (turned == answered.gold[:, None, None]).argmax(-1)
    return answered, Rotated(choices=choices, places=places, right=right)


@pytest.mark.parametrize("n", [30, pytest.param(150, marks=pytest.mark.slow)])
def test_nothing_is_said_of_guesses_more_often_than_alpha(n: int) -> None:
    rng = np.random.default_rng(0)
    times = 25 if n == 30 else 600
    words = []
    for _ in range(times):
        answered, rotated = guessed(rng, n)
        found = leaning.tests_of(answered, rotated=rotated, remarked=None, gate=GATE)
        words.append(leaning.concluded(answered, found, gate=GATE)[0])
    most = 0.05 * times + 3 * math.sqrt(0.05 * 0.95 * times)
    for wrong in ("looks", "blind", "biased", "order-bound"):
        assert sum(wrong in word for word in words) <= most


def test_a_gain_over_three_of_four_ways_of_not_seeing_is_no_sight() -> None:
    """What other pictures give, too, is not seen in this one."""
    n = 90
    orders = np.tile(np.arange(3), (n, 1))
    gold = np.arange(n) % 3
    wrong = (gold + 1) % 3
    answered = Answered(
        gold=gold,
        orders=orders,
        chance=np.full(n, 1 / 3),
        choices={SIGHTED: gold, "blank": wrong, "none": wrong, "noise": wrong, "shuffled": gold},
        free={},
    )
    found = leaning.tests_of(answered, rotated=None, remarked=None, gate=GATE)
    word, sentence = leaning.concluded(answered, found, gate=GATE)
    assert word == "blind"
    assert "0.0% of answers change when it is blind by shuffled" in sentence
