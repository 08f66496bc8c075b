"""What grading one notebook yields: its result, and what the class is compared by."""

from __future__ import annotations

import msgspec

from autograder.results import SubmissionResult, Unexplained


class Graded(msgspec.Struct, frozen=True, kw_only=True):
    """One graded notebook, as a lane sends it and the journal keeps it.

    Attributes:
        unexplained: Wrong answers that no known mistake explains.
        fingerprints: For each exercise, marks of its text; see `autograder.similarity`.
    """

    result: SubmissionResult
    unexplained: list[Unexplained] = []
    fingerprints: dict[str, list[int]] = {}
