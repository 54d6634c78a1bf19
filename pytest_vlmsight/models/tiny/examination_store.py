"""Examinations on disk: pictures, questions, and what an eye that stays as it is sees in them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from .naming import Examination, Question, examination
from .parts import found_part

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

PART = 250
"""Examinations of a part."""

QUESTIONS = 6
"""With options, of an examination, at most."""

_LOOK = 50  # pictures that an eye looks at at once


def make(seed: int, folder: Path, number: int) -> None:
    """Make one part of naming questions in an empty folder."""
    drawn = [
        examination(np.random.default_rng([seed, number, index]), questions=QUESTIONS)
        for index in range(PART)
    ]
    save(folder, drawn)


def save(folder: Path, some: Sequence[Examination]) -> None:
    """Write examinations to an empty folder."""
    np.save(folder / "pixels.npy", np.concatenate([one.pixels for one in some]))
    lines = [
        json.dumps([len(one.pixels), [asdict(asked) for asked in one.questions]]) for one in some
    ]
    (folder / "questions.jsonl").write_text("\n".join(lines) + "\n")


class ExaminationStore:
    """The examinations of some parts.

    Args:
        folder: where they were written.
        name: of the parts.
        count: of parts.
        seed: of them.

    Raises:
        FileNotFoundError: a part is missing.
    """

    def __init__(self, folder: Path, *, name: str, count: int, seed: int) -> None:
        self._paths = [found_part(folder, name, seed, number) for number in range(count)]
        self._pixels = [np.load(path / "pixels.npy", mmap_mode="r") for path in self._paths]
        self._features: list[Any] = []
        self._at: list[tuple[int, int, int]] = []
        self._questions: list[tuple[Question, ...]] = []
        for number, path in enumerate(self._paths):
            start = 0
            for line in (path / "questions.jsonl").read_text().splitlines():
                pictures, asked = json.loads(line)
                self._at.append((number, start, start + pictures))
                self._questions.append(tuple(_question(one) for one in asked))
                start += pictures

    def __len__(self) -> int:
        return len(self._at)

    def examination(self, number: int) -> Examination:
        """One of them."""
        part, start, end = self._at[number]
        return Examination(pixels=self._pixels[part][start:end], questions=self._questions[number])

    def questions(self, number: int) -> tuple[Question, ...]:
        """Those of one of them."""
        return self._questions[number]

    def pictures(self, number: int) -> int:
        """How many one of them has."""
        _, start, end = self._at[number]
        return end - start

    def see(self, eye: Any, *, told: Callable[[int, int], None]) -> None:
        """Have an eye look at all pictures; what it has seen before is read.

        Args:
            eye: a vision tower.
            told: of how many parts are seen, of how many.
        """
        name = f"seen-{_digest(eye)}.npy"
        self._features = []
        for done, (path, pixels) in enumerate(zip(self._paths, self._pixels, strict=True), 1):
            if not (path / name).is_file():
                unfinished = path / f"{name}.partial"
                with unfinished.open("wb") as file:
                    np.save(file, _seen(eye, pixels))
                unfinished.rename(path / name)
            self._features.append(np.load(path / name, mmap_mode="r"))
            told(done, len(self._paths))

    def features(self, number: int) -> Any:
        """(pictures, patches, d) float16 of one of them, once they were seen."""
        part, start, end = self._at[number]
        return self._features[part][start:end]


def _question(given: dict[str, Any]) -> Question:
    return Question(
        about=given["about"],
        text=given["text"],
        options=tuple(given["options"]),
        answer=given["answer"],
        words=given["words"],
    )


def _seen(eye: Any, pixels: Any) -> Any:
    """(n, patches, d) float16."""
    import torch

    from .eye import look, normalised

    found = []
    eye.eval()
    with torch.inference_mode():
        for start in range(0, len(pixels), _LOOK):
            some = np.array(pixels[start : start + _LOOK])
            seen = look(eye, normalised(some, device=eye.device))
            features = seen.flatten(2).transpose(1, 2)
            found.append(features.to(torch.float16).cpu().numpy())
    return np.concatenate(found)


def _digest(eye: Any) -> str:
    """Of an eye's weights, 16 hexadecimal digits."""
    found = hashlib.sha256()
    for name, tensor in sorted(eye.state_dict().items()):
        found.update(name.encode())
        found.update(tensor.detach().cpu().numpy().tobytes())
    return found.hexdigest()[:16]
