"""A contact sheet: items as the VLM sees them with the right answers marked, for a person to check.

Needs Pillow, so nothing imports this module before a sheet is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFont

from pytest_vlmsight.whole_file import whole_file

from .item import Item, Task, letter
from .presentation import Presentation, balanced_orders, present

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_INK, _FAINT, _RIGHT, _PAPER, _RULE = "#1a1a1a", "#666666", "#0a7d32", "#ffffff", "#d0d0d0"
_FONT, _GAP = 14, 10
_LINE = 19  # height of a line of text in px
_MOST_PIXELS = 200_000_000


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    colour: str
    bold: bool = False


def contact_sheet(
    asked: Sequence[Presentation | Item], *, columns: int = 3, thumb: int = 224
) -> Image.Image:
    """One cell for each item: its images side by side, question, options, name and slices.

    Args:
        asked: presentations, or items, which are shown in their own order.
        columns: cells side by side.
        thumb: longer side of an image in px; the default is what many models shrink it to.

    Returns:
        an RGB image.

    Raises:
        ValueError: there is nothing to show, an argument is less than 1, or the sheet would be
            larger than an image can reasonably be.
    """
    if not asked or columns < 1 or thumb < 1:
        raise ValueError(
            f"contact sheet: got {len(asked)} items, columns={columns}, thumb={thumb}; "
            "expected at least 1 of each"
        )
    shown = [a if isinstance(a, Presentation) else present(a, _own_order(a)) for a in asked]
    columns = min(columns, len(shown))
    font = ImageFont.load_default(size=_FONT)
    assert isinstance(font, ImageFont.FreeTypeFont)  # given a size, it is one
    most = max(len(p.images) for p in shown)
    inner = max(most * (thumb + _GAP) - _GAP, 280)
    texts = [_text(p, font, inner) for p in shown]
    rows = [texts[at : at + columns] for at in range(0, len(texts), columns)]
    tall = max(max(_fit(p.size, thumb)[1] for p in s.images) for s in shown)
    heights = [tall + 3 * _GAP + _LINE * max(map(len, row)) for row in rows]
    size = (columns * (inner + 2 * _GAP), sum(heights))
    if size[0] * size[1] > _MOST_PIXELS:
        raise ValueError(
            f"contact sheet: got {len(shown)} items, a sheet of {size[0]} × {size[1]} px; "
            f"expected at most {_MOST_PIXELS} px: show fewer"
        )
    sheet = Image.new("RGB", size, _PAPER)
    draw = ImageDraw.Draw(sheet)
    top = 0
    for number, (row, height) in enumerate(zip(rows, heights, strict=True)):
        for column, lines in enumerate(row):
            left = column * (inner + 2 * _GAP) + _GAP
            presentation = shown[number * columns + column]
            for index, picture in enumerate(presentation.images):
                image = picture.load().resize(_fit(picture.size, thumb), Image.Resampling.BICUBIC)
                sheet.paste(image, (left + index * (thumb + _GAP), top + _GAP))
            _write(draw, lines, (left, top + tall + 2 * _GAP), font)
        top += height
        draw.line((0, top - 1, size[0], top - 1), fill=_RULE)
    return sheet


def write_sheet(task: Task, *, n: int, seed: int, path: Path) -> None:
    """Write the contact sheet of a task's first items, as they would be asked.

    The file appears whole or not at all.

    Args:
        task: where the items come from.
        n: how many.
        seed: of the items and their orders.
        path: ends in .png, .jpg or .webp.

    Raises:
        ValueError: the ending is another, or there is nothing to show.
        OSError: the file cannot be written.
    """
    if path.suffix.lower() not in (".png", ".jpg", ".jpeg", ".webp"):
        raise ValueError(
            f"contact sheet: got {str(path)!r}; expected a name in .png, .jpg or .webp"
        )
    items = task.make_items(n, seed)
    orders = balanced_orders(items, seed=seed)
    sheet = contact_sheet([present(i, o) for i, o in zip(items, orders, strict=True)])
    with whole_file(path) as unfinished:
        sheet.save(unfinished)


def _own_order(item: Item) -> range:
    return range(len(item.options))


def _fit(size: tuple[int, int], side: int) -> tuple[int, int]:
    """The size with its longer side at ``side`` px; small ones are enlarged."""
    scale = side / max(size)
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _text(presentation: Presentation, font: ImageFont.FreeTypeFont, width: int) -> list[_Line]:
    item = presentation.item
    lines = [_Line(part, _INK) for part in _wrapped(item.question, font, width)]
    for position, option in enumerate(presentation.options):
        right = position == presentation.answer
        text = f"({letter(position)}) {option}{'   <= right' if right else ''}"
        parts = _wrapped(text, font, width)
        lines += [_Line(part, _RIGHT if right else _INK, bold=right) for part in parts]
    labels = ", ".join(f"{name}: {value}" for name, value in item.slices)
    note = item.name + (f" | {labels}" if labels else "")
    return lines + [_Line(part, _FAINT) for part in _wrapped(note, font, width)]


def _wrapped(text: str, font: ImageFont.FreeTypeFont, width: int) -> list[str]:
    """The text in lines of at most ``width`` px; words longer than a line are cut."""
    lines = [""]
    for word in text.split():
        joined = f"{lines[-1]} {word}".strip()
        if font.getlength(joined) <= width:
            lines[-1] = joined
            continue
        if lines[-1]:
            lines.append("")
        for character in word:
            if lines[-1] and font.getlength(lines[-1] + character) > width:
                lines.append("")
            lines[-1] += character
    return lines


def _write(
    draw: ImageDraw.ImageDraw,
    lines: Sequence[_Line],
    at: tuple[int, int],
    font: ImageFont.FreeTypeFont,
) -> None:
    left, top = at
    for number, line in enumerate(lines):
        weight = 0.4 if line.bold else 0
        draw.text((left, top + number * _LINE), line.text, line.colour, font, stroke_width=weight)
