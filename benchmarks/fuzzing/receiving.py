"""The trusted side as it is, reading frames from memory in place of a socket."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from autograder.checks.compare import Mismatch, same_tensor
from autograder.faults.explain import explain
from autograder.faults.model import Probe
from autograder.faults.observe import observe
from autograder.sandbox import MissingName, Student, StudentError, WorkerLost
from autograder.sandbox.confined.configuration import Limits
from autograder.sandbox.confined.messages import decode_reply
from autograder.sandbox.confined.tensors import unpack_memory, unpack_tensors
from autograder.sandbox.confined.values import MAX_DEPTH
from autograder.sandbox.confined.wire import MAGIC, MAX_BODY_BYTES, PREFIX, WireError, read_frame
from autograder.sandbox.conversation import Answer, Question
from autograder.sandbox.proxy import RemoteObject
from fuzzing.corpus import Frame, valid_frames
from fuzzing.mutation import NONCE

PLAIN = (bool, int, float, str, torch.Size, torch.dtype, torch.device, RemoteObject, type(None))
_LIMITS = Limits(submission_seconds=1e9)
_PROBE = Probe("any case", {"argument": torch.rand(3, 5)}, gradients=True)
_EXPECTED = torch.rand(3, 5)
_RIGHT = observe(lambda argument: argument * 2, _PROBE)


COMPARED = 5  # slow: one answer in so many is compared with the right one


class BadValue(AssertionError):
    """A frame was let through and what came of it is no plain data within the bounds."""


class Receiver:
    """A student whose worker answers each request with the bytes that it is told to.

    What is left of a real connection: reading a frame, its nonce, decoding, tensors, values,
    changes in place, gradients, exceptions. What is left out: the socket and the process.
    """

    def __init__(self) -> None:
        self._file = os.memfd_create("frames")
        self._answer = _prefixed(valid_frames()[0])
        self._student = Student(lambda: self, ["x = 1"], _LIMITS)  # type: ignore[arg-type, return-value]
        self._argument = torch.rand(3, 5, requires_grad=True)
        self._ways: tuple[Callable[[], Any], ...] = (
            *[self._call, self._call_with_gradient, lambda: self._student.x, self._run_cell] * 4,
            self._backward,  # slow
        )

    def receive(self, number: int, frame: bytes) -> str:
        """Answer request ``number`` with ``frame``; return what became of it.

        Raises:
            BadValue: If it became something that no reply may become.
            Exception: Anything that the trusted side is not prepared for.
        """
        self._answer = frame
        try:
            value = self._ways[number % len(self._ways)]()
            require_plain(value)
            if number % COMPARED == 0:
                _compare(value)
        except (WorkerLost, MissingName):
            return "refused"
        except StudentError as error:
            if not isinstance(error, Exception):
                raise BadValue("an exception that ends the grader") from error
            str(error)
            return "raised"
        return "accepted"

    # -- in place of a connection -----------------------------------------------------------------

    def ask(self, question: Question, seconds: float) -> Answer:
        """Do what ``Connection.ask`` does, with bytes from memory, and see what they open to."""
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, self._answer, 0)
        os.lseek(self._file, 0, os.SEEK_SET)
        try:
            answered, header, body = read_frame(self._file, time.monotonic() + seconds)
            if answered != NONCE:
                raise WireError("an answer to another question")
            answer = Answer(header, body)
            _require_bounds(answer)
        except (TimeoutError, EOFError, OSError, WireError):
            raise self.violation() from None
        return answer

    def violation(self) -> WorkerLost:
        """Return what a real connection returns once it has ended its worker."""
        return WorkerLost("sent something that is not an answer", "crashed")

    def close(self) -> None:
        """Do nothing: there is no worker."""

    # -- ways to ask ------------------------------------------------------------------------------

    def _call(self) -> Any:
        return self._student["f"](self._argument.detach(), mask=None)

    def _call_with_gradient(self) -> Any:
        return self._student["f"](self._argument, [1, self._argument.detach()])

    def _run_cell(self) -> None:
        student = self._student
        names, functions = student.names, student.functions
        try:
            student._run_until_lost()
            require_plain([*student.names, student.output])
            for error in student.cell_errors:
                require_plain([error.kind, error.message, error.traceback])
        finally:
            student.names, student.functions = names, functions
            student.cell_errors, student.flags, student.output = [], [], ""

    def _backward(self) -> Any:
        """Go backward through a call that was answered well; the frame answers the way back."""
        frame, self._answer = self._answer, _GOOD_CALL
        result = self._student["f"](self._argument)
        self._answer = frame
        return torch.autograd.grad(result[0].sum(), self._argument, allow_unused=True)


def require_plain(value: Any, depth: int = 0) -> None:
    """Raise BadValue unless ``value`` is plain data whose tensors lie within their memory."""
    if depth > MAX_DEPTH + 1:
        raise BadValue("nested deeper than allowed")
    if isinstance(value, Tensor):
        _require_inside(value)
    elif isinstance(value, (list, tuple)) and not isinstance(value, torch.Size):
        for item in value:
            require_plain(item, depth + 1)
    elif isinstance(value, dict):
        for key, item in value.items():
            require_plain(key, depth + 1)
            require_plain(item, depth + 1)
    elif not isinstance(value, PLAIN):
        raise BadValue(f"a {type(value).__name__} came through")
    elif isinstance(value, str):
        value.encode()
    else:
        repr(value)


def _compare(value: Any) -> None:
    """Do with an answer what checks and fault models do; nothing but a mismatch may come."""
    with contextlib.suppress(Mismatch):
        same_tensor(value, _EXPECTED)
    outcome = observe(lambda argument: value, _PROBE)
    if not outcome.equals(_RIGHT):
        explain("f", _PROBE, _RIGHT, outcome)


def _require_inside(tensor: Tensor) -> None:
    size = tensor.element_size()
    if type(tensor) is not Tensor or tensor.numel() * size > MAX_BODY_BYTES:
        raise BadValue("a tensor that is too large, or of another class")
    if not tensor.numel():
        return
    places = zip(tensor.shape, tensor.stride(), strict=True)
    last = int(tensor.storage_offset()) + sum((length - 1) * step for length, step in places)
    if min(tensor.stride(), default=0) < 0 or (last + 1) * size > tensor.untyped_storage().nbytes():
        raise BadValue("a tensor that reaches outside its memory")
    if tensor.numel() <= 4096:
        tensor.detach().clone()  # what lies outside would end this process here


def _require_bounds(answer: Answer) -> None:
    """Open an answer; what it unfolds to must be no larger than a body, and than was announced."""
    table = decode_reply(answer.header).table
    memory = unpack_memory(table, answer.body)
    tensors = unpack_tensors(table, memory)
    if sum(tensor.numel() * tensor.element_size() for tensor in tensors) > MAX_BODY_BYTES:
        raise BadValue("tensors that are larger together than one body may be")
    # torch lets memory grow under a view that reaches beyond it.
    if [piece.untyped_storage().nbytes() for piece in memory] != table.memory:
        raise BadValue("memory of another size than was announced")


def _prefixed(frame: Frame) -> bytes:
    return PREFIX.pack(MAGIC, NONCE, len(frame.header), len(frame.body)) + frame.header + frame.body


_GOOD_CALL = _prefixed(next(frame for frame in valid_frames() if b"graph\x01" in frame.header))
