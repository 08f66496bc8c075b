"""The known mistakes of `grouped_query_attention`, by name."""

from __future__ import annotations

from autograder.faults.equivalents import efficient as equivalents
from autograder.faults.implementations import efficient as implementations
from autograder.faults.model import Fault, FaultModel, absorbed
from autograder.faults.probes import efficient as probes

FAULTS = (
    Fault(
        "heads of keys are dealt out in turn",
        "sharing",
        "tiled",
        "Write down for each query head which head of keys it reads. Are neighbors in one group? "
        "What sets repeat apart from repeat_interleave?",
        "efficient-grouped",
    ),
    Fault(
        "only the values are dealt out in turn",
        "sharing",
        "values tiled",
        "A query head takes its keys and its values from one and the same head. Do both go "
        "the same way in your code?",
        "efficient-grouped",
    ),
    Fault(
        "only the first head of keys is used",
        "sharing",
        "first",
        "Change the last head of keys and values. Does any output change?",
        "efficient-grouped",
    ),
    Fault(
        "heads of keys are averaged",
        "sharing",
        "averaged",
        "How many heads of keys does one query head read from?",
        "efficient-grouped",
    ),
    Fault(
        "groups are in reverse order",
        "sharing",
        "reversed",
        "Which head of keys does query head 0 read from?",
        "efficient-grouped",
    ),
    Fault(
        "the query heads of a group are averaged",
        "queries",
        "averaged",
        "What is shared in a group, and what does each head keep for itself?",
        "efficient-grouped",
    ),
    Fault(
        "the output's heads are out of order",
        "heads",
        "transposed",
        "You made two axes of the heads, groups and members. Which is the outer one, on the way "
        "in and on the way out?",
        "efficient-grouped",
    ),
    Fault(
        "the scores are not scaled",
        "scale",
        "none",
        "Sharing keys changes which keys are read. Does it change what a score is?",
        "efficient-grouped",
    ),
    Fault(
        "the scores are divided by d_head",
        "scale",
        "d_head",
        "With what does the spread of a sum of d_head products grow?",
        "efficient-grouped",
    ),
    Fault(
        "the scores are scaled by the size of a group",
        "scale",
        "group",
        "A score is a sum over the features of one head. Does it matter how many heads share it?",
        "efficient-grouped",
    ),
    Fault(
        "the scores are scaled by the width of all heads",
        "scale",
        "d_model",
        "Over how many features does one score sum?",
        "efficient-grouped",
    ),
    Fault(
        "the query is scaled in place",
        "scale",
        "in place",
        "Call your function twice with the same tensors. Does it return the same?",
        "efficient-grouped",
    ),
    Fault(
        "the mask is not used",
        "masking",
        "ignored",
        "Change a key that the mask hides. Does your output change?",
        "efficient-grouped",
    ),
    Fault(
        "the mask is read the wrong way round",
        "masking",
        "true hides",
        "In this course True means: may attend. Which of the scores do you fill?",
        "efficient-grouped",
    ),
    Fault(
        "a group shares the mask of its first head",
        "masking",
        "first of a group",
        "Keys are shared in a group. Whose are the masks: those of the keys, or of the queries?",
        "efficient-grouped",
    ),
    Fault(
        "only a mask with four axes works",
        "masking",
        "four axes",
        "A mask broadcasts against (batch, heads, queries, keys). Try a causal one of two axes.",
        "efficient-grouped",
    ),
    Fault(
        "a query that sees nothing gives NaN",
        "hidden",
        "nan",
        "What is the softmax of a row of nothing but minus infinity, and what should come out?",
        "efficient-grouped",
    ),
    Fault(
        "a query that sees nothing gets the mean of all values",
        "hidden",
        "-1e9",
        "What does the softmax make of a row of equal scores, however low they are?",
        "efficient-grouped",
    ),
    Fault(
        "heads that cannot be shared out raise another error",
        "refused",
        "nothing",
        "Share 3 query heads out among 2 heads of keys. What should whoever tries it read?",
        "efficient-grouped",
    ),
    Fault(
        "the error does not say the numbers",
        "refused",
        "no values",
        "Whoever reads your error wants to know how many heads there are of each kind.",
        "efficient-grouped",
    ),
)

SAME = absorbed(
    "the mask is not used",
    "a query that sees nothing gives NaN",
    "a query that sees nothing gets the mean of all values",
)

MODEL = FaultModel(
    exercise="grouped_query_attention",
    implementation=implementations.faulty_grouped_query_attention,
    faults=FAULTS,
    probes=probes.grouped_query_attention_probes(),
    equivalents=(
        equivalents.groups_by_repeat_interleave,
        equivalents.groups_head_by_head,
        equivalents.groups_by_einsum,
        equivalents.groups_by_expand,
        equivalents.groups_by_torch,
    ),
    read="efficient-grouped",
    uses=(
        implementations.refuse_groups,
        implementations.shared_heads,
        implementations.visible_in_groups,
        implementations.softmax_of_visible,
    ),
    trial=probes.trial_of_groups,
    same=SAME,
)
