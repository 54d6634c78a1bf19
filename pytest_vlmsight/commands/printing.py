"""How commands print: for people in 80 columns, for programs as JSON."""

from __future__ import annotations

import json
import textwrap
from typing import Any


def told(text: str) -> None:
    """Print in 80 columns, later lines further in than the first."""
    first = text[: len(text) - len(text.lstrip())]
    print(textwrap.fill(text.lstrip(), 80, initial_indent=first, subsequent_indent=f"{first}  "))


def print_json(value: Any) -> None:
    """Print plain values as JSON, keys sorted; other than ASCII is escaped."""
    print(json.dumps(value, indent=2, sort_keys=True))
