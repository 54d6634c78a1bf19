"""Marker settings as they are typed: ``colour=yellow size=.06 shape=cross``, ``vary``."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from .markers import Markers, MarkerStyle

if TYPE_CHECKING:
    from collections.abc import Sequence

_VARY = "vary"
_TRUTH = {"yes": True, "true": True, "no": False, "false": False}


def parse_markers(words: Sequence[str]) -> Markers:
    """The markers that words describe: of one style, or varied where ``vary`` is among them.

    Words of the form ``attribute=value`` beside ``vary`` fix an attribute.

    >>> parse_markers(["vary", "colour=red"]).for_item("one").style.colour
    '#ff0000'

    Raises:
        ValueError: as ``parse_style``.
    """
    given = [word for word in words if word != _VARY]
    style = parse_style(given)
    if len(given) == len(words):
        return Markers(style)
    fixed = frozenset(word.partition("=")[0] for word in given)
    return Markers(style, varied=True, fixed=fixed)


def parse_style(words: Sequence[str]) -> MarkerStyle:
    """The style that words of the form ``attribute=value`` describe.

    Raises:
        ValueError: a word is of another form, names no attribute, or has a value out of range.
    """
    default = MarkerStyle()
    known = {f.name: getattr(default, f.name) for f in dataclasses.fields(MarkerStyle)}
    values: dict[str, Any] = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals or name not in known:
            raise ValueError(
                f"--vlm-marker={word}: expected attribute=value with an attribute of "
                f"{', '.join(known)}, or {_VARY}"
            )
        if isinstance(known[name], bool):
            if text not in _TRUTH:
                raise ValueError(f"--vlm-marker={word}: expected yes or no")
            values[name] = _TRUTH[text]
        elif isinstance(known[name], float):
            try:
                values[name] = float(text)
            except ValueError:
                raise ValueError(f"--vlm-marker={word}: expected a number") from None
        else:
            values[name] = text
    return MarkerStyle(**values)
