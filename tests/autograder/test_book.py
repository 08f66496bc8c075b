"""What the book says of its chapters, for pages that are made outside of it."""

from pathlib import Path

from autograder.book import chapter_title, heading, in_reading_order

CONTENTS = """
parts:
  - chapters:
      - file: book/seq2seq_models
      - file: book/attention
      - file: book/exercises/attention
"""


def a_book(root: Path) -> Path:
    (root / "book").mkdir()
    (root / "book" / "seq2seq_models.md").write_text("(seq2seq-models)=\n# One vector for all\n")
    (root / "_toc.yml").write_text(CONTENTS)
    return root


def test_a_chapter_is_called_as_its_page_is(tmp_path):
    root = a_book(tmp_path)
    assert chapter_title("seq2seq_models", root) == "One vector for all"
    assert chapter_title("attention", root) == "attention"


def test_chapters_come_in_the_order_of_the_book_and_others_last(tmp_path):
    root = a_book(tmp_path)
    stems = ["zeta", "attention", "alpha", "seq2seq_models"]
    assert in_reading_order(stems, root) == ["seq2seq_models", "attention", "alpha", "zeta"]


def test_without_the_book_stems_stand_for_themselves(tmp_path):
    assert heading("attention", tmp_path) is None
    assert chapter_title("attention", tmp_path) == "attention"
    assert in_reading_order(["b", "a"], tmp_path) == ["a", "b"]
