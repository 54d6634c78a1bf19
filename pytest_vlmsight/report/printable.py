"""Texts of models and data sets, safe to show: what does not print is escaped."""

from __future__ import annotations


def printable(text: str, *, most: int | None = None) -> str:
    r"""One line in which nothing is hidden: no control, direction or formatting characters.

    Args:
        text: from anywhere.
        most: characters kept; where there are more, the last of them is "…".

    >>> printable("a\nb")
    'a\\nb'
    """
    if most is not None and len(text) > most:
        text = f"{text[: most - 1]}…"
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
