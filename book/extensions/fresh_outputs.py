"""Chapters run again when the code that they import has changed.

The cache of executed notebooks knows a notebook's own cells alone. Without this
a page would show the code of today beside the numbers of yesterday.
"""

import hashlib
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.config import Config

# The autograder, which solutions import for `check`, is left out: it changes often, and running
# the whole book takes minutes. tests/book/test_notebooks.py compares those pages with a clean run.
IMPORTED = "src"


def fingerprint(folder: Path) -> str:
    """Return a short hash of all Python files in a folder, names and contents."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0")
        digest.update(path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


def choose_cache(app: Sphinx, config: Config) -> None:
    """Give each state of the imported code a cache of its own; a new one reads all pages anew."""
    cache = Path(app.outdir).parent / ".jupyter_cache" / fingerprint(Path(app.srcdir) / IMPORTED)
    config.nb_execution_cache_path = str(cache)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("config-inited", choose_cache)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
