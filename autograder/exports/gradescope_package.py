"""The zip that makes a sheet's Gradescope assignment: set-up, grader and what it needs.

Gradescope's documentation, "Autograder Specifications", sections "Autograder structure" and "File
hierarchy", https://gradescope-autograders.readthedocs.io/en/latest/specs/: ``setup.sh`` and
``run_autograder`` in the root of the zip, unpacked to ``/autograder/source``.
"""

from __future__ import annotations

import io
import re
import shlex
import tomllib
import zipfile
from collections.abc import Iterator
from importlib import metadata, resources, util
from pathlib import Path

from autograder.book import ROOT
from autograder.exports.classroom import STEM
from autograder.exports.gradescope import Visibility

PACKAGES = ("attnbook", "autograder")
TEMPLATES = resources.files("autograder.exports") / "templates"
EXTRA = re.compile(r"""extra\s*==\s*["'](\w+)["']""")
# The same input gives the same zip: no file bears the time at which it was packed.
_NEVER = (1980, 1, 1, 0, 0, 0)
_PLAIN, _RUNNABLE = 0o100644 << 16, 0o100755 << 16


def gradescope_zip(
    stem: str, *, visibility: Visibility = "visible", torch_index: str = ""
) -> bytes:
    """Return the zip to upload under Configure Autograder.

    Args:
        stem: The sheet that the assignment is about.
        visibility: When learners see their results.
        torch_index: A package index that has torch for the processor alone, as the URL that pip
            takes; without it the image holds a build that is larger by gigabytes.

    Raises:
        ValueError: If ``stem`` is no sheet's name.
    """
    if not STEM.fullmatch(stem):
        raise ValueError(f"a sheet's name has letters, digits and _, got {stem!r}")
    fill = {
        "@STEM@": stem,
        "@VISIBILITY@": visibility,
        "@TORCH_INDEX@": shlex.quote(torch_index),
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, template in (("setup.sh", "setup.sh"), ("run_autograder", "run_autograder.sh")):
            text = (TEMPLATES / template).read_text("utf-8")
            for mark, value in fill.items():
                text = text.replace(mark, value)
            _add(archive, name, text.encode(), _RUNNABLE)
        _add(archive, "requirements.txt", _lines(requirements()))
        _add(archive, "constraints.txt", _lines(pins()))
        for name, content in _sources():
            _add(archive, f"package/{name}", content)
    return packed.getvalue()


def requirements() -> list[str]:
    """Return what the grader needs: as the repository says, or else as it was installed."""
    if (ROOT / "pyproject.toml").is_file():
        project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
        needed = [*project["dependencies"], *project["optional-dependencies"]["autograder"]]
    else:
        needed = [
            text
            for text in metadata.requires("attnbook") or []
            if (extra := EXTRA.search(text)) is None or extra[1] == "autograder"
        ]
    # The conditions that follow a semicolon all hold: Gradescope's machines run Linux.
    return sorted({text.partition(";")[0].strip() for text in needed})


def pins() -> list[str]:
    """Return the versions that are installed here: what was tested is what is installed there."""
    found = {
        one.metadata["Name"].lower(): (one.metadata["Name"], one.version.partition("+")[0])
        for one in metadata.distributions()
        if one.metadata["Name"]
    }
    return [
        f"{name}=={version}"
        for key, (name, version) in sorted(found.items())
        if key not in {"attnbook", "pip"}
    ]


def _sources() -> Iterator[tuple[str, bytes]]:
    """Yield the files of both packages, sorted."""
    for package in PACKAGES:
        spec = util.find_spec(package)
        if spec is None or spec.origin is None:
            raise ModuleNotFoundError(f"the package {package} is not installed")
        folder = Path(spec.origin).parent
        for path in sorted(folder.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                yield f"{package}/{path.relative_to(folder).as_posix()}", path.read_bytes()


def _add(archive: zipfile.ZipFile, name: str, content: bytes, mode: int = _PLAIN) -> None:
    entry = zipfile.ZipInfo(name, _NEVER)
    entry.external_attr, entry.compress_type = mode, zipfile.ZIP_DEFLATED
    entry.create_system = 3  # Unix: the permissions above are kept
    archive.writestr(entry, content)


def _lines(lines: list[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()
