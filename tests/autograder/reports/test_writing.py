"""Reports on disk: all of them, each whole, nothing else touched."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from urllib.parse import unquote

import msgspec
import pytest

from autograder import reports
from autograder.reports import report_path
from autograder.reports.paths import slug

WHEN = dt.datetime(2026, 3, 4, 5, 6, tzinfo=dt.UTC)


def write_reports(results, out, **more):
    return reports.write_reports(
        results.submissions, out, isolation=results.isolation, seed=results.seed, **more
    )


def files(directory):
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file()
    }


def test_every_link_of_the_class_page_leads_to_a_report_that_is_the_learners(
    sample, parse, tmp_path
):
    index = write_reports(sample, tmp_path / "new" / "out")
    assert index == tmp_path / "new" / "out" / "index.html"
    links = parse(index.read_text(encoding="utf-8")).all("a")
    assert len({one.attributes["href"] for one in links}) == len(sample.submissions)
    for one in links:
        report = index.parent / unquote(one.attributes["href"])
        assert parse(report.read_text(encoding="utf-8")).all("h1")[0].text == one.text


def test_names_that_lead_elsewhere_stay_inside(sample, submit, tmp_path):
    names = ["../../evil", "/etc/evil", "..", "", "a" * 300, "CON", "Ada", "ada", "\udcff"]
    results = msgspec.structs.replace(sample, submissions=[submit(name) for name in names])
    out = tmp_path / "out"
    write_reports(results, out)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert len(files(out)) == len(names) + 1


def test_writing_again_gives_the_same_bytes(sample, tmp_path):
    write_reports(sample, tmp_path, when=WHEN)
    before = files(tmp_path)
    write_reports(sample, tmp_path, when=WHEN)
    assert files(tmp_path) == before


def test_reports_of_others_and_other_files_stay(sample, tmp_path):
    write_reports(sample, tmp_path)
    (tmp_path / "results.json").write_text("{}")
    only_ada = msgspec.structs.replace(sample, submissions=sample.submissions[:1])
    write_reports(only_ada, tmp_path)
    assert (tmp_path / report_path("dora", "attention")).exists()
    assert (tmp_path / "results.json").read_text() == "{}"


@pytest.mark.parametrize("place", [0, 5, -1])
def test_a_run_that_is_cut_off_leaves_whole_pages_and_the_next_one_clears_up(
    sample, tmp_path, monkeypatch, place
):
    """Cut while a draft is complete but not yet in its place."""
    write_reports(sample, tmp_path, when=WHEN)
    before = files(tmp_path)
    victims = [*(report_path(one.learner, one.stem).parent.name for one in sample.submissions)]
    victims.append(tmp_path.name)
    move = Path.replace

    def cut_off(path, target):
        if path.parent.name == victims[place]:
            raise KeyboardInterrupt
        return move(path, target)

    better = msgspec.structs.replace(sample, seed=8)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", cut_off)
        with pytest.raises(KeyboardInterrupt):
            write_reports(better, tmp_path, when=WHEN)
    during = files(tmp_path)
    assert during["index.html"] == before["index.html"]
    assert all(page.rstrip().endswith(b"</html>") for page in during.values())
    write_reports(better, tmp_path, when=WHEN)
    assert set(files(tmp_path)) == set(before)
    assert b"Seed 8" in (tmp_path / "index.html").read_bytes()


def test_a_page_is_never_seen_half_written(sample, tmp_path, monkeypatch):
    """Whatever is opened for writing has another name than a page."""
    opened = []
    open_file = Path.open

    def watch(path, mode="r", *args, **kwargs):
        if "w" in mode:
            opened.append(path.name)
        return open_file(path, mode, *args, **kwargs)

    monkeypatch.setattr(Path, "open", watch)
    write_reports(sample, tmp_path)
    assert len(opened) == len(sample.submissions) + 1
    assert all(name.startswith(".") and name.endswith(".part") for name in opened)


def test_a_path_does_not_depend_on_who_else_is_in_the_class(sample, tmp_path):
    write_reports(msgspec.structs.replace(sample, submissions=sample.submissions[7:8]), tmp_path)
    assert (tmp_path / "reports" / slug(sample.submissions[7].learner) / "attention.html").exists()
