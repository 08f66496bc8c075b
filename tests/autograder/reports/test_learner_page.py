"""What a learner's page says, read the way a browser reads it."""

from __future__ import annotations

import msgspec
import pytest

from autograder.reports import learner_page


def test_the_learners_page_names_the_mistake_the_hint_and_the_smallest_case(sample, parse):
    dora = sample.submissions[3]
    page = parse(learner_page(dora))
    assert page.all("h1")[0].text == "dora"
    assert page.all(css="score")[0].text == "9 of 12 points"
    weights = page.all("article")[0]
    assert weights.all(css="state")[0].text.endswith("Not correct yet")
    assert weights.all(css="points")[0].text == "2 of 3"
    diagnosis = weights.all(css="diagnosis")[0]
    assert diagnosis.all(css="name")[0].text == "no scale"
    assert dora.exercises[0].hint in diagnosis.text
    assert weights.all("pre")[0].raw_text == dora.exercises[0].counterexample


def test_a_pair_of_mistakes_is_named_together_each_with_its_hint(sample, parse):
    chidi = sample.submissions[2]
    diagnosis = parse(learner_page(chidi)).all(css="diagnosis")[0]
    assert [one.text for one in diagnosis.all(css="name")] == ["no scale", "empty row NaN"]
    assert [one.text for one in diagnosis.all(css="say")] == chidi.exercises[0].hint.splitlines()


def test_a_wrong_answer_without_a_name_says_so_and_still_shows_the_case(sample, parse):
    exercise = parse(learner_page(sample.submissions[8])).all("article")[3]
    assert exercise.all("h3")[0].text == "This mistake has no name yet"
    assert exercise.all("pre")[0].raw_text == sample.submissions[8].exercises[3].counterexample


def test_what_every_check_says_is_said_once(sample, parse):
    kim = next(one for one in sample.submissions if one.learner == "kim")
    exercise = kim.exercises[1]
    checks = [msgspec.structs.replace(one, message="not checked") for one in exercise.checks]
    repeated = msgspec.structs.replace(exercise, checks=checks)
    page = parse(learner_page(msgspec.structs.replace(kim, exercises=[repeated])))
    assert page.raw_text.count("not checked") == 1


def test_checks_say_whether_they_hold_and_why_not(sample, parse):
    checks = parse(learner_page(sample.submissions[3])).all(css="checks")[0].all("li")
    assert "each query's weights sum to 1 holds" in checks[0].text
    assert "does not hold" in checks[1].text
    assert "largest difference 0.41, in row 2" in checks[1].text
    assert checks[1].all(css="number")[0].text == "0 of 1"


@pytest.mark.parametrize(
    ("learner", "words"),
    [
        ("nils", "Not in the notebook"),
        ("kim", "Stopped with an error"),
        ("Maria-Magdalena von Hohenstein-Waldburg", "Took too long"),
        ("oluwaseun", "Crashed"),
    ],
)
def test_a_status_is_said_in_words_and_with_its_message(sample, parse, learner, words):
    submission = next(one for one in sample.submissions if one.learner == learner)
    page = parse(learner_page(submission))
    place = [one.all(css="state")[0].text.split(" ", 1)[1] for one in page.all("article")].index(
        words
    )
    message = submission.exercises[place].message
    assert message.split("\n")[0] in page.all("article")[place].text


def test_an_error_keeps_its_line_breaks(sample, parse):
    kim = next(one for one in sample.submissions if one.learner == "kim")
    (block,) = parse(learner_page(kim)).all("article")[1].all("pre")
    assert block.raw_text == kim.exercises[1].message


def test_an_unreadable_notebook_says_why_and_shows_no_score(sample, parse):
    page = parse(learner_page(sample.submissions[-1]))
    assert page.all(css="notice")[0].text.startswith(
        "This notebook could not be read attention.ipynb"
    )
    assert not page.all(css="score")


def test_flags_are_for_a_person_and_change_no_mark(sample, parse):
    page = parse(learner_page(sample.submissions[6]))
    (flags,) = page.all(css="flags")
    assert "changes no mark" in flags.text
    assert flags.all("li")[0].text == sample.submissions[6].flags[0]


def test_where_to_read_is_text_without_the_books_address_and_a_link_with_it(sample, parse):
    dora = sample.submissions[3]
    plain = parse(learner_page(dora)).all(css="read")[0]
    assert plain.text == "Read: chapter attention, “Step 2: scale”"
    assert not plain.all("a")
    linked = parse(learner_page(dora, book_url="https://x.example/book/")).all(css="read")[0]
    assert linked.text == plain.text
    assert linked.all("a")[0].attributes["href"] == (
        "https://x.example/book/attention.html#attention-scale"
    )


@pytest.mark.parametrize("address", ["../book", "/book", "file:///book", "HTTP://x/book", "book"])
def test_the_book_may_lie_anywhere(sample, address):
    assert "attention.html#attention-scale" in learner_page(sample.submissions[3], book_url=address)


@pytest.mark.parametrize("address", ["javascript:alert(1)", " javascript:x", "data:text/html,x"])
def test_an_address_that_is_a_program_is_refused(sample, address):
    with pytest.raises(ValueError, match="book_url must start with https:// or be a path"):
        learner_page(sample.submissions[3], book_url=address)
