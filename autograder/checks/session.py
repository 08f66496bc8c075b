"""Run checks that pytest collects, for one student after another, in one session.

pytest finds the check files, their marks and parameters, and rewrites their assertions, once.
`CheckSession.run` then calls the checks of one exercise as often as needed, each time with
another student and seed. They are called directly: pytest's own protocol around a test costs
more than a check.
"""

from __future__ import annotations

import inspect
import io
import os
from collections.abc import Callable, Iterable
from contextlib import redirect_stderr
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest

from autograder.checks.draw import Draw
from autograder.checks.remembered import Remembered
from autograder.sheets import CHECKS

FIXTURES = {"student", "reference", "draw"}


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
class _Collected:
    """A check, its function, and what it is called with.

    Attributes:
        fixtures: Which of ``FIXTURES`` it asks for.
        parameters: The values that `pytest.mark.parametrize` gives it.
    """

    check: Check
    name: str
    function: Callable[..., None]
    fixtures: frozenset[str]
    parameters: dict[str, Any]


class CheckSession:
    """A pytest plug-in that hands the collected checks to a function in place of running them."""

    def __init__(self, work: Callable[[CheckSession], None]) -> None:
        self._work = work
        self._collected: dict[str, list[_Collected]] = {}
        self._references: dict[str, Callable[..., Any]] = {}
        self.failure: BaseException | None = None

    def exercises(self) -> list[str]:
        """Return the names of the exercises that the collected files check, in their order."""
        return list(self._collected)

    def checks(self, exercise: str) -> list[Check]:
        """Return the checks of one exercise, in the order of the file."""
        return [each.check for each in self._collected[exercise]]

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
        reference = SimpleNamespace(**references)
        verdicts: list[Verdict] = []
        lost: BaseException | None = None
        for each in self._collected[exercise]:
            if lost is not None:
                verdicts.append(Verdict(each.check, lost))
                continue
            given = {"student": student, "reference": reference, "draw": Draw(seed, each.name)}
            error = _raised(each, given)
            if hasattr(error, "status"):
                lost = error
            verdicts.append(Verdict(each.check, error))
        return verdicts

    @pytest.fixture
    def student(self) -> None:
        """What the learner wrote; `run` hands it out."""

    @pytest.fixture
    def reference(self) -> None:
        """What is right; `run` hands it out."""

    @pytest.fixture
    def draw(self) -> None:
        """A source of inputs that no notebook has seen; `run` hands it out."""

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
            module = item.getparent(pytest.Module)
            if not isinstance(item, pytest.Function) or module is None:
                raise pytest.UsageError(f"{item.nodeid} is not a function with @check(…)")
            each = _as_collected(item)
            self._collected.setdefault(each.check.exercise, []).append(each)
            for name, function in module.obj.REFERENCE.items():
                # Objects of a class change: nothing that they do is remembered.
                right = function if isinstance(function, type) else Remembered(function)
                self._references.setdefault(name, right)
        try:
            self._work(self)
        except BaseException as error:  # noqa: BLE001 - `with_checks` raises it again
            self.failure = error
        return True


def _as_collected(item: pytest.Function) -> _Collected:
    """Return a collected function as a check, or say what it lacks to be one."""
    mark = item.get_closest_marker("check")
    if mark is None:
        raise pytest.UsageError(f"{item.nodeid} has no @check(exercise, points=…)")
    parameters = item.callspec.params if hasattr(item, "callspec") else {}
    fixtures = frozenset(inspect.signature(item.obj).parameters) - set(parameters)
    unknown = fixtures - FIXTURES
    if unknown:
        raise pytest.UsageError(
            f"{item.nodeid} asks for {', '.join(sorted(unknown))}; "
            f"a check can have {', '.join(sorted(FIXTURES))} and its own parameters"
        )
    sentence = item.name.removeprefix("test_").replace("_", " ")
    check = Check(sentence, mark.kwargs["exercise"], mark.kwargs["points"])
    return _Collected(check, item.name, item.obj, fixtures, parameters)


def _raised(each: _Collected, given: dict[str, Any]) -> BaseException | None:
    """Call a check and return what it raises, None if it holds."""
    try:
        each.function(**{name: given[name] for name in each.fixtures}, **each.parameters)
    except (Exception, pytest.fail.Exception) as error:  # noqa: BLE001 - the verdict holds it
        return error
    return None


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
    # These two end a session with five collections of all garbage: half a second in a large
    # process, in search of exceptions that checks cannot leave behind.
    options += ["-p", "no:unraisableexception", "-p", "no:threadexception"]
    complaints = io.StringIO()
    with redirect_stderr(complaints):
        code = pytest.main([*options, *files], plugins=[session])
    if session.failure is not None:
        raise session.failure
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        raise RuntimeError(
            f"the checks of {', '.join(stems)} cannot be run: {complaints.getvalue()}"
        )
