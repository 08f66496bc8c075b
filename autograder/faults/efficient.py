"""The known mistakes of the sheet `efficient`, by name."""

from __future__ import annotations

from autograder.faults.equivalents import efficient as equivalents
from autograder.faults.implementations import efficient as implementations
from autograder.faults.model import Fault, FaultModel
from autograder.faults.probes import efficient as probes
from autograder.faults.refusals import trial_of_refusals

ATTENTION_FLOPS_FAULTS = (
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

ONLINE_SOFTMAX_FAULTS = (
    Fault(
        "the maximum starts at 0",
        "largest",
        "from 0",
        "Let every score be -1000. What is the largest of them, and what is it in your code?",
        "efficient-online-softmax",
    ),
    Fault(
        "the maximum is that of the last block",
        "largest",
        "last block",
        "Put a huge score into the first block. What does your code take the exponential of?",
        "efficient-online-softmax",
    ),
    Fault(
        "no maximum is subtracted",
        "largest",
        "none",
        "What is exp(1000) in float32?",
        "efficient-online-softmax",
    ),
    Fault(
        "one maximum serves all rows",
        "largest",
        "of all rows",
        "Put a row of zeros beside one of thousands. What is left of the zeros?",
        "efficient-online-softmax",
    ),
    Fault(
        "the sum is not rescaled when the maximum grows",
        "total",
        "kept",
        "The sum so far holds exp(score - old maximum). And the terms that you add next?",
        "efficient-online-softmax",
    ),
    Fault(
        "the sum is rescaled the wrong way",
        "total",
        "the wrong way",
        "When the maximum grows, do earlier terms become smaller or larger beside the new ones?",
        "efficient-online-softmax",
    ),
    Fault(
        "the sum is that of the last block",
        "total",
        "of the last block",
        "Scores 0, 0, 0, 0 in blocks of 2: what do your weights sum to?",
        "efficient-online-softmax",
    ),
    Fault(
        "each block is a softmax by itself",
        "total",
        "each block by itself",
        "What do your weights of a whole row sum to?",
        "efficient-online-softmax",
    ),
    Fault(
        "each block is divided by the sum so far",
        "total",
        "so far",
        "When you divide the first block, how much of the sum do you know?",
        "efficient-online-softmax",
    ),
    Fault(
        "the weights are not divided by their sum",
        "total",
        "never divided by",
        "What do your weights sum to?",
        "efficient-online-softmax",
    ),
    Fault(
        "a last, shorter block is not in the sum",
        "blocks",
        "last not summed",
        "With 5 scores in blocks of 2, where does the last block begin?",
        "efficient-online-softmax",
    ),
    Fault(
        "a last, shorter block gets no weight",
        "blocks",
        "last left out",
        "With 5 scores in blocks of 2, how many blocks are there?",
        "efficient-online-softmax",
    ),
    Fault(
        "a block_size below 1 passes",
        "blocks",
        "empty ones pass",
        "What does your loop do with a block_size of -1? Who will notice?",
        "efficient-online-softmax",
    ),
    Fault(
        "the error does not say the block_size",
        "blocks",
        "empty ones not named",
        "Read your message as somebody who made the mistake. Which number is missing?",
        "efficient-online-softmax",
    ),
    Fault(
        "a first block of -inf makes NaN",
        "empty",
        "nan in a block",
        "The maximum of nothing is -inf. What is -inf minus -inf?",
        "efficient-online-softmax",
    ),
    Fault(
        "the NaN of a first block of -inf becomes 0",
        "empty",
        "nan in a block, cleaned",
        "Are the other blocks of that row still right? Where was the NaN born?",
        "efficient-online-softmax",
    ),
    Fault(
        "an empty row divides 0 by 0",
        "empty",
        "nan at the end",
        "What is the sum of a row that is -inf everywhere?",
        "efficient-online-softmax",
    ),
    Fault(
        "an empty row's NaN is cleaned up, and not its gradient",
        "empty",
        "nan at the end, cleaned",
        "Call backward() beside a row that is -inf everywhere. Is every gradient finite?",
        "efficient-online-softmax",
    ),
    Fault(
        "the result is always float32",
        "result",
        "always float32",
        "Give it float16. Which dtype comes back?",
        "efficient-online-softmax",
    ),
    Fault(
        "no gradient reaches the scores",
        "result",
        "cut from the graph",
        "Call backward() on a sum of the weights. Where does the graph end?",
        "efficient-online-softmax",
    ),
    Fault(
        "the scores are changed in place",
        "result",
        "input changed",
        "Print the scores before and after the call. A slice is a view: what does `-=` do to it?",
        "efficient-online-softmax",
    ),
)

TILED_ATTENTION_FAULTS = (
    Fault(
        "the maximum starts at 0",
        "largest",
        "from 0",
        "Let every score be -1000. What is the largest of them, and what is it in your code?",
        "efficient-tiles",
    ),
    Fault(
        "the maximum is that of the last tile",
        "largest",
        "last block",
        "Put a huge score into the first tile. By which factor does your code rescale after it?",
        "efficient-tiles",
    ),
    Fault(
        "no maximum is subtracted",
        "largest",
        "none",
        "What is exp(1000) in float32?",
        "efficient-tiles",
    ),
    Fault(
        "neither output nor sum is rescaled",
        "total",
        "kept",
        "Both hold exp(score - old maximum). What becomes of them when the maximum grows?",
        "efficient-tiles",
    ),
    Fault(
        "the output is not rescaled",
        "total",
        "output kept",
        "The sum is carried over to the new maximum. What else was made with the old one?",
        "efficient-tiles",
    ),
    Fault(
        "the sum is not rescaled",
        "total",
        "sum kept",
        "The output is carried over to the new maximum. What else was made with the old one?",
        "efficient-tiles",
    ),
    Fault(
        "output and sum are rescaled the wrong way",
        "total",
        "the wrong way",
        "When the maximum grows, do earlier terms become smaller or larger beside the new ones?",
        "efficient-tiles",
    ),
    Fault(
        "each tile is a softmax by itself",
        "total",
        "each tile by itself",
        "Set every value to 1. What should come out, and what does?",
        "efficient-tiles",
    ),
    Fault(
        "the output is not divided by the sum",
        "total",
        "never divided by",
        "Set every value to 1. What should come out, and what does?",
        "efficient-tiles",
    ),
    Fault(
        "the last, shorter tile of keys is left out",
        "blocks",
        "last keys left out",
        "With 5 keys in tiles of 2, where does the last tile begin?",
        "efficient-tiles",
    ),
    Fault(
        "the last, shorter tile of queries is left out",
        "blocks",
        "last queries left out",
        "With 3 queries in tiles of 2, which rows of the output does your loop write?",
        "efficient-tiles",
    ),
    Fault(
        "a block_size below 1 passes",
        "blocks",
        "empty ones pass",
        "What does your loop do with a block_size of -1? Who will notice?",
        "efficient-tiles",
    ),
    Fault(
        "the error does not say the block_size",
        "blocks",
        "empty ones not named",
        "Read your message as somebody who made the mistake. Which number is missing?",
        "efficient-tiles",
    ),
    Fault(
        "causal is ignored",
        "order",
        "ignored",
        "Change the last key. Does the first output change with it?",
        "efficient-causal-tiles",
    ),
    Fault(
        "a query sees the next position too",
        "order",
        "one ahead",
        "With 3 positions, how many keys does the first query see?",
        "efficient-causal-tiles",
    ),
    Fault(
        "a query does not see its own position",
        "order",
        "not itself",
        "With 3 positions, how many keys does the first query see?",
        "efficient-causal-tiles",
    ),
    Fault(
        "the first query stands at the first key",
        "order",
        "first corner",
        "With 2 new queries and 5 keys, at which key does the last query stand?",
        "efficient-causal-tiles",
    ),
    Fault(
        "positions are counted from the tile's corner",
        "order",
        "counted in each tile",
        "A tile begins at row i and column j. Which positions have its first query and key?",
        "efficient-causal-tiles",
    ),
    Fault(
        "the tile on the diagonal is not masked inside",
        "order",
        "whole tiles",
        "Which tiles are neither fully seen nor fully hidden? What does their first row see?",
        "efficient-causal-tiles",
    ),
    Fault(
        "a mask turns causal off",
        "order",
        "off",
        "Give it both. Which keys may a query see then?",
        "efficient-causal-tiles",
    ),
    Fault(
        "scores are not scaled",
        "scale",
        "none",
        "How large is a sum of d_head products? Compare with the exact formula.",
        "efficient-tiles",
    ),
    Fault(
        "scores are divided by d_head, not by its root",
        "scale",
        "d_head",
        "Where do you divide by the root: at the queries, at the scores, or at both?",
        "efficient-tiles",
    ),
    Fault(
        "the mask is ignored",
        "empty",
        "mask ignored",
        "Change a key that the mask hides. Does your result change with it?",
        "efficient-tiles",
    ),
    Fault(
        "each tile reads the mask of the first keys",
        "empty",
        "mask of the first keys",
        "Which columns of the mask belong to the second tile of keys?",
        "efficient-tiles",
    ),
    Fault(
        "each tile reads the mask of the first queries",
        "masking",
        "first rows",
        "Which rows of the mask belong to the second tile of queries?",
        "efficient-tiles",
    ),
    Fault(
        "a mask that broadcasts is cut as if it did not",
        "masking",
        "not expanded",
        "A mask of shape (1, keys) fits all queries. What is its slice from row 2 to 4?",
        "efficient-tiles",
    ),
    Fault(
        "the mask is read the wrong way round",
        "masking",
        "true hides",
        "In this course True means: may attend. Which scores do you fill?",
        "efficient-tiles",
    ),
    Fault(
        "a first tile without a visible key makes NaN",
        "empty",
        "nan in a block",
        "The maximum of nothing is -inf. What is -inf minus -inf?",
        "efficient-tiles",
    ),
    Fault(
        "the NaN of a first, hidden tile becomes 0",
        "empty",
        "nan in a block, cleaned",
        "Are the later tiles of that query still in the output? Where was the NaN born?",
        "efficient-tiles",
    ),
    Fault(
        "a query that sees nothing divides 0 by 0",
        "empty",
        "nan at the end",
        "What is the sum of a query that sees no key? What should its output be?",
        "efficient-tiles",
    ),
    Fault(
        "an empty row's NaN is cleaned up, and not its gradient",
        "empty",
        "nan at the end, cleaned",
        "Call backward() where a query sees nothing. Is the gradient of value finite?",
        "efficient-tiles",
    ),
    Fault(
        "masked scores are set to -1e9",
        "empty",
        "mean of the values",
        "What is a softmax of equal scores? What should a query that sees nothing get?",
        "efficient-tiles",
    ),
    Fault(
        "the result is always float32",
        "result",
        "always float32",
        "Give it float16. Which dtype comes back?",
        "efficient-tiles",
    ),
    Fault(
        "the output is as wide as the query",
        "result",
        "as wide as the query",
        "Values may be wider than queries. Which tensor gives your output its shape?",
        "efficient-tiles",
    ),
    Fault(
        "no gradient reaches the inputs",
        "result",
        "cut from the graph",
        "Call backward() on a sum of the output. Where does the graph end?",
        "efficient-tiles",
    ),
    Fault(
        "the query is changed in place",
        "result",
        "input changed",
        "Print the query before and after the call. Which operation ends in `_` or `=`?",
        "efficient-tiles",
    ),
)


def _alone(by: str, *others: str) -> dict[frozenset[str], frozenset[str]]:
    """Return that ``by`` together with any of the others is the same function as ``by`` alone."""
    return {frozenset({by, other}): frozenset({by}) for other in others}


NAN_AT_THE_END = "an empty row divides 0 by 0"
NAN_ON_THE_WAY_BACK = "an empty row's NaN is cleaned up, and not its gradient"
ONLINE_SAME = {
    # From 0 or without a maximum, there is no maximum of nothing.
    **_alone(
        "the maximum starts at 0",
        "a first block of -inf makes NaN",
        "the NaN of a first block of -inf becomes 0",
    ),
    **_alone(
        "no maximum is subtracted",
        "the sum is not rescaled when the maximum grows",
        "the sum is rescaled the wrong way",
        "a first block of -inf makes NaN",
    ),
    **_alone(
        "each block is a softmax by itself",
        "the maximum starts at 0",
        "the maximum is that of the last block",
        "no maximum is subtracted",
        "one maximum serves all rows",
        NAN_AT_THE_END,
        NAN_ON_THE_WAY_BACK,
    ),
    **_alone("each block is divided by the sum so far", "the maximum is that of the last block"),
    **_alone("the weights are not divided by their sum", NAN_AT_THE_END, NAN_ON_THE_WAY_BACK),
    **_alone("no gradient reaches the scores", NAN_ON_THE_WAY_BACK),
}
HIDDEN_TILE = "a first tile without a visible key makes NaN"
SEES_NOTHING = "a query that sees nothing divides 0 by 0"
TILED_SAME = {
    **_alone(
        "the maximum starts at 0",
        HIDDEN_TILE,
        "the NaN of a first, hidden tile becomes 0",
        "masked scores are set to -1e9",
    ),
    **_alone(
        "no maximum is subtracted",
        "neither output nor sum is rescaled",
        "the output is not rescaled",
        "the sum is not rescaled",
        "output and sum are rescaled the wrong way",
        HIDDEN_TILE,
        "masked scores are set to -1e9",
    ),
    **_alone(
        "each tile is a softmax by itself",
        "the maximum starts at 0",
        "the maximum is that of the last tile",
        "no maximum is subtracted",
        SEES_NOTHING,
        NAN_ON_THE_WAY_BACK,
    ),
    **_alone("the output is not divided by the sum", SEES_NOTHING, NAN_ON_THE_WAY_BACK),
    **_alone("no gradient reaches the inputs", NAN_ON_THE_WAY_BACK),
    **_alone(
        "the mask is ignored",
        "each tile reads the mask of the first queries",
        "a mask that broadcasts is cut as if it did not",
        "the mask is read the wrong way round",
    ),
}
BLOCK_USES = (
    implementations.refuse_block_size,
    implementations.part_that_is_read,
    implementations.largest_so_far,
    implementations.finite,
    implementations.divisor,
    implementations.rescaling,
    implementations.handed_over,
)

SLIDING_WINDOW_MASK_FAULTS = (
    # FILL: at least eight. A name says what the code does, not what the learner should feel;
    # a hint asks a question and gives nothing away.
    Fault(
        "FILL: what the answer does",
        "fill",
        "wrong",
        "FILL: what to think about?",
        "efficient-sliding-window-mask",
    ),
)

LOCAL_ATTENTION_FAULTS = (
    # FILL: at least eight. A name says what the code does, not what the learner should feel;
    # a hint asks a question and gives nothing away.
    Fault(
        "FILL: what the answer does",
        "fill",
        "wrong",
        "FILL: what to think about?",
        "efficient-local-attention",
    ),
)

ATTEND_WITH_CACHE_FAULTS = (
    # FILL: at least eight. A name says what the code does, not what the learner should feel;
    # a hint asks a question and gives nothing away.
    Fault(
        "FILL: what the answer does",
        "fill",
        "wrong",
        "FILL: what to think about?",
        "efficient-attend-with-cache",
    ),
)

GROUPED_QUERY_ATTENTION_FAULTS = (
    # FILL: at least eight. A name says what the code does, not what the learner should feel;
    # a hint asks a question and gives nothing away.
    Fault(
        "FILL: what the answer does",
        "fill",
        "wrong",
        "FILL: what to think about?",
        "efficient-grouped-query-attention",
    ),
)

MODELS = (
    FaultModel(
        exercise="attention_flops",
        implementation=implementations.faulty_attention_flops,
        faults=ATTENTION_FLOPS_FAULTS,
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
    ),
    FaultModel(
        exercise="online_softmax",
        implementation=implementations.faulty_online_softmax,
        faults=ONLINE_SOFTMAX_FAULTS,
        probes=probes.online_softmax_probes(),
        equivalents=(
            equivalents.online_by_chunks,
            equivalents.online_by_logsumexp,
            equivalents.online_by_rescaled_parts,
            equivalents.online_one_by_one,
            equivalents.online_from_the_smallest_number,
            equivalents.online_by_halves,
        ),
        read="efficient-online-softmax",
        same=ONLINE_SAME,
        uses=(*BLOCK_USES, implementations.one_pass),
        trial=trial_of_refusals,
    ),
    FaultModel(
        exercise="tiled_attention",
        implementation=implementations.faulty_tiled_attention,
        faults=TILED_ATTENTION_FAULTS,
        probes=probes.tiled_attention_probes(),
        equivalents=(
            equivalents.tiled_with_keys_outside,
            equivalents.tiled_by_logsumexp,
            equivalents.tiled_in_two_passes,
            equivalents.tiled_by_whole_rows,
            equivalents.tiled_by_lists,
        ),
        read="efficient-tiles",
        same=TILED_SAME,
        uses=(
            *BLOCK_USES,
            implementations.later_keys,
            implementations.mask_of_tile,
            implementations.gathered,
        ),
        trial=trial_of_refusals,
    ),
    FaultModel(
        exercise="sliding_window_mask",
        implementation=implementations.faulty_sliding_window_mask,
        faults=SLIDING_WINDOW_MASK_FAULTS,
        probes=probes.sliding_window_mask_probes(),
        equivalents=(equivalents.sliding_window_mask_by_fill,),
        read="efficient-sliding-window-mask",
    ),
    FaultModel(
        exercise="local_attention",
        implementation=implementations.faulty_local_attention,
        faults=LOCAL_ATTENTION_FAULTS,
        probes=probes.local_attention_probes(),
        equivalents=(equivalents.local_attention_by_fill,),
        read="efficient-local-attention",
    ),
    FaultModel(
        exercise="attend_with_cache",
        implementation=implementations.faulty_attend_with_cache,
        faults=ATTEND_WITH_CACHE_FAULTS,
        probes=probes.attend_with_cache_probes(),
        equivalents=(equivalents.attend_with_cache_by_fill,),
        read="efficient-attend-with-cache",
    ),
    FaultModel(
        exercise="grouped_query_attention",
        implementation=implementations.faulty_grouped_query_attention,
        faults=GROUPED_QUERY_ATTENTION_FAULTS,
        probes=probes.grouped_query_attention_probes(),
        equivalents=(equivalents.grouped_query_attention_by_fill,),
        read="efficient-grouped-query-attention",
    ),
)
