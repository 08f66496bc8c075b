"""What a computation takes: CPU time beside others, peak memory, and how both grow.

Chapter: book/efficient.md.
"""

import math
import os
import statistics
import time
from collections.abc import Callable, Mapping, Sequence

os.environ.setdefault("KINETO_LOG_LEVEL", "99")  # before its first use: torch's profiler talks

from torch.profiler import ProfilerActivity, profile

Run = Callable[[], object]
Numbers = Sequence[int] | Sequence[float]


def cpu_seconds(runs: Mapping[str, Run], rounds: int) -> dict[str, list[float]]:
    """Return the CPU seconds that each run took in each round.

    The runs take turns, so that whatever else the machine does meets all of them alike: a
    ratio of two is to be taken round by round, and then the median of the ratios.

    Args:
        runs: What to run, by name.
        rounds: How often; one more round, which pays for what is made once, goes before them.

    Raises:
        ValueError: If rounds is below 1.
    """
    if rounds < 1:
        raise ValueError(f"rounds must be at least 1, got rounds={rounds}")
    taken: dict[str, list[float]] = {name: [] for name in runs}
    for turn in range(rounds + 1):
        for name, run in runs.items():
            start = time.process_time()
            run()
            if turn:
                taken[name].append(time.process_time() - start)
    return taken


def median_ratio(left: Numbers, right: Numbers) -> float:
    """Return the median of ``left`` divided by ``right``, round by round."""
    return statistics.median(a / b for a, b in zip(left, right, strict=True))


def peak_bytes(run: Run) -> int:
    """Return the peak of what torch held at once while it ran, in bytes.

    It counts what torch allocates and frees, as its profiler reports them; what was held
    before does not count, and what a matrix product allocates for itself does not show.
    """
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as watched:
        result = run()
    del result
    events = [e for e in watched.profiler.kineto_results.events() if e.name() == "[memory]"]
    held = peak = 0
    for event in sorted(events, key=lambda e: e.start_ns()):
        held += event.nbytes()
        peak = max(peak, held)
    return peak


def growth(sizes: Numbers, amounts: Numbers) -> float:
    """Return the exponent p of amount ∝ size^p that fits best: the slope on two log axes.

    Raises:
        ValueError: If there are fewer than two different sizes, or something is not positive.
    """
    if len(set(sizes)) < 2 or min(*sizes, *amounts) <= 0:
        raise ValueError(
            "two different sizes at least, and positive amounts, are needed, "
            f"got sizes={list(sizes)} and amounts={list(amounts)}"
        )
    logs = [[math.log(x) for x in each] for each in (sizes, amounts)]
    return statistics.linear_regression(*logs).slope
