"""How many learners an hour: measured here, and simulated for more cores than are here.

    python benchmarks/capacity.py [--notebooks 120] [--class-size 10000] [--save]

Measures on a quiet machine what a notebook costs a lane, the grader and a Dask scheduler, checks
the simulation against real runs on one and two lanes, and prints the table of the guide.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import statistics
import tempfile
from pathlib import Path

import msgspec
from scaling import cluster, local
from scaling.simulation import Costs, Simulated, simulate

CORES = (1, 2, 10, 30, 100, 300, 1000)
MOST_HERE = 2
MEASURED = Path(__file__).parent / "measured" / "capacity.json"
FEW = 50  # most notebooks of the sample class for which the gradebook and reports are timed


def measure(notebooks: int, folder: Path) -> tuple[Costs, Costs]:
    """Print what was measured; return the costs without a cluster and with one."""
    tasks = local.sample_tasks(folder / "class", notebooks)
    lane = local.one_lane(tasks)
    take_in = local.taking_in(lane.results)
    after = local.afterwards(folder / "after", min(notebooks, FEW))
    typical = max(lane.results, key=lambda each: len(msgspec.json.encode(each)))
    dask = cluster.overhead(tasks[0], typical, 2_000)
    sizes = [Path(task.path).stat().st_size for task in tasks]
    replies = [len(msgspec.json.encode(each)) for each in lane.results]
    percentiles = statistics.quantiles(lane.service, n=20)
    rows = {
        "a lane starts": f"{lane.start:.1f} s, once",
        "a notebook in a lane": f"mean {_ms(statistics.mean(lane.service))}, "
        f"median {_ms(statistics.median(lane.service))}, 95 % below {_ms(percentiles[-1])}",
        "its result into the journal": _ms(take_in),
        "gradebook, results and reports": f"{_ms(after)} a notebook",
        "Dask: the grader": f"{_ms(dask.grader)} of its processor a notebook",
        "Dask: the scheduler": f"{_ms(dask.scheduler)} of its processor a notebook",
        "Dask: there and back": f"{_ms(dask.round_trip)} for one notebook alone",
        "a notebook on the wire": f"{statistics.mean(sizes) / 1e3:.1f} kB, "
        f"its result {statistics.mean(replies) / 1e3:.1f} kB",
    }
    for name, value in rows.items():
        print(f"{name:32s} {value}")
    here = Costs(lane.service, lane.start, hand_out=0.0, take_in=take_in, after=after)
    there = Costs(
        service=lane.service,
        start=lane.start,
        hand_out=dask.grader / 2,
        take_in=dask.grader / 2 + take_in,
        after=after,
        scheduler=dask.scheduler,
        travel=max(0.0, dask.round_trip - dask.grader - dask.scheduler) / 2,
    )
    return here, there


def validate(costs: Costs, notebooks: int, folder: Path) -> None:
    """Print what the simulation says beside what real runs take."""
    tasks = local.sample_tasks(folder / "class", notebooks)
    print(f"\nsimulated and measured, {len(tasks)} notebooks, from the start to the last result")
    for lanes in (1, 2):
        simulated = costs.start + simulate(costs, notebooks=len(tasks), lanes=lanes).grading
        measured = local.whole_class(tasks, lanes)
        apart = simulated / measured - 1
        print(f"{lanes} lanes: {simulated:.1f} s and {measured:.1f} s ({apart:+.0%})")


class Row(msgspec.Struct, frozen=True):
    """What some number of cores gives; up to two on one machine, more on a cluster."""

    cores: int
    learners_per_hour: float
    efficiency: float
    seconds_for_300: float


class Measured(msgspec.Struct, frozen=True):
    """The table, and when and on what it was measured; the book's guide shows it."""

    date: str
    cores_here: int
    load: float
    class_size: int
    rows: list[Row]


def table(here: Costs, there: Costs, class_size: int) -> list[Row]:
    """Return what some numbers of cores give."""
    alone = _per_hour(simulate(here, notebooks=class_size, lanes=1), class_size)
    rows = []
    for cores in CORES:
        costs = here if cores <= MOST_HERE else there
        rate = _per_hour(simulate(costs, notebooks=class_size, lanes=cores), class_size)
        small = simulate(costs, notebooks=300, lanes=min(cores, 300)).seconds
        rows.append(Row(cores, round(rate), round(rate / cores / alone, 3), round(small, 1)))
    return rows


def print_table(rows: list[Row], class_size: int) -> None:
    """Print it as Markdown."""
    print(f"\na class of {class_size:,}; up to two cores on one machine, more on a cluster\n")
    print("| cores | learners per hour | per hour and core | efficiency | 300 learners take |")
    print("|---|---|---|---|---|")
    for row in rows:
        rate = row.learners_per_hour
        cells = [f"{row.cores:,}", f"{rate:,.0f}", f"{rate / row.cores:,.0f}"]
        print(f"| {' | '.join(cells)} | {row.efficiency:.0%} | {row.seconds_for_300:.0f} s |")


def print_limits(there: Costs) -> None:
    """Print what does not get faster with more cores."""
    serial = {
        "the scheduler": there.scheduler,
        "the grader, while lanes work": there.hand_out + there.take_in,
        "the grader, afterwards": there.after,
    }
    print("\nwhere it stops: however many cores there are, a notebook takes")
    for name, seconds in serial.items():
        print(f"  {_ms(seconds)} of {name} (at most {3600 / max(seconds, 1e-9):,.0f} an hour)")
    limit = there.after + max(there.scheduler, there.hand_out + there.take_in)
    print(f"so {statistics.mean(there.service) / limit:.0f} cores are half idle at best")


def _per_hour(run: Simulated, notebooks: int) -> float:
    return 3600 * notebooks / run.seconds


def _ms(seconds: float) -> str:
    return f"{seconds * 1e3:.1f} ms"


def main() -> None:
    """Measure, validate, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--notebooks", type=int, default=120, help="how many are measured")
    parser.add_argument("--class-size", type=int, default=10_000, help="how many are simulated")
    parser.add_argument("--save", action="store_true", help="keep the table for the book's guide")
    chosen = parser.parse_args()
    cores, load = os.cpu_count() or 1, os.getloadavg()[0]
    print(f"{cores} cores, load {load:.1f}" + (" (busy: times are too long)" * (load > 0.5)))
    with tempfile.TemporaryDirectory() as folder:
        here, there = measure(chosen.notebooks, Path(folder))
        validate(here, chosen.notebooks, Path(folder) / "validation")
    rows = table(here, there, chosen.class_size)
    print_table(rows, chosen.class_size)
    print_limits(there)
    if chosen.save:
        today = dt.datetime.now(dt.UTC).date().isoformat()
        kept = Measured(today, cores, round(load, 1), chosen.class_size, rows)
        MEASURED.parent.mkdir(exist_ok=True)
        MEASURED.write_bytes(msgspec.json.format(msgspec.json.encode(kept)) + b"\n")


if __name__ == "__main__":
    main()
