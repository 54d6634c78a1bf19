"""What is wrong with a record, and where."""

from __future__ import annotations


class RecordError(ValueError):
    """A record that cannot be read, written or used; the message says what to do."""
