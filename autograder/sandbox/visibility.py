"""Which files a submission may read: Python, installed libraries, what runs in the sandbox.

Solutions, checks, faults and the reference package are found and hidden, wherever they are
installed.
"""

from __future__ import annotations

import importlib.util
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PROJECT_PACKAGES = ("attnbook", "autograder")
# Packages that the warm process imports; each may be installed in a folder of its own.
_REQUIRED_PACKAGES = ("torch", "numpy", "matplotlib", "IPython", "msgspec")
_SYSTEM_LIBRARIES = ("/lib", "/lib64", "/usr/lib", "/usr/lib64")
_LOADER_CACHE = "/etc/ld.so.cache"
CONFINED_PACKAGE = Path(__file__).parent / "confined"


@dataclass(frozen=True)
class Visibility:
    """What may be read, and what may not although it lies in a folder that may.

    Attributes:
        python: The interpreter's program file.
        import_roots: Folders on the path of imports, in order.
        readable: Folders and files that may be read.
        hidden: Folders and files beneath them that mounts cover.
        secret: The folders among them that hold code. The others only say where code is, and
            cost each fork a Landlock rule for every one of their neighbors.
    """

    python: Path
    import_roots: tuple[Path, ...]
    readable: tuple[Path, ...]
    hidden: tuple[Path, ...]
    secret: tuple[Path, ...]

    def pieces(self, root: Path) -> Iterator[tuple[Path, bool]]:
        """Divide ``root`` around what is secret: (path, True) to read, (folder, False) to list."""
        if root in self.secret:
            return
        if not any(root in path.parents for path in self.secret):
            yield root, True
            return
        yield root, False
        for child in sorted(root.iterdir()):
            yield from self.pieces(child)


@cache
def find_visible() -> Visibility:
    """Look at this interpreter and return what a submission needs of it."""
    return around(_import_roots())


def around(import_roots: tuple[Path, ...]) -> Visibility:
    """Return what a submission needs, with libraries in ``import_roots``."""
    readable = _outermost(
        [Path(path) for path in _SYSTEM_LIBRARIES], [*_python_folders(), *import_roots]
    )
    hidden = {
        path for folder in {*import_roots, *_python_folders()} for path in _project_files(folder)
    }
    hidden.update(path for path in _project_locations() if path not in import_roots)
    beneath = sorted(path for path in hidden if any(root in path.parents for root in readable))
    secret = [path for path in beneath if path.is_dir() and not path.suffix]
    python = Path(sys.executable).resolve()
    return Visibility(python, import_roots, tuple(readable), tuple(beneath), tuple(secret))


def _import_roots() -> tuple[Path, ...]:
    roots = [Path(sysconfig.get_path(name)).resolve() for name in ("purelib", "platlib")]
    for package in _REQUIRED_PACKAGES:
        spec = importlib.util.find_spec(package)
        if spec is not None and spec.origin is not None:
            roots.append(Path(spec.origin).resolve().parents[1])
    return tuple(dict.fromkeys(roots))


def _python_folders() -> list[Path]:
    base = Path(sys.base_prefix).resolve()
    folders = [base / "lib", base / "lib64"]
    folders += [Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "platstdlib")]
    return [folder for folder in dict.fromkeys(folders) if folder.is_dir()]


def _outermost(system: list[Path], others: list[Path]) -> list[Path]:
    """Drop folders that lie in others. The system's own may be links to one another and stay."""
    system = [path for path in system if path.is_dir()]
    real = [path for path in system if not path.is_symlink()]
    kept = [
        path
        for path in dict.fromkeys(others)
        if not any(other in path.parents or other == path for other in real)
        and not any(other in path.parents for other in others)
    ]
    return (
        [*system, *kept, Path(_LOADER_CACHE)] if Path(_LOADER_CACHE).exists() else [*system, *kept]
    )


def _project_files(folder: Path) -> Iterator[Path]:
    """Yield this project's traces in a folder of packages, or in those beneath it."""
    for packages in (folder, folder / "site-packages", *folder.glob("python3*/*-packages")):
        if not packages.is_dir():
            continue
        for pattern in (
            *(f"{name}*" for name in PROJECT_PACKAGES),
            "__editable__*",
            "*.pth",
            "*.egg-link",
        ):
            yield from packages.glob(pattern)
        yield from (
            path for name in PROJECT_PACKAGES for path in packages.glob(f"__pycache__/*{name}*")
        )


def _project_locations() -> Iterator[Path]:
    """Yield the folders that this project's packages come from, and the one that holds them."""
    yield Path(__file__).resolve().parents[1]
    yield Path(__file__).resolve().parents[2]
    spec = importlib.util.find_spec("attnbook")
    if spec is not None and spec.origin is not None:
        yield Path(spec.origin).resolve().parent
