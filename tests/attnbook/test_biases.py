"""What a bias of relative positions must do: depend on the distance, and only on that."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from attnbook.attention import scaled_dot_product_attention
from attnbook.biases import RelativeBias, alibi_bias, attention_with_bias, relative_buckets
from attnbook.masks import causal_mask

SIZES = st.tuples(st.integers(1, 9), st.integers(1, 200), st.integers(0, 50))


def drawn(seed: int, *shape: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


# ---------------------------------------------------------------- attention_with_bias


def test_no_bias_is_plain_attention() -> None:
    query, key, value = drawn(1, 2, 3, 5, 4), drawn(2, 2, 3, 7, 4), drawn(3, 2, 3, 7, 6)
    some = drawn(4, 2, 1, 5, 7) > 0
    some[0, 0, 2] = False
    for mask in (None, some, causal_mask(5, 7)):
        ours = attention_with_bias(query, key, value, torch.zeros(3, 5, 7), mask)
        assert torch.equal(ours, scaled_dot_product_attention(query, key, value, mask))


def test_a_query_that_sees_nothing_gets_nothing_and_finite_gradients() -> None:
    inputs = [drawn(seed, *shape) for seed, shape in enumerate([(5, 4), (7, 4), (7, 6), (5, 7)])]
    leaves = [each.requires_grad_() for each in inputs]
    output = attention_with_bias(*leaves, torch.zeros(5, 7, dtype=torch.bool))
    assert (output == 0).all()
    assert all(each.isfinite().all() for each in torch.autograd.grad(output.sum(), leaves))


def test_a_bias_does_not_change_the_dtype() -> None:
    half = torch.ones(3, 2, dtype=torch.float16)
    assert attention_with_bias(half, half, half, torch.zeros(3, 3)).dtype == torch.float16


# ---------------------------------------------------------------- alibi_bias


def test_slopes_are_those_of_the_paper() -> None:
    slopes = -alibi_bias(8, 1, 2)[:, 0, 0]
    assert slopes.tolist() == [1 / 2, 1 / 4, 1 / 8, 1 / 16, 1 / 32, 1 / 64, 1 / 128, 1 / 256]
    assert alibi_bias(1, 3, 3)[0, 2, 0] == -2 * 2**-8


@given(SIZES)
def test_a_penalty_is_the_slope_times_the_distance(sizes: tuple[int, int, int]) -> None:
    heads, queries, cached = sizes
    bias = alibi_bias(heads, queries, queries + cached)
    assert bias.shape == (heads, queries, queries + cached)
    assert torch.equal(bias, alibi_bias(heads, queries + cached, queries + cached)[:, cached:])
    own = bias[:, torch.arange(queries), torch.arange(queries) + cached]
    assert (own == 0).all()
    assert (bias <= 0).all()


# ---------------------------------------------------------------- relative_buckets, RelativeBias


@given(SIZES, st.booleans())
def test_a_bucket_depends_on_the_distance_alone(
    sizes: tuple[int, int, int], bidirectional: bool
) -> None:
    _, queries, cached = sizes
    buckets = relative_buckets(queries, queries + cached, bidirectional=bidirectional)
    assert torch.equal(buckets[1:, 1:], buckets[:-1, :-1])
    assert int(buckets.min()) >= 0
    assert int(buckets.max()) < 32


def test_near_distances_have_a_bucket_each_and_far_ones_share_the_last() -> None:
    causal = relative_buckets(1, 300, bidirectional=False)[0].flip(0)  # by distance, from 0
    assert causal[:16].tolist() == list(range(16))
    assert (causal.diff() >= 0).all()
    assert causal[127] == causal[299] == 31
    assert (relative_buckets(9, 9, bidirectional=False).triu() == 0).all(), "later keys: bucket 0"
    both = relative_buckets(5, 5)
    assert both[2].tolist() == [2, 1, 0, 17, 18]


def test_the_bias_looks_its_buckets_up() -> None:
    bias = RelativeBias(3, num_buckets=8, max_distance=20, bidirectional=False)
    buckets = relative_buckets(5, 7, num_buckets=8, max_distance=20, bidirectional=False)
    for head, table in enumerate(bias.embedding.weight.T):
        assert torch.equal(bias(5, 7)[head], table[buckets])


# ---------------------------------------------------------------- errors


@pytest.mark.usefixtures("as_users_call")
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: alibi_bias(0, 3, 3), "num_heads must be at least 1, got num_heads=0"),
        (
            lambda: relative_buckets(3, 3, max_distance=8),
            "got max_distance=8 and 8 such buckets",
        ),
        (
            lambda: RelativeBias(2, num_buckets=1, bidirectional=False)(3, 3),
            "got max_distance=128 and 0 such buckets",
        ),
    ],
)
def test_what_cannot_be_is_refused_with_the_rule_and_the_values(call, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
