"""What a conftest.py may tell the plugin. Loaded by every pytest run, so it imports nothing."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pytest

    from .models.base import Vlm


def pytest_vlmsight_models(config: pytest.Config) -> Mapping[str, Callable[[], Vlm]]:  # type: ignore[empty-body]
    """Models of your own: what is typed after ``--vlm`` → what loads it.

    A loader is called once, when the first case of its model is set up, and returns an object
    with what ``pytest_vlmsight.models.base.Vlm`` says. These names come before all others.
    """
