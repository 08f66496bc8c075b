"""Finding the notebooks of a class, and saying what else lies in its folder."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from autograder.plain_text import printable

EXPORTS = {".py", ".html", ".htm", ".md", ".txt", ".json", ".pdf", ".zip"}
"""What is handed in in place of the notebook; reading it tells the learner what to do."""

SYSTEM = (".", "__MACOSX")
"""How the names begin of what file browsers and Jupyter leave behind."""

TIME_STAMP = "timestamp.txt"
"""Says when the notebooks beside it were handed in; see `autograder.submission.arrival`."""


@dataclass(frozen=True)
class SubmissionFile:
    """Where one learner's answer to one sheet lies."""

    learner: str
    stem: str
    path: Path


@dataclass
class ClassFolder:
    """What a class handed in.

    Attributes:
        files: One for each learner and sheet, sorted.
        notes: What was not taken and why, a sentence each.
    """

    files: list[SubmissionFile] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def find_submissions(root: Path, stems: Collection[str]) -> ClassFolder:
    """Find ``root/<learner>/<stem>.ipynb`` for the sheets in ``stems``.

    Letter case, spaces around the name and the way in which accents are written make no difference;
    a link that leaves its learner's folder is refused.

    Raises:
        NotADirectoryError: If ``root`` is not a folder.
    """
    if not root.is_dir():
        raise NotADirectoryError(f"{root} is not a folder of submissions")
    found = ClassFolder()
    for entry in _visible(root):
        problem = _why_not_a_learner(entry, root)
        if problem:
            found.notes.append(f"{printable(entry.name)}: {problem}")
        else:
            _add_learner(found, entry, stems)
    _note_names_alike(found)
    return found


def _add_learner(found: ClassFolder, folder: Path, stems: Collection[str]) -> None:
    """Add what one learner handed in."""
    shown = printable(folder.name)
    try:
        entries = sorted(_visible(folder), key=lambda entry: _preference(entry, stems))
    except OSError as error:
        found.notes.append(f"{shown}: cannot be read ({error.strerror}). chmod u+rx it.")
        return
    taken: dict[str, Path] = {}
    for entry in entries:
        stem = _stem_of(entry, stems)
        problem = _why_not_taken(entry, stem, folder, stems, taken)
        if problem:
            found.notes.append(f"{shown}/{printable(entry.name)}: {problem}")
        elif stem is not None:
            taken[stem] = entry
    if not taken:
        found.notes.append(
            f"{shown}: no notebook to grade in this folder. Put {_names(stems)} there."
        )
    found.files += [SubmissionFile(folder.name, stem, taken[stem]) for stem in sorted(taken)]


def _why_not_taken(
    entry: Path,
    stem: str | None,
    folder: Path,
    stems: Collection[str],
    taken: Mapping[str, Path],
) -> str:
    """Return why ``entry`` is not graded as the sheet ``stem``, and what to do; empty if it is."""
    if stem is None:
        return f"not graded. {_expected(entry, stems)}"
    if stem in taken:
        used = printable(taken[stem].name)
        return f"not graded, {used} was taken. Delete the one that does not count."
    if not _stays_inside(entry, folder):
        return "refused, a link that leaves the learner's folder. Put the notebook itself there."
    return ""


def _visible(folder: Path) -> Iterator[Path]:
    """Yield what a person put into ``folder``, sorted; what systems leave there is passed over."""
    names = (entry for entry in sorted(folder.iterdir()) if entry.name != TIME_STAMP)
    return (entry for entry in names if not entry.name.startswith(SYSTEM))


def _why_not_a_learner(entry: Path, root: Path) -> str:
    if not _stays_inside(entry, root):
        return "refused, a link that leaves the folder of submissions. Put the folder itself there."
    if not entry.is_dir():
        return "not graded. Put it into a folder that bears the learner's name."
    try:
        entry.name.encode("utf-8")
    except UnicodeEncodeError:
        return "not graded, the folder's name is not UTF-8. Rename the folder."
    return ""


def _stem_of(entry: Path, stems: Collection[str]) -> str | None:
    """Return the sheet that ``entry`` answers, judged by its name alone."""
    if entry.suffix.strip().lower() not in {".ipynb", *EXPORTS}:
        return None
    bare = entry.name
    while Path(bare).suffix.strip().lower() in {".ipynb", *EXPORTS}:  # attention.ipynb.txt
        bare = Path(bare).stem
    name = _folded(bare)
    return next((stem for stem in stems if _folded(stem) == name), None)


def _preference(entry: Path, stems: Collection[str]) -> tuple[bool, bool, str]:
    """Sort the exact name first, then other spellings of it, then exports."""
    exact = entry.name in {f"{stem}.ipynb" for stem in stems}
    return not exact, entry.suffix.strip().lower() != ".ipynb", entry.name


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name).strip().casefold()


def _expected(entry: Path, stems: Collection[str]) -> str:
    if entry.is_dir():
        return "Folders inside a learner's folder are not searched. Move its notebooks up."
    return f"Rename it if it is one of {_names(stems)}."


def _names(stems: Collection[str]) -> str:
    return ", ".join(f"{stem}.ipynb" for stem in sorted(stems))


def _stays_inside(entry: Path, folder: Path) -> bool:
    """Tell whether ``entry``, with its links followed, is under ``folder``."""
    try:
        return entry.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError):  # a link that leads to itself
        return False


def _note_names_alike(found: ClassFolder) -> None:
    first: dict[str, str] = {}
    for learner in dict.fromkeys(file.learner for file in found.files):
        other = first.setdefault(_folded(learner), learner)
        if other != learner:
            found.notes.append(
                f"{printable(learner)} and {printable(other)}: names that look alike; "
                "they are graded as two learners. "
                "If they are one, put the notebooks into one folder."
            )
