"""What a wrong task folder is answered with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_vlmsight.tasks.pack import PackError, load_task

if TYPE_CHECKING:
    from pathlib import Path


def expect(folder: Path, *, line: int | None, field: str | None, says: str) -> None:
    """Loading and making all items fails, at this line and field, with these words."""
    with pytest.raises(PackError) as caught:
        load_task(folder).make_items(100, 0)
    error = caught.value
    assert (error.line, error.field) == (line, field), str(error)
    assert says in str(error)
    assert "; expected " in str(error)
    assert error.path is not None
    assert str(error.path) in str(error)
