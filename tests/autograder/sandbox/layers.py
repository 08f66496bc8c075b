"""Which lock alone stops which attack: the data behind the tests and behind book/attacks.md.

Each attack is a Python function that runs in a worker. What it is aimed at is made by the test: a
folder, a process, ports, shared memory. It succeeds if it returns something true.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Layer = Literal["seccomp", "Landlock", "namespaces", "limits"]
LAYERS: tuple[Layer, ...] = ("seccomp", "Landlock", "namespaces", "limits")


@dataclass(frozen=True)
class Attack:
    """An attempt, and the locks each of which alone stops it.

    Attributes:
        source: Body of a function of ``target``, a dictionary of what to attack.
        stopped_by: The locks; for Landlock since which of its versions.
    """

    source: str
    stopped_by: Mapping[Layer, int] = field(default_factory=dict)


def by(*layers: Layer, landlock: int | None = None) -> dict[Layer, int]:
    found: dict[Layer, int] = dict.fromkeys(layers, 1)
    return found if landlock is None else found | {"Landlock": landlock}


PREAMBLE = """
import ctypes, mmap, os, signal, socket, sys, time
libc = ctypes.CDLL(None, use_errno=True)
def checked(result):
    if result < 0: raise OSError(ctypes.get_errno(), "refused")
    return True
def connected(family, kind, address):
    with socket.socket(family, kind) as channel:
        channel.settimeout(2)
        channel.connect(address)
        return channel.send(b"x") == 1
def filled(paths, bytes_each):
    for path in paths:
        with open(path, "wb", buffering=0) as file:
            written = 0
            while written < bytes_each:
                written += file.write(bytes(min(1 << 22, bytes_each - written)))
    return True
"""

ATTACKS: dict[str, Attack] = {
    "reads a file of the grader": Attack(
        "return open(target['file']).read()", by("namespaces", landlock=1)
    ),
    "looks whether a file of the grader exists": Attack(
        "return os.path.exists(target['file'])", by("namespaces")
    ),
    "changes a file of the grader": Attack(
        "return open(target['file'], 'a').write('x')", by("namespaces", landlock=1)
    ),
    "empties a file of the grader by its path": Attack(
        "os.truncate(target['emptied'], 0); return True", by("seccomp", "namespaces", landlock=3)
    ),
    "changes a file's time stamp": Attack(
        "os.utime(target['file'], (1, 1)); return True", by("seccomp", "namespaces")
    ),
    "changes a file's permissions": Attack(
        "os.chmod(target['file'], 0o666); return True", by("seccomp", "namespaces")
    ),
    "lists the processes of the machine": Attack(
        "return str(target['pid']) in os.listdir('/proc')", by("namespaces", landlock=1)
    ),
    "reads another process's environment": Attack(
        "return open(f'/proc/{target[\"pid\"]}/environ').read()", by("namespaces", landlock=1)
    ),
    "signals another process": Attack(
        "os.kill(target['pid'], 0); return True", by("seccomp", "namespaces", landlock=6)
    ),
    "takes another process over with ptrace": Attack(
        "return checked(libc.ptrace(0x4206, target['pid'], None, None))",
        by("seccomp", "namespaces", landlock=1),
    ),
    "connects by TCP": Attack(
        "return connected(socket.AF_INET, socket.SOCK_STREAM, ('127.0.0.1', target['tcp']))",
        by("seccomp", "namespaces", landlock=4),
    ),
    "sends by UDP": Attack(
        "return connected(socket.AF_INET, socket.SOCK_DGRAM, ('127.0.0.1', target['udp']))",
        by("seccomp", "namespaces"),
    ),
    "connects to an abstract Unix socket": Attack(
        "return connected(socket.AF_UNIX, socket.SOCK_STREAM, '\\0' + target['abstract'])",
        by("seccomp", "namespaces", landlock=6),
    ),
    "connects to a Unix socket in a folder": Attack(
        "return connected(socket.AF_UNIX, socket.SOCK_STREAM, target['unix'])",
        by("seccomp", "namespaces"),
    ),
    "opens shared memory of System V": Attack(
        "return checked(libc.shmget(target['key'], 0, 0))", by("seccomp", "namespaces")
    ),
    "opens shared memory of POSIX": Attack(
        "return open('/dev/shm/' + target['shm']).read()", by("namespaces", landlock=1)
    ),
    "starts a process": Attack(
        "child = os.fork()\n"
        "    if child == 0: os._exit(0)\n"
        "    return bool(os.waitpid(child, 0))",
        by("seccomp"),
    ),
    "leaves a process behind": Attack(
        "if os.fork() == 0:\n"
        "        libc.prctl(15, target['survivor'].encode())\n"
        "        os.setsid(); os.close(3); time.sleep(20); os._exit(0)\n"
        "    os._exit(0)",
        by("seccomp", "namespaces"),
    ),
    "runs a program": Attack(
        "loaders = ['/lib64/ld-linux-x86-64.so.2', '/lib/ld-linux-aarch64.so.1']\n"
        "    loader = next(filter(os.path.exists, loaders))\n"
        "    os.execv(loader, [loader, '--version'])",
        by("seccomp", landlock=1),
    ),
    "makes a user namespace of its own": Attack(
        "return checked(libc.unshare(0x10000000))", by("seccomp")
    ),
    "makes a file that no folder holds": Attack("return os.memfd_create('x')", by("seccomp")),
    "takes shared memory, which no limit counts": Attack(
        "return len(mmap.mmap(-1, 1 << 26))", by("seccomp")
    ),
    "takes 2 GB of memory": Attack(
        "return len(mmap.mmap(-1, 1 << 31, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS))",
        by("limits"),
    ),
    "locks memory": Attack(
        "return checked(libc.mlock(ctypes.create_string_buffer(1), 1))", by("seccomp", "limits")
    ),
    "opens 200 files": Attack(
        "files = [open('/dev/null') for _ in range(200)]; return len(files)", by("limits")
    ),
    "writes a file of 40 MB": Attack(
        "return filled([target['place'] + '/large'], 40 << 20)",
        by("namespaces", "limits", landlock=1),
    ),
    "writes 80 MB in three files": Attack(
        "return filled([f\"{target['place']}/part{n}\" for n in range(3)], 27 << 20)",
        by("namespaces", landlock=1),
    ),
    "makes 2,500 files": Attack(
        "return filled([f\"{target['place']}/{n}\" for n in range(2500)], 1)",
        by("namespaces", landlock=1),
    ),
}  # fmt: skip


def cell() -> str:
    """Return the notebook cell that defines every attack, by its number."""
    bodies = [attack.source for attack in ATTACKS.values()]
    return PREAMBLE + "".join(
        f"def attack_{number}(target):\n    {body}\n" for number, body in enumerate(bodies)
    )
