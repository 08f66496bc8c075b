"""What several heads must do whatever the numbers: invariants, contract and error messages."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from attnbook.attention import scaled_dot_product_attention
from attnbook.multihead import (
    GroupedQueryAttention,
    MultiHeadAttention,
    grouped_query_attention,
    merge_heads,
    multihead_parameter_count,
    split_heads,
)

SEEDS = st.integers(0, 10_000)


def drawn(seed: int, *shape: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


@given(SEEDS)
def test_head_h_is_the_h_th_block_of_features(seed: int) -> None:
    x = drawn(seed, 2, 5, 21)
    heads = split_heads(x, 3)
    assert heads.shape == (2, 3, 5, 7)
    for head in range(3):
        assert torch.equal(heads[:, head], x[..., 7 * head : 7 * (head + 1)])


@given(SEEDS)
def test_merging_undoes_splitting_also_when_the_input_is_not_contiguous(seed: int) -> None:
    x = drawn(seed, 5, 2, 21).transpose(0, 1)
    assert torch.equal(merge_heads(split_heads(x, 3)), x)


def layer(d_model: int = 21, num_heads: int = 3) -> MultiHeadAttention:
    torch.manual_seed(7)
    return MultiHeadAttention(d_model, num_heads).double()


@given(SEEDS)
def test_one_head_is_attention_between_projections(seed: int) -> None:
    one, x = layer(7, 1), drawn(seed, 2, 5, 7)
    projected = (one.query_proj(x), one.key_proj(x), one.value_proj(x))
    expected = one.output_proj(scaled_dot_product_attention(*projected))
    assert torch.allclose(one(x, x, x), expected)


def test_the_output_is_a_sum_of_what_the_heads_add() -> None:
    several, x = layer(), drawn(3, 2, 5, 21)
    total = several.output_proj.bias.expand(2, 5, 21).clone()
    for head in range(3):
        alone = layer()
        nn.init.zeros_(alone.output_proj.bias)
        others = torch.arange(21) // 7 != head
        alone.output_proj.weight.data[:, others] = 0
        total += alone(x, x, x)
    assert torch.allclose(several(x, x, x), total)


@given(SEEDS)
def test_reordering_the_positions_reorders_the_output(seed: int) -> None:
    x, order = drawn(seed, 2, 5, 21), torch.randperm(5)
    assert torch.allclose(
        layer()(x[:, order], x[:, order], x[:, order]), layer()(x, x, x)[:, order]
    )


def test_a_query_that_sees_nothing_gets_the_bias_of_the_output_projection() -> None:
    mask = torch.ones(5, 7, dtype=torch.bool)
    mask[2] = False
    query, key = drawn(1, 2, 5, 21), drawn(2, 2, 7, 21)
    output = layer()(query, key, key, mask)
    assert torch.allclose(output[:, 2], layer().output_proj.bias.expand(2, 21))


def test_a_mask_may_differ_between_sequences_and_heads() -> None:
    mask = torch.rand(2, 3, 5, 5, generator=torch.Generator().manual_seed(3)) > 0.4
    x = drawn(1, 2, 5, 21)
    assert torch.allclose(layer()(x, x, x, mask)[1], layer()(x[1:], x[1:], x[1:], mask[1:])[0])


def test_projected_keys_and_values_give_the_same_output() -> None:
    query, key = drawn(1, 2, 5, 21), drawn(2, 2, 7, 21)
    expected = layer()(query, key, key)
    assert torch.equal(layer().attend(query, *layer().keys_and_values(key, key)), expected)


def grouped(num_kv_heads: int) -> GroupedQueryAttention:
    torch.manual_seed(11)
    return GroupedQueryAttention(30, 6, num_kv_heads=num_kv_heads).double()


def test_grouping_is_repeating_keys_and_values() -> None:
    few, all_heads = grouped(2), MultiHeadAttention(30, 6).double()
    state = dict(few.state_dict())
    for name in ("key_proj.weight", "key_proj.bias", "value_proj.weight", "value_proj.bias"):
        heads = state[name].unflatten(0, (2, 5))
        state[name] = heads.repeat_interleave(3, dim=0).flatten(0, 1)
    all_heads.load_state_dict(state)
    query, key, value = drawn(1, 2, 5, 30), drawn(2, 2, 7, 30), drawn(3, 2, 7, 30)
    mask = torch.rand(5, 7, generator=torch.Generator().manual_seed(4)) > 0.4
    assert torch.allclose(few(query, key, value, mask), all_heads(query, key, value, mask))


def test_groups_of_one_head_are_multi_head_attention() -> None:
    same = MultiHeadAttention(30, 6).double()
    same.load_state_dict(grouped(6).state_dict())
    x = drawn(1, 2, 5, 30)
    assert torch.allclose(grouped(6)(x, x, x), same(x, x, x))


@pytest.mark.parametrize("num_kv_heads", [1, 2, 3, 6])
@pytest.mark.parametrize("shape", [None, (5, 7), (2, 6, 5, 7), (2, 1, 1, 7), (6, 1, 7)], ids=str)
def test_query_head_h_reads_from_the_head_of_its_group(
    num_kv_heads: int, shape: tuple[int, ...] | None
) -> None:
    query, key, value = (
        drawn(seed, 2, heads, length, width)
        for seed, heads, length, width in (
            (1, 6, 5, 11), (2, num_kv_heads, 7, 11), (3, num_kv_heads, 7, 13),
        )
    )  # fmt: skip
    mask = None
    if shape is not None:
        mask = torch.rand(shape, generator=torch.Generator().manual_seed(4)) > 0.4
        mask[..., :1, :] = False  # an empty row, or nothing but
    repeats = 6 // num_kv_heads
    expected = scaled_dot_product_attention(
        query, key.repeat_interleave(repeats, 1), value.repeat_interleave(repeats, 1), mask
    )
    found = grouped_query_attention(query, key, value, mask)
    assert found.shape == (2, 6, 5, 13)
    assert torch.allclose(found, expected, atol=1e-12)


@pytest.mark.usefixtures("as_users_call")
@pytest.mark.parametrize(
    ("num_kv_heads", "mask", "message"),
    [
        (4, (5, 7), "multiple of num_kv_heads, got num_heads=6 and num_kv_heads=4"),
        (0, (5, 7), "multiple of num_kv_heads, got num_heads=6 and num_kv_heads=0"),
        (2, (2, 2, 5, 7), r"got mask \(2, 2, 5, 7\) and scores \(2, 6, 5, 7\)"),
    ],
)
def test_groups_and_masks_that_do_not_fit_are_refused_with_both_numbers(
    num_kv_heads: int, mask: tuple[int, ...], message: str
) -> None:
    key = drawn(2, 2, num_kv_heads, 7, 11)
    with pytest.raises(ValueError, match=message):
        grouped_query_attention(drawn(1, 2, 6, 5, 11), key, key, torch.ones(mask).bool())


@pytest.mark.parametrize("bias", [True, False])
def test_the_count_is_what_a_layer_holds(bias: bool) -> None:
    held = sum(
        parameter.numel()
        for name, parameter in MultiHeadAttention(30, 6).named_parameters()
        if bias or name.endswith("weight")
    )
    assert multihead_parameter_count(30, 6, bias) == held


@pytest.mark.usefixtures("as_users_call")
@pytest.mark.parametrize(
    "call",
    [
        lambda: split_heads(torch.zeros(2, 5, 10), 3),
        lambda: MultiHeadAttention(10, 3),
        lambda: GroupedQueryAttention(10, 3, num_kv_heads=1),
        lambda: multihead_parameter_count(10, 3),
    ],
)
def test_a_width_that_does_not_divide_is_refused_with_both_numbers(call) -> None:
    with pytest.raises(ValueError, match="d_model must be a multiple of num_heads, got d_model=10"):
        call()


@pytest.mark.parametrize("num_kv_heads", [0, 4, 12])
def test_groups_that_do_not_divide_are_refused_with_both_numbers(num_kv_heads: int) -> None:
    rule = "num_heads must be a multiple of num_kv_heads, got num_heads=6 and"
    with pytest.raises(ValueError, match=f"{rule} num_kv_heads={num_kv_heads}"):
        GroupedQueryAttention(30, 6, num_kv_heads=num_kv_heads)
