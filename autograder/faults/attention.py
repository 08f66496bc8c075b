"""The known mistakes of the sheet `attention`.

The functions below are also written into notebooks (a sample class is made of
them), so each uses nothing but torch, math and the functions it names in `uses`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from autograder.faults.equivalents import attention as equivalents
from autograder.faults.model import Fault, FaultModel, FollowThrough, Function, Probe

def faulty_weights(
    query: Tensor,
    key: Tensor,
    mask: Tensor | None = None,
    *,
    operands: str = "query key",
    scale: str = "sqrt d_head",
    polarity: str = "true sees",
    masking: str | float = "minus infinity",
    softmax_over: str = "keys",
    empty_row: str = "zeros",
    inputs: str = "kept",
) -> Tensor:
    """Attention weights with switches; correct when none is given."""
    d_head, num_keys = query.shape[-1], key.shape[-2]
    root = math.sqrt(d_head)
    divisors = {"sqrt d_head": root, "none": 1, "d_head": d_head, "times": 1 / root}
    divisor = divisors.get(scale, math.sqrt(num_keys))
    query = query.div_(divisor) if inputs == "changed" else query / divisor
    scores = query @ key.transpose(-2, -1)
    if operands == "key query":
        scores = key @ query.transpose(-2, -1)
    dim = -1 if softmax_over == "keys" else -2
    if mask is None or masking == "ignored":
        return scores.softmax(dim)
    if polarity == "true hides":
        mask = ~mask
    if masking == "after the softmax":
        return scores.softmax(dim) * mask
    if masking == "added as 0 and 1":
        return (scores + mask.to(scores.dtype)).softmax(dim)
    if isinstance(masking, float):
        return scores.masked_fill(~mask, masking).softmax(dim)
    if masking == "additive":
        bias = torch.zeros(mask.shape, dtype=scores.dtype).masked_fill(~mask, -math.inf)
        weights = (scores + bias).softmax(dim)
        return weights if empty_row == "nan" else weights.nan_to_num()
    weights = scores.masked_fill(~mask, -math.inf).softmax(dim)
    return weights if empty_row == "nan" else weights.masked_fill(~mask, 0.0)


def faulty_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor | None = None,
    *,
    gradient: str = "flows",
    values: str = "weighted",
    returns: str = "output",
    **switches: Any,
) -> Tensor | tuple[Tensor, Tensor]:
    """Attention with switches, among them those of the weights; correct when none is given."""
    weights = faulty_weights(query, key, mask, **switches)
    if gradient == "detached":
        weights = weights.detach()
    if values == "transposed":
        value = value.transpose(-2, -1)
    if values == "plain mean":
        weights = torch.full_like(weights, 1 / value.shape[-2])
    output = weights @ value
    return (output, weights) if returns == "output and weights" else output


def faulty_causal_mask(
    num_queries: int,
    num_keys: int | None = None,
    *,
    triangle: str = "lower",
    diagonal: int = 0,
    corner: str = "last",
    polarity: str = "true sees",
    kind: str = "boolean",
    keys: str = "counted",
) -> Tensor:
    """Causal mask with switches; correct when none is given."""
    if num_keys is None or keys == "ignored":
        num_keys = num_queries
    offset = num_keys - num_queries if corner == "last" else 0
    everything = torch.ones(num_queries, num_keys, dtype=torch.bool)
    if triangle == "lower":
        mask = everything.tril(offset + diagonal)
    else:
        mask = everything.triu(offset - diagonal)
    if polarity == "true hides":
        mask = ~mask
    if kind == "additive":
        return torch.zeros(mask.shape).masked_fill(~mask, -math.inf)
    return mask if kind == "boolean" else mask.float()


def faulty_padding_mask(
    lengths: Tensor,
    num_keys: int,
    *,
    bound: int = 0,
    polarity: str = "true sees",
    side: str = "right",
    axes: str = "keys",
    kind: str = "boolean",
) -> Tensor:
    """Padding mask with switches; correct when none is given."""
    positions = torch.arange(num_keys)
    if side == "left":
        positions = positions.flip(0)
    mask = positions < lengths[:, None] + bound
    if polarity == "true hides":
        mask = ~mask
    if kind == "float":
        mask = mask.float()
    if axes == "none":
        return mask
    if axes == "one missing":
        return mask[:, None, :]
    return mask[:, None, :, None] if axes == "queries" else mask[:, None, None, :]



# ---------------------------------------------------------------- mistakes by name

WEIGHTS_FAULTS = (
    Fault(
        "softmax over the queries",
        "softmax_over",
        "queries",
        "Each query hands out a weight of 1 in all. Along which axis must the weights sum to 1?",
        "attention-softmax",
    ),
    Fault(
        "scores are not scaled",
        "scale",
        "none",
        "How large is a sum of d_head products? What does a softmax do to numbers that far apart?",
        "attention-scale",
    ),
    Fault(
        "scores are divided by d_head, not by its root",
        "scale",
        "d_head",
        "The variance of a score grows with d_head. With what does its standard deviation grow?",
        "attention-scale",
    ),
    Fault(
        "scores are scaled by the number of keys",
        "scale",
        "sqrt keys",
        "A score is a sum over features, not over keys. Which axis of query is summed away?",
        "attention-scale",
    ),
    Fault(
        "scores are multiplied by the root of d_head",
        "scale",
        "times",
        "Scaling brings the spread of the scores back to 1. Does your factor shrink or stretch it?",
        "attention-scale",
    ),
    Fault(
        "query and key are swapped",
        "operands",
        "key query",
        "Row i of the result belongs to query i. Which operand must supply the rows?",
        "attention-scores",
    ),
    Fault(
        "the mask is read the wrong way round",
        "polarity",
        "true hides",
        "In this course True means: may attend. Which scores do you fill?",
        "attention-masks",
    ),
    Fault(
        "the mask is ignored",
        "masking",
        "ignored",
        "Change a key that the mask hides. Does your result change with it?",
        "attention-masks",
    ),
    Fault(
        "the mask is applied after the softmax",
        "masking",
        "after the softmax",
        "Do the weights of a partly masked row still sum to 1? Which step divides by the total?",
        "attention-masks",
    ),
    Fault(
        "masked scores are set to 0",
        "masking",
        0.0,
        "exp(0) is 1. What score must a key have so that its exponential is 0?",
        "attention-masks",
    ),
    Fault(
        "masked scores are set to -20",
        "masking",
        -20.0,
        "What happens when every score that may be seen is below -20?",
        "attention-masks",
    ),
    Fault(
        "masked scores are set to -1e4",
        "masking",
        -1e4,
        "What happens when the scores that may be seen are lower still, or when none may be seen?",
        "attention-masks",
    ),
    Fault(
        "masked scores are set to -1e9",
        "masking",
        -1e9,
        "What does a row of equal scores become? And does float16 have a number that large?",
        "attention-masks",
    ),
    Fault(
        "the boolean mask is added to the scores",
        "masking",
        "added as 0 and 1",
        "True counts as 1 and False as 0. How much does adding 0 hide?",
        "attention-masks",
    ),
    Fault(
        "adding -inf makes the gradient NaN",
        "masking",
        "additive",
        "The output is repaired, the gradient is not. Through which operation does it still flow?",
        "attention-gradients",
    ),
    Fault(
        "a query that sees nothing gets NaN",
        "empty_row",
        "nan",
        "A softmax of nothing but -inf is 0 divided by 0. What should such a query receive?",
        "attention-empty-row",
    ),
    Fault(
        "an input is changed in place",
        "inputs",
        "changed",
        "Print the query before and after the call. Which operation ends in `_` or `=`?",
        "attention-purity",
    ),
)

ATTENTION_FAULTS = (
    *WEIGHTS_FAULTS,
    Fault(
        "no gradient flows through the weights",
        "gradient",
        "detached",
        "Which of query, key and value can still learn? Where does the graph end?",
        "attention-gradients",
    ),
    Fault(
        "the values are transposed",
        "values",
        "transposed",
        "Weights are (queries, keys). Which axis of value must be the keys?",
        "attention-output",
    ),
    Fault(
        "the weights are not used",
        "values",
        "plain mean",
        "Every query receives the same output. What should make the outputs differ?",
        "attention-output",
    ),
    Fault(
        "the weights are returned as well",
        "returns",
        "output and weights",
        "The contract asks for one tensor. How many things do you return?",
        "attention-output",
    ),
)

CAUSAL_FAULTS = (
    Fault(
        "upper triangle in place of the lower one",
        "triangle",
        "upper",
        "Query 0 is the first position. How many keys may it see?",
        "attention-causal",
    ),
    Fault(
        "a query cannot see its own position",
        "diagonal",
        -1,
        "What does the very first query see? Is a position part of its own past?",
        "attention-causal",
    ),
    Fault(
        "sees one position ahead",
        "diagonal",
        1,
        "A position that sees its successor can copy the answer. Which diagonal is the last one?",
        "attention-causal",
    ),
    Fault(
        "aligned to the first key when there are more keys than queries",
        "corner",
        "first",
        "With 2 new queries and 5 keys, three keys are the past. Which key is the last query's own?",
        "attention-causal",
    ),
    Fault(
        "the mask is inverted",
        "polarity",
        "true hides",
        "In this course True means: may attend. What do your True elements say?",
        "attention-masks",
    ),
    Fault(
        "numbers in place of booleans",
        "kind",
        "float",
        "Print the dtype of your mask. What would `~mask` do with it?",
        "attention-masks",
    ),
    Fault(
        "an additive mask of 0 and -inf",
        "kind",
        "additive",
        "Some libraries add a mask to the scores. What does the contract of this course ask for?",
        "attention-masks",
    ),
    Fault(
        "num_keys is ignored",
        "keys",
        "ignored",
        "Ask for 2 queries and 5 keys. What shape comes back?",
        "attention-causal",
    ),
)

PADDING_FAULTS = (
    Fault(
        "one padding token too many is visible",
        "bound",
        1,
        "A sequence of length 2 has tokens at positions 0 and 1. Is position 2 one of them?",
        "attention-padding",
    ),
    Fault(
        "the last token is hidden",
        "bound",
        -1,
        "A sequence of length 2 has tokens at positions 0 and 1. Are both visible?",
        "attention-padding",
    ),
    Fault(
        "the mask is inverted",
        "polarity",
        "true hides",
        "In this course True means: may attend. Do your True elements mark tokens or padding?",
        "attention-masks",
    ),
    Fault(
        "made for padding on the left",
        "side",
        "left",
        "Padding stands on the right here. At which end are your True elements?",
        "attention-padding",
    ),
    Fault(
        "no axes for heads and queries",
        "axes",
        "none",
        "Scores are (batch, head, query, key). Against which axes does (batch, key) line up?",
        "attention-padding",
    ),
    Fault(
        "the axis for heads is missing",
        "axes",
        "one missing",
        "Scores are (batch, head, query, key). Against which axes does (batch, 1, key) line up?",
        "attention-padding",
    ),
    Fault(
        "hides queries in place of keys",
        "axes",
        "queries",
        "Padding must not be attended to. Is that about the rows of the weights or the columns?",
        "attention-padding",
    ),
    Fault(
        "numbers in place of booleans",
        "kind",
        "float",
        "Print the dtype of your mask. What would `~mask` do with it?",
        "attention-masks",
    ),
)

# ---------------------------------------------------------------- inputs that tell them apart

KEYS = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
QUERIES = torch.tensor([[1.0, 0.0], [0.0, 2.0]])
VALUES = torch.tensor([[1.0, 0.0], [0.0, 1.0], [5.0, 7.0]])
PARTLY = torch.tensor([[True, True, False], [True, False, True]])
ONE_EMPTY = torch.tensor([[True, False, True], [False, False, False]])
SQUARE = torch.tensor([[True, False, False], [True, True, False], [False, True, True]])


def _drawn(*shape: int, dtype: torch.dtype = torch.float32) -> Tensor:
    """Return fixed numbers that look random; the seed is the shape, so probes never shift."""
    generator = torch.Generator().manual_seed(sum(n * 31**i for i, n in enumerate(shape)))
    return torch.randn(*shape, generator=generator).to(dtype)


def _drawn_mask(*shape: int) -> Tensor:
    """Return a mask that hides about a third, with one query that sees nothing."""
    mask = _drawn(*shape) > -0.4
    mask[..., 1, :] = False
    return mask


# Each is (what is special, query, key, mask, with gradients), from the smallest up.
_INPUTS: tuple[tuple[str, Tensor, Tensor, Tensor | None, bool], ...] = (
    ("one query, three keys", QUERIES[:1], KEYS, None, False),
    ("two queries, three keys", QUERIES, KEYS, None, False),
    ("a mask", QUERIES, KEYS, PARTLY, False),
    ("a masked key that would dominate", 30 * QUERIES, KEYS, PARTLY, False),
    ("scores far below zero", -60 * (KEYS + 0.5), KEYS + 0.5, SQUARE, False),
    ("scores further below zero", -6e4 * (KEYS + 0.5), KEYS + 0.5, SQUARE, False),
    ("a query that sees nothing", QUERIES, KEYS, ONE_EMPTY, False),
    ("as many queries as keys", KEYS.flip(0) * 1.5, KEYS, SQUARE, False),
    ("float16", QUERIES.half(), KEYS.half(), PARTLY, False),
    ("gradients without a mask", _drawn(3, 5), _drawn(7, 5), None, True),
    ("gradients, a query that sees nothing", QUERIES, KEYS, ONE_EMPTY, True),
    (
        "a batch of 2, 3 heads",
        _drawn(2, 3, 5, 4),
        _drawn(2, 3, 7, 4),
        _drawn_mask(2, 1, 5, 7),
        True,
    ),
    ("a batch, as many queries as keys", _drawn(2, 5, 3), _drawn(2, 5, 3), _drawn_mask(5, 5), True),
)


def _weights_probes() -> tuple[Probe, ...]:
    return tuple(
        Probe(name, {"query": query, "key": key} | ({} if mask is None else {"mask": mask}), gradients)
        for name, query, key, mask, gradients in _INPUTS
    )


def _attention_probes() -> tuple[Probe, ...]:
    probes = []
    for name, query, key, mask, gradients in _INPUTS:
        # As many features as keys where there are as many queries: only then do
        # transposed values have a shape that does not give them away.
        width = key.shape[-2] if key.shape[-2] == query.shape[-2] else 2
        value = VALUES if key is KEYS and width == 2 else _drawn(*key.shape[:-1], width)
        arguments = {"query": query, "key": key, "value": value.to(key.dtype)}
        probes.append(
            Probe(name, arguments | ({} if mask is None else {"mask": mask}), gradients)
        )
    return tuple(probes)


def _causal_probes() -> tuple[Probe, ...]:
    sizes = ((2, None), (3, None), (2, 3), (2, 5), (5, 7), (1, 4))
    return tuple(
        Probe(f"{queries} queries" + (f", {keys} keys" if keys else ""), {"num_queries": queries} | ({"num_keys": keys} if keys else {}))
        for queries, keys in sizes
    )


def _padding_probes() -> tuple[Probe, ...]:
    cases = (([1], 3), ([2, 3], 3), ([0, 2, 5], 5), ([4, 1, 3], 7))
    return tuple(
        Probe(f"lengths {lengths}, {keys} keys", {"lengths": torch.tensor(lengths), "num_keys": keys})
        for lengths, keys in cases
    )


# What the mask does to an empty row is decided by the repair only where masked
# scores are minus infinity.
NO_INFINITY = (
    "the mask is ignored",
    "the mask is applied after the softmax",
    "masked scores are set to 0",
    "masked scores are set to -20",
    "masked scores are set to -1e4",
    "masked scores are set to -1e9",
    "the boolean mask is added to the scores",
)
# Weights that are not used hide every mistake in their values.
IN_THE_WEIGHTS = (
    # Not the fill of -1e9: float16 cannot hold it, and that error still shows.
    *(name for name in NO_INFINITY if name != "masked scores are set to -1e9"),
    "softmax over the queries",
    "scores are not scaled",
    "scores are divided by d_head, not by its root",
    "scores are scaled by the number of keys",
    "scores are multiplied by the root of d_head",
    "the mask is read the wrong way round",
    "adding -inf makes the gradient NaN",
    "a query that sees nothing gets NaN",
    "no gradient flows through the weights",
)


def _absorbed(by: str, names: Iterable[str]) -> dict[frozenset[str], frozenset[str]]:
    """Return that ``by`` together with any of ``names`` is the same function as ``by`` alone."""
    return {frozenset({by, name}): frozenset({by}) for name in names}


_SAME_WEIGHTS = {
    frozenset({"a query that sees nothing gets NaN", name}): frozenset({name})
    for name in NO_INFINITY
}
_SAME_WEIGHTS |= _absorbed("the mask is ignored", ["the mask is read the wrong way round"])
# Dividing by 1 in place changes nothing.
_SAME_WEIGHTS |= _absorbed("scores are not scaled", ["an input is changed in place"])

_SAME_OUTPUT = (
    _SAME_WEIGHTS
    | _absorbed("the weights are not used", IN_THE_WEIGHTS)
    | _absorbed("no gradient flows through the weights", ["adding -inf makes the gradient NaN"])
)

# The complement of a triangle is the other triangle without the diagonal.
UPPER, NOT_OWN, INVERTED = (
    "upper triangle in place of the lower one",
    "a query cannot see its own position",
    "the mask is inverted",
)
_SAME_CAUSAL = {
    frozenset({UPPER, NOT_OWN}): frozenset({INVERTED}),
    frozenset({UPPER, INVERTED}): frozenset({NOT_OWN}),
    frozenset({NOT_OWN, INVERTED}): frozenset({UPPER}),
} | _absorbed(
    "num_keys is ignored", ["aligned to the first key when there are more keys than queries"]
)


def _output_from(weights: Function) -> Function:
    """Return the attention that follows from somebody's own weights."""

    def attention(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> Tensor:
        return (weights(query, key) if mask is None else weights(query, key, mask)) @ value

    return attention


MODELS = (
    FaultModel(
        exercise="attention_weights",
        implementation=faulty_weights,
        faults=WEIGHTS_FAULTS,
        probes=_weights_probes(),
        equivalents=(
            equivalents.weights_by_einsum,
            equivalents.weights_by_nan_to_num,
            equivalents.weights_by_hand,
            equivalents.weights_row_by_row,
            equivalents.weights_scaling_both,
            equivalents.weights_in_float32,
        ),
        read="attention-softmax",
        same=_SAME_WEIGHTS,
    ),
    FaultModel(
        exercise="scaled_dot_product_attention",
        implementation=faulty_attention,
        faults=ATTENTION_FAULTS,
        probes=_attention_probes(),
        equivalents=(
            equivalents.attention_by_einsum,
            equivalents.attention_by_nan_to_num,
            equivalents.attention_by_hand,
            equivalents.attention_row_by_row,
            equivalents.attention_by_torch,
            equivalents.attention_in_chunks,
        ),
        read="attention-output",
        same=_SAME_OUTPUT,
        uses=(faulty_weights,),
        follow_through=FollowThrough("attention_weights", _output_from),
    ),
    FaultModel(
        exercise="causal_mask",
        implementation=faulty_causal_mask,
        faults=CAUSAL_FAULTS,
        probes=_causal_probes(),
        equivalents=(
            equivalents.causal_by_comparison,
            equivalents.causal_by_triu,
            equivalents.causal_by_loops,
            equivalents.causal_by_float_tril,
            equivalents.causal_by_last_rows,
        ),
        read="attention-causal",
        same=_SAME_CAUSAL,
    ),
    FaultModel(
        exercise="padding_mask",
        implementation=faulty_padding_mask,
        faults=PADDING_FAULTS,
        probes=_padding_probes(),
        equivalents=(
            equivalents.padding_by_ge,
            equivalents.padding_by_loops,
            equivalents.padding_by_list,
            equivalents.padding_by_view,
            equivalents.padding_by_cumsum,
        ),
        read="attention-padding",
    ),
)
