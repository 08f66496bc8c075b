"""Answers whose verdicts are known, written in thirty ways, through the command: none is wrong.

benchmarks/verdicts.py grades thousands of them in the same way.
"""

from __future__ import annotations

import ast
import random
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
BENCHMARKS = Path(__file__).parents[3] / "benchmarks"
SUBMISSIONS = {"attention": 200, "multihead": 80}


@pytest.mark.alone
@pytest.mark.parametrize("stem", SUBMISSIONS)
def test_no_submission_gets_a_wrong_verdict(stem: str) -> None:
    command = [sys.executable, str(BENCHMARKS / "verdicts.py"), "--stem", stem, "--seed", "5"]
    verdicts = subprocess.run(
        [*command, "--submissions", str(SUBMISSIONS[stem])],
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert verdicts.returncode == 0, verdicts.stdout + verdicts.stderr
    assert f"{SUBMISSIONS[stem]} submissions" in verdicts.stdout
    assert "0 wrong verdicts" in verdicts.stdout


def test_a_verdict_that_is_wrong_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    from variants.submissions import Made
    from verdicts import wrong

    fault = frozenset({"sees one position ahead"})
    passed = {"name": "causal_mask", "status": "passed", "score": 3.0, "max_score": 3.0,
              "diagnosis": [], "message": ""}  # fmt: skip
    failed = passed | {"status": "failed", "score": 1.0, "diagnosis": list(fault)}
    right, faulty = (
        Made("x", [], {"causal_mask": frozenset()}),
        Made("x", [], {"causal_mask": fault}),
    )
    assert wrong(right, [passed]) == wrong(faulty, [failed]) == []
    for made, result in (
        (right, failed), (faulty, passed), (faulty, failed | {"diagnosis": []}),
        (right, passed | {"score": 2.5}), (faulty, failed | {"status": "timeout"}),
    ):  # fmt: skip
        assert len(wrong(made, [result])) == 1
    assert len(wrong(right, [])) == 1


def test_every_way_of_writing_an_answer_is_python_and_defines_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    from variants.rewriting import KINDS, rewritten

    source = "def causal_mask(n: int, *, k=None):  # mine\n    m: int = n\n    return [m, *'ab']"
    written = {kind: rewritten(kind, source, "causal_mask", random.Random(2)) for kind in KINDS}
    assert len(set(written.values())) == len(KINDS)
    for kind, cell in written.items():
        assert isinstance(ast.parse(cell), ast.Module), kind
        assert "causal_mask" in cell


def test_the_variables_of_a_class_are_renamed_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    from variants.rewriting import rewritten

    source = (
        "class Twice:\n    def __init__(self, factor=2):\n        self.factor = factor\n"
        "    def __call__(self, x):\n        y = x * self.factor\n        return y"
    )
    cell = rewritten("renamed variables", source, "Twice", random.Random(1))
    assert "self" not in cell
    assert "y = x" not in cell
    namespace: dict[str, type] = {}
    exec(cell, namespace)
    assert namespace["Twice"]()(21) == 42
