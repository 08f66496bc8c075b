"""Files that are no notebook, or not quite one: what is said about each, where, and the remedy."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

CELLS = ["import torch\n", "def causal_mask(n):\n    return n\n"]
OWN = "Open your own notebook in Jupyter, save it and hand that file in again."
SAVE = "Open it in Jupyter, save it and hand it in again."
ITSELF = "Hand in the notebook itself, the file that ends in .ipynb."
DOWNLOAD = "Download the notebook (File, Download) and hand in that file."
CODE = "Make it a code cell (press Y in Jupyter), save and hand in again."
DELETE = "Delete the cells that are not the sheet's and hand it in again."
KERNEL = "Choose a Python kernel (Kernel, Change Kernel), run all cells, save and hand in again."


@dataclass(frozen=True)
class Broken:
    """What is handed in, the words that name the trouble, the remedy, and the cell if one is named.

    Attributes:
        read: Whether the file is graded all the same, and the message is a note.
    """

    data: bytes
    says: str
    remedy: str
    cell: int | None = None
    read: bool = False


def code(source: Any, **extra: Any) -> dict[str, Any]:
    return {"cell_type": "code", "metadata": {}, "outputs": [], "source": source, **extra}


def notebook(*cells: Any, **fields: Any) -> dict[str, Any]:
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": list(cells), **fields}


GOOD = notebook({"cell_type": "markdown", "source": "# Hi"}, *(code(cell) for cell in CELLS))
TEXT = json.dumps(GOOD, indent=1)


def old(version: int, *cells: Any, **fields: Any) -> bytes:
    content = {"nbformat": version, "nbformat_minor": 0, "metadata": {"name": ""}}
    return json.dumps(content | {"worksheets": [{"cells": list(cells)}]} | fields).encode()


def dump(content: Any) -> bytes:
    return json.dumps(content).encode()


def note(content: Any, says: str, remedy: str, cell: int | None = None) -> Broken:
    data = content if isinstance(content, bytes) else dump(content)
    return Broken(data, says, remedy, cell, read=True)


def after_good(cell: Any) -> dict[str, Any]:
    """Return a notebook of three cells, the third of which is ``cell``."""
    return notebook(*(code(source) for source in CELLS), cell)


NO_FILE = {
    "empty": Broken(b"", "is empty", OWN),
    "white space": Broken(b" \r\n\t", "is empty", OWN),
    "NUL bytes": Broken(b"\0" * 4096, "holds only NUL bytes: a copy that failed", OWN),
    "NUL bytes at the end": Broken(TEXT.encode() + b"\0" * 9, "goes on after the end", OWN),
    "a zip archive": Broken(b"PK\x03\x04\x14\0\0", "is a zip archive or an office", ITSELF),
    "a gzip archive": Broken(b"\x1f\x8b\x08\0", "is a gzip archive", ITSELF),
    "a bzip2 archive": Broken(b"BZh91AY&SY", "is a bzip2 archive", ITSELF),
    "an xz archive": Broken(b"\xfd7zXZ\0\0", "is an xz archive", ITSELF),
    "a 7-Zip archive": Broken(b"7z\xbc\xaf\x27\x1c\0", "is a 7-Zip archive", ITSELF),
    "a RAR archive": Broken(b"Rar!\x1a\x07\x01", "is a RAR archive", ITSELF),
    "a tar archive": Broken(b"a".ljust(257, b"\0") + b"ustar\0", "is a tar archive", ITSELF),
    "an old office document": Broken(b"\xd0\xcf\x11\xe0\xa1", "is an office document", ITSELF),
    "a formatted text": Broken(rb"{\rtf1\ansi", "is a text with formatting (RTF)", ITSELF),
    "a PDF": Broken(b"%PDF-1.7\n", "is a PDF", ITSELF),
    "a screenshot": Broken(b"\x89PNG\r\n\x1a\n", "is an image", ITSELF),
    "a photograph": Broken(b"\xff\xd8\xff\xe0", "is an image", ITSELF),
    "an animation": Broken(b"GIF89a", "is an image", ITSELF),
    "a database": Broken(b"SQLite format 3\0\x10", "is a database", ITSELF),
    "a pickle": Broken(b"\x80\x04\x95\x0b\0", "is a pickle", ITSELF),
    "a program": Broken(b"\x7fELF\x02", "is a program", ITSELF),
    "a program for Windows": Broken(b"MZ\x90\0", "is a program", ITSELF),
}

NO_JSON = {
    "cut off in a string": Broken(TEXT[:80].encode(), "is cut off (line", OWN),
    "cut off between": Broken(TEXT[: TEXT.index("]")].encode(), "is cut off (line", OWN),
    "a comma too many": Broken(b'{"nbformat": 4,}', "is not JSON (line 1, column 1", OWN),
    "two notebooks in one file": Broken(TEXT.encode() * 2, "goes on after the end", OWN),
    "a web page": Broken(b"<!DOCTYPE html><html>", "is a web page (an HTML export?)", ITSELF),
    "XML": Broken(b'<?xml version="1.0"?><a/>', "is an XML document", ITSELF),
    "a script": Broken(b"#!/usr/bin/env python\n", "is a script or plain text", ITSELF),
    "a text with a header": Broken(b"---\njupytext:\n", "is a script or plain text", ITSELF),
    "a pointer of Git LFS": Broken(
        b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n",
        "is a pointer of Git LFS",
        "Run `git lfs pull` and hand in the file that it fetches.",
    ),
    "a shortcut of Windows": Broken(b"[InternetShortcut]\nURL=x", "is a link to", DOWNLOAD),
    "an address": Broken(b"https://colab.example/drive/1", "is a link to a notebook", DOWNLOAD),
    "a printed dictionary": Broken(b"{'nbformat': 4}", "a dictionary as Python prints it", OWN),
    "conflict marks": Broken(
        b'{\n<<<<<<< HEAD\n"a": 1\n=======\n',
        "line 2 has Git's conflict marks",
        "Resolve the conflict, open the notebook in Jupyter, save it and hand it in again.",
    ),
    "bytes that are not UTF-8": Broken(
        b'{"nbformat": 4,\n"cells": ["\xff\xfe"]}', "line 2 (byte 27) is not UTF-8", OWN
    ),
    "a nesting bomb": Broken(b"[" * 200_000, "is nested too deeply", ITSELF),
    "a nesting bomb in metadata": Broken(
        b'{"cells": [], "metadata": ' + b'{"a":' * 100_000 + b"1" + b"}" * 100_001,
        "is nested too deeply",
        ITSELF,
    ),
    "a very long number": Broken(
        b'{"nbformat": ' + b"9" * 5000 + b"}", "a number that is too long", SAVE
    ),
}

NO_NOTEBOOK = {
    "a list": Broken(b"[]", "it holds a list", ITSELF),
    "a number": Broken(b"7", "it holds a number", ITSELF),
    "a text": Broken(b'"attention"', "it holds a string", ITSELF),
    "null": Broken(b"null", "it holds nothing", ITSELF),
    "some other object": Broken(dump({"name": "ada"}), "neither cells nor a format", ITSELF),
    "a shortcut of Google Drive": Broken(
        dump({"doc_id": "1a", "email": "ada@example.org"}), "is a shortcut to a document", DOWNLOAD
    ),
    "no cells": Broken(dump({"nbformat": 4, "metadata": {}}), "without a list of cells", SAVE),
    "cells of a wrong type": Broken(dump(GOOD | {"cells": {}}), "without a list of cells", SAVE),
    "too many cells": Broken(
        dump(notebook(*[code("")] * 2001)), "has 2001 cells, and at most 2000", DELETE
    ),
    "an old notebook in pieces": Broken(
        dump({"nbformat": 3, "worksheets": 7}), "of format 3 that cannot be upgraded", SAVE
    ),
    "an ancient format": Broken(
        dump({"nbformat": 1, "cells": 3}), "of format 1 that cannot be upgraded", SAVE
    ),
    "an old heading of level 7": Broken(
        old(3, {"cell_type": "raw", "source": ""}, {"cell_type": "heading", "level": 7}),
        "is a heading whose level is no whole number from 1 to 6",
        SAVE,
        cell=2,
    ),
    "a large old notebook": Broken(
        old(3, padding="x" * 2 * 2**20), "format 3 with 2.0 MB, and at most 2 MB", SAVE
    ),
    "an old notebook of too many cells": Broken(
        old(2, *[{"cell_type": "raw", "source": ""}] * 2001), "has 2001 cells", DELETE
    ),
}

NOT_QUITE_ONE = {
    "UTF-16": note(TEXT.encode("utf-16"), "read as UTF-16", "Jupyter writes UTF-8: save it there"),
    "a newer format": note(
        GOOD | {"nbformat": 5},
        "format 5 is newer than the 4 known here",
        "save the notebook with an older Jupyter and hand it in again.",
    ),
    "two cells with one id": note(
        notebook(*(code(cell, id="a") for cell in CELLS)),
        "1 cell ids stand on more than one cell",
        "Nothing is lost; saving it in Jupyter gives new ones.",
    ),
    "something that is no cell": note(after_good(7), "is a number, not a cell", SAVE, 3),
    "a source that is a number": note(after_good(code(7)), "its source is a number", SAVE, 3),
    "a source of lines and numbers": note(
        after_good(code(["x", 1])), "its source is a list", SAVE, 3
    ),
    "a code cell without a source": note(
        after_good({"cell_type": "code"}), "its source is nothing", SAVE, 3
    ),
    "half of a character": note(
        b'{"cells": [{"cell_type": "code", "source": "\\ud800"}]}',
        "half of a character",
        "Type that character again and save.",
        1,
    ),
    "no code": note(
        notebook({"cell_type": "markdown", "source": "x"}),
        "it has no code cell",
        "Write your answers into the cells of the sheet and hand that notebook in.",
    ),
    "a cell of an unknown type": note(
        after_good(code("x") | {"cell_type": "Code"}), "is of no known type", CODE, 3
    ),
    "a cell without a type": note(after_good({"source": "x"}), "is of no known type", CODE, 3),
    "code in a text cell": note(
        after_good({"cell_type": "markdown", "source": [" \n", "def padding_mask(l, n):\n"]}),
        "is a markdown cell that begins like the code of padding_mask",
        CODE,
        3,
    ),
    "code in a raw cell": note(
        after_good({"cell_type": "raw", "source": "class Attention:\n    pass"}),
        "is a raw cell that begins like the code of Attention",
        CODE,
        3,
    ),
    "a notebook for R": note(
        GOOD | {"metadata": {"kernelspec": {"language": "R", "name": "ir"}}},
        "is a notebook for R, and the sheet is graded as Python",
        KERNEL,
    ),
    "a notebook for Julia": note(
        GOOD | {"metadata": {"language_info": {"name": "julia"}}}, "for julia", KERNEL
    ),
}

BROKEN = NO_FILE | NO_JSON | NO_NOTEBOOK | NOT_QUITE_ONE
