"""A CSV file in which one cell is changed: every other byte stays."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.exports.csv_file import CsvFile, TemplateError, read_csv

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8)
FILES = [
    b"a,b\n1,2\n",
    b"a,b\r\n1,2",
    b"\xef\xbb\xbfa,b\n1,2\n",
    b'"a","b"\n"x ""y"" z",2\n',
    b'a,b\n"two\r\nlines",2\n\n3,4\n',
    b"a;b;c\n1;;\n",
    b"a\tb\n1\t2\r\n",
    b"a,b\nJos\xe9,2\n",
    b"a,b\n\xff\xfe,2\n",
    b"a,b\r1,2\r",
    b'a,b\nx"y,2\n',
    b"a,b,\n1,2,\n",
]


def anything(header: list[str]) -> bool:
    return len(header) > 1


def read(content: bytes) -> CsvFile:
    return read_csv(content, anything, "two columns")


@pytest.mark.parametrize("content", FILES)
def test_a_file_that_is_not_changed_keeps_its_bytes(content):
    assert read(content).content() == content


@given(
    st.lists(st.lists(TEXT, min_size=2, max_size=4), min_size=1, max_size=4),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    st.sampled_from(["\n", "\r\n"]),
)
def test_what_python_writes_is_read_as_python_reads_it(rows, quoting, ends):
    sheet = io.StringIO(newline="")
    csv.writer(sheet, quoting=quoting, lineterminator=ends).writerows([["h", "i"], *rows])
    content = sheet.getvalue().encode()
    file = read_csv(content, lambda header: header == ["h", "i"], "h and i")
    assert file.content() == content
    values = [[file.value(r, c) for c in range(len(row))] for r, row in enumerate(file.rows)]
    read = csv.reader(io.StringIO(sheet.getvalue(), newline=""))
    assert values == [row or [""] for row in read]  # Python reads an empty line as no cell at all


def test_a_changed_cell_keeps_its_quotes_and_touches_no_other():
    file = read(b'a,b,c\r\n"1","old",3\r\nx,y\r\n')
    file.fill(1, 1, "9.5")
    file.fill(2, 2, "7")
    assert file.content() == b'a,b,c\r\n"1","9.5",3\r\nx,y,7\r\n'


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'a,b\n"1,2\n', "row 2: a quote is not closed"),
        (b'a,b\n"1"x,2\n', "row 2: .* text follows a quote"),
        ("a,b\n1,2\n".encode("utf-16"), "UTF-16"),
        (b"", "must hold two columns, but it is: empty"),
        (b"only\n1\n", "must hold two columns, but it is: only"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_the_place(content, message):
    with pytest.raises(TemplateError, match=message):
        read(content)
