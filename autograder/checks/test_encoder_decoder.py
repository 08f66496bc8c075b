"""Checks of the sheet `encoder_decoder`.

Each check compares values as well as the property in its name, so that nothing is
earned by an answer that has the right shape, or the right parameters, alone.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from attnbook.blocks import DecoderBlock
from attnbook.decoding import beam_search, greedy_decode
from attnbook.tables import TokenTable
from attnbook.training import masked_cross_entropy, shift_right
from autograder.checks.compare import demand, same_tensor
from autograder.checks.draw import Draw
from autograder.checks.marks import check
from autograder.checks.modules import same_gradients_of_parameters, same_output, same_weights

Functions = Any  # offers the exercises as attributes


def greedy_of_a_table(log_probs: Tensor, start_id: int, end_id: int) -> Tensor:
    """Return what the course's own greedy decoding writes when the model is a table."""
    written = greedy_decode(
        TokenTable(log_probs, pad_id=end_id),
        torch.zeros(1, 1, dtype=torch.int64),
        start_id=start_id,
        end_id=end_id,
        max_len=len(log_probs),
    )
    return _up_to_the_end(written[0], end_id)


def beams_of_a_table(
    log_probs: Tensor, start_id: int, end_id: int, num_beams: int, length_penalty: float = 0.0
) -> Tensor:
    """Return what the course's own beam search finds when the model is a table."""
    found = beam_search(
        TokenTable(log_probs, pad_id=end_id),
        torch.zeros(1, 1, dtype=torch.int64),
        start_id=start_id,
        end_id=end_id,
        max_len=len(log_probs),
        num_beams=num_beams,
        length_penalty=length_penalty,
    )
    return _up_to_the_end(found[0], end_id)


def _up_to_the_end(tokens: Tensor, end_id: int) -> Tensor:
    ends = (tokens == end_id).nonzero()
    return tokens[: int(ends[0]) + 1] if len(ends) else tokens


REFERENCE = {
    "shift_right": shift_right,
    "DecoderBlock": DecoderBlock,
    "masked_cross_entropy": masked_cross_entropy,
    "greedy_decode": greedy_of_a_table,
    "beam_search": beams_of_a_table,
}

# ---------------------------------------------------------------- shift_right


@check("shift_right", points=1)
def test_each_position_is_fed_the_token_before_it(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    for _ in range(2):
        batch, length = draw.sizes(2)
        same_shift(student, reference, draw.integers(1, 50, batch, length), 51)


@check("shift_right", points=0.5)
def test_the_start_token_that_was_asked_for_stands_first(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    for start_id in draw.integers(1, 100, 3).tolist():
        batch, length = draw.sizes(2)
        same_shift(student, reference, draw.integers(1, 50, batch, length), start_id)


@check("shift_right", points=0.5)
def test_the_shifted_tokens_are_right_in_every_whole_number_type(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    for dtype in (torch.int32, torch.int64):
        batch, length = draw.sizes(2)
        same_shift(student, reference, draw.integers(1, 50, batch, length).to(dtype), 60)


@check("shift_right", points=1)
def test_the_result_is_right_and_the_targets_stay_as_they_were(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    batch, length = draw.sizes(2)
    targets = draw.integers(1, 50, batch, length)
    before, expected = targets.clone(), reference.shift_right(targets, 60)
    same_tensor(student.shift_right(targets, 60), expected, what="the decoder's input")
    demand(torch.equal(targets, before), "targets was changed in place")


# ---------------------------------------------------------------- DecoderBlock


@check("DecoderBlock", points=1.5)
def test_the_three_parts_come_in_order_with_the_norms_after_them(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    for dtype in (torch.float32, torch.float64):
        same_block(student, reference, draw, False, dtype=dtype)


@check("DecoderBlock", points=1.5)
def test_with_norm_first_the_norms_stand_before_the_parts(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    for dtype in (torch.float32, torch.float64):
        same_block(student, reference, draw, True, dtype=dtype)


@check("DecoderBlock", points=1)
def test_each_position_sees_what_the_mask_shows_causal_or_not(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    for norm_first in (False, True):
        same_block(student, reference, draw, norm_first, masks="causal")
        same_block(student, reference, draw, norm_first, masks="any")


@check("DecoderBlock", points=1)
def test_hidden_rows_of_the_memory_are_not_read(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    for norm_first in (False, True):
        same_block(student, reference, draw, norm_first, masks="causal memory")
        same_block(student, reference, draw, norm_first, masks="memory")


@check("DecoderBlock", points=1)
def test_every_parameter_learns_and_so_does_the_encoder(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    for norm_first in (False, True):
        theirs, ours, sizes = made(student, reference, draw, norm_first)
        x, memory = inputs(draw, *sizes)
        same_gradients_of_parameters(theirs, ours, [x, memory], list(ours.state_dict()))
        same_gradient_of_memory(theirs, ours, x, memory)


# ---------------------------------------------------------------- masked_cross_entropy


@check("masked_cross_entropy", points=1)
def test_the_loss_is_the_mean_surprise_at_the_targets(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    for dtype in (torch.float32, torch.float64):
        batch, length, vocab = *draw.sizes(2), 13
        logits = 2 * draw.normal(batch, length, vocab, dtype=dtype)
        same_loss(student, reference, logits, draw.integers(1, vocab, batch, length), 0)


@check("masked_cross_entropy", points=1)
def test_padding_does_not_count_whichever_token_it_is(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    for pad_id in (0, int(draw.integers(1, 7, 1))):
        same_loss(student, reference, *padded(draw, pad_id), pad_id)


@check("masked_cross_entropy", points=1)
def test_label_smoothing_is_shared_out_among_the_real_tokens(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    for pad_id, smoothing in ((0, 0.1), (int(draw.integers(1, 7, 1)), 0.3)):
        same_loss(student, reference, *padded(draw, pad_id), pad_id, smoothing)


@check("masked_cross_entropy", points=0.5)
def test_a_batch_of_nothing_but_padding_costs_nothing_and_others_cost_what_they_should(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    logits, targets = padded(draw, 0)
    same_loss(student, reference, logits, targets, 0)
    same_loss(student, reference, logits, torch.zeros_like(targets), 0)
    same_loss(student, reference, logits, torch.zeros_like(targets), 0, 0.1)


@check("masked_cross_entropy", points=0.5)
def test_large_logits_give_a_finite_loss(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    logits, targets = padded(draw, 0)
    same_loss(student, reference, 300 * logits, targets, 0)


@check("masked_cross_entropy", points=1)
def test_the_gradient_reaches_the_logits(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    for smoothing in (0.0, 0.2):
        logits, targets = padded(draw, 0)
        ours, theirs = logits.clone().requires_grad_(), logits.clone().requires_grad_()
        expected = reference.masked_cross_entropy(ours, targets, 0, smoothing)
        loss = student.masked_cross_entropy(theirs, targets.clone(), 0, smoothing)
        same_tensor(loss, expected, what="the loss")
        demand(loss.requires_grad, "the loss must have a gradient, but the graph is cut")
        (wanted,) = torch.autograd.grad(expected, ours)
        (gradient,) = torch.autograd.grad(loss, theirs, allow_unused=True)
        demand(gradient is not None, "the gradient of the logits must exist")
        same_tensor(gradient, wanted, what="the gradient of the logits")


# ---------------------------------------------------------------- greedy_decode


@check("greedy_decode", points=1)
def test_the_likeliest_token_is_written_and_fed_back(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    for _ in range(4):
        same_greedy(student, reference, table(draw, end=-30.0))


@check("greedy_decode", points=1)
def test_writing_stops_at_the_end_token_which_is_returned(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    for _ in range(8):
        same_greedy(student, reference, table(draw, end=1.0))


@check("greedy_decode", points=1)
def test_each_step_reads_its_own_table_and_the_row_of_the_token_before(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    for _ in range(8):
        same_greedy(student, reference, table(draw))


# ---------------------------------------------------------------- beam_search


@check("beam_search", points=1)
def test_one_beam_writes_what_greedy_decoding_writes(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    for _ in range(6):
        same_beams(student, reference, table(draw), 1)


@check("beam_search", points=1)
def test_the_likeliest_beginnings_survive(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    for _ in range(10):
        same_beams(student, reference, table(draw, end=-30.0), 3)


@check("beam_search", points=1)
def test_a_finished_beam_is_kept_and_not_extended(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    for _ in range(10):
        same_beams(student, reference, table(draw, end=1.0), 3)


@check("beam_search", points=1)
def test_the_length_penalty_decides_among_the_survivors(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    for power in (0.6, 1.0, 2.0, -0.5):
        for _ in range(4):
            same_beams(student, reference, table(draw, end=1.0), 3, power)
    same_beams(student, reference, close_finish(draw), 2, 3.0)
    same_beams(student, reference, short_and_safe(draw), 2, 3.0)
    same_beams(student, reference, ended_and_going_on(draw), 2, 3.0)


@check("beam_search", points=1)
def test_a_beam_as_wide_as_all_sequences_finds_the_best_of_them(
    student: Functions, reference: Functions, draw: Draw
) -> None:
    for _ in range(2):
        same_beams(student, reference, table(draw, steps=4, vocab=4, end=1.0), 4**4)


# ---------------------------------------------------------------- inputs


def padded(draw: Draw, pad_id: int) -> tuple[Tensor, Tensor]:
    """Return logits and targets of five sequences; one is nothing but padding."""
    targets = draw.integers(0, 7, 5, 11)
    targets[targets == pad_id] = 7
    lengths = torch.cat([draw.integers(1, 11, 3), torch.tensor([0, 11])])
    targets[torch.arange(11) >= lengths[:, None]] = pad_id
    return 2 * draw.normal(5, 11, 8), targets


def table(draw: Draw, *, steps: int = 7, vocab: int = 5, end: float = 0.0) -> Tensor:
    """Return log-probabilities of each next token; ``end`` makes the end token, 0, likelier."""
    scores = 2 * draw.normal(steps, vocab, vocab, dtype=torch.float64)
    scores[..., 0] += end
    return scores.log_softmax(-1)


def close_finish(draw: Draw) -> Tensor:
    """Return a table where "2, end" just beats "end" at a length penalty of 3 and two beams.

    It has 1.54 times the surprise. Its norm is (7/6)³ = 1.59, so it wins; were the start
    token counted, both norms would grow, and (8/7)³ = 1.49 would not do.
    """
    return _named_rows(draw, {1: {0: -1.0, 2: -0.5}}, {2: {0: -1.04}})


def short_and_safe(draw: Draw) -> Tensor:
    """Return a table where "end" wins at a length penalty of 3 and two beams.

    After two tokens it comes first, before "2, 3" and "2, 4". If length counted already there,
    it would be the last of the three and drop out, and "2, 4" would win in the end.
    """
    evenly = dict.fromkeys(range(2, 5), -1.6)
    return _named_rows(
        draw, {1: {0: -1.0, 2: -0.5}}, {2: {3: -0.6, 4: -0.92}}, {3: evenly, 4: {2: -0.02}}
    )


def ended_and_going_on(draw: Draw) -> Tensor:
    """Return a table of two steps where "2, end" beats "3, 4" with two beams.

    Both have two tokens, so any length penalty leaves the likelier first. If the end did not
    count at a penalty of 3, -1.2 would stay as it is, and -1.4 would become -0.88.
    """
    return _named_rows(draw, {1: {2: -0.5, 3: -1.1}}, {2: {0: -0.7}, 3: {4: -0.3}})


def _named_rows(draw: Draw, *steps: dict[int, dict[int, float]]) -> Tensor:
    """Return a table with these log-probabilities, by step, previous and next token.

    What a row leaves over is shared out evenly. The tokens but 0 and 1 are renamed at random.
    """
    found = table(draw, steps=len(steps), vocab=5)
    for t, rows in enumerate(steps):
        for previous, named in rows.items():
            left = 1 - torch.tensor(list(named.values()), dtype=torch.float64).exp().sum()
            found[t, previous] = (left / (5 - len(named))).log()
            for token, log_prob in named.items():
                found[t, previous, token] = log_prob
    names = torch.tensor([0, 1, *(2 + draw.integers(0, 10**6, 3).argsort()).tolist()])
    return found[:, names][:, :, names]


def inputs(draw: Draw, batch: int, length: int, memory: int, d_model: int) -> tuple[Tensor, Tensor]:
    """Return positions and a memory. Their rows are not normed."""
    return 2 * draw.normal(batch, length, d_model) + 0.5, 1.5 * draw.normal(batch, memory, d_model)


# ---------------------------------------------------------------- comparisons


def same_shift(student: Functions, reference: Functions, targets: Tensor, start_id: int) -> None:
    """Demand that the decoder is fed exactly what the reference feeds it."""
    expected = reference.shift_right(targets, start_id)
    same_tensor(
        student.shift_right(targets.clone(), start_id), expected, what="the decoder's input"
    )


def made(
    student: Functions,
    reference: Functions,
    draw: Draw,
    norm_first: bool,
    dtype: torch.dtype = torch.float32,
) -> tuple[Any, Any, tuple[int, int, int, int]]:
    """Return both blocks with the same fresh weights, and sizes: batch, length, memory, width."""
    batch, length, memory, heads = draw.sizes(4)
    d_model = heads * 4
    theirs, ours = same_weights(
        student.DecoderBlock,
        reference.DecoderBlock,
        draw,
        d_model,
        heads,
        13,
        norm_first,
        dtype=dtype,
    )
    return theirs, ours, (batch, length, memory, d_model)


def same_block(
    student: Functions,
    reference: Functions,
    draw: Draw,
    norm_first: bool,
    *,
    masks: str = "",
    dtype: torch.dtype = torch.float32,
) -> None:
    """Demand that both blocks return the same, with the masks that are named."""
    theirs, ours, sizes = made(student, reference, draw, norm_first, dtype)
    batch, length, memory_length, _ = sizes
    x, memory = (each.to(dtype) for each in inputs(draw, *sizes))
    mask = torch.ones(length, length, dtype=torch.bool).tril() if "causal" in masks else None
    if "any" in masks:
        mask = draw.mask(length, length)
    memory_mask = draw.mask(batch, 1, 1, memory_length) if "memory" in masks else None
    same_output(theirs, ours, x, memory, mask, memory_mask)


def same_gradient_of_memory(theirs: Any, ours: Any, x: Tensor, memory: Tensor) -> None:
    """Demand that the memory gets the reference's gradient."""
    found: list[Tensor] = []
    for block in (ours, theirs):
        leaf = memory.clone().requires_grad_()
        output = block(x.clone(), leaf)
        uneven = torch.linspace(-1, 1, output.numel()).sin().reshape(output.shape)
        found += torch.autograd.grad(output, leaf, uneven, allow_unused=True)
    demand(found[1] is not None, "the memory must get a gradient, but the graph is cut")
    same_tensor(found[1], found[0], what="the gradient of the memory")


def same_loss(
    student: Functions,
    reference: Functions,
    logits: Tensor,
    targets: Tensor,
    pad_id: int,
    label_smoothing: float = 0.0,
) -> None:
    """Demand the reference's loss, worked out in float64."""
    exact = reference.masked_cross_entropy(logits.double(), targets, pad_id, label_smoothing)
    loss = student.masked_cross_entropy(logits.clone(), targets.clone(), pad_id, label_smoothing)
    same_tensor(loss, exact.to(logits.dtype), what="the loss")


def same_greedy(student: Functions, reference: Functions, log_probs: Tensor) -> None:
    """Demand the tokens of the reference; 0 ends a sequence and 1 starts it."""
    expected = reference.greedy_decode(log_probs, 1, 0)
    same_tensor(student.greedy_decode(log_probs.clone(), 1, 0), expected, what="the tokens")


def same_beams(
    student: Functions,
    reference: Functions,
    log_probs: Tensor,
    num_beams: int,
    length_penalty: float = 0.0,
) -> None:
    """Demand the tokens of the reference; 0 ends a sequence and 1 starts it."""
    expected = reference.beam_search(log_probs, 1, 0, num_beams, length_penalty)
    found = student.beam_search(log_probs.clone(), 1, 0, num_beams, length_penalty)
    same_tensor(found, expected, what="the tokens")
