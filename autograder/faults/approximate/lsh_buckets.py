"""The known mistakes of `lsh_buckets`, by name."""

from __future__ import annotations

from autograder.faults.equivalents import approximate as equivalents
from autograder.faults.implementations import approximate as implementations
from autograder.faults.model import Fault, FaultModel, absorbed
from autograder.faults.probes import approximate as probes

FAULTS = (
    Fault(
        "opposites have no bucket of their own",
        "directions",
        "positive alone",
        "How many buckets do two columns make? Where does a vector go that points away from both?",
        "approximate-buckets",
    ),
    Fault(
        "a vector and its opposite share a bucket",
        "directions",
        "sizes",
        "What is the angle between x and -x? Should they meet?",
        "approximate-buckets",
    ),
    Fault(
        "the opposites come first",
        "directions",
        "opposites first",
        "Which number has a vector that lies along column 0? And did you take the largest product?",
        "approximate-buckets",
    ),
    Fault(
        "each direction stands beside its opposite",
        "directions",
        "side by side",
        "Which number has the bucket of a vector that lies along column 1?",
        "approximate-buckets",
    ),
    Fault(
        "the opposites stand in reverse",
        "directions",
        "mirrored",
        "Take a vector along column 0. Which number has the bucket of its opposite?",
        "approximate-buckets",
    ),
    Fault(
        "the signs make the number",
        "directions",
        "signs",
        "That is another hash. How many buckets do four columns make with it, and how many here?",
        "approximate-buckets",
    ),
    Fault(
        "a tie goes to the highest number",
        "ties",
        "last",
        "Into which bucket does a vector of zeros fall?",
        "approximate-buckets",
    ),
    Fault(
        "the rotations of the rounds are mixed up",
        "rounds",
        "mixed up",
        "The first axis is the round. May a reshape move numbers past it?",
        "approximate-rounds",
    ),
    Fault(
        "every round is the first one",
        "rounds",
        "the first alone",
        "Compare the rows of your result. Should two rounds agree on everything?",
        "approximate-rounds",
    ),
    Fault(
        "the rounds are the last axis",
        "axes",
        "length rounds",
        "Print the shape for three rounds of seven vectors.",
        "approximate-buckets",
    ),
    Fault(
        "the rounds are counted on",
        "offset",
        "by rounds",
        "Some code sorts all rounds at once, and needs this. At which number does a round begin?",
        "approximate-rounds",
    ),
    Fault(
        "the numbers are int32",
        "kind",
        "int32",
        "Which dtype does an index have in torch?",
        "approximate-buckets",
    ),
)

MODEL = FaultModel(
    exercise="lsh_buckets",
    implementation=implementations.faulty_lsh_buckets,
    faults=FAULTS,
    probes=probes.lsh_buckets_probes(),
    equivalents=(
        equivalents.buckets_by_einsum,
        equivalents.buckets_by_rounds,
        equivalents.buckets_by_sizes_and_signs,
        equivalents.buckets_by_sorting,
        equivalents.buckets_by_flat_rotations,
    ),
    read="approximate-buckets",
    same=absorbed("the signs make the number", "a tie goes to the highest number"),
)
