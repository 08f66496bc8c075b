"""Correct answers to the sheet `encoder_decoder` that are written differently from the reference.

Learners' code, in effect: each must score full marks, and each is written into the
notebooks of the sample class, so it uses nothing but torch, math and the others here.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn


def shift_by_assignment(targets: Tensor, start_id: int) -> Tensor:
    shifted = torch.zeros_like(targets)
    shifted[:, 0] = start_id
    shifted[:, 1:] = targets[:, :-1]
    return shifted


def shift_by_roll(targets: Tensor, start_id: int) -> Tensor:
    shifted = targets.roll(1, dims=1)
    shifted[:, 0] = start_id
    return shifted


def shift_by_padding(targets: Tensor, start_id: int) -> Tensor:
    return nn.functional.pad(targets[:, :-1], (1, 0), value=start_id)


def shift_by_lists(targets: Tensor, start_id: int) -> Tensor:
    rows = [[start_id, *row[:-1]] for row in targets.tolist()]
    return torch.tensor(rows, dtype=targets.dtype, device=targets.device)


def shift_by_gather(targets: Tensor, start_id: int) -> Tensor:
    positions = torch.arange(targets.size(1), device=targets.device)
    before = targets[:, (positions - 1).clamp(min=0)]
    return torch.where(positions == 0, start_id, before).to(targets.dtype)


def loss_by_torch(
    logits: Tensor, targets: Tensor, pad_id: int, label_smoothing: float = 0.0
) -> Tensor:
    if bool((targets == pad_id).all()):
        return (logits * 0).sum()
    flat, wanted = logits.flatten(0, 1), targets.flatten()
    plain = nn.functional.cross_entropy(flat, wanted, ignore_index=pad_id)
    real = torch.arange(logits.size(-1)) != pad_id
    logs = flat[wanted != pad_id].log_softmax(-1)[:, real]
    return (1 - label_smoothing) * plain - label_smoothing * logs.mean()


def loss_by_distribution(
    logits: Tensor, targets: Tensor, pad_id: int, label_smoothing: float = 0.0
) -> Tensor:
    num_classes = logits.shape[-1]
    wanted = torch.full_like(logits, label_smoothing / (num_classes - 1))
    wanted[..., pad_id] = 0
    extra = torch.full_like(targets, 1, dtype=logits.dtype)[..., None] * (1 - label_smoothing)
    wanted = wanted.scatter_add(-1, targets[..., None], extra)
    surprise = -(wanted * logits.log_softmax(-1)).sum(-1)
    counts = (targets != pad_id).to(logits.dtype)
    return (surprise * counts).sum() / counts.sum().clamp(min=1)


def loss_by_selecting(
    logits: Tensor, targets: Tensor, pad_id: int, label_smoothing: float = 0.0
) -> Tensor:
    real = targets != pad_id
    if not real.any():
        return logits.sum() * 0.0
    logs, wanted = torch.log_softmax(logits[real], dim=-1), targets[real]
    on_target = logs[torch.arange(len(wanted)), wanted]
    others = torch.cat([logs[:, :pad_id], logs[:, pad_id + 1 :]], dim=-1).mean(-1)
    return -((1 - label_smoothing) * on_target + label_smoothing * others).mean()


def loss_by_loops(
    logits: Tensor, targets: Tensor, pad_id: int, label_smoothing: float = 0.0
) -> Tensor:
    total, count = logits.sum() * 0.0, 0
    for sequence, wanted in zip(logits, targets.tolist(), strict=True):
        for row, target in zip(sequence, wanted, strict=True):
            if target == pad_id:
                continue
            logs = row - row.logsumexp(-1)
            others = (logs.sum() - logs[pad_id]) / (len(logs) - 1)
            total = total - (1 - label_smoothing) * logs[target] - label_smoothing * others
            count += 1
    return total / max(count, 1)


def loss_by_logsumexp(
    logits: Tensor, targets: Tensor, pad_id: int, label_smoothing: float = 0.0
) -> Tensor:
    normalizer = logits.logsumexp(-1)
    on_target = logits.gather(2, targets.unsqueeze(2)).squeeze(2) - normalizer
    num_real = logits.size(2) - 1
    others = (logits.sum(2) - logits[:, :, pad_id]) / num_real - normalizer
    mixed = on_target + label_smoothing * (others - on_target)
    weight = torch.where(targets == pad_id, 0.0, 1.0).to(logits.dtype)
    return -torch.sum(mixed * weight) / torch.clamp(weight.sum(), min=1.0)


def greedy_by_max(log_probs: Tensor, start_id: int, end_id: int) -> Tensor:
    tokens = [start_id]
    while len(tokens) <= log_probs.shape[0] and (len(tokens) == 1 or tokens[-1] != end_id):
        tokens.append(int(log_probs[len(tokens) - 1, tokens[-1]].max(dim=0).indices))
    return torch.tensor(tokens[1:])


def greedy_in_a_tensor(log_probs: Tensor, start_id: int, end_id: int) -> Tensor:
    written = torch.full((len(log_probs),), end_id, dtype=torch.long)
    token = torch.tensor(start_id)
    for t, table in enumerate(log_probs):
        token = table[token].argmax()
        written[t] = token
        if token == end_id:
            return written[: t + 1]
    return written


def greedy_and_cut(log_probs: Tensor, start_id: int, end_id: int) -> Tensor:
    written, token = [], start_id
    for table in log_probs:
        token = int(table.argmax(-1)[token])
        written.append(token)
    if end_id in written:
        written = written[: written.index(end_id) + 1]
    return torch.tensor(written)


def greedy_by_sorting(log_probs: Tensor, start_id: int, end_id: int) -> Tensor:
    token, written = start_id, torch.empty(0, dtype=torch.int64)
    for t in range(log_probs.size(0)):
        token = int(log_probs[t][token].exp().sort(descending=True).indices[0])
        written = torch.cat([written, torch.tensor([token])])
        if token == end_id:
            break
    return written


def greedy_by_recursion(log_probs: Tensor, start_id: int, end_id: int) -> Tensor:
    token = log_probs[0, start_id].argmax().reshape(1)
    if len(log_probs) == 1 or int(token) == end_id:
        return token
    return torch.cat([token, greedy_by_recursion(log_probs[1:], int(token), end_id)])


def beams_in_tensors(
    log_probs: Tensor, start_id: int, end_id: int, num_beams: int, length_penalty: float = 0.0
) -> Tensor:
    steps, vocab, _ = log_probs.shape
    tokens = torch.full((1, 1), start_id)
    score = torch.zeros(1, dtype=log_probs.dtype)
    ended, length = torch.zeros(1, dtype=torch.bool), torch.zeros(1)
    free = torch.full((vocab,), -math.inf, dtype=log_probs.dtype)
    free[end_id] = 0.0
    for t in range(steps):
        rows = torch.where(ended[:, None], free, log_probs[t][tokens[:, -1]])
        total = (score[:, None] + rows).flatten()
        score, chosen = total.topk(min(num_beams, len(total)))
        beam, token = chosen // vocab, chosen % vocab
        tokens = torch.cat([tokens[beam], token[:, None]], dim=1)
        length = length[beam] + ~ended[beam]
        ended = ended[beam] | (token == end_id)
        if ended.all():
            break
    winner = int((score / ((5 + length) / 6) ** length_penalty).argmax())
    return tokens[winner, 1 : 1 + int(length[winner])]


def beams_in_dictionaries(
    log_probs: Tensor, start_id: int, end_id: int, num_beams: int, length_penalty: float = 0.0
) -> Tensor:
    beams: dict[tuple[int, ...], float] = {(): 0.0}
    for table in log_probs.tolist():
        longer: dict[tuple[int, ...], float] = {}
        for tokens, score in beams.items():
            if tokens[-1:] == (end_id,):
                longer[tokens] = score
            else:
                row = table[tokens[-1] if tokens else start_id]
                longer |= {(*tokens, token): score + more for token, more in enumerate(row)}
        ranked = sorted(longer, key=lambda tokens: longer[tokens], reverse=True)
        beams = {tokens: longer[tokens] for tokens in ranked[:num_beams]}
    winner = max(beams, key=lambda each: beams[each] / ((5 + len(each)) / 6) ** length_penalty)
    return torch.tensor(winner)


def beams_by_surprise(
    log_probs: Tensor, start_id: int, end_id: int, num_beams: int, length_penalty: float = 0.0
) -> Tensor:
    open_beams: list[tuple[float, list[int]]] = [(0.0, [start_id])]
    closed: list[tuple[float, list[int]]] = []
    for t in range(log_probs.size(0)):
        new = [
            (surprise - float(log_probs[t, tokens[-1], token]), [*tokens, token])
            for surprise, tokens in open_beams
            for token in range(log_probs.size(2))
        ]
        best = sorted([*new, *closed])[:num_beams]
        closed = [each for each in best if len(each[1]) > 1 and each[1][-1] == end_id]
        open_beams = [each for each in best if each not in closed]
        if not open_beams:
            break

    def value(beam: tuple[float, list[int]]) -> float:
        return beam[0] * math.pow(6 / (5 + len(beam[1]) - 1), length_penalty)

    return torch.tensor(min([*open_beams, *closed], key=value)[1][1:])


class Hypothesis:
    def __init__(self, tokens: list[int], score: float, over: bool) -> None:
        self.tokens, self.score, self.over = tokens, score, over

    def normalized(self, length_penalty: float) -> float:
        return float(self.score / math.pow((5 + len(self.tokens)) / 6, length_penalty))


def beams_as_objects(
    log_probs: Tensor, start_id: int, end_id: int, num_beams: int, length_penalty: float = 0.0
) -> Tensor:
    beams = [Hypothesis([], 0.0, over=False)]
    for t in range(len(log_probs)):
        candidates = [beam for beam in beams if beam.over]
        for beam in beams:
            if not beam.over:
                last = beam.tokens[-1] if beam.tokens else start_id
                values, indices = log_probs[t, last].topk(min(num_beams, log_probs.shape[-1]))
                for value, index in zip(values.tolist(), indices.tolist(), strict=True):
                    score = beam.score + value
                    candidates.append(Hypothesis([*beam.tokens, index], score, index == end_id))
        candidates.sort(key=lambda each: each.score, reverse=True)
        beams = candidates[:num_beams]
    winner = max(beams, key=lambda each: each.normalized(length_penalty))
    return torch.tensor(winner.tokens)


def beams_with_back_pointers(
    log_probs: Tensor, start_id: int, end_id: int, num_beams: int, length_penalty: float = 0.0
) -> Tensor:
    nodes: list[tuple[int, int]] = [(-1, start_id)]  # who came before, and the token
    frontier = [(0.0, 0, 0)]  # score, node, length
    for table in log_probs:
        candidates = []
        for score, node, length in frontier:
            token = nodes[node][1]
            if length and token == end_id:
                candidates.append((score, node, length, -1))
            else:
                candidates += [
                    (score + float(table[token, new]), node, length + 1, new)
                    for new in range(table.shape[1])
                ]
        candidates.sort(reverse=True, key=lambda each: each[0])
        frontier = []
        for score, node, length, new in candidates[:num_beams]:
            if new >= 0:
                nodes.append((node, new))
            frontier.append((score, len(nodes) - 1 if new >= 0 else node, length))
    _, node, _ = max(frontier, key=lambda f: f[0] / ((5.0 + f[2]) / 6.0) ** length_penalty)
    tokens = []
    while node > 0:
        node, token = nodes[node]
        tokens.append(token)
    return torch.tensor(tokens[::-1])


class Attention(nn.Module):
    """Multi-head attention, as the sheet gives it."""

    def __init__(self, d_model: int, num_heads: int) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.query_proj = nn.Linear(d_model, d_model)
        self.key_proj = nn.Linear(d_model, d_model)
        self.value_proj = nn.Linear(d_model, d_model)
        self.output_proj = nn.Linear(d_model, d_model)

    def forward(
        self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None
    ) -> Tensor:
        heads = (self.num_heads, -1)
        q = self.query_proj(query).unflatten(-1, heads).transpose(1, 2)
        k = self.key_proj(key).unflatten(-1, heads).transpose(1, 2)
        v = self.value_proj(value).unflatten(-1, heads).transpose(1, 2)
        scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
        if mask is None:
            weights = scores.softmax(-1)
        else:
            weights = scores.masked_fill(~mask, -math.inf).softmax(-1).masked_fill(~mask, 0.0)
        output: Tensor = self.output_proj((weights @ v).transpose(1, 2).flatten(2))
        return output


class DecoderParts(nn.Module):
    """What all the versions below are made of."""

    def __init__(self, d_model: int, num_heads: int, d_ff: int, norm_first: bool) -> None:
        super().__init__()
        self.norm_first = norm_first
        self.self_attention = Attention(d_model, num_heads)
        self.self_attention_norm = nn.LayerNorm(d_model)
        self.cross_attention = Attention(d_model, num_heads)
        self.cross_attention_norm = nn.LayerNorm(d_model)
        self.feed_forward = nn.Sequential(
            nn.Linear(d_model, d_ff), nn.ReLU(), nn.Linear(d_ff, d_model)
        )
        self.feed_forward_norm = nn.LayerNorm(d_model)


class BlockInTwoBranches(DecoderParts):
    def forward(
        self,
        x: Tensor,
        memory: Tensor,
        mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
    ) -> Tensor:
        if self.norm_first:
            y = self.self_attention_norm(x)
            x = x + self.self_attention(y, y, y, mask)
            y = self.cross_attention_norm(x)
            x = x + self.cross_attention(y, memory, memory, memory_mask)
            before: Tensor = x + self.feed_forward(self.feed_forward_norm(x))
            return before
        x = self.self_attention_norm(x + self.self_attention(x, x, x, mask))
        x = self.cross_attention_norm(x + self.cross_attention(x, memory, memory, memory_mask))
        output: Tensor = self.feed_forward_norm(x + self.feed_forward(x))
        return output


class BlockOfLines(DecoderParts):
    def forward(
        self,
        x: Tensor,
        memory: Tensor,
        mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
    ) -> Tensor:
        before = self.norm_first
        y = self.self_attention_norm(x) if before else x
        x = x + self.self_attention(y, y, y, mask)
        x = x if before else self.self_attention_norm(x)
        y = self.cross_attention_norm(x) if before else x
        x = x + self.cross_attention(y, memory, memory, memory_mask)
        x = x if before else self.cross_attention_norm(x)
        y = self.feed_forward_norm(x) if before else x
        x = x + self.feed_forward(y)
        return x if before else self.feed_forward_norm(x)


class BlockOfFunctions(DecoderParts):
    def forward(
        self,
        x: Tensor,
        memory: Tensor,
        mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
    ) -> Tensor:
        parts: list[tuple[nn.Module, Any]] = [
            (self.self_attention_norm, lambda y: self.self_attention(y, y, y, mask)),
            (
                self.cross_attention_norm,
                lambda y: self.cross_attention(y, memory, memory, memory_mask),
            ),
            (self.feed_forward_norm, self.feed_forward),
        ]
        for norm, part in parts:
            x = x + part(norm(x)) if self.norm_first else norm(x + part(x))
        return x


class BlockByHand(DecoderParts):
    def attend(self, layer: nn.Module, query: Tensor, key: Tensor, mask: Tensor | None) -> Tensor:
        outputs = []
        shape = (query.shape[0], 1, query.shape[1], key.shape[1])
        full = torch.ones(shape, dtype=torch.bool) if mask is None else mask.expand(shape)
        for row in range(len(query)):  # one sequence at a time
            part = slice(row, row + 1)
            outputs.append(layer(query[part], key[part], key[part], full[part]))
        return torch.cat(outputs)

    def forward(
        self,
        x: Tensor,
        memory: Tensor,
        mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
    ) -> Tensor:
        first = self.norm_first
        norms = (self.self_attention_norm, self.cross_attention_norm, self.feed_forward_norm)
        for number, norm in enumerate(norms):
            y = norm(x) if first else x
            if number == 0:
                z = self.attend(self.self_attention, y, y, mask)
            elif number == 1:
                z = self.attend(self.cross_attention, y, memory, memory_mask)
            else:
                z = self.feed_forward(y)
            x = torch.add(x, z)
            x = x if first else norm(x)
        return x


class BlockOfBranches(DecoderParts):
    def __init__(self, d_model: int, num_heads: int, d_ff: int, norm_first: bool) -> None:
        super().__init__(d_model, num_heads, d_ff, norm_first)
        self.before = nn.ModuleDict()  # more than is asked for, and without parameters
        self.after = nn.Identity()

    def normed(self, norm: nn.Module, x: Tensor, before: bool) -> Tensor:
        result: Tensor = norm(x) if before == self.norm_first else self.after(x)
        return result

    def forward(
        self,
        x: Tensor,
        memory: Tensor,
        mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
    ) -> Tensor:
        y = self.normed(self.self_attention_norm, x, True)
        x = self.normed(self.self_attention_norm, self.self_attention(y, y, y, mask) + x, False)
        y = self.normed(self.cross_attention_norm, x, True)
        seen = self.cross_attention(y, memory, memory, memory_mask)
        x = self.normed(self.cross_attention_norm, seen + x, False)
        y = self.normed(self.feed_forward_norm, x, True)
        hidden = torch.relu(self.feed_forward[0](y))
        return self.normed(self.feed_forward_norm, self.feed_forward[2](hidden) + x, False)
