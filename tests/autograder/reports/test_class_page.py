"""What the class page says, read the way a browser reads it."""

from __future__ import annotations

import datetime as dt
import re
import shlex
from pathlib import Path

import msgspec
import pytest

from autograder.cli.mistakes import name
from autograder.reports import report_path
from autograder.reports.paths import link
from autograder.results import ClassResults

from .crowd import CLUSTER, alike, crowd, unnamed_cluster
from .sample_class import class_page

WHEN = dt.datetime(2026, 3, 4, 5, 6, tzinfo=dt.UTC)


def headings(page):
    return [one.text for one in page.inside if re.fullmatch(r"h[1-6]", one.tag)]


def test_the_class_page_says_when_and_how_it_was_graded(sample, parse):
    page = parse(class_page(sample, when=WHEN))
    assert page.all(css="facts")[0].text == "Report of 4 March 2026, 05:06 Seed 7 Isolation full"
    assert page.all("time")[0].attributes["datetime"] == "2026-03-04T05:06:00+00:00"


def test_the_class_page_says_how_many_were_graded_and_how_well(sample, parse):
    (figures,) = parse(class_page(sample)).all(css="figures")
    terms, numbers = figures.all("dt"), figures.all("dd")
    figures = {term.text: number.text for term, number in zip(terms, numbers, strict=True)}
    assert figures == {
        "Graded": "15",
        "Unreadable": "1",
        "Flagged": "1",
        "Mean score": "9.2 of 12",
        "Median score": "11 of 12",
    }


def test_the_distribution_can_be_read_without_seeing_it(sample, parse):
    (histogram,) = parse(class_page(sample)).all(css="histogram")
    bars = [one.text for one in histogram.all("li")]
    assert bars[7] == "3 learners with 7 points"
    assert bars[0] == "1 learner with 0 points"
    assert len(bars) == 13


def test_the_class_page_ranks_mistakes_with_count_share_hint_and_who(sample, parse):
    lists = parse(class_page(sample)).all("ol", css="findings")
    first = next(one for one in lists[0].inside if one.tag == "li")
    assert first.all(css="share")[0].text == "4 learners, 27%"
    assert first.all(css="name")[0].text == "no scale"
    assert first.all(css="hint")[0].text.startswith("Your scores grow with d_head.")
    assert [one.text for one in first.all("a")] == [
        "Ben Carter",
        "Chidi Okafor",
        "dora",
        "oluwaseun",
    ]
    assert first.all(css="fill")[0].attributes["style"] == "width: 26.7%"


def test_many_names_fold_away(sample, submit, parse):
    crowd = [submit(f"l{i}", ("causal_mask", "sees one ahead")) for i in range(9)]
    page = parse(class_page(msgspec.structs.replace(sample, submissions=crowd)))
    (fold,) = page.all("details")
    assert fold.all("summary")[0].text.startswith("Show the 9 learners")
    assert len(fold.all("a")) == 9


def test_the_table_of_learners_links_to_every_report(sample, parse):
    (table,) = parse(class_page(sample)).all(css="learners")
    links = {one.text: one.attributes["href"] for one in table.all("a")}
    assert links == {
        one.learner: link(report_path(one.learner, one.stem)) for one in sample.submissions
    }


def test_a_row_says_score_status_mistakes_and_flags(sample, parse):
    (table,) = parse(class_page(sample)).all(css="learners")
    rows = {one.all("th")[0].text: [cell.text for cell in one.all("td")] for one in table.all("tr")}
    assert rows["dora"][0] == "9.0 of 12"
    assert rows["dora"][1].endswith("2 of 4 correct")
    assert rows["dora"][2] == "attention_weights no scale causal_mask sees one ahead"
    assert rows["grace"][3] == "attention_weights calls torch's scaled_dot_product_attention"
    assert rows["pat"][1] == "unreadable"
    assert rows["pat"][2].startswith("attention.ipynb is not JSON")


def test_what_needs_a_person_comes_early(sample, parse):
    names = headings(parse(class_page(sample)))
    title = "Scaled dot-product attention and masks"
    assert names[:4] == [title, "Scores", "Needs a person", "Which mistakes the class makes"]


def test_several_sheets_have_a_section_each(sample, submit, parse):
    sheets = ("heads", "bottleneck")  # of these, the book has a chapter on the second only
    course = [*sample.submissions, *(submit("ada", stem=stem) for stem in sheets)]
    page = parse(class_page(msgspec.structs.replace(sample, submissions=course)))
    assert [one.text for one in page.all("h1")] == ["3 sheets"]
    assert [one.text for one in page.all("h2")] == [
        "What a fixed-size state loses", "Scaled dot-product attention and masks", "heads"
    ]  # fmt: skip
    targets = {one.attributes.get("id") for one in page.inside}
    inner = [
        one.attributes["href"][1:] for one in page.all("a") if one.attributes["href"][0] == "#"
    ]
    assert len(inner) == 3
    assert set(inner) <= targets


def test_a_class_of_nobody_is_a_page_too(sample, parse):
    page = parse(class_page(msgspec.structs.replace(sample, submissions=[])))
    assert "no submission" in page.all("main")[0].text


def section(page, title):
    return next(
        one
        for one in page.all("section")
        if any(h.text == title for h in one.inside[:1] if h.tag in ("h2", "h3"))
    )


def of_crowd(size, **more):
    results = ClassResults(isolation="full", seed=7, submissions=list(crowd(size)))
    return class_page(results, **more)


def test_a_mistake_without_a_name_says_who_shares_it_what_shows_it_and_how_to_name_it(
    sample, parse
):
    learners = [f"l{number}" for number in range(11)]
    cluster = unnamed_cluster(*learners)
    page = parse(class_page(sample, clusters=[cluster], directory=Path("my class")))
    unnamed = section(page, "Mistakes that have no name yet")
    assert unnamed.all("h3")[0].text.startswith("11 learners share a mistake in padding_mask")
    assert [one.text for one in unnamed.all("a")] == learners
    case, source, command = (one.raw_text for one in unnamed.all("pre"))
    assert case == cluster.example.counterexample
    assert source == cluster.example.source
    assert command == f'autograder name \'my class\' {CLUSTER} "…" --hint "…"'


def test_the_command_that_names_a_mistake_is_one_that_the_command_line_takes(
    sample, parse, tmp_path
):
    directory = tmp_path / "my class; rm -rf"
    directory.mkdir()
    page = parse(class_page(sample, clusters=[unnamed_cluster("a")], directory=directory))
    (command,) = page.all("pre", css="command")
    program, group, *arguments = shlex.split(command.raw_text)
    assert (program, group) == ("autograder", name.name)
    given = name.make_context(group, arguments).params
    assert (given["directory"], given["cluster"], given["name"]) == (directory, CLUSTER, "…")


def test_the_mistake_that_most_share_comes_first_and_the_rest_is_counted(sample, parse):
    many = [unnamed_cluster("a", cluster=f"{number:012}") for number in range(15)]
    shared = unnamed_cluster("a", "b", cluster="shared")
    page = parse(class_page(sample, clusters=[*many, shared]))
    unnamed = section(page, "Mistakes that have no name yet")
    assert unnamed.all("h3")[0].text.endswith("shared")
    assert len(unnamed.all("h3")) == 12
    assert "4 more, of fewer learners each, are in unexplained.json." in unnamed.text


def test_a_very_long_example_is_cut(sample):
    page = class_page(sample, clusters=[unnamed_cluster("a", source="x = 1\n" * 100_000)])
    assert len(page) < 60_000


def test_what_belongs_to_another_sheet_is_not_on_this_one(sample, parse):
    cluster = msgspec.structs.replace(unnamed_cluster("a"), stem="heads")
    pair = msgspec.structs.replace(alike("a", "b"), stem="heads")
    names = headings(parse(class_page(sample, clusters=[cluster], similar=[pair])))
    assert "Mistakes that have no name yet" not in names
    assert "Alike" not in names


def test_answers_that_are_alike_are_a_question_and_no_mark(sample, parse):
    pairs = [alike("dora", "kim", 0.93), alike("ada", "", 0.71)]
    similar = section(parse(class_page(sample, similar=pairs)), "Alike")
    rows = [
        [cell.text for cell in row.inside if cell.tag in ("th", "td")] for row in similar.all("tr")
    ]
    assert rows[1:] == [
        ["dora", "kim", "93%", "causal_mask"],
        ["ada", "the published solution", "71%", "causal_mask"],
    ]
    assert "changes no mark" in similar.text
    assert "does not say who wrote first" in similar.text
    assert {one.attributes["href"] for one in similar.all("a")} == {
        link(report_path(name, "attention")) for name in ("dora", "kim", "ada")
    }


def test_only_the_strongest_pairs_are_listed_and_the_others_counted(sample, parse):
    pairs = [alike(f"a{number}", f"b{number}") for number in range(80)]
    similar = section(parse(class_page(sample, similar=pairs)), "Alike")
    assert len(similar.all("tr")) == 51
    assert "30 more pairs in similar.json" in similar.text


def test_an_exercise_at_which_the_able_fail_is_called_confusing_and_shows_both_groups(parse):
    exercises = section(parse(of_crowd(240)), "Exercises")
    confusing = [one.text for one in exercises.all(css="second-look")]
    assert [text.split(":")[0] for text in confusing] == ["Confusing"] * 2
    assert "do well in the rest fail padding_mask" in confusing[0]
    assert re.search(r"\d+ learners give the same wrong answer to padding_mask", confusing[1])
    apart = {row.all("th")[0].text: row.all(css="apart")[0].text for row in exercises.all("tr")[1:]}
    assert re.fullmatch(
        r"−0\.\d\d the wrong way round; correct: \d+% of the best, \d+% of the weakest",
        apart["padding_mask"],
    )
    assert apart["attention_weights"].startswith("+0.")


def test_a_small_class_is_too_few_to_say_which_exercise_tells_learners_apart(sample, parse):
    exercises = section(parse(class_page(sample)), "Exercises")
    assert {one.text for one in exercises.all(css="apart")} == {"too few learners to say"}
    assert not exercises.all(css="second-look")


def test_times_say_how_many_they_are_known_of_and_who_says_so(parse):
    times = section(parse(of_crowd(100)), "Time spent")
    assert re.search(r"Working time \d+ min half of them between \d+ min and", times.text)
    assert re.search(r"breaks included. Known of \d\d of 100 notebooks", times.text)
    assert "Known of 95 of 100 notebooks" in times.text
    assert "what notebooks say of themselves" in times.text


def test_times_that_nobody_recorded_are_not_known(sample, parse):
    times = section(parse(class_page(sample)), "Time spent")
    assert "no notebook records when its cells were run" in times.text
    assert "no notebook was saved with its run numbers" in times.text
    assert "0.21 s half of them between 0.21 and 0.21 s" in times.text


@pytest.mark.parametrize("names", [["a", "b"], [f"l{number}" for number in range(50)]])
def test_no_list_of_names_is_longer_than_forty(submit, sample, parse, names):
    everyone = [submit(name, ("causal_mask", "sees one ahead")) for name in names]
    page = parse(class_page(msgspec.structs.replace(sample, submissions=everyone)))
    (listed,) = page.all("ol", css="findings")[0].all(css="names")
    assert len(listed.all("a")) == min(40, len(names))
    assert ("and 10 more learners" in page.text) == (len(names) == 50)
