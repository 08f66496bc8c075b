"""CPU time of a training step: our transformer beside torch's, and beside BART and T5.

Bar: at least as fast as `nn.Transformer` at the size of the chapter on dates, as the median
of interleaved pairs on the same batch with the same optimizer.
"""

from __future__ import annotations

import argparse
import statistics
import time
import warnings
from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor, nn
from transformers import (
    BartConfig,
    BartForConditionalGeneration,
    T5Config,
    T5ForConditionalGeneration,
)

from attnbook.masks import causal_mask
from attnbook.training import masked_cross_entropy, shift_right
from attnbook.transformer import Embedding, Transformer, TransformerConfig

DATES = TransformerConfig(
    source_vocab_size=199, target_vocab_size=14, d_model=64, num_heads=4, d_ff=256,
    num_encoder_layers=2, num_decoder_layers=1, max_len=64,
)  # fmt: skip
WIDER = replace(DATES, d_model=256, num_heads=8, d_ff=1024, num_encoder_layers=3,
                num_decoder_layers=3)  # fmt: skip
SIZES = {"dates (d=64, 2+1 layers)": DATES, "wider (d=256, 3+3 layers)": WIDER}
BATCH, SOURCE_LENGTH, LENGTH = 64, 29, 11

Logits = Callable[[Tensor, Tensor], Tensor]


class Torchs(nn.Module):
    """`nn.Transformer` between our embeddings, without the norms that the paper has not."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        width, max_len = config.d_model, config.max_len
        self.source = Embedding(config.source_vocab_size, width, max_len=max_len)
        self.target = Embedding(config.target_vocab_size, width, max_len=max_len)
        self.transformer = nn.Transformer(
            width,
            config.num_heads,
            config.num_encoder_layers,
            config.num_decoder_layers,
            config.d_ff,
            dropout=0.0,
            batch_first=True,
        )
        self.transformer.encoder.norm = self.transformer.decoder.norm = None

    def forward(self, source: Tensor, fed: Tensor) -> Tensor:
        """Return logits."""
        padding = source == 0
        x = self.transformer(
            self.source(source),
            self.target(fed),
            tgt_mask=~causal_mask(fed.shape[1]),
            src_key_padding_mask=padding,
            memory_key_padding_mask=padding,
            tgt_is_causal=True,
        )
        return x @ self.target.tokens.weight.T


def bart(config: TransformerConfig) -> nn.Module:
    """Return Hugging Face's BART of the same size."""
    return BartForConditionalGeneration(
        BartConfig(
            vocab_size=config.source_vocab_size,
            d_model=config.d_model,
            encoder_layers=config.num_encoder_layers,
            decoder_layers=config.num_decoder_layers,
            encoder_attention_heads=config.num_heads,
            decoder_attention_heads=config.num_heads,
            encoder_ffn_dim=config.d_ff,
            decoder_ffn_dim=config.d_ff,
            max_position_embeddings=config.max_len,
            activation_function="relu",
            dropout=0.0,
            pad_token_id=0,
            bos_token_id=1,
            eos_token_id=2,
            decoder_start_token_id=1,
            forced_eos_token_id=None,
        )
    )


def t5(config: TransformerConfig) -> nn.Module:
    """Return Hugging Face's T5 of the same size."""
    return T5ForConditionalGeneration(
        T5Config(
            vocab_size=config.source_vocab_size,
            d_model=config.d_model,
            d_kv=config.d_model // config.num_heads,
            d_ff=config.d_ff,
            num_layers=config.num_encoder_layers,
            num_decoder_layers=config.num_decoder_layers,
            num_heads=config.num_heads,
            dropout_rate=0.0,
            pad_token_id=0,
            decoder_start_token_id=0,
        )
    )


def models(config: TransformerConfig) -> dict[str, tuple[nn.Module, Logits]]:
    """Return each model and what makes logits of a source and what is fed; ours first."""

    def hugging_face(model: nn.Module) -> tuple[nn.Module, Logits]:
        def logits(source: Tensor, fed: Tensor) -> Tensor:
            seen = (source != 0).long()
            found = model(
                input_ids=source, attention_mask=seen, decoder_input_ids=fed, use_cache=False
            )
            return found.logits

        return model, logits

    ours, torchs = Transformer(config), Torchs(config)
    return {
        "attnbook": (ours, ours),
        "nn.Transformer": (torchs, torchs),
        "BART": hugging_face(bart(config)),
        "T5": hugging_face(t5(config)),
    }


def trainer(model: nn.Module, logits: Logits, batch: tuple[Tensor, Tensor]) -> Callable[[], float]:
    """Return a function that takes one step and returns the CPU seconds that it took."""
    optimizer = torch.optim.Adam(model.train().parameters())
    source, target = batch
    fed = shift_right(target, 1)

    def step() -> float:
        start = time.process_time()
        optimizer.zero_grad()
        masked_cross_entropy(logits(source, fed), target, 0).backward()
        optimizer.step()
        return time.process_time() - start

    return step


def measured(config: TransformerConfig, rounds: int) -> dict[str, list[float]]:
    """Return CPU seconds of each step; the models take turns."""
    torch.manual_seed(0)
    source = torch.randint(3, config.source_vocab_size, (BATCH, SOURCE_LENGTH))
    source[::2, -7:] = 0
    target = torch.randint(3, config.target_vocab_size, (BATCH, LENGTH))
    steps = {name: trainer(*each, (source, target)) for name, each in models(config).items()}
    seconds: dict[str, list[float]] = {name: [] for name in steps}
    for turn in range(rounds + 3):
        for name, step in steps.items():
            taken = step()
            if turn >= 3:  # the first steps pay for what is made once
                seconds[name].append(taken)
    return seconds


def main() -> None:
    """Print a table for each size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=40, help="interleaved rounds (default: 40)")
    rounds = parser.parse_args().rounds
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore", "enable_nested_tensor")
    for title, config in SIZES.items():
        seconds = measured(config, rounds)
        ours = seconds["attnbook"]
        print(f"{title}, batch {BATCH}, {SOURCE_LENGTH} -> {LENGTH} tokens, median of {rounds}")
        for name, theirs in seconds.items():
            ratio = statistics.median(b / a for a, b in zip(ours, theirs, strict=True))
            took = 1e3 * statistics.median(theirs)
            print(f"  {name:15} {took:7.1f} ms CPU a step, {ratio:.2f} x ours")


if __name__ == "__main__":
    main()
