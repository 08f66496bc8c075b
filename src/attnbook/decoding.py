"""Write a target with a transformer, token by token. Chapter: book/encoder_decoder.md.

Inference mode is `torch.no_grad` at a lower cost for each operation. What is made in it has no
place in training, so what is returned is made after it.
"""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

import torch
from jaxtyping import Float, Int
from torch import Tensor

from attnbook.transformer import Transformer


@runtime_checkable
class NextTokenModel(Protocol):
    """What decoding asks of a model: a `Transformer` offers it, and so does a `TokenTable`.

    A state has a method ``select(rows)`` that returns the state of other sequences.
    """

    @property
    def pad_id(self) -> int:
        """The token that stands after the end."""

    def start(self, source: Tensor) -> Any:
        """Return the state in which ``source`` is read and nothing is written."""

    def step(self, tokens: Tensor, state: Any) -> tuple[Tensor, Any]:
        """Return logits of the token after each of ``tokens``, and the state after them."""


def greedy_decode(
    model: NextTokenModel,
    source: Int[Tensor, "batch source_length"],
    *,
    start_id: int,
    end_id: int,
    max_len: int,
) -> Int[Tensor, "batch length"]:
    """Return for each source the most likely next token, again and again until ``end_id``.

    Args:
        model: Says which token comes next.
        source: What to translate.
        start_id: The token that stands first; it is not returned.
        end_id: The token that ends a sequence; padding follows it.
        max_len: Most tokens to write.

    Raises:
        ValueError: If max_len is below 1.
    """
    _check_max_len(max_len)
    with torch.inference_mode():
        state = model.start(source)
        token = source.new_full((len(source), 1), start_id)
        ended = torch.zeros_like(token, dtype=torch.bool)
        written = []
        for _ in range(max_len):
            logits, state = model.step(token, state)
            token = logits.argmax(dim=-1).masked_fill(ended, model.pad_id)
            written.append(token)
            ended = ended | (token == end_id)
            if ended.all():
                break
    return torch.cat(written, dim=1)


def greedy_decode_uncached(
    model: Transformer,
    source: Int[Tensor, "batch source_length"],
    *,
    start_id: int,
    end_id: int,
    max_len: int,
) -> Int[Tensor, "batch length"]:
    """Return what `greedy_decode` does, by running the whole decoder again for each token."""
    _check_max_len(max_len)
    with torch.inference_mode():
        target = source.new_full((len(source), 1), start_id)
        ended = torch.zeros_like(target, dtype=torch.bool)
        for _ in range(max_len):
            logits = model(source, target)[:, -1:]
            token = logits.argmax(dim=-1).masked_fill(ended, model.pad_id)
            target = torch.cat([target, token], dim=1)
            ended = ended | (token == end_id)
            if ended.all():
                break
    return target[:, 1:].clone()


def beam_search(  # noqa: PLR0913 - what ends a sequence, and two choices of the search
    model: NextTokenModel,
    source: Int[Tensor, "batch source_length"],
    *,
    start_id: int,
    end_id: int,
    max_len: int,
    num_beams: int = 4,
    length_penalty: float = 0.6,
) -> Int[Tensor, "batch length"]:
    """Return for each source the best of the sequences that a beam of them finds.

    At each step the ``num_beams`` likeliest beginnings survive. Among those left at the
    end, wins the one with the highest log-probability divided by ((5 + length) / 6) to the
    power of ``length_penalty``: Wu et al. (2016), equation 14.

    Args:
        model: Says which token comes next.
        source: What to translate.
        start_id: The token that stands first; it is not returned.
        end_id: The token that ends a sequence; padding follows it.
        max_len: Most tokens to write.
        num_beams: Number of beginnings; 1 gives what `greedy_decode` does.
        length_penalty: 0 compares log-probabilities, which favors short sequences.

    Raises:
        ValueError: If max_len or num_beams is below 1.
    """
    _check_max_len(max_len)
    if num_beams < 1:
        raise ValueError(f"a search needs at least one beam, got num_beams={num_beams}")
    batch, pad_id = len(source), model.pad_id
    with torch.inference_mode():
        # Row b * num_beams + k is beam k of source b. At first all but one are equally hopeless.
        first = torch.arange(batch, device=source.device)[:, None] * num_beams
        state = model.start(source).select(torch.arange(batch).repeat_interleave(num_beams))
        target = source.new_full((batch * num_beams, 1), start_id)
        score = torch.zeros(batch, num_beams, device=source.device)
        score[:, 1:] = -torch.inf
        ended = torch.zeros_like(score, dtype=torch.bool)
        length = torch.zeros_like(score)
        for _ in range(max_len):
            logits, state = model.step(target[:, -1:], state)
            log_probs = _only_padding_after_the_end(logits.log_softmax(dim=-1), ended, pad_id)
            score, choice = (score[..., None] + log_probs).flatten(1).topk(num_beams)
            beam, token = choice // logits.shape[-1], choice % logits.shape[-1]
            rows = (first + beam).flatten()
            target = torch.cat([target[rows], token.reshape(-1, 1)], dim=1)
            state = state.select(rows)
            ended, length = ended.gather(1, beam), length.gather(1, beam)
            length = length + ~ended
            ended = ended | (token == end_id)
            if ended.all():
                break
        best = (score / ((5 + length) / 6) ** length_penalty).argmax(dim=1, keepdim=True)
    return target[(first + best)[:, 0], 1:]


def _only_padding_after_the_end(
    log_probs: Float[Tensor, "rows 1 vocab"], ended: Tensor, pad_id: int
) -> Float[Tensor, "batch beams vocab"]:
    """Return log-probabilities in which a sequence that has ended goes on for free."""
    log_probs = log_probs.reshape(*ended.shape, -1)
    padding = torch.full_like(log_probs[0, 0], -torch.inf)
    padding[pad_id] = 0.0
    return torch.where(ended[..., None], padding, log_probs)


def _check_max_len(max_len: int) -> None:
    if max_len < 1:
        raise ValueError(f"there must be room for a token, got max_len={max_len}")
