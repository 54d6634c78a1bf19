"""Models that a conftest.py brings along: the hook ``pytest_vlmsight_models``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .base import ModelError
from .names import ModelName

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pytest

    from .base import Vlm

_PARTS = ("name", "fed_from", "provenance", "ask", "look", "close")


def own_models(config: pytest.Config) -> Mapping[str, Callable[[], Vlm]]:
    """Names and loaders of all conftest files and plugins; of two alike the nearer one's."""
    found: dict[str, Callable[[], Vlm]] = {}
    for models in reversed(config.hook.pytest_vlmsight_models(config=config)):
        found |= models
    return found


def own_name(name: str) -> ModelName:
    """The name of a model that a conftest.py brings along."""
    return ModelName(shown=name, source="conftest.py", revision=None, local=True)


def load_own(name: str, load: Callable[[], Vlm]) -> Vlm:
    """Load one.

    Raises:
        ModelError: its loader fails, or what it returns lacks something that is asked of a model.
    """
    try:
        vlm = load()
    except ModelError:
        raise
    except Exception as error:
        raise ModelError(f"{name}: its loader failed: {type(error).__name__}: {error}") from error
    missing = [part for part in _PARTS if not hasattr(vlm, part)]
    if missing:
        raise ModelError(
            f"{name}: its loader returned {type(vlm).__name__}, which has no "
            f"{', '.join(missing)}; see docs/models.md, an adapter of your own"
        )
    return vlm
