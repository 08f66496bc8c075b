"""``autograder gradebook``: what each command prints, changes and refuses."""

from __future__ import annotations

import datetime as dt
import time

import msgspec
import pytest
from click.testing import CliRunner

from autograder import sheets
from autograder.cli.gradebook import gradebook as command
from autograder.gradebook import COUNTING, RULES, Gradebook

pytestmark = pytest.mark.slow
DUE = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
WRITING = {
    "mark": ("ada", "attention", "1"),
    "due": ("attention", "2026-03-01"),
    "extend": ("ada", "attention", "2026-03-01"),
    "late": ("attention", "per_day", "0.1"),
    "counts": ("attention", "best"),
    "enroll": ("cy",),
    "withdraw": ("ada",),
}
READING = ("show", "history", "sheets", "courses")


@pytest.fixture
def folder(tmp_path, graded):
    """Return a folder with a gradebook in which ada has 4 of 6 points and ben all."""
    results = [graded("ada", causal=1.0), graded("ben")]
    results[0] = msgspec.structs.replace(
        results[0], submitted=(DUE + dt.timedelta(hours=1)).isoformat()
    )
    with Gradebook(tmp_path / "gradebook.sqlite", who="kim") as book:
        book.record(results, seed=7, isolation="full")
    return tmp_path


def run(*arguments):
    return CliRunner().invoke(command, [str(argument) for argument in arguments])


def said(*arguments):
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    return result.output


def test_every_command_is_known_to_these_tests_and_explains_itself():
    assert sorted(command.commands) == sorted([*WRITING, *READING])
    for name in command.commands:
        assert "Usage" in said(name, "--help")


def test_the_help_names_every_rule_and_choice():
    text = said("late", "--help")
    assert [name for name in RULES if name not in text] == []
    text = said("counts", "--help")
    assert [name for name in COUNTING if name not in text] == []


def test_the_grades_of_a_folder_are_shown_in_columns(folder):
    said("due", folder, "attention", DUE.isoformat())
    said("mark", folder, "ben", "attention", "2.5", "--exercise", "causal_mask")
    assert said("show", folder).splitlines() == [
        "ada  attention  4 of 6    late",
        "ben  attention  5.5 of 6  marked by hand",
    ]
    assert said("show", folder, "--sheet", "attention") == said("show", folder)


def test_one_learners_grade_is_explained(folder):
    said("due", folder, "attention", DUE.isoformat())
    said("late", folder, "attention", "per_day", "0.25")
    assert said("show", folder, "--learner", "ada").splitlines() == [
        "ada, attention: 3 of 6",
        "  attempt 1 of 1 counts, the latest: 4 of 6 points by the checks",
        "  due 2026-03-01 12:00 UTC; handed in 2026-03-01 13:00 UTC, 1 h late",
        "  per_day(0.25): 4 becomes 3",
        "  final score: 3 of 6",
    ]


def test_decisions_say_what_holds_now_and_can_be_taken_back(folder):
    mark = ("mark", folder, "ada", "attention")
    assert said(*mark, "2", "--comment", "see me") == "ada, attention: 2 of 6\n"
    assert said(*mark, "none") == "ada, attention: 4 of 6\n"
    due = ("due", folder, "attention")
    assert said(*due, DUE.isoformat()) == "attention: due 2026-03-01 12:00 UTC\n"
    extend = ("extend", folder, "ada", "attention")
    later = (DUE + dt.timedelta(days=1)).isoformat()
    assert said(*extend, later) == "ada, attention: due 2026-03-02 12:00 UTC\n"
    assert said(*extend, "none") == "ada, attention: due 2026-03-01 12:00 UTC\n"
    assert said("late", folder, "attention", "cut_off", "3") == "attention: cut_off(3)\n"
    assert said("counts", folder, "attention", "best") == "attention: the best attempt counts\n"
    assert said("sheets", folder) == (
        "attention  due 2026-03-01 12:00 UTC  cut_off(3)  the best attempt counts\n"
    )
    assert said("late", folder, "attention", "no_penalty") == "attention: no_penalty\n"
    assert said(*due, "none") == "attention: no due date\n"
    assert said("enroll", folder, "cy", "dora") == "4 learners take part\n"
    assert said("withdraw", folder, "cy") == "3 learners take part\n"


def test_the_history_says_who_and_what(folder):
    said("mark", folder, "ada", "attention", "2", "--comment", "see me")
    lines = said("history", folder, "--learner", "ada").splitlines()
    assert len(lines) == 3
    assert lines[1].split()[3:6] == ["kim", "ada", "attention"]
    assert lines[2].endswith("2 points by hand on the whole sheet: see me")


@pytest.mark.parametrize(
    ("typed", "utc"),
    [
        ("2026-03-01", "2026-03-02 04:59"),
        ("2026-03-01T18:00", "2026-03-01 23:00"),
        ("2026-03-01T18:00+01:00", "2026-03-01 17:00"),
        ("2026-03-01T18:00Z", "2026-03-01 18:00"),
    ],
)
def test_a_date_is_the_end_of_its_day_where_the_machine_is(folder, monkeypatch, typed, utc):
    monkeypatch.setenv("TZ", "EST+5")
    time.tzset()
    try:
        assert said("due", folder, "attention", typed) == f"attention: due {utc} UTC\n"
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("mark", "adda", "attention", "1"), "no learner 'adda': did you mean 'ada'"),
        (("show", "--learner", "benn"), "no learner 'benn': did you mean 'ben'"),
        (("history", "--learner", "benn"), "no learner 'benn': did you mean 'ben'"),
        (("extend", "adda", "attention", "none"), "no learner 'adda': did you mean 'ada'"),
        (("withdraw", "adda"), "no learner 'adda': did you mean 'ada'"),
        (("due", "attentoin", "none"), "no sheet 'attentoin': did you mean 'attention'"),
        (("mark", "ada", "attention", "7"), "between 0 and 6, got 7"),
        (("mark", "ada", "attention", "lots"), "'lots' is no number of points; to withdraw"),
        (("due", "attention", "soon"), "'soon' is no time such as 2026-03-01"),
        (("late", "attention", "perday", "0.1"), "no late rule 'perday': did you mean 'per_day'"),
        (("late", "attention", "per_day", "10"), "from 0 to 1, got 10"),
        (("counts", "attention", "first"), "no way of counting attempts 'first'"),
        (("show", "--course", "nlp"), "no course 'nlp': there is 'default'"),
    ],
)
def test_what_cannot_be_is_refused_with_what_can(folder, arguments, words):
    name, *rest = arguments
    result = run(name, folder, *rest)
    assert result.exit_code == 2
    assert words in " ".join(result.output.split())


def test_a_place_without_a_gradebook_is_named_and_none_is_made(tmp_path):
    result = run("show", tmp_path)
    assert result.exit_code == 2
    assert f"there is no gradebook {tmp_path / 'gradebook.sqlite'}" in result.output
    assert run("show", tmp_path / "no.db").exit_code == 2
    assert list(tmp_path.iterdir()) == []


def test_a_file_and_a_url_are_gradebooks_too(folder):
    file = folder / "gradebook.sqlite"
    assert said("show", file) == said("show", f"sqlite:///{file}") == said("show", folder)


def test_a_new_gradebook_says_that_nothing_is_recorded(file_url):
    for name in ("show", "history", "sheets"):
        assert said(name, file_url) == "nothing is recorded yet\n"


def test_the_rules_of_a_sheet_can_be_set_before_anybody_hands_it_in(file_url):
    stem = sheets.sheets()[0]
    assert "per_day(0.1)" in said("late", file_url, stem, "per_day", "0.1")
    assert "no sheet 'no-such'" in run("late", file_url, "no-such", "per_day", "0.1").output


def test_a_course_is_added_and_chosen(folder):
    assert said("courses", folder, "--add", "nlp") == "default\nnlp\n"
    assert said("enroll", folder, "--course", "nlp", "zoe") == "1 learners take part\n"
    assert said("show", folder, "--course", "nlp") == "nothing is recorded yet\n"


def test_names_cannot_write_to_the_terminal(folder, graded):
    with Gradebook(folder / "gradebook.sqlite") as book:
        book.record([graded("eve\x1b[2J\n[red]")], seed=7, isolation="full")
    for arguments in (("show",), ("history",), ("show", "--learner", "eve\x1b[2J\n[red]")):
        text = said(arguments[0], folder, *arguments[1:])
        assert "\x1b" not in text
        assert "eve\\x1b[2J\\n[red]" in text
