"""The known mistakes of the sheet `positions`, by name."""

from __future__ import annotations

from collections.abc import Iterable

from autograder.faults.equivalents import positions as equivalents
from autograder.faults.implementations import positions as implementations
from autograder.faults.model import Fault, FaultModel, absorbed
from autograder.faults.probes import positions as probes
from autograder.faults.refusals import trial_of_refusals

ENCODING_FAULTS = (
    Fault(
        "the exponent lacks the 2",
        "exponent",
        "i / d",
        "Columns 2r and 2r + 1 share a frequency. Which exponent has the last pair of columns?",
        "positions-frequencies",
    ),
    Fault(
        "the exponent has the 2 twice",
        "exponent",
        "4i / d",
        "Does your counter run over pairs or over columns? Which of the two is i?",
        "positions-frequencies",
    ),
    Fault(
        "every column has a frequency of its own",
        "exponent",
        "each column",
        "A hand of a clock needs a sine and a cosine of one angle. Which angle has column 1?",
        "positions-frequencies",
    ),
    Fault(
        "the base is 1000",
        "base",
        1000.0,
        "By which factor is the slowest frequency slower than the fastest one?",
        "positions-frequencies",
    ),
    Fault(
        "positions are multiplied where they should be divided",
        "direction",
        "multiplies",
        "Should later columns turn faster or more slowly than the first two?",
        "positions-frequencies",
    ),
    Fault(
        "sine and cosine are swapped",
        "functions",
        "cos sin",
        "What are sine and cosine of 0? Which of them should open the first row?",
        "positions-sinusoidal",
    ),
    Fault(
        "all columns are sines",
        "functions",
        "sin sin",
        "A sine alone has the same value twice in each turn. What tells the two apart?",
        "positions-sinusoidal",
    ),
    Fault(
        "sines and cosines stand in two halves",
        "layout",
        "halves",
        "Several libraries do so. Which columns does the formula of this course give to cosines?",
        "positions-sinusoidal",
    ),
    Fault(
        "positions are counted from 1",
        "first",
        1,
        "Print your first row. Which angle has position 0?",
        "positions-sinusoidal",
    ),
    Fault(
        "the axes are swapped",
        "axes",
        "d_model positions",
        "One row for each position. What does your first row hold?",
        "positions-sinusoidal",
    ),
    Fault(
        "an axis for the batch comes first",
        "axes",
        "batch first",
        "The contract asks for a matrix. How many axes does your result have?",
        "positions-sinusoidal",
    ),
    Fault(
        "the result is float64",
        "kind",
        "float64",
        "Precision is needed for angles, not for what leaves. Which dtype do embeddings have?",
        "positions-precision",
    ),
    Fault(
        "angles are computed in float32",
        "precision",
        "float32",
        "How far apart are two neighboring float32 numbers near 100,000?",
        "positions-precision",
    ),
    Fault(
        "an odd d_model passes",
        "odd",
        "passes",
        "Which column goes with the last sine when d_model is 5?",
        "positions-sinusoidal",
    ),
    Fault(
        "an odd d_model fails by itself",
        "odd",
        "fails by itself",
        "Which kind of error does the contract ask for, and what should it say?",
        "positions-sinusoidal",
    ),
    Fault(
        "the error does not say the width",
        "odd",
        "no values",
        "Read your message as somebody who made the mistake. Which number is missing?",
        "positions-sinusoidal",
    ),
)

SHIFT_FAULTS = (
    Fault(
        "the matrix moves backward",
        "turn",
        "backward",
        "Here a row times the matrix gives the later row. Is your matrix made for columns?",
        "positions-shift",
    ),
    Fault(
        "the matrix is right for position 1 alone",
        "method",
        "ratios",
        "Does your matrix know anything of a position? Try it on another row.",
        "positions-shift",
    ),
    Fault(
        "every pair turns by the same angle",
        "rates",
        "one",
        "How far does each hand of the clock turn in one step? Do all turn alike?",
        "positions-shift",
    ),
    Fault(
        "the exponent lacks the 2",
        "exponent",
        "i / d",
        "Columns 2r and 2r + 1 share a frequency. Which exponent has the last pair of columns?",
        "positions-frequencies",
    ),
    Fault(
        "the exponent has the 2 twice",
        "exponent",
        "4i / d",
        "Does your counter run over pairs or over columns? Which of the two is i?",
        "positions-frequencies",
    ),
    Fault(
        "offsets are multiplied where they should be divided",
        "direction",
        "multiplies",
        "Should later pairs turn faster or more slowly than the first?",
        "positions-frequencies",
    ),
    Fault(
        "made for sines and cosines in two halves",
        "layout",
        "halves",
        "Which two columns of the encoding belong to one angle? Where must their block stand?",
        "positions-shift",
    ),
    Fault(
        "both sines of a block have the same sign",
        "signs",
        "same",
        "What is cos(a + b)? Multiply a block by its transpose: is it the identity?",
        "positions-shift",
    ),
    Fault(
        "angles are in degrees",
        "unit",
        "degrees",
        "Which unit does torch.sin expect? What is sin(p) for p = 1 in the encoding?",
        "positions-shift",
    ),
    Fault(
        "the sign of the offset is lost",
        "sign_of_offset",
        "lost",
        "What should an offset of -2 do to the row of position 5?",
        "positions-shift",
    ),
    Fault(
        "the result is float64",
        "kind",
        "float64",
        "Precision is needed for angles, not for what leaves. Which dtype has the encoding?",
        "positions-precision",
    ),
    Fault(
        "an odd d_model passes",
        "odd",
        "passes",
        "Which feature goes with the last one when d_model is 5?",
        "positions-shift",
    ),
    Fault(
        "an odd d_model fails by itself",
        "odd",
        "fails by itself",
        "Which kind of error does the contract ask for, and what should it say?",
        "positions-shift",
    ),
    Fault(
        "the error does not say the width",
        "odd",
        "no values",
        "Read your message as somebody who made the mistake. Which number is missing?",
        "positions-shift",
    ),
)

TABLE_FAULTS = (
    Fault(
        "too long a sequence reads the last row again",
        "too_long",
        "the last row again",
        "Two positions with the same row: can the model tell them apart? What should happen?",
        "positions-learned",
    ),
    Fault(
        "too long a sequence is cut",
        "too_long",
        "cut",
        "How many rows come out when more go in than the table has? Who would notice?",
        "positions-learned",
    ),
    Fault(
        "the error does not say the lengths",
        "too_long",
        "no values",
        "Read your message as somebody who made the mistake. Which numbers are missing?",
        "positions-learned",
    ),
    Fault(
        "each sequence gets one row, not each position",
        "rows",
        "by sequence",
        "x is (batch, length, d_model). Along which axis do positions run?",
        "positions-learned",
    ),
    Fault(
        "position 0 gets row 1",
        "rows",
        "one later",
        "Which row should the first position get? Is every row of the table used?",
        "positions-learned",
    ),
    Fault(
        "rows are counted from the end",
        "rows",
        "backwards",
        "Append a token: should the row of the first position change?",
        "positions-learned",
    ),
    Fault(
        "every position gets the same row",
        "rows",
        "one for all",
        "Shuffle the positions of x. Does anything but the order of the output change?",
        "positions-learned",
    ),
    Fault(
        "the rows replace x",
        "combined",
        "rows alone",
        "Does the output still depend on what comes in?",
        "positions-learned",
    ),
    Fault(
        "x is multiplied by the rows",
        "combined",
        "multiplied",
        "What would a row of zeros do to what comes in?",
        "positions-learned",
    ),
    Fault(
        "the rows are put beside x",
        "combined",
        "side by side",
        "How wide is your output? How wide should it be?",
        "positions-learned",
    ),
    Fault(
        "the rows are multiplied by the root of d_model",
        "scale",
        "sqrt d_model",
        "The paper scales its token embeddings. Does the contract scale anything here?",
        "positions-learned",
    ),
    Fault(
        "no gradient reaches the table",
        "table",
        "detached",
        "Call backward() and print embedding.weight.grad. Where does the graph end?",
        "positions-learned",
    ),
    Fault(
        "the table is not registered",
        "table",
        "in a list",
        "Print list(module.parameters()). What does nn.Module do with a plain list?",
        "positions-learned",
    ),
    Fault(
        "x is changed in place",
        "inputs",
        "changed",
        "Print x before and after the call. Which operation ends in `_` or `=`?",
        "positions-learned",
    ),
)

ROPE_FAULTS = (
    Fault(
        "pairs turn the wrong way",
        "turn",
        "clockwise",
        "Where should (1, 0) go at a small angle: to a positive or a negative second feature?",
        "positions-rope",
    ),
    Fault(
        "features are paired across the two halves",
        "pairs",
        "halves",
        "Llama does so in the library of Hugging Face. Which feature is the partner of feature 0?",
        "positions-rope-layouts",
    ),
    Fault(
        "pairs come out in two halves",
        "come_out",
        "in two halves",
        "You turn neighbors. Where do the two numbers of a pair stand afterwards?",
        "positions-rope-layouts",
    ),
    Fault(
        "a minus is missing",
        "mixing",
        "no minus",
        "Compare the length of a row before and after. May a rotation change it?",
        "positions-rope",
    ),
    Fault(
        "features do not mix with their partner",
        "mixing",
        "no partner",
        "Where does (1, 0) go when it turns by 90 degrees? Can a factor do that?",
        "positions-rope",
    ),
    Fault(
        "sine and cosine are swapped",
        "mixing",
        "sin and cos swapped",
        "What should happen to a row at position 0, where the angle is 0?",
        "positions-rope",
    ),
    Fault(
        "features are only multiplied by the cosine",
        "mixing",
        "cosine alone",
        "Compare the length of a row before and after. Which half of the rotation is missing?",
        "positions-rope",
    ),
    Fault(
        "sines and cosines are added",
        "mixing",
        "angles added",
        "That is the encoding of 2017. Does a score then depend on i - j alone?",
        "positions-rope",
    ),
    Fault(
        "every pair turns by the same angle",
        "rates",
        "one",
        "How far does each pair turn in one step? Do all turn alike?",
        "positions-frequencies",
    ),
    Fault(
        "the exponent lacks the 2",
        "exponent",
        "i / d",
        "Features 2r and 2r + 1 share a frequency. Which exponent has the last pair?",
        "positions-frequencies",
    ),
    Fault(
        "the exponent has the 2 twice",
        "exponent",
        "4i / d",
        "Does your counter run over pairs or over features? Which of the two is i?",
        "positions-frequencies",
    ),
    Fault(
        "base is ignored",
        "bases",
        "10000",
        "Call it with base=100 and with base=10000. Should the results differ?",
        "positions-rope",
    ),
    Fault(
        "positions are ignored",
        "places",
        "counted from 0",
        "A new token in a cache is one row. Which position does yours give it?",
        "positions-rope",
    ),
    Fault(
        "each position counts one too many",
        "places",
        "one later",
        "What should happen to a row at position 0?",
        "positions-rope",
    ),
    Fault(
        "the result is always float64",
        "kind",
        "float64",
        "Sines of float64 angles are float64. Which dtype has their product with x?",
        "positions-precision",
    ),
    Fault(
        "the result is always float32",
        "kind",
        "float32",
        "Give it float16. Which dtype comes back?",
        "positions-precision",
    ),
    Fault(
        "angles are computed in float32",
        "precision",
        "float32",
        "How far apart are two neighboring float32 numbers near 100,000?",
        "positions-precision",
    ),
    Fault(
        "x is changed in place",
        "inputs",
        "changed",
        "Print x before and after the call. Which operation ends in `_` or `=`?",
        "positions-rope",
    ),
    Fault(
        "an odd width passes",
        "odd",
        "passes",
        "Which feature is the partner of the last one when there are 3?",
        "positions-rope",
    ),
    Fault(
        "an odd width fails by itself",
        "odd",
        "fails by itself",
        "Which kind of error does the contract ask for, and what should it say?",
        "positions-rope",
    ),
    Fault(
        "the error does not say the width",
        "odd",
        "no values",
        "Read your message as somebody who made the mistake. Which number is missing?",
        "positions-rope",
    ),
)

ALIBI_FAULTS = (
    Fault(
        "distance is rewarded",
        "sign",
        "reward",
        "Which key should lose score, the near one or the far one?",
        "positions-alibi",
    ),
    Fault(
        "one slope for all heads",
        "slopes",
        "one for all",
        "What could the second head do that the first cannot?",
        "positions-alibi",
    ),
    Fault(
        "slopes are not geometric",
        "slopes",
        "arithmetic",
        "Divide each slope by the one before it. Is the quotient always the same?",
        "positions-alibi",
    ),
    Fault(
        "heads are counted from 0",
        "slopes",
        "from head 0",
        "With 8 heads the first slope of the paper is 1/2. What is yours?",
        "positions-alibi",
    ),
    Fault(
        "the exponent lacks the 8",
        "slopes",
        "without the 8",
        "With 8 heads the last slope of the paper is 1/256. What is yours?",
        "positions-alibi",
    ),
    Fault(
        "slopes do not depend on the number of heads",
        "slopes",
        "whatever num_heads",
        "With 16 heads the last slope is still 1/256. What is yours?",
        "positions-alibi",
    ),
    Fault(
        "the last head has the steepest slope",
        "order",
        "steepest last",
        "With 8 heads the first slope of the paper is 1/2. Which head of yours has it?",
        "positions-alibi",
    ),
    Fault(
        "the first query stands at the first key",
        "corner",
        "first",
        "With 1 new query and 3 keys, at which key does the query stand?",
        "positions-alibi",
    ),
    Fault(
        "later keys are rewarded",
        "distance",
        "signed",
        "What is the distance from position 2 to position 5? And its sign?",
        "positions-alibi",
    ),
    Fault(
        "later keys have no penalty",
        "distance",
        "later keys free",
        "A causal mask hides later keys, and it is not this function's task. What is left to do?",
        "positions-alibi",
    ),
    Fault(
        "the distance is squared",
        "distance",
        "squared",
        "The L in ALiBi stands for linear. How much more does twice the distance cost?",
        "positions-alibi",
    ),
    Fault(
        "the query's position is left out",
        "distance",
        "key alone",
        "Bloom does so, as a softmax hides it. What should stand where a query meets its own key?",
        "positions-alibi",
    ),
    Fault(
        "heads are the last axis",
        "axes",
        "query key head",
        "Scores are (batch, head, query, key). Against which axes does your result line up?",
        "positions-alibi",
    ),
    Fault(
        "the result is float64",
        "kind",
        "float64",
        "Which dtype do scores become to which you add it?",
        "positions-precision",
    ),
)


def _hides(
    name: str, faults: Iterable[Fault], seen_beside: Iterable[str]
) -> dict[frozenset[str], frozenset[str]]:
    """Return that the fault ``name`` is lost beside all others but those of some switches."""
    visible = {name, *seen_beside}
    others = [fault for fault in faults if fault.name != name and fault.switch not in visible]
    return {frozenset({name, each.name}): frozenset({each.name}) for each in others}


FLOAT32 = "angles are computed in float32"

MODELS = (
    FaultModel(
        exercise="sinusoidal_encoding",
        implementation=implementations.faulty_encoding,
        faults=ENCODING_FAULTS,
        probes=probes.encoding_probes(),
        equivalents=(
            equivalents.encoding_by_exp,
            equivalents.encoding_by_columns,
            equivalents.encoding_by_loops,
            equivalents.encoding_by_phase,
            equivalents.encoding_by_complex_numbers,
            equivalents.encoding_by_outer,
        ),
        read="positions-sinusoidal",
        # What is far off at position 100,000 anyway is not judged more finely.
        same=_hides(FLOAT32, ENCODING_FAULTS, ("kind", "odd")),
        uses=(implementations.refuse_odd, implementations.frequencies),
        trial=probes.trial_of_encodings,
    ),
    FaultModel(
        exercise="shift_matrix",
        implementation=implementations.faulty_shift,
        faults=SHIFT_FAULTS,
        probes=probes.shift_probes(),
        equivalents=(
            equivalents.shift_by_loops,
            equivalents.shift_by_strides,
            equivalents.shift_by_matrix_exp,
            equivalents.shift_by_turning_the_identity,
            equivalents.shift_by_kron,
        ),
        read="positions-shift",
        same=absorbed(
            "every pair turns by the same angle",
            "the exponent lacks the 2",
            "the exponent has the 2 twice",
            "offsets are multiplied where they should be divided",
        )
        | absorbed(
            "the matrix is right for position 1 alone",
            "both sines of a block have the same sign",
        ),
        uses=(implementations.refuse_odd, implementations.frequencies),
        trial=trial_of_refusals,
    ),
    FaultModel(
        exercise="LearnedPositions",
        implementation=implementations.FaultyPositions,
        faults=TABLE_FAULTS,
        probes=probes.table_probes(),
        equivalents=(
            equivalents.PositionsByIndex,
            equivalents.PositionsBySlice,
            equivalents.PositionsByParameter,
            equivalents.PositionsByFunctional,
            equivalents.PositionsByOneHot,
        ),
        read="positions-learned",
        same=absorbed(
            # Without a table nothing else is ever computed.
            "the table is not registered",
            *(fault.name for fault in TABLE_FAULTS if fault.switch != "table"),
        )
        | absorbed("the rows are put beside x", "x is changed in place"),
        trial=probes.TrialOfTables(),
    ),
    FaultModel(
        exercise="apply_rope",
        implementation=implementations.faulty_rope,
        faults=ROPE_FAULTS,
        probes=probes.rope_probes(),
        equivalents=(
            equivalents.rope_by_complex_numbers,
            equivalents.rope_by_rotating_half,
            equivalents.rope_by_matrices,
            equivalents.rope_by_slices,
            equivalents.rope_by_unbind,
            equivalents.rope_by_einsum,
        ),
        read="positions-rope",
        same=_hides(FLOAT32, ROPE_FAULTS, ("kind", "odd", "inputs", "bases"))
        | absorbed(
            "every pair turns by the same angle",
            "the exponent lacks the 2",
            "the exponent has the 2 twice",
            "base is ignored",
        )
        | absorbed("features are only multiplied by the cosine", "pairs turn the wrong way")
        | absorbed("features are paired across the two halves", "pairs come out in two halves"),
        uses=(
            implementations.refuse_odd,
            implementations.frequencies,
            implementations.mixed,
        ),
        trial=probes.trial_of_turns,
    ),
    FaultModel(
        exercise="alibi_bias",
        implementation=implementations.faulty_alibi,
        faults=ALIBI_FAULTS,
        probes=probes.alibi_probes(),
        equivalents=(
            equivalents.alibi_by_loops,
            equivalents.alibi_by_powers,
            equivalents.alibi_by_outer,
            equivalents.alibi_by_cumulation,
            equivalents.alibi_by_last_rows,
        ),
        read="positions-alibi",
        same=absorbed("one slope for all heads", "the last head has the steepest slope")
        | absorbed("the query's position is left out", "the first query stands at the first key"),
        uses=(implementations.head_slopes,),
    ),
)
