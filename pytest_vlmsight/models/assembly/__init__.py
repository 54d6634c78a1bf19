"""Parts a vision-language model is assembled from, read from files of other formats."""
