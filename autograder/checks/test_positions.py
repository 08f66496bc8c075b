"""Checks of the sheet `positions`.

Each check compares values as well as the property in its name, so that nothing is
earned by an answer that has the right shape alone.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from attnbook.biases import alibi_bias
from attnbook.positions import LearnedPositions, apply_rope, shift_matrix, sinusoidal_encoding
from autograder.checks.compare import demand, same_tensor
from autograder.checks.draw import Draw
from autograder.checks.functions import refused
from autograder.checks.marks import check
from autograder.checks.modules import same_weights

Functions = Any  # offers the exercises as attributes

REFERENCE = {
    "sinusoidal_encoding": sinusoidal_encoding,
    "shift_matrix": shift_matrix,
    "LearnedPositions": LearnedPositions,
    "apply_rope": apply_rope,
    "alibi_bias": alibi_bias,
}
FAR = 100_000

# ---------------------------------------------------------------- sinusoidal_encoding


@check("sinusoidal_encoding", points=1.5)
def test_each_position_has_its_sines_and_cosines(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    for positions, pairs in zip(draw.sizes(2), draw.sizes(2), strict=True):
        expected = reference.sinusoidal_encoding(positions, 2 * pairs)
        same_tensor(student.sinusoidal_encoding(positions, 2 * pairs), expected, what="the rows")


@check("sinusoidal_encoding", points=0.5)
def test_two_rows_are_as_alike_as_their_distance_says(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    length, pairs = 13, 2 + int(draw.integers(0, 9, 1))
    expected = reference.sinusoidal_encoding(length, 2 * pairs)
    rows = student.sinusoidal_encoding(length, 2 * pairs)
    same_tensor(rows, expected, what="the rows")
    same_tensor(rows @ rows.T, expected @ expected.T, what="the dot product of two rows")


@check("sinusoidal_encoding", points=0.5)
def test_position_one_hundred_thousand_is_as_exact_as_the_first(
    student: Functions, reference: Functions
) -> None:
    expected = reference.sinusoidal_encoding(FAR + 1, 6)
    rows = student.sinusoidal_encoding(FAR + 1, 6)
    same_tensor(rows, expected, what="the rows up to position 100,000")


@check("sinusoidal_encoding", points=0.5)
def test_an_odd_width_is_refused_by_name_and_an_even_one_works(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    (half,) = draw.sizes(1)
    expected = reference.sinusoidal_encoding(3, 2 * half)
    same_tensor(student.sinusoidal_encoding(3, 2 * half), expected, what="the rows")
    refused(lambda: student.sinusoidal_encoding(3, 2 * half + 1), d_model=2 * half + 1)


# ---------------------------------------------------------------- shift_matrix


@check("shift_matrix", points=1.5)
def test_the_matrix_moves_every_row_by_the_offset(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    width, offset = 2 * draw.sizes(1)[0] + 2, int(draw.integers(1, 40, 1))
    expected = reference.shift_matrix(offset, width)
    matrix = student.shift_matrix(offset, width)
    same_tensor(matrix, expected, what="the matrix")
    rows = sinusoidal_encoding(offset + 7, width)
    same_tensor(rows[:7] @ matrix, rows[offset:], what="the rows times the matrix")


@check("shift_matrix", points=1)
def test_a_negative_offset_moves_back(student: Functions, reference: Functions, draw: Draw) -> None:
    width, offset = 2 * draw.sizes(1)[0] + 2, int(draw.integers(1, 40, 1))
    for back in (-offset, 0):
        expected = reference.shift_matrix(back, width)
        same_tensor(student.shift_matrix(back, width), expected, what=f"the matrix of {back}")


@check("shift_matrix", points=0.5)
def test_an_odd_d_model_is_refused_by_name_and_an_even_one_works(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    half, offset = draw.sizes(2)
    expected = reference.shift_matrix(offset, 2 * half + 2)
    same_tensor(student.shift_matrix(offset, 2 * half + 2), expected, what="the matrix")
    refused(lambda: student.shift_matrix(offset, 2 * half + 1), d_model=2 * half + 1)


# ---------------------------------------------------------------- LearnedPositions


@check("LearnedPositions", points=1)
def test_each_position_gets_its_row_of_the_table(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    batch, length, width, more = draw.sizes(4)
    made = (length + more, width)
    theirs, ours = same_weights(student.LearnedPositions, reference.LearnedPositions, draw, *made)
    for size in (length, length + more):
        x = draw.normal(batch, size, width)
        same_tensor(theirs(x.clone()), ours(x).detach(), what="the output")


@check("LearnedPositions", points=1)
def test_too_long_a_sequence_is_refused_and_one_that_fits_is_not(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    batch, length, width, more = draw.sizes(4)
    theirs, ours = same_weights(
        student.LearnedPositions, reference.LearnedPositions, draw, length, width
    )
    x = draw.normal(batch, length + more, width)
    fits = x[:, :length]
    same_tensor(theirs(fits.clone()), ours(fits).detach(), what="the output")
    refused(lambda: theirs(x.clone()), length=length + more, max_len=length)


@check("LearnedPositions", points=0.5)
def test_the_rows_in_use_learn(student: Functions, reference: Functions, draw: Draw) -> None:
    batch, length, width, more = draw.sizes(4)
    made = (length + more, width)
    theirs, ours = same_weights(student.LearnedPositions, reference.LearnedPositions, draw, *made)
    x = draw.normal(batch, length, width)
    gradients = []
    for module in (ours, theirs):
        output = module(x.clone())
        if module is theirs:
            same_tensor(output, ours(x).detach(), what="the output")
            demand(output.requires_grad, "the table must learn, but the graph is cut")
        (output * torch.linspace(-1, 1, x.numel()).reshape(x.shape)).sum().backward()
        gradients.append(dict(module.named_parameters())["embedding.weight"].grad)
    demand(gradients[1] is not None, "the table must learn, but no gradient reaches it")
    same_tensor(gradients[1], gradients[0], what="the gradient of embedding.weight")


@check("LearnedPositions", points=0.5)
def test_the_output_is_right_and_x_stays_as_it_was(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    batch, length, width = draw.sizes(3)
    theirs, ours = same_weights(
        student.LearnedPositions, reference.LearnedPositions, draw, length, width
    )
    x = draw.normal(batch, length, width)
    before, expected = x.clone(), ours(x).detach()
    same_tensor(theirs(x), expected, what="the output")
    demand(torch.equal(x, before), "x was changed in place")


# ---------------------------------------------------------------- apply_rope


@check("apply_rope", points=1)
def test_neighboring_features_turn_by_the_angle_of_their_pair(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    batch, heads, length = draw.sizes(3)
    width = 2 * draw.sizes(1)[0] + 2
    positions = draw.integers(0, 30, length)
    x = draw.normal(batch, heads, length, width)
    for rows in (x, x[0, 0]):
        expected = exact_rope(reference, rows, positions)
        same_tensor(student.apply_rope(rows.clone(), positions), expected, what="the rows")


@check("apply_rope", points=0.5)
def test_a_score_depends_on_the_difference_of_positions_alone(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    query, key = draw.normal(5, 8), draw.normal(7, 8)
    at_query, at_key = draw.integers(0, 30, 5), draw.integers(0, 30, 7)
    expected = exact_rope(reference, query, at_query) @ exact_rope(reference, key, at_key).T
    for moved in (0, int(draw.integers(1, 20, 1))):
        turned = student.apply_rope(query.clone(), at_query + moved)
        same_tensor(turned, exact_rope(reference, query, at_query + moved), what="the queries")
        scores = turned @ student.apply_rope(key.clone(), at_key + moved).T
        same_tensor(scores, expected, what=f"the scores, all positions {moved} further on,")


@check("apply_rope", points=0.5)
def test_the_base_sets_how_slowly_pairs_turn(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    for base in (100.0, 500_000.0):
        x, positions = draw.normal(2, 5, 8), draw.integers(0, 30, 5)
        expected = exact_rope(reference, x, positions, base)
        same_tensor(student.apply_rope(x.clone(), positions, base), expected, what="the rows")


@check("apply_rope", points=0.5)
def test_the_dtype_is_kept_and_position_one_hundred_thousand_is_exact(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    positions = draw.integers(0, 30, 5)
    for dtype in (torch.float16, torch.bfloat16):
        x = draw.normal(3, 5, 6, dtype=dtype)
        expected = exact_rope(reference, x, positions)
        same_tensor(student.apply_rope(x.clone(), positions), expected, what="the rows")
    x, far = draw.normal(20, 10, dtype=torch.float64), FAR - torch.arange(20)
    result = student.apply_rope(x.clone(), far)
    demand(
        isinstance(result, Tensor) and result.dtype == torch.float64, "float64 must stay float64"
    )
    expected = reference.apply_rope(x, far).float()
    same_tensor(result.float(), expected, what="the rows at position 100,000")


@check("apply_rope", points=0.25)
def test_gradients_are_right_and_x_stays_as_it_was(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    x, positions = draw.normal(2, 5, 6), draw.integers(0, 30, 5)
    before, expected = x.clone(), exact_rope(reference, x, positions)
    same_tensor(student.apply_rope(x, positions), expected, what="the rows")
    demand(torch.equal(x, before), "x was changed in place")
    uneven = torch.linspace(-1, 1, x.numel()).sin().reshape(x.shape)
    gradients: list[Tensor] = []
    for turn in (reference.apply_rope, student.apply_rope):
        leaf = x.clone().requires_grad_()
        result = turn(leaf.clone(), positions)
        demand(result.requires_grad, "the result must have a gradient, but the graph is cut")
        gradients += torch.autograd.grad(result, leaf, uneven)
    same_tensor(gradients[1], gradients[0], what="the gradient of x")


@check("apply_rope", points=0.25)
def test_an_odd_d_head_is_refused_by_name_and_an_even_one_works(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    (half,) = draw.sizes(1)
    x, positions = draw.normal(3, 2 * half + 2), torch.arange(3)
    expected = exact_rope(reference, x, positions)
    same_tensor(student.apply_rope(x.clone(), positions), expected, what="the rows")
    odd = x[:, :-1].clone()
    refused(lambda: student.apply_rope(odd, positions), d_head=2 * half + 1)


# ---------------------------------------------------------------- alibi_bias


@check("alibi_bias", points=1.5)
def test_a_head_takes_off_its_slope_for_each_step_of_distance(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    for heads, length in zip((8, *draw.sizes(2)), draw.sizes(3), strict=True):
        expected = reference.alibi_bias(heads, length, length)
        same_tensor(student.alibi_bias(heads, length, length), expected, what="the bias")


@check("alibi_bias", points=1)
def test_with_more_keys_than_queries_the_last_query_stands_at_the_last_key(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    heads, queries, cached = draw.sizes(3)
    expected = reference.alibi_bias(heads, queries, queries + cached)
    same_tensor(student.alibi_bias(heads, queries, queries + cached), expected, what="the bias")


@check("alibi_bias", points=0.5)
def test_any_number_of_heads_has_slopes_and_so_has_a_long_sequence(
    student: Functions, reference: Functions
) -> None:
    for heads, queries, keys in ((1, 3, 4), (12, 1, 2000), (16, 2, 3)):
        expected = reference.alibi_bias(heads, queries, keys)
        same_tensor(student.alibi_bias(heads, queries, keys), expected, what="the bias")


# ---------------------------------------------------------------- comparisons


def exact_rope(reference: Functions, x: Tensor, positions: Tensor, base: float = 10000.0) -> Tensor:
    """Return the right rows, worked out in float64 and rounded to the dtype of ``x``."""
    rows: Tensor = reference.apply_rope(x.double(), positions, base)
    return rows.to(x.dtype)
