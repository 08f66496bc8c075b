"""How much a computation holds, counted, not timed."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode


def saved_bytes(compute: Callable[[], Tensor]) -> int:
    """Return the bytes of all tensors kept for the way back, each memory counted once."""
    storages: dict[int, torch.UntypedStorage] = {}

    def pack(tensor: Tensor) -> Tensor:
        storages[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        result = compute()
    del result
    return sum(storage.nbytes() for storage in storages.values())


class Written(TorchDispatchMode):
    """Counts the numbers that torch writes to new memory, and the most that one result holds."""

    def __init__(self) -> None:
        super().__init__()
        self.total = self.largest = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        for each in result if isinstance(result, tuple | list) else [result]:
            if isinstance(each, Tensor) and not func.is_view:
                self.total += each.numel()
                self.largest = max(self.largest, each.numel())
        return result
