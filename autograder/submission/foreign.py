"""What was handed in, where it is no notebook: recognized, so that its learner hears what to do."""

from __future__ import annotations

import json
import re

from autograder.submission.remedies import HAND_IN_NOTEBOOK, OPEN_AND_SAVE

# What a file is when it is not text: its first bytes.
SIGNATURES = {
    b"PK\x03\x04": "a zip archive or an office document",
    b"\x1f\x8b": "a gzip archive",
    b"BZh": "a bzip2 archive",
    b"\xfd7zXZ\0": "an xz archive",
    b"7z\xbc\xaf\x27\x1c": "a 7-Zip archive",
    b"Rar!\x1a\x07": "a RAR archive",
    b"\xd0\xcf\x11\xe0": "an office document",
    b"{\\rtf": "a text with formatting (RTF)",
    b"%PDF": "a PDF",
    b"\x89PNG": "an image",
    b"\xff\xd8\xff": "an image",
    b"GIF8": "an image",
    b"SQLite format 3\0": "a database",
    b"\x80\x04\x95": "a pickle",
    b"\x7fELF": "a program",
    b"MZ": "a program",
}
TAR_PLACE, TAR = 257, b"ustar"

# What a text is that is no JSON: how it begins, in lower case; and what to do.
TEXTS = (
    (("<!doctype", "<html"), "a web page (an HTML export?)", HAND_IN_NOTEBOOK),
    (("<?xml", "<svg"), "an XML document", HAND_IN_NOTEBOOK),
    (
        ("version https://git-lfs",),
        "a pointer of Git LFS, and the notebook was left behind",
        "Run `git lfs pull` and hand in the file that it fetches.",
    ),
    (
        ("[internetshortcut]", "http://", "https://"),
        "a link to a notebook",
        "Download the notebook (File, Download) and hand in that file.",
    ),
    (
        ("{'",),
        "a dictionary as Python prints it, not JSON",
        OPEN_AND_SAVE,
    ),
    (
        ("#", "import ", "from ", "def ", '"""', "%", "---"),
        "a script or plain text (a .py or .md export?)",
        HAND_IN_NOTEBOOK,
    ),
)
CONFLICT = re.compile(r"^<{7} ", re.MULTILINE)
SHORTCUTS = {"doc_id", "url", "resource_id"}
"""Keys of the file that Google Drive leaves in place of a document."""


def foreign_bytes(data: bytes) -> str:
    """Return what a file of these bytes is, if it is no text at all; else an empty string."""
    if data[TAR_PLACE : TAR_PLACE + len(TAR)] == TAR:
        return "a tar archive"
    return next((what for start, what in SIGNATURES.items() if data.startswith(start)), "")


def why_not_json(text: str, error: json.JSONDecodeError) -> str:
    """Return what a text is that is no JSON, where it stops being it, and what to do."""
    start = text.lstrip().lower()
    for beginnings, what, remedy in TEXTS:
        if start.startswith(beginnings):
            return f"is {what}. {remedy}"
    conflict = CONFLICT.search(text)
    if conflict:
        line = text.count("\n", 0, conflict.start()) + 1
        return (
            f"line {line} has Git's conflict marks. Resolve the conflict, open the notebook in "
            "Jupyter, save it and hand it in again."
        )
    place = f"line {error.lineno}, column {error.colno}"
    if not text[error.pos :].strip() or error.msg.startswith("Unterminated"):
        return f"ends in the middle of the notebook, or is cut off ({place}). {OPEN_AND_SAVE}"
    if error.msg == "Extra data":
        return f"goes on after the end of the notebook ({place}). {OPEN_AND_SAVE}"
    return f"is not JSON ({place}: {error.msg}). {OPEN_AND_SAVE}"


def why_no_notebook(content: dict[str, object]) -> str:
    """Return what a JSON object is that has nothing of a notebook, and what to do."""
    if SHORTCUTS & content.keys():
        return (
            "is a shortcut to a document that lies elsewhere. "
            "Download the notebook (File, Download) and hand in that file."
        )
    return f"is JSON but no notebook: it has neither cells nor a format number. {HAND_IN_NOTEBOOK}"
