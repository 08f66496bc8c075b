"""The known mistakes of the sheet `approximate`, by name: a module for each exercise."""

from __future__ import annotations

from autograder.faults.approximate import (
    favor_features,
    linear_attention,
    linformer_attention,
    lsh_attention,
    lsh_buckets,
    performer_attention,
)

MODELS = (
    linear_attention.MODEL,
    linformer_attention.MODEL,
    favor_features.MODEL,
    performer_attention.MODEL,
    lsh_buckets.MODEL,
    lsh_attention.MODEL,
)
