"""Thousands of damaged frames on every run; benchmarks/fuzz.py receives millions that way."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.sandbox.confined import messages, tensors

pytestmark = pytest.mark.slow
BENCHMARKS = Path(__file__).parents[3] / "benchmarks"
FRAMES = 20_000


def test_no_damaged_frame_crashes_holds_up_or_exhausts_the_decoder() -> None:
    command = [sys.executable, str(BENCHMARKS / "fuzz.py"), "--frames", str(FRAMES), "--seed", "7"]
    fuzzed = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert fuzzed.returncode == 0, fuzzed.stdout + fuzzed.stderr
    assert f"{FRAMES:,} frames" in fuzzed.stdout
    assert "no findings" in fuzzed.stdout


def test_a_run_that_is_cut_off_goes_on_where_it_stopped(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    for frames in ("300", "500"):
        command = [sys.executable, str(BENCHMARKS / "fuzz.py"), "--frames", frames]
        subprocess.run([*command, "--state", str(path)], check=True, timeout=600)
        state = json.loads(path.read_text("utf-8"))
        assert state["next"] == sum(state["outcomes"].values()) == int(frames)


def test_a_check_that_is_missing_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    from fuzzing.corpus import valid_frames
    from fuzzing.mutation import Mutator
    from fuzzing.receiving import BadValue, Receiver

    receiver, mutator = Receiver(), Mutator(valid_frames(), 1)
    for module in (messages, tensors):
        monkeypatch.setattr(module, "expanded_bytes", lambda spec: 0)

    def receive_some() -> None:
        for number in range(5000):
            receiver.receive(number, mutator.frame(number))

    with pytest.raises(BadValue, match="larger together than one body"):
        receive_some()


def test_frame_n_is_the_same_on_every_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    from fuzzing.corpus import valid_frames
    from fuzzing.mutation import Mutator

    first, second = Mutator(valid_frames(), 3), Mutator(valid_frames(), 3)
    frames = [first.frame(number) for number in range(200)]
    assert [second.frame(number) for number in reversed(range(200))] == frames[::-1]
    assert Mutator(valid_frames(), 4).frame(0) != frames[0]
