"""How often innocent pairs are flagged and copies found, counted on classes made for it.

The bounds are what `autograder.similarity.pairs` promises; the book quotes the table that
``pytest -s`` prints. Answers written independently are drawn from `independent`; real classes
differ, so these are the limits of the method and not the rates of any class.
"""

from __future__ import annotations

import functools
import random
import time

import pytest

from autograder.demo import sample_class
from autograder.demo.cells import equivalent_cell
from autograder.faults import fault_models
from autograder.similarity import fingerprints, similar

from .copies import edited, renamed
from .independent import ANSWERS, independent_answers

pytestmark = pytest.mark.slow

CLASSES = [(12, 10), (24, 10), (60, 5), (100, 4), (300, 2), (1000, 1)]


def independent_class(size, seed):
    chance = random.Random(seed)
    return {f"l{number}": independent_answers(chance) for number in range(size)}


@pytest.mark.parametrize(("size", "classes"), CLASSES)
def test_answers_written_independently_are_not_flagged(flags, size, classes):
    found = [flags(independent_class(size, seed)) for seed in range(classes)]
    print(f"{classes} classes of {size}: {sum(map(len, found))} pairs flagged")
    assert found == [[]] * classes


@pytest.mark.parametrize(
    ("size", "classes", "disguise", "bound"),
    [
        (24, 10, renamed, 0.8),
        (60, 5, renamed, 0.9),
        (100, 3, renamed, 0.9),
        (300, 1, renamed, 0.8),
        (60, 5, edited, 0.6),
        (100, 3, edited, 0.6),
    ],
)
def test_a_whole_sheet_that_is_copied_and_disguised_is_found(flags, size, classes, disguise, bound):
    """One in ten copies all four answers, ordinary as they are, from one in ten others."""
    copies = found = others = 0
    for seed in range(classes):
        course, chance = independent_class(size, seed), random.Random(seed)
        sources = [f"l{number}" for number in range(max(1, size // 10))]
        for learner in sources:
            course[f"copy of {learner}"] = {
                name: disguise(source, chance) for name, source in course[learner].items()
            }
        flagged = {(one.first, one.second) for one in flags(course)}
        copied = {(f"copy of {learner}", learner) for learner in sources}
        copies, found = copies + len(copied), found + len(copied & flagged)
        others += len(flagged - copied)
    print(f"{disguise.__name__}, class of {size}: {found} of {copies} found, {others} others")
    assert found >= bound * copies
    assert others <= 1


def test_known_equivalents_are_not_flagged_and_each_is_found_when_it_is_copied(flags):
    """The equivalents of the fault model, one learner each; then each once more, renamed."""
    model = fault_models("attention")["attention_weights"]
    course = independent_class(60, 3)
    names = [function.__name__ for function in model.equivalents]
    for name, function in zip(names, model.equivalents, strict=True):
        course[name] = {"attention_weights": equivalent_cell(model, function)}
    assert flags(course) == []
    chance = random.Random(3)
    for name in names:
        source = course[name]["attention_weights"]
        course[f"copy of {name}"] = {"attention_weights": renamed(source, chance)}
    found = {(one.first, one.second) for one in flags(course)}
    copied = {(f"copy of {name}", name) for name in names}
    print(f"equivalents: {len(found & copied)} of {len(copied)} found; missed {copied - found}")
    assert len(found & copied) >= len(copied) - 1  # the shortest is what most people write
    assert found <= copied


@pytest.mark.parametrize("size", [24, 300])
def test_in_the_sample_class_only_text_that_is_the_same_is_flagged(flags, size):
    """Its learners hand in the same few cells, so some pairs are alike to the letter."""
    course = {sample.learner: sample.cells for sample in sample_class("attention", size)}
    found = flags(course)
    pairs = [one for one in found if one.second]
    innocent = [one for one in pairs if not shared_lines(course, one)]
    print(f"sample class of {size}: {len(pairs)} pairs, {len(innocent)} without the same text")
    assert pairs
    assert innocent == []


def shared_lines(course, pair):
    """Return whether two learners' cells have most of their lines in common, word by word."""
    for name in pair.exercises:
        first, second = (set(course[one][name].split("\n")) for one in (pair.first, pair.second))
        if len(first & second) < 0.6 * min(len(first), len(second)):
            return False
    return True


def test_a_class_ten_times_as_large_takes_about_ten_times_as_long():
    """From fingerprints to pairs; there are a hundred times as many pairs."""
    remembered = functools.cache(fingerprints)

    def seconds(size):
        numbers = {
            learner: {name: remembered(source) for name, source in cells.items()}
            for learner, cells in independent_class(size, 1).items()
        }
        start = time.process_time()
        similar("attention", numbers, stub=[], solution={})
        return time.process_time() - start

    small, large = min(seconds(200), seconds(200)), seconds(2000)
    print(f"200 learners: {small:.2f} s, 2,000: {large:.2f} s")
    assert large < 30 * small


def test_the_independent_answers_are_code():
    for number in range(300):
        answers = independent_answers(random.Random(number))
        assert set(answers) == set(ANSWERS)
        for source in answers.values():
            compile(source, "cell", "exec")
            compile(edited(source, random.Random(number)), "cell", "exec")
