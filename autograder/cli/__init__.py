"""The command ``autograder``. Thin: each command calls one function and prints what it did.

Exit codes: 0 done, 1 the files differ (``release --check``) or an answer is wrong
(``check``), 2 usage, 3 nothing to grade, 4 isolation refused. A learner's failure is
never the failure of ``grade``.
"""

from __future__ import annotations

import click

from autograder.cli import grading, results, sheets


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="attnbook")
def main() -> None:
    """Release exercise sheets, check answers, and grade a class in isolation."""


for command in (
    sheets.release,
    sheets.check,
    grading.grade,
    grading.doctor,
    grading.demo,
    results.report,
    results.export,
):
    main.add_command(command)
