"""Check a whole notebook of one's own from the terminal."""

from __future__ import annotations

import linecache
import sys
from pathlib import Path
from typing import Any
from unittest import mock

import autograder
from autograder.results import ExerciseResult
from autograder.selfcheck.live import assess_answers, exercises
from autograder.submission import Unreadable, read_submission


def check_notebook(path: Path, names: list[str]) -> list[ExerciseResult]:
    """Run the notebook's cells in this process and check what they define.

    A cell that fails is reported on the terminal, and the next one runs.

    Args:
        path: The notebook.
        names: Exercises to check; all that the notebook defines if empty.

    Raises:
        ValueError: If the notebook cannot be read, or defines none of the exercises.
    """
    submission = read_submission(path, path.parent.name, path.stem)
    if isinstance(submission, Unreadable):
        raise ValueError(submission.message)
    # The notebook's own check cells would answer twice.
    with mock.patch.object(autograder, "check", return_value=None):
        namespace = _run(submission.cells)
    absent = [name for name in names if name in exercises() and name not in namespace]
    if absent:
        raise ValueError(f"{path} does not define {', '.join(absent)}")
    return assess_answers(namespace, names)


def _run(cells: list[str]) -> dict[str, Any]:
    from IPython.core.inputtransformer2 import TransformerManager

    transform = TransformerManager().transform_cell
    namespace: dict[str, Any] = {"__name__": "__main__", "get_ipython": _NoShell}
    for number, cell in enumerate(cells, start=1):
        name, source = f"<cell {number}>", transform(cell)
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        try:
            exec(compile(source, name, "exec"), namespace)  # noqa: S102 - one's own notebook
        except Exception as error:  # noqa: BLE001 - whatever a cell of one's own does wrong
            print(f"code cell {number}: {type(error).__name__}: {error}", file=sys.stderr)
    return namespace


class _NoShell:
    """Stands in for IPython's shell: magics and shell commands do nothing."""

    def __getattr__(self, name: str) -> Any:
        return lambda *args, **kwargs: None
