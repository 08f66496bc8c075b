"""What a worker sends is data, whatever bytes it is made of."""

import contextlib
import os
import socket
import struct
import threading
import time
import tracemalloc
from typing import Any

import msgspec
import pytest
import torch
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from autograder.sandbox.confined import wire
from autograder.sandbox.confined.grammar import (
    BigInteger,
    DictValue,
    HandleValue,
    ListValue,
    SizeValue,
    TensorValue,
    Value,
)
from autograder.sandbox.confined.messages import (
    Observed,
    ReplyHeader,
    Returned,
    decode_reply,
    encode_header,
)
from autograder.sandbox.confined.tensors import (
    TensorSpec,
    TensorTable,
    pack_tensors,
    unpack_memory,
    unpack_tensors,
)
from autograder.sandbox.confined.values import Decoder, Encoder
from autograder.sandbox.confined.wire import TooLarge, WireError, read_frame, write_frame


def refuse(value: object) -> HandleValue:
    raise TypeError(type(value).__name__)


def sent(value: object) -> tuple[bytes, bytearray]:
    """Return the header and body of a reply that returns ``value``."""
    encoder = Encoder(refuse)
    reply = Returned(value=encoder.encode(value), observed=Observed())
    table, memory = pack_tensors(encoder.tensors)
    return encode_header(ReplyHeader(reply, table)), bytearray(b"".join(memory))


def received(header: bytes, body: bytearray) -> Any:
    """Return what the trusted side makes of a reply."""
    reply = decode_reply(header)
    tensors = unpack_tensors(reply.table, unpack_memory(reply.table, body))
    assert isinstance(reply.message, Returned)
    return Decoder(tensors, lambda handle: handle).decode(reply.message.value)


EXAMPLE = {"a": (torch.randn(3, 5).t(), [1, 2.5, None, "text"]), 2: torch.tensor([True, False])}


def test_a_reply_survives_the_way() -> None:
    returned = received(*sent(EXAMPLE))
    assert torch.equal(returned["a"][0], EXAMPLE["a"][0])
    assert returned["a"][1] == EXAMPLE["a"][1]
    assert returned[2].tolist() == [True, False]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=300), st.binary(max_size=64))
@example(b"\xdd\xff\xff\xff\xff", b"")
@example(b"\xc1", b"")
def test_noise_is_refused(header: bytes, body: bytes) -> None:
    with pytest.raises(WireError):
        received(header, bytearray(body))


@settings(max_examples=500, deadline=None)
@given(st.data())
def test_a_damaged_reply_is_refused_or_is_still_data(data: st.DataObject) -> None:
    header, body = sent(EXAMPLE)
    damaged = bytearray(header)
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    keep = data.draw(st.integers(0, len(body)))
    try:
        received(bytes(damaged), body[:keep] if data.draw(st.booleans()) else body)
    except WireError:
        pass
    except AssertionError:
        # Another kind of reply, and a valid one.
        assert isinstance(decode_reply(bytes(damaged)), ReplyHeader)


numbers = st.integers(-2, 70) | st.sampled_from([1 << 26, 1 << 31, (1 << 63) - 1])


@settings(max_examples=500, deadline=None)
@given(
    dtype=st.sampled_from(["float32", "bool", "int64", "complex128"]),
    memory=numbers,
    offset=numbers,
    shape=st.lists(numbers, max_size=9),
    strides=st.lists(numbers, max_size=9),
    needs_grad=st.booleans(),
)
def test_a_tensor_lies_within_its_bytes_or_is_refused(**fields: Any) -> None:
    row = [
        *(fields[name] for name in ("dtype", "memory", "offset", "shape", "strides")),
        fields["needs_grad"],
        True,
    ]
    header = msgspec.msgpack.encode(
        [{"kind": "returned", "value": {"is": "tensor", "index": 0}, "observed": {}}, [[row], [64]]]
    )
    try:
        tensor = received(header, bytearray(64))
    except WireError:
        return
    assert tensor.numel() * tensor.element_size() <= wire.MAX_BODY_BYTES
    assert tensor.untyped_storage().nbytes() == 64
    tensor.clone()


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (("float32", 0, 0, [17], [1]), "outside its memory"),
        (("float32", 0, 4, [16], [1]), "outside its memory"),
        (("float32", 0, 0, [2, 2], [1, 15]), "outside its memory"),
        (("float32", 0, 2, [2], [1]), "layout"),
        (("float32", 1, 0, [2], [1]), "layout"),
        (("float32", 0, 0, [2], [1, 1]), "layout"),
        (("float32", 0, 0, [1 << 26, 1 << 26], [0, 0]), "larger than allowed"),
        (("bool", 0, 0, [64], [1]), "neither 0 nor 1"),
        # No elements, and more of the others than torch can count: found by the fuzzer.
        (("bool", 0, 0, [4096, 1 << 26, 4096, 1 << 26, 0], [1] * 5), "layout"),
    ],
)  # fmt: skip
def test_a_tensor_that_lies_about_its_layout_is_refused(spec: tuple[Any, ...], words: str) -> None:
    table = TensorTable([TensorSpec(*spec, requires_grad=False, is_leaf=True)], [64])
    with pytest.raises(WireError, match=words):
        unpack_tensors(table, unpack_memory(table, bytearray([255] * 64)))


def test_integers_may_not_ask_for_a_gradient() -> None:
    table = TensorTable(
        [TensorSpec("int64", 0, 0, [1], [1], requires_grad=True, is_leaf=True)], [8]
    )
    with pytest.raises(WireError, match="gradient of integers"):
        unpack_tensors(table, unpack_memory(table, bytearray(8)))


@pytest.mark.parametrize("sizes", [[8], [4, 5], [1 << 26], []])
def test_sizes_must_add_up_to_the_body(sizes: list[int]) -> None:
    with pytest.raises(WireError, match="add up"):
        unpack_memory(TensorTable([], sizes), bytearray(7))


def nested(depth: int) -> Value:
    value: Value = 1
    for _ in range(depth):
        value = ListValue([value])
    return value


@pytest.mark.parametrize(
    "value",
    [
        nested(40),
        TensorValue(3),
        DictValue([(ListValue([]), 1)]),
        DictValue([(TensorValue(0), 1)]),
        DictValue([(HandleValue(1, "x", False), 1)]),
        SizeValue([1 << 62] * 3 + [(1 << 63) - 1]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_value_that_cannot_be_built_is_refused(value: Value) -> None:
    header = encode_header(ReplyHeader(Returned(value=value, observed=Observed()), TensorTable()))
    with contextlib.suppress(WireError):
        assert isinstance(received(header, bytearray()), torch.Size)


@pytest.mark.parametrize("size", [1 << 63, (1 << 64) - 1])
def test_a_size_that_torch_cannot_print_is_refused(size: int) -> None:
    value = {"is": "size", "sizes": [size]}
    header = [{"kind": "returned", "value": value, "observed": {}}, [[], []]]
    with pytest.raises(WireError):
        received(msgspec.msgpack.encode(header), bytearray())


@pytest.mark.parametrize("digits", ["12", "0x", "0x" + "f" * 5000, "0xg", "__import__"])
def test_an_integer_is_written_in_hexadecimal_and_bounded(digits: str) -> None:
    header = encode_header(
        ReplyHeader(Returned(value=BigInteger(digits), observed=Observed()), TensorTable())
    )
    with pytest.raises(WireError):
        received(header, bytearray())


@pytest.mark.parametrize("prefix", [b"\xdd", b"\xdb", b"\xc6", b"\xdf"])
def test_a_length_that_lies_costs_no_memory(prefix: bytes) -> None:
    inside = msgspec.msgpack.encode([{"kind": "returned", "observed": {}, "value": 0}, [[], []]])
    header = inside[:-3] + prefix + b"\xff\xff\xff\xff"
    tracemalloc.start()
    try:
        with pytest.raises(WireError):
            received(header, bytearray())
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


def test_a_hundred_thousand_levels_are_refused() -> None:
    with pytest.raises(WireError):
        received(b"\x91" * 100_000, bytearray())


def test_what_is_too_deep_or_too_large_is_not_sent() -> None:
    deep: list[Any] = []
    deep.append(deep)
    with pytest.raises(TooLarge, match="16 deep"):
        sent(deep)
    with pytest.raises(TooLarge, match="512 tensors"):
        sent([torch.ones(1)] * 600)
    with pytest.raises(TooLarge, match="integer"):
        sent(1 << 100_000)
    with pytest.raises(TypeError, match="sparse"):
        sent(torch.eye(3).to_sparse())


def test_a_slice_carries_nothing_of_its_neighbors() -> None:
    secret = torch.full((4, 4), 7.0)
    table, memory = pack_tensors([secret[:, ::2]])
    assert set(torch.frombuffer(bytearray(b"".join(memory)), dtype=torch.float32).tolist()) == {
        7.0,
        0.0,
    }
    [view] = unpack_tensors(table, unpack_memory(table, bytearray(b"".join(memory))))
    assert view.as_strided((4, 3), (4, 1))[:, 1].tolist() == [0.0] * 4


def test_views_of_one_memory_in_two_dtypes_still_share_it() -> None:
    base = torch.arange(16, dtype=torch.uint8)
    views = [base[1:5], base.view(torch.float32)[1:3]]
    table, memory = pack_tensors(views)
    assert len(memory) == 1
    first, second = unpack_tensors(table, unpack_memory(table, bytearray(b"".join(memory))))
    assert torch.equal(first, views[0])
    assert torch.equal(second.view(torch.uint8), views[1].view(torch.uint8))
    assert first.untyped_storage().data_ptr() == second.untyped_storage().data_ptr()


@pytest.fixture
def pair():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        yield ours, theirs


def test_a_frame_comes_through_in_pieces(pair) -> None:
    ours, theirs = pair
    body = bytes(range(256)) * 4096
    sender = threading.Thread(
        target=write_frame, args=(theirs.fileno(), 5, b"header", [body, b"end"])
    )
    sender.start()
    assert read_frame(ours.fileno(), time.monotonic() + 5) == (
        5,
        b"header",
        bytearray(body + b"end"),
    )
    sender.join()


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"X" * 24, WireError),
        (struct.pack("<4sQIQ", b"AGR2", 1, 1 << 31, 0), WireError),
        (struct.pack("<4sQIQ", b"AGR2", 1, 0, 1 << 62), WireError),
        (struct.pack("<4sQIQ", b"AGR2", 1, 10, 0) + b"short", TimeoutError),
        (b"", TimeoutError),
    ],
)
def test_a_frame_that_is_none_is_refused_within_its_time(
    pair, data: bytes, error: type[Exception]
) -> None:
    ours, theirs = pair
    os.write(theirs.fileno(), data)
    with pytest.raises(error):
        read_frame(ours.fileno(), time.monotonic() + 0.1)


def test_a_closed_end_is_the_end(pair) -> None:
    ours, theirs = pair
    theirs.close()
    with pytest.raises(EOFError):
        read_frame(ours.fileno(), time.monotonic() + 0.1)


def test_a_reader_that_does_not_read_costs_no_more_than_the_time(pair) -> None:
    ours, _ = pair
    with pytest.raises(TimeoutError):
        write_frame(ours.fileno(), 1, b"", [bytes(1 << 24)], time.monotonic() + 0.1)


def test_a_message_beyond_the_bounds_is_not_written(pair) -> None:
    with pytest.raises(TooLarge, match="at most"):
        write_frame(pair[0].fileno(), 1, bytes((1 << 20) + 1), [])
