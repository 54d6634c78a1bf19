"""The recipe of the small models, step by step; whatever is there already is gone on with.

    python -m pytest_vlmsight.models.tiny.train FOLDER

An eye is trained by itself on lessons. Then it stays as it is, and a projector and an LLM are
trained to name what it sees: that is ``tiny``. Then one of its parts is tuned on items of the
suite: the LLM of ``tiny-tuned``, the eye of ``tiny-vit-tuned``, the projector of
``tiny-projector-tuned``, on the same items in the same order. All are checkpoints like any other,
in ``FOLDER/models``.
"""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_vlmsight.progress import Progress

if TYPE_CHECKING:
    from .examination_store import ExaminationStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How much of everything.

    Attributes:
        seed: of all that is drawn.
        lessons: of the eye.
        eye_steps: of its training.
        examinations: of naming.
        mouth_steps: of the projector's and the LLM's training.
        suite_parts: of 250 items of the suite.
        tune_steps: of each part's tuning.
        jobs: processes that render; they decide nothing.
    """

    seed: int = 0
    lessons: int = 6000
    eye_steps: int = 700
    examinations: int = 8000
    mouth_steps: int = 1000
    suite_parts: int = 24
    tune_steps: int = 500
    jobs: int = 1


EYE_RATE, MOUTH_RATE, TUNE_RATE = 2e-3, 2e-3, 1e-3
"""The highest learning rates."""

BATCH = 16
"""Examinations of a step."""

TUNED = {"mouth": "tiny-tuned", "eye": "tiny-vit-tuned", "projector": "tiny-projector-tuned"}
"""Part that is tuned → name of the model."""


def main(arguments: list[str] | None = None) -> None:
    """Run the recipe."""
    parser = argparse.ArgumentParser(
        prog="python -m pytest_vlmsight.models.tiny.train",
        description=(__doc__ or "").splitlines()[0],
    )
    default = Recipe(jobs=os.cpu_count() or 1)
    parser.add_argument("folder", type=Path, help="for all that is made; some gigabytes")
    from .eye import BATCH as LEAST

    for name, least, what in (
        ("seed", 0, "of all that is drawn"),
        ("lessons", LEAST, "of the eye"),
        ("eye_steps", 1, "of its training"),
        ("examinations", BATCH, "of naming"),
        ("mouth_steps", 1, "of the projector's and the LLM's training"),
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
    parsed = vars(parser.parse_args(arguments))
    folder = parsed.pop("folder")
    recipe = Recipe(**parsed)
    vlm, processor = named(folder, recipe, eye(folder, recipe))
    saved(folder / "models", "tiny", vlm, processor, tuned=None)
    before = {name: tensor.clone() for name, tensor in vlm.state_dict().items()}
    for part, name in TUNED.items():
        vlm.load_state_dict(before)
        tune(folder, recipe, vlm, processor.tokenizer, part)
        saved(folder / "models", name, vlm, processor, tuned=part)
    print(f"wrote {', '.join(['tiny', *TUNED.values()])} in {folder / 'models'}")


def eye(folder: Path, recipe: Recipe) -> Any:
    """Lessons, and the vision tower that is trained on them."""
    from .eye import train_eye
    from .lesson_store import LessonStore, write
    from .training import Course

    progress = Progress(sys.stderr)
    write(
        folder / "lessons",
        lessons=recipe.lessons,
        seed=recipe.seed,
        jobs=recipe.jobs,
        told=lambda done, of: progress("lessons, in parts", done, of),
    )
    return train_eye(
        LessonStore(folder / "lessons", lessons=recipe.lessons, seed=recipe.seed),
        course=Course(steps=recipe.eye_steps, rate=EYE_RATE),
        seed=recipe.seed,
        path=folder / "eye.safetensors",
        told=lambda done, of, _: progress("eye", done, of),
    )


def named(folder: Path, recipe: Recipe, tower: Any) -> tuple[Any, Any]:
    """A model whose projector and LLM name what the eye sees, and its processor."""
    from .answering import asked_of, train_parts
    from .architecture import new_vlm
    from .examination_store import PART, ExaminationStore, write
    from .training import Course
    from .words import new_processor, new_tokenizer

    progress = Progress(sys.stderr)
    write(
        folder / "examinations",
        name="naming",
        examinations=recipe.examinations,
        seed=recipe.seed,
        jobs=recipe.jobs,
        told=lambda done, of: progress("examinations, in parts", done, of),
    )
    store = ExaminationStore(
        folder / "examinations",
        name="naming",
        count=-(-recipe.examinations // PART),
        seed=recipe.seed,
    )
    store.see(tower, told=lambda done, of: progress("looking", done, of))
    tokenizer = new_tokenizer([*texts(store), *suite_texts()])
    vlm = new_vlm(tokenizer, seed=recipe.seed)
    vlm.model.vision_tower.load_state_dict(tower.state_dict())
    train_parts(
        vlm,
        asked_of(store, tokenizer, batch=BATCH, seed=recipe.seed),
        parts=("projector", "mouth"),
        course=Course(steps=recipe.mouth_steps, rate=MOUTH_RATE),
        path=folder / "naming.safetensors",
        told=lambda done, of, _: progress("naming", done, of),
    )
    return vlm, new_processor(tokenizer)


def tune(folder: Path, recipe: Recipe, vlm: Any, tokenizer: Any, part: str) -> None:
    """Tune one part of a model on items of the suite."""
    from .answering import asked_of, train_parts
    from .examination_store import ExaminationStore
    from .suite_items import write
    from .training import Course

    progress = Progress(sys.stderr)
    write(
        folder / "examinations",
        name="suite",
        parts=recipe.suite_parts,
        seed=recipe.seed,
        jobs=recipe.jobs,
        told=lambda done, of: progress("items of the suite, in parts", done, of),
    )
    store = ExaminationStore(
        folder / "examinations", name="suite", count=recipe.suite_parts, seed=recipe.seed
    )
    own = vlm.model.vision_tower if part == "eye" else None
    if own is None:
        tower = vlm.model.vision_tower
        store.see(tower, told=lambda done, of: progress("looking", done, of))
    train_parts(
        vlm,
        asked_of(store, tokenizer, batch=BATCH, seed=recipe.seed, eye=own),
        parts=(part,),
        course=Course(steps=recipe.tune_steps, rate=TUNE_RATE),
        path=folder / f"{TUNED[part]}.safetensors",
        told=lambda done, of, _: progress(TUNED[part], done, of),
    )


def saved(models: Path, name: str, vlm: Any, processor: Any, *, tuned: str | None) -> None:
    """Write a model: all of its parts, or the one that was tuned beside those that are there."""
    from .store import PARTS, save_model, save_part

    models.mkdir(exist_ok=True)
    files = {part: f"{part}-tuned" if part == tuned else part for part in PARTS}
    for part in PARTS if tuned is None else (tuned,):
        save_part(models, files[part], vlm, part)
    save_model(models, name, config=vlm.config, processor=processor, parts=files)


def texts(store: ExaminationStore) -> list[str]:
    """What is asked in examinations, as it is asked, with answers."""
    return [
        _asked(question.text, question.options)
        for number in range(len(store))
        for question in store.questions(number)
    ]


def suite_texts() -> list[str]:
    """What the suite asks: its words are to be tokens, too, and nothing else is learnt of it."""
    from pytest_vlmsight.tasks.registry import BUILT_IN, resolve

    found = []
    for task in resolve(sorted(BUILT_IN)):
        found += [_asked(item.question, item.options) for item in task.make_items(2, 0)]
    return found


def _asked(text: str, options: tuple[str, ...]) -> str:
    from pytest_vlmsight.models.base import Prompt
    from pytest_vlmsight.models.prompts import wording

    written = wording(Prompt(images=(), question=text, options=options))
    return f"User: {written}\nAssistant: Answer: (A)"


def _at_least(least: int) -> Any:
    def number(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"got {text}; expected a number from {least}")
        return int(text)

    return number


if __name__ == "__main__":
    main()
