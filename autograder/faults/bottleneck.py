"""The known mistakes of the sheet `bottleneck`, by name."""

from __future__ import annotations

from torch import Tensor

from autograder.faults.equivalents import bottleneck as equivalents
from autograder.faults.implementations import bottleneck as implementations
from autograder.faults.model import Fault, FaultModel, FollowThrough, Function, absorbed
from autograder.faults.probes import bottleneck as probes

SOFTMAX_FAULTS = (
    Fault(
        "nothing is subtracted before exp",
        "shift",
        "nothing",
        "What is exp(1000) in float32? Which number may you subtract from all scores for free?",
        "bottleneck-softmax-range",
    ),
    Fault(
        "one maximum for everything is subtracted",
        "shift",
        "global maximum",
        "Let one row lie 400 below another. What is left of it after exp?",
        "bottleneck-softmax-range",
    ),
    Fault(
        "the mean is subtracted, not the maximum",
        "shift",
        "mean",
        "How far above the mean of its row can a score lie? Then what does exp make of it?",
        "bottleneck-softmax-range",
    ),
    Fault(
        "large scores are cut off before exp",
        "shift",
        "clamped",
        "Two scores of 998 and 1000 differ by 2. Do they still differ after your cut?",
        "bottleneck-softmax-range",
    ),
    Fault(
        "dim is ignored: always the last axis",
        "axis",
        "last",
        "Call your function with dim=0. Which sums are 1, those of rows or those of columns?",
        "bottleneck-softmax",
    ),
    Fault(
        "dim is ignored: always the first axis",
        "axis",
        "first",
        "Call your function with dim=-1. Which sums are 1, those of rows or those of columns?",
        "bottleneck-softmax",
    ),
    Fault(
        "divides by the sum of everything",
        "total",
        "of everything",
        "Add up your whole result for two rows. How much should each row have to share out?",
        "bottleneck-softmax",
    ),
    Fault(
        "does not divide by the sum",
        "total",
        "unused",
        "Positive numbers are half of it. What must they add up to?",
        "bottleneck-softmax",
    ),
    Fault(
        "an epsilon is added to the sum",
        "total",
        "epsilon",
        "Do your weights sum to 1 in float64, to all digits? When could the sum be 0?",
        "bottleneck-softmax-empty",
    ),
    Fault(
        "a slice of nothing but -inf gets NaN",
        "empty",
        "nan",
        "What is the maximum of a slice of nothing but -inf, and what is -inf minus that?",
        "bottleneck-softmax-empty",
    ),
    Fault(
        "NaN is cleaned from the result, not from the gradient",
        "empty",
        "cleaned",
        "The result is repaired at its end. Call backward(): what does 0 times NaN give?",
        "bottleneck-softmax-empty",
    ),
    Fault(
        "a slice of nothing but -inf gets equal weights",
        "empty",
        "equal",
        "Replacing -inf by the smallest number keeps NaN away. Who gets the weight now?",
        "bottleneck-softmax-empty",
    ),
    Fault(
        "an epsilon that float16 rounds to 0",
        "empty",
        "tiny",
        "Print torch.tensor(1e-9).half(). What does your division divide by?",
        "bottleneck-softmax-empty",
    ),
    Fault(
        "powers of 2 in place of e",
        "exponential",
        "2",
        "Which number do you raise to the power of a score? By which factor do weights differ "
        "when scores differ by 1?",
        "bottleneck-softmax",
    ),
    Fault(
        "an input is changed in place",
        "inputs",
        "changed",
        "Call your function twice with the same tensor. Are the two results equal?",
        "bottleneck-softmax",
    ),
    Fault(
        "logarithms are returned",
        "result",
        "logarithms",
        "Can a weight be negative? What is missing at the end?",
        "bottleneck-softmax",
    ),
    Fault(
        "float32 comes back whatever goes in",
        "precision",
        "float32",
        "Print the dtype of what goes in and of what comes back.",
        "bottleneck-softmax-range",
    ),
)

KERNEL_FAULTS = (
    Fault(
        "far keys weigh more than near ones",
        "sign",
        "far",
        "Put the query on a key. Which key should weigh most, and which sign does that need?",
        "bottleneck-kernel",
    ),
    Fault(
        "multiplies by the temperature",
        "scale",
        "multiplied",
        "A high temperature makes weights flat. What does yours do at 100?",
        "bottleneck-temperature",
    ),
    Fault(
        "the temperature is ignored",
        "scale",
        "ignored",
        "Compare your results at temperatures 0.1 and 10. Should they differ?",
        "bottleneck-temperature",
    ),
    Fault(
        "divides by twice the temperature",
        "scale",
        "doubled",
        "A normal density has 2σ² in its exponent. What does the formula of this exercise have?",
        "bottleneck-temperature",
    ),
    Fault(
        "divides by the square of the temperature",
        "scale",
        "squared",
        "A width is squared in a normal density. Is the temperature a width here?",
        "bottleneck-temperature",
    ),
    Fault(
        "the distance is not squared",
        "distance",
        "norm",
        "At a distance of 3 the exponent is -9 / temperature. Which is yours?",
        "bottleneck-kernel",
    ),
    Fault(
        "absolute differences are added up",
        "distance",
        "absolute",
        "The point (1, 1) lies at a squared distance of 2 from 0, and (2, 0)? And yours?",
        "bottleneck-kernel",
    ),
    Fault(
        "squares are averaged over the features",
        "distance",
        "mean",
        "A squared distance is a sum over features. Does yours grow with their number?",
        "bottleneck-kernel",
    ),
    Fault(
        "a dot product in place of the distance",
        "distance",
        "dot product",
        "Which key weighs most for you: the nearest one, or a long one in the same direction?",
        "bottleneck-kernel-dot",
    ),
    Fault(
        "weights are shared out over the queries",
        "over",
        "queries",
        "Each query takes a mean of its own. Along which axis must its weights sum to 1?",
        "bottleneck-kernel",
    ),
    Fault(
        "weights are shared out over axis 1",
        "over",
        "axis 1",
        "Axis 1 is the keys in a single matrix. Which axis is it when a batch comes first?",
        "bottleneck-kernel",
    ),
    Fault(
        "weights are not normalized",
        "over",
        "nothing",
        "Let all values be 1. What is their mean, and what comes out?",
        "bottleneck-kernel",
    ),
    Fault(
        "only the nearest key counts",
        "over",
        "nearest",
        "What does the second-nearest key contribute? And how does the query get a gradient?",
        "bottleneck-temperature",
    ),
    Fault(
        "far from all keys 0 is divided by 0",
        "far",
        "nan",
        "Put the query 1,000 away from every key. What is exp of that, and what is the sum?",
        "bottleneck-kernel-far",
    ),
    Fault(
        "far from all keys the mean falls to 0",
        "far",
        "epsilon",
        "An epsilon in the sum keeps NaN away. What should a mean of equal values be, far off?",
        "bottleneck-kernel-far",
    ),
    Fault(
        "works on a single matrix only",
        "axes",
        "one matrix",
        "Which axes does your new axis of size 1 stand between when a batch comes first?",
        "bottleneck-kernel",
    ),
    Fault(
        "the weights are returned, not the mean",
        "result",
        "weights",
        "What shape should come back? Where do the values go in?",
        "bottleneck-kernel",
    ),
)

ADDITIVE_FAULTS = (
    Fault(
        "no tanh",
        "activation",
        "none",
        "Without it the query adds the same number to all its scores. What does a softmax do then?",
        "bottleneck-tanh",
    ),
    Fault(
        "ReLU in place of tanh",
        "activation",
        "relu",
        "Which values can your hidden layer take? Which does the formula allow?",
        "bottleneck-tanh",
    ),
    Fault(
        "tanh of the score, not of the hidden layer",
        "activation",
        "after v",
        "Between which bounds do your scores lie? In which order do v and tanh act?",
        "bottleneck-tanh",
    ),
    Fault(
        "tanh before query and key are added",
        "activation",
        "before adding",
        "Subtract two rows of your scores. Why are all their differences equal?",
        "bottleneck-tanh",
    ),
    Fault(
        "the query goes through the key's map",
        "query_map",
        "the key's",
        "There are two maps. Which one belongs to the query?",
        "bottleneck-additive",
    ),
    Fault(
        "the keys go through the query's map",
        "key_map",
        "the query's",
        "How many maps does your function use? Did you add query and key before a map?",
        "bottleneck-additive",
    ),
    Fault(
        "query and key are multiplied",
        "combined",
        "product",
        "The score is called additive. What happens between the two projections?",
        "bottleneck-additive",
    ),
    Fault(
        "the maps are transposed",
        "maps",
        "transposed",
        "A map is (d, h) and vectors are rows. On which side does the map stand?",
        "bottleneck-additive",
    ),
    Fault(
        "v is not used",
        "weighted",
        "by 1",
        "How do you get from h hidden units to one score? What is v for?",
        "bottleneck-additive",
    ),
    Fault(
        "works on a single matrix only",
        "axes",
        "one matrix",
        "Which axes does your new axis of size 1 stand between when a batch comes first?",
        "bottleneck-additive-shapes",
    ),
    Fault(
        "the softmax is included",
        "result",
        "weights",
        "The exercise asks for scores. Do your rows sum to 1?",
        "bottleneck-additive",
    ),
    Fault(
        "the scores are scaled by the root of h",
        "result",
        "scaled",
        "Another score is divided by a root. Does the formula here divide by anything?",
        "bottleneck-additive",
    ),
    Fault(
        "keys by queries in place of queries by keys",
        "result",
        "transposed",
        "Row i should belong to query i. Which axis comes first in what you return?",
        "bottleneck-additive-shapes",
    ),
)

# The nearest key is the same one at every temperature, and has all the weight.
NEAREST_ANYWAY = (
    "multiplies by the temperature",
    "the temperature is ignored",
    "divides by twice the temperature",
    "divides by the square of the temperature",
    "the distance is not squared",
    "squares are averaged over the features",
)
IN_PLACE, TINY = "an input is changed in place", "an epsilon that float16 rounds to 0"
ONE_MATRIX = "works on a single matrix only"
FAR_RULES = ("far from all keys 0 is divided by 0", "far from all keys the mean falls to 0")


_SAME_SOFTMAX = {
    # Subtracting nothing in place changes nothing, and what is cut off is a copy.
    **absorbed("nothing is subtracted before exp", IN_PLACE),
    **absorbed("large scores are cut off before exp", IN_PLACE),
    **absorbed("a slice of nothing but -inf gets equal weights", IN_PLACE),
    # An epsilon that is not used, is lost in a larger one, or never meets float16.
    **absorbed("does not divide by the sum", TINY),
    **absorbed("an epsilon is added to the sum", TINY),
    **absorbed("float32 comes back whatever goes in", TINY),
}
_SAME_KERNEL = {
    **absorbed("only the nearest key counts", *NEAREST_ANYWAY, *FAR_RULES),
    **absorbed("weights are not normalized", *FAR_RULES),
    # A dot product needs no new axis, and axis 1 is the keys where there is no batch.
    **absorbed("a dot product in place of the distance", ONE_MATRIX),
    **absorbed(ONE_MATRIX, "weights are shared out over axis 1"),
}


def _kernel_from(softmax: Function) -> Function:
    """Return the kernel's mean that follows from somebody's own softmax."""

    def attention(query: Tensor, keys: Tensor, values: Tensor, temperature: float) -> Tensor:
        squared = (query[..., :, None, :] - keys[..., None, :, :]).square().sum(-1)
        own: Tensor = softmax(-squared / temperature, -1)
        return own @ values

    return attention


MODELS = (
    FaultModel(
        exercise="softmax",
        implementation=implementations.faulty_softmax,
        faults=SOFTMAX_FAULTS,
        probes=probes.softmax_probes(),
        equivalents=(
            equivalents.softmax_by_torch,
            equivalents.softmax_by_logsumexp,
            equivalents.softmax_slice_by_slice,
            equivalents.softmax_with_live_maximum,
            equivalents.softmax_by_clamping_the_sum,
            equivalents.softmax_in_float32,
        ),
        read="bottleneck-softmax",
        uses=(implementations.shift_of,),
        same=_SAME_SOFTMAX,
    ),
    FaultModel(
        exercise="kernel_attention",
        implementation=implementations.faulty_kernel_attention,
        faults=KERNEL_FAULTS,
        probes=probes.kernel_probes(),
        equivalents=(
            equivalents.kernel_by_torch,
            equivalents.kernel_by_expanding_the_square,
            equivalents.kernel_by_cdist,
            equivalents.kernel_by_hand,
            equivalents.kernel_query_by_query,
            equivalents.kernel_by_scaling_the_inputs,
        ),
        read="bottleneck-kernel",
        uses=(implementations.distances_of,),
        same=_SAME_KERNEL,
        follow_through=FollowThrough("softmax", _kernel_from),
    ),
    FaultModel(
        exercise="additive_scores",
        implementation=implementations.faulty_additive_scores,
        faults=ADDITIVE_FAULTS,
        probes=probes.additive_probes(),
        equivalents=(
            equivalents.scores_by_concatenation,
            equivalents.scores_query_by_query,
            equivalents.scores_key_by_key,
            equivalents.scores_by_einsum,
            equivalents.scores_by_linear_layers,
            equivalents.scores_by_exponentials,
        ),
        read="bottleneck-additive",
    ),
)
