"""One stem everywhere: the tree is the registry, and these tests fail when it drifts."""

import ast
import re
from pathlib import Path

import pytest

from autograder.authoring import left_to_fill
from autograder.faults import fault_models
from autograder.release import stems
from autograder.sheets import stem_of

CHECKS = Path("autograder/checks")
LABEL = re.compile(r"^\(([\w-]+)\)=$", re.MULTILINE)


def named(folder: Path, pattern: str) -> set[str]:
    return {path.stem.removeprefix("test_") for path in folder.glob(pattern)}


def test_there_is_a_sheet():
    assert stems()


def test_sheets_notebooks_checks_and_faults_have_the_same_stems(root):
    faults = root / "autograder/faults"
    with_models = {
        # The faults of a large stem are a folder.
        path.parent.name if path.stem == "__init__" else path.stem
        for path in (*faults.glob("*.py"), *faults.glob("*/__init__.py"))
        if re.search(r"^MODELS\b", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert {
        "notebooks": named(root / "book/exercises", "*.ipynb"),
        "checks": named(root / CHECKS, "test_*.py"),
        "fault models": with_models,
        "equivalents": named(root / "autograder/faults/equivalents", "[!_]*.py"),
    } == {key: set(stems()) for key in ("notebooks", "checks", "fault models", "equivalents")}


@pytest.mark.parametrize("stem", stems())
def test_nothing_is_left_to_fill_in(root, stem):
    assert left_to_fill(stem, root) == []


def test_every_sheet_belongs_to_a_chapter(root):
    assert set(stems()) <= named(root / "book", "*.md")


def test_every_reference_module_has_tests(root):
    modules = {path.stem for path in (root / "src/attnbook").glob("[!_]*.py")}
    assert modules <= named(root / "tests/attnbook", "test_*.py")


def test_every_page_of_the_table_of_contents_exists(root):
    toc = (root / "_toc.yml").read_text(encoding="utf-8")
    pages = re.findall(r"^[ -]*(?:root|file): *(\S+)$", toc, re.MULTILINE)
    missing = [page for page in pages if not list(root.glob(f"{page}.*"))]
    assert missing == []
    assert {f"book/{stem}" for stem in stems()} <= set(pages)
    assert {f"book/exercises/{stem}" for stem in stems()} <= set(pages)
    assert {f"solutions/{stem}" for stem in stems()} <= set(pages)


@pytest.mark.parametrize("stem", stems())
def test_the_functions_of_a_sheet_are_those_that_have_a_fault_model(root, stem):
    sheet = (root / f"solutions/{stem}.md").read_text(encoding="utf-8")
    checked = re.findall(r"^check\((\w+)", sheet, re.MULTILINE)
    assert checked == list(fault_models(stem))


@pytest.mark.parametrize("stem", stems())
def test_every_label_that_a_fault_model_names_exists_in_the_chapter(root, stem):
    labels = set(LABEL.findall((root / f"book/{stem}.md").read_text(encoding="utf-8")))
    for exercise, model in fault_models(stem).items():
        named_labels = {model.read, *(fault.read for fault in model.faults)}
        assert named_labels <= labels, exercise
        assert {stem_of(label) for label in named_labels} == {stem}, "what an answer tells to read"


def test_no_label_stands_twice(root):
    pages = [*(root / "book").glob("*.md"), *(root / "solutions").glob("*.md")]
    labels = [label for page in pages for label in LABEL.findall(page.read_text(encoding="utf-8"))]
    assert len(set(labels)) == len(labels)


def re_exported(package: Path, dotted: str) -> set[str]:
    """The names that a package's ``__init__`` imports from its own modules or from elsewhere."""
    tree = ast.parse((package / "__init__.py").read_text(encoding="utf-8"))
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    # `from package import module` binds the module itself: that is no clash.
    elsewhere = [node for node in imports if node.module and node.module != dotted]
    return {alias.asname or alias.name for node in elsewhere for alias in node.names}


def test_no_module_bears_the_name_of_an_object_that_its_package_re_exports(root):
    clashes = {}
    for source, top in (("src", "attnbook"), (".", "autograder")):
        for init in (root / source / top).rglob("__init__.py"):
            package = init.parent
            dotted = ".".join(package.relative_to((root / source).resolve()).parts)
            modules = {path.stem for path in package.glob("*.py")}
            modules |= {path.parent.name for path in package.glob("*/__init__.py")}
            clashes[dotted] = modules & re_exported(package, dotted)
    assert {"attnbook", "autograder", "autograder.release"} <= clashes.keys()
    assert {dotted: names for dotted, names in clashes.items() if names} == {}
