"""Recurrent encoder–decoders, with a fixed context and with attention.

Chapter: book/bottleneck.md.
"""

import math

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from attnbook.weighting import additive_scores, softmax


class GRUEncoderDecoder(nn.Module):
    """Reads a sequence into one vector, then writes another sequence from that vector.

    Cho et al. (2014), section 2.2: the encoder's last state starts the decoder and is
    given to it again at every step. It is all that the decoder knows of the source.

    Args:
        vocab_size: Number of tokens, on both sides.
        d_model: Width of embeddings and states.
    """

    def __init__(self, vocab_size: int, d_model: int) -> None:
        super().__init__()
        self.source_embedding = nn.Embedding(vocab_size, d_model)
        self.target_embedding = nn.Embedding(vocab_size, d_model)
        self.encoder = nn.GRU(d_model, d_model, batch_first=True)
        self.decoder = nn.GRU(2 * d_model, d_model, batch_first=True)
        self.output_proj = nn.Linear(2 * d_model, vocab_size)

    def forward(
        self, source: Int[Tensor, "batch source"], previous: Int[Tensor, "batch target"]
    ) -> Float[Tensor, "batch target vocab_size"]:
        """Return logits of each target token, given the source and the tokens before it.

        Args:
            source: What to read.
            previous: The target shifted to the right: a start token comes first.
        """
        _, last = self.encoder(self.source_embedding(source))
        context = last.transpose(0, 1).expand(-1, previous.shape[1], -1)
        inputs = torch.cat([self.target_embedding(previous), context], dim=-1)
        states, _ = self.decoder(inputs, last)
        return self.output_proj(torch.cat([states, context], dim=-1))


class AttentiveEncoderDecoder(nn.Module):
    """As `GRUEncoderDecoder`, but each step gets a context of its own.

    Bahdanau et al. (2015), section 3.1: the decoder's state attends to all states of
    the encoder with additive scores. Their encoder reads in both directions, this one in one.

    Args:
        vocab_size: Number of tokens, on both sides.
        d_model: Width of embeddings, states and of the scores' hidden layer.
    """

    def __init__(self, vocab_size: int, d_model: int) -> None:
        super().__init__()
        self.source_embedding = nn.Embedding(vocab_size, d_model)
        self.target_embedding = nn.Embedding(vocab_size, d_model)
        self.encoder = nn.GRU(d_model, d_model, batch_first=True)
        self.decoder = nn.GRUCell(2 * d_model, d_model)
        self.w_query = nn.Parameter(torch.randn(d_model, d_model) / math.sqrt(d_model))
        self.w_key = nn.Parameter(torch.randn(d_model, d_model) / math.sqrt(d_model))
        self.v = nn.Parameter(torch.randn(d_model) / math.sqrt(d_model))
        self.output_proj = nn.Linear(2 * d_model, vocab_size)

    def forward(
        self, source: Int[Tensor, "batch source"], previous: Int[Tensor, "batch target"]
    ) -> Float[Tensor, "batch target vocab_size"]:
        """Return logits of each target token, given the source and the tokens before it.

        Args:
            source: What to read.
            previous: The target shifted to the right: a start token comes first.
        """
        logits, _ = self.with_alignment(source, previous)
        return logits

    def with_alignment(
        self, source: Int[Tensor, "batch source"], previous: Int[Tensor, "batch target"]
    ) -> tuple[Float[Tensor, "batch target vocab_size"], Float[Tensor, "batch target source"]]:
        """Return the logits, and how much each step attended to each source position."""
        states, last = self.encoder(self.source_embedding(source))
        state, steps, alignment = last[0], [], []
        for embedding in self.target_embedding(previous).unbind(1):
            scores = additive_scores(state[:, None], states, self.w_query, self.w_key, self.v)
            weights = softmax(scores, dim=-1)
            context = (weights @ states).squeeze(1)
            state = self.decoder(torch.cat([embedding, context], dim=-1), state)
            steps.append(torch.cat([state, context], dim=-1))
            alignment.append(weights)
        return self.output_proj(torch.stack(steps, dim=1)), torch.cat(alignment, dim=1)
