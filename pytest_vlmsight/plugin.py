"""What every pytest run loads: the options, the fixtures, and nothing heavy.

Only with ``--vlm`` (or ``vlm`` in the ini file) is anything else imported. Idle, the plugin costs
under two milliseconds and touches no file, no environment variable and no network.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    import pytest


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Make known to pytest what a conftest.py may tell the plugin, and the fixtures."""
    from . import fixtures, hooks

    pluginmanager.add_hookspecs(hooks)
    fixtures.register(pluginmanager)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Register ``--vlm-*`` and their ini twins."""
    from .options import OPTIONS

    group = parser.getgroup("vlmsight", "sight gates of vision-language models")
    for option in OPTIONS:
        metavar = "NAME" if not option.name else option.name.upper().replace("-", "_")
        how: dict[str, Any] = {"action": "append" if option.many else "store", "metavar": metavar}
        if option.bare and option.valued:
            how |= {"nargs": "?", "const": "true"}
        elif option.bare:
            how = {"action": "store_const", "const": "true"}
        group.addoption(option.flag, dest=option.dest, default=None, help=option.help, **how)
        parser.addini(option.dest, option.help, type=option.ini_type, default=None)  # type: ignore[arg-type]
    parser.addini(
        "vlm_gates",
        "gate settings of single tasks, a line each: "
        "TASK margin=… recovery=… min_gain=… alpha=… drop=…",
        type="linelist",
        default=[],
    )


def pytest_configure(config: pytest.Config) -> None:
    """Start the suite where a model is named."""
    from . import fixtures

    config.addinivalue_line("markers", fixtures.MARKER)
    if config.getoption("vlm") or config.getini("vlm"):
        from .activation import activate

        activate(config)
    else:
        fixtures.parametrise(config)
