"""Valid replies of every shape: what the mutations start from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import torch

from autograder.sandbox.confined.grammar import HandleValue
from autograder.sandbox.confined.messages import (
    CellDone,
    Changed,
    Failure,
    Observed,
    Raised,
    Reply,
    ReplyHeader,
    Returned,
    encode_header,
)
from autograder.sandbox.confined.tensors import pack_tensors
from autograder.sandbox.confined.values import Encoder


class Frame(NamedTuple):
    """A reply as a worker would write it, without the prefix."""

    header: bytes
    body: bytes


FAILURE = Failure("ValueError", ["ValueError", "Exception", "BaseException"], "no", "<cell 1>")
NOISY = Observed("printed\n", ["scaled_dot_product_attention"], ["attnbook"])


def valid_frames() -> list[Frame]:
    """Return one frame for each kind of reply and of value; they are the same on every run."""
    torch.manual_seed(0)
    plain = [_frame(reply, []) for reply in _replies_without_tensors()]
    return [*plain, *(_returned(value) for value in _values()), *_with_changes(), *_with_graphs()]


def _replies_without_tensors() -> Iterator[Reply]:
    yield CellDone(functions=["f", "M"], values=["x"], observed=Observed())
    yield CellDone(functions=["f"] * 40, values=[], observed=NOISY, failure=FAILURE)
    yield Raised(failure=FAILURE, observed=NOISY)
    group = Failure("Both", ["ExceptionGroup", "ValueError", "SystemExit"], "two", "")
    yield Raised(failure=group, observed=Observed())


def _values() -> Iterator[Any]:
    yield from (None, True, 7, -(1 << 63), 1 << 700, 2.5, float("nan"), "text ×", object())
    yield from (torch.Size([2, 3]), torch.float16, torch.device("cpu"))
    yield [1, (2, [3, {"a": [None], 2: "b"}]), {(1, 2): 3.0}]
    yield [[[[[[[[1]]]]]]]]
    yield {number: [number] for number in range(30)}
    for dtype in (torch.float64, torch.bfloat16, torch.complex64, torch.int8, torch.bool):
        yield (torch.rand(3, 5) * 2).to(dtype)
    base = torch.arange(60.0).reshape(3, 4, 5)
    yield [base, base.mT, base[:, ::2], base[1], torch.ones(1).expand(7, 7), torch.empty(0, 3)]
    yield torch.tensor(3.0)
    yield {"weight": torch.nn.Parameter(torch.ones(2, 2)), "bias": _trained()}
    yield [torch.full((2,), float(number)) for number in range(40)]
    yield torch.rand(8, 256)


def _trained() -> torch.nn.Parameter:
    parameter = torch.nn.Parameter(torch.ones(3))
    parameter.grad = torch.zeros(3)
    return parameter


def _with_changes() -> Iterator[Frame]:
    """Yield replies that change the 3 x 5 float32 argument of the call, 60 bytes long."""
    bytes_of_argument = torch.rand(3, 5).view(torch.uint8).flatten()
    for changed in ([Changed(0, 1)], [Changed(0, 1), Changed(1, 1)]):
        encoder = Encoder(_handle, keep_parameters=True)
        value = encoder.encode(torch.rand(3, 5))
        reply = Returned(value=value, observed=Observed(), changed=changed)
        yield _frame(reply, [*encoder.tensors, bytes_of_argument])
    yield _frame(
        Raised(failure=FAILURE, observed=Observed(), changed=[Changed(0, 0)]), [bytes_of_argument]
    )


def _with_graphs() -> Iterator[Frame]:
    for tensors in ([torch.rand(3, 5)], [torch.rand(3, 3), torch.rand(2, dtype=torch.float64)]):
        for tensor in tensors:
            tensor.requires_grad_()
        encoder = Encoder(_handle)
        value = encoder.encode(tensors)
        outputs = list(range(len(tensors)))
        yield _frame(Returned(value=value, observed=Observed(), graph=1, outputs=outputs), tensors)
    # What a call's backward returns for the arguments of the fuzzed call.
    yield _returned([torch.rand(3, 5), None])


def _returned(value: Any) -> Frame:
    encoder = Encoder(_handle, keep_parameters=True)
    encoded = encoder.encode(value)
    return _frame(Returned(value=encoded, observed=Observed()), encoder.tensors)


def _frame(reply: Reply, tensors: list[torch.Tensor]) -> Frame:
    table, memory = pack_tensors(tensors)
    return Frame(encode_header(ReplyHeader(reply, table)), b"".join(memory))


def _handle(value: object) -> HandleValue:
    return HandleValue(3, type(value).__name__, False)
