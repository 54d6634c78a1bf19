"""Writers that are killed at every line of what writes leave a file as it was, or as it was to be.

What is tried, and how, is in ``dying_writers``.
"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from dying_writers import WRITERS

if TYPE_CHECKING:
    from pathlib import Path


SLOW = "first batch"
"""A batch behind another is written in the same way."""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes cannot be forked here")
@pytest.mark.parametrize(
    "writer", [pytest.param(one, marks=[pytest.mark.slow] * (one == SLOW)) for one in WRITERS]
)
def test_what_was_there_or_what_is_new_is_left_and_never_half(writer: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "dying_writers", writer, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) >= 20  # moments
