"""The packages that public data sets are read with: the extra ``study``."""

from __future__ import annotations

import importlib.util

from .errors import StudyError

PACKAGES = {"pyarrow": "pyarrow", "huggingface_hub": "huggingface-hub"}
"""What is imported → what is installed."""


def require(*modules: str, what: str) -> None:
    """Be sure that packages are installed.

    Args:
        modules: of ``PACKAGES``.
        what: what needs them, for the error.

    Raises:
        StudyError: one is not; the message says how to install it.
    """
    lacking = [PACKAGES[name] for name in modules if importlib.util.find_spec(name) is None]
    if lacking:
        raise StudyError(
            f"{what} needs {' and '.join(lacking)}: pip install 'pytest-vlmsight[study]'"
        )
