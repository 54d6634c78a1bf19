"""Runs on disk: what was measured and judged, of what, with what and how."""
