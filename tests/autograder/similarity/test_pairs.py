"""Which pairs are flagged: what the sheet gives and what is common is nobody's own."""

from __future__ import annotations

import random

import pytest

from autograder.similarity import fingerprints, similar
from autograder.similarity.pairs import MOST_PAIRS, most_holders

from .copies import renamed
from .independent import independent_answers

LONG = """
def attention_weights(query, key, mask=None):
    width = float(query.size(-1))
    table = torch.einsum("...qd,...kd->...qk", query, key).mul(width ** -0.5)
    if mask is None:
        return torch.exp(table - torch.logsumexp(table, dim=-1, keepdim=True))
    allowed = mask.expand_as(table).contiguous()
    table = torch.where(allowed, table, torch.full_like(table, float("-inf")))
    alone = allowed.any(dim=-1, keepdim=True).logical_not()
    table = table.masked_fill(alone, 0.0)
    return torch.exp(table - torch.logsumexp(table, dim=-1, keepdim=True)) * allowed
"""
OTHER_LONG = """
def attention_weights(query, key, mask=None):
    rows = []
    for position in range(query.shape[-2]):
        row = (key * query[..., position : position + 1, :]).sum(dim=-1)
        row = row / torch.tensor(key.shape[-1], dtype=row.dtype).sqrt()
        rows.append(row.unsqueeze(-2))
    matrix = torch.cat(rows, dim=-2)
    bias = torch.zeros_like(matrix) if mask is None else mask.logical_not().to(matrix) * -1e9
    powers = (matrix + bias - (matrix + bias).amax(-1, keepdim=True)).exp()
    return powers.div(powers.sum(dim=-1, keepdim=True).clamp(min=1e-20))
"""


def class_of(size, seed=1):
    chance = random.Random(seed)
    return {f"l{number:03}": independent_answers(chance) for number in range(size)}


def pairs(found):
    return [(one.first, one.second) for one in found]


def test_a_long_answer_copied_and_renamed_is_flagged_with_its_share_and_exercise(flags):
    course = class_of(24)
    course["l000"]["attention_weights"] = LONG
    course["l001"]["attention_weights"] = renamed(LONG, random.Random(1))
    (pair,) = flags(course)
    assert (pair.stem, pair.first, pair.second) == ("attention", "l000", "l001")
    assert pair.exercises == ["attention_weights"]
    assert pair.share > 0.9


def test_two_long_answers_of_their_own_are_not(flags):
    course = class_of(24)
    course["l000"]["attention_weights"] = LONG
    course["l001"]["attention_weights"] = OTHER_LONG
    assert flags(course) == []


def test_a_short_answer_that_two_share_is_not(flags):
    course = class_of(24)
    for learner in ("l000", "l001"):
        course[learner]["padding_mask"] = (
            "def padding_mask(lengths, num_keys):\n"
            "    return torch.stack([torch.arange(num_keys) < n for n in lengths])[:, None, None]"
        )
    assert flags(course) == []


def test_a_class_that_all_hands_in_the_same_is_not_flagged(flags):
    answer = independent_answers(random.Random(1)) | {"attention_weights": LONG}
    assert flags({f"l{number}": dict(answer) for number in range(60)}) == []


def test_the_stub_and_what_the_sheet_gives_are_nobodys_own(solution):
    """The same long text flags a pair unless the sheet holds it."""
    course = class_of(24)
    numbers = {
        learner: {name: fingerprints(source) for name, source in cells.items()}
        for learner, cells in course.items()
    }
    for learner in ("l000", "l001"):
        numbers[learner]["attention_weights"] = fingerprints(LONG)
    assert pairs(similar("attention", numbers, stub=[], solution={})) == [("l000", "l001")]
    assert similar("attention", numbers, stub=["import torch", LONG], solution={}) == []


def test_whoever_hands_in_the_published_solution_is_flagged_with_it_and_not_with_one_another(
    flags, solution
):
    course = class_of(40)
    for learner in ("l003", "l007"):
        course[learner] = {
            name: renamed(source, random.Random(1)) for name, source in solution.items()
        }
    found = flags(course)
    assert sorted(pairs(found)) == [("l003", ""), ("l007", "")]
    assert all(pair.share > 0.8 for pair in found)
    assert "attention_weights" in found[0].exercises


def test_the_strongest_evidence_comes_first(flags, solution):
    course = class_of(24)
    copy = random.Random(1)
    course["l000"]["attention_weights"] = LONG
    course["l001"]["attention_weights"] = renamed(LONG, copy)
    course["l008"]["attention_weights"] = OTHER_LONG
    course["l009"] = {name: renamed(source, copy) for name, source in course["l008"].items()}
    assert pairs(flags(course)) == [("l008", "l009"), ("l000", "l001")]


def test_the_order_in_which_learners_come_does_not_matter(flags):
    course = class_of(24)
    course["l000"]["attention_weights"] = course["l001"]["attention_weights"] = LONG
    assert flags(course) == flags(dict(reversed(course.items())))


@pytest.mark.parametrize("course", [{}, {"ada": {}}, {"ada": {"x": []}, "ben": {"y": []}}])
def test_where_there_is_nothing_to_compare_nothing_is_found(course):
    assert similar("attention", course, stub=[], solution={}) == []


def test_two_learners_alone_are_no_class_to_be_rare_in(flags):
    answer = {"attention_weights": LONG}
    assert flags({"ada": answer, "ben": answer}) == []


@pytest.mark.parametrize(("learners", "most"), [(2, 2), (24, 6), (100, 25), (160, 40), (9999, 40)])
def test_what_many_share_is_common_knowledge(learners, most):
    assert most_holders(learners) == most


def test_the_number_of_pairs_is_bounded():
    """400 learners in ten groups, each with a long text of its own."""
    numbers = {
        f"l{learner}": {"x": range(1000 * (learner % 10), 1000 * (learner % 10) + 100)}
        for learner in range(400)
    }
    assert len(similar("attention", numbers, stub=[], solution={})) == MOST_PAIRS
