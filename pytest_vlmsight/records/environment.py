"""What a run was made with: Python, packages, devices, and the commit of the working directory."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from importlib import metadata
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

PACKAGES = (
    "pytest-vlmsight",
    "accelerate",
    "bitsandbytes",
    "numpy",
    "peft",
    "pillow",
    "pytest",
    "safetensors",
    "scipy",
    "timm",
    "tokenizers",
    "torch",
    "torchvision",
    "transformers",
)
"""Whatever can change an answer or a figure."""

_PATIENCE = 10.0  # seconds; git asks nobody and goes nowhere


def environment(folder: Path) -> dict[str, Any]:
    """Plain values by name.

    Args:
        folder: whose commit is told.
    """
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "gpus": _gpus(),
        "packages": {name: version for name in PACKAGES if (version := _version(name))},
        "git": _git(folder),
    }


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _gpus() -> list[str]:
    """Names of the GPUs that torch sees, where it was loaded at all."""
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_available():
        return []
    return [str(torch.cuda.get_device_name(n)) for n in range(torch.cuda.device_count())]


def _git(folder: Path) -> dict[str, Any] | None:
    """Commit, and whether tracked files differ from it; None outside of a repository."""
    commit = _told(folder, "rev-parse", "HEAD")
    if commit is None:
        return None
    changes = _told(folder, "status", "--porcelain", "--untracked-files=no")
    return {"commit": commit.strip(), "changed": None if changes is None else bool(changes)}


def _told(folder: Path, *words: str) -> str | None:
    try:
        done = subprocess.run(  # noqa: S603 - words of this module
            ["git", *words],  # noqa: S607 - the user's own git
            cwd=folder,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_PATIENCE,
            check=True,
            # It neither takes locks nor asks for a password.
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"},
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout
