"""The short, well-set answer to a self-check."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources

import jinja2

from autograder.results import ExerciseResult, ExerciseStatus
from autograder.selfcheck.text import as_text, headline, section

TEMPLATES = resources.files("autograder.selfcheck") / "templates"


class Answer:
    """Results that show themselves: as HTML in a notebook, as text anywhere else."""

    def __init__(self, results: Sequence[ExerciseResult]) -> None:
        self._results = results

    def __repr__(self) -> str:
        return "\n\n".join(map(as_text, self._results))

    def _repr_html_(self) -> str:
        environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
        template = environment.from_string((TEMPLATES / "answer.html").read_text("utf-8"))
        return template.render(
            results=self._results, headline=headline, section=section, passed=ExerciseStatus.PASSED
        )
