"""The known mistakes of the sheet `attention`, by name."""

from __future__ import annotations

from collections.abc import Iterable

from torch import Tensor

from autograder.faults.equivalents import attention as equivalents
from autograder.faults.implementations import attention as implementations
from autograder.faults.model import Fault, FaultModel, FollowThrough, Function, absorbed
from autograder.faults.probes import attention as probes

WEIGHTS_FAULTS = (
    Fault(
        "softmax over the queries",
        "softmax_over",
        "queries",
        "Each query hands out a weight of 1 in all. Along which axis must the weights sum to 1?",
        "attention-softmax",
    ),
    Fault(
        "softmax over axis 1",
        "softmax_over",
        "axis 1",
        "Axis 1 is the keys in a single matrix. Which axis is it when a batch comes first?",
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
        "renormalized after the mask",
        "masking",
        "renormalized",
        "What is left of the visible weights when a hidden key takes nearly all? What is 0 / 0?",
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
        "attention-fill",
    ),
    Fault(
        "masked scores are set to -1e4",
        "masking",
        -1e4,
        "What happens when the scores that may be seen are lower still, or when none may be seen?",
        "attention-fill",
    ),
    Fault(
        "masked scores are set to -1e9",
        "masking",
        -1e9,
        "What does a row of equal scores become? And does float16 have a number that large?",
        "attention-fill",
    ),
    Fault(
        "masked scores are set to the smallest number",
        "masking",
        "smallest number",
        "The smallest number is not minus infinity. What does a row of equal scores become?",
        "attention-fill",
    ),
    Fault(
        "a bias of -1e9 is added",
        "masking",
        "bias",
        "What does a row of equal scores become? And which dtype does your result have in float16?",
        "attention-fill",
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
        "the output is cleaned, not the weights",
        "empty_row",
        "output cleaned",
        "The output is repaired. Multiply NaN weights by a gradient of 0: what reaches the values?",
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
        "With 2 new queries and 5 keys, 3 keys are the past. Which key is the last query's own?",
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

# An empty row comes out as NaN only where masked scores are minus infinity, so only
# there does it matter whether and where that NaN is repaired.
NO_INFINITY = (
    "the mask is ignored",
    "the mask is applied after the softmax",
    "masked scores are set to 0",
    "masked scores are set to -20",
    "masked scores are set to -1e4",
    "masked scores are set to -1e9",
    "masked scores are set to the smallest number",
    "a bias of -1e9 is added",
    "the boolean mask is added to the scores",
)
# Weights that are not used hide every mistake in their values.
IN_THE_WEIGHTS = (
    # Not those with -1e9: what they do in float16 still shows.
    *(name for name in NO_INFINITY if "-1e9" not in name),
    "renormalized after the mask",
    "softmax over the queries",
    "softmax over axis 1",
    "scores are not scaled",
    "scores are divided by d_head, not by its root",
    "scores are scaled by the number of keys",
    "scores are multiplied by the root of d_head",
    "the mask is read the wrong way round",
    "adding -inf makes the gradient NaN",
    "a query that sees nothing gets NaN",
    "the output is cleaned, not the weights",
    "no gradient flows through the weights",
)


def _repaired_alike(names: Iterable[str], repair: str) -> dict[frozenset[str], frozenset[str]]:
    """Return that each of ``names`` is the same function with another repair of empty rows."""
    return {frozenset({name, repair}): frozenset({name}) for name in names}


_SAME_WEIGHTS = _repaired_alike(
    # Renormalizing an empty row divides 0 by 0, and is NaN with any repair before it.
    (*NO_INFINITY, "renormalized after the mask"),
    "a query that sees nothing gets NaN",
)
_SAME_WEIGHTS |= absorbed("the mask is ignored", "the mask is read the wrong way round")
# Dividing by 1 in place changes nothing.
_SAME_WEIGHTS |= absorbed("scores are not scaled", "an input is changed in place")

_SAME_OUTPUT = (
    _SAME_WEIGHTS
    | _repaired_alike(NO_INFINITY, "the output is cleaned, not the weights")
    | absorbed("the weights are not used", *IN_THE_WEIGHTS)
    | absorbed("no gradient flows through the weights", "adding -inf makes the gradient NaN")
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
} | absorbed(
    "num_keys is ignored", "aligned to the first key when there are more keys than queries"
)


def _output_from(weights: Function) -> Function:
    """Return the attention that follows from somebody's own weights."""

    def attention(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> Tensor:
        own: Tensor = weights(query, key) if mask is None else weights(query, key, mask)
        return own @ value

    return attention


MODELS = (
    FaultModel(
        exercise="attention_weights",
        implementation=implementations.faulty_weights,
        faults=WEIGHTS_FAULTS,
        probes=probes.weights_probes(),
        equivalents=(
            equivalents.weights_by_einsum,
            equivalents.weights_by_nan_to_num,
            equivalents.weights_by_hand,
            equivalents.weights_row_by_row,
            equivalents.weights_scaling_both,
            equivalents.weights_in_float32,
        ),
        read="attention-softmax",
        uses=(implementations.masked_softmax,),
        same=_SAME_WEIGHTS,
    ),
    FaultModel(
        exercise="scaled_dot_product_attention",
        implementation=implementations.faulty_attention,
        faults=ATTENTION_FAULTS,
        probes=probes.attention_probes(),
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
        uses=(implementations.masked_softmax, implementations.faulty_weights),
        follow_through=FollowThrough("attention_weights", _output_from),
    ),
    FaultModel(
        exercise="causal_mask",
        implementation=implementations.faulty_causal_mask,
        faults=CAUSAL_FAULTS,
        probes=probes.causal_probes(),
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
        implementation=implementations.faulty_padding_mask,
        faults=PADDING_FAULTS,
        probes=probes.padding_probes(),
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
