"""Serving one submission in a fork that is already locked down.

From the first cell on nothing here can be trusted: the other side checks every byte that it
receives.
"""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Callable, Sequence
from typing import Any

import matplotlib.pyplot
import msgspec
import numpy
import torch
from torch import Tensor, equal

from . import failures
from .cells import Cells
from .configuration import Limits
from .grammar import HandleValue
from .graphs import GraphStore, Passed, as_arguments
from .messages import (
    MAX_NAMES,
    Backward,
    Call,
    CellDone,
    Changed,
    Failure,
    Get,
    Observed,
    Raised,
    Reply,
    ReplyHeader,
    Request,
    Returned,
    RunCell,
    Target,
    decode_request,
    encode_header,
)
from .observation import ImportGuard, RoutineRecorder, install_inert_autograder
from .printed import BoundedText
from .tensors import memory_pieces, pack_tensors, unpack_tensors
from .values import Decoder, Encoder
from .wire import MAX_HEADER_BYTES, TooLarge, read_frame, write_frame

EXIT_OUT_OF_MEMORY = 71
EXIT_BY_LEARNER = 72


def serve(descriptor: int, limits: Limits) -> None:
    """Answer requests until the trusted side closes its end."""
    worker = Worker(limits)
    worker.install()
    while True:
        try:
            nonce, header, body = read_frame(descriptor)
        except EOFError:
            return
        reply, memory = worker.answer(header, body)
        write_frame(descriptor, nonce, reply, memory)


class Worker:
    """A notebook's namespace and the objects that its functions returned."""

    def __init__(self, limits: Limits) -> None:
        self._cells = Cells()
        self._limits = limits
        self._forget_everything()
        self._printed = BoundedText(limits.output_call)
        self._routines = RoutineRecorder()
        self._imports = ImportGuard()

    def install(self) -> None:
        """Take over this process's streams, imports and main module."""
        sys.stdout = sys.stderr = self._printed
        sys.meta_path.insert(0, self._imports)
        install_inert_autograder()
        self._cells.install()

    def answer(self, header: bytes, body: bytearray) -> tuple[bytes, list[memoryview]]:
        """Do what a request asks and return the reply's header and body."""
        request = decode_request(header)
        if request.anew:
            self._forget_everything()
        before = memory_pieces(request.table, body)
        memory = [piece.clone() for piece in before]
        arguments = as_arguments(unpack_tensors(request.table, memory), request.table)
        try:
            reply, tensors = self._execute(request.message, arguments)
            return _packed(*_with_changes(reply, tensors, before, memory))
        except Exception as error:
            # What the function returned cannot cross: a sparse tensor, or too much of anything.
            return _packed(self._raised(error), [])

    def _forget_everything(self) -> None:
        self._objects: list[object] = []
        self._graphs = GraphStore(self._limits.graphs)

    def _execute(self, request: Request, arguments: Sequence[Passed]) -> tuple[Reply, list[Tensor]]:
        encoder = Encoder(self._keep, keep_parameters=True)
        try:
            return self._run(request, arguments, encoder), encoder.tensors
        except SystemExit:
            os._exit(EXIT_BY_LEARNER)
        except BaseException as error:
            return self._raised(error), []
        finally:
            if matplotlib.pyplot.get_fignums():
                matplotlib.pyplot.close("all")

    def _run(self, request: Request, arguments: Sequence[Passed], encoder: Encoder) -> Reply:
        decoder = Decoder([argument.seen for argument in arguments], self._object)
        match request:
            case RunCell():
                return self._run_cell(request)
            case Call():
                return self._call(request, arguments, decoder, encoder)
            case Backward():
                gradients = self._graphs.backward(
                    request.graph, decoder.decode_all(request.gradients)
                )
                return Returned(value=encoder.encode(gradients), observed=self._observed())
            case Get():
                return Returned(
                    value=encoder.encode(self._resolve(request.target)), observed=self._observed()
                )

    def _run_cell(self, request: RunCell) -> CellDone:
        _seed(0)
        failure = None
        try:
            self._cells.run(request.position, request.source)
        except BaseException as error:
            failure = _described(error)
        functions, values = self._cells.public_names()
        return CellDone(
            functions=functions[:MAX_NAMES],
            values=values[:MAX_NAMES],
            observed=self._observed(),
            failure=failure,
        )

    def _call(
        self, request: Call, arguments: Sequence[Passed], decoder: Decoder, encoder: Encoder
    ) -> Returned:
        self._graphs.release(request.release)
        function: Callable[..., Any] = self._resolve(request.target)
        positional = decoder.decode_all(request.arguments)
        keywords = {name: decoder.decode(value) for name, value in request.keywords}
        _seed(request.seed)
        with torch.set_grad_enabled(request.grad_enabled), self._routines:
            value = encoder.encode(function(*positional, **keywords))
        tensors = enumerate(encoder.tensors)
        outputs = [
            n
            for n, tensor in tensors
            if tensor.requires_grad and not isinstance(tensor, torch.nn.Parameter)
        ]
        graph = None
        if request.grad_enabled and outputs:
            leaves = [argument.leaf for argument in arguments if argument.leaf is not None]
            graph = self._graphs.keep([encoder.tensors[n] for n in outputs], leaves)
        return Returned(value=value, graph=graph, outputs=outputs, observed=self._observed())

    def _resolve(self, target: Target) -> Any:
        found = (
            self._cells.namespace[target.name]
            if target.name is not None
            else self._objects[target.handle or 0]
        )
        return found if target.attribute is None else getattr(found, target.attribute)

    def _keep(self, value: object) -> HandleValue:
        if len(self._objects) >= 1 << 16:
            raise TooLarge("too many objects were returned")
        self._objects.append(value)
        return HandleValue(
            len(self._objects) - 1, type(value).__name__[:200], isinstance(value, torch.nn.Module)
        )

    def _object(self, handle: HandleValue) -> object:
        return self._objects[handle.number]

    def _observed(self) -> Observed:
        return Observed(self._printed.take(), self._routines.take()[:16], self._imports.take()[:16])

    def _raised(self, error: BaseException) -> Raised:
        return Raised(failure=_described(error), observed=self._observed())


def _described(error: BaseException) -> Failure:
    """Describe an exception; end the process if it says that memory ran out."""
    if failures.is_out_of_memory(error):
        os._exit(EXIT_OUT_OF_MEMORY)
    return failures.describe(error)


def _with_changes(
    reply: Reply, tensors: list[Tensor], before: Sequence[Tensor], after: Sequence[Tensor]
) -> tuple[Reply, list[Tensor]]:
    """Add the new bytes of arguments that the learner's code changed in place."""
    changed = [
        number
        for number, (old, new) in enumerate(zip(before, after, strict=True))
        if not equal(old, new)
    ]
    if changed and not isinstance(reply, CellDone):
        notes = [Changed(number, len(tensors) + place) for place, number in enumerate(changed)]
        reply = msgspec.structs.replace(reply, changed=notes)
        tensors = [*tensors, *(after[number] for number in changed)]
    return reply, tensors


def _packed(reply: Reply, tensors: Sequence[Tensor]) -> tuple[bytes, list[memoryview]]:
    table, memory = pack_tensors(tensors)
    header = encode_header(ReplyHeader(reply, table))
    if len(header) > MAX_HEADER_BYTES:
        raise TooLarge(
            f"a value may take at most {MAX_HEADER_BYTES} bytes besides its tensors, "
            f"got {len(header)}"
        )
    return header, memory


def _seed(number: int) -> None:
    torch.default_generator.manual_seed(number)
    random.seed(number)
    numpy.random.seed(number)
