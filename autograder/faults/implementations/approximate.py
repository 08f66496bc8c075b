"""The exercises of the sheet `approximate` with every known mistake as a switch.

These functions are also written into notebooks (a sample class is made of them), so
each uses nothing but torch, math and the others here.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor


def refuse_counts(said: str, refusal: str) -> None:
    """Raise an error for numbers that do not fit, unless that is the mistake."""
    if refusal == "passes":
        return
    if refusal == "fails by itself":
        raise RuntimeError("The size of tensor a must match the size of tensor b")
    raise ValueError(f"the numbers must agree{said if refusal == 'refused' else ''}")


def seen_by_order(weights: Tensor, order: str) -> Tensor:
    """Return which of the weights count in a causal sum."""
    every = torch.ones(weights.shape[-2:], dtype=torch.bool)
    if order == "ignored":
        return every
    if order == "later ones":
        return every.triu()
    return every.tril({"exclusive": -1, "one ahead": 1}.get(order, 0))


def mean_of_values(
    weights: Tensor, value: Tensor, causal: bool, order: str, normalizer: str
) -> Tensor:
    """Return the values weighted by what each query may see, and divided."""
    seen = seen_by_order(weights, order if causal else "ignored")
    if normalizer == "softmax":
        hidden = ~(torch.ones_like(seen) if order == "normalizer sees all" else seen)
        return (weights.masked_fill(hidden, -torch.inf).softmax(-1) * seen) @ value
    visible = weights * seen
    if normalizer == "none":
        return visible @ value
    if normalizer == "count":
        return visible @ value / weights.shape[-1]
    total = (weights if order == "normalizer sees all" else visible).sum(-1, keepdim=True)
    return visible @ value / (total + (1e-6 if normalizer == "epsilon" else 0))


def linear_features(x: Tensor, features: str) -> Tensor:
    """Return elu(x) + 1, or what is taken for it."""
    if features == "nothing":
        return x
    if features == "softmax":
        return x.softmax(-1)
    if features == "exp":
        return x.exp()
    if features == "relu":
        return x.relu()
    if features == "elu":
        return torch.nn.functional.elu(x)
    if features == "rounded":
        return torch.nn.functional.elu(x) + 1
    return torch.where(x > 0, x + 1, x.clamp(max=0).exp())


def faulty_linear_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    causal: bool = False,
    *,
    features: str = "elu + 1",
    values: str = "as given",
    scale: str = "none",
    normalizer: str = "weights",
    order: str = "inclusive",
    refusal: str = "refused",
) -> Tensor:
    """Linear attention with switches; correct when none is given."""
    if causal and query.shape[-2] != key.shape[-2]:
        refuse_counts(f", got {query.shape[-2]} queries and {key.shape[-2]} keys", refusal)
    query = query / math.sqrt(query.shape[-1]) if scale == "root" else query
    value = linear_features(value, features) if values == "features" else value
    weights = linear_features(query, features) @ linear_features(key, features).mT
    return mean_of_values(weights, value, causal, order, normalizer)


def faulty_linformer(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    key_map: Tensor,
    value_map: Tensor,
    *,
    maps: str = "each its own",
    queries: str = "as given",
    turned: str = "transposed",
    columns: str = "as given",
    scale: str = "d_head",
    normalized: str = "mixtures",
    refusal: str = "refused",
) -> Tensor:
    """Linformer's attention with switches; correct when none is given."""
    length, rank = key.shape[-2], key_map.shape[-1]
    if key_map.shape[0] != length:
        refuse_counts(f", got {key_map.shape[0]} rows and {length} keys", refusal)
        key_map, value_map = key_map[:length], value_map[:length]
    if columns == "softmax":
        key_map, value_map = key_map.softmax(0), value_map.softmax(0)
    if columns == "mean":
        key_map, value_map = key_map / length, value_map / length
    key_map, value_map = {
        "key map for both": (key_map, key_map),
        "value map for both": (value_map, value_map),
        "swapped": (value_map, key_map),
    }.get(maps, (key_map, value_map))
    mixing, of_values = key_map.mT, value_map.mT
    if turned == "reshaped":
        mixing, of_values = key_map.reshape(rank, length), value_map.reshape(rank, length)
    root = math.sqrt({"rank": rank, "keys": length, "none": 1}.get(scale, query.shape[-1]))
    query = mixing @ query if queries == "projected" else query
    axis = -2 if normalized == "over the queries" else -1
    if maps == "of features":
        return ((query @ mixing.mT) @ (key @ mixing.mT).mT / root).softmax(axis) @ value
    if normalized == "before mixing":
        return (query @ key.mT / root).softmax(-1) @ mixing.mT @ (of_values @ value)
    scores = query @ (mixing @ key).mT / root
    return scores.softmax(axis) @ (of_values @ value)


def faulty_favor_features(
    x: Tensor,
    projection: Tensor,
    *,
    norm: str = "half the square",
    norm_of: str = "scaled",
    scale: str = "fourth root",
    count: str = "root",
    function: str = "positive",
    directions: str = "as given",
    inputs: str = "kept",
) -> Tensor:
    """Positive random features with switches; correct when none is given."""
    num_features, d_head = projection.shape
    y = x * {"none": 1.0, "root": d_head**-0.5}.get(scale, d_head**-0.25)
    squares = (x if norm_of == "unscaled" else y).square().sum(-1, keepdim=True)
    half = {"none": 0 * squares, "the square": squares, "half the norm": squares.sqrt() / 2}.get(
        norm, squares / 2
    )
    if directions == "normalized":
        projection = projection / projection.norm(dim=-1, keepdim=True)
    products = y @ projection.mT
    if inputs == "changed":
        x.copy_(y)
    divisor = {"none": 1.0, "features": num_features}.get(count, math.sqrt(num_features))
    return features_of(products, half, function) / divisor


def features_of(products: Tensor, half: Tensor, function: str) -> Tensor:
    """Return the exponential of what is left, or what is taken for it."""
    if function == "relu":
        return products.relu()
    if function == "trigonometric":
        return torch.cat([products.sin(), products.cos()], dim=-1) * half.exp()
    if function == "taken apart":
        return products.exp() * (-half).exp()
    exponents = products - half
    if function == "one maximum each":
        exponents = exponents - exponents.amax(-1, keepdim=True)
    if function == "one maximum":
        exponents = exponents - exponents.max()
    return exponents.exp()


def faulty_performer(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    projection: Tensor,
    causal: bool = False,
    *,
    norm: str = "both",
    scale: str = "fourth root",
    features: str = "positive",
    served: str = "each its own",
    normalizer: str = "weights",
    order: str = "inclusive",
    refusal: str = "refused",
) -> Tensor:
    """Performer's attention with switches; correct when none is given."""
    if causal and query.shape[-2] != key.shape[-2]:
        refuse_counts(f", got {query.shape[-2]} queries and {key.shape[-2]} keys", refusal)
    query = key if served == "keys for queries" else query
    d_head = query.shape[-1]
    factor = {"none": 1.0, "root": d_head**-0.5}.get(scale, d_head**-0.25)
    q, k = query * factor, key * factor
    halves = [each.square().sum(-1, keepdim=True) / 2 for each in (q, k)]
    halves[1] = 0 * halves[1] if norm == "queries alone" else halves[1]
    products = [each @ projection.mT for each in (q, k)]
    if features == "positive" and normalizer == "weights":
        seen = seen_by_order(q @ k.mT, order if causal else "ignored")
        weights = stable_weights(products, halves, seen | (order == "normalizer sees all"))
    else:
        weights = plain_weights(products, halves, features) / projection.shape[0]
    if features == "epsilon" and normalizer == "weights":
        normalizer = "epsilon"
    return mean_of_values(weights, value, causal, order, normalizer)


def stable_weights(products: list[Tensor], halves: list[Tensor], seen: Tensor) -> Tensor:
    """Return the products of features, each row divided by the largest that is seen."""
    of_query, of_key = products[0] - halves[0], products[1] - halves[1]
    logs = (of_query[..., :, None, :] + of_key[..., None, :, :]).logsumexp(-1)
    logs = logs.masked_fill(~seen, -torch.inf)
    return (logs - logs.amax(-1, keepdim=True)).exp()


def plain_weights(products: list[Tensor], halves: list[Tensor], features: str) -> Tensor:
    """Return the products of features as they are, or of what is taken for features."""
    if features in ("relu", "trigonometric"):
        both = [features_of(*each, features) for each in zip(products, halves, strict=True)]
        return both[0] @ both[1].mT
    of_query, of_key = products[0] - halves[0], products[1] - halves[1]
    if features == "one maximum for each key":
        of_key = of_key - of_key.amax(-1, keepdim=True)
    return of_query.exp() @ of_key.exp().mT


def faulty_lsh_buckets(
    x: Tensor,
    rotations: Tensor,
    *,
    directions: str = "both",
    ties: str = "first",
    rounds: str = "apart",
    axes: str = "rounds length",
    offset: str = "none",
    kind: str = "long",
) -> Tensor:
    """Buckets of a hash of angles with switches; correct when none is given."""
    num_rounds, d_head, half = rotations.shape
    if rounds == "mixed up":
        rotated = x @ rotations.reshape(d_head, num_rounds * half)
        rotated = rotated.unflatten(-1, (num_rounds, half)).movedim(-2, -3)
    else:
        rotated = x[..., None, :, :] @ rotations
    if rounds == "the first alone":
        rotated = rotated[..., :1, :, :].expand(rotated.shape)
    scores = {
        "positive alone": rotated,
        "sizes": rotated.abs(),
        "opposites first": torch.cat([-rotated, rotated], dim=-1),
        "side by side": torch.stack([rotated, -rotated], dim=-1).flatten(-2),
        "mirrored": torch.cat([rotated, -rotated.flip(-1)], dim=-1),
    }.get(directions, torch.cat([rotated, -rotated], dim=-1))
    if directions == "signs":
        buckets = ((rotated > 0) * 2 ** torch.arange(half)).sum(-1)
    elif ties == "last":
        buckets = scores.shape[-1] - 1 - scores.flip(-1).argmax(-1)
    else:
        buckets = scores.argmax(-1)
    if offset == "by rounds":
        buckets = buckets + 2 * half * torch.arange(num_rounds)[:, None]
    buckets = buckets.mT if axes == "length rounds" else buckets
    return buckets.to(torch.int32 if kind == "int32" else torch.long)


def faulty_lsh_attention(
    query_key: Tensor,
    value: Tensor,
    rotations: Tensor,
    chunk_size: int,
    causal: bool = False,
    *,
    order: str = "sorted",
    undone: str = "undone",
    chunks: str = "own and before",
    buckets: str = "shared",
    rounds: str = "by their sums",
    itself: str = "if nothing else",
    keys: str = "normalized",
    scale: str = "root",
    earlier: str = "hides later ones",
) -> Tensor:
    """Attention among tokens that hash alike with switches; correct when none is given."""
    found = faulty_lsh_buckets(query_key, rotations)
    return among_tokens_that_meet(
        found,
        query_key,
        value,
        chunk_size,
        causal,
        order=order,
        undone=undone,
        chunks=chunks,
        buckets=buckets,
        rounds=rounds,
        itself=itself,
        keys=keys,
        scale=scale,
        earlier=earlier,
    )


def among_tokens_that_meet(
    found: Tensor,
    query_key: Tensor,
    value: Tensor,
    chunk_size: int,
    causal: bool,
    *,
    order: str = "sorted",
    undone: str = "undone",
    chunks: str = "own and before",
    buckets: str = "shared",
    rounds: str = "by their sums",
    itself: str = "if nothing else",
    keys: str = "normalized",
    scale: str = "root",
    earlier: str = "hides later ones",
) -> Tensor:
    """Return attention of each token to those that share a bucket, with the same switches."""
    outputs, totals, met = [], [], None
    scores = shared_scores(query_key, keys, scale)
    for labels in found.unbind(-2):
        unsorted = torch.arange(labels.shape[-1]).expand(labels.shape)
        sequence = unsorted if order == "by position" else labels.argsort(dim=-1, stable=True)
        places = sequence.argsort(dim=-1)
        near = places // chunk_size
        meet = in_reach(near, chunks) & (labels[..., :, None] == labels[..., None, :])
        if buckets == "ignored":
            meet = in_reach(near, chunks)
        fresh = meet if met is None or rounds == "counted again" else meet & ~met
        met = meet if met is None else met | meet
        if causal and earlier != "ignored":
            fresh = fresh & (unsorted[..., None, :] <= unsorted[..., :, None])
        output, total = attended(scores, value, fresh, itself)
        if undone != "undone":
            moved = sequence if undone == "not undone" else sequence.take_along_dim(sequence, -1)
            output, total = (each.take_along_dim(moved[..., None], -2) for each in (output, total))
        outputs.append(output)
        totals.append(total)
        if rounds == "the first alone":
            break
    total = torch.stack(totals)
    shares = torch.full_like(total, 1 / len(total)) if rounds == "alike" else total.softmax(0)
    output = (shares * torch.stack(outputs)).sum(0)
    alone = total.amax(0) < torch.finfo(total.dtype).min / 4
    return output.masked_fill(alone, 0.0) if itself == "zeros" else output


def shared_scores(query_key: Tensor, keys: str, scale: str) -> Tensor:
    """Return the scores of tokens that are queries and keys."""
    unit = torch.nn.functional.normalize(query_key, dim=-1)
    query = unit if keys == "queries too" else query_key
    key = query_key if keys == "as they are" else unit
    return query @ key.mT / (1.0 if scale == "none" else math.sqrt(query_key.shape[-1]))


def in_reach(near: Tensor, chunks: str) -> Tensor:
    """Return which keys stand in a chunk that the query reads."""
    behind = near[..., :, None] - near[..., None, :]
    if chunks == "own alone":
        return behind == 0
    if chunks == "after too":
        return behind.abs() <= 1
    if chunks == "wraps around":
        count = near.amax(-1)[..., None, None] + 1
        return (behind == 0) | (behind.remainder(count) == 1)
    return (behind == 0) | (behind == 1)


def attended(scores: Tensor, value: Tensor, visible: Tensor, itself: str) -> tuple[Tensor, Tensor]:
    """Return the outputs of one round, and the log of the sum that normalized each."""
    own = torch.eye(scores.shape[-1], dtype=torch.bool)
    others = visible if itself == "seen" else visible & ~own
    # A token's score for itself loses to any other, and wins where there is no other.
    least = torch.full_like(scores, -torch.inf).masked_fill(own, torch.finfo(scores.dtype).min / 2)
    scores = torch.where(others, scores, least)
    return scores.softmax(-1) @ value, scores.logsumexp(-1, keepdim=True)
