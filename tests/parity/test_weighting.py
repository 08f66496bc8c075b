"""The reference softmax and kernel attention against torch's, forward and backward."""

import pytest
import torch

from attnbook.weighting import kernel_attention, softmax

from .comparing import TOLERANCES, assert_alike, drawn

each_dtype = pytest.mark.parametrize("dtype", TOLERANCES, ids=str)


@each_dtype
@pytest.mark.parametrize("dim", [0, 1, 2, -2])
def test_softmax_agrees_with_torch(dtype: torch.dtype, dim: int) -> None:
    (scores,) = drawn(dtype, (3, 5, 7))
    assert_alike(softmax(scores, dim), torch.softmax(scores, dim), [scores])


@each_dtype
def test_softmax_agrees_with_torch_where_some_scores_are_minus_infinity(
    dtype: torch.dtype,
) -> None:
    (scores,) = drawn(dtype, (5, 7))
    hidden = torch.eye(5, 7, dtype=torch.bool) | (torch.arange(7) == 3)
    filled = (300 * scores.detach()).masked_fill(hidden, -torch.inf).requires_grad_()
    assert_alike(softmax(filled, -1), torch.softmax(filled, -1), [filled])


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
def test_kernel_attention_agrees_with_cdist_and_softmax(dtype: torch.dtype) -> None:
    inputs = drawn(dtype, (2, 3, 5, 11), (2, 3, 7, 11), (2, 3, 7, 13))
    query, keys, values = inputs
    apart = torch.cdist(query, keys, compute_mode="donot_use_mm_for_euclid_dist")
    theirs = torch.softmax(-apart.square() / 3.0, dim=-1) @ values
    assert_alike(kernel_attention(*inputs, 3.0), theirs, inputs)
