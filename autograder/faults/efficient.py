"""The known mistakes of the sheet `efficient`, by name."""

from __future__ import annotations

from autograder.faults.equivalents import efficient as equivalents
from autograder.faults.implementations import efficient as implementations
from autograder.faults.model import Fault, FaultModel
from autograder.faults.probes import efficient as probes

ATTENTION_FLOPS_FAULTS = (
    # FILL: at least eight. A name says what the code does, not what the learner should feel;
    # a hint asks a question and gives nothing away.
    Fault(
        "FILL: what the answer does",
        "fill",
        "wrong",
        "FILL: what to think about?",
        "efficient-attention-flops",
    ),
)

ONLINE_SOFTMAX_FAULTS = (
    # FILL: at least eight. A name says what the code does, not what the learner should feel;
    # a hint asks a question and gives nothing away.
    Fault(
        "FILL: what the answer does",
        "fill",
        "wrong",
        "FILL: what to think about?",
        "efficient-online-softmax",
    ),
)

TILED_ATTENTION_FAULTS = (
    # FILL: at least eight. A name says what the code does, not what the learner should feel;
    # a hint asks a question and gives nothing away.
    Fault(
        "FILL: what the answer does",
        "fill",
        "wrong",
        "FILL: what to think about?",
        "efficient-tiled-attention",
    ),
)

SLIDING_WINDOW_MASK_FAULTS = (
    Fault(
        "the window is one key too wide",
        "width",
        "one more",
        "How many keys does the last query see? Its own is one of them.",
        "efficient-window",
    ),
    Fault(
        "the window is one key too narrow",
        "width",
        "one less",
        "What should a window of 1 show, and what does yours show?",
        "efficient-window",
    ),
    Fault(
        "the window is twice as wide",
        "width",
        "twice",
        "Count the keys in one row. Is that the window, or what a block and its neighbor hold?",
        "efficient-window",
    ),
    Fault(
        "keys of the same block are seen, not the nearest ones",
        "width",
        "blocks",
        "The window slides along with the query. What does the first query of a second block see?",
        "efficient-window",
    ),
    Fault(
        "the window does not end where it should",
        "width",
        "no limit",
        "How far back may the last query look? Count what it sees in your mask.",
        "efficient-window",
    ),
    Fault(
        "a query does not see its own key",
        "own",
        "hidden",
        "Which distance does a query have to its own key, and does your condition allow it?",
        "efficient-window",
    ),
    Fault(
        "the window looks ahead, not back",
        "sides",
        "to the right",
        "Rows are queries, columns are keys. On which side of the diagonal do earlier keys lie?",
        "efficient-window",
    ),
    Fault(
        "both sides are seen although it is causal",
        "sides",
        "always both",
        "Generate text with this mask: whose word does a query see that is not written yet?",
        "efficient-window",
    ),
    Fault(
        "later keys stay hidden although it is not causal",
        "sides",
        "always behind",
        "Try causal=False. What should the first query see besides its own key?",
        "efficient-window",
    ),
    Fault(
        "causal is read the wrong way round",
        "sides",
        "swapped",
        "Print the mask for both settings. Which of the two is a triangle's edge?",
        "efficient-window",
    ),
    Fault(
        "both sides share one window",
        "sides",
        "half",
        "Here the window counts what is seen on each side, the query's own key included. "
        "How many keys is that in all?",
        "efficient-window",
    ),
    Fault(
        "the mask says what is hidden",
        "kind",
        "true hides",
        "In this course True means: may attend. What does your diagonal hold?",
        "efficient-window",
    ),
    Fault(
        "the mask holds numbers, not booleans",
        "kind",
        "float",
        "Which dtype does a mask have in this course? Print yours.",
        "efficient-window",
    ),
    Fault(
        "the mask is made to be added to the scores",
        "kind",
        "additive",
        "What type is your mask? Who turns it into minus infinity, you or whoever uses it?",
        "efficient-window",
    ),
    Fault(
        "a window longer than the sequence passes",
        "refused",
        "too long passes",
        "What should happen with a window of 6 and 4 queries?",
        "efficient-window",
    ),
    Fault(
        "a window below 1 passes",
        "refused",
        "too short passes",
        "What would a query see through a window of 0? Should that go by unnoticed?",
        "efficient-window",
    ),
    Fault(
        "the error does not say the numbers",
        "refused",
        "no values",
        "Whoever reads your error wants to know which window, and for how many positions.",
        "efficient-window",
    ),
)

LOCAL_ATTENTION_FAULTS = (
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

ATTEND_WITH_CACHE_FAULTS = (
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

GROUPED_QUERY_ATTENTION_FAULTS = (
    Fault(
        "heads of keys are dealt out in turn",
        "sharing",
        "tiled",
        "Write down for each query head which head of keys it reads. Are neighbors in one group? "
        "What sets repeat apart from repeat_interleave?",
        "efficient-grouped",
    ),
    Fault(
        "only the values are dealt out in turn",
        "sharing",
        "values tiled",
        "A query head takes its keys and its values from one and the same head. Do both go "
        "the same way in your code?",
        "efficient-grouped",
    ),
    Fault(
        "only the first head of keys is used",
        "sharing",
        "first",
        "Change the last head of keys and values. Does any output change?",
        "efficient-grouped",
    ),
    Fault(
        "heads of keys are averaged",
        "sharing",
        "averaged",
        "How many heads of keys does one query head read from?",
        "efficient-grouped",
    ),
    Fault(
        "groups are in reverse order",
        "sharing",
        "reversed",
        "Which head of keys does query head 0 read from?",
        "efficient-grouped",
    ),
    Fault(
        "the query heads of a group are averaged",
        "queries",
        "averaged",
        "What is shared in a group, and what does each head keep for itself?",
        "efficient-grouped",
    ),
    Fault(
        "the output's heads are out of order",
        "heads",
        "transposed",
        "You made two axes of the heads, groups and members. Which is the outer one, on the way "
        "in and on the way out?",
        "efficient-grouped",
    ),
    Fault(
        "the scores are not scaled",
        "scale",
        "none",
        "Sharing keys changes which keys are read. Does it change what a score is?",
        "efficient-grouped",
    ),
    Fault(
        "the scores are divided by d_head",
        "scale",
        "d_head",
        "With what does the spread of a sum of d_head products grow?",
        "efficient-grouped",
    ),
    Fault(
        "the scores are scaled by the size of a group",
        "scale",
        "group",
        "A score is a sum over the features of one head. Does it matter how many heads share it?",
        "efficient-grouped",
    ),
    Fault(
        "the scores are scaled by the width of all heads",
        "scale",
        "d_model",
        "Over how many features does one score sum?",
        "efficient-grouped",
    ),
    Fault(
        "the query is scaled in place",
        "scale",
        "in place",
        "Call your function twice with the same tensors. Does it return the same?",
        "efficient-grouped",
    ),
    Fault(
        "the mask is not used",
        "masking",
        "ignored",
        "Change a key that the mask hides. Does your output change?",
        "efficient-grouped",
    ),
    Fault(
        "the mask is read the wrong way round",
        "masking",
        "true hides",
        "In this course True means: may attend. Which of the scores do you fill?",
        "efficient-grouped",
    ),
    Fault(
        "a group shares the mask of its first head",
        "masking",
        "first of a group",
        "Keys are shared in a group. Whose are the masks: those of the keys, or of the queries?",
        "efficient-grouped",
    ),
    Fault(
        "only a mask with four axes works",
        "masking",
        "four axes",
        "A mask broadcasts against (batch, heads, queries, keys). Try a causal one of two axes.",
        "efficient-grouped",
    ),
    Fault(
        "a query that sees nothing gives NaN",
        "hidden",
        "nan",
        "What is the softmax of a row of nothing but minus infinity, and what should come out?",
        "efficient-grouped",
    ),
    Fault(
        "a query that sees nothing gets the mean of all values",
        "hidden",
        "-1e9",
        "What does the softmax make of a row of equal scores, however low they are?",
        "efficient-grouped",
    ),
    Fault(
        "heads that cannot be shared out raise another error",
        "refused",
        "nothing",
        "Share 3 query heads out among 2 heads of keys. What should whoever tries it read?",
        "efficient-grouped",
    ),
    Fault(
        "the error does not say the numbers",
        "refused",
        "no values",
        "Whoever reads your error wants to know how many heads there are of each kind.",
        "efficient-grouped",
    ),
)

# Sets on the left are the same function as those on the right: no probe can tell them apart.
# A block that sees itself alone has no other one to look too far into or to be joined with, and
# zeros add nothing where they are not normalized with what is real. Zeros that are seen score 0,
# as what is filled with 0 does. In a circle it does not matter where zeros stand.
SAME_IN_BLOCKS = {
    frozenset({first, second}): frozenset({first})
    for first, second in (
        ("the block before is missing", "one key too many is seen"),
        ("the block before is missing", "the whole block before is seen"),
        ("the block before is missing", "the two blocks are normalized apart"),
        (
            "zeros before the first position are attended to",
            "the zeros that fill up the sequence are attended to",
        ),
        (
            "the first block sees the last one",
            "the zeros that fill up the sequence are attended to",
        ),
        (
            "the two blocks are normalized apart",
            "zeros before the first position are attended to",
        ),
        ("the softmax runs over the queries", "zeros before the first position are attended to"),
        ("hidden scores are set to 0", "zeros before the first position are attended to"),
    )
}
# Where the mask is not used, or nothing else hides a key, the other mistake has nothing to do.
SAME_WITH_A_CACHE = {
    frozenset({first, second}): frozenset({first})
    for first, second in (
        ("new positions see each other's future", "the mask takes the place of causality"),
        ("the mask is not used", "a query that sees nothing gives NaN"),
        ("the mask is not used", "a query that sees nothing gets the mean of all values"),
    )
}
SAME_IN_GROUPS = {
    frozenset({"the mask is not used", f"a query that sees nothing {result}"}): frozenset(
        {"the mask is not used"}
    )
    for result in ("gives NaN", "gets the mean of all values")
}

MODELS = (
    FaultModel(
        exercise="attention_flops",
        implementation=implementations.faulty_attention_flops,
        faults=ATTENTION_FLOPS_FAULTS,
        probes=probes.attention_flops_probes(),
        equivalents=(equivalents.attention_flops_by_fill,),
        read="efficient-attention-flops",
    ),
    FaultModel(
        exercise="online_softmax",
        implementation=implementations.faulty_online_softmax,
        faults=ONLINE_SOFTMAX_FAULTS,
        probes=probes.online_softmax_probes(),
        equivalents=(equivalents.online_softmax_by_fill,),
        read="efficient-online-softmax",
    ),
    FaultModel(
        exercise="tiled_attention",
        implementation=implementations.faulty_tiled_attention,
        faults=TILED_ATTENTION_FAULTS,
        probes=probes.tiled_attention_probes(),
        equivalents=(equivalents.tiled_attention_by_fill,),
        read="efficient-tiled-attention",
    ),
    FaultModel(
        exercise="sliding_window_mask",
        implementation=implementations.faulty_sliding_window_mask,
        faults=SLIDING_WINDOW_MASK_FAULTS,
        probes=probes.sliding_window_mask_probes(),
        equivalents=(
            equivalents.window_by_comparison,
            equivalents.window_by_triangles,
            equivalents.window_by_rows,
            equivalents.window_by_lists,
            equivalents.window_by_difference,
        ),
        read="efficient-window",
        uses=(implementations.refuse_window,),
        trial=probes.trial_of_window_masks,
    ),
    FaultModel(
        exercise="local_attention",
        implementation=implementations.faulty_local_attention,
        faults=LOCAL_ATTENTION_FAULTS,
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
        same=SAME_IN_BLOCKS,
    ),
    FaultModel(
        exercise="attend_with_cache",
        implementation=implementations.faulty_attend_with_cache,
        faults=ATTEND_WITH_CACHE_FAULTS,
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
        same=SAME_WITH_A_CACHE,
    ),
    FaultModel(
        exercise="grouped_query_attention",
        implementation=implementations.faulty_grouped_query_attention,
        faults=GROUPED_QUERY_ATTENTION_FAULTS,
        probes=probes.grouped_query_attention_probes(),
        equivalents=(
            equivalents.groups_by_repeat_interleave,
            equivalents.groups_head_by_head,
            equivalents.groups_by_einsum,
            equivalents.groups_by_expand,
            equivalents.groups_by_torch,
        ),
        read="efficient-grouped",
        uses=(
            implementations.refuse_groups,
            implementations.shared_heads,
            implementations.visible_in_groups,
            implementations.softmax_of_visible,
        ),
        trial=probes.trial_of_groups,
        same=SAME_IN_GROUPS,
    ),
)
