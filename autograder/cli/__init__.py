"""The command ``autograder``. Thin: each command calls one function and prints what it did.

Exit codes: 0 done; 1 the files differ (``release --check``), an answer is wrong (``check``), a
grade could not be written (``export``) or no lane could be started (``grade``); 2 usage;
3 nothing to grade; 4 isolation refused. A learner's failure is
never the failure of ``grade``.
"""

from __future__ import annotations

import click

from autograder.cli import authoring, grading, interchange, mistakes, one_notebook, results, sheets
from autograder.cli.gradebook import opening


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="attnbook")
def main() -> None:
    """Release exercise sheets, check answers, and grade a class in isolation."""


for command in (
    sheets.release,
    sheets.check,
    authoring.new,
    grading.grade,
    grading.doctor,
    grading.demo,
    results.report,
    mistakes.mistakes,
    mistakes.name,
    interchange.export,
    interchange.package,
    interchange.classroom,
    interchange.collect,
    interchange.nbgrader,
    one_notebook.grade_one,
    opening.gradebook,
):
    main.add_command(command)
