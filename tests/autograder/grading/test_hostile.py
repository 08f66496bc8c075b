"""Submissions that attack the grader: no mark is forged, nothing outside changes."""

from __future__ import annotations

import hashlib
from pathlib import Path

import psutil
import pytest

from autograder.results import SubmissionResult
from autograder.sandbox import Isolation

from .conftest import grade_class, hand_in, notebook

ROOT = Path(__file__).parents[3]
pytestmark = pytest.mark.slow
WRONG = {
    "attention_weights": "def attention_weights(query, key, mask=None):\n    return torch.zeros(1)",
    "scaled_dot_product_attention": (
        "def scaled_dot_product_attention(query, key, value, mask=None):\n    return LIE"
    ),
    "causal_mask": "def causal_mask(num_queries, num_keys=None):\n    return LIE",
    "padding_mask": "def padding_mask(lengths, num_keys):\n    return LIE",
}
ATTACKS = {
    "patches torch and assert": (
        "import builtins, unittest\n"
        "torch.allclose = torch.equal = torch.isclose = lambda *a, **k: True\n"
        "torch.Tensor.__eq__ = lambda *a: True\n"
        "builtins.AssertionError = ValueError\nbuiltins.all = lambda x: True\nLIE = torch.zeros(1)"
    ),
    "returns lying tensors": (
        "class Lie(torch.Tensor):\n"
        "    def __eq__(self, other): return True\n"
        "    shape = property(lambda self: torch.Size([5, 7]))\n"
        "    @classmethod\n"
        "    def __torch_function__(cls, *a, **k): return True\n"
        "LIE = torch.zeros(3).as_subclass(Lie)"
    ),
    "returns an object that equals everything": (
        "class Equal:\n"
        "    def __eq__(self, other): return True\n"
        "    def __getattr__(self, name): return self\n"
        "    def __call__(self, *a, **k): return self\n"
        "    def __bool__(self): return True\n"
        "LIE = Equal()"
    ),
    "imports the reference": (
        "LIE = None\nfrom attnbook.attention import attention_weights as stolen\nLIE = stolen"
    ),
    "reads solutions and checks": (
        "import glob, os\nLIE = ''\n"
        f"for root in ({str(ROOT)!r}, '/'):\n"
        "    for where, folders, files in os.walk(root):\n"
        "        for file in files:\n"
        "            if file in ('test_attention.py', 'attention.md') or 'autograder' in where:\n"
        "                LIE = open(os.path.join(where, file)).read()\n"
        "if LIE: raise SystemExit(LIE[:100])"
    ),
    "writes results": (
        "import os\nLIE = None\n"
        f"paths = ({str(ROOT / 'forged')!r}, 'results.json', '../results.json', '/tmp/forged')\n"
        "for path in paths:\n"
        "    try: open(path, 'w').write('{\"score\": 12}')\n"
        "    except OSError: pass"
    ),
    "answers in place of the worker": (
        "import os\nLIE = None\n"
        "for fd in range(3, 64):\n"
        "    try: os.write(fd, b'{\"ok\": true}' * 100)\n"
        "    except OSError: pass"
    ),
    "leaves processes": (
        "import os, subprocess, threading, time\nLIE = None\n"
        "for attempt in (os.fork, lambda: subprocess.Popen(['sleep', '31557'])):\n"
        "    try: attempt()\n"
        "    except BaseException: pass\n"
        "threading.Thread(target=time.sleep, args=(31557,), daemon=False).start()"
    ),
    "ends the process": "LIE = None\nimport atexit, os\natexit.register(os._exit, 0)\nexit(0)",
    "answers what it is asked for": (
        "class Any:\n    def __reduce__(self): return (eval, ('1/0',))\nLIE = Any()"
    ),
}

# Handed in twice, so that both lanes run it at once, with honest notebooks before and after.
NEIGHBORLY = """
import contextlib, os, socket, threading, time
LIE = None
def hog(until):
    memory = []
    while time.monotonic() < until:
        torch.ones(300, 300) @ torch.ones(300, 300)
        if len(memory) < 60: memory.append(bytearray(1 << 24))
until = time.monotonic() + 2
for _ in range(3):
    threading.Thread(target=hog, args=(until,), daemon=True).start()
while time.monotonic() < until:
    for pid in range(2, 2000):
        with contextlib.suppress(OSError): os.kill(pid, 0)
    for path in ("/tmp/forged", "/dev/shm/forged", "/var/tmp/forged", "forged"):
        with contextlib.suppress(OSError): open(path, "a").write("x")
    with contextlib.suppress(OSError): socket.socket(socket.AF_UNIX).bind("\\0forged")
"""
PAIR = {f"a pair, number {number}": NEIGHBORLY for number in (1, 3)}
HONEST = ["a pair, number 0", "a pair, number 2", "a pair, number 4", "zoe, who is honest"]
ATTACKS |= PAIR


@pytest.fixture(scope="module")
def graded(
    isolation: Isolation, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, SubmissionResult], str, str]:
    root = tmp_path_factory.mktemp("hostile")
    for name, attack in ATTACKS.items():
        hand_in(root / "in", name, notebook(WRONG, attack))
    for name in HONEST:
        hand_in(root / "in", name, notebook())
    before = fingerprint()
    results = grade_class(root / "in", root / "out", isolation=isolation, lanes=2, seed=5)
    return {each.learner: each for each in results.submissions}, before, fingerprint()


Graded = tuple[dict[str, SubmissionResult], str, str]


def fingerprint() -> str:
    """Return a digest of the repository's sources and of what stands beside them."""
    digest = hashlib.sha256()
    for folder in ("autograder", "src", "solutions"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(str(path).encode() + path.read_bytes())
    digest.update(str(sorted(path.name for path in ROOT.glob("forged*"))).encode())
    for folder in ("/tmp", "/dev/shm", "/var/tmp"):
        digest.update(str(Path(folder, "forged").exists()).encode())
    return digest.hexdigest()


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_forges_no_mark(graded: Graded, attack: str) -> None:
    assert graded[0][attack].score == 0


@pytest.mark.parametrize("name", HONEST)
def test_an_honest_neighbor_is_graded_as_always(graded: Graded, name: str) -> None:
    assert graded[0][name].score == 12


def test_the_book_names_every_attack() -> None:
    page = (ROOT / "book/attacks.md").read_text("utf-8")
    assert [name for name in set(ATTACKS) - set(PAIR) if name not in page] == []
    assert "goes for its neighbor, twice at once" in page


def test_nothing_outside_is_changed(graded: Graded) -> None:
    assert graded[1] == graded[2]


def test_no_process_is_left(graded: Graded) -> None:
    left = [
        process.info["cmdline"]
        for process in psutil.process_iter(["cmdline"])
        if "31557" in (process.info["cmdline"] or [])
    ]
    assert left == []


def test_the_reference_is_flagged_when_it_is_asked_for(graded: Graded) -> None:
    assert any("attnbook" in flag for flag in graded[0]["imports the reference"].flags)
