"""A reply of few bytes may not cost the trusted side much, and what it costs is charged."""

import builtins
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from autograder.sandbox import IsolationRefused, Lane, Limits, Student, StudentError, proxy
from autograder.sandbox.confined.grammar import (
    MAX_INTEGER_DIGITS,
    BigInteger,
    DictValue,
    ListValue,
    TensorValue,
    Value,
)
from autograder.sandbox.confined.messages import (
    CellDone,
    Changed,
    Observed,
    Reply,
    ReplyHeader,
    Returned,
    decode_reply,
    encode_header,
)
from autograder.sandbox.confined.tensors import TensorSpec, TensorTable
from autograder.sandbox.confined.wire import WireError
from autograder.sandbox.errors import student_error
from autograder.sandbox.isolation import Isolation
from autograder.sandbox.warm_process import WarmProcess, command

HUGE = TensorSpec("float32", 0, 0, [1 << 24], [0], requires_grad=False, is_leaf=True)
"""64 MB on arrival, 4 bytes on the way."""
HALF = msgspec.structs.replace(HUGE, shape=[(1 << 23) + 1])
TENSORS = [TensorValue(index) for index in range(512)]


def replied(message: Reply, *specs: TensorSpec) -> bytes:
    return encode_header(ReplyHeader(message, TensorTable(list(specs), [4] if specs else [])))


def returned(value: Value, **fields: Any) -> Returned:
    return Returned(value=value, observed=Observed(), **fields)


BOMBS = {
    "a dictionary of 257 items": replied(returned(DictValue([(n, None) for n in range(257)]))),
    "one tensor named 40 000 times": replied(
        returned(ListValue([TensorValue(0)] * 40_000)), msgspec.structs.replace(HUGE, shape=[1])
    ),
    "4 097 values in lists": replied(
        returned(ListValue([ListValue([None] * 64) for _ in range(63)] + [None]))
    ),
    "512 tensors of 64 MB": replied(returned(ListValue(TENSORS)), *[HUGE] * 512),
    "tensors of 64 MB that nothing names": replied(returned(None), HUGE, HUGE),
    "tensors of 64 MB with a cell": replied(
        CellDone(functions=[], values=[], observed=Observed()), HUGE, HUGE
    ),
    "a tensor of 32 MB named twice": replied(returned(ListValue(TENSORS[:1] * 2)), HALF),
    "a tensor of 32 MB named as a change, too": replied(
        returned(TensorValue(0), changed=[Changed(0, 0)]), HALF
    ),
    "a change that names no tensor": replied(returned(None, changed=[Changed(0, 3)])),
    "an integer that cannot be written out": replied(returned(BigInteger("0x" + "f" * 3600))),
    "a digit with a line's end": replied(returned(BigInteger("0xff\n"))),
    "a routine with a line's end": replied(
        Returned(value=None, observed=Observed(routines=["f\n"]))
    ),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_reply_that_unfolds_to_too_much_is_refused_before_it_unfolds(bomb: str) -> None:
    with pytest.raises(WireError):
        decode_reply(BOMBS[bomb])


def test_a_reply_at_every_bound_is_read() -> None:
    decode_reply(replied(returned(ListValue([None] * 4095))))
    decode_reply(replied(returned(TensorValue(0)), HUGE))
    decode_reply(replied(returned(DictValue([(n, None) for n in range(256)]))))
    reply = decode_reply(replied(returned(BigInteger("0x" + "f" * MAX_INTEGER_DIGITS))))
    assert isinstance(reply.message, Returned)


CELL = """
import torch
class Colliding(dict):
    def items(self): return [((2**61 - 1) * k, None) for k in range(1, 22_001)]
class Endless(dict):
    def items(self):
        while True: yield 1, 2
def forever():
    while True: yield 1
RESULTS = {
    "colliding": lambda: Colliding(), "endless": lambda: Endless(), "forever": forever,
    "many": lambda: [[0] * 100] * 100, "integer": lambda: 1 << 14_000,
    "expanded": lambda: [torch.ones(1).expand(1 << 22)] * 5,
}
def give(name): return RESULTS[name]()
def largest(): return (1 << 14_000) - 1
def identity(x): return x
"""


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("colliding", "a dictionary of more than 256 items cannot be sent"),
        ("endless", "a dictionary of more than 256 items cannot be sent"),
        ("forever", "more than 4096 values cannot be sent"),
        ("many", "more than 4096 values cannot be sent"),
        ("integer", "an integer of more than 3500 hexadecimal digits cannot be sent"),
        ("expanded", "at most 67108864 bytes, got 83886080"),
    ],
)
def test_a_learner_is_told_what_cannot_be_sent(lane: Lane, name: str, words: str) -> None:
    with lane.open([CELL]) as student:
        with pytest.raises(StudentError, match=words):
            student.give(name)
        assert student.identity(1) == 1


def test_every_integer_that_arrives_can_be_written_out(lane: Lane) -> None:
    with lane.open([CELL]) as student:
        assert repr(student.largest()).isdigit()


def opened(lane: Lane, cells: list[str], connect: Callable[[], Any] | None = None) -> Student:
    """Open cells that have one second in all."""
    return Student(connect or lane._connect, cells, Limits(submission_seconds=1.0))


def test_what_a_reply_costs_here_is_charged_to_the_submission(
    lane: Lane, monkeypatch: pytest.MonkeyPatch
) -> None:
    decode = proxy.Decoder.decode

    def slow(decoder: proxy.Decoder, value: Value, depth: int = 0) -> Any:
        time.sleep(1.1)
        return decode(decoder, value, depth)

    with opened(lane, ["x = 1\ndef f(): return 1"]) as student:
        monkeypatch.setattr(proxy.Decoder, "decode", slow)
        assert student.f() == 1
        monkeypatch.undo()
        with pytest.raises(proxy.WorkerLost, match="used up its 1 seconds"):
            student.f()


def test_the_time_to_begin_anew_is_charged_to_the_submission(lane: Lane) -> None:
    def slow() -> Any:
        time.sleep(0.3)
        return lane._connect()

    cells = ["import os\ndef f(): return 1", *["os._exit(1)"] * 10]
    with opened(lane, cells, slow) as student:
        errors = [error.message for error in student.cell_errors]
        assert "used up its 1 seconds" in errors[-1]
        assert sum("ended by itself" in message for message in errors) in (2, 3, 4)


def test_after_twenty_cells_that_end_the_process_no_more_are_run(lane: Lane) -> None:
    deadly = ["import os; os._exit(1)"] * 30
    connections = []

    def connect() -> Any:
        connections.append(lane._connect())
        return connections[-1]

    cells = ["def f(): return 1", "no_such_name", *deadly, "def g(): return 2"]
    with Student(connect, cells, lane.limits) as student:
        assert len(connections) == 21
        assert [error.cell for error in student.cell_errors] == list(range(2, 34))
        for error in student.cell_errors[21:]:
            assert error.kind == "crashed"
            assert error.message == "not run: 20 other cells ended the process that ran them"
        assert student.f() == 1
        assert student.names == {"f"}
        student.restart()
        assert student.f() == 1
        assert len(student.cell_errors) == 32


def test_cells_that_end_the_process_when_they_run_again_are_not_run_for_ever(lane: Lane) -> None:
    by_chance = "import os, time\nif time.time_ns() // 1000 % 2: os._exit(1)\ndef f(): return 1"
    connections = []

    def connect() -> Any:
        connections.append(lane._connect())
        return connections[-1]

    with Student(connect, [by_chance] * 200, lane.limits) as student:
        assert len(connections) <= 22
        cells = [error.cell for error in student.cell_errors]
        assert cells == sorted(set(cells))


def test_functions_are_told_from_plain_values(lane: Lane) -> None:
    with lane.open(["x = 1\ndef f(): pass\nclass C: pass\ng = len\nimport math"]) as student:
        assert student.functions == {"f", "C", "g"}
        assert student.names == {"f", "C", "g", "x"}


EXCEPTIONS = {
    name: kind
    for name, kind in vars(builtins).items()
    if isinstance(kind, type) and issubclass(kind, BaseException)
}


@pytest.mark.parametrize("name", EXCEPTIONS)
def test_no_builtin_exception_is_too_odd_to_be_raised_here(name: str) -> None:
    lineage = [base.__name__ for base in EXCEPTIONS[name].__mro__]
    error = student_error(name, lineage, "because", "")
    assert isinstance(error, StudentError)
    assert str(error) == f"{name}: because"
    ends_the_grader = (KeyboardInterrupt, SystemExit, GeneratorExit)
    assert not isinstance(error, ends_the_grader)
    assert repr(error)


def test_a_group_of_exceptions_is_still_of_its_other_type(lane: Lane) -> None:
    cell = """
class Both(ExceptionGroup, ValueError): pass
def f(): raise Both("two", [ValueError("one")])
"""
    with lane.open([cell]) as student, pytest.raises(ValueError, match="two") as caught:
        student.f()
    assert isinstance(caught.value, StudentError)


def limited(monkeypatch: pytest.MonkeyPatch, kibibytes: int, which: str) -> WarmProcess:
    """Start a warm process under a limit on memory."""
    line = command.command_line

    def under_a_limit(isolation: Isolation, control: int) -> list[str]:
        shell = f'ulimit {which} -d {kibibytes}; exec "$0" "$@"'
        return ["/bin/sh", "-c", shell, *line(isolation, control)]

    monkeypatch.setattr(command, "command_line", under_a_limit)
    return WarmProcess(Isolation.REDUCED, Limits(), preload=which == "-S")


@pytest.mark.slow
def test_a_small_soft_limit_of_the_grader_does_not_bind_the_warm_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    warm = limited(monkeypatch, 40 << 10, "-S")
    assert warm.alive
    warm.close()


def test_a_hard_limit_below_what_a_submission_may_use_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(IsolationRefused, match="hard RLIMIT_DATA of 1073741824"):
        limited(monkeypatch, 1 << 20, "")


@pytest.mark.slow
def test_a_lane_of_a_grader_that_bounds_its_own_memory_works() -> None:
    program = """
import resource, sys, torch
from autograder.sandbox import Isolation, Lane
resource.setrlimit(resource.RLIMIT_DATA, (6 << 30, 6 << 30))
with Lane(Isolation[sys.argv[1]]) as lane, lane.open(["def f(x): return x + 1"]) as student:
    assert student.f(torch.ones(3)).tolist() == [2.0, 2.0, 2.0]
"""
    subprocess.run([sys.executable, "-c", program, "REDUCED"], check=True, timeout=120)
