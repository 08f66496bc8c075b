"""What goes wrong in a mean of values, whether linear attention or Performer weighs them."""

from __future__ import annotations

from autograder.faults.model import Fault, absorbed

UNDIVIDED_FAULTS = (
    Fault(
        "nothing is divided by the sum of the weights",
        "normalizer",
        "none",
        "Let all values be 1. What should come out, and what does?",
        "approximate-linear",
    ),
    Fault(
        "the sum is divided by the number of keys",
        "normalizer",
        "count",
        "Let all values be 1. By which number must each row be divided?",
        "approximate-linear",
    ),
)

CAUSAL_FAULTS = (
    Fault(
        "causal is ignored",
        "order",
        "ignored",
        "Change the last value. Which rows of the output change when causal is True?",
        "approximate-recurrent",
    ),
    Fault(
        "a query sees one position ahead",
        "order",
        "one ahead",
        "Change value 1. May row 0 of the output change?",
        "approximate-recurrent",
    ),
    Fault(
        "a query sees later positions in place of earlier ones",
        "order",
        "later ones",
        "From which end does your sum begin?",
        "approximate-recurrent",
    ),
    Fault(
        "the normalizer sees the future",
        "order",
        "normalizer sees all",
        "Two sums run over the keys. Do both stop at the query's own position?",
        "approximate-recurrent",
    ),
    Fault(
        "causal attention takes other counts",
        "refusal",
        "passes",
        "Which key is the own position of query 1, if there are two queries and three keys?",
        "approximate-recurrent",
    ),
    Fault(
        "other counts fail by themselves",
        "refusal",
        "fails by itself",
        "Read your error as someone who called the function. Does it say what was wrong?",
        "approximate-recurrent",
    ),
)

SAME_UNDIVIDED = absorbed(
    "nothing is divided by the sum of the weights", "the normalizer sees the future"
) | absorbed("the sum is divided by the number of keys", "the normalizer sees the future")
