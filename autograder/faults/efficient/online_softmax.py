"""The known mistakes of `online_softmax`, by name."""

from __future__ import annotations

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

NAN_AT_THE_END = "an empty row divides 0 by 0"
NAN_ON_THE_WAY_BACK = "an empty row's NaN is cleaned up, and not its gradient"

SAME = {
    # From 0 or without a maximum, there is no maximum of nothing.
    **absorbed(
        "the maximum starts at 0",
        "a first block of -inf makes NaN",
        "the NaN of a first block of -inf becomes 0",
    ),
    **absorbed(
        "no maximum is subtracted",
        "the sum is not rescaled when the maximum grows",
        "the sum is rescaled the wrong way",
        "a first block of -inf makes NaN",
    ),
    **absorbed(
        "each block is a softmax by itself",
        "the maximum starts at 0",
        "the maximum is that of the last block",
        "no maximum is subtracted",
        "one maximum serves all rows",
        NAN_AT_THE_END,
        NAN_ON_THE_WAY_BACK,
    ),
    **absorbed("each block is divided by the sum so far", "the maximum is that of the last block"),
    **absorbed(
        "the weights are not divided by their sum",
        NAN_AT_THE_END,
        NAN_ON_THE_WAY_BACK,
    ),
    **absorbed("no gradient reaches the scores", NAN_ON_THE_WAY_BACK),
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

MODEL = FaultModel(
    exercise="online_softmax",
    implementation=implementations.faulty_online_softmax,
    faults=FAULTS,
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
    same=SAME,
    uses=(*BLOCK_USES, implementations.one_pass),
    trial=trial_of_refusals,
)
