"""What a learner reads after a self-check."""

from __future__ import annotations

import html.parser
from typing import Any

import pytest
import torch

from autograder import check
from autograder.faults import fault_models
from autograder.results import ExerciseResult
from autograder.selfcheck import Answer, as_text, assess_answers

MODELS = fault_models("attention")
FAULT = "sees one position ahead"


def result(exercise: str, *faults: str, **others: Any) -> ExerciseResult:
    names = {exercise: MODELS[exercise].faulty(faults)} | others
    return assess_answers(names, [exercise])[0]


def test_a_right_answer_is_told_so_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    check(MODELS["causal_mask"].faulty())
    assert capsys.readouterr().out == "✓ causal_mask: all checks hold (3 of 3 points)\n"


def test_a_mistake_is_named_with_hint_counterexample_and_where_to_read() -> None:
    text = as_text(result("causal_mask", FAULT))
    assert text.splitlines()[0] == "✗ causal_mask: not right yet (0 of 3 points)"
    assert f"The mistake: {FAULT}" in text
    assert MODELS["causal_mask"].fault(FAULT).hint in text
    assert "yours       [[True, True], [True, True]]" in text
    assert text.endswith("Read: chapter attention, “The causal mask”")
    assert "Traceback" not in text


def test_an_answer_that_is_wrong_in_no_small_case_is_told_to_go_by_the_checks() -> None:
    shown = [tuple(probe.arguments.values()) for probe in MODELS["causal_mask"].probes]

    def wrong_elsewhere(num_queries: int, num_keys: int | None = None) -> torch.Tensor:
        mask: torch.Tensor = MODELS["causal_mask"].faulty()(num_queries, num_keys)
        small = {(num_queries,), (num_queries, num_keys)} & set(shown)
        return mask if small else ~mask

    text = as_text(result("causal_mask", causal_mask=wrong_elsewhere))
    assert "not right yet" in text
    assert "No known mistake gives this result, and no small case shows it" in text


def test_two_mistakes_are_both_named() -> None:
    pair = ("softmax over the queries", "scores are not scaled")
    assert set(result("attention_weights", *pair).diagnosis) == set(pair)


def test_an_answer_with_no_known_mistake_is_not_guessed_at() -> None:
    text = as_text(
        assess_answers({"causal_mask": lambda *_: torch.zeros(3, 2)}, ["causal_mask"])[0]
    )
    assert "The mistake:" not in text
    assert "No known mistake gives this result" in text
    assert "The smallest case that fails" in text


def test_the_html_says_the_same_and_escapes_what_learners_write() -> None:
    def shout(*arguments: object) -> None:
        raise ValueError("<b>bold</b>")

    page = Answer(assess_answers({"causal_mask": shout}, ["causal_mask"]))._repr_html_()
    seen: list[str] = []
    reader = html.parser.HTMLParser()
    reader.handle_starttag = lambda tag, attributes: seen.append(tag)  # type: ignore[method-assign]
    reader.feed(page)
    assert {"style", "div", "p", "pre", "li"} <= set(seen)
    assert "b" not in seen
    assert "ValueError: &lt;b&gt;bold&lt;/b&gt;" in page


def test_what_follows_from_an_own_mistake_counts_and_is_said() -> None:
    wrong = MODELS["attention_weights"].faulty(["scores are not scaled"])

    def attention(query: Any, key: Any, value: Any, mask: Any = None) -> Any:
        return wrong(query, key, mask) @ value

    names = {"attention_weights": wrong, "scaled_dot_product_attention": attention}
    weights, output = assess_answers(names, [])
    assert weights.diagnosis == ["scores are not scaled"]
    assert (output.status, output.score) == ("passed", 3)
    assert "follows correctly from your answer to another exercise" in output.message


def test_a_mistake_of_its_own_does_not_follow() -> None:
    names = {
        "attention_weights": MODELS["attention_weights"].faulty(["scores are not scaled"]),
        "scaled_dot_product_attention": MODELS["scaled_dot_product_attention"].faulty(
            ["softmax over the queries"]
        ),
    }
    output = assess_answers(names, ["scaled_dot_product_attention"])[0]
    assert output.diagnosis == ["softmax over the queries"]
    assert output.score == 0


def test_a_stub_is_not_called_wrong() -> None:
    def stub(*arguments: object) -> None:
        raise NotImplementedError("write padding_mask here")

    text = as_text(assess_answers({"padding_mask": stub}, ["padding_mask"])[0])
    assert text.splitlines() == [
        "✗ padding_mask: not written yet (0 of 3 points)",
        "  This function is still the stub of the sheet.",
    ]


def test_a_function_under_another_name_is_found_by_what_the_notebook_calls_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def mine(num_queries: int, num_keys: int | None = None) -> torch.Tensor:
        return torch.ones(num_queries, num_keys or num_queries)

    globals()["causal_mask"] = mine
    try:
        check(mine)
    finally:
        del globals()["causal_mask"]
    assert "causal_mask: not right yet" in capsys.readouterr().out


def test_what_an_answer_prints_does_not_bury_the_result(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def causal_mask(*arguments: int) -> torch.Tensor:
        print("debugging" * 100)
        answer: torch.Tensor = MODELS["causal_mask"].faulty()(*arguments)
        return answer

    check(causal_mask)
    assert "debugging" not in capsys.readouterr().out


def test_checking_the_result_in_place_of_the_function_says_what_to_do() -> None:
    with pytest.raises(TypeError, match=r"check\(causal_mask\) without parentheses.*got Tensor"):
        check(torch.ones(3))  # type: ignore[arg-type]


def test_a_name_that_is_no_exercise_is_refused_with_those_there_are() -> None:
    with pytest.raises(ValueError, match="there is no exercise 'print'") as raised:
        check(print)
    assert "the exercises are " in str(raised.value)
    assert "attention_weights, " in str(raised.value)


HEADS = fault_models("multihead")
CLASS = "MultiHeadAttention"


def test_a_class_is_checked_like_a_function(capsys: pytest.CaptureFixture[str]) -> None:
    class MultiHeadAttention(HEADS[CLASS].implementation):  # type: ignore[misc, name-defined]
        pass

    check(MultiHeadAttention)
    assert capsys.readouterr().out == "✓ MultiHeadAttention: all checks hold (6 of 6 points)\n"


def test_a_mistake_in_a_class_is_named_with_a_case_that_shows_how_it_is_made() -> None:
    wrong = HEADS[CLASS].faulty(["scores are divided by the root of d_model"])
    text = as_text(assess_answers({CLASS: wrong}, [CLASS])[0])
    assert "The mistake: scores are divided by the root of d_model" in text
    assert "MultiHeadAttention(d_model=2, num_heads=2), two heads of width 1, two keys" in text
    assert "weights     fixed numbers, the same in both" in text
    assert "Traceback" not in text


@pytest.mark.parametrize("method", ["__init__", "forward"])
def test_of_a_class_that_is_half_written_the_method_is_named(method: str) -> None:
    def stub(self: object, *inputs: object) -> None:
        raise NotImplementedError(f"write MultiHeadAttention.{method} here")

    half = type(CLASS, (HEADS[CLASS].implementation,), {method: stub})  # type: ignore[arg-type]
    text = as_text(assess_answers({CLASS: half}, [CLASS])[0])
    assert text.splitlines() == [
        "✗ MultiHeadAttention: not written yet (0 of 6 points)",
        f"  This class is still the stub of the sheet: MultiHeadAttention.{method} is not written.",
    ]


WRONG_SPLIT = HEADS["split_heads"].faulty(["a bare view in place of a transpose"])
WRONG_MERGE = HEADS["merge_heads"].faulty(["merged without a transpose"])
RIGHT_SPLIT, RIGHT_MERGE = HEADS["split_heads"].faulty(), HEADS["merge_heads"].faulty()


@pytest.mark.parametrize(
    ("split", "merge"),
    [(WRONG_SPLIT, RIGHT_MERGE), (RIGHT_SPLIT, WRONG_MERGE), (WRONG_SPLIT, WRONG_MERGE)],
)
def test_a_class_may_follow_from_two_other_answers(split: Any, merge: Any) -> None:
    follows = HEADS[CLASS].follow_through
    assert follows is not None
    answers = {
        "split_heads": split,
        "merge_heads": merge,
        CLASS: follows.expected(split, merge),
    }
    attention = assess_answers(answers, [CLASS])[0]
    assert (attention.status, attention.score) == ("passed", 6)
    assert "follows correctly from your answer to another exercise" in attention.message
    interleaved = HEADS["split_heads"].faulty(["the heads are interleaved"])
    of_another = follows.expected(interleaved, merge)
    assert assess_answers(answers | {CLASS: of_another}, [CLASS])[0].score < 6


def test_the_number_of_threads_is_left_as_it_was() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        result("causal_mask")
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
