"""Checks of the sheet `blocks`.

Each check compares values as well as the property in its name, so that nothing is
earned by an answer that has the right shape, or the right parameters, alone.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from attnbook.blocks import EncoderBlock, feed_forward, gradient_profile, layer_norm
from autograder.checks.compare import demand, same_tensor
from autograder.checks.draw import Draw
from autograder.checks.functions import copies, right_and_left_alone, same_gradients
from autograder.checks.marks import check
from autograder.checks.modules import same_gradients_of_parameters, same_output, same_weights

Functions = Any  # offers the exercises as attributes

REFERENCE = {
    "layer_norm": layer_norm,
    "feed_forward": feed_forward,
    "EncoderBlock": EncoderBlock,
    "gradient_profile": gradient_profile,
}

# ---------------------------------------------------------------- layer_norm


@check("layer_norm", points=1)
def test_each_row_is_centered_scaled_to_variance_1_and_then_stretched_and_shifted(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    for dtype in (torch.float32, torch.float64):
        length, d = draw.sizes(2)
        same_norm(student, reference, *rows_gain_bias(draw, length, d, dtype=dtype))


@check("layer_norm", points=0.5)
def test_a_row_is_normalized_on_its_own_whatever_stands_beside_it(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    batch, heads, length, d = draw.sizes(4)
    same_norm(student, reference, *rows_gain_bias(draw, batch, length, d))
    same_norm(student, reference, *rows_gain_bias(draw, batch, heads, length, d))
    same_norm(student, reference, *rows_gain_bias(draw, d))


@check("layer_norm", points=0.5)
def test_eps_stands_under_the_root_and_keeps_equal_numbers_finite(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    batch, length, d = draw.sizes(3)
    x, gain, bias = rows_gain_bias(draw, batch, length, d)
    same_norm(student, reference, x / 256, gain, bias)
    for eps in (0.5, 1e-3):
        same_norm(student, reference, x, gain, bias, eps)
    x[0, 0] = 2.0
    same_norm(student, reference, x, gain, bias)


@check("layer_norm", points=0.25)
def test_numbers_far_from_0_and_half_precision_work(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    batch, length, d = draw.sizes(3)
    x, _, _ = rows_gain_bias(draw, batch, length, d)
    # Float32 holds a mean near 4096 to about 1/4000: with a bias of 10 that is no matter.
    far = (4 * x).round() / 4 + 4096
    same_norm(student, reference, far, torch.ones(d), torch.full((d,), 10.0))
    for dtype in (torch.float16, torch.bfloat16):
        same_norm(student, reference, *rows_gain_bias(draw, length, batch, 11, dtype=dtype))


@check("layer_norm", points=0.5)
def test_gradients_are_those_of_the_whole_formula(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    batch, length, d = draw.sizes(3)
    # A gradient is a small difference of large numbers here: too small for float32 to judge.
    inputs = rows_gain_bias(draw, batch, length, d, dtype=torch.float64)
    same_gradients(student.layer_norm, reference.layer_norm, inputs)
    inputs[0][0, 0] = 2.0
    same_gradients(student.layer_norm, reference.layer_norm, inputs)


@check("layer_norm", points=0.25)
def test_the_rows_are_right_and_the_inputs_stay_as_they_were(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    batch, length, d = draw.sizes(3)
    inputs = rows_gain_bias(draw, batch, length, d)
    given = dict(zip(("x", "gain", "bias"), inputs, strict=True))
    right_and_left_alone(student.layer_norm, reference.layer_norm, given)


# ---------------------------------------------------------------- feed_forward


@check("feed_forward", points=1)
def test_a_relu_stands_between_two_maps(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    for dtype in (torch.float32, torch.float64):
        length, d_model, d_ff = draw.sizes(3)
        same_network(student, reference, *network(draw, d_ff, length, d_model, dtype=dtype))


@check("feed_forward", points=0.75)
def test_each_position_goes_through_the_network_on_its_own(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    batch, heads, length, d_model, d_ff = draw.sizes(5)
    same_network(student, reference, *network(draw, d_ff, batch, length, d_model))
    same_network(student, reference, *network(draw, d_ff, batch, heads, length, d_model))
    same_network(student, reference, *network(draw, d_ff, d_model))


@check("feed_forward", points=0.5)
def test_each_bias_is_added_where_it_belongs(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    batch, length, d_model, d_ff = draw.sizes(4)
    x, w1, b1, w2, b2 = network(draw, d_ff, batch, length, d_model)
    same_network(student, reference, torch.zeros_like(x), w1, b1, w2, b2)
    same_network(student, reference, x, w1, 5 * b1, w2, 5 * b2)


@check("feed_forward", points=0.5)
def test_gradients_reach_the_input_both_maps_and_both_biases(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    batch, length, d_model, d_ff = draw.sizes(4)
    inputs = network(draw, d_ff, batch, length, d_model)
    same_gradients(student.feed_forward, reference.feed_forward, inputs)


@check("feed_forward", points=0.25)
def test_half_precision_works_and_the_inputs_stay_as_they_were(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    batch, length, d_model, d_ff = draw.sizes(4)
    for dtype in (torch.float16, torch.bfloat16):
        same_network(student, reference, *network(draw, d_ff, batch, length, d_model, dtype=dtype))
    inputs = network(draw, d_ff, batch, length, d_model)
    given = dict(zip(("x", "w1", "b1", "w2", "b2"), inputs, strict=True))
    right_and_left_alone(student.feed_forward, reference.feed_forward, given)


# ---------------------------------------------------------------- EncoderBlock


@check("EncoderBlock", points=1.5)
def test_with_norm_first_each_sublayer_reads_normed_rows_and_adds_to_the_stream(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    for dtype in (torch.float32, torch.float64):
        theirs, ours, x = block_and_input(student, reference, draw, True, dtype=dtype)
        same_output(theirs, ours, x)


@check("EncoderBlock", points=1.5)
def test_without_norm_first_the_norm_comes_after_each_sum(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    for dtype in (torch.float32, torch.float64):
        theirs, ours, x = block_and_input(student, reference, draw, False, dtype=dtype)
        same_output(theirs, ours, x)


@check("EncoderBlock", points=1)
def test_a_mask_hides_positions_from_the_attention_in_both_orders(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    for norm_first in (True, False):
        theirs, ours, x = block_and_input(student, reference, draw, norm_first)
        batch, length, _ = x.shape
        for shape in ((length, length), (batch, 1, 1, length), (batch, 1, length, length)):
            mask = draw.mask(*shape)
            mask[..., 0, :] = False
            same_output(theirs, ours, x, mask)


@check("EncoderBlock", points=1)
def test_all_sixteen_parameters_learn(student: Functions, reference: Functions, draw: Draw) -> None:
    for norm_first in (True, False):
        theirs, ours, x = block_and_input(student, reference, draw, norm_first)
        mask = draw.mask(x.shape[1], x.shape[1])
        same_gradients_of_parameters(theirs, ours, [x, mask], list(ours.state_dict()))


@check("EncoderBlock", points=0.5)
def test_sublayers_that_add_nothing_leave_the_stream_alone(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    for norm_first in (True, False):
        theirs, ours, x = block_and_input(student, reference, draw, norm_first)
        for module in (theirs, ours):
            state = dict(module.state_dict())
            for layer in ("attention.output_proj", "feed_forward.2"):
                for kind in ("weight", "bias"):
                    state[f"{layer}.{kind}"] = torch.zeros_like(state[f"{layer}.{kind}"])
            module.load_state_dict(state)
        same_output(theirs, ours, x)


@check("EncoderBlock", points=0.5)
def test_the_block_computes_the_same_twice_and_its_input_stays_as_it_was(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    for norm_first in (True, False):
        theirs, ours, x = block_and_input(student, reference, draw, norm_first)
        given = x.clone()
        with torch.no_grad():
            same_tensor(theirs(given), ours(x), what="the output")
            demand(torch.equal(given, x), "x was changed in place")
            same_tensor(theirs(given), ours(x), what="the output of the second call")


# ---------------------------------------------------------------- gradient_profile


@check("gradient_profile", points=1)
def test_the_profile_without_residuals_is_right(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    for num_layers in (1, 5):
        for dtype in (torch.float32, torch.float64):
            same_profile(student, reference, *deep_network(draw, num_layers, dtype), False)


@check("gradient_profile", points=1)
def test_the_profile_with_residuals_is_right(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    for num_layers in (1, 5):
        for dtype in (torch.float32, torch.float64):
            same_profile(student, reference, *deep_network(draw, num_layers, dtype), True)


@check("gradient_profile", points=0.5)
def test_a_network_of_twelve_layers_has_thirteen_places(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    for residual in (True, False):
        same_profile(student, reference, *deep_network(draw, 12, torch.float32), residual)


@check("gradient_profile", points=0.5)
def test_the_profile_is_right_and_nothing_is_left_behind(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    for residual in (True, False):
        x, weights = deep_network(draw, 3, torch.float32)
        expected = reference.gradient_profile(x, weights, residual)
        given = {"x": x.clone().requires_grad_(), "weights": weights.clone().requires_grad_()}
        profile = student.gradient_profile(*given.values(), residual)
        same_tensor(profile, expected, what="the profile")
        for name, before in {"x": x, "weights": weights}.items():
            demand(torch.equal(given[name], before), f"{name} was changed in place")
            demand(given[name].grad is None, f"{name}.grad was left behind")


# ---------------------------------------------------------------- inputs


def rows_gain_bias(draw: Draw, *shape: int, dtype: torch.dtype = torch.float32) -> list[Tensor]:
    """Return rows away from 0, a gain and a bias; no row is as good as constant."""
    x = 3 * draw.normal(*shape) + 2
    x[..., 0] += 4 * x[..., 0].sign() + x[..., 1].abs()
    d = shape[-1]
    return [each.to(dtype) for each in (x, draw.normal(d) + 1, draw.normal(d))]


def network(draw: Draw, d_ff: int, *shape: int, dtype: torch.dtype = torch.float32) -> list[Tensor]:
    """Return x, w1, b1, w2 and b2 of a network that keeps the size of what passes through."""
    d_model = shape[-1]
    w1 = draw.normal(d_model, d_ff) * math.sqrt(2 / d_model)
    w2 = draw.normal(d_ff, d_model) / math.sqrt(d_ff)
    numbers = (draw.normal(*shape), w1, draw.normal(d_ff), w2, draw.normal(d_model))
    return [each.to(dtype) for each in numbers]


def deep_network(draw: Draw, num_layers: int, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Return an input and the weights of layers that neither kill nor blow up a signal."""
    d = 11
    weights = draw.normal(num_layers, d, d, dtype=dtype) * math.sqrt(2 / d)
    return draw.normal(7, d, dtype=dtype), weights


def block_and_input(
    student: Functions,
    reference: Functions,
    draw: Draw,
    norm_first: bool,
    dtype: torch.dtype = torch.float32,
) -> tuple[Any, Any, Tensor]:
    """Return the student's block and the reference's, with the same weights, and an input."""
    batch, length, heads, d_ff = draw.sizes(4)
    d_model = 3 * heads
    made_with = (d_model, heads, d_ff, norm_first)
    theirs, ours = same_weights(
        student.EncoderBlock, reference.EncoderBlock, draw, *made_with, dtype=dtype
    )
    return theirs, ours, draw.normal(batch, length, d_model, dtype=dtype)


# ---------------------------------------------------------------- comparisons


def same_norm(student: Functions, reference: Functions, *arguments: Any) -> None:
    """Demand that the student's rows are the reference's, worked out in float64."""
    x = arguments[0]
    exact = reference.layer_norm(*map(in_float64, arguments)).to(x.dtype)
    same_tensor(student.layer_norm(*copies(*arguments)), exact, what="the result")


def same_network(student: Functions, reference: Functions, *arguments: Tensor) -> None:
    """Demand that the student's output is the reference's, worked out in float64."""
    exact = reference.feed_forward(*map(in_float64, arguments)).to(arguments[0].dtype)
    same_tensor(student.feed_forward(*copies(*arguments)), exact, what="the output")


def same_profile(
    student: Functions, reference: Functions, x: Tensor, weights: Tensor, residual: bool
) -> None:
    """Demand that the student's profile is the reference's."""
    expected = reference.gradient_profile(x, weights, residual)
    profile = student.gradient_profile(x.clone(), weights.clone(), residual)
    same_tensor(profile, expected, what="the profile")


def in_float64(value: Any) -> Any:
    """Return a tensor in float64, and anything else as it is."""
    return value.double() if isinstance(value, Tensor) else value
