"""Exact attention at a lower cost, beside torch's: CPU time, share of the limit, memory.

One thread. For time, the kernels take turns on the same inputs, and a ratio is the median over
rounds of torch's time divided by ours, so that more than 1 is faster than torch. The limit is
the rate of a large matrix product, measured in the same run. Memory is the peak of what
torch allocates besides inputs, output and gradients, from its profiler; what a matrix product
allocates for itself does not show there.

    python benchmarks/efficient.py [--lengths 512 1024] [--rounds 9] [--memory-lengths 1024 2048]
"""

from __future__ import annotations

import argparse
import math
import statistics
import time
from collections.abc import Callable, Sequence
from functools import partial

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention as torch_attention

from attnbook.attention import scaled_dot_product_attention
from attnbook.costs import attention_flops, training_flops
from attnbook.measuring import cpu_seconds, growth, median_ratio, peak_bytes
from attnbook.rows import row_tiled_attention
from attnbook.tiled import tiled_attention

BLOCK_SIZE = 256
NUM_HEADS, D_HEAD = 4, 64
TORCH, ROWS, TILES = "torch", "rows", "online tiles"

Attention = Callable[..., Tensor]
KERNELS: dict[str, Attention] = {
    TORCH: lambda q, k, v, causal: torch_attention(q, k, v, is_causal=causal),
    ROWS: row_tiled_attention,
    TILES: lambda q, k, v, causal: tiled_attention(q, k, v, BLOCK_SIZE, causal),
}


def bar(name: str, length: int, *, causal: bool, backward: bool) -> float:
    """Return the ratio that a kernel should reach."""
    if backward:
        return 0.75
    if name == TILES:
        return 0.65
    if causal:
        return 1.0 if length <= 1024 else 0.9
    return 0.85


def drawn(length: int, num_heads: int, *, backward: bool) -> list[Tensor]:
    """Return a query, a key and a value."""
    torch.manual_seed(0)
    shape = (1, num_heads, length, D_HEAD)
    return [torch.randn(shape).requires_grad_(backward) for _ in range(3)]


def once(attention: Attention, inputs: Sequence[Tensor], causal: bool, backward: bool) -> None:
    """Run a kernel, and its way back if asked to."""
    output = attention(*inputs, causal)
    if backward:
        torch.autograd.grad(output, inputs, torch.ones_like(output))


def seconds(length: int, rounds: int, *, causal: bool, backward: bool) -> dict[str, list[float]]:
    """Return CPU seconds of each run; the kernels take turns."""
    inputs = drawn(length, NUM_HEADS, backward=backward)
    runs = {name: partial(once, each, inputs, causal, backward) for name, each in KERNELS.items()}
    return cpu_seconds(runs, rounds)


def product_rate(size: int = 1024, rounds: int = 9) -> float:
    """Return the FLOPs a second of a large matrix product."""
    left, right = torch.randn(2, size, size)
    best = math.inf
    for _ in range(rounds):
        start = time.process_time()
        torch.mm(left, right)
        best = min(best, time.process_time() - start)
    return 2 * size**3 / best


def print_times(lengths: Sequence[int], rounds: int) -> None:
    """Print the table of times, with the bars."""
    limit = product_rate()
    print(f"a large matrix product: {limit / 1e9:.0f} GFLOP/s; {NUM_HEADS} heads of {D_HEAD}")
    print(f"{'':33}{'ms CPU':>9}{'torch / it':>12}{'bar':>6}{'':8}{'of limit':>9}")
    for backward in (False, True):
        for causal in (True, False):
            for length in lengths:
                taken = seconds(length, rounds, causal=causal, backward=backward)
                if backward:
                    flops = training_flops(length, length, D_HEAD, NUM_HEADS, recompute=True)
                else:
                    flops = attention_flops(length, length, D_HEAD, NUM_HEADS)
                # A causal kernel need not do the other half, so that half does not count.
                flops = flops * (length + 1) // (2 * length) if causal else flops
                what = f"{'causal' if causal else 'full'} {'both ways' if backward else 'forward'}"
                for name, each in taken.items():
                    took = statistics.median(each)
                    line = f"{what:17} {length:5} {name:12} {1e3 * took:7.1f}"
                    share = flops / took / limit
                    if name == TORCH:
                        print(f"{line}{'':26}{share:9.0%}")
                        continue
                    ratio = median_ratio(taken[TORCH], each)
                    wanted = bar(name, length, causal=causal, backward=backward)
                    verdict = "holds" if ratio >= wanted else "MISSED"
                    print(f"{line}{ratio:12.2f}{wanted:6.2f}  {verdict:6}{share:9.0%}", flush=True)


def extra_bytes(attention: Attention, length: int) -> int:
    """Return the peak of extra memory, forward and backward, of one head."""
    inputs = drawn(length, 1, backward=True)
    peak = peak_bytes(lambda: once(attention, inputs, causal=False, backward=True))
    # Less the output, its gradient and the gradients of the inputs, which any kernel has.
    return peak - 5 * inputs[0].nbytes


def print_memory(lengths: Sequence[int], longest_naive: int) -> None:
    """Print the peak of extra memory against length, with its slope on two log axes."""
    kernels: dict[str, Attention] = {
        "plain": lambda q, k, v, _: scaled_dot_product_attention(q, k, v),
        **KERNELS,
    }
    print("peak of extra memory, one head, both ways, MiB")
    print(f"{'':14}" + "".join(f"{length:>9}" for length in lengths) + f"{'slope':>8}")
    for name, attention in kernels.items():
        reached = [n for n in lengths if name != "plain" or n <= longest_naive]
        peaks = [extra_bytes(attention, n) for n in reached]
        slope = growth(reached, peaks) if len(reached) > 1 else math.nan
        cells = "".join(f"{peak / 2**20:9.2f}" for peak in peaks)
        print(f"{name:14}{cells:{9 * len(lengths)}}{slope:8.2f}", flush=True)


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    integers = {"type": int, "nargs": "*"}
    parser.add_argument("--lengths", **integers, default=[512, 1024, 2048, 4096])
    parser.add_argument("--rounds", type=int, default=15, help="interleaved rounds (default: 15)")
    parser.add_argument("--memory-lengths", **integers, default=[1024, 2048, 4096, 8192, 16384])
    parser.add_argument(
        "--longest-naive",
        type=int,
        default=8192,
        help="where the plain table of scores ends; 16384 takes 4 GiB (default: 8192)",
    )
    options = parser.parse_args()
    torch.set_num_threads(1)
    print_times(options.lengths, options.rounds)
    print_memory(options.memory_lengths, options.longest_naive)


if __name__ == "__main__":
    main()
