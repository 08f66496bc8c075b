"""The known mistakes of `favor_features`, by name."""

from __future__ import annotations

from autograder.faults.equivalents import approximate as equivalents
from autograder.faults.implementations import approximate as implementations
from autograder.faults.model import Fault, FaultModel, absorbed
from autograder.faults.probes import approximate as probes

FAULTS = (
    Fault(
        "nothing is taken off for the square",
        "norm",
        "none",
        "The mean of exp(w·x) is exp(|x|²/2). What must be taken off for a mean of 1?",
        "approximate-features",
    ),
    Fault(
        "the square is not halved",
        "norm",
        "the square",
        "The mean of exp(w·x) is exp(|x|²/2). What is left of it in your features?",
        "approximate-features",
    ),
    Fault(
        "half the length is taken off, not half its square",
        "norm",
        "half the norm",
        "Double x. By how much should the last term grow?",
        "approximate-features",
    ),
    Fault(
        "the square is that of x before it was scaled",
        "norm_of",
        "unscaled",
        "Two terms stand in the exponent. Are both of the same vector?",
        "approximate-features",
    ),
    Fault(
        "x is not scaled",
        "scale",
        "none",
        "Which dot product should come out: q·k, or q·k divided by something?",
        "approximate-features",
    ),
    Fault(
        "x is divided by the square root of d_head",
        "scale",
        "root",
        "A query and a key are each divided once. By what is their product divided?",
        "approximate-features",
    ),
    Fault(
        "nothing is divided by the number of features",
        "count",
        "none",
        "A product of two feature vectors is a sum. How does it become a mean?",
        "approximate-features",
    ),
    Fault(
        "features are divided by their number, not by its root",
        "count",
        "features",
        "A query and a key are each divided once. By what is their product divided?",
        "approximate-features",
    ),
    Fault(
        "the features are sines and cosines",
        "function",
        "trigonometric",
        "Their mean is right as well. Which sign may a product of two of them have?",
        "approximate-features",
    ),
    Fault(
        "the features are relu's",
        "function",
        "relu",
        "Which function of q·k is the mean of your products?",
        "approximate-features",
    ),
    Fault(
        "each row loses its maximum",
        "function",
        "one maximum each",
        "By which factor do your features differ from the right ones? Is it the same for each key?",
        "approximate-stability",
    ),
    Fault(
        "all rows lose the largest exponent",
        "function",
        "one maximum",
        "Put one more vector into x. May the features of the others change?",
        "approximate-stability",
    ),
    Fault(
        "the two exponentials are taken apart",
        "function",
        "taken apart",
        "How large is exp(w·x) for a vector of length 12 along a row of length 12?",
        "approximate-stability",
    ),
    Fault(
        "the rows of the projection are normalized",
        "directions",
        "normalized",
        "What do the lengths of normal draws do to the mean of exp(w·x)?",
        "approximate-features",
    ),
    Fault(
        "x is changed in place",
        "inputs",
        "changed",
        "Print x before and after the call. Which operation ends in `_` or `=`?",
        "approximate-features",
    ),
)

SQUARE = (
    "nothing is taken off for the square",
    "the square is not halved",
    "half the length is taken off, not half its square",
)

UNSCALED = "the square is that of x before it was scaled"

SAME = (
    absorbed("the features are relu's", *SQUARE, UNSCALED)
    | absorbed("each row loses its maximum", *SQUARE, UNSCALED)
    | absorbed(
        "nothing is taken off for the square", UNSCALED, "the two exponentials are taken apart"
    )
    # Without the square nothing makes one factor vanish where the other is infinite.
    | absorbed(SQUARE[2], "the two exponentials are taken apart")
    | absorbed("x is not scaled", UNSCALED, "x is changed in place")
)

MODEL = FaultModel(
    exercise="favor_features",
    implementation=implementations.faulty_favor_features,
    faults=FAULTS,
    probes=probes.favor_features_probes(),
    equivalents=(
        equivalents.favor_by_einsum,
        equivalents.favor_by_logs,
        equivalents.favor_by_roots,
        equivalents.favor_by_distance,
        equivalents.favor_by_rows,
    ),
    read="approximate-features",
    same=SAME,
    uses=(implementations.features_of,),
)
