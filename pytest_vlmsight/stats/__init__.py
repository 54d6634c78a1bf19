"""The statistics of the gates: pure functions on numbers and numpy arrays.

Nothing here knows what an item, a model or a gate is, so every function can be checked against
published examples and by simulation. scipy costs most of a second to import and is therefore
imported inside the functions that need it, in all modules of this package.

Where to look:
    paired: one decision per item, right or wrong, for both of two answerers.
    contrast: scores averaged over rotations, and linear contrasts of them.
    proportion: one answerer alone, against chance.
    sequential: evidence that may be looked at after every item.
    power: what can be shown with n items.
    agreement: how alike two sets of answers are.
"""
