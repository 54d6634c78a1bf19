"""Under xdist: a model's cases stay together, so that it is loaded by one worker only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pytest


def model_scheduling(config: pytest.Config, log: Any) -> Any:
    """A LoadScopeScheduling whose scope is ``vlmsight::MODEL``; other tests as ever."""
    from xdist.scheduler import LoadScopeScheduling

    class ModelScheduling(LoadScopeScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            parts = nodeid.split("::")
            if parts[0] == "vlmsight":
                return "::".join(parts[:2])
            scope: str = super()._split_scope(nodeid)
            return scope

    return ModelScheduling(config, log)
