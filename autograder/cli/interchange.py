"""Commands that speak with other systems: Gradescope, GitHub Classroom, Canvas, Moodle, nbgrader.

`export` ends with 1 when a grade could not be written; all others were.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import click

from autograder.cli.terminal import (
    FOLDER,
    NEW_FOLDER,
    USAGE,
    load_results,
    require_sheet,
    stderr,
    stdout,
    stop,
)
from autograder.exports import VISIBILITIES, Filled, Visibility
from autograder.plain_text import printable
from autograder.results import ClassResults, Grade

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
OUT_FILE = click.Path(dir_okay=False, path_type=Path)
FORMATS = ("csv", "gradescope", "canvas", "moodle")
NOT_ALL_WRITTEN = 1


@click.command()
@click.argument("directory", type=FOLDER)
@click.option("--format", "form", type=click.Choice(FORMATS), default="csv", show_default=True)
@click.option(
    "--out",
    type=click.Path(path_type=Path, allow_dash=True),
    help="A file, by default the terminal; for Gradescope a folder, DIRECTORY/gradescope.",
)
@click.option("--template", type=FILE, help="Canvas's or Moodle's own file, to be filled in.")
@click.option("--stem", help="The sheet to fill in; needed where several are graded.")
@click.option("--column", default="", help="The column to fill in, if it has another name.")
@click.option("--learners", type=FILE, help="CSV with learner,id: who is who in the template.")
@click.option("--scale", is_flag=True, help="Convert grades to the template's points.")
@click.option("--gradebook", metavar="URL", help="SQLAlchemy URL; by default DIRECTORY's own.")
@click.option("--course", metavar="NAME", help="A course other than the default one.")
def export(  # noqa: PLR0913 - each is a choice of the command line
    directory: Path,
    form: str,
    out: Path | None,
    template: Path | None,
    stem: str | None,
    column: str,
    learners: Path | None,
    scale: bool,
    gradebook: str | None,
    course: str | None,
) -> None:
    """Write the grades of a class in the form that another program reads.

    csv has what the grader found. The others have what counts: manual marks and late rules
    applied, from the gradebook.
    """
    from autograder.exports import TemplateError, grades_csv, gradescope_results, read_names

    results = load_results(directory)
    if form == "csv":
        _write(out, grades_csv(results.submissions))
        return
    grades = _grades(results, gradebook or directory / "gradebook.sqlite", course)
    if form == "gradescope":
        _write_folders(gradescope_results(results, grades), out or directory / "gradescope")
        return
    try:
        names = read_names(learners.read_bytes()) if learners else {}
    except TemplateError as error:
        stop(f"{learners}: {error}", USAGE)
    if template is None:
        _write(out, _fresh(form, grades, names))
        return
    filled = _filled(form, template, grades, stem or _only_stem(grades), (column, names, scale))
    _write(out, filled.content)
    _report(filled)


@click.command()
@click.argument("stem")
@click.option("--out", required=True, type=OUT_FILE, help="The zip to write.")
@click.option(
    "--visibility",
    type=click.Choice(VISIBILITIES),
    default="visible",
    show_default=True,
    help="When learners see their results.",
)
@click.option(
    "--torch-index", metavar="URL", default="", help="A package index with a small torch."
)
def package(stem: str, out: Path, visibility: Visibility, torch_index: str) -> None:
    """Make the zip of a Gradescope assignment for one sheet: upload it as its autograder."""
    from autograder.exports import gradescope_zip
    from autograder.files import replace_file

    require_sheet(stem)
    replace_file(out, gradescope_zip(stem, visibility=visibility, torch_index=torch_index))
    stdout.print(f"{out}: Gradescope, Configure Autograder, Select Autograder (.zip)", markup=False)


@click.command()
@click.argument("stem")
@click.option("--repository", required=True, metavar="OWNER/NAME", help="This course on GitHub.")
@click.option("--version", default="main", show_default=True, help="Its branch, tag or commit.")
@click.option("--out", type=click.Path(path_type=Path), help="A file; by default the terminal.")
def classroom(stem: str, repository: str, version: str, out: Path | None) -> None:
    """Write .github/workflows/classroom.yml for a sheet's GitHub Classroom assignment."""
    from autograder.exports import classroom_workflow

    require_sheet(stem)
    try:
        _write(out, classroom_workflow(stem, repository, version).encode())
    except ValueError as error:
        stop(str(error), USAGE)


@click.command()
@click.argument("submitted", type=FOLDER)
@click.option("--out", required=True, type=NEW_FOLDER, help="The folder of the class.")
@click.option("--assignment", default="", help="nbgrader's assignment; by default all.")
def collect(submitted: Path, out: Path, assignment: str) -> None:
    """Copy what nbgrader collected in its folder SUBMITTED into a class that can be graded."""
    from autograder.exports import take_from_nbgrader
    from autograder.sheets import sheets

    taken = take_from_nbgrader(submitted, out, sheets(), assignment)
    for note in taken.notes:
        stderr.print(f"note: {note}", markup=False)
    if not taken.notebooks:
        sys.exit(USAGE)
    stdout.print(f"{taken.notebooks} notebooks in {out}", markup=False)


@click.command()
@click.argument("stem")
@click.option("--out", required=True, type=NEW_FOLDER, help="nbgrader's folder of the course.")
def nbgrader(stem: str, out: Path) -> None:
    """Write a sheet with its solutions as nbgrader's assignment: source/STEM/STEM.ipynb."""
    from autograder.files import replace_file
    from autograder.release import ReleaseError, nbgrader_source

    try:
        content = nbgrader_source(stem)
    except ReleaseError as error:
        stop(str(error), USAGE)
    target = out / "source" / stem / f"{stem}.ipynb"
    replace_file(target, content)
    stdout.print(f"{target}: next, nbgrader generate_assignment {stem}", markup=False)


def _grades(results: ClassResults, url: str | Path, course: str | None) -> Sequence[Grade]:
    """Return what counts: the gradebook's grades of these submissions, else the grader's own."""
    from autograder.gradebook import DEFAULT_COURSE, Gradebook, GradebookError

    if isinstance(url, Path) and not url.exists():
        stderr.print(f"note: no gradebook at {url}, the grader's own marks are used", markup=False)
        return [
            Grade(learner=one.learner, stem=one.stem, score=one.score, max_score=one.max_score)
            for one in results.submissions
        ]
    try:
        with Gradebook(url, course=course or DEFAULT_COURSE) as book:
            final = {(grade.learner, grade.stem): grade for grade in book.grades()}
    except GradebookError as error:
        stop(str(error), USAGE)
    keys = [(one.learner, one.stem) for one in results.submissions]
    for learner, stem in keys:
        if (learner, stem) not in final:
            stderr.print(
                f"note: {printable(learner)}, {stem}: no grade in the gradebook", markup=False
            )
    return [final[key] for key in keys if key in final]


def _only_stem(grades: Sequence[Grade]) -> str:
    stems = sorted({grade.stem for grade in grades})
    if len(stems) != 1:
        stop(f"name the sheet with --stem: there is {', '.join(stems) or 'none'}", USAGE)
    return stems[0]


def _fresh(form: str, grades: Sequence[Grade], names: dict[str, str]) -> bytes:
    from autograder.exports import canvas_csv, moodle_csv

    return canvas_csv(grades, names) if form == "canvas" else moodle_csv(grades, names)


def _filled(
    form: str,
    template: Path,
    grades: Sequence[Grade],
    stem: str,
    choices: tuple[str, dict[str, str], bool],
) -> Filled:
    from autograder.exports import TemplateError, fill_canvas, fill_moodle

    column, names, scale = choices
    fill = fill_canvas if form == "canvas" else fill_moodle
    try:
        return fill(template.read_bytes(), grades, stem, column=column, names=names, scale=scale)
    except TemplateError as error:
        stop(f"{template}: {error}", USAGE)


def _report(filled: Filled) -> None:
    stderr.print(f"{filled.filled} grades written", markup=False)
    for problem in filled.problems:
        stderr.print(f"not written: {problem}", markup=False)
    if filled.problems:
        stderr.print("say who is who with --learners, or enter these by hand", markup=False)
        sys.exit(NOT_ALL_WRITTEN)


def _write(out: Path | None, content: bytes) -> None:
    from autograder.files import replace_file

    if out is None or str(out) == "-":
        click.echo(content, nl=False)
    else:
        replace_file(out, content)


def _write_folders(results: Iterable[tuple[str, str, bytes]], out: Path) -> None:
    from autograder.files import replace_file
    from autograder.reports.paths import slug

    written = 0
    for learner, stem, content in results:
        replace_file(out / slug(stem) / slug(learner) / "results.json", content)
        written += 1
    stdout.print(f"{written} files in {out}", markup=False)
