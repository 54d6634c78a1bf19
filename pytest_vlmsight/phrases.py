"""How figures and texts that are not to be trusted are put into sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .stats.interval import Interval


def percent(share: float) -> str:
    """A share, as in "61.7%"."""
    return f"{100 * share:.1f}%"


def points(difference: float) -> str:
    """A difference of shares, as in "-4.2 points"."""
    return f"{100 * difference:+.1f} points"


def limits(interval: Interval) -> str:
    """Limits of a difference in points, as in "[-6.0, +1.5]"."""
    return f"[{100 * interval.low:+.1f}, {100 * interval.high:+.1f}]"


def p_is(p: float) -> str:
    """A p-value with three decimals, or two digits of a small one: "p=0.031"."""
    return f"p={p:.3f}" if p >= 0.001 else f"p={p:.1e}"


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
