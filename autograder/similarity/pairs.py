"""Which answers of a class are more alike than the sheet and chance explain.

A passage is evidence by how rare it is: one that h of n learners have is worth log2(n / h)
bits, as in inverse document frequency (Spärck Jones 1972). Two answers are flagged when the
passages that they share are worth more than chance brings about among all pairs of the class.
The thresholds come from classes of answers written independently; the test of calibration
writes such classes again.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

from autograder.results import SimilarPair
from autograder.similarity.fingerprinting import fingerprints, run_hashes

ALIKE = 0.6
"""An exercise counts when this share of the shorter answer's own text is in the other one.
One inserted line breaks up to four lines' worth of fingerprints of a short answer."""

BITS = 80.0
BITS_FOR_EACH_DOUBLING = 2.0
"""Evidence that a flag needs, and how much more for twice as many pairs to compare.
Classes written independently reach 60 to 115 bits, at 12 to 3,000 learners."""

MOST_PAIRS = 1000
"""Nobody looks at more; the strongest are kept."""

Answers = Mapping[str, set[int]]  # exercise → the fingerprints that the stub does not explain
Evidence = defaultdict[str, float]  # exercise → bits


@dataclass(frozen=True)
class _Match:
    """A pair of learners, by name; the second is empty for the published solution."""

    bits: float
    pair: SimilarPair


def similar(
    stem: str,
    answers: Mapping[str, Mapping[str, Collection[int]]],
    *,
    stub: Iterable[str],
    solution: Mapping[str, str],
) -> list[SimilarPair]:
    """Return the pairs of a class that a person should look at, strongest evidence first.

    The time grows with the number of answers: a passage that many have makes no pairs.

    Args:
        stem: The sheet.
        answers: For each learner and exercise, the `fingerprints` of the cell.
        stub: Every cell of the released sheet; what is in it is nobody's own text.
        solution: For each exercise, the published solution. What two learners share with
            it counts for their likeness to the solution, not to one another.
    """
    given = {number for source in stub for number in run_hashes(source)}
    own: dict[str, Answers] = {
        learner: {name: set(numbers) - given for name, numbers in cells.items()}
        for learner, cells in sorted(answers.items())
    }
    published = {name: set(fingerprints(source)) - given for name, source in solution.items()}
    needed = _bits_needed(len(own))
    matches = []
    for (first, second), evidence in _evidence(own, published).items():
        if sum(evidence.values()) >= needed:
            other = own[second] if second else published
            match = _match(stem, first, second, own[first], other, evidence)
            matches += [match] if match.bits >= needed else []
    matches.sort(key=lambda match: (-match.bits, match.pair.first, match.pair.second))
    return [match.pair for match in matches[:MOST_PAIRS]]


def most_holders(learners: int) -> int:
    """Return how many learners may share a passage before it counts as common knowledge.

    A quarter of a small class; in a large one 40, so that the number of pairs stays in
    proportion to the class.
    """
    return min(40, max(2, learners // 4))


def _bits_needed(learners: int) -> float:
    return BITS + BITS_FOR_EACH_DOUBLING * math.log2(max(1, math.comb(learners, 2)))


def _evidence(own: Mapping[str, Answers], published: Answers) -> Mapping[tuple[str, str], Evidence]:
    """Return what the rare passages of each pair are worth, by exercise."""
    pairs: defaultdict[tuple[str, str], Evidence] = defaultdict(lambda: defaultdict(float))
    for exercise, number, holders in _passages(own):
        if len(holders) > most_holders(len(own)):
            continue
        bits = math.log2(len(own) / len(holders))
        if number in published.get(exercise, ()):
            for learner in holders:
                pairs[learner, ""][exercise] += bits
        else:
            for pair in combinations(holders, 2):
                pairs[pair][exercise] += bits
    return pairs


def _passages(own: Mapping[str, Answers]) -> Iterator[tuple[str, int, list[str]]]:
    """Yield each exercise's fingerprints with the learners who have them."""
    for exercise in dict.fromkeys(name for cells in own.values() for name in cells):
        holders: defaultdict[int, list[str]] = defaultdict(list)
        for learner, cells in own.items():
            for number in cells.get(exercise, ()):
                holders[number].append(learner)
        for number, those in holders.items():
            yield exercise, number, those


def _match(
    stem: str, first: str, second: str, one: Answers, other: Answers, evidence: Evidence
) -> _Match:
    """Return the pair with the exercises in which the shorter answer is mostly in the other."""
    bits, shared, shorter, exercises = 0.0, 0, 0, []
    for name, worth in evidence.items():
        common, length = len(one[name] & other[name]), min(len(one[name]), len(other[name]))
        if common >= ALIKE * length:
            bits, shared, shorter = bits + worth, shared + common, shorter + length
            exercises.append(name)
    share = shared / shorter if shorter else 0.0
    pair = SimilarPair(stem=stem, first=first, second=second, share=share, exercises=exercises)
    return _Match(bits, pair)
