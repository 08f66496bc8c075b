"""Any name has a path of its own that never leaves the folder."""

from __future__ import annotations

import posixpath
import re
import unicodedata
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.reports.paths import link, report_path, slug

AWKWARD = [
    "",
    " ",
    ".",
    "..",
    "../../etc/passwd",
    "/",
    "/etc/passwd",
    "a/b",
    "a\\b",
    "C:\\x",
    "=1+1",
    "<script>",
    "?x#y%2e%2e",
    "Ada Lovelace",
    "名前",
    "émile",
    "e\u0301mile",
    "Ada",
    "ADA",
    "ada",
    "ada ",
    "ada.",
    "ada~0",
    "con",
    "CON",
    "aux.txt",
    "lpt1",
    "nul",
    ".hidden",
    "-rf",
    "a\x00b",
    "a\nb",
    "\u202egnp.ada",
    "\udcff",
    "ß",
    "ss",
    "ı",
    "a" * 300,
    "a" * 299 + "b",
    "字" * 300,
    "index.html",
]
RESERVED = re.compile(r"(con|prn|aux|nul|com[\d¹²³]|lpt[\d¹²³])(\.|$)", re.IGNORECASE)


def composed(name):
    """Return what a file system may compare that ignores how accents are written."""
    return unicodedata.normalize("NFKD", name)


@pytest.mark.parametrize(
    "name", ["ada", "Ada", "Ada Lovelace", "s0123456", "ada.lovelace", "ada_l-2"]
)
def test_a_plain_name_is_its_own_folder(name):
    assert str(report_path(name, "attention")) == f"reports/{name}/attention.html"


@pytest.mark.parametrize(
    ("name", "readable"),
    [
        ("Ada (Lovelace)", "ada-lovelace"),
        ("<script>alert(1)</script>", "script-alert-1-script"),
        ("Иван Петров", "иван-петров"),
        ("../../etc/passwd", "etc-passwd"),
        ("…", "unnamed"),
    ],
)
def test_the_path_of_another_name_starts_with_what_is_readable_of_it(name, readable):
    assert re.fullmatch(rf"{readable}~[0-9a-f]{{16}}", slug(name))


def test_awkward_names_do_not_share_a_path():
    assert len({composed(slug(name)) for name in AWKWARD}) == len(AWKWARD)


@pytest.mark.parametrize("name", AWKWARD)
def test_an_awkward_name_is_one_ordinary_file_name(name, tmp_path):
    made = slug(name)
    assert not RESERVED.match(made)
    assert len(made.encode("utf-8")) <= 240
    assert made[0] not in ".-~ "
    assert made[-1] not in ". "
    assert not set(made) & set('/\\:*?"<>|\x00\n')
    path = tmp_path / report_path(name, name)
    path.parent.mkdir(parents=True)
    path.write_text("x")
    assert path.resolve().is_relative_to(tmp_path / "reports")


@pytest.mark.parametrize("name", AWKWARD)
def test_a_link_leads_to_the_path(name):
    path = report_path(name, "attention")
    url = link(path)
    assert re.fullmatch(r"[A-Za-z0-9/._~%-]+", url)
    assert unquote(url) == str(path)
    assert posixpath.normpath(url) == url


@given(st.text(st.characters(), max_size=80), st.text(st.characters(), max_size=80))
def test_two_names_never_share_a_path(first, second):
    assert (composed(slug(first)) == composed(slug(second))) == (first == second)


@given(st.text(st.characters(), max_size=80))
def test_nobody_takes_the_path_of_another_by_being_called_like_it(name):
    assert slug(name) == name or slug(slug(name)) != slug(name)
