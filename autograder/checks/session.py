"""Run checks with pytest, for one student after another, in one session.

pytest collects the check files once. `CheckSession.run` then runs the checks of one
exercise as often as needed, each time with another student, reference and seed.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterable
from contextlib import redirect_stderr
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal

import pytest
from _pytest.runner import runtestprotocol

from autograder.checks.draw import Draw

CHECKS = Path(__file__).parent


@dataclass(frozen=True)
class Check:
    """One check: the sentence it states, its exercise and its points."""

    name: str
    exercise: str
    points: float


@dataclass(frozen=True)
class Verdict:
    """How one check ended: ``error`` is what it raised, None if it holds."""

    check: Check
    error: BaseException | None


@dataclass(frozen=True)
class _Now:
    """What the fixtures hand out at the moment."""

    student: object
    reference: object
    seed: int


class CheckSession:
    """A pytest plug-in that hands the collected checks to a function in place of running them."""

    def __init__(self, work: Callable[[CheckSession], None]) -> None:
        self._work = work
        self._items: dict[str, list[tuple[Check, pytest.Item]]] = {}
        self._references: dict[str, object] = {}
        self._now = _Now(None, None, 0)
        self._raised: BaseException | None = None
        self.failure: BaseException | None = None

    def exercises(self) -> list[str]:
        """Return the names of the exercises that the collected files check, in their order."""
        return list(self._items)

    def checks(self, exercise: str) -> list[Check]:
        """Return the checks of one exercise, in the order of the file."""
        return [check for check, _ in self._items[exercise]]

    def run(
        self,
        exercise: str,
        student: object,
        seed: int,
        *,
        instead: Callable[..., Any] | None = None,
    ) -> list[Verdict]:
        """Run the checks of one exercise.

        A check that ends because the student's process is lost (the exception has a
        ``status``) is the last one to run; those after it share its error.

        Args:
            exercise: Name of the exercise.
            student: Offers what the learner wrote as attributes.
            seed: Where the inputs are drawn from.
            instead: What to compare with in place of the reference.
        """
        references = self._references | ({exercise: instead} if instead else {})
        self._now = _Now(student, SimpleNamespace(**references), seed)
        verdicts: list[Verdict] = []
        lost: BaseException | None = None
        for check, item in self._items[exercise]:
            if lost is None:
                self._raised = None
                runtestprotocol(item, log=False, nextitem=None)
                if hasattr(self._raised, "status"):
                    lost = self._raised
            verdicts.append(Verdict(check, lost or self._raised))
        return verdicts

    @pytest.fixture
    def student(self) -> object:
        """What the learner wrote."""
        return self._now.student

    @pytest.fixture
    def reference(self) -> object:
        """What is right."""
        return self._now.reference

    @pytest.fixture
    def draw(self, request: pytest.FixtureRequest) -> Draw:
        """A source of inputs that no notebook has seen."""
        return Draw(self._now.seed, request.node.name)

    def pytest_configure(self, config: pytest.Config) -> None:
        """Declare the mark that every check bears."""
        config.addinivalue_line("markers", "check(exercise, points): what a check belongs to")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Keep why a file could not be read."""
        if report.failed:
            self.failure = RuntimeError(f"a check file cannot be read: {report.longreprtext}")

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Sort the checks by exercise and do the work, in place of running each check once."""
        if self.failure is not None:
            return True
        for item in session.items:
            mark, module = item.get_closest_marker("check"), item.getparent(pytest.Module)
            if mark is None or module is None:
                raise pytest.UsageError(f"{item.nodeid} has no @check(exercise, points=…)")
            sentence = item.name.removeprefix("test_").replace("_", " ")
            check = Check(sentence, mark.kwargs["exercise"], mark.kwargs["points"])
            self._items.setdefault(check.exercise, []).append((check, item))
            self._references |= module.obj.REFERENCE
        try:
            self._work(self)
        except BaseException as error:  # noqa: BLE001 - `with_checks` raises it again
            self.failure = error
        return True

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> pytest.TestReport:
        """Keep what was raised; pytest's own report would format a traceback nobody reads."""
        outcome: Literal["passed", "failed"] = "passed"
        if call.excinfo is not None:
            self._raised, outcome = call.excinfo.value, "failed"
        when: Any = call.when  # never "collect": this is about one test
        return pytest.TestReport(item.nodeid, item.location, {}, outcome, None, when)


def sheets() -> list[str]:
    """Return the stems of the sheets that can be checked, sorted. The tree is the registry."""
    return sorted(file.stem.removeprefix("test_") for file in CHECKS.glob("test_*.py"))


def with_checks(stems: Iterable[str], work: Callable[[CheckSession], None]) -> None:
    """Collect the checks of ``stems`` and call ``work`` with them.

    Raises:
        RuntimeError: If the check files cannot be collected; the message is pytest's.
        BaseException: Whatever ``work`` raises.
    """
    session = CheckSession(work)
    files = [str(CHECKS / f"test_{stem}.py") for stem in stems]
    options = ["-c", os.devnull, f"--rootdir={CHECKS}", "--noconftest", "--import-mode=importlib"]
    options += ["-p", "no:cacheprovider", "-p", "no:terminal", "--capture=no"]
    options += ["--disable-plugin-autoload"]
    complaints = io.StringIO()
    with redirect_stderr(complaints):
        code = pytest.main([*options, *files], plugins=[session])
    if session.failure is not None:
        raise session.failure
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        raise RuntimeError(
            f"the checks of {', '.join(stems)} cannot be run: {complaints.getvalue()}"
        )
