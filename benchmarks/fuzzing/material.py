"""What damaged frames are filled with: numbers near bounds, words of the grammar, lies."""

from __future__ import annotations

from autograder.sandbox.confined.wire import MAX_BODY_BYTES

NUMBERS = (
    0, 1, 2, 3, 4, 5, 7, 8, 15, 16, 60, 63, 64, 127, 128, 255, 256, 257, 511, 512, 513, 4095, 4096,
    4097, 65535, 65536, 1 << 20, MAX_BODY_BYTES - 1, MAX_BODY_BYTES, MAX_BODY_BYTES + 1,
    (1 << 31) - 1, 1 << 31, 1 << 32, (1 << 62), (1 << 63) - 1, 1 << 63, (1 << 64) - 1, -1, -2, -8,
    -128, -(1 << 31), -(1 << 63),
)  # fmt: skip
TEXTS = (
    "", "f", "x", "tensor", "parameter", "list", "tuple", "dict", "size", "dtype", "device",
    "handle", "integer", "returned", "raised", "cell done", "kind", "is", "index", "items", "grad",
    "digits", "number", "type_name", "float32", "bool", "complex128", "0xff", "-0x0",
    "0x" + "f" * 3503, "ValueError", "SystemExit", "ExceptionGroup", "UnicodeDecodeError", "len",
    "a" * 201, "\x00", "\x1b[2J", "×" * 100, "\U0010ffff",
)  # fmt: skip
DTYPES = ("float64", "float16", "bfloat16", "complex64", "int64", "int8", "uint8", "bool", "float8")
# Lengths of MessagePack that promise more than comes, a type that is none, and extensions.
LIES = (
    b"\xdd\xff\xff\xff\xff", b"\xdf\xff\xff\xff\xff", b"\xdb\xff\xff\xff\xff",
    b"\xc6\xff\xff\xff\xff",
    b"\xdc\xff\xff", b"\xde\xff\xff", b"\xc9\x7f\xff\xff\xff\x05", b"\xc1", b"\xd6\xff\0\0\0\0",
    b"\x91" * 40, b"\x81\xa1a" * 30, b"\xa5\xff\xfe\xfd\xfc\xfb",
)  # fmt: skip
