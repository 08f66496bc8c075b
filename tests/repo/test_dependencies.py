"""Every dependency has a reason, a pin and a use."""

import re
from importlib import metadata

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

# Used from the command line or as a plug-in, so that no file of ours imports them.
COMMANDS = {
    "codespell",
    "import-linter",
    "jupyter-book",
    "jupyterlab",
    "mypy",
    "nbval",
    "pre-commit",
    "pytest-xdist",
    "ruff",
    "sphinx-design",
}


def requirements(project) -> list[Requirement]:
    extras = project["project"]["optional-dependencies"].values()
    listed = [project["project"]["dependencies"], *extras]
    return [Requirement(text) for group in listed for text in group]


def pins(root) -> dict[str, str]:
    lines = (root / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = [line.split("==") for line in lines if not line.startswith("#")]
    return {canonicalize_name(name): version for name, version in pinned}


def test_every_dependency_has_a_reason_and_every_reason_a_dependency(root, project):
    text = (root / "book/decisions/dependencies.md").read_text(encoding="utf-8")
    reasons = re.findall(r"^\| `([\w-]+)` \|", text, re.MULTILINE)
    assert sorted(reasons) == sorted(item.name for item in requirements(project))


def test_no_dependency_stands_in_two_places(project):
    names = [item.name for item in requirements(project)]
    assert len(set(names)) == len(names)


def test_every_dependency_is_pinned_within_its_range(root, project):
    pinned = pins(root)
    for item in requirements(project):
        assert canonicalize_name(item.name) in pinned, item
        assert item.specifier.contains(pinned[canonicalize_name(item.name)]), item


def test_everything_that_a_dependency_brings_along_is_pinned(root, project):
    pinned = pins(root)
    pending = requirements(project)
    seen = set()
    while pending:
        item = pending.pop()
        name = canonicalize_name(item.name)
        if name in seen or (item.marker and not item.marker.evaluate({"extra": ""})):
            continue
        seen.add(name)
        assert name in pinned, name
        pending += [Requirement(text) for text in metadata.requires(name) or []]


def test_what_is_installed_is_what_is_pinned(root):
    for name, version in pins(root).items():
        assert metadata.version(name).partition("+")[0] == version, name


def test_torch_is_pinned_to_one_version(root):
    assert pins(root)["torch"] == "2.13.0"


def test_every_dependency_is_used(project, texts):
    distributions = metadata.packages_distributions()
    code = "\n".join(
        text for path, text in texts.items() if path.suffix in {".py", ".md", ".yml", ".ipynb"}
    )
    for item in requirements(project):
        modules = [
            module
            for module, names in distributions.items()
            if canonicalize_name(item.name) in map(canonicalize_name, names)
        ]
        used = any(
            re.search(rf"(import|from) {module}\b|[\"']{module}[.\"']", code)
            for module in map(re.escape, modules)
        )
        assert used or item.name in COMMANDS, f"nothing imports {item.name}"


def test_conda_leaves_everything_to_pip(root):
    text = (root / "environment.yml").read_text(encoding="utf-8")
    outside_pip = text.split("- pip:")[0]
    assert re.findall(r"^  - (.+)$", outside_pip, re.MULTILINE)[1:] == ["python=3.12", "pip"]
    assert "-c constraints.txt" in text
