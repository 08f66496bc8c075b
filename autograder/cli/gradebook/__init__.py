"""``autograder gradebook``: read a gradebook, and set what people decide."""

from autograder.cli.gradebook import deciding, showing
from autograder.cli.gradebook.opening import gradebook

__all__ = ["deciding", "gradebook", "showing"]
