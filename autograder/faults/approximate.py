"""The known mistakes of the sheet `approximate`, by name."""

from __future__ import annotations

from torch import Tensor

from autograder.faults.equivalents import approximate as equivalents
from autograder.faults.implementations import approximate as implementations
from autograder.faults.model import Fault, FaultModel, FollowThrough, Function, absorbed
from autograder.faults.probes import approximate as probes

# Of the mean of values, whose weights linear attention and Performer make of other features.
UNDIVIDED_FAULTS = (
    Fault(
        "nothing is divided by the sum of the weights",
        "normalizer",
        "none",
        "Let all values be 1. What should come out, and what does?",
        "approximate-linear",
    ),
    Fault(
        "the sum is divided by the number of keys",
        "normalizer",
        "count",
        "Let all values be 1. By which number must each row be divided?",
        "approximate-linear",
    ),
)
CAUSAL_FAULTS = (
    Fault(
        "causal is ignored",
        "order",
        "ignored",
        "Change the last value. Which rows of the output change when causal is True?",
        "approximate-recurrent",
    ),
    Fault(
        "a query sees one position ahead",
        "order",
        "one ahead",
        "Change value 1. May row 0 of the output change?",
        "approximate-recurrent",
    ),
    Fault(
        "a query sees later positions in place of earlier ones",
        "order",
        "later ones",
        "From which end does your sum begin?",
        "approximate-recurrent",
    ),
    Fault(
        "the normalizer sees the future",
        "order",
        "normalizer sees all",
        "Two sums run over the keys. Do both stop at the query's own position?",
        "approximate-recurrent",
    ),
    Fault(
        "causal attention takes other counts",
        "refusal",
        "passes",
        "Which key is the own position of query 1, if there are two queries and three keys?",
        "approximate-recurrent",
    ),
    Fault(
        "other counts fail by themselves",
        "refusal",
        "fails by itself",
        "Read your error as someone who called the function. Does it say what was wrong?",
        "approximate-recurrent",
    ),
)

LINEAR_FAULTS = (
    Fault(
        "there is no feature map",
        "features",
        "nothing",
        "Can a product of a query and a key be negative? What becomes of a mean then?",
        "approximate-linear",
    ),
    Fault(
        "the features are relu's",
        "features",
        "relu",
        "What do a query and a key have in common where one of them is negative throughout?",
        "approximate-linear",
    ),
    Fault(
        "the features are elu's, without the 1",
        "features",
        "elu",
        "Between which numbers does elu lie below zero? May a weight have that sign?",
        "approximate-linear",
    ),
    Fault(
        "the features are exponentials",
        "features",
        "exp",
        "How fast does elu grow above zero?",
        "approximate-linear",
    ),
    Fault(
        "the features are a softmax",
        "features",
        "softmax",
        "Other papers do so. Which function of one number is the feature map here?",
        "approximate-linear",
    ),
    Fault(
        "elu(x) + 1 is rounded to zero",
        "features",
        "rounded",
        "Print your feature of -20. What is elu of -20, and how does float32 keep it next to 1?",
        "approximate-linear",
    ),
    Fault(
        "the values go through the feature map",
        "values",
        "features",
        "Which two of the three inputs make weights?",
        "approximate-linear",
    ),
    Fault(
        "the queries are divided by the root of d_head",
        "scale",
        "root",
        "The scale keeps a softmax from saturating. Is there a softmax here?",
        "approximate-linear",
    ),
    *UNDIVIDED_FAULTS,
    Fault(
        "a small number is added to the sum of the weights",
        "normalizer",
        "epsilon",
        "How small can a sum of positive features be? Compare it with what you add.",
        "approximate-symptoms",
    ),
    Fault(
        "the weights go through a softmax",
        "normalizer",
        "softmax",
        "The feature map stands in place of something. What is left for you to do with weights?",
        "approximate-linear",
    ),
    Fault(
        "a query does not see its own position",
        "order",
        "exclusive",
        "What does the first query see? Do you read the state before or after adding the key?",
        "approximate-recurrent",
    ),
    *CAUSAL_FAULTS,
    Fault(
        "the error does not say the counts",
        "refusal",
        "no numbers",
        "Which two numbers does a reader of your message need?",
        "approximate-recurrent",
    ),
)

LINFORMER_FAULTS = (
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

FAVOR_FAULTS = (
    Fault(
        "nothing is taken off for the square",
        "norm",
        "none",
        "The mean of exp(w·x) is exp(|x|²/2). What must be taken off for a mean of 1?",
        "approximate-features",
    ),
    Fault(
        "the square is not halved",
        "norm",
        "the square",
        "The mean of exp(w·x) is exp(|x|²/2). What is left of it in your features?",
        "approximate-features",
    ),
    Fault(
        "half the length is taken off, not half its square",
        "norm",
        "half the norm",
        "Double x. By how much should the last term grow?",
        "approximate-features",
    ),
    Fault(
        "the square is that of x before it was scaled",
        "norm_of",
        "unscaled",
        "Two terms stand in the exponent. Are both of the same vector?",
        "approximate-features",
    ),
    Fault(
        "x is not scaled",
        "scale",
        "none",
        "Which dot product should come out: q·k, or q·k divided by something?",
        "approximate-features",
    ),
    Fault(
        "x is divided by the square root of d_head",
        "scale",
        "root",
        "A query and a key are each divided once. By what is their product divided?",
        "approximate-features",
    ),
    Fault(
        "nothing is divided by the number of features",
        "count",
        "none",
        "A product of two feature vectors is a sum. How does it become a mean?",
        "approximate-features",
    ),
    Fault(
        "features are divided by their number, not by its root",
        "count",
        "features",
        "A query and a key are each divided once. By what is their product divided?",
        "approximate-features",
    ),
    Fault(
        "the features are sines and cosines",
        "function",
        "trigonometric",
        "Their mean is right as well. Which sign may a product of two of them have?",
        "approximate-features",
    ),
    Fault(
        "the features are relu's",
        "function",
        "relu",
        "Which function of q·k is the mean of your products?",
        "approximate-features",
    ),
    Fault(
        "each row loses its maximum",
        "function",
        "one maximum each",
        "By which factor do your features differ from the right ones? Is it the same for each key?",
        "approximate-stability",
    ),
    Fault(
        "all rows lose the largest exponent",
        "function",
        "one maximum",
        "Put one more vector into x. May the features of the others change?",
        "approximate-stability",
    ),
    Fault(
        "the two exponentials are taken apart",
        "function",
        "taken apart",
        "How large is exp(w·x) for a vector of length 12 along a row of length 12?",
        "approximate-stability",
    ),
    Fault(
        "the rows of the projection are normalized",
        "directions",
        "normalized",
        "What do the lengths of normal draws do to the mean of exp(w·x)?",
        "approximate-features",
    ),
    Fault(
        "x is changed in place",
        "inputs",
        "changed",
        "Print x before and after the call. Which operation ends in `_` or `=`?",
        "approximate-features",
    ),
)

PERFORMER_FAULTS = (
    Fault(
        "the keys lose their term of the square",
        "norm",
        "queries alone",
        "A factor for each query cancels. Does a factor for each key?",
        "approximate-stability",
    ),
    Fault(
        "queries and keys are not scaled",
        "scale",
        "none",
        "Which softmax do your weights stand in for: of q·k, or of q·k divided by something?",
        "approximate-features",
    ),
    Fault(
        "queries and keys are divided by the square root of d_head",
        "scale",
        "root",
        "A query and a key are each divided once. By what is their product divided?",
        "approximate-features",
    ),
    Fault(
        "nothing keeps the features from vanishing",
        "features",
        "plain",
        "How large is exp(-150) in float32? And a sum of such numbers, divided by itself?",
        "approximate-stability",
    ),
    Fault(
        "a small number keeps the division finite",
        "features",
        "epsilon",
        "How small can a sum of products of features be? Compare it with what you add.",
        "approximate-stability",
    ),
    Fault(
        "each key loses its own maximum",
        "features",
        "one maximum for each key",
        "What may be taken off without any change: a number for each key, or one for all?",
        "approximate-stability",
    ),
    Fault(
        "the features are relu's",
        "features",
        "relu",
        "Which function of q·k is the mean of your products?",
        "approximate-performer",
    ),
    Fault(
        "the features are sines and cosines",
        "features",
        "trigonometric",
        "Print your weights before the division. Are all of them positive?",
        "approximate-performer",
    ),
    Fault(
        "the keys' features serve for the queries",
        "served",
        "keys for queries",
        "Change the queries. Does your output change?",
        "approximate-performer",
    ),
    *UNDIVIDED_FAULTS,
    Fault(
        "the weights go through a softmax",
        "normalizer",
        "softmax",
        "The features already are exponentials. Of what do you take one more?",
        "approximate-performer",
    ),
    Fault(
        "a query does not see its own position",
        "order",
        "exclusive",
        "What does the first query see? Do you read the sums before or after adding the key?",
        "approximate-recurrent",
    ),
    *CAUSAL_FAULTS,
    Fault(
        "the error does not say the counts",
        "refusal",
        "no numbers",
        "Which two numbers does a reader of your message need?",
        "approximate-performer",
    ),
)

BUCKETS_FAULTS = (
    Fault(
        "opposites have no bucket of their own",
        "directions",
        "positive alone",
        "How many buckets do two columns make? Where does a vector go that points away from both?",
        "approximate-buckets",
    ),
    Fault(
        "a vector and its opposite share a bucket",
        "directions",
        "sizes",
        "What is the angle between x and -x? Should they meet?",
        "approximate-buckets",
    ),
    Fault(
        "the opposites come first",
        "directions",
        "opposites first",
        "Which number has a vector that lies along column 0? And did you take the largest product?",
        "approximate-buckets",
    ),
    Fault(
        "each direction stands beside its opposite",
        "directions",
        "side by side",
        "Which number has the bucket of a vector that lies along column 1?",
        "approximate-buckets",
    ),
    Fault(
        "the opposites stand in reverse",
        "directions",
        "mirrored",
        "Take a vector along column 0. Which number has the bucket of its opposite?",
        "approximate-buckets",
    ),
    Fault(
        "the signs make the number",
        "directions",
        "signs",
        "That is another hash. How many buckets do four columns make with it, and how many here?",
        "approximate-buckets",
    ),
    Fault(
        "a tie goes to the highest number",
        "ties",
        "last",
        "Into which bucket does a vector of zeros fall?",
        "approximate-buckets",
    ),
    Fault(
        "the rotations of the rounds are mixed up",
        "rounds",
        "mixed up",
        "The first axis is the round. May a reshape move numbers past it?",
        "approximate-rounds",
    ),
    Fault(
        "every round is the first one",
        "rounds",
        "the first alone",
        "Compare the rows of your result. Should two rounds agree on everything?",
        "approximate-rounds",
    ),
    Fault(
        "the rounds are the last axis",
        "axes",
        "length rounds",
        "Print the shape for three rounds of seven vectors.",
        "approximate-buckets",
    ),
    Fault(
        "the rounds are counted on",
        "offset",
        "by rounds",
        "Some code sorts all rounds at once, and needs this. At which number does a round begin?",
        "approximate-rounds",
    ),
    Fault(
        "the numbers are int32",
        "kind",
        "int32",
        "Which dtype does an index have in torch?",
        "approximate-buckets",
    ),
)

LSH_FAULTS = (
    Fault(
        "the tokens are not sorted",
        "order",
        "by position",
        "Do two tokens of a bucket that stand far apart ever meet?",
        "approximate-lsh",
    ),
    Fault(
        "the sort is not undone",
        "undone",
        "not undone",
        "Whose output stands in row 0: the first token's, or that of the first in its bucket?",
        "approximate-lsh",
    ),
    Fault(
        "the sort is undone by sorting again",
        "undone",
        "sorted again",
        "Order (1, 2, 0) applied twice: is it as before? What did the sort send to place 0?",
        "approximate-lsh",
    ),
    Fault(
        "a chunk reads itself alone",
        "chunks",
        "own alone",
        "A border cuts a bucket in two. Who can see across it?",
        "approximate-lsh",
    ),
    Fault(
        "a chunk reads the one after as well",
        "chunks",
        "after too",
        "How many chunks should a query read? Which?",
        "approximate-lsh",
    ),
    Fault(
        "the first chunk reads the last",
        "chunks",
        "wraps around",
        "Reformer's code does so. What stands before the first chunk in this contract?",
        "approximate-lsh",
    ),
    Fault(
        "all that share a chunk meet",
        "buckets",
        "ignored",
        "A chunk may hold the end of one bucket and the beginning of another. May those meet?",
        "approximate-lsh",
    ),
    Fault(
        "all rounds count alike",
        "rounds",
        "alike",
        "One round finds the keys that matter, another finds none. Which should count for more?",
        "approximate-rounds",
    ),
    Fault(
        "a pair counts in each round in which it meets",
        "rounds",
        "counted again",
        "Do a round twice. May the output change?",
        "approximate-rounds",
    ),
    Fault(
        "only the first round is used",
        "rounds",
        "the first alone",
        "Change the rotations of the second round. Does your output change?",
        "approximate-rounds",
    ),
    Fault(
        "a token sees itself beside others",
        "itself",
        "seen",
        "Which key has the smallest angle to a query that is the same vector?",
        "approximate-lsh",
    ),
    Fault(
        "a token that meets nobody gets zeros",
        "itself",
        "zeros",
        "What does the first token see when causal? What does the contract say it reads?",
        "approximate-lsh",
    ),
    Fault(
        "the keys keep their lengths",
        "keys",
        "as they are",
        "May a long vector draw all attention, if the hash looks at angles alone?",
        "approximate-lsh",
    ),
    Fault(
        "the queries are normalized too",
        "keys",
        "queries too",
        "How large can a score be if both vectors have the length 1?",
        "approximate-lsh",
    ),
    Fault(
        "the scores are not scaled",
        "scale",
        "none",
        "Reformer's code leaves it to training. What does the contract divide by?",
        "approximate-lsh",
    ),
    Fault(
        "causal is ignored",
        "earlier",
        "ignored",
        "Change the last value. Which rows of the output change when causal is True?",
        "approximate-lsh",
    ),
)

_SQUARE = (
    "nothing is taken off for the square",
    "the square is not halved",
    "half the length is taken off, not half its square",
)
_UNSCALED = "the square is that of x before it was scaled"

_SAME_LINEAR = (
    # A scale cancels where the features are proportional to what they are made of.
    absorbed(
        "there is no feature map",
        "the values go through the feature map",
        "the queries are divided by the root of d_head",
        "a small number is added to the sum of the weights",
    )
    | absorbed("the features are relu's", "the queries are divided by the root of d_head")
    | absorbed("the features are a softmax", "a small number is added to the sum of the weights")
    | absorbed("the weights go through a softmax", "elu(x) + 1 is rounded to zero")
)

_UNDIVIDED = absorbed(
    "nothing is divided by the sum of the weights", "the normalizer sees the future"
) | absorbed("the sum is divided by the number of keys", "the normalizer sees the future")

_SAME_FEATURES = (
    absorbed("the features are relu's", *_SQUARE, _UNSCALED)
    | absorbed("each row loses its maximum", *_SQUARE, _UNSCALED)
    | absorbed(
        "nothing is taken off for the square", _UNSCALED, "the two exponentials are taken apart"
    )
    # Without the square nothing makes one factor vanish where the other is infinite.
    | absorbed(_SQUARE[2], "the two exponentials are taken apart")
    | absorbed("x is not scaled", _UNSCALED, "x is changed in place")
)

_SAME_PERFORMER = (
    absorbed("each key loses its own maximum", "the keys lose their term of the square")
    | absorbed(
        "the features are relu's",
        "the keys lose their term of the square",
        "queries and keys are not scaled",
        "queries and keys are divided by the square root of d_head",
    )
    | {
        key: smaller
        for name in (
            "nothing is divided by the sum of the weights",
            "the sum is divided by the number of keys",
            "the weights go through a softmax",
        )
        # What is not divided cannot fail at the division.
        for key, smaller in absorbed(
            name,
            "nothing keeps the features from vanishing",
            "a small number keeps the division finite",
        ).items()
    }
)


def _lsh_attention_from(buckets: Function) -> Function:
    """Return attention among tokens that share what another answer takes for their buckets."""

    def lsh_attention(
        query_key: Tensor, value: Tensor, rotations: Tensor, chunk_size: int, causal: bool = False
    ) -> Tensor:
        return implementations.among_tokens_that_meet(
            buckets(query_key, rotations), query_key, value, chunk_size, causal
        )

    return lsh_attention


MODELS = (
    FaultModel(
        exercise="linear_attention",
        implementation=implementations.faulty_linear_attention,
        faults=LINEAR_FAULTS,
        probes=probes.linear_attention_probes(),
        equivalents=(
            equivalents.linear_by_all_weights,
            equivalents.linear_by_cumsum,
            equivalents.linear_by_a_loop,
            equivalents.linear_by_a_column_of_ones,
            equivalents.linear_in_float64,
            equivalents.linear_by_log_weights,
        ),
        read="approximate-linear",
        same=_SAME_LINEAR | _UNDIVIDED,
        uses=(
            implementations.refuse_counts,
            implementations.seen_by_order,
            implementations.mean_of_values,
            implementations.linear_features,
        ),
        trial=probes.trial_of_counts,
    ),
    FaultModel(
        exercise="linformer_attention",
        implementation=implementations.faulty_linformer,
        faults=LINFORMER_FAULTS,
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
    ),
    FaultModel(
        exercise="favor_features",
        implementation=implementations.faulty_favor_features,
        faults=FAVOR_FAULTS,
        probes=probes.favor_features_probes(),
        equivalents=(
            equivalents.favor_by_einsum,
            equivalents.favor_by_logs,
            equivalents.favor_by_roots,
            equivalents.favor_by_distance,
            equivalents.favor_by_rows,
        ),
        read="approximate-features",
        same=_SAME_FEATURES,
        uses=(implementations.features_of,),
    ),
    FaultModel(
        exercise="performer_attention",
        implementation=implementations.faulty_performer,
        faults=PERFORMER_FAULTS,
        probes=probes.performer_attention_probes(),
        equivalents=(
            equivalents.performer_by_log_weights,
            equivalents.performer_by_one_maximum,
            equivalents.performer_in_float64,
            equivalents.performer_by_a_softmax_of_features,
            equivalents.performer_by_a_state,
        ),
        read="approximate-performer",
        same=_SAME_PERFORMER | _UNDIVIDED,
        uses=(
            implementations.refuse_counts,
            implementations.seen_by_order,
            implementations.mean_of_values,
            implementations.features_of,
            implementations.stable_weights,
            implementations.plain_weights,
        ),
        trial=probes.trial_of_counts,
    ),
    FaultModel(
        exercise="lsh_buckets",
        implementation=implementations.faulty_lsh_buckets,
        faults=BUCKETS_FAULTS,
        probes=probes.lsh_buckets_probes(),
        equivalents=(
            equivalents.buckets_by_einsum,
            equivalents.buckets_by_rounds,
            equivalents.buckets_by_sizes_and_signs,
            equivalents.buckets_by_sorting,
            equivalents.buckets_by_flat_rotations,
        ),
        read="approximate-buckets",
        same=absorbed("the signs make the number", "a tie goes to the highest number"),
    ),
    FaultModel(
        exercise="lsh_attention",
        implementation=implementations.faulty_lsh_attention,
        faults=LSH_FAULTS,
        probes=probes.lsh_attention_probes(),
        equivalents=(
            equivalents.lsh_by_one_mask,
            equivalents.lsh_by_counting_rounds,
            equivalents.lsh_by_sets,
            equivalents.lsh_round_by_round,
            equivalents.lsh_in_sorted_order,
        ),
        read="approximate-lsh",
        same=absorbed(
            "the tokens are not sorted",
            "the sort is not undone",
            "the sort is undone by sorting again",
        ),
        uses=(
            implementations.faulty_lsh_buckets,
            implementations.shared_scores,
            implementations.in_reach,
            implementations.attended,
            implementations.among_tokens_that_meet,
        ),
        follow_through=FollowThrough("lsh_buckets", _lsh_attention_from),
    ),
)
