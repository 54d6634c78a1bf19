"""Text of models and data sets, made harmless to whatever shows it as text."""

from __future__ import annotations


def printable(text: str, *, kept: str = "") -> str:
    r"""The text with escapes for characters that do not print.

    Among them are those that turn the direction of writing round, and the surrogates by which
    Python tells names of files that are no Unicode.

    Args:
        text: anything.
        kept: characters to be left as they are.

    >>> printable("a\u202eb\udcff")
    'a\\u202eb\\udcff'
    """
    return "".join(c if c.isprintable() or c in kept else ascii(c)[1:-1] for c in text)
