"""The known mistakes of `local_attention`, by name."""

from __future__ import annotations

from autograder.faults.equivalents import efficient as equivalents
from autograder.faults.implementations import efficient as implementations
from autograder.faults.model import Fault, FaultModel, absorbed
from autograder.faults.probes import efficient as probes

FAULTS = (
    Fault(
        "one key too many is seen",
        "band",
        "one more",
        "How many keys does the last query see? Its own is one of them.",
        "efficient-local",
    ),
    Fault(
        "one key too few is seen",
        "band",
        "one less",
        "With a window of 1 a query sees its own key. What does your band leave it?",
        "efficient-local",
    ),
    Fault(
        "the whole block before is seen",
        "band",
        "no lower limit",
        "Two blocks hold twice as many keys as the window. Which must the last query of a block "
        "not see?",
        "efficient-local",
    ),
    Fault(
        "later keys of a block are seen",
        "band",
        "later keys",
        "Change the last key of the sequence. Whose output may change with it?",
        "efficient-local",
    ),
    Fault(
        "the band is read the wrong way round",
        "band",
        "inverted",
        "Where is your band True: at what a query may see, or at what you fill?",
        "efficient-local",
    ),
    Fault(
        "the block before is missing",
        "neighbor",
        "none",
        "The first query of a block has one key of its own block behind it. Where are the others?",
        "efficient-local",
    ),
    Fault(
        "the block after takes the place of the one before",
        "neighbor",
        "after",
        "Write the numbers of the blocks beside one another. Which one stands beside block 1?",
        "efficient-local",
    ),
    Fault(
        "zeros before the first position are attended to",
        "neighbor",
        "zeros",
        "A key of zeros has the score 0, and exp(0) is 1. How many keys does the first query have?",
        "efficient-local",
    ),
    Fault(
        "the first block sees the last one",
        "neighbor",
        "wraps around",
        "What does roll put beside the first block?",
        "efficient-local",
    ),
    Fault(
        "the last, shorter block is dropped",
        "partial",
        "cut off",
        "How many blocks does a sequence of 5 have with a window of 2? Division rounds down.",
        "efficient-local",
    ),
    Fault(
        "what fills the last block comes back",
        "partial",
        "returned",
        "How many rows came in, and how many go out?",
        "efficient-local",
    ),
    Fault(
        "the zeros that fill up the sequence are attended to",
        "partial",
        "in front",
        "Zeros in front stand before every query. What hides them from the first ones?",
        "efficient-local",
    ),
    Fault(
        "only whole blocks work",
        "partial",
        "refused",
        "What can you add to a sequence of 5 so that blocks of 2 fit, and what must hide it?",
        "efficient-local",
    ),
    Fault(
        "the scores are not scaled",
        "scale",
        "none",
        "A block changes which scores are computed. Does it change what a score is?",
        "efficient-local",
    ),
    Fault(
        "the scores are divided by d_head",
        "scale",
        "d_head",
        "With what does the spread of a sum of d_head products grow?",
        "efficient-local",
    ),
    Fault(
        "the query is scaled in place",
        "scale",
        "in place",
        "Call your function twice with the same tensors. Does it return the same?",
        "efficient-local",
    ),
    Fault(
        "the two blocks are normalized apart",
        "softmax",
        "each block",
        "What do the weights of one query sum to, over all the keys that it sees?",
        "efficient-local",
    ),
    Fault(
        "hidden scores are set to 0",
        "softmax",
        "0",
        "exp(0) is 1. What score must a key have so that its exponential is 0?",
        "efficient-local",
    ),
    Fault(
        "the softmax runs over the queries",
        "softmax",
        "queries",
        "Which axis of a block's scores are the keys?",
        "efficient-local",
    ),
    Fault(
        "a window longer than the sequence is accepted",
        "refused",
        "too long passes",
        "What should happen with a window of 6 and 5 positions?",
        "efficient-local",
    ),
    Fault(
        "a window below 1 ends in another error",
        "refused",
        "too short passes",
        "Into how many blocks of 0 can you cut a sequence? What should the error tell?",
        "efficient-local",
    ),
    Fault(
        "the refusal does not say the numbers",
        "refused",
        "no values",
        "Whoever reads your error wants to know which window, and for how many positions.",
        "efficient-local",
    ),
)

# A block that sees itself alone has no other one to look too far into or to be joined with, and
# zeros add nothing where they are not normalized with what is real. Zeros that are seen score 0,
# as what is filled with 0 does. In a circle it does not matter where zeros stand.
SAME = {
    **absorbed(
        "the block before is missing",
        "one key too many is seen",
        "the whole block before is seen",
        "the two blocks are normalized apart",
    ),
    **absorbed(
        "zeros before the first position are attended to",
        "the zeros that fill up the sequence are attended to",
    ),
    **absorbed(
        "the first block sees the last one",
        "the zeros that fill up the sequence are attended to",
    ),
    **absorbed(
        "the two blocks are normalized apart",
        "zeros before the first position are attended to",
    ),
    **absorbed(
        "the softmax runs over the queries", "zeros before the first position are attended to"
    ),
    **absorbed("hidden scores are set to 0", "zeros before the first position are attended to"),
}

MODEL = FaultModel(
    exercise="local_attention",
    implementation=implementations.faulty_local_attention,
    faults=FAULTS,
    probes=probes.local_attention_probes(),
    equivalents=(
        equivalents.local_by_full_mask,
        equivalents.local_by_slices,
        equivalents.local_by_unfold,
        equivalents.local_by_offsets,
        equivalents.local_by_blocks_filled_in_front,
    ),
    read="efficient-local",
    uses=(
        implementations.refuse_window,
        implementations.into_blocks,
        implementations.with_neighbor,
        implementations.seen_in_blocks,
        implementations.softmax_of_visible,
    ),
    trial=probes.trial_of_windows,
    same=SAME,
)
