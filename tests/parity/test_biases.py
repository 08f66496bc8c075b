"""Biases of relative positions against torch, Hugging Face's Bloom (ALiBi) and T5."""

import math

import pytest
import torch
from torch.nn.functional import scaled_dot_product_attention as torch_attention
from transformers.models.bloom.modeling_bloom import build_alibi_tensor

from attnbook.biases import alibi_bias, attention_with_bias
from attnbook.masks import causal_mask
from attnbook.multihead import split_heads

from .position_layouts import from_t5, t5_attention
from .test_positions import assert_close

DTYPES = (torch.float64, torch.float32)
each_dtype = pytest.mark.parametrize("dtype", DTYPES, ids=str)


def drawn(*shape: int, dtype: torch.dtype) -> torch.Tensor:
    generator = torch.Generator().manual_seed(sum(shape))
    return torch.randn(*shape, generator=generator, dtype=torch.float64).to(dtype)


@each_dtype
@pytest.mark.parametrize("mask", [None, causal_mask(5, 7)], ids=["no mask", "causal"])
def test_biased_attention_is_torchs_with_a_float_mask(
    dtype: torch.dtype, mask: torch.Tensor | None
) -> None:
    shapes = ((2, 3, 5, 4), (2, 3, 7, 4), (2, 3, 7, 6), (3, 5, 7))
    inputs = [drawn(*shape, dtype=dtype).requires_grad_() for shape in shapes]
    ours = attention_with_bias(*inputs, mask)
    added = inputs[3] if mask is None else inputs[3].masked_fill(~mask, -torch.inf)
    theirs = torch_attention(*inputs[:3], attn_mask=added)
    upstream = drawn(*ours.shape, dtype=dtype)
    gradients = zip(
        torch.autograd.grad(ours, inputs, upstream),
        torch.autograd.grad(theirs, inputs, upstream),
        strict=True,
    )
    assert_close(f"torch, {dtype}", [(ours, theirs), *gradients])


# Bloom's slopes are float32, which holds those of up to 8 heads exactly.
@pytest.mark.parametrize(
    ("num_heads", "dtype"),
    [(n, torch.float64) for n in (1, 2, 4, 8)] + [(n, torch.float32) for n in (1, 4, 8, 16, 32)],
)
def test_alibi_is_blooms_up_to_a_constant_in_each_row(num_heads: int, dtype: torch.dtype) -> None:
    # Bloom adds slope * position of the key. The softmax does not see the difference.
    theirs = build_alibi_tensor(torch.ones(1, 50), num_heads, dtype)
    ours = alibi_bias(num_heads, 50, 50).to(dtype)
    past = causal_mask(50)
    constant = (theirs - ours)[:, torch.arange(50), torch.arange(50)][..., None]
    assert_close("Bloom", [((ours + constant)[:, past], theirs.expand(-1, 50, -1)[:, past])])
    scores = drawn(num_heads, 50, 50, dtype=dtype).masked_fill(~past, -torch.inf)
    assert_close("Bloom, weights", [((scores + ours).softmax(-1), (scores + theirs).softmax(-1))])


def test_bloom_has_other_slopes_where_the_number_of_heads_is_no_power_of_two() -> None:
    theirs = build_alibi_tensor(torch.ones(1, 2), 3, torch.float32)[:, 0, 1]
    assert theirs.tolist() == [2**-4, 2**-8, 2**-2]
    ours = -alibi_bias(3, 1, 2)[:, 0, 0]
    assert ours.tolist() == pytest.approx([2 ** (-8 / 3), 2 ** (-16 / 3), 2**-8])


@each_dtype
@pytest.mark.parametrize("bidirectional", [True, False], ids=["encoder", "decoder"])
def test_the_relative_bias_is_that_of_t5(bidirectional: bool, dtype: torch.dtype) -> None:
    torch.manual_seed(3)
    theirs = t5_attention(bidirectional=bidirectional).to(dtype)
    ours = from_t5(theirs)
    upstream = drawn(3, 90, 90, dtype=dtype)
    pairs = [(ours(90, 90), theirs.compute_bias(90, 90)[0])]
    (ours(90, 90) * upstream).sum().backward()
    (theirs.compute_bias(90, 90)[0] * upstream).sum().backward()
    pairs.append((ours.embedding.weight.grad, theirs.relative_attention_bias.weight.grad))
    # A query after 80 keys of a cache.
    pairs.append((ours(10, 90), theirs.compute_bias(10, 90, past_seen_tokens=80)[0]))
    assert_close(f"T5, {dtype}", pairs)


@each_dtype
@pytest.mark.parametrize("bidirectional", [True, False], ids=["encoder", "decoder"])
def test_the_whole_layer_of_t5_is_biased_attention(bidirectional: bool, dtype: torch.dtype) -> None:
    torch.manual_seed(3)
    theirs = t5_attention(bidirectional=bidirectional).to(dtype)
    x = drawn(2, 60, 12, dtype=dtype)
    mask = None if bidirectional else causal_mask(60)
    hidden = None if mask is None else torch.zeros(60, 60, dtype=dtype).masked_fill(~mask, -1e9)
    their_output = theirs(x, mask=None if hidden is None else hidden[None, None])[0]
    query, key, value = (split_heads(proj(x), 3) for proj in (theirs.q, theirs.k, theirs.v))
    # T5 does not scale its scores.
    context = attention_with_bias(query * math.sqrt(4), key, value, from_t5(theirs)(60, 60), mask)
    assert_close(f"T5, {dtype}", [(theirs.o(context.transpose(1, 2).flatten(2)), their_output)])
