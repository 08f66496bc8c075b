"""Autograd graphs that stay in the worker between a call and its ``backward``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from .tensors import TensorTable


class Passed(NamedTuple):
    """A tensor argument: what the function sees, and the leaf that collects its gradient."""

    seen: Tensor
    leaf: Tensor | None


def as_arguments(tensors: Sequence[Tensor], table: TensorTable) -> list[Passed]:
    """Return each tensor with the leaf behind it.

    A caller's leaf is a leaf here too, so that changing it in place is the same error. What the
    caller computed from a leaf may be changed in place; it must not be a leaf here.
    """
    passed = []
    for tensor, spec in zip(tensors, table.tensors, strict=True):
        if not spec.requires_grad:
            passed.append(Passed(tensor, None))
            continue
        leaf = tensor.requires_grad_()
        seen = leaf if spec.is_leaf else _Computed.apply(leaf)  # type: ignore[no-untyped-call]
        passed.append(Passed(seen, leaf))
    return passed


class _Computed(torch.autograd.Function):
    """The identity: gives a leaf's memory, with its strides, to a tensor that is not a leaf."""

    @staticmethod
    def forward(ctx: object, leaf: Tensor) -> Tensor:
        empty = torch.empty(0, dtype=leaf.dtype)
        return empty.set_(leaf.untyped_storage(), leaf.storage_offset(), leaf.shape, leaf.stride())

    @staticmethod
    def backward(ctx: object, gradient: Tensor) -> Tensor:
        return gradient


class GraphStore:
    """The graphs of the latest calls; the oldest is forgotten first."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._graphs: dict[int, tuple[list[Tensor], list[Tensor]]] = {}
        self._next = 0

    def keep(self, outputs: Sequence[Tensor], leaves: Sequence[Tensor]) -> int:
        """Keep the graph from ``leaves`` to ``outputs`` and return its number."""
        if len(self._graphs) >= self._capacity:
            del self._graphs[next(iter(self._graphs))]
        self._next += 1
        self._graphs[self._next] = (list(outputs), list(leaves))
        return self._next

    def release(self, numbers: Sequence[int]) -> None:
        """Forget graphs that nobody needs any more."""
        for number in numbers:
            self._graphs.pop(number, None)

    def backward(self, number: int, gradients: Sequence[Tensor | None]) -> list[Tensor | None]:
        """Return the gradient of each leaf; parameters of modules collect theirs in ``.grad``.

        Raises:
            RuntimeError: If the graph was forgotten.
        """
        if number not in self._graphs:
            raise RuntimeError("the graph of this call is no longer kept: call backward sooner")
        outputs, leaves = self._graphs[number]
        used = [
            (tensor, grad)
            for tensor, grad in zip(outputs, gradients, strict=True)
            if grad is not None
        ]
        for leaf in leaves:
            leaf.grad = None
        torch.autograd.backward(
            [tensor for tensor, _ in used], [grad for _, grad in used], retain_graph=True
        )
        return [leaf.grad for leaf in leaves]
