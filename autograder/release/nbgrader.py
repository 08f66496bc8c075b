"""What nbgrader must know of a cell, so that a hub running it can hand a sheet out and collect it.

nbgrader's documentation, "The nbgrader metadata format",
https://nbgrader.readthedocs.io/en/stable/contributor_guide/metadata.html, version 3.

An exercise's cell is a *manually graded answer* with the exercise's points: nbgrader shows it and
its number of points, and never gives any of its own. Marks come from `autograder grade`; a check
cell run by nbgrader would run in the learner's process, and one that raises nothing earns full
marks. A check cell is *read-only*: nbgrader puts the original back before anything is run. An
answer that no check looks at (the transfer task) is one to fill in, without points.
"""

from __future__ import annotations

import ast
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

SCHEMA = 3
CHECK = re.compile(r"^check\((\w+)\)\s*$", re.MULTILINE)


def exercise_points(stem: str, root: Path) -> dict[str, float]:
    """Return what each exercise of a sheet is worth: the sum of its checks' points.

    The check file is read, not run: ``@check("causal_mask", points=1)``.
    """
    path = root / "autograder" / "checks" / f"test_{stem}.py"
    points: defaultdict[str, float] = defaultdict(float)
    if path.is_file():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "check" and node.args:
                given = {word.arg: ast.literal_eval(word.value) for word in node.keywords}
                points[ast.literal_eval(node.args[0])] += given["points"]
    return dict(points)


class NbgraderCells:
    """Makes the metadata of a sheet's code cells, one after another.

    Args:
        checked: The exercises that the sheet's cells check.
        points: What each exercise is worth.
    """

    def __init__(self, checked: Collection[str], points: Mapping[str, float]) -> None:
        self._checked, self._points = checked, points
        self._taken: Counter[str] = Counter()

    def metadata_of(self, source: str, *, has_solution: bool) -> dict[str, Any]:
        """Return the metadata of a cell; nothing for one that is none of nbgrader's business.

        Args:
            source: What the cell says, without its solution.
            has_solution: Whether a learner has something to write in it.
        """
        defined, names = _defined(source), CHECK.findall(source)
        answered = next((name for name in defined if name in self._checked), None)
        settings: dict[str, Any] = {"grade": False, "solution": has_solution, "locked": False}
        if has_solution and answered:
            worth = self._points.get(answered, 0.0)
            settings["grade"], settings["grade_id"] = True, self._unique(answered)
            settings["points"] = int(worth) if worth == int(worth) else worth
        elif has_solution:
            settings["grade_id"] = self._unique("-".join(["answer", *defined]))
        elif names:
            settings["locked"] = True
            settings["grade_id"] = self._unique("-".join(["check", *names]))
        else:
            return {}
        settings |= {"schema_version": SCHEMA, "cell_type": "code", "task": False}
        return {"nbgrader": settings}

    def _unique(self, name: str) -> str:
        """Return ``name``, with a number from its second use on."""
        self._taken[name] += 1
        return name if self._taken[name] == 1 else f"{name}-{self._taken[name]}"


def _defined(source: str) -> list[str]:
    """Return the functions and classes that a cell defines; none of a cell with magics in it."""
    try:
        body = ast.parse(source).body
    except SyntaxError:
        return []
    return [node.name for node in body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
