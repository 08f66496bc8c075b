"""What the trusted side asks a worker, and what it answers. Every field is bounded."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import msgspec
from msgspec import Meta

from .grammar import Value, named_tensors
from .tensors import MAX_TENSORS, TensorTable, expanded_bytes
from .wire import MAX_BODY_BYTES, MAX_HEADER_BYTES, WireError

MAX_NAMES = 2000
MAX_OUTPUT_CHARACTERS = 1 << 17
Name = Annotated[str, Meta(min_length=1, max_length=200)]
Number = Annotated[int, Meta(ge=0, lt=1 << 31)]
Text = Annotated[str, Meta(max_length=16_384)]
Identifier = Annotated[str, Meta(max_length=80, pattern=r"\A[A-Za-z_][A-Za-z0-9_.]*\Z")]


class _Message(
    msgspec.Struct, tag_field="kind", forbid_unknown_fields=True, frozen=True, kw_only=True
):
    pass


class Target(msgspec.Struct, array_like=True, forbid_unknown_fields=True, frozen=True):
    """A name of the notebook, or an object that the worker keeps; or an attribute of either."""

    name: Name | None = None
    handle: Number | None = None
    attribute: Name | None = None


class RunCell(_Message, tag="run", frozen=True):
    """Run one code cell; ``position`` counts from 1."""

    position: Number
    source: str


class Call(_Message, tag="call", frozen=True):
    """Call a function. ``release`` names graphs that nobody needs any more."""

    target: Target
    arguments: list[Value]
    keywords: list[tuple[Name, Value]]
    grad_enabled: bool
    seed: Number
    release: list[Number] = []


class Backward(_Message, tag="backward", frozen=True):
    """Send gradients, one per output or None, backward through the graph of an earlier call."""

    graph: Number
    gradients: list[Value]


class Get(_Message, tag="get", frozen=True):
    """Read a name of the notebook or an attribute."""

    target: Target


Request: TypeAlias = RunCell | Call | Backward | Get


class Observed(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What a person may want to know: printed text, torch routines called, imports refused."""

    output: Annotated[str, Meta(max_length=MAX_OUTPUT_CHARACTERS)] = ""
    routines: Annotated[list[Identifier], Meta(max_length=16)] = []
    imports: Annotated[list[Identifier], Meta(max_length=16)] = []


class Failure(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """An exception. ``lineage`` names its builtin ancestors, nearest first."""

    type_name: Name
    lineage: Annotated[list[Name], Meta(max_length=16)]
    message: Text
    traceback: Text


class CellDone(_Message, tag="cell done", frozen=True):
    """A cell ran, perhaps not to its end; the public names that the notebook has so far."""

    functions: Annotated[list[Name], Meta(max_length=MAX_NAMES)]
    values: Annotated[list[Name], Meta(max_length=MAX_NAMES)]
    observed: Observed
    failure: Failure | None = None


class Changed(msgspec.Struct, array_like=True, forbid_unknown_fields=True, frozen=True):
    """A piece of the request's memory that changed, and the uint8 tensor with its bytes."""

    memory: Annotated[int, Meta(ge=0, lt=MAX_TENSORS)]
    tensor: Annotated[int, Meta(ge=0, lt=MAX_TENSORS)]


class Returned(_Message, tag="returned", frozen=True):
    """A value; ``graph`` numbers the graph behind the tensors ``outputs``, where there is one."""

    value: Value
    observed: Observed
    graph: Number | None = None
    outputs: Annotated[
        list[Annotated[int, Meta(ge=0, lt=MAX_TENSORS)]], Meta(max_length=MAX_TENSORS)
    ] = []
    changed: Annotated[list[Changed], Meta(max_length=MAX_TENSORS)] = []


class Raised(_Message, tag="raised", frozen=True):
    """The learner's code raised an exception."""

    failure: Failure
    observed: Observed
    changed: Annotated[list[Changed], Meta(max_length=MAX_TENSORS)] = []


Reply: TypeAlias = CellDone | Returned | Raised


class RequestHeader(msgspec.Struct, array_like=True, forbid_unknown_fields=True, frozen=True):
    """A request and the table of its tensors.

    ``anew`` says that nobody needs the objects and graphs of earlier requests any more: numbers
    begin from the start.
    """

    message: Request
    table: TensorTable
    anew: bool = False


class ReplyHeader(msgspec.Struct, array_like=True, forbid_unknown_fields=True, frozen=True):
    """A reply and the table of its tensors."""

    message: Reply
    table: TensorTable


_encoder = msgspec.msgpack.Encoder()
_request_decoder = msgspec.msgpack.Decoder(RequestHeader)
_reply_decoder = msgspec.msgpack.Decoder(ReplyHeader)


def encode_header(header: RequestHeader | ReplyHeader) -> bytes:
    """Return ``header`` as bytes."""
    return _encoder.encode(header)


def decode_request(data: bytes) -> RequestHeader:
    """Read a request's header. Raises WireError if it is not one."""
    try:
        return _request_decoder.decode(data)
    except (msgspec.MsgspecError, RecursionError, ValueError) as error:
        raise WireError(f"not a request: {error}") from None


def decode_reply(data: bytes) -> ReplyHeader:
    """Read a reply's header. Raises WireError if it is not one."""
    if len(data) > MAX_HEADER_BYTES:
        raise WireError("header larger than allowed")
    try:
        header = _reply_decoder.decode(data)
    except (msgspec.MsgspecError, RecursionError, ValueError) as error:
        raise WireError(f"not a reply: {error}") from None
    _check_totals(header)
    return header


def _check_totals(header: ReplyHeader) -> None:
    """Refuse a reply of few bytes that unfolds to many: what is named twice counts twice."""
    sizes = [expanded_bytes(spec) for spec in header.table.tensors]
    message = header.message
    named = named_tensors(message.value) if isinstance(message, Returned) else []
    if not isinstance(message, CellDone):
        named += [change.tensor for change in message.changed]
    if any(index >= len(sizes) for index in named):
        raise WireError("no such tensor")
    # All of the table, too: looking at a tensor costs time whether or not anything names it.
    if max(sum(sizes), sum(sizes[index] for index in named)) > MAX_BODY_BYTES:
        raise WireError("tensors larger than allowed")
