"""The known mistakes of `attention_flops`, by name."""

from __future__ import annotations

from autograder.faults.equivalents import efficient as equivalents
from autograder.faults.implementations import efficient as implementations
from autograder.faults.model import Fault, FaultModel
from autograder.faults.probes import efficient as probes

FAULTS = (
    Fault(
        "half of the FLOPs are counted",
        "counted",
        "half",
        "How many matrix products are there? How many FLOPs is a multiplication with its addition?",
        "efficient-cost",
    ),
    Fault(
        "a quarter of the FLOPs is counted",
        "counted",
        "a quarter",
        "Count by hand with one query, one key and a width of 1. What is computed after the score?",
        "efficient-cost",
    ),
    Fault(
        "each sum has one addition less",
        "counted",
        "one addition less",
        "Exact, and not what the world counts. How many FLOPs has each multiplication here?",
        "efficient-cost",
    ),
    Fault(
        "num_heads is forgotten",
        "heads",
        "forgotten",
        "What do two heads compute that one does not?",
        "efficient-cost",
    ),
    Fault(
        "causal is ignored",
        "pairs",
        "all",
        "How many of the keys does the first of three positions see?",
        "efficient-cost",
    ),
    Fault(
        "a causal mask lets half of the pairs through",
        "pairs",
        "half",
        "Draw the table for 3 positions. How many pairs are on the diagonal, how many below it?",
        "efficient-cost",
    ),
    Fault(
        "a causal query does not see its own position",
        "pairs",
        "not itself",
        "How many keys does the first position see?",
        "efficient-cost",
    ),
    Fault(
        "the first causal query stands at the first key",
        "pairs",
        "first corner",
        "With 1 new query and 7 keys, how many keys does the query see?",
        "efficient-cost",
    ),
    Fault(
        "the causal triangle has a side for each query",
        "pairs",
        "triangle of queries",
        "Draw the table for 5 queries and 2 keys. Is it a triangle?",
        "efficient-cost",
    ),
    Fault(
        "the causal triangle has a side for each key",
        "pairs",
        "triangle of keys",
        "How many rows has the table when there are 2 queries and 5 keys?",
        "efficient-cost",
    ),
    Fault(
        "causal queries before the first key count less than nothing",
        "pairs",
        "less than nothing",
        "With 5 queries and 2 keys, where does the first query stand? How many keys are there?",
        "efficient-cost",
    ),
    Fault(
        "the keys are not counted",
        "pairs",
        "queries twice",
        "A score belongs to a query and a key. How many have 2 queries and 3 keys?",
        "efficient-cost",
    ),
    Fault(
        "the queries are not counted",
        "pairs",
        "keys twice",
        "A score belongs to a query and a key. How many have 2 queries and 3 keys?",
        "efficient-cost",
    ),
    Fault(
        "d_head is squared",
        "width",
        "squared",
        "How many products make one score? A matrix of d by d is a projection's: is there one?",
        "efficient-cost",
    ),
    Fault(
        "the result is a float",
        "kind",
        "float",
        "Which of Python's divisions gives a whole number?",
        "efficient-cost",
    ),
)

MODEL = FaultModel(
    exercise="attention_flops",
    implementation=implementations.faulty_attention_flops,
    faults=FAULTS,
    probes=probes.attention_flops_probes(),
    equivalents=(
        equivalents.flops_by_loops,
        equivalents.flops_by_rows,
        equivalents.flops_by_mask,
        equivalents.flops_by_what_is_hidden,
        equivalents.flops_by_products,
    ),
    read="efficient-cost",
    uses=(implementations.causal_pairs,),
)
