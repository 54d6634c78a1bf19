"""The recipe of the small models, step by step; whatever is there already is gone on with.

    python -m pytest_vlmsight.models.tiny.train FOLDER

So far: lessons, and an eye that is trained on them by itself. What a mouth is trained on is in
``naming.py``; its training comes next.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from pytest_vlmsight.progress import Progress

LESSONS, STEPS, RATE = 6000, 700, 2e-3
"""Lessons of the eye, steps of its training and the highest learning rate of these."""


def main(arguments: list[str] | None = None) -> None:
    """Run the recipe."""
    parser = argparse.ArgumentParser(
        prog="python -m pytest_vlmsight.models.tiny.train",
        description=(__doc__ or "").splitlines()[0],
    )
    parser.add_argument("folder", type=Path, help="for all that is made; some gigabytes")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--lessons", type=int, default=LESSONS, help=f"({LESSONS})")
    parser.add_argument("--steps", type=int, default=STEPS, help=f"of the eye ({STEPS})")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes (all)")
    parsed = parser.parse_args(arguments)
    from .eye import BATCH

    for name, least in (("lessons", BATCH), ("steps", 1), ("jobs", 1), ("seed", 0)):
        if getattr(parsed, name) < least:
            parser.error(f"--{name}: got {getattr(parsed, name)}; expected at least {least}")
    eye(
        parsed.folder,
        seed=parsed.seed,
        lessons=parsed.lessons,
        steps=parsed.steps,
        jobs=parsed.jobs,
    )
    print(f"wrote {parsed.folder / 'eye'}")


def eye(folder: Path, *, seed: int, lessons: int, steps: int, jobs: int) -> None:
    """Lessons, and the eye that is trained on them, as ``eye`` in the folder."""
    from .eye import train_eye
    from .lesson_store import LessonStore, write
    from .training import Course

    progress = Progress(sys.stderr)
    folder.mkdir(parents=True, exist_ok=True)
    write(
        folder / "lessons",
        lessons=lessons,
        seed=seed,
        jobs=jobs,
        told=lambda done, of: progress("lessons, in parts", done, of),
    )
    tower = train_eye(
        LessonStore(folder / "lessons", lessons=lessons, seed=seed),
        course=Course(steps=steps, rate=RATE),
        seed=seed,
        path=folder / "eye.safetensors",
        told=lambda done, of, _: progress("eye", done, of),
    )
    tower.save_pretrained(folder / "eye")


if __name__ == "__main__":
    main()
