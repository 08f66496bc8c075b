"""The known mistakes of `linear_attention`, by name."""

from __future__ import annotations

from autograder.faults.approximate.mean_of_values import (
    CAUSAL_FAULTS,
    SAME_UNDIVIDED,
    UNDIVIDED_FAULTS,
)
from autograder.faults.equivalents import approximate as equivalents
from autograder.faults.implementations import approximate as implementations
from autograder.faults.model import Fault, FaultModel, absorbed
from autograder.faults.probes import approximate as probes

FAULTS = (
    Fault(
        "there is no feature map",
        "features",
        "nothing",
        "Can a product of a query and a key be negative? What becomes of a mean then?",
        "approximate-linear",
    ),
    Fault(
        "the features are relu's",
        "features",
        "relu",
        "What do a query and a key have in common where one of them is negative throughout?",
        "approximate-linear",
    ),
    Fault(
        "the features are elu's, without the 1",
        "features",
        "elu",
        "Between which numbers does elu lie below zero? May a weight have that sign?",
        "approximate-linear",
    ),
    Fault(
        "the features are exponentials",
        "features",
        "exp",
        "How fast does elu grow above zero?",
        "approximate-linear",
    ),
    Fault(
        "the features are a softmax",
        "features",
        "softmax",
        "Other papers do so. Which function of one number is the feature map here?",
        "approximate-linear",
    ),
    Fault(
        "elu(x) + 1 is rounded to zero",
        "features",
        "rounded",
        "Print your feature of -20. What is elu of -20, and how does float32 keep it next to 1?",
        "approximate-linear",
    ),
    Fault(
        "the values go through the feature map",
        "values",
        "features",
        "Which two of the three inputs make weights?",
        "approximate-linear",
    ),
    Fault(
        "the queries are divided by the root of d_head",
        "scale",
        "root",
        "The scale keeps a softmax from saturating. Is there a softmax here?",
        "approximate-linear",
    ),
    *UNDIVIDED_FAULTS,
    Fault(
        "a small number is added to the sum of the weights",
        "normalizer",
        "epsilon",
        "How small can a sum of positive features be? Compare it with what you add.",
        "approximate-symptoms",
    ),
    Fault(
        "the weights go through a softmax",
        "normalizer",
        "softmax",
        "The feature map stands in place of something. What is left for you to do with weights?",
        "approximate-linear",
    ),
    Fault(
        "a query does not see its own position",
        "order",
        "exclusive",
        "What does the first query see? Do you read the state before or after adding the key?",
        "approximate-recurrent",
    ),
    *CAUSAL_FAULTS,
    Fault(
        "the error does not say the counts",
        "refusal",
        "no numbers",
        "Which two numbers does a reader of your message need?",
        "approximate-recurrent",
    ),
)

SAME = (
    # A scale cancels where the features are proportional to what they are made of.
    absorbed(
        "there is no feature map",
        "the values go through the feature map",
        "the queries are divided by the root of d_head",
        "a small number is added to the sum of the weights",
    )
    | absorbed("the features are relu's", "the queries are divided by the root of d_head")
    | absorbed("the features are a softmax", "a small number is added to the sum of the weights")
    | absorbed("the weights go through a softmax", "elu(x) + 1 is rounded to zero")
)

MODEL = FaultModel(
    exercise="linear_attention",
    implementation=implementations.faulty_linear_attention,
    faults=FAULTS,
    probes=probes.linear_attention_probes(),
    equivalents=(
        equivalents.linear_by_all_weights,
        equivalents.linear_by_cumsum,
        equivalents.linear_by_a_loop,
        equivalents.linear_by_a_column_of_ones,
        equivalents.linear_in_float64,
        equivalents.linear_by_log_weights,
    ),
    read="approximate-linear",
    same=SAME | SAME_UNDIVIDED,
    uses=(
        implementations.refuse_counts,
        implementations.seen_by_order,
        implementations.mean_of_values,
        implementations.linear_features,
    ),
    trial=probes.trial_of_counts,
)
