"""The known mistakes of the sheet `encoder_decoder`, by name."""

from __future__ import annotations

from autograder.faults.equivalents import encoder_decoder as equivalents
from autograder.faults.implementations import encoder_decoder as implementations
from autograder.faults.model import Fault, FaultModel, absorbed
from autograder.faults.modules import trial_of_modules
from autograder.faults.probes import encoder_decoder as probes

SHIFT_FAULTS = (
    Fault(
        "the targets are not shifted",
        "shift",
        "none",
        "Position 3 must predict token 3. Which token does your decoder read there?",
        "encoder-decoder-shift",
    ),
    Fault(
        "the shift goes the wrong way",
        "shift",
        "left",
        "Position 0 comes before any token. Does yours read a token that is still to be written?",
        "encoder-decoder-shift",
    ),
    Fault(
        "the last token wraps around to the front",
        "shift",
        "rolled",
        "What stands first when nothing has been written? Print your first column.",
        "encoder-decoder-shift",
    ),
    Fault(
        "shifted by two positions",
        "shift",
        "twice",
        "Position 1 predicts token 1. Which token was written just before it?",
        "encoder-decoder-shift",
    ),
    Fault(
        "shifted along the batch",
        "shift",
        "along the batch",
        "Which axis is time? Compare row 1 of your result with row 0 of the targets.",
        "encoder-decoder-shift",
    ),
    Fault(
        "the first token is overwritten, the others stay",
        "shift",
        "overwritten",
        "Compare column 1 of your result with column 1 of the targets. Should they be equal?",
        "encoder-decoder-shift",
    ),
    Fault(
        "the last token is still fed",
        "shift",
        "longer",
        "How many positions go in and how many come out? What would the last one predict?",
        "encoder-decoder-shift",
    ),
    Fault(
        "the start token is 0, whatever was asked for",
        "start",
        "zero",
        "Call it with start_id=9. What stands first?",
        "encoder-decoder-shift",
    ),
    Fault(
        "the targets are changed in place",
        "inputs",
        "changed",
        "The loss needs the targets as they were. Print them before and after the call.",
        "encoder-decoder-shift",
    ),
    Fault(
        "the result is always int64",
        "kind",
        "int64",
        "Pass int32. Which dtype comes out, and where is it chosen?",
        "encoder-decoder-shift",
    ),
)

LOSS_FAULTS = (
    Fault(
        "softmax twice",
        "log_probs",
        "softmax twice",
        "What are the logits before your log_softmax? Does anything normalize them already?",
        "encoder-decoder-loss",
    ),
    Fault(
        "the logarithm of a softmax",
        "log_probs",
        "log of a softmax",
        "Let one logit be 400 above another. What is its softmax in float32, and its logarithm?",
        "encoder-decoder-loss",
    ),
    Fault(
        "probabilities in place of their logarithms",
        "log_probs",
        "no logarithm",
        "A sure and right model has a probability of 1. What should its loss be?",
        "encoder-decoder-loss",
    ),
    Fault(
        "the logits are not normalized",
        "log_probs",
        "none",
        "Add 5 to all logits. Should the loss change?",
        "encoder-decoder-loss",
    ),
    Fault(
        "the sign is missing",
        "sign",
        1,
        "Is your loss smaller for a better model?",
        "encoder-decoder-loss",
    ),
    Fault(
        "padding counts like any token",
        "padding",
        "counted",
        "Make the batch longer with padding alone. Does your loss change?",
        "encoder-decoder-loss",
    ),
    Fault(
        "padding is taken to be 0",
        "pad",
        "zero",
        "Call it with pad_id=3. Which token does your code leave out?",
        "encoder-decoder-loss",
    ),
    Fault(
        "divided by all tokens, padding included",
        "average",
        "all tokens",
        "The sum leaves padding out. Does what you divide by leave it out too?",
        "encoder-decoder-loss",
    ),
    Fault(
        "divided by the number of sequences",
        "average",
        "batch",
        "Would the loss of one sequence double if the sequence were twice as long?",
        "encoder-decoder-loss",
    ),
    Fault(
        "summed, not averaged",
        "average",
        "none",
        "Show the same batch twice in one call. Should the loss be twice as large?",
        "encoder-decoder-loss",
    ),
    Fault(
        "averaged in each sequence first",
        "average",
        "sequences",
        "A sequence of 2 tokens and one of 20: how much does each token weigh?",
        "encoder-decoder-loss",
    ),
    Fault(
        "a batch of nothing but padding gives NaN",
        "empty",
        "nan",
        "How many tokens are left, and what is 0 divided by that?",
        "encoder-decoder-loss",
    ),
    Fault(
        "label smoothing is ignored",
        "smoothing",
        "ignored",
        "Call it with label_smoothing=0.3 and with 0. Do the results differ?",
        "encoder-decoder-smoothing",
    ),
    Fault(
        "the smoothing puts mass on padding",
        "smoothing",
        "all classes",
        "Should the model ever write padding? Over which classes is the rest shared out?",
        "encoder-decoder-smoothing",
    ),
    Fault(
        "the smoothing leaves out the target",
        "smoothing",
        "not the target",
        "The rest is shared out evenly. Does the target get a share of it as well?",
        "encoder-decoder-smoothing",
    ),
    Fault(
        "the smoothing is not divided among the classes",
        "smoothing",
        "not shared",
        "What do the wanted probabilities of all classes add up to?",
        "encoder-decoder-smoothing",
    ),
    Fault(
        "the target keeps its full weight",
        "smoothing",
        "on top",
        "What do the wanted probabilities of all classes add up to?",
        "encoder-decoder-smoothing",
    ),
    Fault(
        "the two weights of label smoothing are swapped",
        "smoothing",
        "swapped",
        "With a smoothing of 0.1, how much probability should be on the target: 0.1 or more?",
        "encoder-decoder-smoothing",
    ),
)

GREEDY_FAULTS = (
    Fault(
        "it never stops",
        "stop",
        "never",
        "What stands after the end token in your result?",
        "encoder-decoder-greedy",
    ),
    Fault(
        "it stops one token late",
        "stop",
        "one late",
        "Is the end token the last one in your result? When do you look for it?",
        "encoder-decoder-greedy",
    ),
    Fault(
        "the end token is left out",
        "stop",
        "end left out",
        "The contract says: up to and including the end. What is your last token?",
        "encoder-decoder-greedy",
    ),
    Fault(
        "the start token is returned as well",
        "start",
        "returned",
        "Was the first token of your result written by the model, or given to it?",
        "encoder-decoder-greedy",
    ),
    Fault(
        "every step reads the first table",
        "step",
        "first",
        "Which index of log_probs says how many tokens are written? Does yours grow?",
        "encoder-decoder-greedy",
    ),
    Fault(
        "what was written is not fed back",
        "previous",
        "start",
        "Which token comes before the second one? Which row of the table did you read?",
        "encoder-decoder-greedy",
    ),
    Fault(
        "the least likely token is taken",
        "pick",
        "smallest",
        "Is a log-probability of -0.1 more or less likely than one of -3?",
        "encoder-decoder-greedy",
    ),
    Fault(
        "previous and next are swapped",
        "axes",
        "next previous",
        "log_probs[t, previous, next]: do you read a row of the table, or a column?",
        "encoder-decoder-greedy",
    ),
    Fault(
        "a list in place of a tensor",
        "kind",
        "list",
        "What type does the contract ask for? Print the type of your result.",
        "encoder-decoder-greedy",
    ),
)

BEAM_FAULTS = (
    Fault(
        "probabilities are added, not their logarithms",
        "score",
        "probabilities added",
        "The probability of two tokens in a row is a product. What becomes of it in logarithms?",
        "encoder-decoder-beam",
    ),
    Fault(
        "only the last step counts",
        "score",
        "last step alone",
        "Two beginnings end alike. Does yours still know which one was likelier so far?",
        "encoder-decoder-beam",
    ),
    Fault(
        "finished beams are extended",
        "finished",
        "extended",
        "What comes after the end token? Does the score of a finished sequence still fall?",
        "encoder-decoder-beam",
    ),
    Fault(
        "finished beams are forgotten",
        "finished",
        "forgotten",
        "A beam has ended and is the best of all. Can it still win in your code?",
        "encoder-decoder-beam",
    ),
    Fault(
        "the first beam to finish wins",
        "finished",
        "first one wins",
        "One beam has ended. Could another that goes on still beat it?",
        "encoder-decoder-beam",
    ),
    Fault(
        "beams do not compete with one another",
        "beams",
        "each its own best",
        "Can two of your survivors have the same beginning? Should they?",
        "encoder-decoder-beam",
    ),
    Fault(
        "one beam too many survives",
        "beams",
        "one more",
        "With num_beams=1, how many beginnings are alive after a step?",
        "encoder-decoder-beam",
    ),
    Fault(
        "num_beams is ignored",
        "beams",
        "one alone",
        "Find a table where a wider beam finds more. Does your result change with num_beams?",
        "encoder-decoder-beam",
    ),
    Fault(
        "the length penalty is ignored",
        "penalty",
        "ignored",
        "Call it with length_penalty=0 and with 2. When do the results differ?",
        "encoder-decoder-length",
    ),
    Fault(
        "the length penalty has the wrong sign",
        "penalty",
        "multiplies",
        "Scores are negative. Does your penalty move a long sequence up or down?",
        "encoder-decoder-length",
    ),
    Fault(
        "divided by a power of the length itself",
        "penalty",
        "plain length",
        "Equation 14 of Wu et al. (2016) has a 5 and a 6. What does it divide a length of 1 by?",
        "encoder-decoder-length",
    ),
    Fault(
        "the length penalty is applied while searching",
        "penalty",
        "early",
        "The contract ranks survivors by their log-probability alone. When is length looked at?",
        "encoder-decoder-length",
    ),
    Fault(
        "the start token counts as length",
        "counted",
        "with the start",
        "How many tokens did the model write? Does the one that it was given count?",
        "encoder-decoder-length",
    ),
    Fault(
        "the end token does not count as length",
        "counted",
        "without the end",
        'How long are "7, end" and "7, 8"? Does your code say the same of both?',
        "encoder-decoder-length",
    ),
    Fault(
        "every step reads the first table",
        "step",
        "first",
        "Which index of log_probs says how many tokens are written? Does yours grow?",
        "encoder-decoder-greedy",
    ),
    Fault(
        "the start token is returned as well",
        "returned",
        "with the start",
        "Was the first token of your result written by the model, or given to it?",
        "encoder-decoder-greedy",
    ),
    Fault(
        "the end token is left out",
        "returned",
        "without the end",
        "The contract says: up to and including the end. What is your last token?",
        "encoder-decoder-greedy",
    ),
)

BLOCK_FAULTS = (
    Fault(
        "one attention serves both purposes",
        "registered",
        "one attention",
        "Self-attention and cross-attention look for different things. How many layers are there?",
        "encoder-decoder-block",
    ),
    Fault(
        "cross-attention reads the decoder alone",
        "cross",
        "query query query",
        "Change the memory. Does your output change with it?",
        "encoder-decoder-cross",
    ),
    Fault(
        "cross-attention reads its keys from the decoder",
        "cross",
        "query query memory",
        "Make the memory one row longer. Which axis of which tensor must have that length?",
        "encoder-decoder-cross",
    ),
    Fault(
        "cross-attention reads its values from the decoder",
        "cross",
        "query memory query",
        "What is handed over to the decoder: its own rows, or those of the memory?",
        "encoder-decoder-cross",
    ),
    Fault(
        "the queries of cross-attention come from the memory",
        "cross",
        "memory query query",
        "Who asks and who answers? The output has one row for each query.",
        "encoder-decoder-cross",
    ),
    Fault(
        "self-attention ignores its mask",
        "self_mask",
        "ignored",
        "Change the last position of x. Does the first row of your output change with it?",
        "encoder-decoder-masks",
    ),
    Fault(
        "the block makes a causal mask of its own",
        "self_mask",
        "made here",
        "Pass a mask that lets each position see all others. Does the first see the last?",
        "encoder-decoder-masks",
    ),
    Fault(
        "the causal mask is used for cross-attention",
        "cross_mask",
        "causal",
        "May the first word of a translation depend on the last word of the source?",
        "encoder-decoder-masks",
    ),
    Fault(
        "cross-attention ignores the source's padding",
        "cross_mask",
        "ignored",
        "Change a row of the memory that memory_mask hides. Does your output change with it?",
        "encoder-decoder-masks",
    ),
    Fault(
        "the memory is detached",
        "memory_state",
        "detached",
        "The encoder learns from the decoder's loss. Through which tensor?",
        "encoder-decoder-cross",
    ),
    Fault(
        "the memory is normed once more",
        "memory_state",
        "normed",
        "The encoder's stack ends with a norm of its own. Which sequence does this norm serve?",
        "encoder-decoder-norms",
    ),
    Fault(
        "cross-attention comes before self-attention",
        "order",
        "cross self feed",
        "In which order do the three parts stand in figure 1 of Vaswani et al. (2017)?",
        "encoder-decoder-block",
    ),
    Fault(
        "there is no cross-attention",
        "order",
        "self feed",
        "Change the memory. Does your output change with it?",
        "encoder-decoder-cross",
    ),
    Fault(
        "norm_first is ignored, norms stand after",
        "norm_place",
        "always after",
        "Make the block with norm_first=True. Is its output normed? Should it be?",
        "encoder-decoder-norms",
    ),
    Fault(
        "norm_first is ignored, norms stand before",
        "norm_place",
        "always before",
        "Make the block with norm_first=False. Is its output normed? Should it be?",
        "encoder-decoder-norms",
    ),
    Fault(
        "one norm serves all three parts",
        "norms",
        "one for all",
        "Which of the six norm parameters get a gradient?",
        "encoder-decoder-norms",
    ),
    Fault(
        "the norms of the two attentions are swapped",
        "norms",
        "swapped",
        "Which norm bears the name of the part that comes first?",
        "encoder-decoder-norms",
    ),
    Fault(
        "cross-attention has no norm",
        "norms",
        "not around cross",
        "How many norms does figure 1 of Vaswani et al. (2017) show in a decoder layer?",
        "encoder-decoder-norms",
    ),
    Fault(
        "no residual around self-attention",
        "residual",
        "not around self",
        "Set the output projection of this part to zero. Does x still come through?",
        "encoder-decoder-block",
    ),
    Fault(
        "no residual around cross-attention",
        "residual",
        "not around cross",
        "Set the output projection of this part to zero. Does x still come through?",
        "encoder-decoder-block",
    ),
    Fault(
        "no residual around the feed-forward network",
        "residual",
        "not around feed",
        "Set the last layer of this part to zero. Does x still come through?",
        "encoder-decoder-block",
    ),
    Fault(
        "the residual adds the normed input",
        "residual",
        "from the normed",
        "With norm_first=True, which tensor must pass through the block untouched?",
        "encoder-decoder-norms",
    ),
    Fault(
        "the feed-forward network has no ReLU",
        "activation",
        "none",
        "Two linear maps in a row: what single map are they equal to?",
        "encoder-decoder-block",
    ),
    Fault(
        "GELU in place of ReLU",
        "activation",
        "gelu",
        "Which function does equation 2 of Vaswani et al. (2017) use?",
        "encoder-decoder-block",
    ),
)

_SAME_SHIFT = (
    absorbed("the targets are not shifted", "the start token is 0, whatever was asked for")
    | absorbed(
        "the last token wraps around to the front", "the start token is 0, whatever was asked for"
    )
    # A copy of equal numbers changes nothing, and a longer result does not fit in.
    | absorbed("the targets are not shifted", "the targets are changed in place")
    | absorbed("the last token is still fed", "the targets are changed in place")
)

NEVER_EMPTY = (
    "padding counts like any token",
    "divided by all tokens, padding included",
    "divided by the number of sequences",
    "summed, not averaged",
)
_SAME_LOSS: dict[frozenset[str], frozenset[str]] = {}
for _name in NEVER_EMPTY:
    _SAME_LOSS |= absorbed(_name, "a batch of nothing but padding gives NaN")
_SAME_LOSS |= absorbed(
    "padding counts like any token",
    "divided by all tokens, padding included",
    "averaged in each sequence first",
)

_SCORES = ("probabilities are added, not their logarithms", "only the last step counts")
_FINISHED = (
    "finished beams are extended",
    "finished beams are forgotten",
    "the first beam to finish wins",
)
_EARLY = "the length penalty is applied while searching"
_FINAL = ("the length penalty has the wrong sign", "divided by a power of the length itself")
_COUNTED = ("the start token counts as length", "the end token does not count as length")
_PENALTY = ("the length penalty is ignored", *_FINAL, _EARLY, *_COUNTED)
# One beam alone has nobody to be compared with.
_SAME_BEAMS = absorbed("num_beams is ignored", *_SCORES, *_FINISHED, *_PENALTY)
# Where all that are compared are equally long, a penalty of length decides nothing.
for _name in _FINISHED:
    _SAME_BEAMS |= absorbed(_name, *_PENALTY)
# But who extends what has ended compares some that end with others that do not.
del _SAME_BEAMS[frozenset({"finished beams are extended", _COUNTED[1]})]
_SAME_BEAMS |= absorbed("beams do not compete with one another", _EARLY)
_SAME_BEAMS |= absorbed("the length penalty is ignored", *_COUNTED)

_NO_CROSS, _NO_MEMORY = "there is no cross-attention", "cross-attention reads the decoder alone"
_AFTER, _MEMORY_NORMED = (
    "norm_first is ignored, norms stand after",
    "the memory is normed once more",
)
# What is wrong with a part does not show where the part is not used.
_SAME_BLOCK = (
    absorbed(
        _NO_CROSS,
        _NO_MEMORY,
        "cross-attention reads its keys from the decoder",
        "cross-attention reads its values from the decoder",
        "the queries of cross-attention come from the memory",
        "the causal mask is used for cross-attention",
        "cross-attention ignores the source's padding",
        "the memory is detached",
        _MEMORY_NORMED,
        "cross-attention has no norm",
        "no residual around cross-attention",
    )
    | absorbed(_NO_MEMORY, "the memory is detached", _MEMORY_NORMED)
    | absorbed(_AFTER, _MEMORY_NORMED, "the residual adds the normed input")
)

MODELS = (
    FaultModel(
        exercise="shift_right",
        implementation=implementations.faulty_shift,
        faults=SHIFT_FAULTS,
        probes=probes.shift_probes(),
        equivalents=(
            equivalents.shift_by_assignment,
            equivalents.shift_by_roll,
            equivalents.shift_by_padding,
            equivalents.shift_by_lists,
            equivalents.shift_by_gather,
        ),
        read="encoder-decoder-shift",
        same=_SAME_SHIFT,
    ),
    FaultModel(
        exercise="DecoderBlock",
        implementation=implementations.FaultyDecoderBlock,
        faults=BLOCK_FAULTS,
        probes=probes.decoder_probes(),
        equivalents=(
            equivalents.BlockInTwoBranches,
            equivalents.BlockOfLines,
            equivalents.BlockOfFunctions,
            equivalents.BlockByHand,
            equivalents.BlockOfBranches,
        ),
        read="encoder-decoder-block",
        uses=(implementations.Heads,),
        same=_SAME_BLOCK,
        trial=trial_of_modules(4, probes.PARAMETERS),
    ),
    FaultModel(
        exercise="masked_cross_entropy",
        implementation=implementations.faulty_cross_entropy,
        faults=LOSS_FAULTS,
        probes=probes.cross_entropy_probes(),
        equivalents=(
            equivalents.loss_by_torch,
            equivalents.loss_by_distribution,
            equivalents.loss_by_selecting,
            equivalents.loss_by_loops,
            equivalents.loss_by_logsumexp,
        ),
        read="encoder-decoder-loss",
        uses=(
            implementations.logarithms,
            implementations.spread_out,
            implementations.averaged,
        ),
        same=_SAME_LOSS,
    ),
    FaultModel(
        exercise="greedy_decode",
        implementation=implementations.faulty_greedy,
        faults=GREEDY_FAULTS,
        probes=probes.greedy_probes(),
        equivalents=(
            equivalents.greedy_by_max,
            equivalents.greedy_in_a_tensor,
            equivalents.greedy_and_cut,
            equivalents.greedy_by_sorting,
            equivalents.greedy_by_recursion,
        ),
        read="encoder-decoder-greedy",
    ),
    FaultModel(
        exercise="beam_search",
        implementation=implementations.faulty_beams,
        faults=BEAM_FAULTS,
        probes=probes.beam_probes(),
        equivalents=(
            equivalents.beams_in_tensors,
            equivalents.beams_in_dictionaries,
            equivalents.beams_by_surprise,
            equivalents.beams_as_objects,
            equivalents.beams_with_back_pointers,
        ),
        read="encoder-decoder-beam",
        uses=(implementations.added, implementations.survivors, implementations.best),
        same=_SAME_BEAMS,
    ),
)
