"""A model that is asked about a task, and what it answered when it was asked before.

What is known is not asked, and no picture of it is rendered. Prompts that go through a model
together change each other's last digits, so a batch is asked again as a whole as long as one of its
prompts is not known: a run that was killed and goes on gives the answers of one that was not.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import re
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .ceiling import Ceiling
from .models.base import NoMapError
from .questions import clean_images
from .records.cache_file import ANSWER, FEATURES, RESULT
from .records.packed import Packed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from .ceiling import CeilingReader
    from .models.base import Vlm
    from .questions import Question
    from .records.cache import AnswerCache, Group
    from .tasks.item import Item, Task

    Made = dict[bytes, tuple[int, Packed]]
    Produce = Callable[[Sequence[int]], Iterator[Made]]

_ELSEWHERE = ("source", "revision", "adapter")
"""Of the provenance: what the hashes of weights and files say by their content."""

_LEARNED = ("primer", "batch")
"""Of the provenance: what a model only says once it was asked."""

_PACKAGES = ("numpy", "scipy", "pillow", "tokenizers", "torchvision", "timm", "bitsandbytes")
"""What else makes pixels, words and numbers; torch and transformers are in the provenance."""

_SOURCES = ("ceiling.py", "depth_ceiling.py", "questions.py", "remembered.py", "sight.py")
_FOLDERS = ("models", "readouts", "tasks")
_RECIPES = ("models/tiny/", "models/assembly/")  # they make checkpoints, and answer nothing

_LARGE = 2**16
"""Bytes of an item's features from which on they are not kept once a readout was fitted to them."""


class Remembered:
    """A model, a task, and what is kept of both.

    Args:
        vlm: the model; only where its provenance has ``weights``, a hash of them, is anything kept.
        task: what it is asked about.
        cache: where; None keeps nothing.
        scoring: letters or generate.
        told: what is being done, how much of it is done, of how much.
        in_parts: whether items are asked about in several parts, and maybe not all of them. Large
            features are then kept, since it is not known what a readout will be fitted to.
    """

    def __init__(
        self,
        vlm: Vlm,
        task: Task,
        *,
        cache: AnswerCache | None,
        scoring: str,
        told: Callable[[str, int, int], None],
        in_parts: bool = False,
    ) -> None:
        self._in_parts = in_parts
        self._rows: dict[tuple[str, bytes], np.ndarray] = {}
        self._vlm, self._task, self._scoring, self._told = vlm, task.name, scoring, told
        provenance = dict(vlm.provenance)
        self._batch = int(provenance.get("batch_limit") or provenance.get("batch") or 1)
        self._kept: Group | None = None
        if cache is not None and provenance.get("weights"):
            decided_by = _context(provenance, batch=self._batch, task=task.name, scoring=scoring)
            self._kept = cache.group(_key(decided_by), model=vlm.name, task=task.name)
        self._asked = False
        self._learned: Made = {}
        self._ceilings: dict[str, Ceiling] = {}
        self._ceiling_keys: dict[str, bytes] = {}
        self._large: dict[str, list[bytes]] = {}
        self._seen: dict[bytes, Packed] = {}

    @property
    def provenance(self) -> dict[str, Any]:
        """What the model says of itself; where it was not asked, as when it was."""
        told = dict(self._vlm.provenance)
        if self._kept is None:
            return told
        if self._asked:
            return told
        key = _key("learned")
        known = self._kept.read([key]).get(key)
        return told if known is None else told | json.loads(known.texts["told"])

    def ask(
        self,
        what: str,
        questions: Sequence[Question],
        *,
        reader: CeilingReader | None = None,
        native: CeilingReader | None = None,
        turns: int = 1,
    ) -> list[np.ndarray]:
        """Log-probabilities of each question's options, in the order shown.

        Args:
            what: is asked, for progress.
            questions: in the items' order, equally many of each.
            reader: takes the features of each item's first question.
            native: will be shown clean pictures by ``look``; those that a question shows as they
                are need not be looked at once more.
            turns: questions of an item.

        Raises:
            NoMapError: the model has no features to be read, or had none before.
            MeasurementError: it cannot be asked, or an item cannot be read.
        """
        if reader is None:  # those that recur are asked once
            keys = [(what, _key(one.decided_by)) for one in questions]
            distinct = {
                key: one for key, one in zip(keys, questions, strict=True) if key not in self._rows
            }
            rows = self._ask(what, list(distinct.values()), reader=None, turns=1)
            self._rows |= zip(distinct, rows, strict=True)
            return [self._rows[key] for key in keys]
        return self._ask(what, questions, reader=reader, native=native, turns=turns)

    def look(self, what: str, items: Sequence[Item], *, reader: CeilingReader) -> None:
        """Show the encoder each clean picture by itself; the reader takes its features.

        Args:
            what: is done, for progress.
            items: in order.
            reader: of all of them.

        Raises:
            NoMapError: the model has no features to be read, or had none before.
            MeasurementError: a picture cannot be read, or an item lacks what is needed.
        """
        keys = [_features_key(reader, item, shown="clean") for item in items]
        if self._recall(reader, keys):
            return

        def produce(some: Sequence[int]) -> Iterator[Made]:
            pictures = (image for index in some for image in clean_images(items[index]))
            grids = self._vlm.look(pictures, stage=self._vlm.fed_from)
            for index in some:
                own = list(itertools.islice(grids, len(items[index].clean_images)))
                reduced = reader.reduced(items[index], own)
                yield {keys[index]: (FEATURES, Packed(arrays=reduced))}

        seen, self._seen = self._seen, {}
        if seen.keys() >= set(keys):
            for item, key in zip(items, keys, strict=True):
                self._take(reader, item, seen[key], key=key)
            return
        needed = [(key,) for key in keys]
        for index, found in enumerate(self._each(what, needed, produce)):
            self._take(reader, items[index], found[keys[index]], key=keys[index])

    def ceiling(self, reader: CeilingReader, *, n: int) -> Ceiling:
        """What a reader decides once its first n items were asked about.

        Raises:
            MeasurementError: see ``CeilingReader.result``.
        """
        if reader.kind in self._ceilings:
            return self._ceilings[reader.kind]
        made = reader.result(n)
        if self._kept is not None and made.trained_on is not None and not self._in_parts:
            packed = Packed(arrays=(made.choices,), texts={"trained_on": made.trained_on})
            self._kept.keep({self._ceiling_keys[reader.kind]: (RESULT, packed)})
            self._kept.forget(self._large.get(reader.kind, []))
        return made

    def _ask(
        self,
        what: str,
        questions: Sequence[Question],
        *,
        reader: CeilingReader | None,
        native: CeilingReader | None = None,
        turns: int,
    ) -> list[np.ndarray]:
        stage = None if reader is None else self._vlm.fed_from
        asked = {"asked": what, "stage": stage and str(stage)}
        keys = [_key({**one.decided_by, **asked}) for one in questions]
        features: dict[int, bytes] = {}
        if reader is not None:
            features = {
                index: _features_key(reader, one.item, shown=dict(one.decided_by))
                for index, one in enumerate(questions)
                if index % turns == 0
            }
            if self._recall(reader, list(features.values())):
                features = {}

        def produce(some: Sequence[int]) -> Iterator[Made]:
            self._asked = True
            # Found out only where something is asked; of all items or none, as those that are
            # looked at go through the encoder in batches.
            clean = native if some and features else None
            if clean is not None and not self._all_clean([one.item for one in questions[::turns]]):
                clean = None
            prompts = (questions[index].make() for index in some)
            answers = self._vlm.ask(prompts, stage=stage, scoring=self._scoring)
            for index, answer in zip(some, answers, strict=True):
                logprobs = np.asarray(answer.logprobs, dtype=float)
                made: Made = {keys[index]: (ANSWER, Packed(arrays=(logprobs,)))}
                if reader is not None and index in features:
                    reduced = reader.reduced(questions[index].item, answer.grids)
                    made[features[index]] = (FEATURES, Packed(arrays=reduced))
                    if clean is not None:
                        key = _features_key(clean, questions[index].item, shown="clean")
                        made[key] = (FEATURES, Packed(arrays=reduced))
                        self._seen[key] = made[key][1]
                yield made

        needed = [
            (key, features[index]) if index in features else (key,)
            for index, key in enumerate(keys)
        ]
        rows = []
        for index, found in enumerate(self._each(what, needed, produce)):
            rows.append(found[keys[index]].arrays[0])
            if reader is not None and index in features:
                key = features[index]
                self._take(reader, questions[index].item, found[key], key=key)
        return rows

    def _all_clean(self, items: Sequence[Item]) -> bool:
        """Whether features are the same in a question and of each clean picture by itself."""
        asks = getattr(self._vlm, "sees_each_alone", None)
        return asks is not None and all(
            [p.digest for p in item.images] == [p.digest for p in item.clean_images]
            and asks(tuple(picture.size for picture in item.images))
            for item in items
        )

    def _take(self, reader: CeilingReader, item: Item, features: Packed, *, key: bytes) -> None:
        if sum(array.nbytes for array in features.arrays) > _LARGE:
            self._large.setdefault(reader.kind, []).append(key)
        reader.take(item, features.arrays)

    def _recall(self, reader: CeilingReader, features: Sequence[bytes]) -> bool:
        """Whether it is known what a fitted reader makes of these features."""
        if self._kept is None or not reader.is_fitted or self._in_parts:
            return False
        key = _key({**reader.decided_by, "features": [one.hex() for one in features]})
        self._ceiling_keys[reader.kind] = key
        known = self._kept.read([key]).get(key)
        if known is None:
            return False
        self._ceilings[reader.kind] = Ceiling(
            kind=reader.kind,
            stage=reader.stage,
            choices=known.arrays[0],
            trained_on=known.texts["trained_on"],
        )
        return True

    def _each(
        self, what: str, needed: Sequence[Sequence[bytes]], produce: Produce
    ) -> Iterator[Mapping[bytes, Packed]]:
        """For each of some units in order at least what it needs, known or produced.

        Args:
            what: is done, for progress.
            needed: keys by unit.
            produce: numbers of units → for each in turn what it needs.
        """
        every = [key for keys in needed for key in keys]
        no_map = _key({"no map": [key.hex() for key in every]})
        there = set[bytes]()
        if self._kept is not None:
            there = self._kept.among([*every, no_map])
            if no_map in there and (why := self._kept.read([no_map]).get(no_map)):
                raise NoMapError(why.texts["why"])
        batches = [
            range(start, min(start + self._batch, len(needed)))
            for start in range(0, len(needed), self._batch)
        ]
        known = {one for one in batches if all(there.issuperset(needed[index]) for index in one)}
        new = produce([index for one in batches if one not in known for index in one])
        count = sum(map(len, known))
        title = f"{self._task} {what}"
        if count:
            title += f" ({count} of {len(needed)} known)"
        for batch in batches:
            found = self._read(batch, needed) if batch in known else None
            if found is None:
                # What is kept but cannot be read is asked again by itself.
                some = produce(batch) if batch in known else new
                found = self._produced(itertools.islice(some, len(batch)), no_map=no_map)
            for index in batch:
                yield found
                self._told(title, index + 1, len(needed))

    def _read(
        self, batch: range, needed: Sequence[Sequence[bytes]]
    ) -> Mapping[bytes, Packed] | None:
        assert self._kept is not None
        keys = [key for index in batch for key in needed[index]]
        found = self._kept.read(keys)
        return found if found.keys() >= set(keys) else None

    def _produced(self, made: Iterator[Made], *, no_map: bytes) -> Mapping[bytes, Packed]:
        """What is produced of a batch, which is kept as a whole."""
        found: Made = {}
        try:
            for one in made:
                found |= one
        except NoMapError as error:
            if self._kept is not None:
                self._kept.keep({no_map: (RESULT, Packed(texts={"why": str(error)}))})
            raise
        packed = {key: one for key, (_, one) in found.items()}
        sound = not any(np.isnan(array).any() for one in packed.values() for array in one.arrays)
        if self._kept is not None and sound:
            self._kept.keep(found | self._newly_learned())
        return packed

    def _newly_learned(self) -> Made:
        """What the model now says of itself since it was asked, where that is new.

        Kept with the answers: a run that goes on after another was killed may find them all.
        """
        if not self._asked:
            return {}
        told = self._vlm.provenance
        text = json.dumps({name: told[name] for name in _LEARNED if name in told})
        learned: Made = {_key("learned"): (RESULT, Packed(texts={"told": text}))}
        if learned == self._learned:
            return {}
        self._learned = learned
        return learned


def _features_key(reader: CeilingReader, item: Item, *, shown: object) -> bytes:
    return _key(
        {
            "item": item.id,
            "shown": shown,
            "readout": reader.readout,
            "kind": reader.kind,
            "stage": reader.stage,
        }
    )


def _context(
    provenance: Mapping[str, Any], *, batch: int, task: str, scoring: str
) -> dict[str, Any]:
    """All that decides answers but what is asked."""
    model = {
        name: value
        for name, value in provenance.items()
        if name not in {*_ELSEWHERE, *_LEARNED, "batch_limit"}
    }
    # Which of several GPUs is no matter.
    model["device"] = re.sub(r":\d+", "", str(provenance.get("device")))
    return {
        "model": model,
        "batch": batch,
        "task": task,
        "scoring": scoring,
        "packages": {name: _version(name) for name in _PACKAGES},
        "code": code(),
    }


@lru_cache(maxsize=1)
def code() -> str:
    """Digest of all of this package that decides answers and features."""
    here = Path(__file__).parent
    paths = [here / name for name in _SOURCES]
    paths += [path for folder in _FOLDERS for path in (here / folder).rglob("*.py")]
    digest = hashlib.sha256()
    for path in sorted(paths):
        name = path.relative_to(here).as_posix()
        if not name.startswith(_RECIPES):
            digest.update(f"{name}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _key(content: object) -> bytes:
    """Hash of plain values."""
    text = json.dumps(content, sort_keys=True, default=str)
    return hashlib.blake2b(text.encode(), digest_size=16).digest()
