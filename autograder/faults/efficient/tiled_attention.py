"""The known mistakes of `tiled_attention`, by name."""

from __future__ import annotations

from autograder.faults.efficient.online_softmax import BLOCK_USES, NAN_ON_THE_WAY_BACK
from autograder.faults.equivalents import efficient as equivalents
from autograder.faults.implementations import efficient as implementations
from autograder.faults.model import Fault, FaultModel, absorbed
from autograder.faults.probes import efficient as probes
from autograder.faults.refusals import trial_of_refusals

FAULTS = (
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

HIDDEN_TILE = "a first tile without a visible key makes NaN"
SEES_NOTHING = "a query that sees nothing divides 0 by 0"

SAME = {
    **absorbed(
        "the maximum starts at 0",
        HIDDEN_TILE,
        "the NaN of a first, hidden tile becomes 0",
        "masked scores are set to -1e9",
    ),
    **absorbed(
        "no maximum is subtracted",
        "neither output nor sum is rescaled",
        "the output is not rescaled",
        "the sum is not rescaled",
        "output and sum are rescaled the wrong way",
        HIDDEN_TILE,
        "masked scores are set to -1e9",
    ),
    **absorbed(
        "each tile is a softmax by itself",
        "the maximum starts at 0",
        "the maximum is that of the last tile",
        "no maximum is subtracted",
        SEES_NOTHING,
        NAN_ON_THE_WAY_BACK,
    ),
    **absorbed(
        "the output is not divided by the sum",
        SEES_NOTHING,
        NAN_ON_THE_WAY_BACK,
    ),
    **absorbed("no gradient reaches the inputs", NAN_ON_THE_WAY_BACK),
    **absorbed(
        "the mask is ignored",
        "each tile reads the mask of the first queries",
        "a mask that broadcasts is cut as if it did not",
        "the mask is read the wrong way round",
    ),
}

MODEL = FaultModel(
    exercise="tiled_attention",
    implementation=implementations.faulty_tiled_attention,
    faults=FAULTS,
    probes=probes.tiled_attention_probes(),
    equivalents=(
        equivalents.tiled_with_keys_outside,
        equivalents.tiled_by_logsumexp,
        equivalents.tiled_in_two_passes,
        equivalents.tiled_by_whole_rows,
        equivalents.tiled_by_lists,
    ),
    read="efficient-tiles",
    same=SAME,
    uses=(
        *BLOCK_USES,
        implementations.later_keys,
        implementations.mask_of_tile,
        implementations.gathered,
    ),
    trial=trial_of_refusals,
)
