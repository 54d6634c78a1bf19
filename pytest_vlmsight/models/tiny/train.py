"""The recipe of the small models, step by step; whatever is there already is gone on with.

    python -m pytest_vlmsight.models.tiny.train FOLDER [--eye OBJECTIVE]

An eye is trained by itself on lessons, in three courses. Then it stays as it is, and a projector
and an LLM are trained to name what it sees: that is ``tiny``. Then one of its parts is tuned on
items of the suite: the LLM of ``tiny-tuned``, the eye of ``tiny-vit-tuned``, the projector of
``tiny-projector-tuned``, on the same items in the same order. All are checkpoints like any other,
in ``FOLDER/models``.

An eye that learns by another objective, from the same lessons in the same order, gets a model by
the same recipe, ``tiny-OBJECTIVE`` and ``tiny-OBJECTIVE-tuned``.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from pytest_vlmsight.making import cores

from .objectives import OBJECTIVES
from .recipe import BATCH, LESSONS, MORE_LESSONS, Recipe
from .trainer import TUNED, Trainer, named_after, saved


def main(arguments: list[str] | None = None) -> None:
    """Run the recipe."""
    parser = argparse.ArgumentParser(
        prog="python -m pytest_vlmsight.models.tiny.train",
        description=(__doc__ or "").splitlines()[0],
    )
    default = Recipe(jobs=cores())
    parser.add_argument("folder", type=Path, help="for all that is made; some gigabytes")
    for name, least, what in (
        ("seed", 0, "of all that is drawn"),
        ("lessons", LESSONS, "of the eye's first two courses"),
        ("eye_steps", 1, "of its first course"),
        ("hard_steps", 1, "of its second course, in which what is hard is asked, too"),
        ("more_lessons", MORE_LESSONS, "others, of the eye's last course"),
        ("more_steps", 1, "of its last course"),
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
    parser.add_argument(
        "--device", default="cpu", help="what trains: cpu, or one that torch knows, as cuda (cpu)"
    )
    parsed = vars(parser.parse_args(arguments))
    folder, eye, device = (parsed.pop(name) for name in ("folder", "eye", "device"))
    try:
        trainer = Trainer(folder, Recipe(**parsed), eye=eye, device=device)
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


def _at_least(least: int) -> Any:
    def number(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"got {text}; expected a number from {least}")
        return int(text)

    return number


if __name__ == "__main__":
    main()
