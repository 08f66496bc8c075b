"""A class of thousands: pages that stay small, written in one pass and in little time."""

from __future__ import annotations

import time
from urllib.parse import unquote

import pytest

from autograder.reports import ClassTally, Run, class_pages, learner_page, write_reports

from .crowd import alike, crowd, unnamed_cluster

pytestmark = pytest.mark.slow

RUN = {"isolation": "full", "seed": 7}


def write(directory, size):
    names = [f"Learner {number:05}" for number in range(size)]
    return write_reports(
        crowd(size),
        directory,
        **RUN,
        clusters=[unnamed_cluster(*names, cluster=f"{number:012}") for number in range(100)],
        similar=[alike(names[0], name) for name in names[1:]],
    )


def test_the_page_of_a_large_class_is_as_light_as_that_of_a_small_one(tmp_path):
    sizes = [len(write(tmp_path / str(size), size).read_bytes()) for size in (300, 600, 1200)]
    assert sizes[0] < 350_000
    assert sizes[1] < 160_000
    assert sizes[2] < 1.05 * sizes[1]
    parts = [len(page.read_bytes()) for page in (tmp_path / "1200" / "learners").iterdir()]
    assert len(parts) == 5
    assert max(parts) < 200_000


def test_every_learner_of_a_large_class_is_on_one_list_that_the_class_page_links_to(
    tmp_path, parse
):
    index = write(tmp_path, 600)
    links = {one.attributes["href"] for one in parse(index.read_text()).all("a")}
    lists = sorted(link for link in links if link.startswith("learners/"))
    assert lists == [f"learners/attention-{number}.html" for number in (1, 2, 3)]
    found = []
    for link in lists:
        page = tmp_path / link
        (table,) = parse(page.read_text()).all(css="learners")
        for one in table.all("a"):
            report = page.parent / unquote(one.attributes["href"])
            assert report.resolve().is_relative_to(tmp_path / "reports")
            assert report.is_file()
            found.append(one.text)
    assert found == [f"Learner {number:05}" for number in range(600)]


def test_the_lists_lead_to_one_another_and_back(tmp_path, parse):
    write(tmp_path, 600)
    middle = parse((tmp_path / "learners" / "attention-2.html").read_text()).all("nav")[0]
    assert [one.attributes["href"] for one in middle.all("a")] == [
        "../index.html",
        "attention-1.html",
        "attention-3.html",
    ]


def test_lists_of_an_earlier_larger_class_go_and_other_files_stay(tmp_path):
    write(tmp_path, 600)
    (tmp_path / "learners" / "notes.txt").write_text("mine")
    write(tmp_path, 301)
    left = sorted(file.name for file in (tmp_path / "learners").iterdir())
    assert left == ["attention-1.html", "attention-2.html", "notes.txt"]
    write(tmp_path, 30)
    assert [file.name for file in (tmp_path / "learners").iterdir()] == ["notes.txt"]


def test_results_are_read_once_and_let_go(tmp_path):
    """A stream that asks, at each step, whether the page before it is already there."""

    def stream():
        for number, result in enumerate(crowd(40)):
            if number:
                assert (tmp_path / "reports" / f"Learner {number - 1:05}").is_dir()
            yield result
        assert not (tmp_path / "index.html").exists()

    assert write_reports(stream(), tmp_path, **RUN).is_file()


def test_a_learners_page_takes_less_than_two_milliseconds_and_25_kilobytes():
    results, run = list(crowd(100)), Run("full", 7)
    times = []
    for _ in range(5):
        start = time.process_time()
        pages = [learner_page(result, run=run) for result in results]
        times.append((time.process_time() - start) / len(results))
    assert min(times) < 0.002
    assert max(len(page.encode()) for page in pages) < 25_000


def test_the_pages_of_a_class_four_times_as_large_take_about_four_times_as_long():
    """Something counted anew for every row would take sixteen times as long."""

    def seconds(size):
        course = ClassTally()
        for result in crowd(size):
            course.add(result)
        start = time.process_time()
        class_pages(course, run=Run("full", 7))
        return time.process_time() - start

    assert seconds(4000) < 8 * max(seconds(1000), 0.05)
