"""The commands of ``vlmsight``, a module for each group."""
