"""A sequence cut into chunks. Chapter: book/approximate.md."""

from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import pad


def in_chunks(
    x: Float[Tensor, "*batch length width"], chunk_size: int
) -> Float[Tensor, "*batch chunks chunk_size width"]:
    """Return ``x`` cut into chunks along its length, the last filled up with zeros.

    Raises:
        ValueError: If chunk_size is below 1.
    """
    if chunk_size < 1:
        raise ValueError(f"chunk_size must be at least 1, got chunk_size={chunk_size}")
    num_chunks = max(1, -(-x.shape[-2] // chunk_size))
    padded = pad(x, (0, 0, 0, num_chunks * chunk_size - x.shape[-2]))
    return padded.unflatten(-2, (num_chunks, chunk_size))
