"""Which attention to take, from what each was measured to cost and to get wrong.

Chapter: book/approximate.md. ``benchmarks/crossover.py --save`` measures anew.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

MEASURED = Path(__file__).parent / "measured" / "costs.json"
EXACT = "exact"

Numbers = Sequence[int] | Sequence[float]


class Measurement(NamedTuple):
    """What one mechanism took at one length, forward, on one thread of one machine.

    Attributes:
        mechanism: Its name; `EXACT` is torch's fused kernel.
        causal: Whether no query saw a later key.
        length: Number of queries and of keys.
        milliseconds: CPU time of all heads.
        peak_bytes: Most that was held at once besides inputs and output, for all heads.
        error: Relative error of the output, on queries, keys and values of a trained model.
    """

    mechanism: str
    causal: bool
    length: int
    milliseconds: float
    peak_bytes: int
    error: float


class Table(NamedTuple):
    """Measurements, all of ``num_heads`` heads of width ``d_head``."""

    num_heads: int
    d_head: int
    measurements: tuple[Measurement, ...]

    def of(self, mechanism: str, causal: bool) -> list[Measurement]:
        """Return the measurements of one mechanism, from the shortest to the longest."""
        found = [m for m in self.measurements if (m.mechanism, m.causal) == (mechanism, causal)]
        return sorted(found, key=lambda m: m.length)

    def mechanisms(self, causal: bool) -> list[str]:
        """Return the names of what was measured, each once."""
        return list(dict.fromkeys(m.mechanism for m in self.measurements if m.causal == causal))


class Situation(NamedTuple):
    """What attention is asked for.

    Attributes:
        length: Number of queries and of keys.
        d_head: Width of a head.
        num_heads: Number of heads, times the number of sequences in a batch.
        causal: Whether a query must not see a later key.
        memory_budget: Bytes that there are besides inputs and output.
        tolerance: Largest relative error of the output; 0 leaves only what is exact.
    """

    length: int
    d_head: int
    num_heads: int
    causal: bool
    memory_budget: int
    tolerance: float


class Choice(NamedTuple):
    """A mechanism, what it should take, and why it is not another one.

    Attributes:
        mechanism: Its name.
        milliseconds: CPU time that the table leads one to expect, of all heads, forward.
        peak_bytes: Memory besides inputs and output, likewise.
        error: Relative error of the output, on the table's queries and keys.
        why: One sentence for each mechanism, the chosen one first.
    """

    mechanism: str
    milliseconds: float
    peak_bytes: int
    error: float
    why: tuple[str, ...]


@cache
def measured_table() -> Table:
    """Return the table that comes with the package."""
    kept = json.loads(MEASURED.read_text(encoding="utf-8"))
    rows = tuple(Measurement(**row) for row in kept["measurements"])
    return Table(kept["num_heads"], kept["d_head"], rows)


def choose(situation: Situation, table: Table | None = None) -> Choice:
    """Return the fastest mechanism that fits the memory and errs no more than is tolerated.

    Between two lengths that were measured, and beyond them, the logarithm of a cost is a
    straight line of the logarithm of the length. Costs are taken as proportional to the
    number of heads and to their width. It assumes that your machine orders the mechanisms as the
    table's did, and that your queries and keys are like those that the errors come from: the
    second is seldom so, hence measure the error of what was chosen.

    Args:
        situation: What is asked for.
        table: What was measured; that of the package if not given.

    Raises:
        ValueError: If a size is below 1, tolerance is negative, or nothing fits: then with
            the reason for each mechanism.
    """
    _check(situation)
    length, d_head, num_heads, causal, *_ = situation
    table = measured_table() if table is None else table
    share = num_heads * d_head / (table.num_heads * table.d_head)
    expected = [
        _expected(table.of(name, causal), length, share) for name in table.mechanisms(causal)
    ]
    refused = {m.mechanism: _refusal(m, situation) for m in expected}
    reasons = [f"{name} {reason}" for name, reason in refused.items() if reason]
    fitting = [m for m in expected if not refused[m.mechanism]]
    if not fitting:
        raise ValueError(
            f"nothing fits memory_budget={situation.memory_budget:,} and "
            f"tolerance={situation.tolerance:g}: {'; '.join(reasons)}"
        )
    best, *slower = sorted(fitting, key=lambda m: m.milliseconds)
    chosen = (
        f"{best.mechanism} is the fastest that fits: {best.milliseconds:,.1f} ms, "
        f"{best.peak_bytes:,} bytes, error {best.error:.2g}"
    )
    others = (f"{m.mechanism} fits and takes {m.milliseconds:,.1f} ms" for m in slower)
    why = (chosen, *others, *reasons)
    return Choice(best.mechanism, best.milliseconds, best.peak_bytes, best.error, why)


def crossover(mechanism: str, causal: bool, table: Table | None = None) -> float | None:
    """Return the length from which on a mechanism takes less time than `EXACT`.

    Interpolated between the last measured length at which it takes more and the next one.

    Returns:
        The shortest measured length if it is faster throughout; None if it is slower at
        the longest.

    Raises:
        ValueError: If it was not measured at the same lengths as `EXACT`.
    """
    table = measured_table() if table is None else table
    theirs, exact = table.of(mechanism, causal), table.of(EXACT, causal)
    if not theirs or [m.length for m in theirs] != [m.length for m in exact]:
        raise ValueError(
            f"{mechanism!r}, causal={causal}, must be measured at the lengths of {EXACT!r}, "
            f"got {[m.length for m in theirs]} and {[m.length for m in exact]}"
        )
    ratios = [a.milliseconds / b.milliseconds for a, b in zip(theirs, exact, strict=True)]
    if ratios[-1] >= 1:
        return None
    slower = [i for i, ratio in enumerate(ratios) if ratio >= 1]
    if not slower:
        return float(theirs[0].length)
    i = slower[-1]
    lengths = [theirs[i].length, theirs[i + 1].length]
    # The length at which the line through the two ratios, all in logarithms, meets 1.
    return _power_law(ratios[i : i + 2], lengths, 1.0)


def _expected(measured: Sequence[Measurement], length: int, share: float) -> Measurement:
    """Return what a mechanism should take at a length, for a share of the table's numbers."""
    lengths = [m.length for m in measured]

    def at(amount: Callable[[Measurement], int | float]) -> float:
        after = min(max(1, sum(n < length for n in lengths)), len(lengths) - 1)
        near = measured[after - 1 : after + 1]
        return _power_law([m.length for m in near], [amount(m) for m in near], float(length))

    return Measurement(
        measured[0].mechanism,
        measured[0].causal,
        length,
        at(lambda m: m.milliseconds) * share,
        round(at(lambda m: max(m.peak_bytes, 1)) * share),
        # An error grows with the length or not; that of the longer neighbor is the safe one.
        max(_errors_near(measured, length)),
    )


def _errors_near(measured: Sequence[Measurement], length: int) -> Iterable[float]:
    """Return the errors at the measured lengths on both sides."""
    below = [m for m in measured if m.length <= length] or measured[:1]
    above = [m for m in measured if m.length >= length] or measured[-1:]
    return below[-1].error, above[0].error


def _power_law(xs: Numbers, ys: Numbers, x: float) -> float:
    """Return y at ``x`` on the straight line through two points, on two log axes."""
    (x0, x1), (y0, y1) = ([math.log(v) for v in each] for each in (xs, ys))
    return math.exp(y0 + (y1 - y0) * (math.log(x) - x0) / (x1 - x0))


def _check(situation: Situation) -> None:
    for name in ("length", "d_head", "num_heads"):
        size = getattr(situation, name)
        if size < 1:
            raise ValueError(f"{name} must be at least 1, got {name}={size}")
    if situation.tolerance < 0:
        raise ValueError(f"tolerance must not be negative, got tolerance={situation.tolerance}")


def _refusal(m: Measurement, situation: Situation) -> str:
    """Return why a mechanism does not fit, or nothing."""
    if m.peak_bytes > situation.memory_budget:
        return f"needs {m.peak_bytes:,} bytes"
    if m.error > situation.tolerance:
        return f"errs by {m.error:.2g}"
    return ""
