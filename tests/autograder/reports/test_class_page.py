"""What the class page says, read the way a browser reads it."""

from __future__ import annotations

import datetime as dt
import re

import msgspec

from autograder.reports import class_page, report_path
from autograder.reports.paths import link

WHEN = dt.datetime(2026, 3, 4, 5, 6, tzinfo=dt.UTC)


def headings(page):
    return [one.text for one in page.inside if re.fullmatch(r"h[1-6]", one.tag)]


def test_the_class_page_says_when_and_how_it_was_graded(sample, parse):
    page = parse(class_page(sample, when=WHEN))
    assert page.all(css="facts")[0].text == "Report of 4 March 2026, 05:06 Seed 7 Isolation full"
    assert page.all("time")[0].attributes["datetime"] == "2026-03-04T05:06:00+00:00"


def test_the_class_page_says_how_many_were_graded_and_how_well(sample, parse):
    page = parse(class_page(sample))
    figures = dict(
        zip([one.text for one in page.all("dt")], [one.text for one in page.all("dd")], strict=True)
    )
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
    assert names[:4] == ["attention", "Scores", "Needs a person", "Which mistakes the class makes"]


def test_several_sheets_have_a_section_each(sample, submit, parse):
    both = [*sample.submissions, submit("ada", stem="heads")]
    page = parse(class_page(msgspec.structs.replace(sample, submissions=both)))
    assert [one.text for one in page.all("h2")] == ["attention", "heads"]
    targets = {one.attributes.get("id") for one in page.inside}
    inner = [
        one.attributes["href"][1:] for one in page.all("a") if one.attributes["href"][0] == "#"
    ]
    assert len(inner) == 2
    assert set(inner) <= targets


def test_a_class_of_nobody_is_a_page_too(sample, parse):
    page = parse(class_page(msgspec.structs.replace(sample, submissions=[])))
    assert "no submission" in page.all("main")[0].text
