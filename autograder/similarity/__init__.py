"""Answers that are more alike than the sheet explains: questions for a person, never a mark.

Covered: answers copied and then renamed, reformatted or commented anew, and whole passages
moved into another answer. Not covered: an answer rewritten statement by statement, an idea
without its text, a short answer that everybody writes alike, and a text that more of a class
share than `autograder.similarity.pairs.most_holders` says: it counts as common knowledge.
"""

from autograder.similarity.fingerprinting import fingerprints
from autograder.similarity.pairs import similar

__all__ = ["fingerprints", "similar"]
