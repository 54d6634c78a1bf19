"""Does a vision-language model use what its own vision encoder sees?"""

from __future__ import annotations

__version__ = "0.1.0"
__all__ = ["__version__"]
