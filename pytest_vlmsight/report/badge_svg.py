"""A badge as a picture that needs no other server: SVG, about a kilobyte."""

from __future__ import annotations

import unicodedata
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .badge import Badge

DARK, LIGHT = "#111", "#fff"

COLOURS = {
    "brightgreen": ("#4c1", DARK),
    "green": ("#97ca00", DARK),
    "yellow": ("#dfb317", DARK),
    "orange": ("#fe7d37", DARK),
    "red": ("#c0301c", LIGHT),
    "lightgrey": ("#9f9f9f", DARK),
}
"""Name as in shields.io → ground, and ink that can be read on it (contrast above 4.5)."""

_LABEL = ("#555", LIGHT)

_SIZE, _HEIGHT, _PAD, _ROUND = 11, 20, 6, 3
_BASELINE = 14

# fmt: off
_WIDTHS = (
    318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337,
    636, 636, 636, 636, 636, 636, 636, 636, 636, 636, 337, 337, 838, 838, 838, 531,
    1000, 684, 686, 698, 770, 632, 575, 775, 752, 295, 295, 656, 557, 863, 748, 787,
    603, 787, 695, 635, 611, 732, 684, 989, 685, 611, 685, 390, 337, 390, 838, 500,
    500, 613, 635, 550, 635, 615, 352, 635, 634, 278, 278, 579, 278, 974, 634, 612,
    635, 635, 411, 521, 392, 634, 592, 818, 592, 592, 525, 636, 337, 636, 838,
)
# fmt: on
"""Of the printable ASCII characters, in thousandths of the font's size: DejaVu Sans, whose widths
are those of Verdana but for a few per cent."""

_OTHER, _FULL = 700, 1000


def badge_svg(badge: Badge) -> str:
    """The picture; its text is a title and a label for those who cannot see it."""
    left, right = _room(badge.label), _room(badge.message)
    width = left + right
    ground, ink = COLOURS[badge.colour]
    said = escape(f"{badge.label}: {badge.message}" if badge.label else badge.message)
    drawn = [_ground(left, width, ground, ends=(not left, True))]
    texts = [_text(badge.message, left, ink)]
    if left:
        drawn.append(_ground(0, left, _LABEL[0], ends=(True, False)))
        texts.insert(0, _text(badge.label, 0, _LABEL[1]))
    size = f'width="{width}" height="{_HEIGHT}"'
    font = f'font-family="Verdana,Geneva,DejaVu Sans,sans-serif" font-size="{_SIZE}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{said}">',
        f"<title>{said}</title>",
        *drawn,
        f'<g {font} aria-hidden="true">',
        *texts,
        "</g>",
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def text_width(text: str) -> float:
    """In px, about."""
    return _SIZE * sum(map(_width, text)) / 1000


def _width(character: str) -> int:
    place = ord(character) - 32
    if 0 <= place < len(_WIDTHS):
        return _WIDTHS[place]
    if unicodedata.combining(character):
        return 0
    return _FULL if unicodedata.east_asian_width(character) in "WF" else _OTHER


def _room(text: str) -> int:
    """Of a text and what is left free around it; none where there is no text."""
    return round(text_width(text)) + 2 * _PAD if text else 0


def _ground(left: int, right: int, colour: str, *, ends: tuple[bool, bool]) -> str:
    """What a text stands on; ``ends``: whether its left and its right corners are round."""
    a, b = (_ROUND * end for end in ends)
    h = _HEIGHT
    return (
        f'<path fill="{colour}" d="M{left + a} 0H{right - b}a{b} {b} 0 0 1 {b} {b}V{h - b}'
        f'a{b} {b} 0 0 1 -{b} {b}H{left + a}a{a} {a} 0 0 1 -{a} -{a}V{a}a{a} {a} 0 0 1 {a} -{a}z"/>'
    )


def _text(text: str, left: int, ink: str) -> str:
    # With its length given a text fits whatever font the reader has.
    return (
        f'<text x="{left + _PAD}" y="{_BASELINE}" textLength="{text_width(text):.1f}" '
        f'lengthAdjust="spacingAndGlyphs" fill="{ink}" xml:space="preserve">{escape(text)}</text>'
    )
