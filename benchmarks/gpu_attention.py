"""The Triton kernel on a GPU, beside the flash backend of torch's SDPA: TFLOP/s, both ways.

In bfloat16, heads of 64 and 128, causal and not. The kernels take turns; a rate is the median
over rounds, and the ratio is the median of ratios round by round, more than 1 being faster
than torch. Without a GPU there is nothing to measure, and the script says so.

    python benchmarks/gpu_attention.py [--lengths 1024 16384] [--rounds 9]
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.functional import scaled_dot_product_attention as torch_attention

from attnbook.costs import attention_flops, training_flops
from attnbook.measuring import median_ratio
from attnbook.triton_attention import triton_attention

TOKENS = 16384  # of a batch, so that short sequences fill the GPU too
D_MODEL = 2048


def flash(query: Tensor, key: Tensor, value: Tensor, causal: bool) -> Tensor:
    """Return torch's attention by its flash backend; an error if it cannot serve."""
    with sdpa_kernel(SDPBackend.FLASH_ATTENTION):
        return torch_attention(query, key, value, is_causal=causal)


def milliseconds(run: Callable[[], object]) -> float:
    """Return the time between two events on the GPU."""
    start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    start.record()
    run()
    end.record()
    end.synchronize()
    return start.elapsed_time(end)


def compare(length: int, d_head: int, *, causal: bool, backward: bool, rounds: int) -> str:
    """Return a line of the table."""
    batch, heads = max(1, TOKENS // length), D_MODEL // d_head
    shape = (batch, heads, length, d_head)
    inputs = [
        torch.randn(shape, device="cuda", dtype=torch.bfloat16, requires_grad=backward)
        for _ in range(3)
    ]

    def once(attention: Callable[..., Tensor]) -> None:
        output = attention(*inputs, causal)
        if backward:
            torch.autograd.grad(output, inputs, torch.ones_like(output))

    taken: dict[str, list[float]] = {"triton": [], "flash": []}
    for turn in range(rounds + 3):
        for name, attention in (("triton", triton_attention), ("flash", flash)):
            took = milliseconds(lambda attention=attention: once(attention))
            if turn >= 3:  # the first rounds compile and warm up
                taken[name].append(took)
    if backward:
        flops = training_flops(length, length, d_head, batch * heads, recompute=True)
    else:
        flops = attention_flops(length, length, d_head, batch * heads)
    flops = flops * (length + 1) // (2 * length) if causal else flops
    rates = [flops / statistics.median(taken[name]) / 1e9 for name in ("triton", "flash")]
    what = f"{'causal' if causal else 'full'} {'both ways' if backward else 'forward'}"
    ratio = median_ratio(taken["flash"], taken["triton"])
    return f"{what:17}{d_head:5}{length:8}{rates[0]:10.1f}{rates[1]:10.1f}{ratio:8.2f}"


def main() -> None:
    """Print the table, or that there is no GPU."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    lengths = [1024, 2048, 4096, 8192, 16384]
    parser.add_argument("--lengths", type=int, nargs="*", default=lengths)
    parser.add_argument("--rounds", type=int, default=15, help="interleaved rounds (default: 15)")
    options = parser.parse_args()
    if not torch.cuda.is_available():
        print("torch finds no CUDA GPU here: nothing to measure")
        return
    print(f"{torch.cuda.get_device_name()}, bfloat16, torch {torch.__version__}")
    print(f"{'':17}{'head':>5}{'length':>8}{'Triton':>10}{'flash':>10}{'ratio':>8}   TFLOP/s")
    for backward in (False, True):
        for causal in (False, True):
            for d_head in (64, 128):
                for length in options.lengths:
                    print(
                        compare(
                            length, d_head, causal=causal, backward=backward, rounds=options.rounds
                        ),
                        flush=True,
                    )


if __name__ == "__main__":
    main()
