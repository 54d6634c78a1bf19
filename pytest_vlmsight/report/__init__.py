"""What a run shows: the terminal's lines, the properties of its cases, and its HTML report."""
