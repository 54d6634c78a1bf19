"""Packages that not everyone needs, and the extras of this package that install them."""

from __future__ import annotations

import importlib.util

from .base import ModelError

EXTRAS = {
    "vision": ("torchvision", "timm", "num2words"),
    "peft": ("peft",),
    "diagnose": ("peft",),
    "quantised": ("bitsandbytes", "accelerate"),
    "accelerate": ("accelerate",),
    "report": ("jinja2",),
}


def lacking(extra: str) -> list[str]:
    """Packages of an extra that are not installed."""
    return [package for package in EXTRAS[extra] if not _installed(package)]


def require(extra: str, *, what: str) -> None:
    """Make sure that the packages of an extra are installed.

    Raises:
        ModelError: one is not; the message says what needs it and how to install it.
    """
    if packages := lacking(extra):
        raise ModelError(f"{what} needs {advice(extra, packages)}")


def advice(extra: str, packages: list[str]) -> str:
    """What is missing, and how to install it."""
    return f"{' and '.join(packages)}: pip install 'pytest-vlmsight[{extra}]'"


def advice_on(text: str) -> str | None:
    """The same for the packages that an error names; None where it names none that is missing."""
    for extra in EXTRAS:
        packages = [package for package in lacking(extra) if package in text.lower()]
        if packages:
            return advice(extra, packages)
    return None


def _installed(package: str) -> bool:
    return importlib.util.find_spec(package) is not None
