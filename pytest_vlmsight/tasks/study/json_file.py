"""A JSON file of a data set."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from .errors import Where

_MOST = 256 * 2**20


def read_json(path: Path, where: Where) -> object:
    """What a file holds.

    Raises:
        StudyError: it is too large, cannot be read or is no JSON.
    """
    try:
        if path.stat().st_size > _MOST:
            raise where.error("", "a file of more than 256 MiB", "less")
        return json.loads(path.read_bytes().decode("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise where.error("", f"a file that is not valid JSON ({error})", "JSON") from error
