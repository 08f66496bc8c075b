"""From ``solutions/<stem>.md`` to the learner's notebook ``book/exercises/<stem>.ipynb``.

The same source gives the same bytes on every run and every machine.
"""

from autograder.release.sheet import ReleaseError, nbgrader_source, release
from autograder.release.tree import Change, compare, stems, write

__all__ = [
    "Change",
    "ReleaseError",
    "compare",
    "nbgrader_source",
    "release",
    "stems",
    "write",
]
