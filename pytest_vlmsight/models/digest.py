"""What a checkpoint is by its content: a hash of its weights, and one of all its other files.

A path says nothing about what lies there: a training run writes new weights into the folder it had,
and a folder can be moved. So whatever is remembered of a model is remembered by its content.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

DIGITS = 20
"""Hexadecimal digits of a hash that are told."""

_WEIGHTS = ".safetensors"
# Of everything else what transformers reads: configuration, processor, tokenizer, template, code.
_READ = frozenset({".json", ".txt", ".model", ".jinja", ".py", ".tiktoken", ".spm", ".vocab"})
# Written beside a checkpoint while it is trained.
_UNREAD = frozenset({"trainer_state.json", "all_results.json", "train_results.json"})
_OF_A_MODEL = ("config.json", "adapter_config.json")
_BLOB = re.compile(r"[0-9a-f]{64}")
_THREADS = 8

_known: dict[tuple[str, int, int, int], str] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """Hashes of a checkpoint, ``DIGITS`` hexadecimal digits each.

    Attributes:
        weights: of its safetensors.
        files: of all others that decide answers.
    """

    weights: str
    files: str


def content_of(*folders: Path) -> Content:
    """The content of a checkpoint in some folders: the model's own, and that of an adapter.

    Counted are the safetensors of a folder, those outside of it that its index names, and the
    configuration, processor, tokenizer, template and code files, also those of folders in it that
    are no models of their own. Pickled weights, which are never read, are not.

    Raises:
        OSError: a file cannot be read.
    """
    weights: dict[str, Path] = {}
    files: dict[str, Path] = {}
    for number, folder in enumerate(folders):
        for path in _within(folder):
            name = f"{number}/{path.relative_to(folder).as_posix()}"
            if path.suffix == _WEIGHTS:
                weights[name] = path
            elif path.suffix in _READ and path.name not in _UNREAD:
                files[name] = path
        for shard in _indexed(folder):
            weights[f"{number}/{shard}"] = folder / shard
    digests = _digests({*weights.values(), *files.values()})
    return Content(weights=_joined(weights, digests), files=_joined(files, digests))


def _within(folder: Path) -> Iterator[Path]:
    """Files of a folder, and of the folders in it that belong to the same model."""
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            continue
        if path.is_file():
            yield path
        elif path.is_dir() and not any((path / name).is_file() for name in _OF_A_MODEL):
            yield from (inner for inner in sorted(path.iterdir()) if inner.is_file())


def _indexed(folder: Path) -> set[str]:
    """Shards as indices name them, which may lie outside of the folder."""
    shards: set[str] = set()
    for index in folder.glob(f"*{_WEIGHTS}.index.json"):
        try:
            named = json.loads(index.read_bytes())["weight_map"].values()
            shards |= {shard for shard in named if (folder / shard).is_file()}
        except (ValueError, KeyError, AttributeError, TypeError):
            continue  # no index: whoever loads the weights says so
    return shards


def _digests(paths: Iterable[Path]) -> Mapping[Path, str]:
    """SHA-256 of files; large ones side by side, since hashing lets other threads run."""
    some = sorted(paths)
    with ThreadPoolExecutor(min(_THREADS, os.cpu_count() or 1)) as pool:
        return dict(zip(some, pool.map(_digest, some), strict=True))


def _digest(path: Path) -> str:
    """SHA-256 of a file; of the hub's cache it is the name of what a link points to."""
    real = Path(os.path.realpath(path))
    if path.is_symlink() and real.parent.name == "blobs" and _BLOB.fullmatch(real.name):
        return real.name
    found = real.stat()
    key = (str(real), found.st_size, found.st_mtime_ns, found.st_ino)
    if key not in _known:
        with real.open("rb") as file:
            _known[key] = hashlib.file_digest(file, "sha256").hexdigest()
    return _known[key]


def _joined(named: Mapping[str, Path], digests: Mapping[Path, str]) -> str:
    lines = (f"{name}\0{digests[path]}\n" for name, path in sorted(named.items()))
    # Names of files need not be Unicode.
    return hashlib.sha256("".join(lines).encode(errors="surrogatepass")).hexdigest()[:DIGITS]
