"""kill -9 of the database, or of the program that writes: nothing is lost, nothing is there twice.

What was committed before the kill is there after it; the run is repeated and adds the rest.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest
import sqlalchemy

from autograder.gradebook import Gradebook, GradebookError
from autograder.gradebook.schema import AttemptRow

from .postgresql import Server

pytestmark = pytest.mark.slow
CLASS = 1000

# Records a class; says how far its stream was read, and waits there to be told to go on.
RECORD = """
import sys
import msgspec
from autograder.gradebook import Gradebook
from autograder.results import SubmissionResult

def stream():
    for place, result in enumerate(results):
        if place % 100 == 50:
            print(place, flush=True)
        yield result

results = msgspec.json.decode(sys.stdin.buffer.read(), type=list[SubmissionResult])
with Gradebook(sys.argv[1]) as book:
    book.record(stream(), seed=7, isolation="full")
"""


@pytest.fixture
def everyone(graded):
    """Return the results of a class of 1,000."""
    return [graded(f"l{number:04}", causal=float(number % 4)) for number in range(CLASS)]


@pytest.fixture
def own_server():
    """Yield a server that a test may kill."""
    server = Server()
    yield server
    server.stop()


def require_once(url, everyone):
    """Everybody's result is there as it was, with each of its rows once."""
    with Gradebook(url) as book:
        assert [one.result for one in book.attempts()] == everyone
        assert len(book.grades()) == len(everyone)
        events = [event for event in book.history() if event.stem]
        assert len(events) == len(everyone)
    expected = {
        "learner": CLASS, "enrollment": CLASS, "attempt": CLASS, "recording": CLASS, "sheet": 1,
        "exercise_result": 2 * CLASS, "check_result": 2 * CLASS,
    }  # fmt: skip
    engine = sqlalchemy.create_engine(url)
    with engine.connect() as connection:
        for table, rows in expected.items():
            found = connection.scalar(sqlalchemy.text(f"SELECT count(*) FROM {table}"))
            assert (table, found) == (table, rows)
        if engine.dialect.name == "sqlite":
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
    engine.dispose()


def test_kill_9_of_the_database_loses_nothing_and_enters_nothing_twice(own_server, everyone):
    url = own_server.new_database()

    def dying(place_of_death):
        for place, result in enumerate(everyone):
            if place == place_of_death:
                own_server.kill()
            yield result

    for place_of_death, expected in ((450, 400), (830, 800)):
        with (
            Gradebook(url) as book,
            pytest.raises(GradebookError, match="cannot use"),
        ):
            book.record(dying(place_of_death), seed=7, isolation="full")
        own_server.start()
        with Gradebook(url) as book:
            assert [one.result for one in book.attempts()] == everyone[:expected]
    with Gradebook(url) as book:
        assert book.record(everyone, seed=7, isolation="full") == CLASS - 800
    require_once(url, everyone)


def test_kill_9_of_the_database_in_the_middle_of_a_transaction(own_server, everyone):
    """The kill comes from the side, at a moment that nobody chose, several times."""
    url = own_server.new_database()
    committed = cut_off = 0
    for wait in (0.05, 0.1, 0.2, 0.4):
        with Gradebook(url) as book:
            timer = threading.Timer(wait, own_server.kill)
            timer.start()
            try:
                book.record(everyone, seed=7, isolation="full")
            except GradebookError:
                cut_off += 1
            timer.join()
        own_server.start()
        with Gradebook(url) as book:
            there = [one.result for one in book.attempts()]
        assert len(there) >= committed
        assert len(there) % 100 == 0
        assert there == everyone[: len(there)]
        committed = len(there)
    assert cut_off > 0
    with Gradebook(url) as book:
        book.record(everyone, seed=7, isolation="full")
    require_once(url, everyone)


@pytest.mark.parametrize("place_of_death", [50, 350, 950])
def test_kill_9_of_the_program_that_writes(url, everyone, place_of_death):
    Gradebook(url).close()
    process = subprocess.Popen(
        [sys.executable, "-c", RECORD, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    process.stdin.write(msgspec.json.encode(everyone))
    process.stdin.close()
    while int(process.stdout.readline()) < place_of_death:
        pass
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    with Gradebook(url) as book:
        there = [one.result for one in book.attempts()]
        assert there == everyone[: len(there)]
        assert place_of_death - 50 <= len(there) < CLASS + 1
        assert len(there) % 100 == 0
        assert book.record(everyone, seed=7, isolation="full") == CLASS - len(there)
    require_once(url, everyone)


def test_two_graders_may_record_the_same_class_at_once(url, everyone):
    """Both in a program of their own, in opposite order: each waits for the other's batch."""
    Gradebook(url).close()

    def grader(results):
        process = subprocess.run(
            [sys.executable, "-c", RECORD, url],
            input=msgspec.json.encode(results),
            capture_output=True,
            check=False,
        )
        assert process.returncode == 0, process.stderr.decode()

    with ThreadPoolExecutor(2) as graders:
        list(graders.map(grader, [everyone, everyone[::-1]]))
    require_once(url, everyone)


def test_reading_does_not_wait_for_a_grader_that_writes(url, everyone):
    with Gradebook(url) as writer, Gradebook(url) as reader:
        writer.record(everyone[:100], seed=7, isolation="full")
        with writer._writing():
            assert len(reader.attempts()) == 100
            assert len(reader.grades()) == 100


def test_what_is_read_in_one_go_is_of_one_moment(url, everyone):
    """Grades are read in several statements; between them a grader may enter a batch."""
    with Gradebook(url) as writer, Gradebook(url) as reader:
        writer.record(everyone[:100], seed=7, isolation="full")
        with reader._reading() as session:
            count = sqlalchemy.select(sqlalchemy.func.count(AttemptRow.id))
            assert session.scalar(count) == 100
            writer.record(everyone[:200], seed=7, isolation="full")
            assert session.scalar(count) == 100
        assert len(reader.attempts()) == 200
