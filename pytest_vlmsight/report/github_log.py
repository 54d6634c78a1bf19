r"""What is printed where GitHub Actions reads along: no line of it may be taken for a command.

A runner takes a line for a workflow command that begins with "::", white space before it or none,
and one that has "##[" anywhere (``TryParseV2`` and ``TryParse`` of ``ActionCommand.cs`` in
https://github.com/actions/runner). Names and texts of models and tasks may have either.
"""

from __future__ import annotations

import os
import re

_COMMAND = re.compile(r"(?:\A|(?<=[\r\n]))(\s*):(?=:)|#(?=#\[)")


def on_github() -> bool:
    """Whether what is printed is read by GitHub Actions."""
    return os.environ.get("GITHUB_ACTIONS") == "true"


def inert(text: str) -> str:
    r"""The text, with an escape where a runner would take a line of it for a command.

    >>> inert("  ::error::x")
    '  \\x3a:error::x'
    """
    return _COMMAND.sub(
        lambda found: r"\x23" if found[1] is None else rf"{found[1]}\x3a",
        text,
    )


def for_log(text: str) -> str:
    """The text as it is printed here: inert under GitHub Actions."""
    return inert(text) if on_github() else text
