"""Frames, most of them damaged and nearly valid. Frame N of a seed is the same on every run."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from autograder.sandbox.confined.wire import MAGIC, MAX_BODY_BYTES, MAX_HEADER_BYTES, PREFIX
from fuzzing.corpus import Frame
from fuzzing.generation import Generator
from fuzzing.material import DTYPES, LIES, NUMBERS, TEXTS

NONCE = 0x0123_4567_89AB_CDEF
Tree = Any
"""What MessagePack holds: lists, dictionaries, numbers, text, bytes."""

MOST_REPEATED = 1 << 16  # bytes
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder().decode


class Mutator:
    """Makes damaged frames out of valid and of drawn ones.

    Args:
        frames: The valid ones.
        seed: Another seed, other frames.
    """

    def __init__(self, frames: Sequence[Frame], seed: int) -> None:
        self._frames = frames
        self._seed = seed << 64
        self._chance = random.Random()  # noqa: S311 - a test, not a secret
        self._generator = Generator(self._chance)
        self._of_bytes = (self._flip, self._insert, self._cut, self._lie, self._join)
        self._of_trees = (
            self._replace, self._replace, self._drop, self._repeat, self._splice, self._wrap,
            self._rename, self._tensor, self._tensor, self._tensor, self._memory,
        )  # fmt: skip

    def frame(self, number: int) -> bytes:
        """Return frame ``number``, prefix included, that answers a request with ``NONCE``."""
        chance = self._chance
        chance.seed(self._seed | number)
        drawn = chance.random() < 0.6
        header, body = self._generator.frame() if drawn else chance.choice(self._frames)
        if drawn and chance.random() < 0.6:
            return self._prefixed(header, body)
        if chance.random() < 0.75:
            tree = _decode(header)
            for _ in range(chance.choice((1, 1, 1, 2, 2, 3, 5))):
                tree = chance.choice(self._of_trees)(tree)
            header = _encoded(tree, header)
        if chance.random() < 0.25:
            for _ in range(chance.choice((1, 1, 2, 4))):
                header = chance.choice(self._of_bytes)(header)
        if chance.random() < 0.2:
            body = chance.choice(self._of_bytes)(body)
        return self._prefixed(header, body)

    def _prefixed(self, header: bytes, body: bytes) -> bytes:
        chance = self._chance
        if chance.random() > 0.05:
            return PREFIX.pack(MAGIC, NONCE, len(header), len(body)) + header + body
        lengths = (
            len(header),
            len(header) - 1,
            len(header) + 1,
            0,
            MAX_HEADER_BYTES,
            (1 << 32) - 1,
        )
        body_lengths = (len(body), len(body) + 1, 0, MAX_BODY_BYTES + 1, (1 << 64) - 1, 1 << 20)
        magic = chance.choice((MAGIC, MAGIC, MAGIC, b"AGR1", b"GET "))
        nonce = chance.choice((NONCE, NONCE, NONCE, NONCE + 1, 0))
        first, second = max(0, chance.choice(lengths)), chance.choice(body_lengths)
        written = PREFIX.pack(magic, nonce, first, second) + header + body
        return written[: chance.randrange(len(written) + 1)] if chance.random() < 0.3 else written

    # -- bytes ------------------------------------------------------------------------------------

    def _flip(self, data: bytes) -> bytes:
        if not data:
            return b"\xff"
        changed = bytearray(data)
        changed[self._chance.randrange(len(data))] = self._chance.randrange(256)
        return bytes(changed)

    def _insert(self, data: bytes) -> bytes:
        place = self._chance.randrange(len(data) + 1)
        return data[:place] + self._chance.randbytes(self._chance.choice((1, 2, 9))) + data[place:]

    def _cut(self, data: bytes) -> bytes:
        first, last = sorted(self._chance.randrange(len(data) + 1) for _ in range(2))
        return data[:first] if self._chance.random() < 0.5 else data[:first] + data[last:]

    def _lie(self, data: bytes) -> bytes:
        place = self._chance.randrange(len(data) + 1)
        return data[:place] + self._chance.choice(LIES) + data[place + 1 :]

    def _join(self, data: bytes) -> bytes:
        return data + self._chance.choice(self._chance.choice(self._frames))[:4096]

    # -- structure --------------------------------------------------------------------------------

    def _replace(self, tree: Tree) -> Tree:
        return self._edit(tree, self._leaf)

    def _drop(self, tree: Tree) -> Tree:
        return self._edit(tree, self._without_one)

    def _repeat(self, tree: Tree) -> Tree:
        return self._edit(tree, self._longer)

    def _splice(self, tree: Tree) -> Tree:
        other = _decode(self._chance.choice(self._frames).header)
        return self._edit(tree, lambda old: self._part(other))

    def _wrap(self, tree: Tree) -> Tree:
        depth = self._chance.choice((1, 2, 14, 15, 16, 17, 200, 2000))
        kind = self._chance.choice(("list", "tuple", "dict"))

        def nested(value: Tree) -> Tree:
            for _ in range(depth):
                value = {"is": kind, "items": [[1, value]] if kind == "dict" else [value]}
            return value

        return self._edit(tree, nested)

    def _rename(self, tree: Tree) -> Tree:
        def renamed(value: Tree) -> Tree:
            if not isinstance(value, dict) or not value:
                return value
            name = self._chance.choice(list(value))
            if self._chance.random() < 0.5:
                return value | {name: self._chance.choice(TEXTS)}
            return {
                (self._chance.choice(TEXTS) if key == name else key): value[key] for key in value
            }

        return self._edit(tree, renamed)

    def _tensor(self, tree: Tree) -> Tree:
        """Change one field of one tensor: dtype, memory, offset, shape, strides or a flag."""
        specs = _table(tree, 0)
        spec = self._chance.choice(specs) if specs else None
        if not isinstance(spec, list) or len(spec) != 7:
            return tree
        field = self._chance.randrange(7)
        if field == 0:
            spec[0] = self._chance.choice(DTYPES)
        elif field in (3, 4) and isinstance(spec[field], list):
            spec[field] = self._numbers(spec[field])
        else:
            spec[field] = self._chance.choice((True, False)) if field > 4 else self._number()
        return tree

    def _memory(self, tree: Tree) -> Tree:
        """Change the sizes of the memory, and keep their sum where it can be kept."""
        sizes = _table(tree, 1)
        if not sizes or not all(isinstance(size, int) for size in sizes):
            return tree
        place, moved = self._chance.randrange(len(sizes)), self._number()
        sizes[place] -= moved
        if self._chance.random() < 0.7:
            sizes.insert(self._chance.randrange(len(sizes) + 1), moved)
        return tree

    # -- parts ------------------------------------------------------------------------------------

    def _edit(self, tree: Tree, change: Callable[[Tree], Tree]) -> Tree:
        """Change one node of ``tree``, chosen on a random way down."""
        holder, key, node = None, None, tree
        while isinstance(node, (list, dict)) and node and self._chance.random() > 0.15:
            holder, key = node, self._chance.choice(_keys(node))
            node = holder[key]
        if holder is None:
            return change(tree)
        holder[key] = change(node)
        return tree

    def _part(self, tree: Tree) -> Tree:
        while isinstance(tree, (list, dict)) and tree and self._chance.random() > 0.3:
            tree = tree[self._chance.choice(_keys(tree))]
        return tree

    def _leaf(self, old: Tree) -> Tree:
        if isinstance(old, int) and self._chance.random() < 0.6:
            return self._number()
        return self._chance.choice(
            (None, True, False, 0.0, float("inf"), float("nan"), b"\xff", [], {}, [[]],
             self._number(), self._chance.choice(TEXTS), {"is": "tensor", "index": self._number()},
             {"is": "handle", "number": self._number(), "type_name": "M", "is_module": True},
             {"is": "size", "sizes": [self._number() for _ in range(3)]},
             {"is": "parameter", "index": 0, "grad": {"is": "tensor", "index": self._number()}})
        )  # fmt: skip

    def _number(self) -> int:
        return self._chance.choice(NUMBERS)

    def _numbers(self, old: list[Tree]) -> list[Tree]:
        if self._chance.random() < 0.2:
            return [self._number() for _ in range(self._chance.randrange(10))]
        kept = [number if self._chance.random() < 0.6 else self._number() for number in old]
        return kept[1:] if self._chance.random() < 0.1 else kept

    def _without_one(self, value: Tree) -> Tree:
        if not isinstance(value, (list, dict)) or not value:
            return None
        gone = self._chance.choice(_keys(value))
        if isinstance(value, list):
            return value[:gone] + value[gone + 1 :]
        return {key: value[key] for key in value if key != gone}

    def _longer(self, value: Tree) -> Tree:
        times = self._chance.choice((2, 2, 3, 17, 300))
        # Frames of megabytes would only cost time: their announced length is refused.
        if len(_encoded(value, b"")) * times > MOST_REPEATED:
            return value
        return (value if isinstance(value, (list, str, bytes)) else [value]) * times


def _keys(value: Tree) -> Sequence[Any]:
    return range(len(value)) if isinstance(value, list) else list(value)


def _table(tree: Tree, place: int) -> list[Tree]:
    """Return the tensors (0) or the memory (1) of a header's table; empty where it has none."""
    if not isinstance(tree, list) or len(tree) != 2 or not isinstance(tree[1], list):
        return []
    table = tree[1]
    return table[place] if len(table) == 2 and isinstance(table[place], list) else []


def _encoded(tree: Tree, otherwise: bytes) -> bytes:
    try:
        return _encode(tree)
    except (OverflowError, RecursionError, TypeError):
        return otherwise  # a number beyond 64 bits, or nesting beyond what can be written
