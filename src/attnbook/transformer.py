"""The transformer of 2017, encoder and decoder. Chapter: book/encoder_decoder.md."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from attnbook.blocks import BlockCache, DecoderBlock, EncoderBlock
from attnbook.masks import causal_mask
from attnbook.positions import sinusoidal_encoding


@dataclass(frozen=True)
class TransformerConfig:
    """The sizes of a transformer; the defaults are the base model of the paper.

    Vaswani et al. (2017), table 3.

    Attributes:
        source_vocab_size: Number of different tokens that come in.
        target_vocab_size: Number of different tokens that go out.
        d_model: Width of the residual stream.
        num_heads: Number of heads of each attention.
        d_ff: Width inside the feed-forward networks.
        num_encoder_layers: Number of encoder blocks.
        num_decoder_layers: Number of decoder blocks.
        max_len: Longest sequence, source or target.
        norm_first: Whether norms stand before what they serve; see `EncoderBlock`.
        pad_id: Token that fills up short sequences, at their end.
    """

    source_vocab_size: int
    target_vocab_size: int
    d_model: int = 512
    num_heads: int = 8
    d_ff: int = 2048
    num_encoder_layers: int = 6
    num_decoder_layers: int = 6
    max_len: int = 512
    norm_first: bool = False
    pad_id: int = 0


class Embedding(nn.Module):
    """Tokens and their places as vectors: an embedding times √d_model, plus sinusoids.

    Vaswani et al. (2017), sections 3.4 and 3.5.

    Args:
        vocab_size: Number of different tokens.
        d_model: Width of the vectors.
        max_len: Longest sequence.
    """

    positions: Tensor

    def __init__(self, vocab_size: int, d_model: int, *, max_len: int) -> None:
        super().__init__()
        self.tokens = nn.Embedding(vocab_size, d_model)
        # Times √d_model this has variance 1; without it, it makes logits of variance 1.
        nn.init.normal_(self.tokens.weight, std=d_model**-0.5)
        positions = sinusoidal_encoding(max_len, d_model)
        self.register_buffer("positions", positions, persistent=False)

    def forward(
        self, tokens: Int[Tensor, "batch length"], start: int = 0
    ) -> Float[Tensor, "batch length d_model"]:
        """Return a row for each token.

        Args:
            tokens: Their numbers.
            start: Position of the first one.

        Raises:
            ValueError: If there are more positions than max_len.
        """
        end, max_len = start + tokens.shape[1], len(self.positions)
        if end > max_len:
            raise ValueError(
                f"there must be at most max_len positions, got {end} and max_len={max_len}"
            )
        scale = math.sqrt(self.tokens.embedding_dim)
        return self.tokens(tokens) * scale + self.positions[start:end]


class Encoder(nn.Module):
    """Encoder blocks in a row; a pre-norm stack ends with a norm of its own.

    Args:
        config: The sizes.
    """

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        sizes = (config.d_model, config.num_heads, config.d_ff, config.norm_first)
        self.blocks = nn.ModuleList(EncoderBlock(*sizes) for _ in range(config.num_encoder_layers))
        # What a pre-norm block adds to the stream is normed nowhere else.
        self.norm = nn.LayerNorm(config.d_model) if config.norm_first else nn.Identity()

    def forward(
        self,
        x: Float[Tensor, "batch length d_model"],
        mask: Bool[Tensor, "*#batch_heads #length #length"] | None = None,
    ) -> Float[Tensor, "batch length d_model"]:
        """Return what each position has become. ``mask`` as in `EncoderBlock`."""
        for block in self.blocks:
            x = block(x, mask)
        return self.norm(x)


class Decoder(nn.Module):
    """Decoder blocks in a row; a pre-norm stack ends with a norm of its own.

    Args:
        config: The sizes.
    """

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        sizes = (config.d_model, config.num_heads, config.d_ff, config.norm_first)
        blocks = [DecoderBlock(*sizes) for _ in range(config.num_decoder_layers)]
        # A ModuleList does not say what its modules are.
        self.blocks: list[DecoderBlock] = nn.ModuleList(blocks)  # type: ignore[assignment]
        self.norm = nn.LayerNorm(config.d_model) if config.norm_first else nn.Identity()

    def forward(
        self,
        x: Float[Tensor, "batch length d_model"],
        memory: Float[Tensor, "batch memory d_model"],
        mask: Bool[Tensor, "*#batch_heads #length #length"] | None = None,
        memory_mask: Bool[Tensor, "*#batch_heads #length #memory"] | None = None,
    ) -> Float[Tensor, "batch length d_model"]:
        """Return what each position has become. Masks as in `DecoderBlock`."""
        for block in self.blocks:
            x = block(x, memory, mask, memory_mask)
        return self.norm(x)

    def start(self, memory: Float[Tensor, "batch memory d_model"]) -> tuple[BlockCache, ...]:
        """Return the caches of a decoder that has seen the memory and no position yet."""
        return tuple(block.start(memory) for block in self.blocks)

    def extend(
        self,
        x: Float[Tensor, "batch new d_model"],
        caches: tuple[BlockCache, ...],
        memory_mask: Bool[Tensor, "*#batch_heads #new #memory"] | None = None,
    ) -> tuple[Float[Tensor, "batch new d_model"], tuple[BlockCache, ...]]:
        """Return what new positions have become, and the longer caches; see `DecoderBlock`."""
        grown = []
        for block, cache in zip(self.blocks, caches, strict=True):
            x, longer = block.extend(x, cache, memory_mask)
            grown.append(longer)
        return self.norm(x), tuple(grown)


class DecodingState(NamedTuple):
    """What a decoder knows of the sequences that it is writing.

    Attributes:
        caches: One for each block.
        memory_mask: True where a row of the memory is no padding; None if none is.
        length: Number of positions so far.
    """

    caches: tuple[BlockCache, ...]
    memory_mask: Bool[Tensor, "batch 1 1 memory"] | None
    length: int

    def select(self, rows: Int[Tensor, " rows"]) -> DecodingState:
        """Return the state of other sequences: row i becomes what ``rows[i]`` was."""
        caches = tuple(BlockCache(*(part[rows] for part in cache)) for cache in self.caches)
        mask = None if self.memory_mask is None else self.memory_mask[rows]
        return DecodingState(caches, mask, self.length)


class Transformer(nn.Module):
    """Reads a source sequence and says which token comes next in the target.

    Vaswani et al. (2017), figure 1, without dropout. The output layer is the embedding
    of the target, transposed (section 3.4).

    Args:
        config: The sizes.
    """

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.config = config
        width, max_len = config.d_model, config.max_len
        self.source = Embedding(config.source_vocab_size, width, max_len=max_len)
        self.target = Embedding(config.target_vocab_size, width, max_len=max_len)
        self.encoder = Encoder(config)
        self.decoder = Decoder(config)

    @property
    def pad_id(self) -> int:
        """The token that fills up short sequences."""
        return self.config.pad_id

    def forward(
        self, source: Int[Tensor, "batch source_length"], target: Int[Tensor, "batch length"]
    ) -> Float[Tensor, "batch length target_vocab_size"]:
        """Return logits of the token after each position of ``target``.

        Args:
            source: What to translate, filled up with pad_id.
            target: What has been written, with the start token first.
        """
        memory, memory_mask = self.encode(source)
        mask = causal_mask(target.shape[1]).to(target.device)
        return self._logits(self.decoder(self.target(target), memory, mask, memory_mask))

    def encode(
        self, source: Int[Tensor, "batch length"]
    ) -> tuple[Float[Tensor, "batch length d_model"], Bool[Tensor, "batch 1 1 length"]]:
        """Return what the encoder makes of ``source``, and where that is no padding."""
        mask = (source != self.config.pad_id)[:, None, None, :]
        return self.encoder(self.source(source), mask), mask

    def start(self, source: Int[Tensor, "batch length"]) -> DecodingState:
        """Return the state in which ``source`` is read and nothing is written."""
        memory, mask = self.encode(source)
        return DecodingState(self.decoder.start(memory), None if mask.all() else mask, 0)

    def step(
        self, tokens: Int[Tensor, "batch new"], state: DecodingState
    ) -> tuple[Float[Tensor, "batch new target_vocab_size"], DecodingState]:
        """Return logits of the token after each of the new ``tokens``, and the state after them."""
        x, caches = self.decoder.extend(
            self.target(tokens, start=state.length), state.caches, state.memory_mask
        )
        state = DecodingState(caches, state.memory_mask, state.length + tokens.shape[1])
        return self._logits(x), state

    def _logits(self, x: Tensor) -> Tensor:
        return x @ self.target.tokens.weight.T
