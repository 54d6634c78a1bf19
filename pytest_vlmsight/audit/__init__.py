"""Audits: what a task gives away to somebody who does not look.

Each shortcut is a way to choose an option without what the task asks for: the commonest answer,
places, colours, the look of markers, words. Their accuracies are measured on a task's own items.
"""
