"""What the plugin costs a pytest run that does not use it.

``python benchmarks/idle.py`` starts fresh interpreters that have loaded pytest, imports the plugin
and registers its options, and prints the median of each in milliseconds, with the modules that
came along.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile

RUNS = 21

MEASURED = """
import json, sys, time
import pytest
from _pytest.config import get_config
config = get_config()
before = set(sys.modules)
start = time.perf_counter()
import pytest_vlmsight.plugin as plugin
imported = time.perf_counter()
plugin.pytest_addoption(config._parser)
done = time.perf_counter()
print(json.dumps({
    "import_ms": 1e3 * (imported - start),
    "options_ms": 1e3 * (done - imported),
    "modules": sorted(set(sys.modules) - before),
}))
"""


def measure() -> dict[str, object]:
    """Medians of RUNS fresh interpreters, bytecode cached as after an installation."""
    with tempfile.TemporaryDirectory() as cache:
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": cache}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        runs = [
            json.loads(
                subprocess.run(
                    [sys.executable, "-c", MEASURED],
                    check=True,
                    capture_output=True,
                    text=True,
                    env=environment,
                ).stdout
            )
            for _ in range(RUNS + 1)
        ][1:]
    return {
        "import_ms": round(statistics.median(run["import_ms"] for run in runs), 2),
        "options_ms": round(statistics.median(run["options_ms"] for run in runs), 2),
        "modules": runs[0]["modules"],
    }


if __name__ == "__main__":
    print(json.dumps(measure(), indent=2))
