"""Why an exercise could not be graded: the file, the code cell, what is wrong and what to do."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import msgspec

from autograder.plain_text import plain_text, what_was_raised
from autograder.results import ExerciseResult, ExerciseStatus
from autograder.submission.names import defined_names

RUN_ALL = (
    "Restart the kernel, run all cells (Kernel, Restart Kernel and Run All Cells), correct this "
    "one and hand in again."
)
REMEDIES = {
    "SyntaxError": "Correct that line, run the cell and hand in again.",
    "NameError": (
        "Define or import that name in a cell above; Kernel, Restart Kernel and Run All Cells "
        "shows what is missing. Then hand in again."
    ),
    "ImportError": (
        "Use torch, numpy and Python's own library: nothing else is there while an exercise is "
        "graded. Then hand in again."
    ),
    "OSError": (
        "Do not read or write files: no file of yours is there while an exercise is graded. "
        "Put what you need into the cell and hand in again."
    ),
    "NotImplementedError": "Replace the stub with your answer, run the cell and hand in again.",
    "TooLarge": "Shorten the cell (data or output pasted into it?) and hand in again.",
    "timeout": "Find what takes so long (a loop without an end?), correct it and hand in again.",
    "crashed": "Remove what ends the process or fills its memory, and hand in again.",
}
ALIKE = {
    "IndentationError": "SyntaxError",
    "TabError": "SyntaxError",
    "UnboundLocalError": "NameError",
    "ModuleNotFoundError": "ImportError",
    "FileNotFoundError": "OSError",
    "PermissionError": "OSError",
    "SystemExit": "crashed",
    "KeyboardInterrupt": "crashed",
    "MemoryError": "crashed",
}
NOT_RUN_HERE = re.compile(r"\s*%%(?!time\b|capture\b)(\w+)")
"""A cell magic whose body is no part of the notebook's program."""

KINDS = {
    ExerciseStatus.MISSING: "NotImplementedError",
    ExerciseStatus.TIMEOUT: "timeout",
    ExerciseStatus.CRASHED: "crashed",
}
CLOSE = 0.8
MOST_SAID = 1000


@dataclass(frozen=True)
class Place:
    """Where an answer should be: the file as messages call it, and its code cells in order."""

    file: str
    cells: Sequence[str]


def cell_failed(place: Place, cell: int, kind: str, message: str) -> str:
    """Return what is said when code cell ``cell``, counted from 1, raised or was ended.

    Args:
        place: The notebook.
        cell: Its place among the code cells.
        kind: Name of the exception, or ``timeout`` or ``crashed``.
        message: The exception's message, or why the process was ended.
    """
    return f"{place.file}, code cell {cell}: {_sentence(f'{kind}: {message}')} {_remedy(kind)}"


def answer_failed(place: Place, exercise: str, kind: str, message: str) -> str:
    """Return what is said when the function is there and could not be called to an end.

    Args:
        place: The notebook.
        exercise: The function's name.
        kind: Name of the exception, or ``timeout`` or ``crashed``.
        message: What happened, in words.
    """
    return f"{_last_cell(place, exercise)}: {_sentence(message)} {_remedy(kind)}"


def advised(result: ExerciseResult, place: Place) -> ExerciseResult:
    """Return a result with its message completed, if the answer could not be called to an end.

    The text of an error stays with the checks in which it was raised: it may repeat the inputs
    that they drew, and this message is for the learner.
    """
    if result.status is ExerciseStatus.ERROR:
        kind = result.message.partition(":")[0]
        happened = what_was_raised(result.message)
    elif result.status in KINDS:
        kind, happened = KINDS[result.status], result.message
    else:
        return result
    said = answer_failed(place, result.name, kind, happened)
    return msgspec.structs.replace(result, message=plain_text(said))


def not_a_function(place: Place, exercise: str) -> str:
    """Return what is said when the name stands for a value."""
    return (
        f"{_last_cell(place, exercise)}: {exercise} is a value in this notebook, not a function. "
        "Give the value another name, so that the function keeps its own, and hand in again."
    )


def nothing_defined(place: Place, exercise: str, others: Collection[str] = ()) -> str:
    """Return what is said when no cell defines the name, with the likely reason if there is one.

    Args:
        place: The notebook.
        exercise: The function's name.
        others: The sheet's other functions: none of them is a misspelling of this one.
    """
    start = f"{place.file}: the notebook defines no {exercise}."
    for number, source in enumerate(place.cells, start=1):
        if reason := _why_not_here(source, exercise, others):
            return f"{start} Code cell {number} {reason}, and hand in again."
    return f"{start} Write it into the sheet's cell, under exactly this name, and hand in again."


def _why_not_here(source: str, exercise: str, others: Collection[str]) -> str:
    """Return why a cell that seems to define the name does not; empty if it does not seem to."""
    definition = rf"^([ \t]*#[ \t]*|[ \t]+)?(?:async )?(?:def|class) {exercise}\b"
    found = re.search(definition, source, re.MULTILINE)
    magic = NOT_RUN_HERE.match(source)
    if found and magic:
        return f"begins with %%{magic[1]}, which does not run it here: remove that line"
    if found and "#" in (found[1] or ""):
        return f"has {exercise} in a comment: remove the #"
    if found and found[1]:
        return f"defines {exercise} inside something else: move it to the left margin"
    if re.search(rf"^del .*\b{exercise}\b", source, re.MULTILINE):
        return f"deletes {exercise}: remove that line"
    own = sorted(defined_names(source).difference(others))
    other = _nearly(own, exercise)
    return f"defines {other!r}: rename it to {exercise}" if other else ""


def _nearly(names: Sequence[str], exercise: str) -> str:
    """Return the name that is ``exercise`` but for a slip of the hand; empty if there is none."""
    plain = {_letters(name): name for name in names}
    close = difflib.get_close_matches(_letters(exercise), plain, n=1, cutoff=CLOSE)
    return plain[close[0]] if close else ""


def _letters(name: str) -> str:
    """Return a name without what people write in different ways: case, underscores, accents."""
    plain = unicodedata.normalize("NFKD", name).casefold()
    return "".join(letter for letter in plain if letter.isalnum())


def _last_cell(place: Place, exercise: str) -> str:
    """Return the file, and the last code cell that binds the name, if one does."""
    numbers = [n for n, source in enumerate(place.cells, 1) if exercise in defined_names(source)]
    return f"{place.file}, code cell {numbers[-1]}" if numbers else place.file


def _remedy(kind: str) -> str:
    return REMEDIES.get(ALIKE.get(kind, kind), RUN_ALL)


def _sentence(text: str) -> str:
    """Return ``text`` with an end, and short enough that the remedy after it is not cut off."""
    text = text.strip()
    text = text if len(text) <= MOST_SAID else f"{text[:MOST_SAID]} […]"
    return text if text.endswith((".", "!", "?")) else f"{text}."
