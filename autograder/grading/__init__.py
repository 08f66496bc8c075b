"""Grading: from a folder of notebooks to results, each notebook in isolation.

Nothing is imported here: a lane needs torch and no database, the process that hands out
notebooks needs a database and no torch, and each import costs as much as many notebooks.
"""
