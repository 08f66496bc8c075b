"""The class, counted."""

from __future__ import annotations

import msgspec
import pytest

from autograder.reports.summary import Kind
from autograder.reports.summary import sheets as summaries
from autograder.results import ClassResults, ExerciseStatus

from .sample_class import tally


def sheets(results):
    return summaries(tally(results))


def class_of(*submissions):
    return ClassResults(isolation="full", seed=7, submissions=list(submissions))


def exercise(results, name):
    (sheet,) = sheets(results)
    return next(one for one in sheet.exercises if one.name == name)


def test_mistakes_are_counted_by_name_most_frequent_first_then_nameless_then_no_answer(sample):
    findings = exercise(sample, "attention_weights").findings
    assert [(one.kind, one.name, len(one.learners)) for one in findings] == [
        (Kind.NAMED, "no scale", 4),
        (Kind.NAMED, "empty row NaN", 2),
        (Kind.NAMED, "softmax over the queries", 1),
        (Kind.STOPPED, "not in the notebook", 1),
        (Kind.STOPPED, "took too long", 1),
    ]
    assert findings[0].share == pytest.approx(4 / 15)


def test_a_wrong_answer_without_a_name_comes_before_answers_that_never_came(sample):
    kinds = [one.kind for one in exercise(sample, "scaled_dot_product_attention").findings]
    assert kinds == [Kind.NAMED, Kind.UNNAMED, Kind.STOPPED, Kind.STOPPED]


def test_a_mistake_seen_only_in_a_pair_has_its_own_line_of_the_hint(sample):
    findings = exercise(class_of(sample.submissions[2]), "attention_weights").findings
    assert {one.name: one.hint for one in findings} == {
        "no scale": "First: what brings the spread back?",
        "empty row NaN": "Second: what is 0 / 0?",
    }


def test_a_pair_of_mistakes_counts_for_both_and_the_hint_is_that_of_the_mistake_alone(sample):
    findings = {one.name: one for one in exercise(sample, "attention_weights").findings}
    for name in ("no scale", "empty row NaN"):
        assert "Chidi Okafor" in findings[name].learners
        assert "First" not in findings[name].hint
        assert "Second" not in findings[name].hint


def test_the_top_mistake_is_the_one_most_learners_share(sample):
    (sheet,) = sheets(sample)
    assert sheet.top is not None
    assert (sheet.top[0].name, sheet.top[1].name) == ("attention_weights", "no scale")


def test_unreadable_notebooks_count_in_no_mean_and_no_share(sample, submit):
    (sheet,) = sheets(sample)
    assert (sheet.graded, [one.learner for one in sheet.unreadable]) == (15, ["pat"])
    alone = class_of(submit("a", ("causal_mask", "sees one ahead")), sample.submissions[-1])
    assert exercise(alone, "causal_mask").findings[0].share == 1.0
    assert sheets(alone)[0].mean == 10.0


def test_a_class_of_unreadable_notebooks_has_no_scores(sample):
    (sheet,) = sheets(class_of(sample.submissions[-1]))
    assert (sheet.bars, sheet.exercises, sheet.mean) == ((), (), 0.0)


def test_every_status_has_its_count(sample):
    (sheet,) = sheets(sample)
    assert set(sheet.statuses) == set(ExerciseStatus)
    assert sum(exercise(sample, "padding_mask").counts.values()) == 15


def test_each_sheet_is_counted_alone(submit):
    first, second = sheets(class_of(submit("ada"), submit("ben", stem="heads"), submit("eve")))
    assert [(one.stem, one.graded) for one in (first, second)] == [
        ("attention", 2),
        ("heads", 1),
    ]


@pytest.mark.parametrize(
    ("scores", "highest", "expected"),
    [
        ([0, 0, 2.5, 3], 3, {"0": 2, "1": 0, "2": 1, "3": 1}),
        ([sum([0.1] * 10, 0.0)], 1, {"0": 0, "1": 1}),
        ([100, 99.9, 0], 100, {"0": 1, "90": 1, "100": 1}),
        ([12, 0], 12, {"0": 1, "12": 1}),
    ],
)
def test_every_score_stands_in_the_bar_that_holds_it(scores, highest, expected, submit):
    everyone = [
        msgspec.structs.replace(submit(str(i)), score=float(score), max_score=float(highest))
        for i, score in enumerate(scores)
    ]
    (sheet,) = sheets(class_of(*everyone))
    bars = {bar.label: bar.count for bar in sheet.bars}
    assert bars.items() >= expected.items()
    assert sum(bars.values()) == len(scores)
    assert len(bars) <= 13
    assert max(bar.share for bar in sheet.bars) == 1.0


def test_bars_are_as_high_as_their_counts(sample):
    (sheet,) = sheets(sample)
    highest = max(bar.count for bar in sheet.bars)
    assert all(bar.share == pytest.approx(bar.count / highest) for bar in sheet.bars)
