"""What is asked of a worker and what it answers, as bytes that can be kept and compared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple

from torch import Tensor

from .confined.messages import Observed, Reply, Request, RequestHeader, decode_reply, encode_header
from .confined.tensors import pack_tensors, unpack_memory, unpack_tensors


@dataclass(frozen=True)
class Question:
    """A request with its tensors, as it is sent; the label says for people what was called."""

    header: bytes
    body: bytes
    label: str


@dataclass(frozen=True)
class Answer:
    """What a worker sent: anything at all, until it is opened."""

    header: bytes
    body: bytearray

    def digest(self) -> bytes:
        """Return what two answers share only if they are the same, byte for byte."""
        # The header begins with its own length: no two pairs run together to the same bytes.
        digest = sha256(len(self.header).to_bytes(8, "big"))
        digest.update(self.header)
        digest.update(self.body)
        return digest.digest()


class Remark(NamedTuple):
    """What a person may want to know of an answer, and what was called."""

    observed: Observed
    label: str


@dataclass(frozen=True)
class Exchanged:
    """A reply, checked, with its tensors as detached views of fresh memory."""

    reply: Reply
    tensors: list[Tensor]


def asked(
    request: Request, tensors: Sequence[Tensor], label: str, *, anew: bool = False
) -> Question:
    """Return a request as a question; ``anew`` as in `RequestHeader`."""
    table, memory = pack_tensors(tensors)
    header = encode_header(RequestHeader(request, table, anew))
    return Question(header, b"".join(memory), label)


def opened(answer: Answer) -> Exchanged:
    """Read an answer. Raises WireError if it is not a reply within the bounds."""
    header = decode_reply(answer.header)
    memory = unpack_memory(header.table, answer.body)
    return Exchanged(header.message, unpack_tensors(header.table, memory))


def remarks(question: Question, answer: Answer) -> list[Remark]:
    """Return what a person may want to know of an answer that has been opened before."""
    observed = decode_reply(answer.header).message.observed
    return [] if observed == Observed() else [Remark(observed, question.label)]


class Conversation:
    """Questions to one worker and its answers, from a beginning; can be gone through again.

    Args:
        ask: Asks the worker.

    Attributes:
        said: The questions so far, each with its answer.
        out_of_step: Whether something else was asked when it was gone through again.
    """

    def __init__(self, ask: Callable[[Question], Answer]) -> None:
        self.said: list[tuple[Question, Answer]] = []
        self.out_of_step = False
        self._ask = ask
        self._place = 0

    def ask(self, question: Question) -> Answer:
        """Return what was answered when it was gone through before, or else ask the worker.

        Raises:
            WorkerLost: If the worker does not answer.
        """
        if self._place < len(self.said):
            earlier, answer = self.said[self._place]
            if earlier == question:
                self._place += 1
                return answer
            self.out_of_step = True
            del self.said[self._place :]
        answer = self._ask(question)
        self.said.append((question, answer))
        self._place += 1
        return answer

    def rewind(self) -> None:
        """Go back to the beginning: what was answered is answered again without the worker."""
        self._place = 0
