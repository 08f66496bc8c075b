"""How long a learner waits for an answer: the first self-check in a fresh kernel, and later ones.

Bars: 2 s for the first, 0.5 s after that. Run on a quiet machine.
"""

from __future__ import annotations

import statistics

from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.manager import start_new_kernel

SETUP = """
import time
import torch
from autograder import check
def causal_mask(num_queries, num_keys=None):
    num_keys = num_keys or num_queries
    return torch.ones(num_queries, num_keys).tril(num_keys - num_queries + 1).bool()
def attention_weights(query, key, mask=None):
    scores = query @ key.transpose(-2, -1)
    return (scores if mask is None else scores.masked_fill(~mask, -1e9)).softmax(-1)
def timed(answer):
    start = time.perf_counter()
    check(answer)
    print("seconds", time.perf_counter() - start)
"""


def seconds(client: BlockingKernelClient, code: str) -> float:
    """Run ``code`` in the kernel and return the time that it prints."""
    printed: list[str] = []

    def keep(message: dict[str, dict[str, str]]) -> None:
        printed.append(message["content"].get("text", ""))

    client.execute_interactive(code, output_hook=keep, timeout=120)
    return float("".join(printed).rpartition("seconds")[2] or "nan")


def main() -> None:
    """Print the median over three fresh kernels."""
    first, later = [], []
    for _ in range(3):
        manager, client = start_new_kernel(kernel_name="python3")
        try:
            seconds(client, SETUP)
            first.append(seconds(client, "timed(causal_mask)"))
            seconds(client, "timed(attention_weights)")
            for name in ("causal_mask", "attention_weights"):
                later += [seconds(client, f"timed({name})") for _ in range(3)]
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)
    print(f"first answer: {statistics.median(first):.2f} s (median of {len(first)} kernels)")
    print(f"later answers: {statistics.median(later):.2f} s, at most {max(later):.2f} s")


if __name__ == "__main__":
    main()
