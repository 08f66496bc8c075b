"""How much a computation holds, counted, not timed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

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


@contextmanager
def largest_tensor() -> Iterator[list[int]]:
    """Yield a list whose one entry grows to the largest number of elements of any result."""
    largest = [0]

    class Watch(TorchDispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            result = func(*args, **(kwargs or {}))
            for each in result if isinstance(result, (tuple, list)) else [result]:
                if isinstance(each, Tensor):
                    # A view that is expanded holds less than it shows.
                    held = each.untyped_storage().nbytes() // each.element_size()
                    largest[0] = max(largest[0], min(held, each.numel()))
            return result

    with Watch():
        yield largest
