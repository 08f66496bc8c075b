"""The exercises of the sheet `encoder_decoder` with every known mistake as a switch.

These functions and classes are also written into notebooks (a sample class is made of
them), so each uses nothing but torch, math and the others here.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn


def faulty_shift(
    targets: Tensor,
    start_id: int,
    *,
    shift: str = "right",
    start: str = "as given",
    inputs: str = "kept",
    kind: str = "kept",
) -> Tensor:
    """Shift targets with switches; correct when none is given."""
    first = torch.full_like(targets[:, :1], 0 if start == "zero" else start_id)
    length = targets.shape[1]
    shifted = {
        "none": targets.clone(),
        "left": torch.cat([targets[:, 1:], first], dim=1),
        "rolled": targets.roll(1, dims=1),
        "twice": torch.cat([first, first, targets], dim=1)[:, :length],
        "along the batch": torch.cat([first.expand(-1, length)[:1], targets[:-1]]),
        "overwritten": torch.cat([first, targets[:, 1:]], dim=1),
        "longer": torch.cat([first, targets], dim=1),
        "right": torch.cat([first, targets[:, :-1]], dim=1),
    }[shift]
    if kind == "int64":
        shifted = shifted.long()
    if inputs == "changed" and shifted.shape == targets.shape:
        targets.copy_(shifted)
    return shifted


def faulty_cross_entropy(
    logits: Tensor,
    targets: Tensor,
    pad_id: int,
    label_smoothing: float = 0.0,
    *,
    log_probs: str = "log softmax",
    smoothing: str = "real classes",
    sign: int = -1,
    pad: str = "as given",
    padding: str = "left out",
    average: str = "tokens",
    empty: str = "zero",
) -> Tensor:
    """Cross-entropy with switches; correct when none is given."""
    if pad == "zero":
        pad_id = 0
    logs = logarithms(logits, log_probs)
    surprise = sign * logs.gather(-1, targets[..., None])[..., 0]
    if label_smoothing and smoothing != "ignored":
        spread = sign * spread_out(logs, targets, pad_id, smoothing)
        on_target = {"swapped": label_smoothing, "on top": 1.0}.get(smoothing, 1 - label_smoothing)
        rest = 1 - label_smoothing if smoothing == "swapped" else label_smoothing
        surprise = on_target * surprise + rest * spread
    counts = torch.ones_like(targets) if padding == "counted" else (targets != pad_id).long()
    surprise = surprise.masked_fill(counts == 0, 0.0)
    return averaged(surprise, counts, average, empty)


def logarithms(logits: Tensor, way: str) -> Tensor:
    """Return log-probabilities, or what stands in for them."""
    if way == "softmax twice":
        return logits.softmax(-1).log_softmax(-1)
    if way == "log of a softmax":
        return logits.softmax(-1).log()
    if way == "no logarithm":
        return logits.softmax(-1)
    return logits if way == "none" else logits.log_softmax(-1)


def spread_out(logs: Tensor, targets: Tensor, pad_id: int, smoothing: str) -> Tensor:
    """Return the mean log-probability of the classes that share the smoothing."""
    if smoothing == "all classes":
        return logs.mean(-1)
    total, shares = logs.sum(-1) - logs[..., pad_id], logs.shape[-1] - 1
    if smoothing == "not the target":
        return (total - logs.gather(-1, targets[..., None])[..., 0]) / (shares - 1)
    return total if smoothing == "not shared" else total / shares


def averaged(surprise: Tensor, counts: Tensor, average: str, empty: str) -> Tensor:
    """Return the mean over what counts, or another one."""
    if average == "all tokens":
        return surprise.mean()
    if average == "batch":
        return surprise.sum() / len(surprise)
    if average == "none":
        return surprise.sum()
    if average == "sequences":
        tokens = counts.sum(-1)
        return (surprise.sum(-1) / (tokens.clamp(min=1) if empty == "zero" else tokens)).mean()
    tokens = counts.sum()
    return surprise.sum() / (tokens.clamp(min=1) if empty == "zero" else tokens)


def faulty_greedy(
    log_probs: Tensor,
    start_id: int,
    end_id: int,
    *,
    stop: str = "at the end",
    start: str = "left out",
    step: str = "own",
    previous: str = "last",
    pick: str = "largest",
    axes: str = "previous next",
    kind: str = "tensor",
) -> Any:
    """Decode a table greedily with switches; correct when none is given."""
    token, written = start_id, [start_id] if start == "returned" else []
    late = False
    for t in range(len(log_probs)):
        table = log_probs[0 if step == "first" else t]
        if axes == "next previous":
            table = table.T
        row = table[start_id if previous == "start" else token]
        token = int(row.argmin() if pick == "smallest" else row.argmax())
        if token == end_id and stop == "end left out":
            break
        written.append(token)
        if late or (token == end_id and stop == "at the end"):
            break
        late = token == end_id and stop == "one late"
    return written if kind == "list" else torch.tensor(written, dtype=torch.int64)


def faulty_beams(
    log_probs: Tensor,
    start_id: int,
    end_id: int,
    num_beams: int,
    length_penalty: float = 0.0,
    *,
    score: str = "logs added",
    finished: str = "kept",
    beams: str = "compete",
    penalty: str = "divides",
    counted: str = "what was written",
    step: str = "own",
    returned: str = "up to the end",
) -> Tensor:
    """Search a table with switches; correct when none is given."""
    kept: list[tuple[float, list[int]]] = [(0.0, [])]
    for t in range(len(log_probs)):
        candidates: list[tuple[float, list[int], int]] = []
        for number, (so_far, tokens) in enumerate(kept):
            if tokens and tokens[-1] == end_id and finished != "extended":
                candidates.append((so_far, tokens, number))
                continue
            row = log_probs[0 if step == "first" else t, tokens[-1] if tokens else start_id]
            for token, more in enumerate(row.tolist()):
                candidates.append((added(so_far, more, score), [*tokens, token], number))
        kept = survivors(candidates, num_beams, beams, length_penalty if penalty == "early" else 0)
        over = [beam for beam in kept if beam[1][-1] == end_id]
        going = [beam for beam in kept if beam[1][-1] != end_id]
        if over and finished == "first one wins":
            kept = over
        if (not going and finished != "extended") or kept is over:
            break
        if finished == "forgotten":
            kept = going
    tokens = best(kept, length_penalty, penalty, counted, end_id)
    if finished == "extended" and end_id in tokens:
        tokens = tokens[: tokens.index(end_id) + 1]
    if returned == "without the end" and tokens[-1] == end_id:
        tokens = tokens[:-1]
    with_start = [start_id] if returned == "with the start" else []
    return torch.tensor([*with_start, *tokens], dtype=torch.int64)


def added(so_far: float, more: float, score: str) -> float:
    """Return the score of a longer beginning."""
    if score == "probabilities added":
        return so_far + math.exp(more)
    return more if score == "last step alone" else so_far + more


def survivors(
    candidates: list[tuple[float, list[int], int]], num_beams: int, beams: str, power: float
) -> list[tuple[float, list[int]]]:
    """Return the beams that go on, the best first."""

    def rank(candidate: tuple[float, list[int], int]) -> float:
        return -candidate[0] / math.pow((5 + len(candidate[1])) / 6, power)

    ordered = sorted(candidates, key=rank)
    if beams == "each its own best":
        chosen: list[tuple[float, list[int], int]] = []
        for candidate in ordered:
            first = len(candidate[1]) == 1 and len(chosen) < num_beams
            if first or candidate[2] not in {other[2] for other in chosen}:
                chosen.append(candidate)
        ordered = chosen
    width = {"one more": num_beams + 1, "one alone": 1}.get(beams, num_beams)
    return [(so_far, tokens) for so_far, tokens, _ in ordered[:width]]


def best(
    kept: list[tuple[float, list[int]]],
    length_penalty: float,
    penalty: str,
    counted: str,
    end_id: int,
) -> list[int]:
    """Return the tokens of the beam that wins."""

    def value(beam: tuple[float, list[int]]) -> float:
        length = len(beam[1]) + (counted == "with the start")
        if counted == "without the end" and beam[1][-1] == end_id:
            length -= 1
        if penalty == "plain length":
            return beam[0] / math.pow(length, length_penalty)
        if penalty == "ignored":
            return beam[0]
        norm = math.pow((5 + length) / 6, length_penalty)
        return beam[0] * norm if penalty == "multiplies" else beam[0] / norm

    return max(kept, key=value)[1]


class Heads(nn.Module):
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
        """Return what each query gathers."""
        q, k, v = (
            projection(x).unflatten(-1, (self.num_heads, -1)).transpose(1, 2)
            for projection, x in (
                (self.query_proj, query),
                (self.key_proj, key),
                (self.value_proj, value),
            )
        )
        scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
        if mask is None:
            weights = scores.softmax(-1)
        else:
            weights = scores.masked_fill(~mask, -math.inf).softmax(-1).masked_fill(~mask, 0.0)
        output: Tensor = self.output_proj((weights @ v).transpose(1, 2).flatten(2))
        return output


class FaultyDecoderBlock(nn.Module):
    """Decoder block with switches; correct when none is given."""

    def __init__(
        self,
        d_model: int,
        num_heads: int,
        d_ff: int,
        norm_first: bool,
        *,
        registered: str = "each",
        activation: str = "relu",
        norm_place: str = "as asked",
        norms: str = "own",
        order: str = "self cross feed",
        cross: str = "query memory memory",
        memory_state: str = "as it is",
        self_mask: str = "as given",
        cross_mask: str = "own",
        residual: str = "everywhere",
    ) -> None:
        super().__init__()
        self.norm_first = {"always after": False, "always before": True}.get(norm_place, norm_first)
        self.self_attention = Heads(d_model, num_heads)
        self.cross_attention = Heads(d_model, num_heads)
        if registered == "one attention":
            self.cross_attention = self.self_attention
        between = {"gelu": nn.GELU(), "none": nn.Identity()}.get(activation, nn.ReLU())
        self.feed_forward = nn.Sequential(
            nn.Linear(d_model, d_ff), between, nn.Linear(d_ff, d_model)
        )
        self.self_attention_norm = nn.LayerNorm(d_model)
        self.cross_attention_norm = nn.LayerNorm(d_model)
        self.feed_forward_norm = nn.LayerNorm(d_model)
        self.norms, self.order, self.cross = norms, order, cross
        self.memory_state, self.residual = memory_state, residual
        self.self_mask, self.cross_mask = self_mask, cross_mask

    def forward(
        self,
        x: Tensor,
        memory: Tensor,
        mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
    ) -> Tensor:
        """Return the output, or what comes out of a mistake."""
        if self.memory_state == "detached":
            memory = memory.detach()
        if self.memory_state == "normed" and self.norm_first:
            memory = self.cross_attention_norm(memory)
        for name in self.order.split():
            x = self.added(x, name, memory, mask, memory_mask)
        return x

    def added(
        self,
        x: Tensor,
        name: str,
        memory: Tensor,
        mask: Tensor | None,
        memory_mask: Tensor | None,
    ) -> Tensor:
        """Return the stream with what one part adds to it."""
        norm = self.norm_of(name)
        y: Tensor = norm(x) if self.norm_first else x
        if name == "self":
            z = self.self_attention(y, y, y, self.mask_of(mask))
        elif name == "cross":
            z = self.crossed(y, memory, mask, memory_mask)
        else:
            z = self.feed_forward(y)
        if self.residual == "from the normed":
            x = y
        if self.residual != f"not around {name}":
            z = x + z
        output: Tensor = z if self.norm_first else norm(z)
        return output

    def mask_of(self, mask: Tensor | None) -> Tensor | None:
        """Return what hides one position from another."""
        if self.self_mask == "ignored":
            return None
        if self.self_mask == "made here" and mask is not None:
            length = mask.shape[-1]
            return torch.ones(length, length, dtype=torch.bool).tril()
        return mask

    def norm_of(self, name: str) -> nn.Module:
        """Return the norm that serves one part."""
        if self.norms == "one for all":
            name = "self"
        if self.norms == "swapped":
            name = {"self": "cross", "cross": "self"}.get(name, name)
        if self.norms == "not around cross" and name == "cross":
            return nn.Identity()
        return {
            "self": self.self_attention_norm,
            "cross": self.cross_attention_norm,
            "feed": self.feed_forward_norm,
        }[name]

    def crossed(
        self, y: Tensor, memory: Tensor, mask: Tensor | None, memory_mask: Tensor | None
    ) -> Tensor:
        """Return what the positions gather from the memory."""
        if self.cross_mask == "causal":
            memory_mask = mask
        if self.cross_mask == "ignored":
            memory_mask = None
        named = {"query": y, "memory": memory}
        query, key, value = (named[each] for each in self.cross.split())
        gathered: Tensor = self.cross_attention(query, key, value, memory_mask)
        return gathered
