"""Models: what a VLM must answer, and the adapter that makes transformers' models answer it."""
