"""What is installed from the wheel is the whole package, its data included."""

import subprocess
import sys
import zipfile

import pytest


@pytest.fixture(scope="module")
def wheel(root, tmp_path_factory) -> set[str]:
    """Names of the files in a wheel that is built from a copy of the tree."""
    place = tmp_path_factory.mktemp("wheel")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        (place / name).write_bytes((root / name).read_bytes())
    for name in ("autograder", "src"):
        (place / name).symlink_to(root / name)
    command = "import setuptools.build_meta as b; print(b.build_wheel('out'))"
    (place / "out").mkdir()
    subprocess.run([sys.executable, "-c", command], cwd=place, check=True, capture_output=True)
    [built] = (place / "out").glob("*.whl")
    return set(zipfile.ZipFile(built).namelist())


def test_every_file_of_both_packages_is_in_the_wheel(wheel, files):
    ours = {path.as_posix() for path in files if path.parts[0] in {"autograder", "src"}}
    assert {name.removeprefix("src/") for name in ours} - wheel == set()


def test_nothing_else_is_in_the_wheel(wheel):
    tops = {name.split("/")[0] for name in wheel}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"attnbook", "autograder"}


def test_both_licenses_are_in_the_wheel(wheel):
    assert [name for name in wheel if name.endswith("licenses/LICENSE")]
