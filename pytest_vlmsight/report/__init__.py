"""What a run shows: the terminal's summary."""
