"""The commands of ``vlmsight``, a module each, loaded by all of them: heavy imports stay inside.

A module has ``add(commands)``, which describes the command and sets ``run``, the function that gets
the parsed arguments and returns an exit status (None is 0). What a user did wrong is raised as
ValueError, OSError, ImportError or RuntimeError: ``cli.main`` tells it in one line.
"""
