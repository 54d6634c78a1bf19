"""Tasks of public data sets: those of the study, and others that ask the same.

``catalogue.py`` names the tasks and ``data_sets.py`` the data sets; each loader is a module that
is imported, and whose data set is read or downloaded, when a case of it runs. A loader trusts
nothing that it reads: what is not as expected is told by file, row and column. docs/study.md has
the layouts and what was never tried on the real files.
"""
