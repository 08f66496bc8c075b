"""Where a report lies: a safe path for any name.

A name that every file system takes as it is stays as it is, so that other programs find
``reports/<learner>/<stem>.html``. Any other name becomes its readable part and a digest of the
whole name. Two names never share a path, and a learner's path does not depend on the class.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from pathlib import PurePosixPath
from urllib.parse import quote

_PLAIN = re.compile(r"[A-Za-z0-9]+([ ._-][A-Za-z0-9]+)*")
_RESERVED_BY_WINDOWS = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_LONGEST_PLAIN = 64
_LONGEST_READABLE = 40
# No plain name holds this character, so a made name never equals a plain one.
_SEPARATOR = "~"
_DIGEST_LENGTH = 16


def slug(name: str) -> str:
    """Return a file name for ``name``: readable, never special, different for different names."""
    plain = _PLAIN.fullmatch(name) and len(name) <= _LONGEST_PLAIN
    if plain and not _RESERVED_BY_WINDOWS.fullmatch(name):
        return name
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{_readable(name)}{_SEPARATOR}{digest[:_DIGEST_LENGTH]}"


def report_path(learner: str, stem: str) -> PurePosixPath:
    """Return the path of a learner's report, relative to the folder of the class."""
    return PurePosixPath("reports", slug(learner), f"{slug(stem)}.html")


def link(path: PurePosixPath) -> str:
    """Return ``path`` as a relative URL."""
    return quote(str(path), safe="/~")


def _readable(name: str) -> str:
    """Return the letters, marks and digits of ``name``, in lower case, with hyphens between."""
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFKC", name).casefold())
    kept = (char if unicodedata.category(char)[0] in "LMN" else "-" for char in folded)
    words = [word for word in "".join(kept).split("-") if word]
    return "-".join(words)[:_LONGEST_READABLE] or "unnamed"
