"""Fingerprints of a cell by winnowing.

Schleimer, Wilkerson and Aiken (2003), Winnowing: Local Algorithms for Document Fingerprinting,
section 3: hash every run of ``NOISE`` words, and of every ``WINDOW`` runs in a row keep the
smallest hash. Whatever two cells share over ``NOISE + WINDOW - 1`` words is found, and nothing
shorter than ``NOISE`` words ever counts. Names are numbered within each run, by first use
(Baker 1995, parameterized matching): renaming changes no hash, mixing names up does.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache

from autograder.similarity.tokens import Token, tokens

NOISE = 12
"""Words: about one line of an answer. Shorter than that, all answers are alike."""

WINDOW = 4

HASH_BYTES = 6
"""Numbers below 2**48: every program that reads JSON reads them exactly."""


def fingerprints(source: str) -> list[int]:
    """Return the fingerprints of one cell, sorted; none if it is shorter than ``NOISE`` words.

    The same cell has the same fingerprints in every process. Nothing is raised for any text.
    """
    return sorted(_winnowed(run_hashes(source)))


def run_hashes(source: str) -> list[int]:
    """Return the hash of every run of ``NOISE`` words, in order: all that winnowing may keep."""
    words = tuple(tokens(source))
    return [_hash(words[start : start + NOISE]) for start in range(len(words) - NOISE + 1)]


@lru_cache(maxsize=20_000)  # most lines of a class have been written before
def _hash(run: tuple[Token, ...]) -> int:
    numbers: dict[str, str] = {}
    text = " ".join(
        numbers.setdefault(word.text, f"name{len(numbers)}") if word.chosen else word.text
        for word in run
    )
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=HASH_BYTES)
    return int.from_bytes(digest.digest(), "big")


def _winnowed(hashes: list[int]) -> set[int]:
    last = max(1, len(hashes) - WINDOW + 1)
    return {min(hashes[start : start + WINDOW]) for start in range(last)} if hashes else set()
