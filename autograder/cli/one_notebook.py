"""The command that Gradescope and GitHub Classroom run: one learner's notebook, one answer.

It hands the notebook to `autograder grade`, in a folder of its own, and says the result in the
form that the other side reads. Whatever goes wrong becomes such an answer too.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import click
import msgspec

from autograder.cli.terminal import FOLDER, ISOLATION_REFUSED, NOTHING_TO_GRADE, stdout
from autograder.exports import VISIBILITIES, Visibility
from autograder.plain_text import printable
from autograder.results import ClassResults, ResultsError, load

FAILED = 1
LEARNER = "learner"


class User(msgspec.Struct):
    """One of the people who handed in, as Gradescope's ``submission_metadata.json`` has them."""

    name: str = ""
    email: str = ""


class Metadata(msgspec.Struct):
    """What is read of that file."""

    users: list[User] = []


@dataclass(frozen=True)
class Refusal:
    """Why nothing was graded, and the exit code that says so."""

    message: str
    code: int


@click.command("grade-one")
@click.argument("stem")
@click.argument("folder", type=FOLDER)
@click.option("--for", "system", type=click.Choice(("gradescope", "classroom")), required=True)
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--metadata", type=click.Path(path_type=Path), help="Gradescope's, for the name.")
@click.option("--visibility", type=click.Choice(VISIBILITIES), default="visible")
@click.option("--reduced", is_flag=True, help="Accept reduced isolation; the result says so.")
def grade_one(  # noqa: PLR0913 - each is a choice of the command line
    stem: str,
    folder: Path,
    system: Literal["gradescope", "classroom"],
    out: Path,
    metadata: Path | None,
    visibility: Visibility,
    reduced: bool,
) -> None:
    """Grade the notebook of one sheet that lies in FOLDER, for another system.

    Writes results.json for Gradescope; adds the line result=… for GitHub Classroom's workflow.
    Exit codes: 0 graded, whatever the points; 3 no notebook; 4 isolation refused; 1 anything else.
    """
    learner = _learner(metadata)
    outcome = _graded(stem, folder, learner, reduced=reduced)
    if system == "gradescope":
        _answer_gradescope(outcome, out, visibility)
    else:
        _answer_classroom(outcome, out, stem)
    if isinstance(outcome, Refusal):
        stdout.print(outcome.message, markup=False)
        sys.exit(outcome.code)


def find_notebook(folder: Path, stem: str) -> Path | Refusal:
    """Return the notebook called like the sheet, or the only one there is."""
    found = [
        path
        for path in sorted(folder.rglob("*.ipynb"))
        if path.is_file()
        and not path.is_symlink()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    ]
    named = [path for path in found if path.stem.strip().casefold() == stem.casefold()]
    candidates = named or found
    if len(candidates) == 1:
        return candidates[0]
    there = ", ".join(printable(str(path.relative_to(folder))) for path in candidates[:10])
    problem = f"There are several notebooks: {there}." if candidates else "There is no notebook."
    return Refusal(f"{problem} Hand in one notebook, named {stem}.ipynb.", NOTHING_TO_GRADE)


def _graded(stem: str, folder: Path, learner: str, *, reduced: bool) -> ClassResults | Refusal:
    """Grade in a folder of its own, with the command that grades classes."""
    notebook = find_notebook(folder, stem)
    if isinstance(notebook, Refusal):
        return notebook
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch, "class", LEARNER, f"{stem}.ipynb")
        place.parent.mkdir(parents=True)
        shutil.copyfile(notebook, place)
        out = Path(scratch, "graded")
        command = [sys.executable, "-m", "autograder", "grade", str(place.parents[1])]
        command += ["--out", str(out), *(["--reduced"] if reduced else [])]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        print(done.stdout, done.stderr, sep="\n")  # what Gradescope keeps for the instructor
        try:
            results = load(out / "results.json")
        except ResultsError:
            return _why_not(done.returncode, done.stderr)
    named = [msgspec.structs.replace(one, learner=learner) for one in results.submissions]
    return msgspec.structs.replace(results, submissions=named)


def _why_not(code: int, complaint: str) -> Refusal:
    if code == ISOLATION_REFUSED:
        return Refusal(
            "Nothing was graded: this machine cannot wall a notebook off from the grader. This is "
            f"not your fault; tell your instructor.\n\n{complaint}",
            ISOLATION_REFUSED,
        )
    if code == NOTHING_TO_GRADE:
        return Refusal(complaint, NOTHING_TO_GRADE)
    return Refusal(
        "Nothing was graded: the grader failed. This is not your fault; tell your instructor, who "
        "finds the reason in the output of the autograder.",
        FAILED,
    )


def _answer_gradescope(outcome: ClassResults | Refusal, out: Path, visibility: Visibility) -> None:
    from autograder.exports import gradescope_json, gradescope_refusal
    from autograder.files import replace_file

    if isinstance(outcome, Refusal):
        replace_file(out, gradescope_refusal(outcome.message))
        return
    [submission] = outcome.submissions
    content = gradescope_json(submission, isolation=outcome.isolation, visibility=visibility)
    replace_file(out, content)


def _answer_classroom(outcome: ClassResults | Refusal, out: Path, stem: str) -> None:
    from autograder.exports import classroom_payload, classroom_refusal
    from autograder.selfcheck import as_text

    if isinstance(outcome, Refusal):
        answer = classroom_refusal(outcome.message, stem)
    else:
        [submission] = outcome.submissions
        answer = classroom_payload(submission)
        stdout.print("\n\n".join(map(as_text, submission.exercises)), markup=False)
    with out.open("a", encoding="ascii") as file:  # GitHub's file may hold other lines
        file.write(f"result={answer}\n")


def _learner(metadata: Path | None) -> str:
    """Return who handed in: names and e-mails of a group; a stand-in where that is not known."""
    if metadata is None:
        return LEARNER
    try:
        users = msgspec.json.decode(metadata.read_bytes(), type=Metadata).users
    except (OSError, msgspec.DecodeError):
        return LEARNER
    return ", ".join(user.email or user.name for user in users) or LEARNER
