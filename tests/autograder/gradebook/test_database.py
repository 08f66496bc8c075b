"""Opening the gradebook: what cannot be opened says why, and crashes do no harm."""

from __future__ import annotations

import sys

import pytest

from autograder.gradebook import Gradebook, GradebookError

from .postgresql import Server


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("grades.db", "must be a database URL, for example sqlite:///grades.db; got 'grades.db'"),
        ("", "must be a database URL"),
        ("nosuch://host/x", "no such kind of database: nosuch"),
        ("postgresql://u:secret@host:port/x", r"must be a database URL.*got postgresql://…$"),
    ],
)
def test_a_bad_url_says_what_a_good_one_looks_like(url, words):
    with pytest.raises(GradebookError, match=words):
        Gradebook(url)


def test_a_missing_driver_is_named_and_the_password_is_not(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg2", None)
    words = r"needs the Python package psycopg2: install it first, as attnbook\[postgresql\] does"
    with pytest.raises(GradebookError, match=words) as caught:
        Gradebook("postgresql+psycopg2://user:secret@host/x")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("name", ["a?b#c.db", "a%20b.db", "x=1&y.db", "名前.db"])
def test_a_path_may_hold_characters_that_mean_something_in_a_url(tmp_path, name):
    Gradebook(tmp_path / name).close()
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(GradebookError, match=r"the folder .*nowhere does not exist"):
        Gradebook(f"sqlite:///{tmp_path}/nowhere/grades.db")


def test_a_folder_in_the_place_of_the_file_is_named(tmp_path):
    with pytest.raises(GradebookError, match="is a folder; name a file in it"):
        Gradebook(f"sqlite:///{tmp_path}")


def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(tmp_path):
    file = tmp_path / "grades.db"
    file.write_bytes(b"learner,score\nada,9\n" * 100)
    with pytest.raises(GradebookError, match="not an SQLite database; choose another file"):
        Gradebook(f"sqlite:///{file}")
    assert file.read_bytes() == b"learner,score\nada,9\n" * 100


def test_a_damaged_database_is_refused_with_a_remedy(file_url, tmp_path, graded):
    with Gradebook(file_url) as book:
        book.record([graded()], seed=7, isolation="full")
    file = tmp_path / "grades.db"
    content = bytearray(file.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    file.write_bytes(content)
    with pytest.raises(GradebookError, match="the file is damaged; restore a copy"):
        Gradebook(file_url).attempts()


def test_a_database_that_may_not_be_written_can_be_read_and_says_so(file_url, tmp_path, graded):
    with Gradebook(file_url) as book:
        book.record([graded("ada")], seed=7, isolation="full")
    with Gradebook(f"sqlite:///file:{tmp_path}/grades.db?mode=ro&uri=true") as book:
        assert book.final_score("ada", "attention").score == 6.0
        with pytest.raises(GradebookError, match="may not be written"):
            book.record([graded("ben")], seed=7, isolation="full")


def test_sqlite_is_set_up_to_survive_a_crash(file_url):
    with Gradebook(file_url) as book, book._engine.connect() as connection:
        for name, value in [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1)]:
            assert connection.exec_driver_sql(f"PRAGMA {name}").scalar() == value


def test_a_server_that_does_not_answer_is_named_without_the_password(tmp_path):
    words = r"cannot use the gradebook postgresql://ada:\*\*\*@"
    with pytest.raises(GradebookError, match=words) as caught:
        Gradebook(f"postgresql://ada:secret@/grades?host={tmp_path}")
    assert "secret" not in str(caught.value)


@pytest.mark.slow
def test_a_server_that_was_restarted_is_found_again(graded):
    server = Server()
    try:
        with Gradebook(server.new_database()) as book:
            book.record([graded()], seed=7, isolation="full")
            server.kill()
            server.start()
            assert len(book.attempts()) == 1
    finally:
        server.stop()
