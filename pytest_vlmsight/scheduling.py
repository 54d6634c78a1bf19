"""Under xdist: a model's cases and the tests that use it stay together, so that it loads once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest


def model_scheduling(config: pytest.Config, log: Any, *, models: Sequence[str]) -> Any:
    """A LoadScopeScheduling whose scope is ``vlmsight::MODEL``; other tests as ever.

    Args:
        config: of the run.
        log: of xdist.
        models: as shown; a test whose parameters name one of them is of its scope.
    """
    from xdist.scheduler import LoadScopeScheduling

    class ModelScheduling(LoadScopeScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            parts = nodeid.split("::")
            if parts[0] == "vlmsight":
                return "::".join(parts[:2])
            given = f"-{nodeid.rpartition('[')[2].removesuffix(']')}-"
            for model in sorted(models, key=len, reverse=True):
                if nodeid.endswith("]") and f"-{model}-" in given:
                    return f"vlmsight::{model}"
            scope: str = super()._split_scope(nodeid)
            return scope

    return ModelScheduling(config, log)
