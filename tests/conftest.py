"""What all tests share."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("vlmsight", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("vlmsight")

# pytest prints more where it finds these: runs within tests look the same everywhere.
for variable in ("CI", "BUILD_NUMBER", "GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"):
    os.environ.pop(variable, None)


def pytest_configure(config: pytest.Config) -> None:
    """One thread for the small models of the tests: two on shared cores wait for each other.

    Set before torch is imported and inherited by the processes that tests start. Not for
    ``pytest --vlm=…`` and ``pytest -m real_weights``, whose models are large ones.
    """
    if not config.getoption("vlm") and config.getoption("markexpr") != "real_weights":
        os.environ["OMP_NUM_THREADS"] = "1"
    # Pictures that tests render are nobody's to keep; processes that tests start share the folder.
    cache = tempfile.TemporaryDirectory(prefix="vlmsight-tests-", ignore_cleanup_errors=True)
    os.environ["VLMSIGHT_CACHE"] = cache.name
    config.add_cleanup(cache.cleanup)


pytest_plugins = [
    "pytester",
    "task_fixtures",
    "model_fixtures",
    "plugin_fixtures",
    "study_fixtures",
]


@pytest.fixture(scope="session")
def packs() -> Path:
    """The folder of the real-image task folders."""
    default = Path(__file__).parents[2] / "shared" / "data" / "packs"
    folder = Path(os.environ.get("VLMSIGHT_PACKS", default))
    if not folder.is_dir():
        pytest.skip(f"no real-image task folders at {folder}: set VLMSIGHT_PACKS")
    return folder
