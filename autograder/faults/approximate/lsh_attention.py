"""The known mistakes of `lsh_attention`, by name."""

from __future__ import annotations

from torch import Tensor

from autograder.faults.equivalents import approximate as equivalents
from autograder.faults.implementations import approximate as implementations
from autograder.faults.model import Fault, FaultModel, FollowThrough, Function, absorbed
from autograder.faults.probes import approximate as probes

FAULTS = (
    Fault(
        "the tokens are not sorted",
        "order",
        "by position",
        "Do two tokens of a bucket that stand far apart ever meet?",
        "approximate-lsh",
    ),
    Fault(
        "the sort is not undone",
        "undone",
        "not undone",
        "Whose output stands in row 0: the first token's, or that of the first in its bucket?",
        "approximate-lsh",
    ),
    Fault(
        "the sort is undone by sorting again",
        "undone",
        "sorted again",
        "Order (1, 2, 0) applied twice: is it as before? What did the sort send to place 0?",
        "approximate-lsh",
    ),
    Fault(
        "a chunk reads itself alone",
        "chunks",
        "own alone",
        "A border cuts a bucket in two. Who can see across it?",
        "approximate-lsh",
    ),
    Fault(
        "a chunk reads the one after as well",
        "chunks",
        "after too",
        "How many chunks should a query read? Which?",
        "approximate-lsh",
    ),
    Fault(
        "the first chunk reads the last",
        "chunks",
        "wraps around",
        "Reformer's code does so. What stands before the first chunk in this contract?",
        "approximate-lsh",
    ),
    Fault(
        "all that share a chunk meet",
        "buckets",
        "ignored",
        "A chunk may hold the end of one bucket and the beginning of another. May those meet?",
        "approximate-lsh",
    ),
    Fault(
        "all rounds count alike",
        "rounds",
        "alike",
        "One round finds the keys that matter, another finds none. Which should count for more?",
        "approximate-rounds",
    ),
    Fault(
        "a pair counts in each round in which it meets",
        "rounds",
        "counted again",
        "Do a round twice. May the output change?",
        "approximate-rounds",
    ),
    Fault(
        "only the first round is used",
        "rounds",
        "the first alone",
        "Change the rotations of the second round. Does your output change?",
        "approximate-rounds",
    ),
    Fault(
        "a token sees itself beside others",
        "itself",
        "seen",
        "Which key has the smallest angle to a query that is the same vector?",
        "approximate-lsh",
    ),
    Fault(
        "a token that meets nobody gets zeros",
        "itself",
        "zeros",
        "What does the first token see when causal? What does the contract say it reads?",
        "approximate-lsh",
    ),
    Fault(
        "the keys keep their lengths",
        "keys",
        "as they are",
        "May a long vector draw all attention, if the hash looks at angles alone?",
        "approximate-lsh",
    ),
    Fault(
        "the queries are normalized too",
        "keys",
        "queries too",
        "How large can a score be if both vectors have the length 1?",
        "approximate-lsh",
    ),
    Fault(
        "the scores are not scaled",
        "scale",
        "none",
        "Reformer's code leaves it to training. What does the contract divide by?",
        "approximate-lsh",
    ),
    Fault(
        "causal is ignored",
        "earlier",
        "ignored",
        "Change the last value. Which rows of the output change when causal is True?",
        "approximate-lsh",
    ),
)


def _lsh_attention_from(buckets: Function) -> Function:
    """Return attention among tokens that share what another answer takes for their buckets."""

    def lsh_attention(
        query_key: Tensor, value: Tensor, rotations: Tensor, chunk_size: int, causal: bool = False
    ) -> Tensor:
        return implementations.among_tokens_that_meet(
            buckets(query_key, rotations), query_key, value, chunk_size, causal
        )

    return lsh_attention


MODEL = FaultModel(
    exercise="lsh_attention",
    implementation=implementations.faulty_lsh_attention,
    faults=FAULTS,
    probes=probes.lsh_attention_probes(),
    equivalents=(
        equivalents.lsh_by_one_mask,
        equivalents.lsh_by_counting_rounds,
        equivalents.lsh_by_sets,
        equivalents.lsh_round_by_round,
        equivalents.lsh_in_sorted_order,
    ),
    read="approximate-lsh",
    same=absorbed(
        "the tokens are not sorted",
        "the sort is not undone",
        "the sort is undone by sorting again",
    ),
    uses=(
        implementations.faulty_lsh_buckets,
        implementations.shared_scores,
        implementations.in_reach,
        implementations.attended,
        implementations.among_tokens_that_meet,
    ),
    follow_through=FollowThrough("lsh_buckets", _lsh_attention_from),
)
