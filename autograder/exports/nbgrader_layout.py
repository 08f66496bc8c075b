"""Reading what nbgrader collected: ``submitted/<learner>/<assignment>/<notebook>.ipynb``.

nbgrader's documentation, "Philosophy", section "Student version and submitted version of an
assignment", https://nbgrader.readthedocs.io/en/stable/user_guide/philosophy.html. The file
``timestamp.txt`` beside a notebook says when it was handed in.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from autograder.files import replace_file
from autograder.plain_text import printable

MOST_BYTES = 20 * 2**20
TIMESTAMP = "timestamp.txt"


@dataclass
class Taken:
    """What was copied, and what was not and why, a sentence each."""

    notebooks: int = 0
    notes: list[str] = field(default_factory=list)


def take_from_nbgrader(
    submitted: Path, out: Path, stems: Collection[str], assignment: str = ""
) -> Taken:
    """Copy the notebooks of sheets to ``out/<learner>/<stem>.ipynb``, ready to be graded.

    A copy bears the time at which it was handed in. Nothing but plain files is read.

    Args:
        submitted: nbgrader's folder of submissions.
        out: The folder of the class.
        stems: The sheets.
        assignment: Take from this assignment only; from all if empty.
    """
    taken = Taken()
    for learner in sorted(path for path in submitted.iterdir() if _is_folder(path)):
        for folder in sorted(path for path in learner.iterdir() if _is_folder(path)):
            if folder.name == assignment or not assignment:
                _take(folder, out / learner.name, stems, taken)
    if not taken.notebooks:
        taken.notes.append(
            f"no notebook of a sheet in {submitted}: it must hold <learner>/<assignment>/"
            f"<sheet>.ipynb, and the sheets are {', '.join(sorted(stems))}"
        )
    return taken


def _take(folder: Path, out: Path, stems: Collection[str], taken: Taken) -> None:
    moment, note = _handed_in(folder / TIMESTAMP)
    where = f"{printable(folder.parent.name)}/{printable(folder.name)}"
    if note:
        taken.notes.append(f"{where}/{TIMESTAMP}: {note}")
    for notebook in sorted(folder.glob("*.ipynb")):
        if notebook.stem not in stems:
            taken.notes.append(f"{where}/{printable(notebook.name)}: not a sheet, not taken")
        elif notebook.is_symlink() or not notebook.is_file():
            taken.notes.append(f"{where}/{printable(notebook.name)}: a link or no file, not taken")
        elif notebook.stat().st_size > MOST_BYTES:
            taken.notes.append(f"{where}/{printable(notebook.name)}: over 20 MB, not taken")
        else:
            target = out / notebook.name
            if target.exists() and target.read_bytes() != notebook.read_bytes():
                taken.notes.append(f"{where}/{printable(notebook.name)}: written over another one")
            replace_file(target, notebook.read_bytes())
            stamp = notebook.stat().st_mtime if moment is None else moment.timestamp()
            os.utime(target, (stamp, stamp))
            taken.notebooks += 1


def _handed_in(path: Path) -> tuple[dt.datetime | None, str]:
    """Return the moment in ``timestamp.txt``, and what is wrong with the file if it has none.

    nbgrader writes ``2026-02-02 15:58:23.948203 UTC``; another time zone stands there as an
    abbreviation, which does not tell the moment.
    """
    if not path.exists():
        return None, ""
    try:
        text = path.read_text("utf-8")[:100].strip()
        head, _, zone = text.rpartition(" ")
        if zone in {"UTC", "GMT", "Z"}:
            return dt.datetime.fromisoformat(head).replace(tzinfo=dt.UTC), ""
        moment = dt.datetime.fromisoformat(text)
    except (OSError, ValueError):
        return None, "no moment that can be read; the file's own time is used"
    return moment.replace(tzinfo=moment.tzinfo or dt.UTC), ""


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink() and not path.name.startswith(".")
