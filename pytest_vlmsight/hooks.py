"""What a conftest.py may tell the plugin. Loaded by every pytest run, so it imports nothing."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pytest

    from .models.base import Vlm
    from .tasks.generated import Canvas
    from .tasks.item import Task


def pytest_vlmsight_models(config: pytest.Config) -> Mapping[str, Callable[[], Vlm]]:  # type: ignore[empty-body]
    """Models of your own: what is typed after ``--vlm`` → what loads it.

    A loader is called once, when the first case of its model is set up, and returns an object
    with what ``pytest_vlmsight.models.base.Vlm`` says. These names come before all others.
    """


def pytest_vlmsight_tasks(config: pytest.Config) -> Mapping[str, Callable[[Canvas], Task]]:  # type: ignore[empty-body]
    """Tasks of your own: what is typed after ``--vlm-tasks`` → what makes the task.

    It is called where its task is asked for, with a canvas: the ``size`` of pictures, ``markers``
    to draw with and the ``cache`` folder of the run. The task it returns has the same name. A name
    comes before a task folder of that name, and may not be that of a built-in task or of another
    conftest.py. Without ``--vlm-tasks`` the built-in tasks are run, and none of these.
    """
