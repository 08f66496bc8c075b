"""All sheets of the tree: which there are, and whether their notebooks are up to date."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from autograder.book import ROOT
from autograder.files import replace_file
from autograder.release.sheet import release


@dataclass(frozen=True)
class Change:
    """A notebook that differs from what its sheet gives.

    Attributes:
        path: Of the notebook, relative to the repository.
        what: ``missing``, ``differs`` or ``no sheet``.
    """

    path: Path
    what: str


def stems(root: Path = ROOT) -> list[str]:
    """Return the stems of all exercise sheets, sorted. The tree is the registry."""
    return sorted(path.stem for path in (root / "solutions").glob("*.md"))


def compare(chosen: Iterable[str] = (), root: Path = ROOT) -> list[Change]:
    """Return what releasing would change; nothing is written.

    Args:
        chosen: Stems; none means all, and then notebooks without a sheet are reported too.
        root: The repository.

    Raises:
        ReleaseError: If a sheet cannot be released.
    """
    chosen = list(chosen)
    changes = [
        change
        for stem in chosen or stems(root)
        if (change := _change(stem, release(stem, root), root))
    ]
    if not chosen:
        left = {path.stem for path in (root / "book/exercises").glob("*.ipynb")} - set(stems(root))
        changes += [Change(_notebook(stem), "no sheet") for stem in sorted(left)]
    return changes


def write(chosen: Iterable[str] = (), root: Path = ROOT) -> list[Change]:
    """Write the notebooks that differ and return what changed; a notebook without a sheet stays.

    Raises:
        ReleaseError: If a sheet cannot be released. Then nothing is written.
    """
    made = {stem: release(stem, root) for stem in list(chosen) or stems(root)}
    changes = []
    for stem, content in made.items():
        if change := _change(stem, content, root):
            replace_file(root / change.path, content)
            changes.append(change)
    return changes


def _change(stem: str, content: bytes, root: Path) -> Change | None:
    path = root / _notebook(stem)
    if not path.is_file():
        return Change(_notebook(stem), "missing")
    return None if path.read_bytes() == content else Change(_notebook(stem), "differs")


def _notebook(stem: str) -> Path:
    return Path("book/exercises") / f"{stem}.ipynb"
