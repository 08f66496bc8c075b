"""From ``solutions/<stem>.md`` to the learner's notebook ``book/exercises/<stem>.ipynb``.

The same source gives the same bytes on every run and every machine.
"""

from autograder.release.sheet import ReleaseError, release
from autograder.release.solved import solution_cells
from autograder.release.tree import Change, compare, stems, write

__all__ = ["Change", "ReleaseError", "compare", "release", "solution_cells", "stems", "write"]
