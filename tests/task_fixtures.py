"""Small task folders and pictures for the tests of tasks."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from pytest_vlmsight.tasks.item import Picture

Record = dict[str, Any]
WritePack = Callable[..., Path]

SIZE = (80, 60)


def _manifest(readout: str, markers: str) -> dict[str, object]:
    return {
        "name": "small",
        "version": "1",
        "readout": readout,
        "markers": markers,
        "source": "made up",
        "licence": "CC0",
    }


@pytest.fixture
def matching_line() -> Record:
    """A right line for readout nearest_patch with drawn markers."""
    return {
        "id": "one",
        "images": ["images/a.png", "images/b.png"],
        "question": "Which point is REF?",
        "options": ["point A", "point B"],
        "answer": 1,
        "points": [
            {"image": 0, "x": 40, "y": 30, "label": "REF"},
            {"image": 1, "x": 20.5, "y": 30, "label": "A"},
            {"image": 1, "x": 60, "y": 30, "label": "B"},
        ],
        "slices": {"scene": "street", "light": "day"},
    }


@pytest.fixture
def write_pack(tmp_path: Path) -> WritePack:
    """Writes a task folder with images a, b and c; each argument replaces a part of it."""

    def write(
        *lines: Record | bytes,
        readout: str = "nearest_patch",
        markers: str = "draw",
        folder: str = "small",
        toml: bytes | None = None,
        **keys: object,
    ) -> Path:
        path = tmp_path / folder
        (path / "images").mkdir(parents=True, exist_ok=True)
        for name, colour in (("a", "teal"), ("b", "tan"), ("c", "navy")):
            Image.new("RGB", SIZE, colour).save(path / "images" / f"{name}.png")
        manifest = {**_manifest(readout, markers), **keys}
        text = "".join(f"{k} = {json.dumps(v)}\n" for k, v in manifest.items() if v is not None)
        (path / "task.toml").write_bytes(text.encode() if toml is None else toml)
        raw = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines]
        (path / "items.jsonl").write_bytes(b"\n".join(raw) + b"\n")
        return path

    return write


@pytest.fixture
def make_picture() -> Callable[..., Picture]:
    """Makes a plain picture of a size and colour."""

    def make(size: tuple[int, int] = (224, 224), colour: str = "grey") -> Picture:
        digest = hashlib.sha256(f"{size}{colour}".encode()).hexdigest()
        return Picture(digest, size, lambda: Image.new("RGB", size, colour))

    return make
