"""Tasks: named, versioned sources of multiple-choice items about images.

They know nothing of models.
"""
