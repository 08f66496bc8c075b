"""What was decided once is not worked out again: the same answers earn the same result.

An assessment is a conversation: it asks the learner's function, and what it asks next depends on
what was answered. Two functions that give the same answers to the same questions, bit for bit,
cannot be told apart by it. So the questions of earlier conversations are asked in their order, as
long as the answers are known; an assessment of which everything is known is not made. As soon as
an answer is new, the assessment is made, with the answers so far and then with the function
itself.

Every function is still asked everything, in its own process, and no learner's answer can change
what another's earns: a result is kept under all the answers that led to it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec

from autograder.assessment import BuiltOn
from autograder.grading.shared_records import SharedRecords
from autograder.results import ExerciseResult
from autograder.sandbox import Student, WorkerLost
from autograder.sandbox.conversation import Conversation, Question, Remark, remarks

MOST_BYTES = 128 << 20
"""What all that a lane keeps may take, roughly; from there on it is gathered anew."""

_BYTES_OF_A_TURN = 600


class Case(msgspec.Struct, frozen=True, array_like=True):
    """All that a result depends on besides the answers and the run's seed."""

    exercise: str
    others: tuple[BuiltOn, ...] = ()


class _Turn(msgspec.Struct, array_like=True):
    """A question, the digest of its answer, and what a person may want to know of that."""

    question: Question
    answer: bytes
    remarks: list[Remark]


class _Precedent(msgspec.Struct, array_like=True):
    """A conversation from its beginning to its end, and what came of it."""

    case: Case
    turns: list[_Turn]
    result: ExerciseResult


@dataclass
class _Place:
    """A place in the conversations of a case that were the same until here.

    Attributes:
        question: What is asked next; None where a conversation ends, or none has come further yet.
        after: What follows each known answer, by the answer's digest.
        remarks: What a person may want to know of the answers on the way here.
        result: What came of the conversation that ends here, if one does.
    """

    question: Question | None = None
    after: dict[bytes, _Place] = field(default_factory=dict)
    remarks: tuple[Remark, ...] = ()
    result: ExerciseResult | None = None


class Precedents:
    """The conversations of a run so far, and what came of them.

    Args:
        shared: Where lanes tell each other of theirs.

    Attributes:
        known: How many results were known.
        new: How many were worked out.
    """

    def __init__(self, shared: SharedRecords | None = None) -> None:
        self.known = 0
        self.new = 0
        self._shared = shared
        self._beginnings: dict[Case, _Place] = {}
        self._questions: dict[Question, Question] = {}
        self._bytes = 0

    def decide(
        self,
        case: Case,
        student: Student,
        assess: Callable[[], ExerciseResult],
        sets_a_precedent: Callable[[], bool],
    ) -> ExerciseResult:
        """Return what ``assess`` returns, without calling it where the answers are known.

        Args:
            case: All that the result depends on besides the answers.
            student: Who is asked.
            assess: Asks ``student``, and depends on nothing else but ``case``.
            sets_a_precedent: Called afterwards: whether that was true, and nothing else was done.
        """
        if self._shared is not None:
            self._take_in(self._shared.unread())
        with student.conversation() as conversation:
            end = _followed(self._beginnings.get(case, _Place()), conversation)
            if end is not None and end.result is not None:
                self.known += 1
                for remark in end.remarks:
                    student.note(remark)
                return end.result
            self.new += 1
            conversation.rewind()
            result = assess()
        if conversation.out_of_step:
            # It asked something else after the same answers, and the function was asked too much.
            self._beginnings.pop(case, None)
            student.restart()
            return assess()
        if sets_a_precedent() and not student.lost:
            self._set(_Precedent(case, _turns(conversation), result))
        return result

    def _set(self, precedent: _Precedent) -> None:
        self._keep(precedent)
        if self._shared is not None:
            self._take_in(self._shared.add(_encoder.encode(precedent)))

    def _take_in(self, records: list[bytes]) -> None:
        for record in records:
            self._keep(_decoder.decode(record))

    def _keep(self, precedent: _Precedent) -> None:
        if self._bytes > MOST_BYTES:
            self._beginnings.clear()
            self._questions.clear()
            self._bytes = 0
        place = self._beginnings.setdefault(precedent.case, _Place())
        for turn in precedent.turns:
            if place.question is None:
                place.question = self._kept_once(turn.question)
            if turn.answer not in place.after:
                place.after[turn.answer] = _Place(remarks=(*place.remarks, *turn.remarks))
                self._bytes += _BYTES_OF_A_TURN
            place = place.after[turn.answer]
        place.result = precedent.result

    def _kept_once(self, question: Question) -> Question:
        """Return the one that is kept of equal questions: most are asked after any answer."""
        if question not in self._questions:
            self._questions[question] = question
            self._bytes += len(question.header) + len(question.body)
        return self._questions[question]


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_Precedent)


def _turns(conversation: Conversation) -> list[_Turn]:
    return [
        _Turn(question, answer.digest(), remarks(question, answer))
        for question, answer in conversation.said
    ]


def _followed(place: _Place, conversation: Conversation) -> _Place | None:
    """Ask what was asked before, while the answers are known; return where that ends."""
    try:
        while place.question is not None:
            following = place.after.get(conversation.ask(place.question).digest())
            if following is None:
                return None
            place = following
    except WorkerLost:
        return None  # the assessment meets the same, at the same question
    return place
