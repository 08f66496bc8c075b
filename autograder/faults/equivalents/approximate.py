"""Correct answers to the sheet `approximate` that are written differently from the reference.

Learners' code, in effect: each must score full marks, and each is written into the
notebooks of the sample class, so it uses nothing but torch, math and the others here.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

# ---------------------------------------------------------------- linear_attention


def linear_by_all_weights(
    query: Tensor, key: Tensor, value: Tensor, causal: bool = False
) -> Tensor:
    phi_q, phi_k = (torch.where(x > 0, x + 1, x.clamp(max=0).exp()) for x in (query, key))
    weights = phi_q @ phi_k.mT
    if causal:
        if query.shape[-2] != key.shape[-2]:
            raise ValueError(f"got {query.shape[-2]} queries and {key.shape[-2]} keys")
        weights = weights.tril()
    return (weights / weights.sum(-1, keepdim=True)) @ value


def linear_by_cumsum(query: Tensor, key: Tensor, value: Tensor, causal: bool = False) -> Tensor:
    phi_q, phi_k = (x.clamp(min=0) + x.clamp(max=0).exp() for x in (query, key))
    states = phi_k[..., :, :, None] * value[..., :, None, :]
    if causal:
        if phi_q.shape[-2] != phi_k.shape[-2]:
            raise ValueError(f"{phi_q.shape[-2]} queries do not fit {phi_k.shape[-2]} keys")
        states, totals = states.cumsum(-3), phi_k.cumsum(-2)
        top = (phi_q[..., :, None, :] @ states).squeeze(-2)
        return top / (phi_q * totals).sum(-1, keepdim=True)
    return phi_q @ states.sum(-3) / (phi_q @ phi_k.sum(-2)[..., :, None])


def linear_by_a_loop(query: Tensor, key: Tensor, value: Tensor, causal: bool = False) -> Tensor:
    num_queries, num_keys = query.shape[-2], key.shape[-2]
    if causal and num_queries != num_keys:
        raise ValueError(f"as many queries as keys, please: {num_queries} and {num_keys}")
    phi_q, phi_k = (torch.where(x > 0, 1 + x, torch.exp(x.clamp(max=0))) for x in (query, key))
    state = phi_k.mT @ value
    total = phi_k.sum(-2)
    if causal:
        state, total = torch.zeros_like(state), torch.zeros_like(total)
    rows = []
    for i in range(num_queries):
        if causal:
            state = state + phi_k[..., i, :, None] * value[..., i, None, :]
            total = total + phi_k[..., i, :]
        q = phi_q[..., i, :]
        top = torch.einsum("...d,...dv->...v", q, state)
        rows.append(top / (q * total).sum(-1, keepdim=True))
    return torch.stack(rows, dim=-2)


def linear_by_a_column_of_ones(
    query: Tensor, key: Tensor, value: Tensor, causal: bool = False
) -> Tensor:
    def phi(x: Tensor) -> Tensor:
        return torch.maximum(x, torch.zeros_like(x)) + torch.exp(torch.minimum(x, 0 * x))

    with_ones = torch.cat([value, torch.ones_like(value[..., :1])], dim=-1)
    if not causal:
        sums = phi(query) @ (phi(key).transpose(-1, -2) @ with_ones)
    elif query.size(-2) == key.size(-2):
        products = torch.einsum("...kd,...kv->...kdv", phi(key), with_ones)
        sums = torch.einsum("...kd,...kdv->...kv", phi(query), products.cumsum(-3))
    else:
        raise ValueError(f"queries: {query.size(-2)}, keys: {key.size(-2)}")
    return sums[..., :-1] / sums[..., -1:]


def linear_in_float64(query: Tensor, key: Tensor, value: Tensor, causal: bool = False) -> Tensor:
    q, k, v = query.double(), key.double(), value.double()
    phi_q, phi_k = (torch.where(x > 0, x + 1, x.exp().clamp(max=1)) for x in (q, k))
    weights = torch.einsum("...qd,...kd->...qk", phi_q, phi_k)
    if causal:
        if q.shape[-2] != k.shape[-2]:
            raise ValueError(f"{q.shape[-2]} != {k.shape[-2]}")
        later = torch.ones(q.shape[-2], q.shape[-2], dtype=torch.bool).triu(1)
        weights = weights.masked_fill(later, 0)
    return (weights @ v / weights.sum(-1)[..., None]).to(query.dtype)


def linear_by_log_weights(
    query: Tensor, key: Tensor, value: Tensor, causal: bool = False
) -> Tensor:
    log_q, log_k = (torch.where(x > 0, x.clamp(min=0).log1p(), x) for x in (query, key))
    logs = (log_q[..., :, None, :] + log_k[..., None, :, :]).logsumexp(-1)
    if causal:
        if logs.shape[-1] != logs.shape[-2]:
            raise ValueError(f"not square: {logs.shape[-2]} by {logs.shape[-1]}")
        position = torch.arange(logs.shape[-1])
        logs = logs.masked_fill(position > position[:, None], -math.inf)
    return logs.softmax(-1) @ value


# ---------------------------------------------------------------- linformer_attention


def _fits(key: Tensor, key_map: Tensor, value_map: Tensor) -> None:
    for rows in (key_map.shape[0], value_map.shape[0]):
        if rows != key.shape[-2]:
            raise ValueError(f"a map has {rows} rows, and there are {key.shape[-2]} keys")


def linformer_by_einsum(
    query: Tensor, key: Tensor, value: Tensor, key_map: Tensor, value_map: Tensor
) -> Tensor:
    _fits(key, key_map, value_map)
    keys = torch.einsum("nk,...nd->...kd", key_map, key)
    values = torch.einsum("nk,...nd->...kd", value_map, value)
    scores = torch.einsum("...qd,...kd->...qk", query, keys) * query.shape[-1] ** -0.5
    return torch.einsum("...qk,...kd->...qd", scores.softmax(-1), values)


def linformer_by_torch(
    query: Tensor, key: Tensor, value: Tensor, key_map: Tensor, value_map: Tensor
) -> Tensor:
    _fits(key, key_map, value_map)
    keys, values = key_map.T @ key, value_map.T @ value
    return torch.nn.functional.scaled_dot_product_attention(query, keys, values)


def linformer_by_mixing_the_scores(
    query: Tensor, key: Tensor, value: Tensor, key_map: Tensor, value_map: Tensor
) -> Tensor:
    _fits(key, key_map, value_map)
    # A product may be taken in any order, as long as the softmax comes after the key map.
    weights = (query @ key.mT @ key_map / math.sqrt(query.shape[-1])).softmax(-1)
    return weights @ value_map.mT @ value


def linformer_by_transposing_the_keys(
    query: Tensor, key: Tensor, value: Tensor, key_map: Tensor, value_map: Tensor
) -> Tensor:
    _fits(key, key_map, value_map)
    query = query / query.size(-1) ** 0.5
    scores = query @ (key.transpose(-2, -1) @ key_map)
    weights = scores.exp() / scores.exp().sum(-1, keepdim=True)
    return weights @ (value.transpose(-2, -1) @ value_map).transpose(-2, -1)


def linformer_by_loops(
    query: Tensor, key: Tensor, value: Tensor, key_map: Tensor, value_map: Tensor
) -> Tensor:
    if key.shape[-2] != len(key_map) or key.shape[-2] != len(value_map):
        raise ValueError(f"keys {key.shape[-2]}, rows {len(key_map)} and {len(value_map)}")
    keys, values = [], []
    for column in range(key_map.shape[1]):
        keys.append((key_map[:, column, None] * key).sum(-2))
        values.append((value_map[:, column, None] * value).sum(-2))
    scores = query @ torch.stack(keys, dim=-1) / math.sqrt(query.shape[-1])
    return scores.softmax(dim=-1) @ torch.stack(values, dim=-2)


# ---------------------------------------------------------------- favor_features


def favor_by_einsum(x: Tensor, projection: Tensor) -> Tensor:
    num_features, d_head = projection.shape
    y = x * math.pow(d_head, -0.25)
    products: Tensor = torch.einsum("...d,fd->...f", y, projection)
    exponents = products - (y * y).sum(-1, keepdim=True) / 2
    return exponents.exp() / math.sqrt(num_features)


def favor_by_logs(x: Tensor, projection: Tensor) -> Tensor:
    y = x / math.sqrt(math.sqrt(projection.shape[1]))
    length = torch.linalg.vector_norm(y, dim=-1, keepdim=True)
    exponents: Tensor = y @ projection.T - length.pow(2) / 2 - math.log(projection.shape[0]) / 2
    return exponents.exp()


def favor_by_roots(x: Tensor, projection: Tensor) -> Tensor:
    root = math.sqrt(x.shape[-1])
    products = x @ projection.mT / math.sqrt(root)
    features = torch.exp(products - x.pow(2).sum(-1)[..., None] / (2 * root))
    return features / math.sqrt(len(projection))


def favor_by_distance(x: Tensor, projection: Tensor) -> Tensor:
    # w·y - y·y/2 = w·w/2 - |w - y|²/2
    y = x / x.shape[-1] ** 0.25
    apart = (projection - y[..., None, :]).square().sum(-1)
    exponents: Tensor = (projection.square().sum(-1) - apart) / 2
    return exponents.exp() / math.sqrt(projection.shape[0])


def favor_by_rows(x: Tensor, projection: Tensor) -> Tensor:
    y = x / x.shape[-1] ** 0.25
    columns = [(y * w).sum(-1) - y.square().sum(-1) / 2 for w in projection.unbind()]
    return torch.stack(columns, dim=-1).exp() / math.sqrt(len(columns))


# ---------------------------------------------------------------- performer_attention


def performer_by_log_weights(
    query: Tensor, key: Tensor, value: Tensor, projection: Tensor, causal: bool = False
) -> Tensor:
    root = math.sqrt(math.sqrt(projection.shape[1]))
    log_q = query / root @ projection.T
    log_k = key / root @ projection.T - (key / root).square().sum(-1, keepdim=True) / 2
    logs = (log_q.unsqueeze(-2) + log_k.unsqueeze(-3)).logsumexp(-1)
    if causal:
        if query.shape[-2] != key.shape[-2]:
            raise ValueError(f"got {query.shape[-2]} queries and {key.shape[-2]} keys")
        logs = logs + torch.full(logs.shape[-2:], -math.inf, dtype=logs.dtype).triu(1)
    return logs.softmax(-1) @ value


def performer_by_one_maximum(
    query: Tensor, key: Tensor, value: Tensor, projection: Tensor, causal: bool = False
) -> Tensor:
    def exponents(x: Tensor) -> Tensor:
        y = x / math.sqrt(math.sqrt(x.shape[-1]))
        return y @ projection.mT - y.square().sum(-1, keepdim=True) / 2

    log_q, log_k = exponents(query), exponents(key)
    # A factor for each query cancels, and so does one for all keys together.
    phi_q = (log_q - log_q.amax(-1, keepdim=True)).exp()
    phi_k = (log_k - log_k.amax((-1, -2), keepdim=True)).exp()
    if not causal:
        return phi_q @ (phi_k.mT @ value) / (phi_q @ phi_k.sum(-2, keepdim=True).mT)
    if query.shape[-2] != key.shape[-2]:
        raise ValueError(f"{query.shape[-2]} queries, {key.shape[-2]} keys")
    states = torch.einsum("...nf,...nv->...nfv", phi_k, value).cumsum(-3)
    top = torch.einsum("...nf,...nfv->...nv", phi_q, states)
    return top / (phi_q * phi_k.cumsum(-2)).sum(-1, keepdim=True)


def performer_in_float64(
    query: Tensor, key: Tensor, value: Tensor, projection: Tensor, causal: bool = False
) -> Tensor:
    q, k = (x.double() / x.shape[-1] ** 0.25 for x in (query, key))
    phi_q = (q @ projection.double().T - q.square().sum(-1, keepdim=True) / 2).exp()
    phi_k = (k @ projection.double().T - k.square().sum(-1, keepdim=True) / 2).exp()
    weights = phi_q @ phi_k.mT
    if causal:
        if q.shape[-2] != k.shape[-2]:
            raise ValueError(f"queries {q.shape[-2]}, keys {k.shape[-2]}")
        weights = torch.tril(weights)
    output: Tensor = (weights / weights.sum(-1, keepdim=True)) @ value.double()
    return output.to(value.dtype)


def performer_by_a_softmax_of_features(
    query: Tensor, key: Tensor, value: Tensor, projection: Tensor, causal: bool = False
) -> Tensor:
    if causal and query.shape[-2] != key.shape[-2]:
        raise ValueError(f"not {query.shape[-2]} queries for {key.shape[-2]} keys")
    root = query.shape[-1] ** 0.25
    log_q = (query / root) @ projection.mT
    log_k = (key / root) @ projection.mT - key.square().sum(-1, keepdim=True) / root**2 / 2
    rows = []
    for i in range(query.shape[-2]):
        seen = slice(i + 1) if causal else slice(None)
        totals = log_k[..., seen, :].logsumexp(-2)
        means = log_k[..., seen, :].softmax(-2).mT @ value[..., seen, :]
        shares = (log_q[..., i, :] + totals).softmax(-1)
        rows.append((shares[..., None, :] @ means).squeeze(-2))
    return torch.stack(rows, dim=-2)


def performer_by_a_state(
    query: Tensor, key: Tensor, value: Tensor, projection: Tensor, causal: bool = False
) -> Tensor:
    scaled_q, scaled_k = (x * x.shape[-1] ** -0.25 for x in (query, key))
    log_q = scaled_q @ projection.T
    log_k = scaled_k @ projection.T - (scaled_k**2).sum(-1, keepdim=True) / 2
    phi_q = torch.exp(log_q - log_q.amax(-1, keepdim=True).detach())
    phi_k = torch.exp(log_k - log_k.detach().amax((-2, -1), keepdim=True))
    ones = torch.cat([value, torch.ones_like(value[..., :1])], -1)
    if not causal:
        sums = phi_q @ (phi_k.mT @ ones)
        return sums[..., :-1] / sums[..., -1:]
    if query.shape[-2] != key.shape[-2]:
        raise ValueError(f"{query.shape[-2]} is not {key.shape[-2]}")
    state, rows = torch.zeros_like(phi_k[..., 0, :, None] * ones[..., 0, None, :]), []
    for i in range(query.shape[-2]):
        state = state + phi_k[..., i, :, None] * ones[..., i, None, :]
        rows.append((phi_q[..., i, None, :] @ state).squeeze(-2))
    sums = torch.stack(rows, -2)
    return sums[..., :-1] / sums[..., -1:]


# ---------------------------------------------------------------- lsh_buckets


def buckets_by_einsum(x: Tensor, rotations: Tensor) -> Tensor:
    rotated = torch.einsum("...ld,rdb->...rlb", x, rotations)
    return torch.cat((rotated, -rotated), -1).max(-1).indices


def buckets_by_rounds(x: Tensor, rotations: Tensor) -> Tensor:
    found = []
    for rotation in rotations.unbind():
        rotated = x @ torch.cat([rotation, -rotation], dim=1)
        found.append(rotated.argmax(dim=-1))
    return torch.stack(found, dim=-2)


def buckets_by_sizes_and_signs(x: Tensor, rotations: Tensor) -> Tensor:
    half = rotations.shape[-1]
    rotated = x.unsqueeze(-3) @ rotations
    best, worst = rotated.max(-1), rotated.min(-1)
    # On a tie the lower number wins: one of the first half.
    opposite = -worst.values > best.values
    return torch.where(opposite, worst.indices + half, best.indices)


def buckets_by_sorting(x: Tensor, rotations: Tensor) -> Tensor:
    rotated = (x[..., None, :, :, None] * rotations[:, None]).sum(-2)
    both = torch.cat([rotated, rotated.neg()], dim=-1)
    return both.argsort(dim=-1, descending=True, stable=True)[..., 0]


def buckets_by_flat_rotations(x: Tensor, rotations: Tensor) -> Tensor:
    num_rounds, d_head, half = rotations.shape
    flat = rotations.permute(1, 0, 2).reshape(d_head, num_rounds * half)
    rotated = (x @ flat).reshape(*x.shape[:-1], num_rounds, half)
    return torch.cat([rotated, -rotated], dim=-1).argmax(-1).transpose(-1, -2)


# ---------------------------------------------------------------- lsh_attention


def _hashed(query_key: Tensor, rotations: Tensor) -> Tensor:
    rotated = query_key[..., None, :, :] @ rotations
    return torch.cat([rotated, -rotated], dim=-1).argmax(-1)


def lsh_by_one_mask(
    query_key: Tensor, value: Tensor, rotations: Tensor, chunk_size: int, causal: bool = False
) -> Tensor:
    buckets = _hashed(query_key, rotations)
    chunks = buckets.argsort(dim=-1, stable=True).argsort(dim=-1) // chunk_size
    behind = chunks[..., :, None] - chunks[..., None, :]
    meet = (buckets[..., :, None] == buckets[..., None, :]) & (behind >= 0) & (behind < 2)
    length = query_key.shape[-2]
    own = torch.eye(length, dtype=torch.bool)
    seen = meet.any(-3) & ~own
    seen = seen.tril() if causal else seen
    seen = seen | (own & ~seen.any(-1, keepdim=True))
    keys = query_key / query_key.norm(dim=-1, keepdim=True)
    return torch.nn.functional.scaled_dot_product_attention(query_key, keys, value, seen)


def lsh_by_counting_rounds(
    query_key: Tensor, value: Tensor, rotations: Tensor, chunk_size: int, causal: bool = False
) -> Tensor:
    length, d_head = query_key.shape[-2:]
    buckets = _hashed(query_key, rotations)
    places = torch.argsort(torch.argsort(buckets, dim=-1, stable=True), dim=-1)
    chunk = torch.div(places, chunk_size, rounding_mode="floor")
    near = (chunk[..., :, None] == chunk[..., None, :]) | (
        chunk[..., :, None] == chunk[..., None, :] + 1
    )
    meet = near & (buckets[..., :, None] == buckets[..., None, :])
    hidden = torch.eye(length, dtype=torch.bool)
    if causal:
        hidden = hidden | torch.ones(length, length, dtype=torch.bool).triu()
    meet = meet & ~hidden
    scores = query_key @ torch.nn.functional.normalize(query_key, dim=-1).mT / d_head**0.5
    # Counted in every round in which a pair meets, so by that much less in each.
    times = meet.sum(-3, keepdim=True).clamp(min=1).to(scores.dtype).log()
    logs = (scores[..., None, :, :] - times).masked_fill(~meet, -math.inf)
    alone = ~meet.any(-3).any(-1)
    totals = logs.logsumexp((-3, -1), keepdim=True).masked_fill(alone[..., None, :, None], 0)
    output = (logs - totals).exp().sum(-3) @ value
    return torch.where(alone[..., None], value, output)


def lsh_by_sets(
    query_key: Tensor, value: Tensor, rotations: Tensor, chunk_size: int, causal: bool = False
) -> Tensor:
    if query_key.dim() > 2:
        rows = [
            lsh_by_sets(x, v, rotations, chunk_size, causal)
            for x, v in zip(query_key, value, strict=True)
        ]
        return torch.stack(rows)
    length = query_key.shape[0]
    seen: list[set[int]] = [set() for _ in range(length)]
    for labels in _hashed(query_key, rotations).tolist():
        line = sorted(range(length), key=lambda i: labels[i])
        for place, i in enumerate(line):
            first = max(0, place // chunk_size - 1) * chunk_size
            window = line[first : (place // chunk_size + 1) * chunk_size]
            met = (j for j in window if labels[j] == labels[i])
            seen[i].update(j for j in met if (j < i if causal else j != i))
    bias = torch.full((length, length), -math.inf, dtype=query_key.dtype)
    for i, others in enumerate(seen):
        bias[i, sorted(others) or [i]] = 0.0
    unit = query_key / query_key.norm(dim=-1, keepdim=True)
    scores: Tensor = query_key @ unit.T / math.sqrt(query_key.shape[1])
    return (scores + bias).softmax(dim=-1) @ value


def lsh_round_by_round(
    query_key: Tensor, value: Tensor, rotations: Tensor, chunk_size: int, causal: bool = False
) -> Tensor:
    length, d_head = query_key.shape[-2:]
    position = torch.arange(length)
    unit = query_key / query_key.norm(dim=-1, keepdim=True)
    scores = query_key @ unit.mT / math.sqrt(d_head)
    met = torch.zeros_like(scores, dtype=torch.bool)
    for labels in _hashed(query_key, rotations).unbind(-2):
        # The place of a token in the sorted line: how many stand before it.
        mine, other = labels[..., :, None], labels[..., None, :]
        first = (other < mine) | ((other == mine) & (position < position[:, None]))
        chunk = first.sum(-1) // chunk_size
        behind = chunk[..., :, None] - chunk[..., None, :]
        met = met | ((mine == other) & (behind >= 0) & (behind <= 1))
    met = met & (position != position[:, None])
    if causal:
        met = met & (position < position[:, None])
    weights = (scores - scores.amax(-1, keepdim=True)).exp() * met
    top = weights @ value
    total = weights.sum(-1, keepdim=True)
    return torch.where(total > 0, top / total.where(total > 0, torch.ones_like(total)), value)


def lsh_in_sorted_order(
    query_key: Tensor, value: Tensor, rotations: Tensor, chunk_size: int, causal: bool = False
) -> Tensor:
    buckets = _hashed(query_key, rotations)
    length, d_head = query_key.shape[-2:]
    own = torch.eye(length, dtype=torch.bool)
    met = torch.zeros(*query_key.shape[:-1], length, dtype=torch.bool)
    chunk = torch.arange(length) // chunk_size
    behind = chunk[:, None] - chunk
    near = (behind == 0) | (behind == 1)
    # Inside a bucket the order is that of positions, so a later place is a later position.
    near = near.tril() if causal else near
    for round_ in range(rotations.shape[0]):
        labels = buckets[..., round_, :]
        order = labels.argsort(dim=-1, stable=True)
        back = torch.empty_like(order).scatter_(-1, order, torch.arange(length).expand_as(order))
        line = labels.gather(-1, order)
        sorted_meet = (line[..., :, None] == line[..., None, :]) & near
        rows = sorted_meet.take_along_dim(back[..., :, None], dim=-2)
        met |= rows.take_along_dim(back[..., None, :], dim=-1)
    seen = met & ~own
    seen |= own & ~seen.any(-1, keepdim=True)
    keys = torch.nn.functional.normalize(query_key, dim=-1)
    scores = (query_key / math.sqrt(d_head)) @ keys.mT
    return scores.masked_fill(~seen, -math.inf).softmax(-1) @ value
