"""The known mistakes of `sliding_window_mask`, by name."""

from __future__ import annotations

from autograder.faults.equivalents import efficient as equivalents
from autograder.faults.implementations import efficient as implementations
from autograder.faults.model import Fault, FaultModel
from autograder.faults.probes import efficient as probes

FAULTS = (
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

MODEL = FaultModel(
    exercise="sliding_window_mask",
    implementation=implementations.faulty_sliding_window_mask,
    faults=FAULTS,
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
)
