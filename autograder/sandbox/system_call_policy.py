"""Which system calls a submission may make; every other call fails with EPERM.

No sockets, no programs, no processes (threads alone), no signals to anyone, no namespaces, no
shared anonymous memory (which no limit counts). So nothing that a submission starts can outlive its
process.
"""

from __future__ import annotations

import errno
import os
from functools import cache
from typing import Any

# fmt: off
ALLOWED = (
    # files that are open, or that Landlock lets open; none of the calls by which a path alone is
    # changed and that Landlock does not know (utimensat, chmod) or did not always know (truncate)
    "read", "write", "readv", "writev", "pread64", "pwrite64", "preadv", "pwritev", "lseek",
    "open", "openat", "close", "close_range", "fstat", "stat", "lstat", "newfstatat", "statx",
    "access", "faccessat", "faccessat2", "readlink", "readlinkat", "getdents64", "getcwd",
    "chdir", "dup", "dup2", "dup3", "pipe", "pipe2", "eventfd2", "flock", "fsync", "fdatasync",
    "ftruncate", "fallocate", "fadvise64", "mkdir", "mkdirat", "rmdir", "unlink",
    "unlinkat", "rename", "renameat", "renameat2", "umask", "sendfile",
    "copy_file_range", "statfs", "fstatfs",
    # memory
    "brk", "mprotect", "munmap", "mremap", "madvise", "mincore",
    # waiting
    "poll", "ppoll", "select", "pselect6", "epoll_create1", "epoll_ctl", "epoll_wait",
    "epoll_pwait", "futex", "nanosleep", "clock_nanosleep", "sched_yield", "restart_syscall",
    "membarrier", "rseq", "set_robust_list", "get_robust_list", "set_tid_address",
    # its own signals
    "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack",
    # looking around
    "getpid", "getppid", "gettid", "getuid", "geteuid", "getgid", "getegid", "getrlimit",
    "getrusage", "sysinfo", "uname", "times", "gettimeofday", "clock_gettime", "clock_getres",
    "getcpu", "getrandom", "sched_getaffinity", "sched_getparam", "sched_getscheduler",
    "get_mempolicy",
    # ending
    "exit", "exit_group",
)
# fmt: on

_CLONE_THREAD = 0x0001_0000
# Namespaces, ptrace and untraced: no thread needs them.
_CLONE_REFUSED = 0x7E02_0000 | 0x0080_0000 | 0x2000
_MAP_SHARED, _MAP_ANONYMOUS = 0x01, 0x20
_IOCTLS = {
    "TCGETS": 0x5401,
    "FIONREAD": 0x541B,
    "FIONBIO": 0x5421,
    "FIONCLEX": 0x5450,
    "FIOCLEX": 0x5451,
}
# Not F_SETOWN and F_SETSIG, which make the kernel send signals to others.
_FCNTLS = {
    "DUPFD": 0,
    "GETFD": 1,
    "SETFD": 2,
    "GETFL": 3,
    "SETFL": 4,
    "GETLK": 5,
    "SETLK": 6,
    "DUPFD_CLOEXEC": 1030,
}
_PRCTLS = {"SET_NAME": 15, "GET_NAME": 16}
_LOW_32_BITS = 0xFFFF_FFFF


@cache
def compiled_filter() -> bytes:
    """Return the policy as an array of struct sock_filter for this machine's architecture.

    Raises:
        RuntimeError: If libseccomp is not installed.
    """
    import pyseccomp

    policy = pyseccomp.SyscallFilter(pyseccomp.ERRNO(errno.EPERM))
    for name in ALLOWED:
        # Some calls exist on some architectures only.
        if pyseccomp.resolve_syscall(pyseccomp.Arch.NATIVE, name) >= 0:
            policy.add_rule(pyseccomp.ALLOW, name)
    policy.add_rule(pyseccomp.ERRNO(errno.ENOSYS), "clone3")
    _allow_by_arguments(policy, pyseccomp)
    descriptor = os.memfd_create("filter")
    try:
        with os.fdopen(os.dup(descriptor), "wb") as file:
            policy.export_bpf(file)
        return os.pread(descriptor, 1 << 16, 0)
    finally:
        os.close(descriptor)


def _allow_by_arguments(policy: Any, pyseccomp: Any) -> None:
    def allow(name: str, *conditions: tuple[int, int, int]) -> None:
        arguments = [
            pyseccomp.Arg(number, pyseccomp.MASKED_EQ, mask, value)
            for number, mask, value in conditions
        ]
        policy.add_rule(pyseccomp.ALLOW, name, *arguments)

    # glibc falls back from clone3, whose flags no filter can see, to clone.
    allow("clone", (0, _CLONE_THREAD | _CLONE_REFUSED, _CLONE_THREAD))
    for flags in (0, _MAP_SHARED, _MAP_ANONYMOUS):
        allow("mmap", (3, _MAP_SHARED | _MAP_ANONYMOUS, flags))
    for name, argument, numbers in (
        ("ioctl", 1, _IOCTLS),
        ("fcntl", 1, _FCNTLS),
        ("prctl", 0, _PRCTLS),
    ):
        for number in numbers.values():
            allow(name, (argument, _LOW_32_BITS, number))
    # Reading its own limits, not setting anyone's.
    allow("prlimit64", (0, _LOW_32_BITS, 0), (2, 0xFFFF_FFFF_FFFF_FFFF, 0))
