"""The known mistakes of the sheet `approximate`, by name."""

from __future__ import annotations

from autograder.faults.equivalents import approximate as equivalents
from autograder.faults.implementations import approximate as implementations
from autograder.faults.model import Fault, FaultModel
from autograder.faults.probes import approximate as probes

LINFORMER_ATTENTION_FAULTS = (
    # FILL: at least eight. A name says what the code does, not what the learner should feel;
    # a hint asks a question and gives nothing away.
    Fault(
        "FILL: what the answer does",
        "fill",
        "wrong",
        "FILL: what to think about?",
        "approximate-linformer-attention",
    ),
)

FAVOR_FEATURES_FAULTS = (
    # FILL: at least eight. A name says what the code does, not what the learner should feel;
    # a hint asks a question and gives nothing away.
    Fault(
        "FILL: what the answer does",
        "fill",
        "wrong",
        "FILL: what to think about?",
        "approximate-favor-features",
    ),
)

PERFORMER_ATTENTION_FAULTS = (
    # FILL: at least eight. A name says what the code does, not what the learner should feel;
    # a hint asks a question and gives nothing away.
    Fault(
        "FILL: what the answer does",
        "fill",
        "wrong",
        "FILL: what to think about?",
        "approximate-performer-attention",
    ),
)

LINEAR_ATTENTION_FAULTS = (
    # FILL: at least eight. A name says what the code does, not what the learner should feel;
    # a hint asks a question and gives nothing away.
    Fault(
        "FILL: what the answer does",
        "fill",
        "wrong",
        "FILL: what to think about?",
        "approximate-linear-attention",
    ),
)

LSH_BUCKETS_FAULTS = (
    # FILL: at least eight. A name says what the code does, not what the learner should feel;
    # a hint asks a question and gives nothing away.
    Fault(
        "FILL: what the answer does",
        "fill",
        "wrong",
        "FILL: what to think about?",
        "approximate-lsh-buckets",
    ),
)

LSH_ATTENTION_FAULTS = (
    # FILL: at least eight. A name says what the code does, not what the learner should feel;
    # a hint asks a question and gives nothing away.
    Fault(
        "FILL: what the answer does",
        "fill",
        "wrong",
        "FILL: what to think about?",
        "approximate-lsh-attention",
    ),
)

MODELS = (
    FaultModel(
        exercise="linformer_attention",
        implementation=implementations.faulty_linformer_attention,
        faults=LINFORMER_ATTENTION_FAULTS,
        probes=probes.linformer_attention_probes(),
        equivalents=(equivalents.linformer_attention_by_fill,),
        read="approximate-linformer-attention",
    ),
    FaultModel(
        exercise="favor_features",
        implementation=implementations.faulty_favor_features,
        faults=FAVOR_FEATURES_FAULTS,
        probes=probes.favor_features_probes(),
        equivalents=(equivalents.favor_features_by_fill,),
        read="approximate-favor-features",
    ),
    FaultModel(
        exercise="performer_attention",
        implementation=implementations.faulty_performer_attention,
        faults=PERFORMER_ATTENTION_FAULTS,
        probes=probes.performer_attention_probes(),
        equivalents=(equivalents.performer_attention_by_fill,),
        read="approximate-performer-attention",
    ),
    FaultModel(
        exercise="linear_attention",
        implementation=implementations.faulty_linear_attention,
        faults=LINEAR_ATTENTION_FAULTS,
        probes=probes.linear_attention_probes(),
        equivalents=(equivalents.linear_attention_by_fill,),
        read="approximate-linear-attention",
    ),
    FaultModel(
        exercise="lsh_buckets",
        implementation=implementations.faulty_lsh_buckets,
        faults=LSH_BUCKETS_FAULTS,
        probes=probes.lsh_buckets_probes(),
        equivalents=(equivalents.lsh_buckets_by_fill,),
        read="approximate-lsh-buckets",
    ),
    FaultModel(
        exercise="lsh_attention",
        implementation=implementations.faulty_lsh_attention,
        faults=LSH_ATTENTION_FAULTS,
        probes=probes.lsh_attention_probes(),
        equivalents=(equivalents.lsh_attention_by_fill,),
        read="approximate-lsh-attention",
    ),
)
