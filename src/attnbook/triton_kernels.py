"""The kernels of `attnbook.triton_attention`, in Triton's language.

A tensor is a pointer to its first number, sizes that are known when a kernel is compiled are
upper-case, and a block's side is a power of two.

Where torch finds no GPU, Triton's interpreter runs the same source on the CPU, a block at a
time in numpy: slow, and good for reading and testing. Triton decides on it, function by
function, when a function is decorated.
"""

import importlib
import os
import sys
from typing import no_type_check

import torch

if not torch.cuda.is_available():
    os.environ.setdefault("TRITON_INTERPRET", "1")
    # Parts of torch import Triton, its flop counter for one, and then sums and maxima, which are
    # written in Triton themselves, were decorated for a GPU.
    for loaded in ("triton.language.standard", "triton.language"):
        if loaded in sys.modules:
            importlib.reload(sys.modules[loaded])

import triton
import triton.language as tl

INTERPRETED = bool(triton.knobs.runtime.interpret)


@triton.jit
@no_type_check
def _block(start, rows, num_rows, features, width):
    """Return some rows of one head's matrix, with zeros outside it."""
    inside = (rows < num_rows)[:, None] & (features < width)[None, :]
    return tl.load(start + rows[:, None] * width + features[None, :], mask=inside, other=0.0)


@triton.jit
@no_type_check
def _store(start, rows, num_rows, features, width, numbers):
    """Write some rows of one head's matrix, and nothing outside it."""
    inside = (rows < num_rows)[:, None] & (features < width)[None, :]
    place = start + rows[:, None] * width + features[None, :]
    tl.store(place, numbers.to(start.dtype.element_ty), mask=inside)


@triton.jit
@no_type_check
def _scores(queries, keys, rows, columns, num_queries, num_keys, scale, CAUSAL):
    """Return a tile of scores, -inf where a query may not see a key."""
    scores = tl.dot(queries, tl.trans(keys), input_precision="ieee") * scale
    visible = (columns < num_keys)[None, :] & (rows < num_queries)[:, None]
    if CAUSAL:
        visible = visible & (columns[None, :] <= rows[:, None] + num_keys - num_queries)
    return tl.where(visible, scores, float("-inf"))


@triton.jit
@no_type_check
def forward(
    query, key, value, output, shift, total, num_queries, num_keys, width, value_width, scale,
    log2_e, CAUSAL: tl.constexpr, WIDTH: tl.constexpr, VALUE_WIDTH: tl.constexpr,
    ROWS: tl.constexpr, COLUMNS: tl.constexpr,
):  # fmt: skip
    """Write the output of a block of queries, with the shift and the total behind it."""
    head = tl.program_id(1).to(tl.int64)
    rows = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
    features, value_features = tl.arange(0, WIDTH), tl.arange(0, VALUE_WIDTH)
    key += head * num_keys * width
    value += head * num_keys * value_width
    queries = _block(query + head * num_queries * width, rows, num_queries, features, width)
    largest = tl.full((ROWS,), float("-inf"), tl.float32)
    sums = tl.zeros((ROWS,), tl.float32)
    gathered = tl.zeros((ROWS, VALUE_WIDTH), tl.float32)
    seen = num_keys
    if CAUSAL:
        seen = tl.minimum(num_keys, (tl.program_id(0) + 1) * ROWS + num_keys - num_queries)
    for first in range(0, seen, COLUMNS):
        columns = first + tl.arange(0, COLUMNS)
        keys = _block(key, columns, num_keys, features, width)
        values = _block(value, columns, num_keys, value_features, value_width)
        scores = _scores(queries, keys, rows, columns, num_queries, num_keys, scale, CAUSAL)
        grown = tl.maximum(largest, tl.max(scores, 1))
        base = tl.where(grown == float("-inf"), 0.0, grown)
        rescale = tl.exp2((largest - base) * log2_e)
        weights = tl.exp2((scores - base[:, None]) * log2_e)
        sums = sums * rescale + tl.sum(weights, 1)
        step = tl.dot(weights.to(values.dtype), values, input_precision="ieee")
        gathered = gathered * rescale[:, None] + step
        largest = grown
    empty = sums == 0.0
    sums = tl.where(empty, 1.0, sums)
    output += head * num_queries * value_width
    outputs = gathered / sums[:, None]
    _store(output, rows, num_queries, value_features, value_width, outputs)
    place = head * num_queries + rows
    tl.store(shift + place, tl.where(empty, float("inf"), largest), mask=rows < num_queries)
    tl.store(total + place, sums, mask=rows < num_queries)


@triton.jit
@no_type_check
def _of_rows(shift, total, row_sums, head, rows, num_queries):
    """Return what is known of some rows of one head on the way back."""
    place, here = head * num_queries + rows, rows < num_queries
    shifts = tl.load(shift + place, mask=here, other=float("inf"))
    totals = tl.load(total + place, mask=here, other=1.0)
    return shifts, totals, tl.load(row_sums + place, mask=here, other=0.0)


@triton.jit
@no_type_check
def _weights(scores, shifts, totals, log2_e):
    """Return a tile of weights P once more, from its scores."""
    return tl.exp2((scores - shifts[:, None]) * log2_e) / totals[:, None]


@triton.jit
@no_type_check
def _score_gradients(weights, grads, values, sums):
    """Return a tile of dS = P ∘ (dO Vᵀ - D)."""
    d_weights = tl.dot(grads, tl.trans(values), input_precision="ieee")
    return weights * (d_weights - sums[:, None])


@triton.jit
@no_type_check
def query_gradients(
    query, key, value, grad, shift, total, row_sums, d_query,
    num_queries, num_keys, width, value_width, scale,
    log2_e, CAUSAL: tl.constexpr, WIDTH: tl.constexpr, VALUE_WIDTH: tl.constexpr,
    ROWS: tl.constexpr, COLUMNS: tl.constexpr,
):  # fmt: skip
    """Write the gradient of a block of queries: dS K, with dS = P ∘ (dO Vᵀ - D)."""
    head = tl.program_id(1).to(tl.int64)
    rows = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
    features, value_features = tl.arange(0, WIDTH), tl.arange(0, VALUE_WIDTH)
    key += head * num_keys * width
    value += head * num_keys * value_width
    queries = _block(query + head * num_queries * width, rows, num_queries, features, width)
    grad += head * num_queries * value_width
    grads = _block(grad, rows, num_queries, value_features, value_width)
    shifts, totals, sums = _of_rows(shift, total, row_sums, head, rows, num_queries)
    found = tl.zeros((ROWS, WIDTH), tl.float32)
    seen = num_keys
    if CAUSAL:
        seen = tl.minimum(num_keys, (tl.program_id(0) + 1) * ROWS + num_keys - num_queries)
    for first in range(0, seen, COLUMNS):
        columns = first + tl.arange(0, COLUMNS)
        keys = _block(key, columns, num_keys, features, width)
        values = _block(value, columns, num_keys, value_features, value_width)
        scores = _scores(queries, keys, rows, columns, num_queries, num_keys, scale, CAUSAL)
        weights = _weights(scores, shifts, totals, log2_e)
        d_scores = _score_gradients(weights, grads, values, sums)
        found += tl.dot(d_scores.to(keys.dtype), keys, input_precision="ieee")
    d_query += head * num_queries * width
    _store(d_query, rows, num_queries, features, width, found * scale)


@triton.jit
@no_type_check
def key_gradients(
    query, key, value, grad, shift, total, row_sums, d_key, d_value,
    num_queries, num_keys, width, value_width, scale,
    log2_e, CAUSAL: tl.constexpr, WIDTH: tl.constexpr, VALUE_WIDTH: tl.constexpr,
    ROWS: tl.constexpr, COLUMNS: tl.constexpr,
):  # fmt: skip
    """Write the gradients of a block of keys and values: dSᵀ Q and Pᵀ dO."""
    head = tl.program_id(1).to(tl.int64)
    columns = tl.program_id(0) * COLUMNS + tl.arange(0, COLUMNS)
    features, value_features = tl.arange(0, WIDTH), tl.arange(0, VALUE_WIDTH)
    query += head * num_queries * width
    grad += head * num_queries * value_width
    keys = _block(key + head * num_keys * width, columns, num_keys, features, width)
    value += head * num_keys * value_width
    values = _block(value, columns, num_keys, value_features, value_width)
    key_sums = tl.zeros((COLUMNS, WIDTH), tl.float32)
    value_sums = tl.zeros((COLUMNS, VALUE_WIDTH), tl.float32)
    begin = 0
    if CAUSAL:  # the first query that sees the first of these keys, down to a whole block
        begin = tl.maximum(0, tl.program_id(0) * COLUMNS + num_queries - num_keys) // ROWS * ROWS
    for first in range(begin, num_queries, ROWS):
        rows = first + tl.arange(0, ROWS)
        queries = _block(query, rows, num_queries, features, width)
        grads = _block(grad, rows, num_queries, value_features, value_width)
        shifts, totals, sums = _of_rows(shift, total, row_sums, head, rows, num_queries)
        scores = _scores(queries, keys, rows, columns, num_queries, num_keys, scale, CAUSAL)
        weights = _weights(scores, shifts, totals, log2_e)
        value_sums += tl.dot(tl.trans(weights.to(grads.dtype)), grads, input_precision="ieee")
        d_scores = _score_gradients(weights, grads, values, sums)
        key_sums += tl.dot(tl.trans(d_scores.to(queries.dtype)), queries, input_precision="ieee")
    d_key += head * num_keys * width
    _store(d_key, columns, num_keys, features, width, key_sums * scale)
    d_value += head * num_keys * value_width
    _store(d_value, columns, num_keys, value_features, value_width, value_sums)
