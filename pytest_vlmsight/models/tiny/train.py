"""The recipe of the small models, step by step; whatever is there already is gone on with.

    python -m pytest_vlmsight.models.tiny.train FOLDER [--eye OBJECTIVE]

An eye is trained by itself on lessons, in two courses. Then it stays as it is, and a projector and
an LLM are trained to name what it sees: that is ``tiny``. Then one of its parts is tuned on items
of the suite: the LLM of ``tiny-tuned``, the eye of ``tiny-vit-tuned``, the projector of
``tiny-projector-tuned``, on the same items in the same order. All are checkpoints like any other,
in ``FOLDER/models``.

An eye that learns by another objective, from the same lessons in the same order, gets a model by
the same recipe, ``tiny-OBJECTIVE`` and ``tiny-OBJECTIVE-tuned``.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_vlmsight.making import cores
from pytest_vlmsight.progress import Progress

from .objectives import OBJECTIVES

if TYPE_CHECKING:
    from collections.abc import Callable

    from .examination_store import ExaminationStore
    from .naming import Question


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How much of everything.

    Attributes:
        seed: of all that is drawn.
        lessons: of the eye.
        eye_steps: of its first course.
        hard_steps: of its second one, in which what is hard is asked, too.
        examinations: of naming.
        align_steps: of the projector by itself, whose patches say what is in a picture.
        word_steps: of the projector's and the LLM's first course, whose answers are words.
        mouth_steps: of their second one, in which letters are asked for, too.
        suite_parts: of 250 items of the suite.
        tune_steps: of each part's tuning.
        jobs: processes that render; they decide nothing.
    """

    seed: int = 0
    lessons: int = 12000
    eye_steps: int = 3400
    hard_steps: int = 2200
    examinations: int = 8000
    align_steps: int = 600
    word_steps: int = 1000
    mouth_steps: int = 800
    suite_parts: int = 24
    tune_steps: int = 500
    jobs: int = 1


EYE_RATE, HARD_RATE = 2.5e-3, 1.5e-3
ALIGN_RATE, WORD_RATE, MOUTH_RATE, TUNE_RATE = 3e-3, 6e-3, 3e-3, 1e-3
"""The highest learning rates."""

BATCH = 16
"""Examinations of a step."""

TUNED = {"mouth": "tuned", "eye": "vit-tuned", "projector": "projector-tuned"}
"""Part that is tuned → how the model's name ends."""


def main(arguments: list[str] | None = None) -> None:
    """Run the recipe."""
    parser = argparse.ArgumentParser(
        prog="python -m pytest_vlmsight.models.tiny.train",
        description=(__doc__ or "").splitlines()[0],
    )
    default = Recipe(jobs=cores())
    parser.add_argument("folder", type=Path, help="for all that is made; some gigabytes")
    from .eye_training import BATCH as LEAST

    for name, least, what in (
        ("seed", 0, "of all that is drawn"),
        ("lessons", LEAST, "of the eye"),
        ("eye_steps", 1, "of its first course"),
        ("hard_steps", 1, "of its second course, in which what is hard is asked, too"),
        ("examinations", BATCH, "of naming"),
        ("align_steps", 1, "of the projector by itself"),
        ("word_steps", 1, "of the projector's and the LLM's first course, in words"),
        ("mouth_steps", 1, "of their second course, in which letters are asked for, too"),
        ("suite_parts", 1, "of 250 items of the suite"),
        ("tune_steps", 1, "of each part's tuning"),
        ("jobs", 1, "processes that render"),
    ):
        value = getattr(default, name)
        parser.add_argument(
            f"--{name.replace('_', '-')}",
            type=_at_least(least),
            default=value,
            help=f"{what} ({value})",
            metavar="N",
        )
    parser.add_argument(
        "--eye", choices=OBJECTIVES, default=OBJECTIVES[0], help="what the eye is trained for"
    )
    parsed = vars(parser.parse_args(arguments))
    folder, eye = parsed.pop("folder"), parsed.pop("eye")
    try:
        trainer = Trainer(folder, Recipe(**parsed), eye=eye)
    except ValueError as error:
        parser.error(str(error))
    vlm, processor = trainer.named(trainer.eye())
    models = folder / "models"
    name = named_after(eye)
    saved(models, name, vlm, processor, eye=eye)
    before = {key: tensor.clone() for key, tensor in vlm.state_dict().items()}
    written = [name]
    for part, ending in TUNED.items():
        # The comparison of parts is made with one eye.
        if part != "mouth" and eye != OBJECTIVES[0]:
            continue
        vlm.load_state_dict(before)
        trainer.tune(vlm, processor.tokenizer, part)
        saved(models, f"{name}-{ending}", vlm, processor, eye=eye, tuned=part)
        written.append(f"{name}-{ending}")
    print(f"wrote {', '.join(written)} in {models}")


def named_after(eye: str) -> str:
    """The name of the model that an eye gets."""
    return "tiny" if eye == OBJECTIVES[0] else f"tiny-{eye}"


class Trainer:
    """A folder in which a recipe is followed, from where it was left.

    Args:
        folder: made where it is not there.
        recipe: how much of everything.
        eye: what the eye is trained for. Several can be trained in one folder, from the same
            lessons.

    Raises:
        ValueError: another recipe was begun in the folder.
    """

    def __init__(self, folder: Path, recipe: Recipe, *, eye: str = OBJECTIVES[0]) -> None:
        self._folder, self._recipe, self._eye = folder, recipe, eye
        self._progress = Progress(sys.stderr)
        # Jobs decide nothing: a run may go on with others.
        decided = {key: value for key, value in asdict(recipe).items() if key != "jobs"}
        path = folder / "recipe.json"
        if not path.is_file():
            folder.mkdir(parents=True, exist_ok=True)
            partial = path.with_suffix(".partial")
            partial.write_text(json.dumps(decided, indent=1) + "\n")
            partial.replace(path)
            return
        begun = json.loads(path.read_text())
        other = [key for key, value in decided.items() if begun.get(key) != value]
        if other:
            told = ", ".join(f"{key}={begun.get(key)}" for key in other)
            raise ValueError(
                f"{path}: another recipe was begun here, with {told}; "
                "give the same numbers, or another folder"
            )

    def eye(self) -> Any:
        """Lessons, and the vision tower that is trained on them."""
        from . import lesson_store
        from .eye_training import train_eye
        from .training import Course

        folder = self._folder / "lessons"
        count = -(-self._recipe.lessons // lesson_store.PART)
        self._made(folder, lesson_store.NAME, count, lesson_store.make)
        seed = self._recipe.seed
        return train_eye(
            lesson_store.LessonStore(folder, lessons=self._recipe.lessons, seed=seed),
            objective=self._eye,
            courses=(
                Course(steps=self._recipe.eye_steps, rate=EYE_RATE),
                Course(steps=self._recipe.hard_steps, rate=HARD_RATE),
            ),
            seed=seed,
            path=self._folder / f"{self._eye}-eye.safetensors",
            told=self._steps(f"{self._eye} eye"),
        )

    def named(self, tower: Any) -> tuple[Any, Any]:
        """A model whose projector and LLM name what the eye sees, and its processor."""
        from . import examination_store
        from .alignment import align, some_features, whiten
        from .answering import asked_of, train_parts
        from .architecture import new_vlm
        from .naming import both_ways, in_words
        from .training import Course
        from .words import new_processor, new_tokenizer

        seed = self._recipe.seed
        count = -(-self._recipe.examinations // examination_store.PART)
        store = self._examined("naming", count, examination_store.make)
        store.see(tower, told=self._parts("looking"))
        tokenizer = new_tokenizer([*texts(store), *suite_texts()])
        vlm = new_vlm(tokenizer, seed=seed)
        vlm.model.vision_tower.load_state_dict(tower.state_dict())
        whiten(vlm.model.multi_modal_projector, some_features(store))
        align(
            vlm,
            store,
            tokenizer,
            seed=seed,
            course=Course(steps=self._recipe.align_steps, rate=ALIGN_RATE),
            path=self._folder / f"{self._eye}-alignment.safetensors",
            told=self._steps("alignment"),
        )
        for what, form, course in (
            ("words", in_words, Course(steps=self._recipe.word_steps, rate=WORD_RATE)),
            ("naming", both_ways, Course(steps=self._recipe.mouth_steps, rate=MOUTH_RATE)),
        ):
            train_parts(
                vlm,
                asked_of(store, tokenizer, batch=BATCH, seed=seed, form=form),
                parts=("projector", "mouth"),
                course=course,
                path=self._folder / f"{self._eye}-{what}.safetensors",
                told=self._steps(what),
            )
        return vlm, new_processor(tokenizer)

    def tune(self, vlm: Any, tokenizer: Any, part: str) -> None:
        """Tune one part of a model on items of the suite."""
        from . import suite_items
        from .answering import asked_of, train_parts
        from .training import Course

        store = self._examined("suite", self._recipe.suite_parts, suite_items.make)
        tower = vlm.model.vision_tower
        if part != "eye":
            store.see(tower, told=self._parts("looking"))
        own = tower if part == "eye" else None
        train_parts(
            vlm,
            asked_of(store, tokenizer, batch=BATCH, seed=self._recipe.seed, eye=own),
            parts=(part,),
            course=Course(steps=self._recipe.tune_steps, rate=TUNE_RATE),
            path=self._folder / f"{self._eye}-{TUNED[part]}.safetensors",
            told=self._steps(TUNED[part]),
        )

    def _examined(
        self, name: str, count: int, make: Callable[[int, Path, int], None]
    ) -> ExaminationStore:
        from .examination_store import ExaminationStore

        folder = self._folder / "examinations"
        self._made(folder, name, count, make)
        return ExaminationStore(folder, name=name, count=count, seed=self._recipe.seed)

    def _made(
        self, folder: Path, name: str, count: int, make: Callable[[int, Path, int], None]
    ) -> None:
        from .parts import write_parts

        write_parts(
            folder,
            name=name,
            seed=self._recipe.seed,
            count=count,
            make=make,
            jobs=self._recipe.jobs,
            told=self._parts(f"{name}, in parts"),
        )

    def _parts(self, what: str) -> Callable[[int, int], None]:
        return lambda done, of: self._progress(what, done, of)

    def _steps(self, what: str) -> Callable[[int, int, float], None]:
        return lambda done, of, _: self._progress(what, done, of)


def saved(
    models: Path, name: str, vlm: Any, processor: Any, *, eye: str, tuned: str | None = None
) -> None:
    """Write a model: all of its parts, or the one that was tuned beside those that are there."""
    from .store import PARTS, save_model, save_part

    models.mkdir(exist_ok=True)
    files = {part: f"{eye}-{part}-tuned" if part == tuned else f"{eye}-{part}" for part in PARTS}
    for part in PARTS if tuned is None else (tuned,):
        save_part(models, files[part], vlm, part)
    save_model(models, name, config=vlm.config, processor=processor, parts=files)


def texts(store: ExaminationStore) -> list[str]:
    """What is asked in examinations, as it is asked, with answers."""
    return [
        _asked(question) for number in range(len(store)) for question in store.questions(number)
    ]


def suite_texts() -> list[str]:
    """What the suite asks: its words are to be tokens, too, and nothing else is learnt of it."""
    from pytest_vlmsight.tasks.registry import BUILT_IN, resolve

    from .naming import Question
    from .suite_items import FIRST_SEED

    return [
        _asked(Question(about=task.name, text=item.question, options=item.options))
        for task in resolve(sorted(BUILT_IN))
        for item in task.make_items(2, FIRST_SEED)
    ]


def _asked(question: Question) -> str:
    from pytest_vlmsight.models.base import Prompt
    from pytest_vlmsight.models.prompts import wording

    if not question.options:
        return f"User: {question.text}\nAssistant: Answer: {question.words}"
    written = wording(Prompt(images=(), question=question.text, options=question.options))
    return f"User: {written}\nAssistant: Answer: (A)"


def _at_least(least: int) -> Any:
    def number(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"got {text}; expected a number from {least}")
        return int(text)

    return number


if __name__ == "__main__":
    main()
