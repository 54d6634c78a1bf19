"""How much of everything the small models are made of, and how fast they learn."""

from __future__ import annotations

from dataclasses import dataclass

EYE_RATE, HARD_RATE, MORE_RATE = 2.5e-3, 1.5e-3, 1e-3
ALIGN_RATE, WORD_RATE, MOUTH_RATE, TUNE_RATE = 3e-3, 4e-3, 3e-3, 1.5e-3
"""The highest learning rates."""

LESSONS, MORE_LESSONS = 16, 32
"""Lessons of a step of an eye's first two courses, and of its last one."""

BATCH = 32
"""Examinations of a step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How much of everything.

    Attributes:
        seed: of all that is drawn.
        lessons: of the eye's first two courses.
        eye_steps: of its first course.
        hard_steps: of its second one, in which what is hard is asked, too.
        more_lessons: others, of its last course.
        more_steps: of its last course, which asks what the second one does.
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
    more_lessons: int = 4000
    more_steps: int = 300
    examinations: int = 12000
    align_steps: int = 600
    word_steps: int = 1300
    mouth_steps: int = 1000
    suite_parts: int = 30
    tune_steps: int = 2100
    jobs: int = 1
