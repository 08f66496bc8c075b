"""What blocks must do whatever the numbers: invariants, contract, and the cache."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from attnbook.blocks import (
    DecoderBlock,
    EncoderBlock,
    feed_forward,
    gradient_profile,
    layer_norm,
    rms_norm,
)
from attnbook.masks import causal_mask, padding_mask

SEEDS = st.integers(0, 10_000)
each_order = pytest.mark.parametrize("norm_first", [True, False], ids=["pre-norm", "post-norm"])


def drawn(seed: int, *shape: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


@given(SEEDS, st.floats(0.1, 100), st.floats(-100, 100))
def test_a_layer_norm_does_not_see_size_and_shift(seed: int, size: float, shift: float) -> None:
    x, gain, bias = drawn(seed, 2, 5, 11), drawn(seed + 1, 11), drawn(seed + 2, 11)
    expected = layer_norm(x, gain, bias, eps=0.0)
    assert torch.allclose(layer_norm(size * x + shift, gain, bias, eps=0.0), expected)


@given(SEEDS, st.floats(0.1, 100))
def test_an_rms_norm_does_not_see_size(seed: int, size: float) -> None:
    x, gain = drawn(seed, 2, 5, 11), drawn(seed + 1, 11)
    assert torch.allclose(rms_norm(size * x, gain, eps=0.0), rms_norm(x, gain, eps=0.0))


def test_norms_of_equal_numbers_are_finite_with_finite_gradients() -> None:
    for norm in (
        lambda x: layer_norm(x, torch.ones(7), torch.zeros(7)),
        lambda x: rms_norm(x, torch.ones(7)),
    ):
        x = torch.zeros(3, 7, requires_grad=True)
        norm(x).sum().backward()
        assert x.grad is not None
        assert x.grad.isfinite().all()


@given(SEEDS)
def test_the_feed_forward_network_sees_one_position_at_a_time(seed: int) -> None:
    weights = drawn(seed, 7, 13), drawn(seed + 1, 13), drawn(seed + 2, 13, 7), drawn(seed + 3, 7)
    x = drawn(seed + 4, 2, 5, 7)
    one_by_one = torch.stack([feed_forward(x[:, i], *weights) for i in range(5)], dim=1)
    assert torch.allclose(feed_forward(x, *weights), one_by_one)


def encoder_block(norm_first: bool) -> EncoderBlock:
    torch.manual_seed(3)
    return EncoderBlock(21, 3, 34, norm_first).double()


def decoder_block(norm_first: bool) -> DecoderBlock:
    torch.manual_seed(5)
    return DecoderBlock(21, 3, 34, norm_first).double()


@each_order
def test_padding_changes_no_real_position(norm_first: bool) -> None:
    x, block = drawn(1, 2, 5, 21), encoder_block(norm_first)
    short = block(x[:, :3])
    padded = block(x, padding_mask(torch.tensor([3, 3]), 5))
    assert torch.allclose(padded[:, :3], short)


def test_a_pre_norm_block_that_adds_nothing_is_the_identity() -> None:
    block, x = encoder_block(norm_first=True), drawn(1, 2, 5, 21)
    for layer in (block.attention.output_proj, block.feed_forward[2]):
        nn.init.zeros_(layer.weight)
        nn.init.zeros_(layer.bias)
    assert torch.equal(block(x), x)


def test_a_post_norm_block_hands_on_normed_rows() -> None:
    output = encoder_block(norm_first=False)(drawn(1, 2, 5, 21))
    assert torch.allclose(output.mean(-1), torch.zeros(2, 5, dtype=torch.float64), atol=1e-12)
    assert torch.allclose(output.var(-1, correction=0), torch.ones(2, 5).double(), atol=1e-3)


@each_order
def test_with_a_causal_mask_no_position_sees_a_later_one(norm_first: bool) -> None:
    x, memory, block = drawn(1, 2, 5, 21), drawn(2, 2, 7, 21), decoder_block(norm_first)
    later = x.clone()
    later[:, 3:] += 1
    before, after = (block(y, memory, causal_mask(5)) for y in (x, later))
    assert torch.equal(before[:, :3], after[:, :3])
    assert not torch.allclose(before[:, 3:], after[:, 3:])


@each_order
@pytest.mark.parametrize("chunks", [[1, 1, 1, 1, 1], [3, 2], [5]], ids=str)
def test_a_cache_changes_nothing(norm_first: bool, chunks: list[int]) -> None:
    x, memory, block = drawn(1, 2, 5, 21), drawn(2, 2, 7, 21), decoder_block(norm_first)
    memory_mask = padding_mask(torch.tensor([7, 4]), 7)
    expected = block(x, memory, causal_mask(5), memory_mask)
    cache, parts = block.start(memory), []
    for part in x.split(chunks, dim=1):
        output, cache = block.extend(part, cache, memory_mask)
        parts.append(output)
    assert torch.allclose(torch.cat(parts, dim=1), expected)
    assert cache.keys.shape == (2, 3, 5, 7)


def test_extending_leaves_the_old_cache_as_it_was() -> None:
    memory, block = drawn(2, 2, 7, 21), decoder_block(norm_first=True)
    cache = block.start(memory)
    block.extend(drawn(1, 2, 1, 21), cache)
    assert cache.keys.shape == (2, 3, 0, 7)


@given(SEEDS, st.booleans(), st.floats(0.1, 100))
def test_a_gradient_profile_scales_with_its_input_and_ends_in_the_end(
    seed: int, residual: bool, size: float
) -> None:
    x, weights = drawn(seed, 3, 7), drawn(seed + 1, 4, 7, 7) / 7**0.5
    profile = gradient_profile(x, weights, residual)
    end = x
    for w in weights:
        end = torch.relu(end @ w) + (end if residual else 0)
    assert torch.allclose(profile[-1], end.norm())
    assert torch.allclose(gradient_profile(size * x, weights, residual), size * profile)


def test_a_gradient_profile_leaves_nothing_behind_and_works_without_gradients() -> None:
    x, weights = drawn(1, 3, 7).requires_grad_(), drawn(2, 4, 7, 7).requires_grad_()
    with torch.no_grad():
        profile = gradient_profile(x, weights, True)
    assert x.grad is None
    assert weights.grad is None
    assert not profile.requires_grad
    assert torch.equal(profile, gradient_profile(x, weights, True))


def test_layers_that_add_nothing_hand_gradients_on_as_they_are() -> None:
    x, nothing = drawn(1, 3, 7), torch.zeros(4, 7, 7, dtype=torch.float64)
    assert torch.equal(gradient_profile(x, nothing, True), x.norm().expand(5))
    assert torch.equal(gradient_profile(x, nothing, False), torch.zeros(5).double())
