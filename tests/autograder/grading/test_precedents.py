"""The same answers earn the same result, and nothing else does."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from types import SimpleNamespace

import pytest
import torch

from autograder.assessment import BuiltOn, assess
from autograder.checks.session import with_checks
from autograder.demo.cells import equivalent_cell, faulty_cell
from autograder.faults import fault_models
from autograder.grading import precedents as under_test
from autograder.grading.precedents import Case, Precedents
from autograder.grading.shared_records import SharedRecords
from autograder.results import ExerciseResult, ExerciseStatus
from autograder.sandbox import Limits, Student, WorkerLost
from autograder.sandbox.confined.observation import RoutineRecorder
from autograder.sandbox.confined.worker import Worker
from autograder.sandbox.conversation import Answer, Question

CASE = Case("twice")
TWICE = "def twice(x):\n    return x * 2"
SUM = "def twice(x):\n    return x + x"
WRONG_BELOW_ZERO = "def twice(x):\n    return x.abs() * 2"
TURNED = "def twice(x):\n    return (x * 2).T"
RAISES = "def twice(x):\n    raise ValueError('never')"
TALKS = "import torch\ndef twice(x):\n    print('twice')\n    return x * 2"
WATCHED = (
    "import torch\ndef twice(x):\n"
    "    torch.nn.functional.scaled_dot_product_attention(x, x, x)\n    return x * 2"
)
TENSORS = [torch.tensor([[1.0, 2.0]]), torch.tensor([[-3.0]]), torch.tensor([[5.0]])]


class InThisProcess:
    """A connection to a worker that needs no process of its own: what it runs is ours.

    Attributes:
        asked: How many questions it was asked.
        ends_at: The question at which it ends without an answer.
    """

    def __init__(self) -> None:
        self.lost: WorkerLost | None = None
        self.asked = 0
        self.ends_at = 0
        self._worker = Worker(Limits())

    def ask(self, question: Question, seconds: float) -> Answer:
        self.asked += 1
        if self.asked == self.ends_at:
            self.lost = WorkerLost("it ended", "crashed")
        if self.lost is not None:
            raise self.lost
        with redirect_stdout(self._worker._printed):
            header, memory = self._worker.answer(question.header, bytearray(question.body))
        return Answer(header, bytearray(b"".join(memory)))

    def violation(self) -> WorkerLost:
        return self.lost or WorkerLost("impossible", "crashed")

    def close(self) -> None: ...


class Notebook:
    """A student without a process, what it was asked, and the assessment of its answer."""

    def __init__(self, *cells: str) -> None:
        self.connections: list[InThisProcess] = []
        self.student = Student(self._connect, cells, Limits())  # type: ignore[arg-type]
        self.cells = self.connection.asked
        self.assessed = 0

    @property
    def connection(self) -> InThisProcess:
        return self.connections[-1]

    @property
    def calls(self) -> int:
        """How many questions there were after the cells."""
        return self.connection.asked - self.cells

    def assess(self) -> ExerciseResult:
        """Ask for twice of each tensor, until an answer is wrong."""
        self.assessed += 1
        for x in TENSORS:
            try:
                right = torch.equal(self.student.twice(x), 2 * x)
            except WorkerLost:
                return result(ExerciseStatus.CRASHED)
            except Exception as error:  # noqa: BLE001 - of what the notebook raises
                return result(ExerciseStatus.ERROR, str(error))
            if not right:
                return result(ExerciseStatus.FAILED, f"at {x.tolist()}")
        return result(ExerciseStatus.PASSED)

    def _connect(self) -> InThisProcess:
        self.connections.append(InThisProcess())
        return self.connections[-1]


def result(status: ExerciseStatus, message: str = "") -> ExerciseResult:
    score = float(status is ExerciseStatus.PASSED)
    return ExerciseResult(name="twice", status=status, score=score, max_score=1.0, message=message)


def decide(
    precedents: Precedents,
    notebook: Notebook,
    case: Case = CASE,
    sets_a_precedent: Callable[[], bool] = lambda: True,
) -> ExerciseResult:
    return precedents.decide(case, notebook.student, notebook.assess, sets_a_precedent)


def test_the_same_answers_are_asked_for_and_not_assessed_again() -> None:
    precedents, first, second = Precedents(), Notebook(TWICE), Notebook(SUM)
    assert decide(precedents, first) == decide(precedents, second)
    assert (first.assessed, second.assessed) == (1, 0)
    assert first.calls == second.calls == len(TENSORS)
    assert (precedents.known, precedents.new) == (1, 1)


@pytest.mark.parametrize(
    "order", list(itertools.permutations([TWICE, WRONG_BELOW_ZERO, RAISES, TURNED], 3))
)
def test_an_answer_that_is_new_somewhere_is_assessed(order: tuple[str, ...]) -> None:
    precedents = Precedents()
    for cell in (*order, *order):
        notebook, alone = Notebook(cell), Notebook(cell)
        assert decide(precedents, notebook) == alone.assess()
        assert notebook.calls == alone.calls  # and nothing is asked twice
    assert (precedents.known, precedents.new) == (3, 3)


def test_what_else_a_result_depends_on_keeps_precedents_apart() -> None:
    precedents = Precedents()
    cases = [
        CASE,
        Case("other"),
        Case("twice", (BuiltOn("a", True, ()),)),
        Case("twice", (BuiltOn("a", False, ("b",)),)),
    ]
    for case in cases:
        decide(precedents, Notebook(TWICE), case)
    assert (precedents.known, precedents.new) == (0, 4)


def test_earlier_exercises_of_a_notebook_make_no_difference() -> None:
    """Not how often they were called, and not what objects and graphs they have left."""
    made = (
        "import torch\n"
        "class Layer(torch.nn.Module):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n        self.w = torch.nn.Parameter(torch.rand(3))\n"
        "    def forward(self, x):\n        return x * self.w"
    )

    def used(notebook: Notebook) -> ExerciseResult:
        notebook.assessed += 1
        x = torch.ones(3, requires_grad=True)
        layer = notebook.student.Layer()
        layer(x).sum().backward()
        return result(ExerciseStatus.PASSED, str(x.grad))

    precedents, first, second = Precedents(), Notebook(made, TWICE), Notebook(TWICE, made)
    for _ in range(3):
        used(second)
    for notebook in (first, second):
        notebook.assessed = 0
        precedents.decide(
            Case("Layer"), notebook.student, lambda one=notebook: used(one), lambda: True
        )
    assert (first.assessed, second.assessed) == (1, 0)


def test_an_answer_that_is_new_late_is_assessed_in_step_whatever_came_before() -> None:
    precedents, late = Precedents(), Notebook(WRONG_BELOW_ZERO)
    decide(precedents, Notebook(TWICE))
    for x in TENSORS:
        late.student.twice(x)
    assert decide(precedents, late).status is ExerciseStatus.FAILED
    assert len(late.connections) == late.assessed == 1


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the warm process does; torch is as it was afterwards, by the name that is used here."""
    functional = torch.nn.functional
    name = "scaled_dot_product_attention"
    monkeypatch.setattr(functional, name, getattr(functional, name))
    RoutineRecorder.watch()


@pytest.mark.usefixtures("watched")
@pytest.mark.parametrize("cell", [TALKS, WATCHED])
def test_what_a_person_may_want_to_know_is_kept(cell: str) -> None:
    precedents, first, second = Precedents(), Notebook(cell), Notebook(cell)
    decide(precedents, first)
    decide(precedents, second)
    assert second.assessed == 0
    assert first.student.flags == second.student.flags
    assert first.student.output == second.student.output
    assert first.student.flags or first.student.output


def test_a_worker_that_ends_sets_no_precedent() -> None:
    precedents, lost = Precedents(), Notebook(TWICE)
    lost.connection.ends_at = lost.connection.asked + 2
    assert decide(precedents, lost).status is ExerciseStatus.CRASHED
    whole = Notebook(TWICE)
    assert decide(precedents, whole).status is ExerciseStatus.PASSED
    assert whole.assessed == 1


@pytest.mark.parametrize("at", [1, 2, 3])
def test_a_worker_that_ends_where_the_answers_are_known_is_a_crash(at: int) -> None:
    precedents, lost = Precedents(), Notebook(SUM)
    decide(precedents, Notebook(TWICE))
    lost.connection.ends_at = lost.connection.asked + at
    assert decide(precedents, lost).status is ExerciseStatus.CRASHED
    assert lost.assessed == 1


def test_an_assessment_that_looked_elsewhere_sets_no_precedent() -> None:
    precedents = Precedents()
    for _ in range(2):
        decide(precedents, Notebook(TWICE), sets_a_precedent=lambda: False)
    assert (precedents.known, precedents.new) == (0, 2)


def test_an_assessment_that_asks_something_else_is_made_with_a_fresh_worker() -> None:
    precedents, first, second = Precedents(), Notebook(TWICE), Notebook(WRONG_BELOW_ZERO)
    decide(precedents, first)

    def otherwise() -> ExerciseResult:
        second.student.twice(torch.zeros(7))
        return second.assess()

    again = precedents.decide(CASE, second.student, otherwise, lambda: True)
    assert again == Notebook(WRONG_BELOW_ZERO).assess()
    assert len(second.connections) == 2
    assert decide(precedents, Notebook(TWICE)).status is ExerciseStatus.PASSED
    assert precedents.known == 0


def test_no_more_is_kept_than_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(under_test, "MOST_BYTES", 5_000)
    precedents = Precedents()
    for number in range(40):
        cell = f"def twice(x):\n    return x * 2 + (x < 0) * {number + 1}"
        assert decide(precedents, Notebook(cell)).status is ExerciseStatus.FAILED
        assert precedents._bytes < 5_000 + 4_000
    assert decide(precedents, Notebook(cell)).status is ExerciseStatus.FAILED
    assert precedents.known == 1


def test_lanes_know_what_other_lanes_have_decided() -> None:
    records = SharedRecords()
    here = Precedents(records)
    there = Precedents(records)
    there._shared = _another_end(records)
    decided = decide(here, Notebook(TWICE))
    told = Notebook(SUM)
    assert decide(there, told) == decided
    assert told.assessed == 0
    decide(there, Notebook(RAISES))
    assert decide(here, Notebook(RAISES)).status is ExerciseStatus.ERROR
    assert (here.known, there.known) == (1, 1)


def _another_end(records: SharedRecords) -> SharedRecords:
    """Return what a fork has: the same memory, and a place of its own in it."""
    other = object.__new__(SharedRecords)
    other.__dict__.update(vars(records))
    return other


def test_every_mistake_of_a_sheet_has_the_result_that_it_has_alone() -> None:
    """All faults and equivalents of one lane, in one order and in the other."""
    models = fault_models("attention")
    cells = {
        name: [
            *(faulty_cell(model, [fault.name]) for fault in model.faults),
            *(equivalent_cell(model, each) for each in model.equivalents),
        ]
        for name, model in models.items()
    }

    def work(checks: object) -> None:
        def assessed(
            notebook: Notebook, name: str, earlier: Mapping[str, ExerciseResult]
        ) -> ExerciseResult:
            return assess(checks, models, name, notebook.student, 7, earlier)  # type: ignore[arg-type]

        alone = {
            (name, cell): assessed(Notebook("import math, torch", cell), name, {})
            for name in cells
            for cell in cells[name]
        }
        for order in (list(alone), list(reversed(alone))):
            precedents = Precedents()
            for name, cell in (*order, *order):
                notebook = Notebook("import math, torch", cell)
                found = precedents.decide(
                    Case(name),
                    notebook.student,
                    lambda one=notebook, exercise=name: assessed(one, exercise, {}),
                    lambda: True,
                )
                assert found == alone[name, cell], cell
            assert precedents.known >= len(alone)
        seen.known = True

    seen = SimpleNamespace(known=False)
    with_checks(["attention"], work)
    assert seen.known
