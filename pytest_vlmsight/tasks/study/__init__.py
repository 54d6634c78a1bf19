"""Tasks of the study on public datasets."""
