"""What the tiny checkpoints of ``tiny_families`` are made of, a module per kind of family."""
