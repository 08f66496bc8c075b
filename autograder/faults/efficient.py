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
