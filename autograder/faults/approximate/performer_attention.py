"""The known mistakes of `performer_attention`, by name."""

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
        "the keys lose their term of the square",
        "norm",
        "queries alone",
        "A factor for each query cancels. Does a factor for each key?",
        "approximate-stability",
    ),
    Fault(
        "queries and keys are not scaled",
        "scale",
        "none",
        "Which softmax do your weights stand in for: of q·k, or of q·k divided by something?",
        "approximate-features",
    ),
    Fault(
        "queries and keys are divided by the square root of d_head",
        "scale",
        "root",
        "A query and a key are each divided once. By what is their product divided?",
        "approximate-features",
    ),
    Fault(
        "nothing keeps the features from vanishing",
        "features",
        "plain",
        "How large is exp(-150) in float32? And a sum of such numbers, divided by itself?",
        "approximate-stability",
    ),
    Fault(
        "a small number keeps the division finite",
        "features",
        "epsilon",
        "How small can a sum of products of features be? Compare it with what you add.",
        "approximate-stability",
    ),
    Fault(
        "each key loses its own maximum",
        "features",
        "one maximum for each key",
        "What may be taken off without any change: a number for each key, or one for all?",
        "approximate-stability",
    ),
    Fault(
        "the features are relu's",
        "features",
        "relu",
        "Which function of q·k is the mean of your products?",
        "approximate-performer",
    ),
    Fault(
        "the features are sines and cosines",
        "features",
        "trigonometric",
        "Print your weights before the division. Are all of them positive?",
        "approximate-performer",
    ),
    Fault(
        "the keys' features serve for the queries",
        "served",
        "keys for queries",
        "Change the queries. Does your output change?",
        "approximate-performer",
    ),
    *UNDIVIDED_FAULTS,
    Fault(
        "the weights go through a softmax",
        "normalizer",
        "softmax",
        "The features already are exponentials. Of what do you take one more?",
        "approximate-performer",
    ),
    Fault(
        "a query does not see its own position",
        "order",
        "exclusive",
        "What does the first query see? Do you read the sums before or after adding the key?",
        "approximate-recurrent",
    ),
    *CAUSAL_FAULTS,
    Fault(
        "the error does not say the counts",
        "refusal",
        "no numbers",
        "Which two numbers does a reader of your message need?",
        "approximate-performer",
    ),
)

SAME = (
    absorbed("each key loses its own maximum", "the keys lose their term of the square")
    | absorbed(
        "the features are relu's",
        "the keys lose their term of the square",
        "queries and keys are not scaled",
        "queries and keys are divided by the square root of d_head",
    )
    | {
        key: smaller
        for name in (
            "nothing is divided by the sum of the weights",
            "the sum is divided by the number of keys",
            "the weights go through a softmax",
        )
        # What is not divided cannot fail at the division.
        for key, smaller in absorbed(
            name,
            "nothing keeps the features from vanishing",
            "a small number keeps the division finite",
        ).items()
    }
)

MODEL = FaultModel(
    exercise="performer_attention",
    implementation=implementations.faulty_performer,
    faults=FAULTS,
    probes=probes.performer_attention_probes(),
    equivalents=(
        equivalents.performer_by_log_weights,
        equivalents.performer_by_one_maximum,
        equivalents.performer_in_float64,
        equivalents.performer_by_a_softmax_of_features,
        equivalents.performer_by_a_state,
    ),
    read="approximate-performer",
    same=SAME | SAME_UNDIVIDED,
    uses=(
        implementations.refuse_counts,
        implementations.seen_by_order,
        implementations.mean_of_values,
        implementations.features_of,
        implementations.stable_weights,
        implementations.plain_weights,
    ),
    trial=probes.trial_of_counts,
)
