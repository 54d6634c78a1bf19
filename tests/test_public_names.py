"""What `import pytest_vlmsight` offers, and that it costs nothing until used."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from tiny_packs import write_pack
from tiny_vlms import build

import pytest_vlmsight

if TYPE_CHECKING:
    from pathlib import Path


def test_every_public_name_resolves() -> None:
    for name in pytest_vlmsight.__all__:
        assert getattr(pytest_vlmsight, name) is not None


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'evaluat'"):
        pytest_vlmsight.evaluat  # noqa: B018


def test_importing_the_package_imports_nothing_heavy() -> None:
    code = (
        "import sys; import pytest_vlmsight; "
        "print({'torch', 'numpy', 'scipy', 'transformers', 'dataclasses'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "set()"


def test_the_notebook_example_works(tmp_path: Path) -> None:
    vlm = pytest_vlmsight.load_vlm(str(build(tmp_path / "oracle", "oracle")))
    task = pytest_vlmsight.load_task(str(write_pack(tmp_path / "pack", n=40)))
    settings = pytest_vlmsight.Settings()
    evaluation = pytest_vlmsight.evaluate(vlm, task, settings=settings)
    verdicts = pytest_vlmsight.judge(evaluation)
    assert {gate: one.outcome.value for gate, one in verdicts.items()} == {
        "ceiling": "PASS",
        "blind": "PASS",
    }
