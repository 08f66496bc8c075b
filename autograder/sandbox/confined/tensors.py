"""Tensors as bytes and back, with their strides and with the memory that they share.

Bytes that no sent tensor covers are sent as zeros, so that a slice never carries its neighbors.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated, Literal

import msgspec
import torch
from msgspec import Meta
from torch import Tensor

from .wire import MAX_BODY_BYTES, TooLarge, WireError

MAX_TENSORS = 512
MAX_DIMENSIONS = 8
# Start every piece of memory where any dtype may start.
_ALIGNMENT = 16

DtypeName = Literal[
    "float64", "float32", "float16", "bfloat16", "complex128", "complex64",
    "int64", "int32", "int16", "int8", "uint8", "bool",
]  # fmt: skip
DTYPES: dict[str, torch.dtype] = {name: getattr(torch, name) for name in DtypeName.__args__}  # type: ignore[attr-defined]
DTYPE_NAMES: dict[torch.dtype, DtypeName] = {dtype: name for name, dtype in DTYPES.items()}  # type: ignore[misc]

Length = Annotated[int, Meta(ge=0, le=MAX_BODY_BYTES)]


class TensorSpec(msgspec.Struct, array_like=True, forbid_unknown_fields=True, frozen=True):
    """How one tensor lies in one piece of memory; ``offset`` is in bytes, strides in elements."""

    dtype: DtypeName
    memory: Annotated[int, Meta(ge=0, lt=MAX_TENSORS)]
    offset: Length
    shape: Annotated[list[Length], Meta(max_length=MAX_DIMENSIONS)]
    strides: Annotated[list[Length], Meta(max_length=MAX_DIMENSIONS)]
    requires_grad: bool
    is_leaf: bool


class TensorTable(msgspec.Struct, array_like=True, forbid_unknown_fields=True, frozen=True):
    """All tensors of a message, and the sizes in bytes of the memory that follows it."""

    tensors: Annotated[list[TensorSpec], Meta(max_length=MAX_TENSORS)] = []
    memory: Annotated[list[Length], Meta(max_length=MAX_TENSORS)] = []


def pack_tensors(tensors: Sequence[Tensor]) -> tuple[TensorTable, list[memoryview]]:
    """Return the table and the bytes of ``tensors``; those that share memory still do afterwards.

    Raises:
        TypeError: If a tensor is not a strided CPU tensor of a dtype in ``DTYPES``.
        TooLarge: If there are too many tensors, or one is too large.
    """
    plain = [_plain(tensor) for tensor in tensors]
    table = _layout(tensors, plain)
    alone = len(table.memory) == len(plain)
    if alone and all(
        tensor.is_contiguous() and tensor.nbytes == size
        for tensor, size in zip(plain, table.memory, strict=True)
    ):
        # Each is all of its memory: nothing needs to be put in place.
        return table, [tensor.view(-1).view(torch.uint8).numpy().data for tensor in plain]
    buffers = [torch.zeros(size, dtype=torch.uint8) for size in table.memory]
    for spec, tensor in zip(table.tensors, plain, strict=True):
        copy_into(_view(spec, buffers[spec.memory]), tensor)
    return table, [buffer.numpy().data for buffer in buffers]


def layout(tensors: Sequence[Tensor]) -> TensorTable:
    """Return the table that ``pack_tensors`` returns, without the bytes."""
    return _layout(tensors, [_plain(tensor) for tensor in tensors])


def _layout(tensors: Sequence[Tensor], plain: Sequence[Tensor]) -> TensorTable:
    if len(tensors) > MAX_TENSORS:
        raise TooLarge(f"a message holds at most {MAX_TENSORS} tensors, got {len(tensors)}")
    extents = [_byte_extent(tensor) for tensor in plain]
    pieces: dict[int, tuple[int, int, int]] = {}
    for tensor, (start, end) in zip(plain, extents, strict=True):
        key = tensor.untyped_storage().data_ptr()
        number, low, high = pieces.get(key, (len(pieces), start, end))
        pieces[key] = (number, min(low, start - start % _ALIGNMENT), max(high, end))
    sizes = [high - low for _, low, high in pieces.values()]
    if sum(sizes) > MAX_BODY_BYTES:
        raise TooLarge(
            f"a message holds at most {MAX_BODY_BYTES} bytes of tensors, got {sum(sizes)}"
        )
    expanded = sum(tensor.numel() * tensor.element_size() for tensor in plain)
    if expanded > MAX_BODY_BYTES:
        raise TooLarge(
            f"the tensors of a message may have at most {MAX_BODY_BYTES} bytes, got {expanded} "
            "(what `expand` repeats counts each time)"
        )
    specs = []
    for original, tensor, (start, _) in zip(tensors, plain, extents, strict=True):
        number, low, _ = pieces[tensor.untyped_storage().data_ptr()]
        shape, strides = list(tensor.shape), list(tensor.stride())
        needs_grad = original.requires_grad
        specs.append(
            TensorSpec(
                DTYPE_NAMES[tensor.dtype],
                number,
                start - low,
                shape,
                strides,
                needs_grad,
                original.is_leaf,
            )
        )
    return TensorTable(specs, sizes)


def expanded_bytes(spec: TensorSpec) -> int:
    """Return the bytes of a tensor with every element counted, where a stride is 0, too."""
    return math.prod(spec.shape) * DTYPES[spec.dtype].itemsize


def unpack_memory(table: TensorTable, body: bytearray) -> list[Tensor]:
    """Return each piece of memory as a fresh uint8 tensor of shape (bytes,).

    Raises:
        WireError: If the sizes do not add up to the body.
    """
    return [piece.clone() for piece in memory_pieces(table, body)]


def memory_pieces(table: TensorTable, body: bytearray) -> list[Tensor]:
    """Return each piece of memory as a view of ``body``.

    Raises:
        WireError: If the sizes do not add up to the body.
    """
    if sum(table.memory) != len(body):
        raise WireError("tensor bytes do not add up")
    pieces, position = [], 0
    for size in table.memory:
        pieces.append(
            torch.frombuffer(body, dtype=torch.uint8, count=size, offset=position)
            if size
            else torch.empty(0, dtype=torch.uint8)
        )
        position += size
    return pieces


def unpack_tensors(table: TensorTable, memory: Sequence[Tensor]) -> list[Tensor]:
    """Return the tensors of ``table`` as detached views of ``memory``.

    Raises:
        WireError: If a tensor is larger than allowed or reaches outside its memory.
    """
    return [_checked_view(spec, memory) for spec in table.tensors]


def copy_into(target: Tensor, source: Tensor) -> None:
    """Copy ``source`` into ``target`` of the same shape, also where a stride is 0."""
    for dimension, stride in enumerate(target.stride()):
        if stride == 0 and target.shape[dimension] > 1:
            target, source = target.narrow(dimension, 0, 1), source.narrow(dimension, 0, 1)
    target.copy_(source)


def _plain(tensor: Tensor) -> Tensor:
    """Return what a tensor holds, whatever its class says about it."""
    if type(tensor) is not Tensor:
        with torch._C.DisableTorchFunctionSubclass():
            tensor = Tensor.as_subclass(tensor, Tensor)
    if (
        tensor.layout != torch.strided
        or tensor.device.type != "cpu"
        or tensor.dtype not in DTYPE_NAMES
    ):
        raise TypeError(
            "only dense CPU tensors can be passed, "
            f"got {tensor.dtype}, {tensor.layout}, {tensor.device}"
        )
    if tensor.dim() > MAX_DIMENSIONS:
        raise TooLarge(f"a tensor may have at most {MAX_DIMENSIONS} dimensions, got {tensor.dim()}")
    size = tensor.numel() * tensor.element_size()
    if size > MAX_BODY_BYTES:
        raise TooLarge(f"a tensor may have at most {MAX_BODY_BYTES} bytes, got {size}")
    return tensor.detach().resolve_conj().resolve_neg()


def _byte_extent(tensor: Tensor) -> tuple[int, int]:
    if tensor.numel() == 0:
        return 0, 0
    start = int(tensor.storage_offset())
    last = start + sum(
        (size - 1) * stride for size, stride in zip(tensor.shape, tensor.stride(), strict=True)
    )
    return start * tensor.element_size(), (last + 1) * tensor.element_size()


def _checked_view(spec: TensorSpec, memory: Sequence[Tensor]) -> Tensor:
    dtype = DTYPES[spec.dtype]
    if (
        spec.memory >= len(memory)
        or len(spec.shape) != len(spec.strides)
        or spec.offset % dtype.itemsize
    ):
        raise WireError("tensor layout")
    elements, last, held = 1, 0, memory[spec.memory].numel()
    for size, stride in zip(spec.shape, spec.strides, strict=True):
        elements *= size
        last += (size - 1) * stride
    if elements * dtype.itemsize > MAX_BODY_BYTES:
        raise WireError("tensor larger than allowed")
    end = spec.offset + (last + 1) * dtype.itemsize if elements else spec.offset
    if end > held:
        raise WireError("tensor reaches outside its memory")
    if spec.requires_grad and not (dtype.is_floating_point or dtype.is_complex):
        raise WireError("gradient of integers")
    if (
        dtype is torch.bool
        and elements
        and bool((_view(spec, memory[spec.memory], torch.uint8) > 1).any())
    ):
        raise WireError("bool that is neither 0 nor 1")
    try:
        return _view(spec, memory[spec.memory])
    except RuntimeError:
        # Of no elements, and so of no bytes, and yet with sizes beyond what torch counts.
        raise WireError("tensor layout") from None


def _view(spec: TensorSpec, memory: Tensor, dtype: torch.dtype | None = None) -> Tensor:
    dtype = dtype or DTYPES[spec.dtype]
    empty = torch.empty(0, dtype=dtype)
    return empty.set_(
        memory.untyped_storage(), spec.offset // dtype.itemsize, spec.shape, spec.strides
    )
