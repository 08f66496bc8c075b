"""What changes the fingerprints of a cell, and what does not."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.similarity import fingerprints
from autograder.similarity.fingerprinting import NOISE, WINDOW, run_hashes
from autograder.similarity.tokens import tokens

from .copies import renamed
from .independent import weights_answer

ANSWER = '''def weights(query, key, mask=None):
    """Return the weights."""
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    return torch.softmax(scores, dim=-1).nan_to_num()
'''


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("scores", "my_scores"),
        ("weights", "attention_weights"),
        ('    """Return the weights."""\n', ""),
        ("Return the weights.", "What I thought of,\n    all of it."),
        (" / ", "/"),
        ("\n    if", "\n\n    # hide what may not be seen\n    if"),
        ("query @ key", "query @ \\\n        key"),
        ("(-2, -1)", "(\n        -2,\n        -1\n    )"),
        ("'-inf'", '"-inf"'),
    ],
)
def test_names_comments_and_layout_change_nothing(old, new):
    assert fingerprints(ANSWER.replace(old, new)) == fingerprints(ANSWER)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("masked_fill", "where"),
        ("dim=-1", "dim=-2"),
        ("query @ key", "key @ query"),
        ("float", "int"),
        ("is not None", "is None"),
    ],
)
def test_what_the_code_does_changes_them(old, new):
    assert fingerprints(ANSWER.replace(old, new)) != fingerprints(ANSWER)


def test_names_that_are_mixed_up_are_not_names_that_are_renamed():
    mixed = ANSWER.replace("scores.masked_fill(~mask", "mask.masked_fill(~scores")
    assert fingerprints(mixed) != fingerprints(ANSWER)


def test_a_passage_of_noise_and_window_words_is_found_wherever_it_stands():
    passage = "w = x @ y . mT / math . sqrt ( 3 ) + f"
    assert len(passage.split()) >= NOISE + WINDOW - 1
    first = f"a = [1, 2, 3]\n{passage}\nprint(a)"
    second = f"for b in range(7): pass\nif c: d()\n{passage}"
    assert set(fingerprints(first)) & set(fingerprints(second))


def test_nothing_shorter_than_the_noise_counts():
    assert fingerprints("a = b + c") == []
    assert fingerprints("return weights @ value") == []


def test_winnowing_keeps_about_two_of_five_hashes():
    source = "\n".join(weights_answer(random.Random(number)) for number in range(20))
    density = len(fingerprints(source)) / len(set(run_hashes(source)))
    assert 2 / (WINDOW + 1) - 0.06 < density < 2 / (WINDOW + 1) + 0.06


def test_numbers_pass_through_json_as_they_are_and_come_sorted_and_once():
    numbers = fingerprints(ANSWER)
    assert json.loads(json.dumps(numbers)) == numbers == sorted(set(numbers))
    assert min(numbers) >= 0
    assert max(numbers) < 2**53


def test_every_process_gives_the_same_numbers():
    """Python's own hash of a string differs from process to process; this one must not."""
    code = f"from autograder.similarity import fingerprints; print(fingerprints({ANSWER!r}))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert json.loads(said.stdout) == fingerprints(ANSWER)


@pytest.mark.parametrize(
    "broken",
    [
        ANSWER + '    x = """never closed',
        ANSWER + "    x = 'never closed",
        ANSWER + "    )))",
        ANSWER + "  \t odd indent\n\x00\ud800",
    ],
)
def test_code_that_does_not_parse_keeps_the_fingerprints_of_what_is_whole(broken):
    shared = set(fingerprints(broken)) & set(fingerprints(ANSWER))
    assert len(shared) >= len(fingerprints(ANSWER)) - 2


def test_strings_are_one_word_and_docstrings_none():
    words = [word.text for word in tokens('def f():\n    """Doc."""\n    return rb"a" + \'b\'')]
    assert words == ["def", "f", "(", ")", ":", "return", "''", "+", "''"]


@given(st.text())
def test_no_text_raises(source):
    fingerprints(source)


@pytest.mark.parametrize(
    "unit", ['"', "'\\", '"\\"', '"""x', "'''", "((", "f'", "1_", ".1", "1e+", "\\\n", "#", "a."]
)
def test_no_text_takes_long(unit):
    start = time.process_time()
    fingerprints(unit * 500_000)
    assert time.process_time() - start < 0.5


def test_a_cell_takes_less_than_a_millisecond():
    sources = [renamed(weights_answer(random.Random(n)), random.Random(n)) for n in range(100)]
    times = []
    for _ in range(5):
        start = time.process_time()
        for source in sources:
            fingerprints(source)
        times.append((time.process_time() - start) / len(sources))
    assert min(times) < 0.001
