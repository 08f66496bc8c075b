"""What LSH attention must do: exact over the pairs that meet, whatever the sort did to them."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.nn.functional import normalize

from attnbook.attention import scaled_dot_product_attention
from attnbook.reformer import (
    lsh_attention,
    lsh_buckets,
    random_rotations,
    shared_query_key_attention,
)

SEEDS = st.integers(0, 10_000)


def generated(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def drawn(seed: int, *shapes: tuple[int, ...]) -> list[Tensor]:
    generator = generated(seed)
    return [torch.randn(*shape, generator=generator, dtype=torch.float64) for shape in shapes]


def one_bucket(rounds: int, d_head: int) -> Tensor:
    """Return rotations that leave nothing to choose from: the first bucket for all."""
    return torch.zeros(rounds, d_head, 1)


def pairs_that_meet(buckets: list[list[int]], chunk_size: int, causal: bool) -> Tensor:
    """Return which query may see which key, found one token at a time."""
    length = len(buckets[0])
    mask = torch.zeros(length, length, dtype=torch.bool)
    for labels in buckets:
        in_order = sorted(range(length), key=lambda i: (labels[i], i))
        for place, query in enumerate(in_order):
            start = max(0, (place // chunk_size - 1) * chunk_size)
            for key in in_order[start : (place // chunk_size + 1) * chunk_size]:
                apart = key < query if causal else key != query
                mask[query, key] |= labels[query] == labels[key] and apart
    return mask | torch.diag(~mask.any(-1))


@given(SEEDS, st.integers(1, 5), st.sampled_from([1, 2, 3, 7, 29, 31]), st.booleans())
def test_the_output_is_exact_attention_over_the_pairs_that_meet(
    seed: int, rounds: int, chunk_size: int, causal: bool
) -> None:
    x, value = drawn(seed, (29, 11), (29, 13))
    rotations = random_rotations(rounds, 11, 4, generated(seed))
    mask = pairs_that_meet(lsh_buckets(x, rotations).tolist(), chunk_size, causal)
    expected = scaled_dot_product_attention(x, normalize(x, dim=-1), value, mask)
    output = lsh_attention(x, value, rotations, chunk_size, causal)
    torch.testing.assert_close(output, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("rounds", [1, 3])
@pytest.mark.parametrize("chunk_size", [29, 31])
def test_one_bucket_in_one_chunk_is_exact_attention_with_its_gradients(
    causal: bool, rounds: int, chunk_size: int
) -> None:
    x, value = (each.requires_grad_() for each in drawn(3, (2, 3, 29, 11), (2, 3, 29, 13)))
    (arriving,) = drawn(4, (2, 3, 29, 13))
    ours = lsh_attention(x, value, one_bucket(rounds, 11), chunk_size, causal)
    theirs = shared_query_key_attention(x, value, causal)
    torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)
    for a, b in zip(
        torch.autograd.grad(ours, (x, value), arriving),
        torch.autograd.grad(theirs, (x, value), arriving),
        strict=True,
    ):
        torch.testing.assert_close(a, b, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("causal", [False, True])
def test_batch_and_heads_are_hashed_and_sorted_each_by_itself(causal: bool) -> None:
    x, value = drawn(5, (2, 3, 29, 11), (2, 3, 29, 13))
    rotations = random_rotations(3, 11, 6, generated(5))
    whole = lsh_attention(x, value, rotations, 7, causal)
    for b in range(2):
        for h in range(3):
            alone = lsh_attention(x[b, h], value[b, h], rotations, 7, causal)
            torch.testing.assert_close(whole[b, h], alone, rtol=1e-12, atol=1e-12)


@given(SEEDS, st.booleans())
def test_each_token_gets_back_what_belongs_to_it(seed: int, causal: bool) -> None:
    # Directions all apart, in chunks of one: nobody meets anybody, each keeps its value.
    buckets_apart = torch.eye(7, dtype=torch.float64)
    order = torch.randperm(7, generator=generated(seed))
    (value,) = drawn(seed, (7, 13))
    rotations = torch.eye(7)[None]
    x = buckets_apart[order]
    assert lsh_buckets(x, rotations)[0].tolist() == order.tolist()
    assert torch.equal(lsh_attention(x, value, rotations, 2, causal), value)


@given(SEEDS)
def test_a_value_of_one_gives_one(seed: int) -> None:
    (x,) = drawn(seed, (2, 29, 11))
    ones = torch.ones(2, 29, 3, dtype=torch.float64)
    rotations = random_rotations(3, 11, 4, generated(seed))
    torch.testing.assert_close(lsh_attention(1000 * x, ones, rotations, 5), ones)


@pytest.mark.parametrize("first_changed", [1, 14, 28])
def test_a_later_token_makes_no_difference(first_changed: int) -> None:
    # In one bucket and one chunk nothing moves, so that earlier outputs are the same bits.
    x, value = drawn(7, (2, 29, 11), (2, 29, 13))
    rotations = one_bucket(2, 11)
    before = lsh_attention(x, value, rotations, 29, causal=True)
    for each in (x, value):
        each[..., first_changed:, :] *= -100
    after = lsh_attention(x, value, rotations, 29, causal=True)
    assert torch.equal(after[..., :first_changed, :], before[..., :first_changed, :])


@given(SEEDS)
def test_what_a_later_token_hands_over_makes_no_difference_in_any_bucket(seed: int) -> None:
    x, value = drawn(seed, (29, 11), (29, 13))
    rotations = random_rotations(3, 11, 4, generated(seed))
    before = lsh_attention(x, value, rotations, 3, causal=True)
    value[17:] += 100
    after = lsh_attention(x, value, rotations, 3, causal=True)
    assert torch.equal(after[:17], before[:17])


def test_a_later_token_can_move_earlier_ones_out_of_reach() -> None:
    # Four tokens in one bucket, two to a chunk: the last sees the three before it.
    # A fifth that sorts before them shifts the chunks, and token 0 is out of its reach.
    x = torch.tensor([[1.0, 0], [1, 0], [1, 0], [1, 0], [0, 1]])
    rotations, value = torch.tensor([[[0.0, 1], [1, 0]]]), torch.eye(5)
    assert lsh_buckets(x, rotations)[0].tolist() == [1, 1, 1, 1, 0]
    without = lsh_attention(x[:4], value[:4], rotations, 2, causal=True)
    torch.testing.assert_close(without[3], torch.tensor([1.0, 1, 1, 0, 0]) / 3)
    beside = lsh_attention(x, value, rotations, 2, causal=True)
    torch.testing.assert_close(beside[3], torch.tensor([0.0, 1, 1, 0, 0]) / 2)


@given(SEEDS)
def test_buckets_do_not_depend_on_length_and_opposites_are_opposite(seed: int) -> None:
    (x,) = drawn(seed, (2, 3, 7, 11))
    rotations = random_rotations(5, 11, 6, generated(seed))
    buckets = lsh_buckets(x, rotations)
    assert buckets.shape == (2, 3, 5, 7)
    assert buckets.min() >= 0
    assert buckets.max() < 6
    assert torch.equal(lsh_buckets(100 * x, rotations), buckets)
    assert torch.equal(lsh_buckets(-x, rotations), (buckets + 3) % 6)
    # The bucket is the nearest of the directions and their opposites.
    directions = torch.cat([rotations, -rotations], dim=-1).double()
    nearest = torch.einsum("bhnd,rdk->bhrnk", x, directions).argmax(-1)
    assert torch.equal(nearest, buckets)


def test_the_largest_numbers_of_float16_hash_as_any_others() -> None:
    (x,) = drawn(8, (29, 11))
    half = (x / x.abs().max() * torch.finfo(torch.float16).max).half()
    rotations = 10 * random_rotations(3, 11, 6, generated(8))
    assert torch.equal(lsh_buckets(half, rotations), lsh_buckets(half.double(), rotations))


def test_two_buckets_are_shared_as_often_as_the_angle_says() -> None:
    # One direction and its opposite: a hyperplane parts two vectors with chance angle / π.
    angle = 1.0
    x = torch.tensor([[1.0, 0, 0], [math.cos(angle), math.sin(angle), 0]])
    buckets = lsh_buckets(x, random_rotations(20_000, 3, 2, generated(9)))
    shared = (buckets[:, 0] == buckets[:, 1]).double().mean().item()
    chance = 1 - angle / math.pi
    assert abs(shared - chance) < 4 * math.sqrt(chance * (1 - chance) / 20_000)


def partners(seed: int, cosine: float) -> tuple[Tensor, Tensor]:
    """Return 64 pairs of tokens, each at one angle to its partner and large, and values."""
    first, other, value = drawn(seed, (64, 32), (64, 32), (128, 7))
    first = normalize(first, dim=-1)
    other = normalize(other - (first * other).sum(-1, keepdim=True) * first, dim=-1)
    second = cosine * first + math.sqrt(1 - cosine**2) * other
    return 30 * math.sqrt(32) * torch.cat([first, second]), value


def relative_error(rounds: int, cosine: float, seed: int) -> float:
    x, value = partners(seed, cosine)
    rotations = random_rotations(rounds, 32, 16, generated(seed))
    exact = shared_query_key_attention(x, value)
    return ((lsh_attention(x, value, rotations, 16) - exact).norm() / exact.norm()).item()


def test_it_fails_with_too_few_rounds_where_neighbors_are_spread_out() -> None:
    def errors(rounds: int, cosine: float) -> list[float]:
        return [relative_error(rounds, cosine, seed) for seed in range(5)]

    # Neighbors nearly in line, and 8 rounds: found. At 60 degrees the same 8 miss many,
    # a single one is worse than zeros, and 32 find them.
    assert max(errors(8, 0.99)) < 0.15
    assert min(errors(8, 0.5)) > 0.3
    assert min(errors(1, 0.5)) > 1.0
    assert max(errors(32, 0.5)) < 0.3


def test_a_token_alone_keeps_its_value() -> None:
    x, value = drawn(11, (2, 1, 11), (2, 1, 13))
    rotations = random_rotations(3, 11, 4, generated(11))
    for causal in (False, True):
        assert torch.equal(shared_query_key_attention(x, value, causal), value)
        torch.testing.assert_close(lsh_attention(x, value, rotations, 4, causal), value)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16], ids=str)
@pytest.mark.parametrize("causal", [False, True])
def test_large_inputs_in_every_precision_stay_finite_with_their_gradients(
    dtype: torch.dtype, causal: bool
) -> None:
    x, value = (
        (s * e).to(dtype) for s, e in zip((1000, 1), drawn(13, (29, 11), (29, 13)), strict=True)
    )
    x[5] = 0
    inputs = [each.requires_grad_() for each in (x, value)]
    output = lsh_attention(*inputs, random_rotations(3, 11, 6, generated(13)), 5, causal)
    assert output.dtype == dtype
    assert output.isfinite().all()
    gradients = torch.autograd.grad(output.square().sum(), inputs)
    assert all(gradient.isfinite().all() for gradient in gradients)


def test_gradients_agree_with_finite_differences() -> None:
    x, value = (each.requires_grad_() for each in drawn(15, (7, 5), (7, 3)))
    rotations = random_rotations(2, 5, 4, generated(15))
    assert torch.autograd.gradcheck(lambda a, b: lsh_attention(a, b, rotations, 2), (x, value))


def test_what_is_written_grows_linearly_for_chunks_of_one_size(growth) -> None:
    rotations = random_rotations(3, 11, 8, generated(17))

    def attend(length: int) -> Tensor:
        return lsh_attention(*drawn(17, (length, 11), (length, 13)), rotations, 16)

    assert max(growth(attend)) < 4.2
    assert growth(lambda n: shared_query_key_attention(*drawn(17, (n, 11), (n, 13))))[0] > 10


def test_the_inputs_are_left_as_they_are() -> None:
    inputs = [*drawn(19, (29, 11), (29, 13)), random_rotations(3, 11, 4, generated(19))]
    copies = [each.clone() for each in inputs]
    lsh_attention(*inputs, 5)
    assert all(map(torch.equal, inputs, copies))


@pytest.mark.usefixtures("as_users_call")
@pytest.mark.parametrize(
    ("shapes", "chunk_size", "message"),
    [
        (((7, 11), (5, 2), (3, 11, 4)), 2, "each token, got 7 tokens and 5 values"),
        (((7, 11), (7, 2), (3, 13, 4)), 2, "same width, got d_head=11 and d_head=13"),
        (((7, 11), (7, 2), (3, 11, 0)), 2, r"one direction, got shape \(3, 11, 0\)"),
        (((7, 11), (7, 2), (0, 11, 4)), 2, r"at least one round .* got shape \(0, 11, 4\)"),
        (((7, 11), (7, 2), (3, 11, 4)), 0, "chunk_size must be at least 1, got chunk_size=0"),
    ],
)
def test_inputs_that_do_not_fit_are_refused_with_the_rule_and_the_values(
    shapes: tuple[tuple[int, ...], ...], chunk_size: int, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        lsh_attention(*drawn(21, *shapes), chunk_size)


@pytest.mark.usefixtures("as_users_call")
def test_what_cannot_be_is_refused_with_the_rule_and_the_values() -> None:
    for buckets in (7, 0):
        with pytest.raises(ValueError, match=f"even and at least 2, .* got num_buckets={buckets}"):
            random_rotations(3, 11, buckets, generated(1))
    with pytest.raises(ValueError, match="num_rounds must be at least 1, got num_rounds=0"):
        random_rotations(0, 11, 4, generated(1))
    x, value = drawn(23, (7, 11), (5, 2))
    with pytest.raises(ValueError, match="each token, got 7 tokens and 5 values"):
        shared_query_key_attention(x, value)
