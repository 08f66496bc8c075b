"""Millions of damaged frames into the decoder: no crash, no hang, no memory beyond the bound.

Frame N of a seed is the same on every run, so a finding is a number. A run that is cut off goes
on where it stopped if it is given a file to keep its count in:

    python benchmarks/fuzz.py --frames 10_000_000 --state fuzz.json
    python benchmarks/fuzz.py --only 123456
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import resource
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import torch
from fuzzing.corpus import valid_frames
from fuzzing.mutation import Mutator
from fuzzing.receiving import Receiver

from autograder.sandbox.confined.wire import MAX_BODY_BYTES

# What is read, and what it unfolds to, each at most one body; then structure and garbage.
MOST_BYTES = 2 * MAX_BODY_BYTES + (16 << 20)
MOST_SECONDS = 1.0  # of processor time for one frame; the largest tensors take a tenth
REPORT_EVERY = 5.0


@dataclass
class State:
    """How far a run has come."""

    seed: int
    next: int = 0
    seconds: float = 0.0
    slowest: float = 0.0
    outcomes: dict[str, int] = field(default_factory=dict)
    findings: list[str] = field(default_factory=list)


def fuzz(pipe: Connection, place: Any, seed: int, first: int, stop: int) -> None:
    """Receive frames ``first`` to ``stop`` and report through ``pipe``; ``place`` says where it is.

    Ends by a signal where a frame takes too long (SIGPROF) or crashes the decoder.
    """
    torch.set_num_threads(1)
    receiver, mutator = Receiver(), Mutator(valid_frames(), seed)
    for number in range(200):  # what torch loads late is loaded before memory is limited
        _outcome(receiver, number, mutator.frame(number))
    _limit_memory()
    outcomes: dict[str, int] = {}
    reported, slowest = time.monotonic(), 0.0
    for number in range(first, stop):
        frame = mutator.frame(number)
        place[0] = number
        signal.setitimer(signal.ITIMER_PROF, MOST_SECONDS)
        started = time.thread_time()
        outcome = _outcome(receiver, number, frame)
        signal.setitimer(signal.ITIMER_PROF, 0)
        slowest = max(slowest, time.thread_time() - started)
        outcomes[outcome] = outcomes.get(outcome, 0) + 1
        if number + 1 == stop or time.monotonic() - reported > REPORT_EVERY:
            pipe.send((number + 1, slowest, outcomes))
            outcomes, reported = {}, time.monotonic()


def _outcome(receiver: Receiver, number: int, frame: bytes) -> str:
    try:
        return receiver.receive(number, frame)
    except BaseException as error:  # noqa: BLE001 - anything that comes here is a finding
        return f"frame {number}: {type(error).__name__}: {error}"[:300]


def _limit_memory() -> None:
    """Allow ``MOST_BYTES`` more than this process has now."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[5])
    most = pages * os.sysconf("SC_PAGE_SIZE") + MOST_BYTES
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))


def run(state: State, frames: int, report: Callable[[State], None]) -> State:
    """Receive frames until ``frames`` are done, in a process that may die of one of them."""
    context = multiprocessing.get_context("spawn")
    began, before = time.monotonic(), state.seconds
    while state.next < frames:
        ours, theirs = context.Pipe(duplex=False)
        place = context.RawArray("q", [state.next])
        process = context.Process(target=fuzz, args=(theirs, place, state.seed, state.next, frames))
        process.start()
        theirs.close()
        try:
            while True:
                done, slowest, outcomes = ours.recv()
                _add(state, done, slowest, outcomes)
                state.seconds = before + time.monotonic() - began
                report(state)
        except EOFError:
            process.join()
        if state.next < frames:
            lost = place[0] - state.next  # received, and their outcomes lost with the process
            state.outcomes["not counted"] = state.outcomes.get("not counted", 0) + lost
            state.findings.append(f"frame {place[0]}: the process ended with {process.exitcode}")
            state.next = place[0] + 1
    return state


def _add(state: State, done: int, slowest: float, outcomes: dict[str, int]) -> None:
    state.next, state.slowest = done, max(slowest, state.slowest)
    for outcome, count in outcomes.items():
        if outcome.startswith("frame "):
            state.findings.append(outcome)
        else:
            state.outcomes[outcome] = state.outcomes.get(outcome, 0) + count


def main() -> None:
    """Fuzz, print the count, the rate and the findings; end with 1 if there are any."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=200_000, help="how many in all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--state", type=Path, help="file that keeps the count of a long run")
    parser.add_argument("--only", type=int, help="receive this frame alone, and print its bytes")
    options = parser.parse_args()
    if options.only is not None:
        frame = Mutator(valid_frames(), options.seed).frame(options.only)
        print(frame.hex())
        print(Receiver().receive(options.only, frame))
        return
    state = State(options.seed)
    if options.state and options.state.exists():
        state = State(**json.loads(options.state.read_text("utf-8")))

    def report(state: State) -> None:
        rate = state.next / max(state.seconds, 1e-9)
        print(f"{state.next:,} frames, {rate:,.0f}/s, {len(state.findings)} findings", flush=True)
        if options.state:
            options.state.write_text(json.dumps(asdict(state), indent=1), "utf-8")

    report(run(state, options.frames, report))
    print(f"seed {state.seed}: {state.outcomes}, slowest frame {state.slowest:.3f} s")
    print(f"at most {MOST_BYTES >> 20} MB and {MOST_SECONDS} s for each")
    print("\n".join(state.findings[:100]) or "no findings")
    sys.exit(1 if state.findings else 0)


if __name__ == "__main__":
    main()
