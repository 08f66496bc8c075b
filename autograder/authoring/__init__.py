"""Starting a new stem: every file that it needs, each saying what is to be filled in."""

from autograder.authoring.stem import AuthoringError, left_to_fill, new

__all__ = ["AuthoringError", "left_to_fill", "new"]
