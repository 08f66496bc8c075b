"""The known mistakes of the sheet `multihead`, by name."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from attnbook.attention import scaled_dot_product_attention
from attnbook.multihead import MultiHeadAttention
from autograder.faults.equivalents import multihead as equivalents
from autograder.faults.implementations import multihead as implementations
from autograder.faults.model import Fault, FaultModel, FollowThrough, absorbed
from autograder.faults.modules import trial_of_modules
from autograder.faults.probes import multihead as probes
from autograder.faults.refusals import trial_of_refusals

NOT_REFUSED = Fault(
    "a width that does not divide is not refused",
    "left_over",
    "not checked",
    "Ask for 3 heads of 10 features. How wide is a head, and what becomes of the tenth feature?",
    "multihead-widths",
)
NO_VALUES = Fault(
    "the error does not name both values",
    "left_over",
    "no values",
    "Somebody reads your message in a log. Which two numbers would they look for next?",
    "multihead-widths",
)

SPLIT_FAULTS = (
    Fault(
        "a bare view in place of a transpose",
        "layout",
        "view",
        "Feature 0 of position 1 should be in head 0. Count along memory: in which head is yours?",
        "multihead-split",
    ),
    Fault(
        "the heads are interleaved",
        "layout",
        "interleaved",
        "Head 0 is the first block of features. Which features does yours hold: 0 and 1, or 0 and "
        "num_heads?",
        "multihead-interleaved",
    ),
    Fault(
        "the number of heads and their width are swapped",
        "layout",
        "counts swapped",
        "Six features and two heads: how many heads come out, and how wide is each?",
        "multihead-split",
    ),
    Fault(
        "the length comes before the heads",
        "layout",
        "length before heads",
        "A matrix product pairs the last two axes. Which two must they be, for each head?",
        "multihead-split",
    ),
    Fault(
        "the heads come before the batch",
        "layout",
        "heads before batch",
        "A mask is (batch, head, query, key). Which axis of your result would the batch meet?",
        "multihead-split",
    ),
    Fault(
        "the heads are folded into the batch",
        "layout",
        "heads in the batch",
        "How many axes does your result have, and how many does the contract ask for?",
        "multihead-split",
    ),
    Fault(
        "the features of a head come before its positions",
        "layout",
        "features before length",
        "Keys are transposed when scores are computed. Who does that: this function or attention?",
        "multihead-split",
    ),
    Fault(
        "fails on an input that is in another order in memory",
        "memory",
        "one order",
        "Transpose a tensor twice and split it. Which function asks memory for one order, and "
        "which one copies if it must?",
        "multihead-memory",
    ),
    Fault(
        "the result is always float32",
        "kind",
        "float32",
        "Pass float64. Which dtype comes out, and where is it chosen?",
        "multihead-split",
    ),
    NOT_REFUSED,
    NO_VALUES,
)

MERGE_FAULTS = (
    Fault(
        "merged without a transpose",
        "layout",
        "not transposed",
        "The features of one position must come to lie side by side. Are they neighbors in memory?",
        "multihead-merge",
    ),
    Fault(
        "the heads are interleaved",
        "layout",
        "interleaved",
        "Which feature of the result comes second: another of head 0, or the first of head 1?",
        "multihead-interleaved",
    ),
    Fault(
        "the heads are averaged",
        "layout",
        "averaged",
        "Splitting loses nothing. How many features per position go in, and how many come out?",
        "multihead-merge",
    ),
    Fault(
        "the heads are added up",
        "layout",
        "added",
        "Splitting loses nothing. Can you undo a sum?",
        "multihead-merge",
    ),
    Fault(
        "the heads are put one below the other",
        "layout",
        "one below the other",
        "How many positions went in? How many has your result?",
        "multihead-merge",
    ),
    Fault(
        "the features of the heads stay apart",
        "layout",
        "features apart",
        "The axes are in order. How many are there, and how many does the contract ask for?",
        "multihead-merge",
    ),
    Fault(
        "the heads come out backwards",
        "layout",
        "backwards",
        "Merge what you have just split. Is it what you started from?",
        "multihead-merge",
    ),
    Fault(
        "view after a transpose",
        "layout",
        "view",
        "A transpose moves no number in memory. Which function may copy, and which one may not?",
        "multihead-memory",
    ),
    Fault(
        "the result is always float32",
        "kind",
        "float32",
        "Pass float64. Which dtype comes out, and where is it chosen?",
        "multihead-merge",
    ),
)

ATTENTION_FAULTS = (
    Fault(
        "the output projection is not used",
        "output",
        "not projected",
        "Which of your four layers does the result go through last? How would the heads mix?",
        "multihead-output",
    ),
    Fault(
        "there is no output projection",
        "registered",
        "without output",
        "Print the names in state_dict(). Which of the four projections is missing?",
        "multihead-output",
    ),
    Fault(
        "the parameters are not registered",
        "registered",
        "in a list",
        "Print the names in state_dict(). What would an optimizer get from parameters()?",
        "multihead-registered",
    ),
    Fault(
        "the projections have no biases",
        "bias",
        False,
        "Print the names in state_dict(). The contract asks for eight; which are missing?",
        "multihead-registered",
    ),
    Fault(
        "a bare view in place of a transpose",
        "split",
        "view",
        "Change one position of the input. In how many heads does something change?",
        "multihead-split",
    ),
    Fault(
        "the heads are interleaved",
        "split",
        "interleaved",
        "Head 0 is the first block of features. Which rows of query_proj.weight make yours?",
        "multihead-interleaved",
    ),
    Fault(
        "merged without a transpose",
        "merge",
        "not transposed",
        "Change one query. How many rows of the output change?",
        "multihead-merge",
    ),
    Fault(
        "num_heads is ignored",
        "heads",
        "one",
        "How many weight matrices does your softmax make for each sequence?",
        "multihead-why",
    ),
    Fault(
        "all heads use the mean of their weights",
        "heads",
        "averaged",
        "What can two heads do that one cannot? Do yours still look at different keys?",
        "multihead-why",
    ),
    Fault(
        "scores are divided by the root of d_model",
        "scale",
        "sqrt d_model",
        "A score is a sum over the features of one head. How many are those?",
        "multihead-scale",
    ),
    Fault(
        "scores are not scaled",
        "scale",
        "none",
        "A score is a sum over the features of one head. What brings its spread back to 1?",
        "multihead-scale",
    ),
    Fault(
        "softmax over the queries",
        "softmax_over",
        "queries",
        "Each query hands out a weight of 1 in all. Along which axis must the weights sum to 1?",
        "multihead-scale",
    ),
    Fault(
        "query and key share a projection",
        "maps",
        "query and key shared",
        "Set key_proj.weight to zero. Does your output change?",
        "multihead-registered",
    ),
    Fault(
        "key and value share a projection",
        "maps",
        "key and value shared",
        "Set value_proj.weight to zero. Does your output change?",
        "multihead-registered",
    ),
    Fault(
        "one projection makes query, key and value",
        "maps",
        "all shared",
        "After a backward pass, which of your parameters have a gradient?",
        "multihead-registered",
    ),
    Fault(
        "keys are read from the query",
        "reads",
        "query query value",
        "In cross-attention the keys come from another sequence. What does key_proj get?",
        "multihead-cross",
    ),
    Fault(
        "values are read from the query",
        "reads",
        "query key query",
        "In cross-attention the values come from another sequence. What does value_proj get?",
        "multihead-cross",
    ),
    Fault(
        "keys and values are read from the query",
        "reads",
        "query query query",
        "Pass another key and value with the same query. Does your output change?",
        "multihead-cross",
    ),
    Fault(
        "values are read from the key",
        "reads",
        "query key key",
        "Pass another value with the same key. Does your output change?",
        "multihead-cross",
    ),
    Fault(
        "the mask is ignored",
        "mask",
        "ignored",
        "Change a key that the mask hides. Does your output change with it?",
        "multihead-masks",
    ),
    Fault(
        "the mask is read the wrong way round",
        "mask",
        "true hides",
        "In this course True means: may attend. Which scores do you fill?",
        "multihead-masks",
    ),
    Fault(
        "the mask reaches the first head alone",
        "mask",
        "first head",
        "Scores are (batch, head, query, key). To how many heads does a mask of two axes apply?",
        "multihead-masks",
    ),
    Fault(
        "an axis is added to every mask",
        "mask",
        "axis added",
        "Broadcasting lines shapes up from the right. Which of your masks still needs an axis?",
        "multihead-masks",
    ),
    Fault(
        "a query that sees nothing gets NaN",
        "empty_row",
        "nan",
        "A softmax of nothing but -inf is 0 divided by 0. What should such a query receive?",
        "multihead-masks",
    ),
    Fault(
        "the weights are returned as well",
        "output",
        "and weights",
        "The contract asks for one tensor. How many things do you return?",
        "multihead-output",
    ),
    NOT_REFUSED,
    NO_VALUES,
)

COUNT_FAULTS = (
    Fault(
        "times the number of heads",
        "heads",
        "as wide as the model",
        "How wide is one head when there are two? And two of them side by side?",
        "multihead-count",
    ),
    Fault(
        "one head is counted",
        "heads",
        "one counted",
        "How many rows has a projection that makes the queries of all heads?",
        "multihead-count",
    ),
    Fault(
        "the output projection is left out",
        "projections",
        3,
        "Write down the layers that a sequence passes through. Which comes after the heads?",
        "multihead-count",
    ),
    Fault(
        "one projection is counted",
        "projections",
        1,
        "How many layers does the module hold?",
        "multihead-count",
    ),
    Fault(
        "biases are left out",
        "biases",
        "never",
        "What does a linear layer learn besides its matrix?",
        "multihead-count",
    ),
    Fault(
        "biases are always counted",
        "biases",
        "always",
        "Does your answer depend on the last argument?",
        "multihead-count",
    ),
    Fault(
        "one bias for all projections",
        "biases",
        "one for all",
        "How many layers have a bias of their own?",
        "multihead-count",
    ),
    NOT_REFUSED,
    NO_VALUES,
)

# A module that lacks a parameter cannot be given weights, so nothing else shows, but for what
# its constructor refuses.
INCOMPLETE = (
    "the parameters are not registered",
    "there is no output projection",
    "the projections have no biases",
)
IN_THE_CONSTRUCTOR = {*INCOMPLETE, NOT_REFUSED.name, NO_VALUES.name}
# What needs a second head to show.
AMONG_HEADS = (
    "a bare view in place of a transpose",
    "the heads are interleaved",
    "merged without a transpose",
    "scores are divided by the root of d_model",
    "the mask reaches the first head alone",
)

_IN_FORWARD = [fault.name for fault in ATTENTION_FAULTS if fault.name not in IN_THE_CONSTRUCTOR]
_SAME_ATTENTION = (
    absorbed("the parameters are not registered", *_IN_FORWARD)
    | absorbed("there is no output projection", *_IN_FORWARD)
    | absorbed("the projections have no biases", *_IN_FORWARD)
    | absorbed("the parameters are not registered", "the projections have no biases")
    | absorbed("num_heads is ignored", *AMONG_HEADS)
    | absorbed("the mask is ignored", "a query that sees nothing gets NaN")
    | absorbed("an axis is added to every mask", "a query that sees nothing gets NaN")
)


def _attention_from(
    split: Callable[[Tensor, int], Tensor], merge: Callable[[Tensor], Tensor]
) -> type[MultiHeadAttention]:
    """Return the class that follows from somebody's own splitting and merging."""

    class Following(MultiHeadAttention):
        def forward(
            self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None
        ) -> Tensor:
            queries, keys, values = (
                split(projection(x), self.num_heads)
                for projection, x in (
                    (self.query_proj, query),
                    (self.key_proj, key),
                    (self.value_proj, value),
                )
            )
            output: Tensor = self.output_proj(
                merge(scaled_dot_product_attention(queries, keys, values, mask))
            )
            return output

    return Following


MODELS = (
    FaultModel(
        exercise="split_heads",
        implementation=implementations.faulty_split,
        faults=SPLIT_FAULTS,
        probes=probes.split_probes(),
        equivalents=(
            equivalents.split_by_view,
            equivalents.split_by_permute,
            equivalents.split_by_chunks,
            equivalents.split_by_slices,
            equivalents.split_by_unfold,
            equivalents.split_by_einsum,
        ),
        read="multihead-split",
        uses=(implementations.refuse_uneven,),
        trial=trial_of_refusals,
    ),
    FaultModel(
        exercise="merge_heads",
        implementation=implementations.faulty_merge,
        faults=MERGE_FAULTS,
        probes=probes.merge_probes(),
        equivalents=(
            equivalents.merge_by_reshape,
            equivalents.merge_by_contiguous_view,
            equivalents.merge_by_cat,
            equivalents.merge_by_slices,
            equivalents.merge_by_positions,
        ),
        read="multihead-merge",
        same=absorbed("view after a transpose", "the result is always float32"),
    ),
    FaultModel(
        exercise="MultiHeadAttention",
        implementation=implementations.FaultyMultiHeadAttention,
        faults=ATTENTION_FAULTS,
        probes=probes.attention_probes(),
        equivalents=(
            equivalents.HeadsByEinsum,
            equivalents.HeadByHead,
            equivalents.HeadsInTheBatch,
            equivalents.HeadsByTorch,
            equivalents.HeadsAddedUp,
        ),
        read="multihead-scale",
        uses=(implementations.refuse_uneven,),
        follow_through=FollowThrough(("split_heads", "merge_heads"), _attention_from),
        same=_SAME_ATTENTION,
        trial=trial_of_modules(2, probes.PARAMETERS),
    ),
    FaultModel(
        exercise="multihead_parameter_count",
        implementation=implementations.faulty_count,
        faults=COUNT_FAULTS,
        probes=probes.count_probes(),
        equivalents=(
            equivalents.count_by_width,
            equivalents.count_by_heads,
            equivalents.count_by_layers,
            equivalents.count_by_torch,
            equivalents.count_by_loop,
        ),
        read="multihead-count",
        same=absorbed("one projection is counted", "one bias for all projections"),
        uses=(implementations.refuse_uneven,),
        trial=trial_of_refusals,
    ),
)
