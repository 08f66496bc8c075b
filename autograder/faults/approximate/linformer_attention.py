"""The known mistakes of `linformer_attention`, by name."""

from __future__ import annotations

from autograder.faults.equivalents import approximate as equivalents
from autograder.faults.implementations import approximate as implementations
from autograder.faults.model import Fault, FaultModel, absorbed
from autograder.faults.probes import approximate as probes

FAULTS = (
    Fault(
        "the features are projected, not the keys",
        "maps",
        "of features",
        "Which axis should become shorter? How many scores does a query have at the end?",
        "approximate-linformer",
    ),
    Fault(
        "the queries are projected too",
        "queries",
        "projected",
        "How many rows has the output? How many should it have?",
        "approximate-linformer",
    ),
    Fault(
        "the key map serves for the values as well",
        "maps",
        "key map for both",
        "There are two maps. Change the second: does your output change?",
        "approximate-linformer",
    ),
    Fault(
        "the value map serves for the keys as well",
        "maps",
        "value map for both",
        "There are two maps. Change the first: does your output change?",
        "approximate-linformer",
    ),
    Fault(
        "the two maps are swapped",
        "maps",
        "swapped",
        "Which of the two maps belongs to the softmax, which to what it weighs?",
        "approximate-linformer",
    ),
    Fault(
        "the maps are reshaped where they should be transposed",
        "turned",
        "reshaped",
        "Write down a map of three rows and two columns. Where does its element [2, 0] go?",
        "approximate-linformer",
    ),
    Fault(
        "the maps go through a softmax",
        "columns",
        "softmax",
        "May a map hold negative numbers? Who decides what its columns sum to?",
        "approximate-linformer",
    ),
    Fault(
        "the mixtures are divided by the number of keys",
        "columns",
        "mean",
        "Put in identities. Is a mixture of one key that key?",
        "approximate-linformer",
    ),
    Fault(
        "the scale is the root of the rank",
        "scale",
        "rank",
        "Over which axis does a score sum? How long is that axis?",
        "approximate-linformer",
    ),
    Fault(
        "the scale is the root of the number of keys",
        "scale",
        "keys",
        "Over which axis does a score sum? Is it as long as the sequence?",
        "approximate-linformer",
    ),
    Fault(
        "the scores are not scaled",
        "scale",
        "none",
        "What stands under the fraction in attention's formula? Has that changed?",
        "approximate-linformer",
    ),
    Fault(
        "the softmax comes before the mixing",
        "normalized",
        "before mixing",
        "How many numbers does your softmax take? What did that cost?",
        "approximate-linformer",
    ),
    Fault(
        "the softmax runs over the queries",
        "normalized",
        "over the queries",
        "Whose weights should sum to one: a query's or a mixture's?",
        "approximate-linformer",
    ),
    Fault(
        "maps that are too long are cut",
        "refusal",
        "passes",
        "A map was learned for one length. What is left of a mixture without its last keys?",
        "approximate-linformer",
    ),
    Fault(
        "a map of another length fails by itself",
        "refusal",
        "fails by itself",
        "Read your error as someone who called the function. Does it say what was wrong?",
        "approximate-linformer",
    ),
    Fault(
        "the error does not say both lengths",
        "refusal",
        "no numbers",
        "Which two numbers does a reader of your message need?",
        "approximate-linformer",
    ),
)

MODEL = FaultModel(
    exercise="linformer_attention",
    implementation=implementations.faulty_linformer,
    faults=FAULTS,
    probes=probes.linformer_attention_probes(),
    equivalents=(
        equivalents.linformer_by_einsum,
        equivalents.linformer_by_torch,
        equivalents.linformer_by_mixing_the_scores,
        equivalents.linformer_by_transposing_the_keys,
        equivalents.linformer_by_loops,
    ),
    read="approximate-linformer",
    # Where features are projected, there are as many of them as keys.
    same=absorbed(
        "the features are projected, not the keys",
        "the scale is the root of the number of keys",
        "the softmax comes before the mixing",
    ),
    uses=(implementations.refuse_counts,),
    trial=probes.trial_of_counts,
)
