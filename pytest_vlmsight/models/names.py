"""From what a user types after ``--vlm`` to a place to load from."""

from __future__ import annotations

import contextlib
import difflib
import re
from dataclasses import dataclass
from pathlib import Path

ALIASES = {
    "llava-1.5": "llava-hf/llava-1.5-7b-hf",
    "llava-1.5-7b": "llava-hf/llava-1.5-7b-hf",
    "llava-1.5-13b": "llava-hf/llava-1.5-13b-hf",
    "bakllava": "llava-hf/bakLlava-v1-hf",
    "llava-interleave-0.5b": "llava-hf/llava-interleave-qwen-0.5b-hf",
    "llava-interleave-7b": "llava-hf/llava-interleave-qwen-7b-hf",
}
"""Names that people say, and the hub ids they mean."""

_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")


class UnknownModelError(ValueError):
    """A ``--vlm`` value names nothing that could be loaded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelName:
    """Where a model comes from.

    Attributes:
        shown: in case ids and reports.
        source: a folder or a hub id.
        revision: of the hub id; None for its default branch or for a folder.
        local: whether source is a folder.
    """

    shown: str
    source: str
    revision: str | None
    local: bool


def parse_name(text: str, *, base: Path | None = None) -> ModelName:
    """Resolve a ``--vlm`` value without touching the network.

    Args:
        text: an alias, ``owner/name[@revision]`` of the hub, or a folder.
        base: what relative folders are relative to; the working directory by default.

    Raises:
        UnknownModelError: it is none of these; the message says which were tried.
    """
    text = text.strip()
    if not text or "::" in text:
        raise UnknownModelError(
            f"--vlm={text!r}: expected an alias, a hub id or a folder, without '::' "
            "(which separates the parts of a case id)"
        )
    if text.startswith(("http://", "https://")):
        raise UnknownModelError(
            f"--vlm={text}: endpoints cannot be asked yet; give an alias, a hub id or a folder"
        )
    folder = (base or Path.cwd()) / text
    with contextlib.suppress(RuntimeError):  # ~name of somebody who has no home here
        folder = (base or Path.cwd()) / Path(text).expanduser()
    with contextlib.suppress(OSError):  # too long for a file name
        if folder.is_dir():
            return _local(text, folder)
    if text.startswith((".", "/", "~")):
        raise UnknownModelError(f"--vlm={text}: there is no such folder ({folder})")
    name, _, revision = text.partition("@")
    if "@" in text and not revision:
        raise UnknownModelError(f"--vlm={text}: '@' must be followed by a revision")
    source = ALIASES.get(name, name)
    if not _HUB_ID.fullmatch(source):
        close = difflib.get_close_matches(name, ALIASES, n=3)
        hint = f" (did you mean {', '.join(close)}?)" if close else ""
        raise UnknownModelError(
            f"--vlm={text}: neither a folder, nor a hub id of the form owner/name[@revision], "
            f"nor an alias{hint}; `vlmsight models` lists the aliases"
        )
    return ModelName(shown=text, source=source, revision=revision or None, local=False)


def _local(text: str, folder: Path) -> ModelName:
    if not (folder / "config.json").is_file():
        raise UnknownModelError(
            f"--vlm={text}: the folder is no checkpoint: it has no config.json ({folder})"
        )
    shown = text.rstrip("/").removeprefix("./") or folder.resolve().name
    if shown.strip("./") == "":
        shown = folder.resolve().name
    return ModelName(shown=shown, source=str(folder.resolve()), revision=None, local=True)
