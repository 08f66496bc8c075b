"""The known mistakes of the sheet `efficient`, by name: a module for each exercise."""

from __future__ import annotations

from autograder.faults.efficient import (
    attend_with_cache,
    attention_flops,
    grouped_query_attention,
    local_attention,
    online_softmax,
    sliding_window_mask,
    tiled_attention,
)

MODELS = (
    attention_flops.MODEL,
    online_softmax.MODEL,
    tiled_attention.MODEL,
    sliding_window_mask.MODEL,
    local_attention.MODEL,
    attend_with_cache.MODEL,
    grouped_query_attention.MODEL,
)
