"""A sequence in chunks holds what the sequence held."""

import pytest
import torch

from attnbook.chunks import in_chunks


@pytest.mark.parametrize(("length", "size"), [(0, 5), (1, 5), (5, 5), (17, 5), (17, 64)])
def test_chunks_hold_everything_and_zeros_at_the_end(length: int, size: int) -> None:
    x = torch.randn(2, length, 3, generator=torch.Generator().manual_seed(21))
    chunks = in_chunks(x, size)
    assert chunks.shape == (2, max(1, -(-length // size)), size, 3)
    flat = chunks.flatten(1, 2)
    assert torch.equal(flat[:, :length], x)
    assert (flat[:, length:] == 0).all()
