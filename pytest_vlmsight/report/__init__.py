"""What a run shows: the terminal's header and summary, and the properties of its cases."""
