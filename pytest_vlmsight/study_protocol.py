"""The study's settings in one word, ``--vlm-protocol=study``, so that numbers can be compared.

Fu et al. (arXiv 2506.08008) have a VLM write its answer to a multiple-choice question once, with
several images side by side in one and with a blank image, and read its encoder from each image by
itself. A protocol stands for what would be typed: a setting that is made beside it wins.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from .options import OPTIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from .settings import Settings

    Place = Callable[[str], Any]

STUDY = "study"

TASKS = tuple(
    f"study/{name}"
    for name in (
        "semantic_correspondence",
        "low_level_matching",
        "functional_correspondence",
        "art_style",
        "object_depth",
        "odd_one_out",
    )
)
"""Those that the study has numbers of, on its own data sets."""

MOST_ITEMS = 2019
"""Of its largest task: every item of each is asked."""

TYPED: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        STUDY: MappingProxyType(
            {
                "vlm_tasks": list(TASKS),
                "vlm_items": str(MOST_ITEMS),
                "vlm_scoring": "generate",
                "vlm_rotations": "1",
                "vlm_sequential": "false",
                "vlm_blind": ["blank"],
                "vlm_ceiling": ["native"],
                "vlm_images": "composite",
            }
        )
    }
)
"""Protocol → ``Option.dest`` → what is as if it were typed."""

_BY_DEST = {option.dest: option for option in OPTIONS}


def places_with_protocol(places: Sequence[Place]) -> list[Place]:
    """Where settings are looked for, those that win first, with the protocol among them.

    It stands directly behind the place that names it: the command line's protocol wins over
    settings of an ini file, and what is typed beside it wins over the protocol.

    Args:
        places: each ``Option.dest`` → text, texts or None.

    Raises:
        SettingError: there is no such protocol.
    """
    option = _BY_DEST["vlm_protocol"]
    for index, place in enumerate(places):
        given = place(option.dest)
        if given is not None:
            name = option.read(given)
            return [*places[: index + 1], TYPED.get(name, {}).get, *places[index + 1 :]]
    return list(places)


def departures(settings: Settings) -> tuple[str, ...]:
    """Settings that are not those of the protocol, as in "scoring=letters".

    Which tasks are run is not among them. Of a protocol that only a later version knows, whose
    record is read, nothing can be said.
    """
    found = []
    for dest, typed in TYPED.get(settings.protocol or "", {}).items():
        name = dest.removeprefix("vlm_")
        value = getattr(settings, name)
        if name != "tasks" and value != _BY_DEST[dest].read(typed):
            found.append(f"{name}={_spelled(value)}")
    return tuple(found)


def protocol_told(settings: Settings) -> str:
    """The protocol in words, with what departs from it; empty without one.

    >>> from pytest_vlmsight.settings import Settings
    >>> protocol_told(Settings())
    ''
    """
    if settings.protocol is None:
        return ""
    others = departures(settings)
    return f"{settings.protocol}, but {' '.join(others)}" if others else settings.protocol


def _spelled(value: Any) -> str:
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return "all" if value is None else str(value).lower()
