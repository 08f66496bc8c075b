"""Inputs that tell the mistakes of the sheet `encoder_decoder` apart, from the smallest up."""

from __future__ import annotations

import torch
from torch import Tensor

from autograder.faults.model import Probe

ATTENTION = tuple(
    f"{attention}.{layer}_proj.{kind}"
    for attention in ("self_attention", "cross_attention")
    for layer in ("query", "key", "value", "output")
    for kind in ("weight", "bias")
)
FEED_FORWARD = tuple(f"feed_forward.{n}.{kind}" for n in (0, 2) for kind in ("weight", "bias"))
NORMS = tuple(
    f"{part}_norm.{kind}"
    for part in ("self_attention", "cross_attention", "feed_forward")
    for kind in ("weight", "bias")
)
PARAMETERS = (*ATTENTION, *FEED_FORWARD, *NORMS)
"""What the state of a learner's `DecoderBlock` must hold."""

START, END = 2, 0


def _drawn(*shape: int, salt: int = 0) -> Tensor:
    """Return fixed numbers that look random, and are short to read.

    The seed is the shape and the salt, so probes never shift.
    """
    seed = sum(n * 31**i for i, n in enumerate((*shape, salt)))
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator).mul(10).round() / 10


def shift_probes() -> tuple[Probe, ...]:
    """Return probes for shifting targets."""
    cases = (
        ("one sequence of two tokens", torch.tensor([[5, 7]]), 1),
        ("two sequences of three tokens", torch.tensor([[5, 7, 9], [4, 6, 8]]), 1),
        ("start is not 1", torch.tensor([[5, 7, 9, 2], [4, 6, 8, 3]]), 9),
        ("one token", torch.tensor([[5], [6], [7]]), 3),
        ("int32", torch.tensor([[5, 7, 9], [4, 6, 8]], dtype=torch.int32), 3),
    )
    return tuple(
        Probe(name, {"targets": targets, "start_id": start}) for name, targets, start in cases
    )


def cross_entropy_probes() -> tuple[Probe, ...]:
    """Return probes for the loss."""
    two, mixed = torch.tensor([[1, 2]]), torch.tensor([[1, 3, 0, 0], [2, 1, 3, 0]])
    nothing = torch.zeros(1, 2, dtype=torch.int64)
    one_empty = torch.tensor([[1, 3, 2], [0, 0, 0]])
    other_pad = torch.tensor([[1, 0, 3, 3], [0, 2, 0, 3]])
    huge = torch.tensor([[[0.0, 400.0, -400.0, 0.0], [0.0, -400.0, 0.0, 400.0]]])
    cases: tuple[tuple[str, Tensor, Tensor, int, float, bool], ...] = (
        ("one sequence, no padding", _drawn(1, 2, 4), two, 0, 0.0, False),
        ("two sequences, padding at their ends", _drawn(2, 4, 4), mixed, 0, 0.0, False),
        ("nothing but padding", _drawn(1, 2, 4), nothing, 0, 0.0, False),
        ("a sequence of nothing but padding", _drawn(2, 3, 4), one_empty, 0, 0.0, False),
        ("the padding token is 3", _drawn(2, 4, 5), other_pad, 3, 0.0, False),
        ("label smoothing, no padding", _drawn(1, 2, 4), two, 0, 0.3, False),
        ("label smoothing and padding", _drawn(2, 4, 4), mixed, 0, 0.1, False),
        ("label smoothing, the padding token is 3", _drawn(2, 4, 5), other_pad, 3, 0.1, False),
        ("large logits", huge, two, 0, 0.0, False),
        ("gradients", _drawn(2, 4, 4), mixed, 0, 0.0, True),
        ("gradients with label smoothing", _drawn(2, 3, 4), one_empty, 0, 0.2, True),
    )
    return tuple(
        Probe(
            name,
            {"logits": logits, "targets": targets, "pad_id": pad, "label_smoothing": smoothing},
            gradients,
        )
        for name, logits, targets, pad, smoothing, gradients in cases
    )


def _table(steps: int, vocab: int, salt: int, end: float = 0.0) -> Tensor:
    """Return log-probabilities; ``end`` is how much more likely than the others the end is.

    Not rounded: two sequences that are equally likely would leave the answer open.
    """
    generator = torch.Generator().manual_seed(salt)
    scores = 2 * torch.randn(steps, vocab, vocab, generator=generator, dtype=torch.float64)
    scores[..., END] += end
    return scores.log_softmax(-1)


def greedy_probes() -> tuple[Probe, ...]:
    """Return probes for greedy decoding."""
    cases = (
        ("one step", _table(1, 3, 1)),
        ("two steps", _table(2, 3, 2)),
        ("three steps", _table(3, 3, 3)),
        ("the end comes soon", _table(5, 3, 4, end=2.0)),
        ("the end comes late", _table(6, 4, 5)),
        ("the end never comes", _table(5, 5, 6, end=-20.0)),
        ("six steps, four tokens", _table(6, 4, 7, end=-1.0)),
        ("seven steps, five tokens", _table(7, 5, 11)),
        ("seven steps, seven tokens", _table(7, 7, 9)),
    )
    return tuple(
        Probe(name, {"log_probs": table, "start_id": START, "end_id": END}) for name, table in cases
    )


# Steps, tokens, salt of the table, how likely the end is, beams, length penalty. Found by
# trying: together they tell all mistakes and pairs apart that are not the same function.
_SEARCHES = (
    (1, 3, 1, 0.0, 1, 0.0),
    (3, 3, 70, 1.0, 2, 1.0),
    (3, 3, 351, 0.5, 2, 2.0),
    (3, 4, 140, 1.0, 2, 1.0),
    (3, 4, 154, 1.0, 3, 1.0),
    (3, 4, 220, 0.5, 2, 1.0),
    (3, 4, 233, 0.0, 2, 1.0),
    (3, 4, 313, 0.0, 2, 3.0),
    (4, 3, 3, 0.0, 2, 1.0),
    (4, 3, 132, 1.0, 2, 1.0),
    (4, 3, 177, 0.0, 2, 0.5),
    (5, 3, 61, 0.0, 2, 0.5),
    (5, 4, 84, 1.0, 2, 0.5),
    (5, 4, 142, 0.0, 2, 1.0),
    (6, 3, 47, 0.5, 2, 2.0),
    (6, 3, 245, 1.0, 3, 2.0),
    (6, 4, 110, 0.5, 2, 2.0),
    (6, 4, 176, 1.0, 2, 1.0),
    (5, 4, 11, 0.5, 3, 2.0),
    (5, 4, 28, 0.5, 3, 2.0),
)


def beam_probes() -> tuple[Probe, ...]:
    """Return probes for beam search."""
    return tuple(
        Probe(
            f"table {salt}: at most {steps} tokens, {beams} beams, length penalty {penalty}",
            {
                "log_probs": _table(steps, vocab, salt, end),
                "start_id": START,
                "end_id": END,
                "num_beams": beams,
                "length_penalty": penalty,
            },
        )
        for steps, vocab, salt, end, beams, penalty in _SEARCHES
    )


def _made(name: str, norm_first: bool, passed: dict[str, Tensor]) -> Probe:
    made_with = {"d_model": 6, "num_heads": 2, "d_ff": 5, "norm_first": norm_first}
    return Probe(name, {**made_with, **passed}, gradients="gradients" in name)


def _passed(length: int, memory: int, batch: int = 1) -> dict[str, Tensor]:
    return {"x": 2 * _drawn(batch, length, 6), "memory": 1.5 * _drawn(batch, memory, 6, salt=1)}


def decoder_probes() -> tuple[Probe, ...]:
    """Return probes for a decoder block: first what makes it, then what it is called with.

    They are few, because each of them makes a block with ten linear layers.
    """
    causal = torch.ones(3, 3, dtype=torch.bool).tril()
    some = torch.tensor([[True, True, False], [False, True, True], [True, False, True]])
    later = torch.tensor([[True, False, True], [True, True, False], [False, True, True]])
    padding = torch.tensor([[[[True, True, False, False, False]]], [[[True] * 5]]])
    padded = _passed(3, 5, batch=2) | {"mask": causal, "memory_mask": padding}
    both = _passed(3, 3, batch=2) | {"mask": later, "memory_mask": some}
    return (
        _made("what it learns", False, {}),
        _made("norms after, one position, one row of memory", False, _passed(1, 1)),
        _made("norms before, one position, one row of memory", True, _passed(1, 1)),
        _made("norms after, a batch with padding", False, padded),
        _made("norms before, a mask that is not causal, gradients", True, both),
    )
