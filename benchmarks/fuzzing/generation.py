"""Replies drawn from the grammar: each field is of its type, and its number is near a bound."""

from __future__ import annotations

import random
from typing import Any

import msgspec

from autograder.sandbox.confined.wire import MAX_BODY_BYTES
from fuzzing.corpus import Frame

DTYPES = (
    "float64", "float32", "float16", "bfloat16", "complex128", "complex64",
    "int64", "int32", "int16", "int8", "uint8", "bool",
)  # fmt: skip
SMALL = (0, 1, 1, 2, 2, 3, 4, 5, 7, 8, 15, 16)
LARGE = (60, 64, 255, 4096, 1 << 13, 1 << 20, 1 << 23, MAX_BODY_BYTES, MAX_BODY_BYTES + 1)
BEYOND = (1 << 31, 1 << 32, 1 << 62, (1 << 63) - 1, 1 << 63, (1 << 64) - 1)
SCALARS = (None, True, 0, -1, 1 << 62, 1.5, float("nan"), "", "text", "\U0010ffff")
DIGITS = ("0x1", "-0x" + "f" * 3500, "0x" + "f" * 3501, "-0x" + "f" * 9000, "0x", "12", "0xg")
LINEAGES = (
    ["ValueError", "Exception"], ["ExceptionGroup"], ["SystemExit"], ["UnicodeDecodeError"],
    ["KeyboardInterrupt", "Exception"], ["BaseExceptionGroup", "OSError"], ["type"], ["len"], [],
    ["StopIteration"], ["MemoryError"], ["object"], ["ImportError"], ["BlockingIOError"],
)  # fmt: skip
_encode = msgspec.msgpack.Encoder().encode


class Generator:
    """Draws frames with the chance that it is given."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance

    def frame(self) -> Frame:
        """Return a header that mostly decodes, and a body of the length that it promises."""
        memory = [self._length() for _ in range(self._chance.randrange(4))]
        specs = [self._spec(memory) for _ in range(self._chance.choice((0, 1, 1, 2, 3, 5)))]
        if self._chance.random() < 0.2:
            # Fits the 60 bytes that the fuzzed call sends, as a change must.
            memory, specs = [60, *memory], [["uint8", 0, 0, [60], [1], False, True], *specs]
        message = self._message(len(specs))
        total = min(sum(memory), 1 << 16)
        noisy = self._chance.random() < 0.5
        body = self._chance.randbytes(total) if noisy else bytes([1, 0] * (total // 2 + 1))[:total]
        return Frame(_encode([message, [specs, memory]]), body)

    def _message(self, tensors: int) -> dict[str, Any]:
        kind = self._chance.random()
        if kind < 0.06:
            names = ["f", "x", "update"][: self._chance.randrange(4)]
            failure = {} if self._chance.random() < 0.5 else {"failure": self._failure()}
            return {
                "kind": "cell done",
                "functions": names,
                "values": [],
                "observed": {},
                **failure,
            }
        changed = [
            [self._index(2), self._index(tensors)] for _ in range(self._chance.choice((0, 0, 1, 2)))
        ]
        if kind < 0.12:
            failure = self._failure()
            return {"kind": "raised", "failure": failure, "observed": {}, "changed": changed}
        outputs = [self._index(tensors) for _ in range(self._chance.choice((0, 1, 1, 2, 3)))]
        graph = {"graph": 1, "outputs": outputs} if self._chance.random() < 0.3 else {}
        value = self._value(tensors, 0)
        return {"kind": "returned", "value": value, "observed": {}, "changed": changed, **graph}

    def _failure(self) -> dict[str, Any]:
        lineage = self._chance.choice(LINEAGES)
        return {"type_name": "E", "lineage": lineage, "message": "no", "traceback": ""}

    def _spec(self, memory: list[int]) -> list[Any]:
        shape = [self._size() for _ in range(self._chance.choice((0, 1, 1, 2, 2, 3, 8)))]
        strides, step = [], 1
        for size in reversed(shape):
            strides.insert(0, step)
            step = min(step * max(size, 1), (1 << 64) - 1)  # MessagePack holds no more
        kind = self._chance.random()
        if kind < 0.2:
            strides = [self._chance.choice((0, 1, 2, 5, self._size())) for _ in shape]
        elif kind < 0.3:
            strides = [0] * len(shape)
        elif kind < 0.34:
            shape, strides = [self._chance.choice(LARGE)], [0]
        offset = (
            0 if self._chance.random() < 0.7 else self._chance.choice((1, 4, 8, 16, 60, 1 << 26))
        )
        grad = self._chance.random() < 0.3
        leaf = self._chance.random() < 0.5
        return [
            self._chance.choice(DTYPES),
            self._index(len(memory)),
            offset,
            shape,
            strides,
            grad,
            leaf,
        ]

    def _value(self, tensors: int, depth: int) -> Any:
        kind = self._chance.randrange(12 if depth < 3 else 8)
        if kind < 2:
            return self._chance.choice(SCALARS)
        if kind < 5:
            return self._tensor(tensors)
        if kind == 5:
            grad = None if self._chance.random() < 0.3 else self._tensor(tensors)
            return {"is": "parameter", "index": self._index(tensors), "grad": grad}
        if kind == 6:
            sizes = [self._size() for _ in range(self._chance.choice((0, 1, 3, 64)))]
            return {"is": "size", "sizes": sizes}
        if kind == 7:
            return self._rare()
        count = self._chance.choice((0, 1, 2, 3))
        if kind == 8:
            parts = (tensors, depth + 1)
            items = [[self._value(*parts), self._value(*parts)] for _ in range(count)]
            return {"is": "dict", "items": items}
        items = [self._value(tensors, depth + 1) for _ in range(count)]
        return {"is": self._chance.choice(("list", "tuple")), "items": items}

    def _rare(self) -> dict[str, Any]:
        number = self._chance.choice((0, 3, (1 << 20) - 1, 1 << 20))
        return self._chance.choice(
            (
                {"is": "integer", "digits": self._chance.choice(DIGITS)},
                {"is": "dtype", "name": self._chance.choice(DTYPES)},
                {"is": "device"},
                {"is": "handle", "number": number, "type_name": "M", "is_module": True},
            )
        )

    def _tensor(self, tensors: int) -> dict[str, Any]:
        return {"is": "tensor", "index": self._index(tensors)}

    def _index(self, count: int) -> int:
        """Return the place of one of ``count`` things, and once in a while of none."""
        if count and self._chance.random() < 0.97:
            return self._chance.randrange(count)
        return self._chance.choice((0, count, 511, 512))

    def _size(self) -> int:
        kind = self._chance.random()
        return self._chance.choice(SMALL if kind < 0.93 else LARGE if kind < 0.985 else BEYOND)

    def _length(self) -> int:
        return self._chance.choice((0, 1, 4, 8, 16, 60, 60, 64, 128, 256, 4096))
