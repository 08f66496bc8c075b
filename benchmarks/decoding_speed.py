"""CPU time of greedy decoding: our transformer, with and without its cache, beside BART.

Bar: the same tokens with and without the cache, and at least 2.5 times as fast as
`generate` of a BART of the same size, one sequence at a time.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor
from training_speed import DATES, WIDER, bart

from attnbook.decoding import greedy_decode, greedy_decode_uncached
from attnbook.transformer import Transformer, TransformerConfig

NEVER = -1
SIZES = {
    "dates (d=64, 2+1 layers)": DATES,
    "as deep as BART base (d=256, 6+6 layers)": replace(
        WIDER, num_encoder_layers=6, num_decoder_layers=6
    ),
}


def decoders(config: TransformerConfig, num_tokens: int) -> dict[str, Callable[[Tensor], Tensor]]:
    """Return functions that write ``num_tokens`` tokens for each source."""
    torch.manual_seed(0)
    ours, theirs = Transformer(config).eval(), bart(config).eval()
    theirs.generation_config.eos_token_id = None
    ends = {"start_id": 1, "end_id": NEVER, "max_len": num_tokens}
    lengths = {"min_new_tokens": num_tokens, "max_new_tokens": num_tokens}

    def generate(source: Tensor) -> Tensor:
        seen = (source != 0).long()
        return theirs.generate(
            input_ids=source, attention_mask=seen, num_beams=1, do_sample=False, **lengths
        )

    return {
        "attnbook": lambda source: greedy_decode(ours, source, **ends),
        "attnbook, no cache": lambda source: greedy_decode_uncached(ours, source, **ends),
        "BART generate": generate,
    }


def measured(
    each: dict[str, Callable[[Tensor], Tensor]], source: Tensor, rounds: int
) -> dict[str, list[float]]:
    """Return CPU seconds of each run; the decoders take turns."""
    seconds: dict[str, list[float]] = {name: [] for name in each}
    for turn in range(rounds + 1):
        for name, decode in each.items():
            start = time.process_time()
            decode(source)
            if turn:
                seconds[name].append(time.process_time() - start)
    return seconds


def main() -> None:
    """Print a table for each size and batch."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15, help="interleaved rounds (default: 15)")
    parser.add_argument("--tokens", type=int, default=40, help="tokens to write (default: 40)")
    options = parser.parse_args()
    torch.set_num_threads(1)
    for title, config in SIZES.items():
        each = decoders(config, options.tokens)
        for batch in (1, 32):
            source = torch.randint(3, config.source_vocab_size, (batch, 29))
            same = torch.equal(each["attnbook"](source), each["attnbook, no cache"](source))
            seconds = measured(each, source, options.rounds)
            ours = seconds["attnbook"]
            print(f"{title}, batch {batch}, {options.tokens} tokens, median of {options.rounds}")
            print(f"  cached and uncached write {'the same' if same else 'DIFFERENT'} tokens")
            for name, theirs in seconds.items():
                ratio = statistics.median(b / a for a, b in zip(ours, theirs, strict=True))
                took = 1e3 * statistics.median(theirs)
                print(f"  {name:19} {took:8.1f} ms CPU, {ratio:.2f} x ours")


if __name__ == "__main__":
    main()
