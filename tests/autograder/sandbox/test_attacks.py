"""What a hostile submission tries, in every isolation, and what is left of it."""

# The attacks are data: one call a line reads better than one argument a line.
# ruff: noqa: E501

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from autograder.sandbox import Isolation, Lane, StudentError, WorkerLost

pytestmark = pytest.mark.slow

SECRET = "token-9f3-of-the-grader"

PREAMBLE = """
import builtins, ctypes, gc, mmap, os, signal, socket, struct, subprocess, sys, threading, time, torch
libc = ctypes.CDLL(None, use_errno=True)
def succeeded(**attempts):
    held = []
    for name, attempt in attempts.items():
        try:
            result = attempt()
        except (OSError, ImportError, RuntimeError, MemoryError):
            continue
        if not (isinstance(result, int) and result < 0):
            held.append(name)
    return held
def frame(body, nonce=0, lengths=None):
    header, tail = lengths or (len(body), 0)
    return struct.pack("<4sQIQ", b"AGR2", nonce, header, tail) + body
"""


@dataclass(frozen=True)
class Attack:
    """Source of a function ``attack(folder)`` and what must come of calling it."""

    source: str
    expect: Callable[[Any], bool]
    only: tuple[Isolation, ...] = tuple(Isolation)


def nothing(outcome: Any) -> bool:
    """Nothing that the attack tried succeeded."""
    return outcome == []


def lost(status: str, words: str = "") -> Callable[[Any], bool]:
    """The worker was ended, with this status and these words for people."""
    return lambda outcome: (
        isinstance(outcome, WorkerLost) and outcome.status == status and words in outcome.message
    )


def ends(status: str, body: str, words: str = "") -> Attack:
    """An attack whose body must be ended."""
    return Attack(f"def attack(folder):\n    {body}", lost(status, words))


FORGED = "sent something that is not an answer"
MEMORY = "1.5 GB of memory"

ATTACKS: dict[str, Attack] = {
    "reads files of the system and of processes": Attack(
        """def attack(folder):
    paths = ["/etc/passwd", "/etc/shadow", "/proc/self/environ", "/proc/self/maps", "/proc/self/mem",
             "/proc/1/environ", "/proc/1/cmdline", "/sys/kernel/notes", folder + "/solution.md"]
    return succeeded(**{path: lambda path=path: open(path).read(9) for path in paths})""",
        nothing,
    ),
    "lists folders": Attack(
        """def attack(folder):
    paths = ["/", "/home", "/root", "/etc", "/var", "/proc/1", "/sys", folder]
    return succeeded(**{path: lambda path=path: bool(os.listdir(path)) or -1 for path in paths})""",
        nothing,
    ),
    "writes where it should not": Attack(
        """def attack(folder):
    paths = ["/x", "/usr/x", "/tmp/x", "/var/tmp/x", "/dev/shm/x", "/dev/x", folder + "/solution.md", folder + "/new",
             torch.__file__, os.__file__, sys.modules["confined"].__file__]
    changes = {path: lambda path=path: open(path, "a") for path in paths}
    changes["remove"] = lambda: os.remove(folder + "/solution.md")
    changes["rename"] = lambda: os.rename(folder + "/solution.md", folder + "/other")
    changes["link"] = lambda: os.link(folder + "/solution.md", "/sandbox/scratch/link")
    changes["mode"] = lambda: os.chmod(folder, 0)
    changes["truncate"] = lambda: os.truncate(folder + "/solution.md", 0)
    changes["time"] = lambda: os.utime(folder + "/solution.md", (1, 1))
    changes["attribute"] = lambda: os.setxattr(folder + "/solution.md", "user.x", b"x")
    changes["node"] = lambda: os.mkfifo(folder + "/pipe")
    changes["symbolic link"] = lambda: os.symlink("/etc", folder + "/etc")
    return succeeded(**changes)""",
        nothing,
    ),
    "writes anything without a scratch folder": Attack(
        """def attack(folder):
    return succeeded(tmp=lambda: open(os.environ["TMPDIR"] + "/x", "w"), folder=lambda: os.mkdir(os.environ["TMPDIR"] + "/y"))""",
        nothing,
        (Isolation.NO_SCRATCH, Isolation.REDUCED),
    ),
    "looks for secrets in its environment and memory": Attack(
        """def attack(folder):
    libc.getenv.restype = ctypes.c_char_p
    found = ["environment"] if "SECRET" in os.environ or libc.getenv(b"SECRET") else []
    secret = "".join(["token", "-9f3-of", "-the-grader"])
    texts = [o for o in gc.get_objects() if isinstance(o, (dict, list)) and o is not globals()]
    found += ["objects"] if any(secret in map(str, t) for t in texts[:20000]) else []
    stack = ctypes.c_void_p.in_dll(libc, "environ").value or 0
    libc.getauxval.restype, libc.getauxval.argtypes = ctypes.c_ulong, [ctypes.c_ulong]
    random_bytes, program_name = libc.getauxval(25), libc.getauxval(31)
    stack = ctypes.string_at(random_bytes, program_name - random_bytes)
    found += ["stack"] if secret.encode() in stack or b"OMP_NUM_THREADS" not in stack else []
    return found""",
        nothing,
    ),
    "holds descriptors of the grader": Attack(
        """def attack(folder):
    held = []
    for descriptor in range(64):
        try:
            os.fstat(descriptor)
        except OSError:
            continue
        held.append(descriptor)
    return [] if held == [0, 1, 2, 3] else held""",
        nothing,
    ),
    "opens sockets": Attack(
        """def attack(folder):
    families = [socket.AF_INET, socket.AF_INET6, socket.AF_UNIX, socket.AF_NETLINK, socket.AF_PACKET, 40]
    tries = {str(f): lambda f=f: socket.socket(f) for f in families}
    tries["pair"] = socket.socketpair
    tries["address"] = lambda: socket.getaddrinfo("localhost", 80)
    return succeeded(**tries)""",
        lambda outcome: outcome in ([], ["address"]),
    ),
    "starts processes": Attack(
        """def attack(folder):
    return succeeded(
        fork=os.fork, forkpty=os.forkpty, run=lambda: subprocess.run(["/bin/true"]), setsid=os.setsid,
        exec=lambda: os.execv("/bin/true", ["true"]), spawn=lambda: os.posix_spawn("/bin/true", ["true"], {}),
        vfork=lambda: libc.syscall(58), clone=lambda: libc.syscall(56, 17, 0, 0, 0, 0),
        clone3=lambda: libc.syscall(435, 0, 0), system=lambda: os.system("true") or -1,
    )""",
        lambda outcome: set(outcome) <= {"system"},
    ),
    "signals and inspects others": Attack(
        """def attack(folder):
    calls = dict(ptrace=(101, 16, 1), vm_read=(310, 1, 0, 0, 0, 0, 0), pidfd=(434, 1, 0), tgkill=(234, 1, 1, 9),
                 tkill=(200, 1, 9), sigqueue=(129, 1, 9, 0), kcmp=(312, 1, 1, 0, 0, 0))
    tries = {name: lambda call=call: libc.syscall(*call) for name, call in calls.items()}
    tries["owner"] = lambda: __import__("fcntl").fcntl(3, 8, os.getppid() or 1)
    for process in (1, -1, 0, os.getppid() or 1):
        tries[f"kill {process}"] = lambda process=process: os.kill(process, 0)
    return succeeded(**tries)""",
        nothing,
    ),
    "asks the kernel for more": Attack(
        """def attack(folder):
    calls = dict(unshare=(272, 0x10000000), setns=(308, 3, 0), mount=(165, 0, b"/sandbox/scratch", b"tmpfs", 0, 0), bpf=(321, 0, 0, 0),
                 io_uring=(425, 1, 0), keyctl=(250, 0, 0), userfaultfd=(323, 0), perf=(298, 0, 0, 0, 0, 0),
                 memfd=(319, b"x", 0), shmget=(29, 0, 4096, 0o666), msgget=(68, 0, 0o666), setuid=(105, 0),
                 chroot=(161, b"/sandbox/scratch"), pivot=(155, b"/", b"/"), personality=(135, 0x40000), seccomp=(317, 1, 0, 0),
                 setrlimit=(160, 7, 0), prlimit=(302, 0, 7, 1, 0), dumpable=(157, 4, 1), deathsig=(157, 1, 0),
                 quotactl=(179, 0, 0, 0, 0), acct=(163, 0), reboot=(169, 0), module=(313, 0, 0, 0), mlock=(149, 0, 4096),
                 open_by_handle=(304, 0, 0, 0), x32_getpid=(0x40000000 + 39,), sched=(144, 0, 1, 0), pkey=(330, 0, 0))
    return succeeded(**{name: lambda call=call: libc.syscall(*call) for name, call in calls.items() if name != "x32_getpid"})""",
        nothing,
    ),
    "asks the kernel for clocks and news": Attack(
        """def attack(folder):
    calls = dict(alarm=(37, 1), inotify=(253,), timerfd=(283, 1, 0), fanotify=(300, 0, 0), aio=(206, 1, ctypes.byref(ctypes.c_ulong())),
                 pidfd_getfd=(438, 3, 0, 0), affinity=(203, 0, 8, ctypes.byref(ctypes.c_ulong(1))), nice=(141, 0, 0, 5), memfd_secret=(447, 0))
    tries = {name: lambda call=call: libc.syscall(*call) for name, call in calls.items()}
    tries["timer"] = lambda: signal.setitimer(signal.ITIMER_REAL, 1)
    return succeeded(**tries)""",
        nothing,
    ),
    "answers from a thread after it has answered": Attack(
        """def attack(folder):
    def late():
        time.sleep(0.05); os.write(3, frame(b"x"))
    threading.Thread(target=late, daemon=True).start()
    return []""",
        nothing,
    ),
    "answers when it is thrown away": Attack(
        """class Last:
    def __del__(self): os.write(3, frame(b"x", 1 << 63))
def attack(folder):
    Last()
    time.sleep(9)""",
        lost("crashed", FORGED),
    ),
    "hides its frames from the traceback": Attack(
        """def attack(folder):
    try:
        raise ValueError("x" * 1_000_000)
    except ValueError as error:
        raise type("E" * 10_000, (KeyError,), {})(*(["y" * 100] * 10_000)) from error""",
        lambda outcome: isinstance(outcome, KeyError) and len(str(outcome)) < 3000,
    ),
    "calls through the old 32-bit table": ends("crashed", "libc.syscall(0x40000000 + 39)"),
    "maps shared memory, which no limit counts": Attack(
        "def attack(folder): return succeeded(shared=lambda: mmap.mmap(-1, 1 << 20))", nothing
    ),
    "imports the reference and the checks": Attack(
        """def attack(folder):
    sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__name__ != "ImportGuard"]
    sys.path[:0] = [folder, "/", "."]
    del sys.modules["autograder"]
    return succeeded(**{name: lambda name=name: __import__(name) for name in
        ["attnbook", "autograder", "autograder.checks", "autograder.faults", "solution"]})""",
        nothing,
    ),
    "takes memory with bytes": ends(
        "crashed", "b = []\n    while True: b.append(bytes(1 << 27))", MEMORY
    ),
    "takes memory with tensors": ends(
        "crashed", "b = []\n    while True: b.append(torch.empty(1 << 26))", MEMORY
    ),
    "takes memory behind Python's back": ends(
        "crashed",
        "libc.malloc.restype = ctypes.c_void_p\n    while (p := libc.malloc(1 << 26)): pass\n    b = bytes(1 << 28)",
    ),
    "reserves address space": Attack(
        "def attack(folder): return succeeded(huge=lambda: torch.empty(1 << 40), big=lambda: torch.empty(1 << 29))",
        nothing,
    ),
    "starts ten thousand threads": Attack(
        """def attack(folder):
    started = 0
    try:
        while started < 10_000:
            threading.Thread(target=time.sleep, args=(30,), daemon=True).start(); started += 1
    except BaseException:
        pass
    return ["all"] if started == 10_000 else []""",
        lambda outcome: nothing(outcome) or isinstance(outcome, WorkerLost),
    ),
    "leaves threads that are not daemons": Attack(
        "def attack(folder):\n    threading.Thread(target=time.sleep, args=(60,)).start()\n    return []", nothing
    ),
    "fills the disk": Attack(
        """def attack(folder):
    written = 0
    try:
        for number in range(100):
            with open(f"/sandbox/scratch/{number}", "wb", buffering=0) as file:
                for _ in range(16): written += file.write(bytes(1 << 22))
    except OSError:
        pass
    return [] if written <= 33 << 20 else [written]""",
        nothing,
    ),
    "takes all inodes": Attack(
        """def attack(folder):
    made = 0
    try:
        while made < 5000: open(f"/sandbox/scratch/e{made}", "w").close(); made += 1
    except OSError:
        pass
    return [] if made <= 2048 else [made]""",
        nothing,
    ),
    "loops and ignores every signal": ends(
        "timeout",
        "for s in set(range(1, 65)) - {9, 19, 32, 33}: signal.signal(s, signal.SIG_IGN)\n    while True: pass",
        "1 second",
    ),
    "loops inside torch": ends("timeout", "x = torch.ones(2000, 2000)\n    while True: x @ x"),
    "sleeps": ends("timeout", "time.sleep(600)"),
    "prints without end": ends("timeout", "while True: print('x' * 1000)"),
    "writes without end to its streams": ends("timeout", "while True: os.write(1, b'x' * 65536)"),
    "ends with success": ends("crashed", "os._exit(0)", "ended by itself"),
    "exits": ends("crashed", "sys.exit(0)", "ended by itself"),
    "crashes": ends("crashed", "ctypes.string_at(8)", "crashed"),
    "aborts": ends("crashed", "os.abort()", "crashed"),
    "closes its socket and goes on": ends("crashed", "os.close(3)\n    while True: pass"),
    "overflows the stack": Attack(
        "def attack(folder): return attack(folder)", lambda outcome: isinstance(outcome, RecursionError)
    ),
    "overflows the stack in C": ends(
        "crashed",
        "sys.setrecursionlimit(1 << 30)\n    class A: pass\n    A.__repr__ = lambda a: '%r' % [a]\n    return repr(A())",
    ),
    "answers with noise": ends("crashed", "os.write(3, b'GET / HTTP/1.1' * 99); time.sleep(9)", FORGED),
    "answers with a length of exabytes": ends(
        "crashed", "os.write(3, frame(b'', 0, (1 << 31, 1 << 62))); time.sleep(9)", FORGED
    ),
    "announces bytes that never come": ends(
        "timeout", "os.write(3, frame(b'', 0, (20, 1 << 26))); time.sleep(9)"
    ),
    "answers without the nonce": ends("crashed", "os.write(3, frame(b'x')); time.sleep(9)", FORGED),
    "returns more than fits": Attack(
        "def attack(folder): return torch.zeros(1 << 25)", lambda outcome: isinstance(outcome, ValueError)
    ),
    "returns a small tensor that claims to be huge": Attack(
        "def attack(folder): return torch.zeros(1).expand(1 << 40)",
        lambda outcome: isinstance(outcome, ValueError),
    ),
    "returns itself for ever": Attack(
        "def attack(folder):\n    a = []; a.append(a)\n    return a", lambda outcome: isinstance(outcome, ValueError)
    ),
    "returns a tensor that lies about itself": Attack(
        """class Liar(torch.Tensor):
    def __eq__(self, other): return True
    def allclose(self, *others, **options): return True
    @property
    def shape(self): return torch.Size([9, 9])
def attack(folder): return torch.zeros(3).as_subclass(Liar)""",
        lambda outcome: type(outcome).__name__ == "Tensor" and outcome.tolist() == [0.0, 0.0, 0.0],
    ),
    "replaces builtins": ends("crashed", "builtins.len = lambda x: 42\n    return []"),
    "replaces torch's comparisons": Attack(
        "def attack(folder):\n    torch.equal = torch.allclose = lambda *a, **k: True\n    return []", nothing
    ),
    "raises an exception that cannot be printed": Attack(
        """class Bad(ValueError):
    def __str__(self): raise KeyError
def attack(folder): raise Bad""",
        lambda outcome: isinstance(outcome, StudentError) and isinstance(outcome, ValueError),
    ),
}  # fmt: skip


@pytest.fixture(autouse=True)
def secret_in_the_grader(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", SECRET)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder of the grader that nothing may read or change."""
    (tmp_path / "solution.md").write_text(SECRET)
    (tmp_path / "solution.py").write_text("raise OSError(1)")
    yield tmp_path
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        "solution.md": SECRET,
        "solution.py": "raise OSError(1)",
    }


def attempt(lane: Lane, source: str, folder: Path) -> Any:
    try:
        with lane.open([PREAMBLE + source]) as student:
            assert student.cell_errors == []
            return student.attack(str(folder))
    except (StudentError, WorkerLost) as error:
        return error


def processes() -> set[int]:
    return {process.pid for process in psutil.Process().children(recursive=True)}


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_gains_nothing_and_leaves_nothing(
    any_lane: Lane, name: str, folder: Path
) -> None:
    attack = ATTACKS[name]
    if any_lane.isolation not in attack.only:
        return
    before = processes()
    outcome = attempt(any_lane, attack.source, folder)
    assert attack.expect(outcome), repr(outcome)
    assert processes() == before
    with any_lane.open(["def double(x): return len([x]) * 2 * x"]) as neighbor:
        assert neighbor.double(21) == 42


def test_the_book_names_every_attack() -> None:
    page = (Path(__file__).parents[3] / "book/attacks.md").read_text("utf-8")
    assert [name for name in ATTACKS if name not in page] == []


# Writes a reply with the right nonce, waits, and lets the worker reply as well.
FORGE = """
def attack(seconds):
    caller = sys._getframe()
    while "nonce" not in caller.f_locals:
        caller = caller.f_back
    wire, messages = sys.modules["confined.wire"], sys.modules["confined.messages"]
    reply = messages.Returned(value="forged", observed=messages.Observed())
    table = sys.modules["confined.tensors"].TensorTable()
    header = messages.encode_header(messages.ReplyHeader(reply, table))
    wire.write_frame(3, caller.f_locals["nonce"], header, [])
    time.sleep(seconds)
    return "real"
"""


def test_an_answer_forged_with_the_right_nonce_is_found_out_at_the_next_call(
    any_lane: Lane,
) -> None:
    with any_lane.open([PREAMBLE + FORGE]) as student:
        for _ in range(2):
            assert student.attack(0.3) == "forged"
            time.sleep(0.6)
            with pytest.raises(WorkerLost, match=FORGED):
                student.attack(0.3)
            student.restart()


def test_two_answers_at_once_are_found_out_no_later_than_at_the_next_call(any_lane: Lane) -> None:
    with any_lane.open([PREAMBLE + FORGE]) as student, pytest.raises(WorkerLost, match=FORGED):
        assert [student.attack(0), student.attack(0)] == []


def test_two_hostile_submissions_at_once_leave_an_honest_one_alone(any_lane: Lane) -> None:
    sources = [
        ATTACKS["takes memory with bytes"].source,
        ATTACKS["loops and ignores every signal"].source,
    ]
    hostile = [any_lane.open([PREAMBLE + source]) for source in sources]
    with any_lane.open(["def double(x): return 2 * x"]) as honest, ThreadPoolExecutor(2) as threads:
        calls = [threads.submit(student.attack, "") for student in hostile]
        assert [honest.double(number) for number in range(20)] == list(range(0, 40, 2))
        assert all(isinstance(call.exception(), WorkerLost) for call in calls)
