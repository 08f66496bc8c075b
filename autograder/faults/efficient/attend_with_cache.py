"""The known mistakes of `attend_with_cache`, by name."""

from __future__ import annotations

from autograder.faults.equivalents import efficient as equivalents
from autograder.faults.implementations import efficient as implementations
from autograder.faults.model import Fault, FaultModel, absorbed
from autograder.faults.probes import efficient as probes

FAULTS = (
    Fault(
        "positions start at 0 again",
        "seen",
        "from 0",
        "With 3 keys in the cache, at which key does the first new query stand?",
        "efficient-cache",
    ),
    Fault(
        "each query sees one key ahead",
        "seen",
        "one ahead",
        "The first of two new queries: how many of the new keys may it see?",
        "efficient-cache",
    ),
    Fault(
        "a new query does not see its own key",
        "seen",
        "own hidden",
        "With an empty cache, what is there for the first query to see?",
        "efficient-cache",
    ),
    Fault(
        "new positions see each other's future",
        "seen",
        "all",
        "A chunk holds several positions. Which of them did not exist yet for the first?",
        "efficient-cache",
    ),
    Fault(
        "only the cache is attended to",
        "seen",
        "old alone",
        "When are the new keys joined to the cache: before the scores are computed, or after?",
        "efficient-cache",
    ),
    Fault(
        "the cache is not attended to",
        "seen",
        "new alone",
        "Change a key of the cache. Does your output notice?",
        "efficient-cache",
    ),
    Fault(
        "the new stands before the old",
        "order",
        "new first",
        "The place of a key in the cache is its position. Where does the newest one go?",
        "efficient-cache",
    ),
    Fault(
        "the cache comes back without the new",
        "returned",
        "old",
        "How long is the cache that the next call gets, and how long should it be?",
        "efficient-cache",
    ),
    Fault(
        "only the new comes back as the cache",
        "returned",
        "new",
        "What will the next call know of the positions before these?",
        "efficient-cache",
    ),
    Fault(
        "the cache does not come back",
        "returned",
        "output",
        "Where does the next call get its keys and values from? Three things are returned.",
        "efficient-cache",
    ),
    Fault(
        "keys and values come back in the wrong order",
        "returned",
        "swapped",
        "Which of the two caches comes first in the arguments, and which in what you return?",
        "efficient-cache",
    ),
    Fault(
        "the mask is not used",
        "masking",
        "ignored",
        "Hide a key of the cache by the mask and change it. Does your output change?",
        "efficient-cache",
    ),
    Fault(
        "the mask takes the place of causality",
        "masking",
        "alone",
        "The mask says what is hidden besides. Which keys stay hidden whatever it says?",
        "efficient-cache",
    ),
    Fault(
        "the mask is read the wrong way round",
        "masking",
        "inverted",
        "In this course True means: may attend. Which of the scores do you fill?",
        "efficient-cache",
    ),
    Fault(
        "a query that sees nothing gives NaN",
        "hidden",
        "nan",
        "What is the softmax of a row of nothing but minus infinity, and what should come out?",
        "efficient-cache",
    ),
    Fault(
        "a query that sees nothing gets the mean of all values",
        "hidden",
        "-1e9",
        "What does the softmax make of a row of equal scores, however low they are?",
        "efficient-cache",
    ),
    Fault(
        "the scores are not scaled",
        "scale",
        "none",
        "A cache changes what is computed again. Does it change what a score is?",
        "efficient-cache",
    ),
    Fault(
        "the scores are divided by d_head",
        "scale",
        "d_head",
        "With what does the spread of a sum of d_head products grow?",
        "efficient-cache",
    ),
    Fault(
        "the new keys go into the cache of values",
        "written",
        "keys",
        "Two caches, two new tensors. Which one did you join to cache_value?",
        "efficient-cache",
    ),
    Fault(
        "an empty cache is not accepted",
        "empty_cache",
        "refused",
        "What does the very first call of a generation pass as its cache?",
        "efficient-cache",
    ),
    Fault(
        "the old cache is overwritten",
        "cache",
        "overwritten",
        "Somebody goes on from the same cache a second time, with other words. What do they find?",
        "efficient-cache",
    ),
)

# Where the mask is not used, or nothing else hides a key, the other mistake has nothing to do.
SAME = {
    **absorbed("new positions see each other's future", "the mask takes the place of causality"),
    **absorbed(
        "the mask is not used",
        "a query that sees nothing gives NaN",
        "a query that sees nothing gets the mean of all values",
    ),
}

MODEL = FaultModel(
    exercise="attend_with_cache",
    implementation=implementations.faulty_attend_with_cache,
    faults=FAULTS,
    probes=probes.attend_with_cache_probes(),
    equivalents=(
        equivalents.cache_by_triangle,
        equivalents.cache_one_by_one,
        equivalents.cache_by_einsum,
        equivalents.cache_in_prepared_memory,
        equivalents.cache_by_torch,
    ),
    read="efficient-cache",
    uses=(implementations.seen_with_cache, implementations.softmax_of_visible),
    same=SAME,
)
