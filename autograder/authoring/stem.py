"""Make the files of a new stem from templates, and enter it where stems are listed."""

from __future__ import annotations

import keyword
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from autograder.book import ROOT
from autograder.files import replace_file

FILL = re.compile(r"\bFILL\b")
FUNCTION = re.compile(r"[a-z][a-z0-9_]*")
CLASS = re.compile(r"[A-Z][A-Za-z0-9]*[a-z][A-Za-z0-9]*")
FILES = {
    "module.py": "src/attnbook/{}.py",
    "module_test.py": "tests/attnbook/test_{}.py",
    "chapter.md": "book/{}.md",
    "solution.md": "solutions/{}.md",
    "checks.py": "autograder/checks/test_{}.py",
    "faults.py": "autograder/faults/{}.py",
    "implementations.py": "autograder/faults/implementations/{}.py",
    "equivalents.py": "autograder/faults/equivalents/{}.py",
    "probes.py": "autograder/faults/probes/{}.py",
}
"""Each template, and the file that it becomes."""

# In _toc.yml: the caption of a part, and what is added at its end.
ENTRIES = {
    "Foundations": "      - file: book/{stem}\n",
    "Exercises": "      - file: book/exercises/{stem}\n",
    "Solutions": '      - file: solutions/{stem}\n        title: "Solutions: {title}"\n',
}
LAYERS = re.compile(r'(containers = \["attnbook"\]\nexhaustive = true\nlayers = \[)\s*')


class AuthoringError(ValueError):
    """A stem that cannot be started; the message says what to do."""


@dataclass(frozen=True)
class Exercise:
    """What the templates ask of an exercise."""

    name: str

    @property
    def is_class(self) -> bool:
        """Whether learners write a class."""
        return CLASS.fullmatch(self.name) is not None

    @property
    def words(self) -> str:
        """The name in lower case with underscores, for functions and constants."""
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", self.name).lower()

    @property
    def label(self) -> str:
        """The name as it stands in a label of the chapter."""
        return self.words.replace("_", "-")


def new(stem: str, exercises: Sequence[str], title: str, root: Path = ROOT) -> list[Path]:
    """Write every file of ``stem``, and return them in the order in which to fill them in.

    The learner's notebook is not among them: it follows from the solution by
    `autograder release`.

    Args:
        stem: Name of the chapter, the module, the sheet and everything else.
        exercises: Names of the functions that learners write, and of classes, in CamelCase.
        title: Heading of the chapter.
        root: The repository.

    Raises:
        AuthoringError: If a name cannot be used, or a file is there already; nothing is
            written then.
    """
    _require_names(stem, exercises, root)
    paths = {template: root / path.format(stem) for template, path in FILES.items()}
    taken = [str(path.relative_to(root)) for path in paths.values() if path.exists()]
    if taken:
        raise AuthoringError(f"{stem} is there already: {', '.join(taken)}")
    pages = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - Python and Markdown of the author's own
    )
    written = {root / "_toc.yml": _with_pages(root, stem, title)}
    written[root / "pyproject.toml"] = _with_layer(root, stem)
    told = {
        "stem": stem,
        "exercises": [Exercise(name) for name in exercises],
        "functions": [name for name in exercises if not CLASS.fullmatch(name)],
        "classes": [name for name in exercises if CLASS.fullmatch(name)],
        "title": title,
    }
    for template, path in paths.items():
        written[path] = pages.get_template(f"{template}.jinja").render(told)
    for path, text in written.items():
        replace_file(path, text.encode())
    return list(paths.values())


def left_to_fill(stem: str, root: Path = ROOT) -> list[str]:
    """Return what is still to be filled in of ``stem``, as "file:line: text"."""
    found = []
    for path in FILES.values():
        file = root / path.format(stem)
        # A large stem's faults are a folder.
        for part in [file] if file.exists() else sorted(file.with_suffix("").glob("*.py")):
            found += [
                f"{part.relative_to(root).as_posix()}:{number}: {line.strip()}"
                for number, line in enumerate(part.read_text("utf-8").splitlines(), start=1)
                if FILL.search(line)
            ]
    return found


def _require_names(stem: str, exercises: Sequence[str], root: Path) -> None:
    if not (root / "_toc.yml").exists():
        raise AuthoringError(f"{root} holds no _toc.yml: run this in a copy of the repository")
    if not FUNCTION.fullmatch(stem) or keyword.iskeyword(stem):
        raise AuthoringError(
            f"a stem must be a Python name in lower case, such as multi_head; got {stem!r}"
        )
    for name in exercises:
        if not (FUNCTION.fullmatch(name) or CLASS.fullmatch(name)) or keyword.iskeyword(name):
            raise AuthoringError(
                "an exercise must be a function's name in lower case, such as multi_head, or a "
                f"class's in CamelCase, such as MultiHead; got {name!r}"
            )
    if len(set(exercises)) != len(exercises):
        raise AuthoringError(f"each exercise needs a name of its own, got {', '.join(exercises)}")


def _with_pages(root: Path, stem: str, title: str) -> str:
    text = (root / "_toc.yml").read_text("utf-8")
    for caption, entry in ENTRIES.items():
        part = re.search(rf"  - caption: {caption}\n    chapters:\n(?:      .*\n)+", text)
        if part is None:
            raise AuthoringError(f"_toc.yml has no part with the caption {caption}")
        text = text[: part.end()] + entry.format(stem=stem, title=title) + text[part.end() :]
    return text


def _with_layer(root: Path, stem: str) -> str:
    """Put the module on top: it may import all others, until somebody says otherwise."""
    text = (root / "pyproject.toml").read_text("utf-8")
    if not LAYERS.search(text):
        raise AuthoringError("pyproject.toml has no layers for attnbook")
    return LAYERS.sub(rf'\1\n  "{stem}",\n  ', text)
