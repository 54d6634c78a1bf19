"""From what a user types after ``--vlm`` to a place to load from."""

from __future__ import annotations

import contextlib
import difflib
import os
import re
from dataclasses import dataclass, field, replace
from pathlib import Path

from pytest_vlmsight.phrases import printable

from .aliases import ALIASES

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
        adapter: of PEFT, to be merged into the model; None where there is none.
        place: of a folder, seen from where it was named; None where that is not known.
    """

    shown: str
    source: str
    revision: str | None
    local: bool
    adapter: ModelName | None = None
    place: str | None = field(default=None, compare=False)

    @property
    def recorded(self) -> str:
        """What records tell of the source: a hub id, or a folder without the machine's path.

        Records are committed and compared on other machines. A folder is told as it is seen from
        where the run was started, one that lies outside by its own name.
        """
        if not self.local:
            return self.source
        return self.place or Path(self.source).name


def parse_name(text: str, *, base: Path | None = None) -> ModelName:
    """Resolve a ``--vlm`` value without touching the network.

    Args:
        text: an alias, ``owner/name[@revision]`` of the hub, or a folder; or any of these, "+" and
            an adapter: ``owner/name[@revision]`` or a folder. A folder may have "+" in its name.
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
    if "+" not in text or _folder(text, base).is_dir():
        return _model(text, base, typed=text)
    failure: UnknownModelError | None = None
    for place in (at for at, letter in enumerate(text) if letter == "+"):
        try:
            model = _model(text[:place], base, typed=text)
            adapter = _adapter(text[place + 1 :], base, typed=text)
        except UnknownModelError as error:
            failure = failure or error
            continue
        return replace(model, shown=f"{model.shown}+{adapter.shown}", adapter=adapter)
    assert failure is not None
    raise failure


def _model(text: str, base: Path | None, *, typed: str) -> ModelName:
    """What stands before "+", or all that was typed."""
    folder = _folder(text, base)
    if text and folder.is_dir():
        if (folder / "adapter_config.json").is_file():
            raise UnknownModelError(
                f"--vlm={typed}: {folder} has an adapter_config.json: it is an adapter; give its "
                f"base before it: --vlm=BASE+{text}"
            )
        return _local(text, folder, "config.json", base, typed=typed, what="checkpoint")
    if text.startswith((".", "/", "~")):
        raise UnknownModelError(f"--vlm={typed}: there is no such folder ({folder})")
    name, revision = _parted(text, typed=typed)
    source = ALIASES.get(name, name)
    if not _HUB_ID.fullmatch(source):
        close = difflib.get_close_matches(name, ALIASES, n=3)
        hint = f" (did you mean {', '.join(close)}?)" if close else ""
        what = "" if text == typed else f"{text!r} is "
        raise UnknownModelError(
            f"--vlm={typed}: {what}neither a folder, nor a hub id of the form "
            f"owner/name[@revision], nor an alias{hint}; `vlmsight models` lists the aliases"
        )
    return ModelName(shown=text, source=source, revision=revision, local=False)


def _adapter(text: str, base: Path | None, *, typed: str) -> ModelName:
    """What stands behind "+"."""
    if not text:
        raise UnknownModelError(
            f"--vlm={typed}: '+' must be followed by an adapter: a hub id[@revision] or a folder"
        )
    folder = _folder(text, base)
    if folder.is_dir():
        file, what = "adapter_config.json", "adapter of PEFT"
        return _local(text, folder, file, base, typed=typed, what=what)
    if text.startswith((".", "/", "~")):
        raise UnknownModelError(f"--vlm={typed}: there is no such adapter folder ({folder})")
    name, revision = _parted(text, typed=typed)
    if not _HUB_ID.fullmatch(name):
        raise UnknownModelError(
            f"--vlm={typed}: the adapter {text!r} is neither a folder nor a hub id of the form "
            "owner/name[@revision]"
        )
    return ModelName(shown=text, source=name, revision=revision, local=False)


def _folder(text: str, base: Path | None) -> Path:
    """Where a folder of that name would be; one that cannot be named is none."""
    folder = (base or Path.cwd()) / text
    with contextlib.suppress(RuntimeError):  # ~name of somebody who has no home here
        folder = (base or Path.cwd()) / Path(text).expanduser()
    try:
        folder.is_dir()
    except OSError:  # too long for a file name
        return Path(os.devnull)
    return folder


def _parted(text: str, *, typed: str) -> tuple[str, str | None]:
    name, _, revision = text.partition("@")
    if "@" in text and not revision:
        raise UnknownModelError(f"--vlm={typed}: '@' must be followed by a revision")
    return name, revision or None


def _local(
    text: str, folder: Path, file: str, base: Path | None, *, typed: str, what: str
) -> ModelName:
    if not (folder / file).is_file():
        raise UnknownModelError(
            f"--vlm={typed}: the folder is no {what}: it has no {file} ({folder})"
        )
    shown = text.rstrip("/").removeprefix("./") or folder.resolve().name
    if shown.strip("./") == "":
        shown = folder.resolve().name
    return ModelName(
        # pytest writes ids of cases to files, which what is no Unicode keeps it from.
        shown=printable(shown),
        source=str(folder.resolve()),
        revision=None,
        local=True,
        place=_place(folder, base or Path.cwd()),
    )


def _place(folder: Path, base: Path) -> str:
    """A folder as it is seen from another, with "/"; its own name where it is not below that.

    All folders are below the root, from where a path would be the machine's.
    """
    # Links keep their names: what they point to may lie anywhere, and change.
    here, there = (Path(os.path.abspath(one)) for one in (base, folder))  # noqa: PTH100
    if here.name and there != here and there.is_relative_to(here):
        return there.relative_to(here).as_posix()
    return there.name
