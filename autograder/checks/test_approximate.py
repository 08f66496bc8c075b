"""Checks of the sheet `approximate`.

Nothing here is graded by how good an approximation is. Everything that is random is given as
an argument, so each result has one right value, and each property is exact. A check of a
property also compares values, so that nothing is earned by an answer that has the right
shape alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from attnbook.linear_attention import linear_attention
from attnbook.linformer import linformer_attention
from attnbook.performer import favor_features, performer_attention
from attnbook.reformer import lsh_attention, lsh_buckets, shared_query_key_attention
from autograder.checks.compare import demand, same_tensor
from autograder.checks.draw import Draw
from autograder.checks.functions import copies, refused, right_and_left_alone, same_gradients
from autograder.checks.marks import check

Functions = Any  # offers the exercises as attributes

REFERENCE = {
    "linear_attention": linear_attention,
    "linformer_attention": linformer_attention,
    "favor_features": favor_features,
    "performer_attention": performer_attention,
    "lsh_buckets": lsh_buckets,
    "lsh_attention": lsh_attention,
}

# ---------------------------------------------------------------- linear_attention


@check("linear_attention", points=0.75)
def test_each_query_gets_the_mean_of_the_values_by_its_weights(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    for leading in ((), (2, 3)):
        inputs = attended(draw, *leading)
        same_output(student.linear_attention, reference.linear_attention, inputs)


@check("linear_attention", points=0.75)
def test_a_causal_query_sees_its_own_position_and_earlier_ones(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    inputs = attended(draw, 2, square=True)
    theirs, ours = student.linear_attention, reference.linear_attention
    same_output(theirs, ours, inputs, True)
    nothing_of_the_future(theirs, inputs, True)


@check("linear_attention", points=0.5)
def test_the_mean_of_equal_values_is_that_value(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    for causal in (False, True):
        query, key, value = attended(draw, 2, square=True)
        equal = value[:, :1].expand_as(value).contiguous()
        output = student.linear_attention(*copies(query, key, equal), causal)
        same_tensor(output, equal, what="the mean of equal values")
        inputs = (query, key, value)
        same_output(student.linear_attention, reference.linear_attention, inputs, causal)


@check("linear_attention", points=0.5)
def test_far_below_zero_the_features_stay_positive(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    for causal in (False, True):
        query, key, value = attended(draw, square=True)
        inputs = (query - 8, key - 19, value)
        same_output(student.linear_attention, reference.linear_attention, inputs, causal)


@check("linear_attention", points=0.25)
def test_gradients_reach_the_query_the_key_and_the_value(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    inputs = doubled(*attended(draw, 2, square=True))
    for causal in (False, True):
        same_gradients(student.linear_attention, reference.linear_attention, inputs, causal)


@check("linear_attention", points=0.25)
def test_causal_counts_that_differ_are_refused_and_other_calls_leave_inputs_alone(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    theirs, ours = student.linear_attention, reference.linear_attention
    left_alone_and_refused(theirs, ours, attended(draw), ())


# ---------------------------------------------------------------- linformer_attention


@check("linformer_attention", points=1)
def test_each_query_attends_to_mixtures_of_the_keys_and_of_the_values(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    for leading in ((), (2, 3)):
        inputs = (*attended(draw, *leading), *maps(draw))
        same_output(student.linformer_attention, reference.linformer_attention, inputs)


@check("linformer_attention", points=0.75)
def test_with_as_many_mixtures_as_keys_and_identities_it_is_attention_itself(
    student: Functions, draw: Draw
) -> None:
    query, key, value = attended(draw, 2)
    identity = torch.eye(KEYS)
    attention = torch.nn.functional.scaled_dot_product_attention(
        query.double(), key.double(), value.double()
    )
    output = student.linformer_attention(*copies(query, key, value, identity, identity))
    same_tensor(output, attention.float(), what="attention with two identities for maps")
    shuffled = identity[draw.normal(KEYS).argsort()]
    output = student.linformer_attention(*copies(query, key, value, shuffled, shuffled))
    same_tensor(output, attention.float(), what="attention with its keys in another order")


@check("linformer_attention", points=0.5)
def test_equal_values_stay_equal_where_the_columns_of_value_map_sum_to_one(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    query, key, value = attended(draw, 2)
    key_map, value_map = maps(draw)
    means = value_map.softmax(dim=0)
    equal = value[:, :1].expand_as(value).contiguous()
    expected = equal[:, :1].expand(-1, query.shape[-2], -1)
    output = student.linformer_attention(*copies(query, key, equal, key_map, means))
    same_tensor(output, expected, what="the output for equal values")
    inputs = (query, key, value, key_map, means)
    same_output(student.linformer_attention, reference.linformer_attention, inputs)


@check("linformer_attention", points=0.25)
def test_gradients_reach_all_five_inputs(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    inputs = doubled(*attended(draw, 2), *maps(draw))
    same_gradients(student.linformer_attention, reference.linformer_attention, inputs)


@check("linformer_attention", points=0.5)
def test_maps_for_another_length_are_refused_and_fitting_ones_are_not(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    query, key, value = attended(draw, 2)
    names = ("query", "key", "value", "key_map", "value_map")
    given = dict(zip(names, (query, key, value, *maps(draw)), strict=True))
    theirs, ours = student.linformer_attention, reference.linformer_attention
    right_and_left_alone(theirs, ours, given)
    for rows in (KEYS - 1, KEYS + 2):
        unfit = copies(query, key, value, draw.normal(rows, 4), draw.normal(rows, 4))
        refused(partial(theirs, *unfit), rows=rows, keys=KEYS)


# ---------------------------------------------------------------- favor_features


@check("favor_features", points=1)
def test_each_feature_is_the_exponential_of_its_product_less_half_the_square(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    for leading in ((5,), (2, 3, 7)):
        x, projection = featured(draw, *leading)
        same_output(student.favor_features, reference.favor_features, (x, projection))


@check("favor_features", points=1)
def test_the_mean_product_of_two_features_is_what_a_softmax_would_sum(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    projection, shares = every_direction()
    query, key = (draw.normal(n, 2, dtype=torch.float64).clamp(-1.2, 1.2) for n in (5, 7))
    features = [student.favor_features(*copies(each, projection)) for each in (query, key)]
    for found, x in zip(features, (query, key), strict=True):
        same_tensor(found, reference.favor_features(x, projection), what="the features")
    count = len(projection)
    mean = (features[0] * shares * count) @ features[1].mT
    expected = (query @ key.mT / math.sqrt(2)).exp()
    same_tensor(mean, expected, what="the mean product of two features, over all directions,")


@check("favor_features", points=0.5)
def test_a_long_vector_that_points_along_a_row_has_a_finite_feature(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    direction = torch.nn.functional.normalize(draw.normal(1, 3), dim=-1)
    projection = torch.cat([12 * direction, draw.normal(4, 3)])
    x = torch.cat([12 * 3**0.25 * direction, draw.normal(2, 3)])
    same_output(student.favor_features, reference.favor_features, (x, projection))


@check("favor_features", points=0.25)
def test_gradients_reach_x_and_the_projection(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    same_gradients(student.favor_features, reference.favor_features, doubled(*featured(draw, 5)))


@check("favor_features", points=0.25)
def test_the_features_are_right_and_the_inputs_stay_as_they_were(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    given = dict(zip(("x", "projection"), featured(draw, 2, 5), strict=True))
    right_and_left_alone(student.favor_features, reference.favor_features, given)


# ---------------------------------------------------------------- performer_attention


@check("performer_attention", points=0.75)
def test_each_query_gets_the_mean_of_the_values_by_products_of_features(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    for leading in ((), (2, 3)):
        inputs = (*attended(draw, *leading), draw.normal(13, WIDTH))
        same_output(student.performer_attention, reference.performer_attention, inputs)


@check("performer_attention", points=0.75)
def test_when_causal_each_query_sees_its_own_position_and_earlier_ones(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    inputs = (*attended(draw, 2, square=True), draw.normal(13, WIDTH))
    theirs, ours = student.performer_attention, reference.performer_attention
    same_output(theirs, ours, inputs, True)
    nothing_of_the_future(theirs, inputs, True)


@check("performer_attention", points=0.5)
def test_equal_values_have_that_value_as_their_mean(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    projection = draw.normal(13, WIDTH)
    for causal in (False, True):
        query, key, value = attended(draw, 2, square=True)
        equal = value[:, :1].expand_as(value).contiguous()
        output = student.performer_attention(*copies(query, key, equal, projection), causal)
        same_tensor(output, equal, what="the mean of equal values")
        inputs = (query, key, value, projection)
        same_output(student.performer_attention, reference.performer_attention, inputs, causal)


@check("performer_attention", points=0.5)
def test_long_queries_and_keys_give_the_right_output_and_a_finite_one(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    for causal in (False, True):
        query, key, value = attended(draw, 2, square=True)
        # Each exponent is near -85, so that a product of two features is too small for float32.
        query, key = (
            13 * WIDTH**0.25 * torch.nn.functional.normalize(each, dim=-1) for each in (query, key)
        )
        # Values of one sign: what rounding does to such exponents stays small beside their mean.
        inputs = (query, key, value.abs() + 1, draw.normal(13, WIDTH) / 10)
        same_output(student.performer_attention, reference.performer_attention, inputs, causal)


@check("performer_attention", points=0.25)
def test_gradients_reach_all_four_inputs(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    inputs = doubled(*attended(draw, 2, square=True), draw.normal(13, WIDTH))
    for causal in (False, True):
        same_gradients(student.performer_attention, reference.performer_attention, inputs, causal)


@check("performer_attention", points=0.25)
def test_causal_counts_that_differ_are_refused_and_inputs_stay_as_they_were(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    theirs, ours = student.performer_attention, reference.performer_attention
    left_alone_and_refused(theirs, ours, attended(draw), (draw.normal(13, WIDTH),))


# ---------------------------------------------------------------- lsh_buckets


@check("lsh_buckets", points=1)
def test_the_bucket_is_the_nearest_of_the_directions_and_their_opposites(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    for leading in ((), (2, 3)):
        length, d_head, rounds, half = draw.sizes(4)
        x, rotations = hashed(draw, *leading, length, d_head), hashed(draw, rounds, d_head, half)
        same_buckets(student, reference, x, rotations)


@check("lsh_buckets", points=0.5)
def test_lengths_do_not_matter_and_opposites_fall_into_opposite_buckets(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    length, d_head, rounds, half = draw.sizes(4)
    x, rotations = hashed(draw, length, d_head), hashed(draw, rounds, d_head, half)
    same_buckets(student, reference, x, rotations)
    buckets = reference.lsh_buckets(x, rotations)
    for factor in (0.25, 8.0):
        found = student.lsh_buckets(factor * x, rotations.clone())
        same_tensor(found, buckets, what=f"the buckets of vectors {factor} times as long")
    found = student.lsh_buckets(-x, rotations.clone())
    same_tensor(found, (buckets + half) % (2 * half), what="the buckets of the opposites")


@check("lsh_buckets", points=0.5)
def test_of_several_that_are_nearest_the_lowest_number_wins(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    x = draw.integers(-2, 3, 40, 2).float()
    x[:3] = torch.tensor([[0.0, 0.0], [1.0, -1.0], [-2.0, 2.0]])
    compass = torch.tensor([[1.0, 0.0, 1.0, -1.0], [0.0, 1.0, 1.0, 1.0]])
    same_buckets(student, reference, x, torch.stack([compass[:, :2], compass[:, 1:3]]))
    same_buckets(student, reference, x, compass[None])


# ---------------------------------------------------------------- lsh_attention


@check("lsh_attention", points=1.25)
def test_each_token_attends_to_those_that_it_meets(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    for leading, rounds in (((2, 2), 1), ((), 3)):
        x, value, rotations, chunk_size = tokens(draw, *leading, rounds=rounds)
        others = (rotations, chunk_size)
        same_output(student.lsh_attention, reference.lsh_attention, (x, value), *others)
    # One bucket for all tokens, which borders between chunks cut.
    others = (torch.zeros(1, WIDTH, 1), chunk_size)
    same_output(student.lsh_attention, reference.lsh_attention, (x, value), *others)


@check("lsh_attention", points=0.75)
def test_a_pair_that_meets_in_several_rounds_counts_once(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    x, value, rotations, chunk_size = tokens(draw, 2, rounds=2)
    twice = torch.cat([rotations, rotations[:1]])
    expected = reference.lsh_attention(*doubled(x, value, rotations), chunk_size).float()
    output = student.lsh_attention(*copies(x, value, twice), chunk_size)
    same_tensor(output, expected, what="the output with a round that repeats another")
    same_output(student.lsh_attention, reference.lsh_attention, (x, value), rotations, chunk_size)


@check("lsh_attention", points=0.75)
def test_where_all_share_a_bucket_and_a_chunk_nothing_is_lost(
    student: Functions, draw: Draw
) -> None:
    for causal in (False, True):
        x, value, _, _ = tokens(draw, 2)
        expected = shared_query_key_attention(x.double(), value.double(), causal).float()
        one_bucket = torch.zeros(1, x.shape[-1], 1)
        for size in (x.shape[-2], x.shape[-2] + 3):
            output = student.lsh_attention(*copies(x, value, one_bucket), size, causal)
            same_tensor(output, expected, what="the output where all tokens meet")


@check("lsh_attention", points=0.75)
def test_a_causal_token_reads_earlier_values_alone(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    x, value, rotations, chunk_size = tokens(draw, 2, rounds=2)
    theirs, ours = student.lsh_attention, reference.lsh_attention
    same_output(theirs, ours, (x, value), rotations, chunk_size, True)
    last = x.shape[-2] // 2
    later = value.clone()
    later[:, last:] = 50.0
    # The keys stay: a later one may move where chunks begin.
    before, after = (
        theirs(*copies(x, each, rotations), chunk_size, True) for each in (value, later)
    )
    same_tensor(after[:, :last], before[:, :last].detach(), what="what earlier tokens read")


@check("lsh_attention", points=0.5)
def test_a_token_reads_its_own_value_only_where_it_meets_nobody(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    x, value, rotations, _ = tokens(draw, 2, rounds=2)
    theirs, ours = student.lsh_attention, reference.lsh_attention
    for causal in (False, True):
        same_output(theirs, ours, (x, value), rotations, 1, causal)
    lonely = torch.eye(4) * torch.tensor([1.0, 2.0, 3.0, 4.0])
    compass = torch.eye(4)[None]
    output = theirs(*copies(lonely, value[0, :4], compass), 2)
    same_tensor(output, value[0, :4], what="what tokens read that share no bucket")


@check("lsh_attention", points=0.5)
def test_gradients_reach_query_key_and_value(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    x, value, rotations, chunk_size = tokens(draw, 2, rounds=2)
    for causal in (False, True):
        others = doubled(rotations, chunk_size, causal)
        same_gradients(student.lsh_attention, reference.lsh_attention, doubled(x, value), *others)


@check("lsh_attention", points=0.5)
def test_the_output_is_right_in_float64_and_the_inputs_stay_as_they_were(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    x, value, rotations, chunk_size = tokens(draw, 2, rounds=2)
    named = zip(("query_key", "value", "rotations"), (x, value, rotations), strict=True)
    given = {name: each.double() for name, each in named}
    right_and_left_alone(student.lsh_attention, reference.lsh_attention, given, chunk_size)


# ---------------------------------------------------------------- inputs

WIDTH, KEYS = 5, 11


def attended(draw: Draw, *leading: int, square: bool = False) -> tuple[Tensor, Tensor, Tensor]:
    """Return query, key and value; as many queries as keys if ``square``."""
    query = draw.normal(*leading, KEYS if square else 7, WIDTH)
    return query, draw.normal(*leading, KEYS, WIDTH), draw.normal(*leading, KEYS, 3)


def maps(draw: Draw) -> tuple[Tensor, Tensor]:
    """Return a map for the keys and one for the values."""
    return draw.normal(KEYS, 4), draw.normal(KEYS, 4)


def featured(draw: Draw, *leading: int) -> tuple[Tensor, Tensor]:
    """Return vectors and a projection."""
    return draw.normal(*leading, WIDTH), draw.normal(13, WIDTH)


def every_direction(points: int = 20) -> tuple[Tensor, Tensor]:
    """Return rows and their shares, such that sums by them are means over the plane's normal law.

    Gauss and Hermite's nodes: the mean is exact for polynomials up to degree 39, and for the
    exponentials of short vectors to nine digits and more.
    """
    nodes, weights = (torch.from_numpy(each) for each in np.polynomial.hermite_e.hermegauss(points))
    weights = weights / weights.sum()
    return torch.cartesian_prod(nodes, nodes), torch.cartesian_prod(weights, weights).prod(dim=1)


def hashed(draw: Draw, *shape: int) -> Tensor:
    """Return multiples of 1/512: their products have no rounding that could change a bucket."""
    return (draw.normal(*shape) * 512).round() / 512


def tokens(draw: Draw, *leading: int, rounds: int = 1) -> tuple[Tensor, Tensor, Tensor, int]:
    """Return tokens, values, rotations for four buckets, and a size of chunks that leaves a rest.

    Tokens are 17: with chunks of 3 to 5, most buckets are cut by a border.
    """
    x, value = hashed(draw, *leading, 17, WIDTH), draw.normal(*leading, 17, 3)
    return x, value, hashed(draw, rounds, WIDTH, 2), int(draw.integers(3, 6, 1))


# ---------------------------------------------------------------- comparisons


def doubled(*values: Any) -> list[Any]:
    """Return the tensors in float64, and everything else as it is."""
    return [value.double() if isinstance(value, Tensor) else value for value in values]


def same_output(
    theirs: Callable[..., Any], ours: Callable[..., Tensor], inputs: Sequence[Tensor], *others: Any
) -> None:
    """Demand that a result is right in float64, and in float32 as near as that rounds."""
    given = (*inputs, *others)
    expected = ours(*doubled(*given))
    same_tensor(theirs(*copies(*given)), expected.float())
    same_tensor(theirs(*copies(*doubled(*given))), expected)


def same_buckets(student: Functions, reference: Functions, x: Tensor, rotations: Tensor) -> None:
    """Demand that every vector is in its bucket."""
    expected = reference.lsh_buckets(x, rotations)
    same_tensor(student.lsh_buckets(*copies(x, rotations)), expected, what="the buckets")


def nothing_of_the_future(
    theirs: Callable[..., Any], inputs: Sequence[Tensor], *others: Any
) -> None:
    """Demand that later keys and values change no earlier output, by value and by gradient."""
    query, key, value, *rest = inputs
    last = query.shape[-2] // 2
    other_key, other_value = key.clone(), value.clone()
    other_key[..., last:, :], other_value[..., last:, :] = 0.5, 50.0
    before = theirs(*copies(query, key, value, *rest, *others))
    after = theirs(*copies(query, other_key, other_value, *rest, *others))
    what = "what an earlier query gets, once later keys and values are others,"
    same_tensor(after[..., :last, :], before[..., :last, :].detach(), what=what)
    leaf = value.clone().requires_grad_()
    early = theirs(*copies(query, key), leaf.clone(), *copies(*rest, *others))[..., :last, :]
    demand(early.requires_grad, "the result must have a gradient, but the graph is cut")
    (gradient,) = torch.autograd.grad(early.sum(), leaf)
    what = "the gradient of later values, from earlier queries,"
    same_tensor(gradient[..., last:, :], torch.zeros_like(gradient[..., last:, :]), what=what)


def left_alone_and_refused(
    theirs: Callable[..., Any],
    ours: Callable[..., Tensor],
    inputs: tuple[Tensor, Tensor, Tensor],
    rest: tuple[Tensor, ...],
) -> None:
    """Demand that other counts are right unless causal, where they are refused."""
    names = ("query", "key", "value", "projection")
    given = dict(zip(names, (*inputs, *rest), strict=False))
    right_and_left_alone(theirs, ours, given)
    query, key, value = inputs
    refused(
        lambda: theirs(*copies(query, key, value, *rest), True),
        rule="causal attention needs as many queries as keys",
        queries=query.shape[-2],
        keys=key.shape[-2],
    )
