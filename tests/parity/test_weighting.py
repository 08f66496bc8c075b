"""The reference softmax and kernel attention against torch's, forward and backward."""

import pytest
import torch
from torch import Tensor

from attnbook.weighting import kernel_attention, softmax

# (relative, absolute): a few units in the last place of each format.
TOLERANCES = {
    torch.float64: (1e-12, 1e-12),
    torch.float32: (1e-5, 1e-5),
    torch.float16: (1e-2, 4e-3),
    torch.bfloat16: (6e-2, 3e-2),
}
each_dtype = pytest.mark.parametrize("dtype", TOLERANCES, ids=str)


def drawn(dtype: torch.dtype, *shapes: tuple[int, ...]) -> list[Tensor]:
    generator = torch.Generator().manual_seed(5)
    numbers = (torch.randn(shape, generator=generator, dtype=torch.float64) for shape in shapes)
    return [each.to(dtype).requires_grad_() for each in numbers]


def compare(ours: Tensor, theirs: Tensor, inputs: list[Tensor]) -> None:
    direction = torch.linspace(-1, 1, ours.numel()).sin().reshape(ours.shape).to(ours.dtype)
    pairs = [(ours, theirs)]
    pairs += zip(
        torch.autograd.grad(ours, inputs, direction),
        torch.autograd.grad(theirs, inputs, direction),
        strict=True,
    )
    largest = max((a - b).abs().max().item() for a, b in pairs)
    print(f"{ours.dtype}: largest difference {largest:.2g}")
    rtol, atol = TOLERANCES[ours.dtype]
    for a, b in pairs:
        torch.testing.assert_close(a, b, rtol=rtol, atol=atol)


@each_dtype
@pytest.mark.parametrize("dim", [0, 1, 2, -2])
def test_softmax_agrees_with_torch(dtype: torch.dtype, dim: int) -> None:
    (scores,) = drawn(dtype, (3, 5, 7))
    compare(softmax(scores, dim), torch.softmax(scores, dim), [scores])


@each_dtype
def test_softmax_agrees_with_torch_where_some_scores_are_minus_infinity(
    dtype: torch.dtype,
) -> None:
    (scores,) = drawn(dtype, (5, 7))
    hidden = torch.eye(5, 7, dtype=torch.bool) | (torch.arange(7) == 3)
    filled = (300 * scores.detach()).masked_fill(hidden, -torch.inf).requires_grad_()
    compare(softmax(filled, -1), torch.softmax(filled, -1), [filled])


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
def test_kernel_attention_agrees_with_cdist_and_softmax(dtype: torch.dtype) -> None:
    inputs = drawn(dtype, (2, 3, 5, 11), (2, 3, 7, 11), (2, 3, 7, 13))
    query, keys, values = inputs
    apart = torch.cdist(query, keys, compute_mode="donot_use_mm_for_euclid_dist")
    theirs = torch.softmax(-apart.square() / 3.0, dim=-1) @ values
    compare(kernel_attention(*inputs, 3.0), theirs, inputs)
