"""Exact attention at a lower cost against torch's own, forward and backward."""

import pytest
import torch
from torch.nn.functional import scaled_dot_product_attention as torch_attention

from attnbook.caching import attend_with_cache
from attnbook.local import local_attention
from attnbook.multihead import grouped_query_attention
from attnbook.rows import row_tiled_attention
from attnbook.tiled import online_softmax, tiled_attention
from attnbook.windows import sliding_window_mask

from .comparing import TOLERANCES, assert_alike, drawn

dtypes = pytest.mark.parametrize("dtype", TOLERANCES, ids=str)


@dtypes
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize(
    "attention",
    [row_tiled_attention, lambda *x: tiled_attention(*x[:3], 7, x[3])],
    ids=["rows", "tiles"],
)
def test_tiles_and_rows_agree(dtype: torch.dtype, causal: bool, attention) -> None:
    inputs = drawn(dtype, (2, 3, 67, 11), (2, 3, 67, 11), (2, 3, 67, 13))
    assert_alike(attention(*inputs, causal), torch_attention(*inputs, is_causal=causal), inputs)


@dtypes
def test_tiles_with_a_mask_and_an_empty_row_agree(dtype: torch.dtype) -> None:
    inputs = drawn(dtype, (2, 3, 23, 11), (2, 3, 31, 11), (2, 3, 31, 13))
    mask = torch.rand(2, 1, 23, 31, generator=torch.Generator().manual_seed(3)) > 0.4
    mask[:, :, 17] = False
    ours = tiled_attention(*inputs, 5, mask=mask)
    assert_alike(ours, torch_attention(*inputs, attn_mask=mask), inputs)


@dtypes
@pytest.mark.parametrize("window", [1, 5, 13])
def test_a_window_agrees(dtype: torch.dtype, window: int) -> None:
    inputs = drawn(dtype, (2, 3, 23, 11), (2, 3, 23, 11), (2, 3, 23, 13))
    mask = sliding_window_mask(23, window)
    assert_alike(local_attention(*inputs, window), torch_attention(*inputs, attn_mask=mask), inputs)


@dtypes
@pytest.mark.parametrize("num_kv_heads", [1, 2, 3, 6])
def test_groups_agree(dtype: torch.dtype, num_kv_heads: int) -> None:
    shapes = (2, 6, 5, 11), (2, num_kv_heads, 7, 11), (2, num_kv_heads, 7, 13)
    inputs = drawn(dtype, *shapes)
    theirs = torch_attention(*inputs, enable_gqa=True)
    assert_alike(grouped_query_attention(*inputs), theirs, inputs)


@dtypes
def test_a_cache_agrees_with_the_last_rows_of_the_whole(dtype: torch.dtype) -> None:
    inputs = drawn(dtype, (2, 3, 17, 11), (2, 3, 17, 11), (2, 3, 17, 13))
    query, key, value = inputs
    new, past = slice(12, None), slice(12)
    ours, *_ = attend_with_cache(
        *(x[:, :, new] for x in inputs), *(x[:, :, past] for x in inputs[1:])
    )
    assert_alike(ours, torch_attention(query, key, value, is_causal=True)[:, :, new], inputs)


@dtypes
def test_an_online_softmax_agrees(dtype: torch.dtype) -> None:
    (scores,) = drawn(dtype, (2, 3, 67))
    assert_alike(online_softmax(scores, 13), scores.softmax(dim=-1), [scores])
