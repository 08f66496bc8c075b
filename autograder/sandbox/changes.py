"""What a notebook's function changed in its arguments, changed in the caller's tensors, too."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from .confined.messages import Changed
from .confined.tensors import TensorTable, copy_into, layout, unpack_tensors
from .confined.wire import WireError
from .conversation import Exchanged


def apply_changes(arguments: Sequence[Tensor], exchanged: Exchanged) -> None:
    """Copy the memory that a reply says was changed into the tensors that were sent.

    Raises:
        WireError: If the changes do not fit what was sent.
    """
    changes: Sequence[Changed] = getattr(exchanged.reply, "changed", ())
    if not changes:
        return
    table = layout(arguments)
    fresh = {change.memory: _fitting(change, table, exchanged.tensors) for change in changes}
    memory = [
        fresh.get(number, torch.empty(0, dtype=torch.uint8)) for number in range(len(table.memory))
    ]
    for argument, spec in zip(arguments, table.tensors, strict=True):
        if spec.memory in fresh:
            [changed] = unpack_tensors(TensorTable([spec], table.memory), memory)
            with torch.no_grad():
                copy_into(argument, changed)


def _fitting(change: Changed, table: TensorTable, tensors: Sequence[Tensor]) -> Tensor:
    """Return a copy of the bytes that a change brings for one piece of memory."""
    if change.tensor >= len(tensors) or change.memory >= len(table.memory):
        raise WireError("no such memory")
    piece = tensors[change.tensor]
    plain = piece.dtype is torch.uint8 and piece.dim() == 1 and piece.is_contiguous()
    if not plain or piece.numel() != table.memory[change.memory]:
        raise WireError("changed memory of another size")
    return piece.clone()
