"""The known mistakes of the sheet `blocks`, by name."""

from __future__ import annotations

from autograder.faults.equivalents import blocks as equivalents
from autograder.faults.implementations import blocks as implementations
from autograder.faults.model import Fault, FaultModel, absorbed
from autograder.faults.modules import trial_of_modules
from autograder.faults.probes import blocks as probes

LAYER_NORM_FAULTS = (
    Fault(
        "the variance is unbiased",
        "statistics",
        "unbiased",
        "The contract asks for the mean of the squares. By what does torch's `var` divide?",
        "blocks-layer-norm",
    ),
    Fault(
        "the mean is not subtracted",
        "statistics",
        "not centered",
        "What is the mean of each row of your result when the gain is 1 and the bias 0?",
        "blocks-layer-norm",
    ),
    Fault(
        "an RMS norm in place of a layer norm",
        "statistics",
        "root mean square",
        "Add 10 to every number of a row. Does your result change? May it?",
        "blocks-rms",
    ),
    Fault(
        "the variance is taken around 0",
        "statistics",
        "mean square",
        "The rows of your result have mean 0. Is their variance 1, if the row is far from 0?",
        "blocks-layer-norm",
    ),
    Fault(
        "the variance is a difference of two squares",
        "statistics",
        "difference of squares",
        "Add 4096 to every number of a row. Two huge numbers are subtracted: how much is left?",
        "blocks-eps",
    ),
    Fault(
        "eps is added to the root, not under it",
        "root",
        "eps outside",
        "Take a row whose numbers differ very little. Which is larger: eps, or the root of eps?",
        "blocks-eps",
    ),
    Fault(
        "divides by the variance, not by its root",
        "root",
        "no root",
        "Multiply a row by 10. By how much does what you divide by grow? By how much should it?",
        "blocks-layer-norm",
    ),
    Fault(
        "there is no eps",
        "eps_used",
        "none",
        "What is the variance of a row of equal numbers? What do you divide by?",
        "blocks-eps",
    ),
    Fault(
        "eps is always 1e-5",
        "eps_used",
        "fixed",
        "Call your function with eps=0.5. Does the result change?",
        "blocks-eps",
    ),
    Fault(
        "normalizes over the positions",
        "over",
        "positions",
        "Change one position. Do the others change as well? May they?",
        "blocks-axis",
    ),
    Fault(
        "normalizes over axis 0",
        "over",
        "axis 0",
        "Axis 0 is the batch. May one sequence depend on which others are in its batch?",
        "blocks-axis",
    ),
    Fault(
        "normalizes over axis 1",
        "over",
        "axis 1",
        "Axis 1 is the features of a matrix. Which axis is it when a batch comes first?",
        "blocks-axis",
    ),
    Fault(
        "normalizes over positions and features together",
        "over",
        "matrix",
        "Change one position. Do the others change as well? May they?",
        "blocks-axis",
    ),
    Fault(
        "normalizes over the whole tensor",
        "over",
        "everything",
        "How many means does your function compute for a batch of rows? How many are needed?",
        "blocks-axis",
    ),
    Fault(
        "the gain is not used",
        "affine",
        "no gain",
        "Double the gain. Does your result change?",
        "blocks-layer-norm",
    ),
    Fault(
        "the bias is not used",
        "affine",
        "no bias",
        "Set the gain to 0. What should be left of each row?",
        "blocks-layer-norm",
    ),
    Fault(
        "the bias is added before the gain",
        "affine",
        "bias before gain",
        "Set the gain to 0. What should be left of each row?",
        "blocks-layer-norm",
    ),
    Fault(
        "1 is added to the gain",
        "affine",
        "gain plus 1",
        "Some libraries store the gain minus 1. With a gain of 0, what should be left of a row?",
        "blocks-layer-norm",
    ),
    Fault(
        "no gradient flows through mean and variance",
        "gradient",
        "detached",
        "Adding 1 to every number of a row changes nothing. What must its gradient sum to?",
        "blocks-layer-norm",
    ),
    Fault(
        "an input is changed in place",
        "inputs",
        "changed",
        "Print x before and after the call. Which operation of yours ends in an underscore?",
        "blocks-residual",
    ),
    Fault(
        "the result is always float32",
        "kind",
        "float32",
        "Pass float16. Which dtype comes out, and where is it chosen?",
        "blocks-layer-norm",
    ),
)

FEED_FORWARD_FAULTS = (
    Fault(
        "the ReLU comes after the second map",
        "activation",
        "after",
        "Can your result be negative? Which of the two products does the formula bend?",
        "blocks-feed-forward",
    ),
    Fault(
        "there is no ReLU",
        "activation",
        "none",
        "Two linear maps in a row are one linear map. What keeps yours from being one?",
        "blocks-feed-forward",
    ),
    Fault(
        "a ReLU after both maps",
        "activation",
        "both",
        "Can your result be negative? A residual stream must be able to shrink as well.",
        "blocks-feed-forward",
    ),
    Fault(
        "the ReLU comes before the first map",
        "activation",
        "before",
        "Make every feature of x negative. What is left of it in your result?",
        "blocks-feed-forward",
    ),
    Fault(
        "a GELU in place of the ReLU",
        "function",
        "gelu",
        "Later models use other functions. What does equation 2 of the paper do with -0.1?",
        "blocks-feed-forward",
    ),
    Fault(
        "a leaky ReLU in place of the ReLU",
        "function",
        "leaky",
        "What does equation 2 of the paper do with -100? And what does yours?",
        "blocks-feed-forward",
    ),
    Fault(
        "a tanh in place of the ReLU",
        "function",
        "tanh",
        "What does equation 2 of the paper do with 100? And what does yours?",
        "blocks-feed-forward",
    ),
    Fault(
        "the first bias is not used",
        "first_bias",
        "none",
        "Set x to 0. What reaches the ReLU?",
        "blocks-feed-forward",
    ),
    Fault(
        "the first bias is added after the ReLU",
        "first_bias",
        "after the activation",
        "A bias decides where a unit switches on. Can yours?",
        "blocks-feed-forward",
    ),
    Fault(
        "the second bias is not used",
        "second_bias",
        "none",
        "Set w2 to 0. What should be left?",
        "blocks-feed-forward",
    ),
    Fault(
        "the first map is used twice",
        "second_map",
        "w1 turned",
        "Change w2. Does your result change?",
        "blocks-feed-forward",
    ),
    Fault(
        "features of several positions are mixed",
        "positions",
        "turned",
        "Change one position. Which rows of your result change?",
        "blocks-positionwise",
    ),
    Fault(
        "all positions get the mean of what is inside",
        "positions",
        "averaged",
        "Change one position. Which rows of your result change?",
        "blocks-positionwise",
    ),
    Fault(
        "the residual is added inside",
        "residual",
        "added",
        "Set w2 and b2 to 0. What should be left? Who adds the residual: this function or a block?",
        "blocks-residual",
    ),
    Fault(
        "no gradient flows to the first map",
        "gradient",
        "detached",
        "After a backward pass, which of the five inputs have a gradient?",
        "blocks-feed-forward",
    ),
)

BLOCK_FAULTS = (
    Fault(
        "the norm always comes after the sum",
        "order",
        "always after",
        "Make two blocks that differ in norm_first alone. Do they compute the same?",
        "blocks-orders",
    ),
    Fault(
        "the norm always comes before the sublayer",
        "order",
        "always before",
        "Make two blocks that differ in norm_first alone. Do they compute the same?",
        "blocks-orders",
    ),
    Fault(
        "norm_first is read the wrong way round",
        "order",
        "inverted",
        "First of what? With norm_first=True, what does the attention see: x, or a normed x?",
        "blocks-orders",
    ),
    Fault(
        "the residual around the attention is forgotten",
        "residual",
        "feed_forward",
        "Set output_proj of the attention to 0, norm_first=True. What should that half return?",
        "blocks-residual",
    ),
    Fault(
        "the residual around the feed-forward network is forgotten",
        "residual",
        "attention",
        "Set the last map of the feed-forward network to 0. What should come out of that half?",
        "blocks-residual",
    ),
    Fault(
        "there is no residual",
        "residual",
        "nowhere",
        "Set both sublayers to 0, norm_first=True. What should come out of the block?",
        "blocks-residual",
    ),
    Fault(
        "the residual adds the normed input",
        "stream",
        "normed",
        "With norm_first=True, is the x that you add the one that came in?",
        "blocks-orders",
    ),
    Fault(
        "one norm serves both sublayers",
        "norms",
        "first twice",
        "After a backward pass, which of the two norms has a gradient?",
        "blocks-block",
    ),
    Fault(
        "the two norms are swapped",
        "norms",
        "swapped",
        "Which norm stands next to the attention? What is its name?",
        "blocks-block",
    ),
    Fault(
        "the feed-forward network has no norm",
        "norms",
        "first alone",
        "How many norms does a block have, and where does yours use each?",
        "blocks-block",
    ),
    Fault(
        "the feed-forward network comes first",
        "wiring",
        "feed-forward first",
        "Which of the two sublayers gathers, and which thinks over what was gathered?",
        "blocks-block",
    ),
    Fault(
        "both sublayers read the input of the block",
        "residual",
        "attention feed_forward parallel",
        "What does the feed-forward network get to see of what the attention gathered?",
        "blocks-block",
    ),
    Fault(
        "keys and values are not normed",
        "keys",
        "not normed",
        "With norm_first=True the attention has three inputs. Which of them went through the norm?",
        "blocks-orders",
    ),
    Fault(
        "the mask is ignored",
        "mask",
        "ignored",
        "Change a position that the mask hides. Do the others change with it?",
        "blocks-block",
    ),
    Fault(
        "the mask is read the wrong way round",
        "mask",
        "inverted",
        "In this course True means: may attend. Who turns the mask around, and why?",
        "blocks-block",
    ),
    Fault(
        "there is no ReLU",
        "activation",
        "none",
        "Two linear maps in a row are one linear map. What keeps yours from being one?",
        "blocks-feed-forward",
    ),
    Fault(
        "a GELU in place of the ReLU",
        "activation",
        "gelu",
        "Later models use other functions. Which one does the contract name?",
        "blocks-feed-forward",
    ),
    Fault(
        "the feed-forward network is always 4 * d_model wide",
        "width",
        "four times",
        "Print the shape of feed_forward[0].weight. Where does each number come from?",
        "blocks-feed-forward",
    ),
    Fault(
        "num_heads is ignored",
        "heads",
        "one",
        "How many heads does the attention have that your block makes?",
        "blocks-block",
    ),
    Fault(
        "the input is changed in place",
        "inputs",
        "changed",
        "Print x before and after the call. What does `x += ...` do to the caller's tensor?",
        "blocks-residual",
    ),
)

PROFILE_FAULTS = (
    Fault(
        "there is always a residual",
        "added",
        "always",
        "Call your function with residual=True and False. Do the results differ?",
        "blocks-gradients",
    ),
    Fault(
        "there is never a residual",
        "added",
        "never",
        "Call your function with residual=True and False. Do the results differ?",
        "blocks-gradients",
    ),
    Fault(
        "the ReLU bends the sum",
        "layer",
        "relu of the sum",
        "Can the stream of your network be negative after a layer? Where does the ReLU stand?",
        "blocks-residual",
    ),
    Fault(
        "there is no ReLU",
        "layer",
        "no relu",
        "Multiply x by -1. Does your profile change?",
        "blocks-gradients",
    ),
    Fault(
        "the weights are transposed",
        "maps",
        "turned",
        "Vectors are rows here. On which side of a row does the matrix stand?",
        "blocks-gradients",
    ),
    Fault(
        "every layer uses the first weights",
        "maps",
        "first for all",
        "Change the weights of the last layer. Does your profile change?",
        "blocks-gradients",
    ),
    Fault(
        "the gradient of the sum",
        "objective",
        "sum",
        "The gradient at the end of the stack is the end itself. What is the last of your numbers?",
        "blocks-gradients",
    ),
    Fault(
        "the half is forgotten",
        "objective",
        "squares",
        "The gradient at the end of the stack is the end itself. What is the last of your numbers?",
        "blocks-gradients",
    ),
    Fault(
        "the gradient of the mean of squares",
        "objective",
        "mean",
        "Repeat every row of x. By how much should the norms grow, and by how much do yours?",
        "blocks-gradients",
    ),
    Fault(
        "the norms are squared",
        "size",
        "squared",
        "Multiply x by 2. By how much should every norm grow?",
        "blocks-gradients",
    ),
    Fault(
        "absolute values are added up",
        "size",
        "absolute",
        "What is the Euclidean norm of (3, 4)? And what is yours?",
        "blocks-gradients",
    ),
    Fault(
        "the largest number in place of the norm",
        "size",
        "largest",
        "What is the Euclidean norm of (3, 4)? And what is yours?",
        "blocks-gradients",
    ),
    Fault(
        "the mean over the batch of each row's norm",
        "size",
        "per example",
        "Repeat every row of x. By how much should the norms grow, and by how much do yours?",
        "blocks-gradients",
    ),
    Fault(
        "the states are measured, not their gradients",
        "entries",
        "states",
        "Does your function call backward, or autograd.grad? Of what does it take the norm?",
        "blocks-gradients",
    ),
    Fault(
        "the gradients of the weights",
        "entries",
        "of the weights",
        "The profile is of what flows between layers. With respect to which tensors is yours?",
        "blocks-gradients",
    ),
    Fault(
        "the gradient with respect to x is missing",
        "entries",
        "without the input",
        "Between and around two layers there are three places. How many numbers do you return?",
        "blocks-gradients",
    ),
    Fault(
        "the gradient at the end is missing",
        "entries",
        "without the end",
        "Between and around two layers there are three places. How many numbers do you return?",
        "blocks-gradients",
    ),
    Fault(
        "the profile is backwards",
        "order",
        "last layer first",
        "Gradients are computed from the end. Which one comes first in your result?",
        "blocks-gradients",
    ),
)

_SAME_NORM = absorbed("there is no eps", "eps is added to the root, not under it")

B1_LATE = "the first bias is added after the ReLU"
_SAME_NETWORK = absorbed("the ReLU comes after the second map", B1_LATE)
_SAME_NETWORK |= absorbed("the ReLU comes before the first map", B1_LATE)
_SAME_NETWORK |= absorbed(
    "there is no ReLU",
    B1_LATE,
    "a GELU in place of the ReLU",
    "a leaky ReLU in place of the ReLU",
    "a tanh in place of the ReLU",
)

# What a norm that comes first does wrong cannot show where none does, nor what is wrong
# with a sum where nothing is added.
NORMED_STREAM = "the residual adds the normed input"
_SAME_BLOCK = absorbed(
    "the norm always comes after the sum", NORMED_STREAM, "keys and values are not normed"
)
_SAME_BLOCK |= absorbed("there is no residual", NORMED_STREAM, "the input is changed in place")

_SAME_PROFILE = absorbed("there is never a residual", "the ReLU bends the sum")
_SAME_PROFILE |= absorbed(
    "the states are measured, not their gradients",
    "the gradient of the sum",
    "the half is forgotten",
    "the gradient of the mean of squares",
)

PARAMETERS = tuple(
    f"{layer}.{kind}"
    for layer in (
        "attention.query_proj",
        "attention.key_proj",
        "attention.value_proj",
        "attention.output_proj",
        "attention_norm",
        "feed_forward.0",
        "feed_forward.2",
        "feed_forward_norm",
    )
    for kind in ("weight", "bias")
)

MODELS = (
    FaultModel(
        exercise="layer_norm",
        implementation=implementations.faulty_layer_norm,
        faults=LAYER_NORM_FAULTS,
        probes=probes.layer_norm_probes(),
        equivalents=(
            equivalents.norm_by_torch,
            equivalents.norm_by_var,
            equivalents.norm_by_loops,
            equivalents.norm_by_matrix,
            equivalents.norm_in_float32,
            equivalents.norm_by_centering_twice,
        ),
        read="blocks-layer-norm",
        uses=(implementations.mean_and_square,),
        same=_SAME_NORM,
    ),
    FaultModel(
        exercise="feed_forward",
        implementation=implementations.faulty_feed_forward,
        faults=FEED_FORWARD_FAULTS,
        probes=probes.feed_forward_probes(),
        equivalents=(
            equivalents.network_by_clamp,
            equivalents.network_by_where,
            equivalents.network_by_einsum,
            equivalents.network_by_linear,
            equivalents.network_by_units,
            equivalents.network_by_positions,
        ),
        read="blocks-feed-forward",
        same=_SAME_NETWORK,
    ),
    FaultModel(
        exercise="EncoderBlock",
        implementation=implementations.FaultyEncoderBlock,
        faults=BLOCK_FAULTS,
        probes=probes.encoder_block_probes(),
        equivalents=(
            equivalents.BlockWithBranches,
            equivalents.BlockWithHelper,
            equivalents.BlockWithIdentities,
            equivalents.BlockByLists,
            equivalents.BlockWithAddedInputs,
        ),
        read="blocks-block",
        uses=(implementations.FaultyAttention,),
        trial=trial_of_modules(4, PARAMETERS),
        same=_SAME_BLOCK,
    ),
    FaultModel(
        exercise="gradient_profile",
        implementation=implementations.faulty_profile,
        faults=PROFILE_FAULTS,
        probes=probes.profile_probes(),
        equivalents=(
            equivalents.profile_by_hand,
            equivalents.profile_by_retain_grad,
            equivalents.profile_from_each_layer,
            equivalents.profile_by_differences,
            equivalents.profile_by_jacobians,
        ),
        read="blocks-gradients",
        same=_SAME_PROFILE,
    ),
)
