"""Small models of our own: their pictures, their training, their weights."""
