"""The command line that starts the warm process, and what it is told about this machine."""

from __future__ import annotations

import shutil
import stat
from pathlib import Path

from .confined.configuration import SCRATCH, Configuration, Limits
from .errors import IsolationRefused
from .levels import Isolation
from .system_call_policy import compiled_filter
from .visibility import CONFINED_PACKAGE, Visibility, find_visible

INSIDE = Path("/sandbox")
_SYSTEM_LIBRARIES_LINKED = ("/lib", "/lib64")
_ENVIRONMENT = {
    # A parent that ever ran two threads makes its forks hang.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    # In huge pages from the start: to gather the heap in them later copies it all.
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PATH": "/usr/bin",
    "HOME": SCRATCH,
    "TMPDIR": SCRATCH,
    "LANG": "C.UTF-8",
}
_BOOTSTRAP = (
    "import sys; sys.path[:0] = sys.argv[2:]; from confined.warm import bootstrap; bootstrap()"
)
_READABLE_DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom", "/dev/random")


def environment() -> dict[str, str]:
    """Return the whole environment of the warm process: nothing of the grader's may be in it."""
    return dict(_ENVIRONMENT)


def command_line(isolation: Isolation, control_descriptor: int) -> list[str]:
    """Return the command that starts the warm process in ``isolation``.

    Raises:
        IsolationRefused: If bubblewrap is needed and not installed.
    """
    visible = find_visible()
    package_parent = CONFINED_PACKAGE.parent if isolation is Isolation.REDUCED else INSIDE
    python = [
        str(visible.python), "-I", "-S", "-c", _BOOTSTRAP,
        str(control_descriptor), str(package_parent), *map(str, visible.import_roots),
    ]  # fmt: skip
    if isolation is Isolation.REDUCED:
        return python
    bubblewrap = shutil.which("bwrap")
    if bubblewrap is None:
        raise IsolationRefused("bubblewrap is not installed: install the package `bubblewrap`")
    return [bubblewrap, *_namespaces(isolation), *_environment(), *_mounts(visible), "--", *python]


def configuration(isolation: Isolation, limits: Limits, *, preload: bool = True) -> Configuration:
    """Return what the warm process needs to know to lock its forks down."""
    visible = find_visible()
    package = CONFINED_PACKAGE if isolation is Isolation.REDUCED else INSIDE / CONFINED_PACKAGE.name
    readable = [str(package), *_READABLE_DEVICES]
    listable: list[str] = []
    for root in visible.readable:
        for path, whole in visible.pieces(root):
            (readable if whole else listable).append(str(path))
    return Configuration(
        namespaces=isolation is Isolation.FULL,
        preload=preload,
        readable=readable,
        listable=listable,
        writable=["/dev/null"],
        system_calls=compiled_filter(),
        limits=limits,
    )


def _namespaces(isolation: Isolation) -> list[str]:
    options = [
        "--unshare-all",
        "--unshare-user",
        "--die-with-parent",
        "--new-session",
        "--cap-drop",
        "ALL",
    ]
    if isolation is Isolation.FULL:
        # For the warm process alone, in its own user namespace: each fork gives them up.
        options += ["--cap-add", "CAP_SYS_ADMIN", "--cap-add", "CAP_SETPCAP"]
    return options


def _environment() -> list[str]:
    settings = [("--setenv", name, value) for name, value in _ENVIRONMENT.items()]
    return ["--clearenv", *(word for setting in settings for word in setting)]


def _mounts(visible: Visibility) -> list[str]:
    """Mount what may be read, cover what may not, the inner one always after the outer one."""
    mounts = [(path, ["--ro-bind", str(path), str(path)]) for path in visible.readable]
    mounts = [(path, _link(path) or options) for path, options in mounts]
    mounts.append((visible.python, ["--ro-bind", str(visible.python), str(visible.python)]))
    mounts += [(path, _cover(path)) for path in visible.hidden]
    ordered = sorted(mounts, key=lambda mount: len(mount[0].parts))
    inside = str(INSIDE / CONFINED_PACKAGE.name)
    return [
        *(word for _, options in ordered for word in options),
        "--ro-bind", str(CONFINED_PACKAGE), inside,
        "--proc", "/proc", "--dev", "/dev",
        "--size", str(8 << 20), "--tmpfs", SCRATCH,
        "--remount-ro", "/", "--chdir", "/",
    ]  # fmt: skip


def _link(path: Path) -> list[str] | None:
    """Where /lib is a link to /usr/lib, make the same link."""
    if path.is_symlink() and str(path) in _SYSTEM_LIBRARIES_LINKED:
        return ["--symlink", str(path.readlink()), str(path)]
    return None


def _cover(path: Path) -> list[str]:
    if stat.S_ISDIR(path.stat().st_mode):
        return ["--tmpfs", str(path), "--remount-ro", str(path)]
    return ["--ro-bind", "/dev/null", str(path)]
