"""A folder in which a recipe is followed: eye, mouth and what is tuned, from where it was left."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pytest_vlmsight.progress import Progress

from .objectives import OBJECTIVES
from .recipe import (
    ALIGN_RATE,
    BATCH,
    EYE_RATE,
    HARD_RATE,
    LESSONS,
    MORE_LESSONS,
    MORE_RATE,
    MOUTH_RATE,
    TUNE_RATE,
    WORD_RATE,
    Recipe,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .examination_store import ExaminationStore
    from .naming import Question

TUNED = {"mouth": "tuned", "eye": "vit-tuned", "projector": "projector-tuned"}
"""Part that is tuned → how the model's name ends."""


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
        device: of what is trained. What is drawn does not depend on it.

    Raises:
        ValueError: another recipe was begun in the folder.
    """

    def __init__(
        self, folder: Path, recipe: Recipe, *, eye: str = OBJECTIVES[0], device: str = "cpu"
    ) -> None:
        self._folder, self._recipe, self._eye, self._device = folder, recipe, eye, device
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
        from .eye_training import EyeCourse, train_eye
        from .training import Course

        folder, recipe, seed = self._folder / "lessons", self._recipe, self._recipe.seed
        first = lesson_store.parts_of(recipe.lessons)
        count = first + lesson_store.parts_of(recipe.more_lessons)
        self._made(folder, lesson_store.NAME, count, lesson_store.make)
        store = lesson_store.LessonStore(folder, lessons=recipe.lessons, seed=seed)
        more = lesson_store.LessonStore(folder, lessons=recipe.more_lessons, seed=seed, first=first)
        courses = (
            (recipe.eye_steps, EYE_RATE, store, LESSONS),
            (recipe.hard_steps, HARD_RATE, store, LESSONS),
            (recipe.more_steps, MORE_RATE, more, MORE_LESSONS),
        )
        return train_eye(
            [
                EyeCourse(
                    course=Course(steps=steps, rate=rate),
                    store=lessons,
                    batch=batch,
                    hard=number > 0,
                )
                for number, (steps, rate, lessons, batch) in enumerate(courses)
            ],
            objective=self._eye,
            seed=seed,
            path=self._folder / f"{self._eye}-eye.safetensors",
            told=self._steps(f"{self._eye} eye"),
            device=self._device,
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
        vlm.to(self._device)
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
                asked_of(
                    store,
                    tokenizer,
                    batch=BATCH,
                    seed=seed,
                    form=form,
                    together=self._device != "cpu",
                ),
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
            asked_of(
                store,
                tokenizer,
                batch=BATCH,
                seed=self._recipe.seed,
                eye=own,
                together=self._device != "cpu",
            ),
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
