"""Texts of models and data sets, safe to show: what does not print is escaped."""

from __future__ import annotations


def printable(text: str, *, most: int | None = None) -> str:
    r"""One line in which nothing is hidden: no control, direction or formatting characters.

    Args:
        text: from anywhere.
        most: characters at most; where there would be more, the last of them is "…".

    >>> printable("a\nb")
    'a\\nb'
    """
    some = text if most is None else text[: most + 1]  # it does not become shorter
    shown = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in some)
    return shown if most is None or len(shown) <= most else f"{shown[: most - 1]}…"
