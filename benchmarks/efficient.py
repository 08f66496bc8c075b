"""Exact attention at a lower cost, beside torch's: CPU time, share of the limit, memory.

One thread. For time, the kernels take turns on the same inputs, and a ratio is the median over
rounds of torch's time divided by ours, so that more than 1 is faster than torch. The limits are
the rate of a large matrix product and that of a large copy, measured in the same run; the
bytes that count are those of `costs.tiled_traffic`. Memory is the peak of what
torch allocates besides inputs, output and gradients, from its profiler; what a matrix product
allocates for itself does not show there.

    python benchmarks/efficient.py [--lengths 512 1024] [--rounds 9] [--save]
                                   [--memory-lengths 1024 2048]
"""

from __future__ import annotations

import argparse
import itertools
import math
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import msgspec
import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention as torch_attention

from attnbook.attention import scaled_dot_product_attention
from attnbook.costs import attention_flops, tiled_traffic, training_flops
from attnbook.measuring import cpu_seconds, growth, median_ratio, peak_bytes
from attnbook.rows import row_tiled_attention
from attnbook.tiled import tiled_attention

BLOCK_SIZE = 256
NUM_HEADS, D_HEAD = 4, 64
MEASURED = Path(__file__).parent / "measured" / "efficient.json"
TORCH, ROWS, TILES = "torch", "rows", "online tiles"

Attention = Callable[..., Tensor]
KERNELS: dict[str, Attention] = {
    TORCH: lambda q, k, v, causal: torch_attention(q, k, v, is_causal=causal),
    ROWS: row_tiled_attention,
    TILES: lambda q, k, v, causal: tiled_attention(q, k, v, BLOCK_SIZE, causal),
}


class Timing(msgspec.Struct, frozen=True):
    """What a kernel took; ratio and bar of torch itself are none.

    ``ratio`` is torch's time divided by this one's. ``of_products`` and ``of_bandwidth`` are the
    shares of the two limits, 1 being all of it.
    """

    kernel: str
    causal: bool
    backward: bool
    length: int
    milliseconds: float
    ratio: float | None
    bar: float | None
    of_products: float
    of_bandwidth: float | None


class Memory(msgspec.Struct, frozen=True):
    """The peaks of extra memory of one head, forward and backward, and their growth."""

    kernel: str
    lengths: list[int]
    peak_bytes: list[int]
    slope: float | None


class Measured(msgspec.Struct, frozen=True):
    """Both tables."""

    num_heads: int
    d_head: int
    rounds: int
    times: list[Timing]
    memory: list[Memory]


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


def copy_rate(size: int = 2**26, rounds: int = 9) -> float:
    """Return the bytes a second that a large copy reads and writes."""
    source = torch.zeros(size, dtype=torch.uint8)
    target = torch.empty_like(source)
    best = math.inf
    for _ in range(rounds):
        start = time.process_time()
        target.copy_(source)
        best = min(best, time.process_time() - start)
    return 2 * size / best


def work(length: int, *, causal: bool, backward: bool) -> tuple[int, int]:
    """Return the FLOPs that are needed, and the bytes that tiles move on the way there."""
    if backward:
        flops = training_flops(length, length, D_HEAD, NUM_HEADS, recompute=True)
    else:
        flops = attention_flops(length, length, D_HEAD, NUM_HEADS)
    # A causal kernel need not do the other half, so that half does not count.
    flops = flops * (length + 1) // (2 * length) if causal else flops
    return flops, NUM_HEADS * tiled_traffic(length, length, D_HEAD, BLOCK_SIZE)


def measure_times(lengths: Sequence[int], rounds: int) -> Iterator[Timing]:
    """Yield a row for each kernel and length, printed as it comes, with the bars."""
    flop_rate, byte_rate = product_rate(), copy_rate()
    print(f"a large matrix product: {flop_rate / 1e9:.0f} GFLOP/s", end="; ")
    print(f"a large copy: {byte_rate / 1e9:.0f} GB/s; {NUM_HEADS} heads of {D_HEAD}")
    print(f"{'':33}{'ms CPU':>9}{'torch / it':>12}{'bar':>6}{'of FLOP/s':>18}{'of GB/s':>9}")
    for backward, causal, length in itertools.product((False, True), (True, False), lengths):
        taken = seconds(length, rounds, causal=causal, backward=backward)
        flops, moved = work(length, causal=causal, backward=backward)
        for name, each in taken.items():
            took = statistics.median(each)
            row = Timing(
                name,
                causal,
                backward,
                length,
                round(1e3 * took, 3),
                None if name == TORCH else round(median_ratio(taken[TORCH], each), 3),
                None if name == TORCH else bar(name, length, causal=causal, backward=backward),
                round(flops / took / flop_rate, 3),
                None if backward else round(moved / took / byte_rate, 3),
            )
            print(line(row), flush=True)
            yield row


def line(row: Timing) -> str:
    """Return a row of the table."""
    what = f"{'causal' if row.causal else 'full'} {'both ways' if row.backward else 'forward'}"
    text = f"{what:17} {row.length:5} {row.kernel:12} {row.milliseconds:7.1f}"
    if row.ratio is None or row.bar is None:
        text += f"{'':27}"
    else:
        verdict = "holds" if row.ratio >= row.bar else "MISSED"
        text += f"{row.ratio:12.2f}{row.bar:6.2f}  {verdict:7}"
    share = "" if row.of_bandwidth is None else f"{row.of_bandwidth:9.0%}"
    return f"{text}{row.of_products:9.0%}{share}"


def extra_bytes(attention: Attention, length: int) -> int:
    """Return the peak of extra memory, forward and backward, of one head."""
    inputs = drawn(length, 1, backward=True)
    peak = peak_bytes(lambda: once(attention, inputs, causal=False, backward=True))
    # Less the output, its gradient and the gradients of the inputs, which any kernel has.
    return peak - 5 * inputs[0].nbytes


def measure_memory(lengths: Sequence[int], longest_naive: int) -> Iterator[Memory]:
    """Yield the peak of extra memory against length, printed as it comes."""
    kernels: dict[str, Attention] = {
        "plain": lambda q, k, v, _: scaled_dot_product_attention(q, k, v),
        **KERNELS,
    }
    print("peak of extra memory, one head, both ways, MiB")
    print(f"{'':14}" + "".join(f"{length:>9}" for length in lengths) + f"{'slope':>8}")
    for name, attention in kernels.items():
        reached = [n for n in lengths if name != "plain" or n <= longest_naive]
        peaks = [extra_bytes(attention, n) for n in reached]
        slope = round(growth(reached, peaks), 3) if len(reached) > 1 else None
        cells = "".join(f"{peak / 2**20:9.2f}" for peak in peaks)
        print(f"{name:14}{cells:{9 * len(lengths)}}{slope or math.nan:8.2f}", flush=True)
        yield Memory(name, reached, peaks, slope)


def main() -> None:
    """Print both tables, and keep them if asked to."""
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
    parser.add_argument("--save", action="store_true", help=f"write {MEASURED.name}")
    options = parser.parse_args()
    torch.set_num_threads(1)
    times = list(measure_times(options.lengths, options.rounds))
    memory = list(measure_memory(options.memory_lengths, options.longest_naive))
    if options.save:
        found = Measured(NUM_HEADS, D_HEAD, options.rounds, times, memory)
        MEASURED.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n")


if __name__ == "__main__":
    main()
