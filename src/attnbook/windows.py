"""Masks that leave most pairs out: windows, dilated, global, random. Chapter: book/efficient.md."""

import torch
from jaxtyping import Bool, Int
from torch import Tensor


def sliding_window_mask(
    num_queries: int, window: int, causal: bool = True
) -> Bool[Tensor, "queries queries"]:
    """Return the mask that lets each query see only what is near.

    Beltagy et al. (2020), section 3.1.

    Args:
        num_queries: Number of queries, and of keys.
        window: If causal, a query sees this many keys, of which its own is the last. If not,
            it sees the keys that are closer than this on both sides, 2 * window - 1 of them;
            the paper's w counts both sides together.
        causal: Whether later keys are hidden.

    Raises:
        ValueError: If the window is less than 1 or greater than num_queries.
    """
    return dilated_window_mask(num_queries, window, 1, causal)


def dilated_window_mask(
    num_queries: int, window: int, dilation: int, causal: bool = True
) -> Bool[Tensor, "queries queries"]:
    """Return a sliding window with gaps: only each dilation-th key of a longer one is seen.

    Beltagy et al. (2020), section 3.1, "Dilated Sliding Window".

    Args:
        num_queries: Number of queries, and of keys.
        window: Number of keys seen, the query's own included; on each side if not causal.
        dilation: Distance between two keys that are seen; 1 leaves no gaps.
        causal: Whether later keys are hidden.

    Raises:
        ValueError: If the window is less than 1 or greater than num_queries, or the dilation
            is less than 1.
    """
    check_window(window, num_queries)
    if dilation < 1:
        raise ValueError(f"dilation must be at least 1, got dilation={dilation}")
    positions = torch.arange(num_queries)
    behind = positions[:, None] - positions
    distance = behind if causal else behind.abs()
    return (distance >= 0) & (distance < window * dilation) & (distance % dilation == 0)


def global_mask(
    num_queries: int, global_positions: Int[Tensor, " some"]
) -> Bool[Tensor, "queries queries"]:
    """Return the mask in which some positions see all others and are seen by all.

    Beltagy et al. (2020), section 3.1, "Global Attention"; Zaheer et al. (2020), section 2.
    Together with a window on both sides it is Longformer's pattern:
    ``sliding_window_mask(n, w, causal=False) | global_mask(n, positions)``.

    Args:
        num_queries: Number of queries, and of keys.
        global_positions: Which positions; none is allowed.

    Raises:
        ValueError: If a position is negative or not less than num_queries.
    """
    if any(not 0 <= position < num_queries for position in global_positions.tolist()):
        raise ValueError(
            f"positions must lie between 0 and num_queries - 1 = {num_queries - 1}, "
            f"got {global_positions.tolist()}"
        )
    chosen = torch.zeros(num_queries, dtype=torch.bool)
    chosen[global_positions] = True
    return chosen[:, None] | chosen


def random_mask(
    num_queries: int, num_random: int, generator: torch.Generator | None = None
) -> Bool[Tensor, "queries queries"]:
    """Return the mask in which each query sees as many keys, drawn without replacement.

    Args:
        num_queries: Number of queries, and of keys.
        num_random: Number of keys that each query sees.
        generator: Where the numbers come from; torch's own if not given.

    Raises:
        ValueError: If num_random is negative or greater than num_queries.
    """
    if not 0 <= num_random <= num_queries:
        raise ValueError(
            "num_random must lie between 0 and num_queries, "
            f"got num_random={num_random} and num_queries={num_queries}"
        )
    order = torch.rand(num_queries, num_queries, generator=generator).argsort(dim=-1)
    return order < num_random


def bigbird_mask(
    num_queries: int,
    window: int,
    global_positions: Int[Tensor, " some"],
    num_random: int,
    generator: torch.Generator | None = None,
) -> Bool[Tensor, "queries queries"]:
    """Return BigBird's mask: a window on both sides, global positions, and random keys.

    Zaheer et al. (2020), section 2, position by position. For speed the paper's code joins
    positions to blocks and chooses among these.

    Args:
        num_queries: Number of queries, and of keys.
        window: As in `sliding_window_mask`, on both sides.
        global_positions: As in `global_mask`.
        num_random: As in `random_mask`.
        generator: As in `random_mask`.
    """
    near = sliding_window_mask(num_queries, window, causal=False)
    everywhere = global_mask(num_queries, global_positions)
    return near | everywhere | random_mask(num_queries, num_random, generator)


def reach(
    mask: Bool[Tensor, "queries queries"], num_layers: int
) -> Bool[Tensor, "queries queries"]:
    """Return which positions can have reached each position after some layers.

    A window of w keys reaches (w - 1) num_layers positions back: Beltagy et al. (2020),
    section 3.1, say it of the stack as a whole.

    Args:
        mask: What one layer lets through. A residual lets each position through, too.
        num_layers: How often; with 0 a position has seen itself alone.

    Raises:
        ValueError: If num_layers is negative.
    """
    if num_layers < 0:
        raise ValueError(f"num_layers must not be negative, got num_layers={num_layers}")
    own = torch.eye(len(mask), dtype=torch.bool, device=mask.device)
    step = (mask | own).float()
    reached = own.float()
    for _ in range(num_layers):
        reached = (step @ reached).clamp(max=1.0)
    return reached > 0


def check_window(window: int, num_positions: int) -> None:
    """Raise unless a window holds something and is no longer than the sequence."""
    if not 1 <= window <= num_positions:
        raise ValueError(
            "a window must lie between 1 and the number of positions, "
            f"got window={window} and {num_positions} positions"
        )
