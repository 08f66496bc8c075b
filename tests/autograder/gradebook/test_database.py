"""Opening the gradebook: what cannot be opened says why, and a kill loses nothing."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys

import msgspec
import pytest

from autograder.gradebook import Gradebook, GradebookError

# Feeds a stream that stops after 150 results, in the middle of the second batch.
RECORD_AND_HANG = """
import sys, time
import msgspec
from autograder.gradebook import Gradebook
from autograder.results import SubmissionResult

def stream():
    for place, result in enumerate(results):
        if place == 150:
            print("ready", flush=True)
            time.sleep(600)
        yield result

results = msgspec.json.decode(sys.stdin.read(), type=list[SubmissionResult])
Gradebook(sys.argv[1]).record(stream(), seed=7, isolation="full")
"""


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
    with pytest.raises(GradebookError, match="needs the Python package psycopg2") as caught:
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


def test_a_damaged_database_is_refused_with_a_remedy(url, tmp_path, graded):
    with Gradebook(url) as book:
        book.record([graded()], seed=7, isolation="full")
    file = tmp_path / "grades.db"
    content = bytearray(file.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    file.write_bytes(content)
    with pytest.raises(GradebookError, match="the file is damaged; restore a copy"):
        Gradebook(url).attempts()


def test_a_database_that_may_not_be_written_can_be_read_and_says_so(url, tmp_path, graded):
    with Gradebook(url) as book:
        book.record([graded("ada")], seed=7, isolation="full")
    with Gradebook(f"sqlite:///file:{tmp_path}/grades.db?mode=ro&uri=true") as book:
        assert book.final_score("ada", "attention").score == 6.0
        with pytest.raises(GradebookError, match="may not be written"):
            book.record([graded("ben")], seed=7, isolation="full")


def test_tables_of_another_version_are_refused(url, tmp_path):
    Gradebook(url).close()
    with contextlib.closing(sqlite3.connect(tmp_path / "grades.db")) as raw, raw:
        raw.execute("UPDATE gradebook_schema SET version = 99")
    with pytest.raises(GradebookError, match="has schema 99; this version of autograder uses"):
        Gradebook(url)


def test_sqlite_is_set_up_to_survive_a_crash(url):
    with Gradebook(url) as book, book._engine.connect() as connection:
        for name, value in [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1)]:
            assert connection.exec_driver_sql(f"PRAGMA {name}").scalar() == value


def test_kill_9_while_recording_leaves_whole_batches_and_the_rest_can_follow(url, graded):
    everyone = [graded(f"l{i:03}", causal=float(i % 4)) for i in range(250)]
    process = subprocess.Popen(
        [sys.executable, "-c", RECORD_AND_HANG, url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    process.stdin.write(msgspec.json.encode(everyone))
    process.stdin.close()
    assert process.stdout.readline() == b"ready\n"
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    with Gradebook(url) as book:
        assert [one.result for one in book.attempts()] == everyone[:100]
        assert book.record(everyone, seed=7, isolation="full") == 150
        assert [one.result for one in book.attempts()] == everyone
        with book._engine.connect() as connection:
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
