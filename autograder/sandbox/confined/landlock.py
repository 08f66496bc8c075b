"""Landlock: after it, this process reaches the listed files alone, whatever is mounted.

The three system calls have the same numbers on every architecture.
"""

from __future__ import annotations

import ctypes
import os
import stat
from collections.abc import Iterable

from .libc import LIBC, checked

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION_REQUEST = 1
_RULE_PATH_BENEATH = 1
_WRITE_FILE, _READ_FILE, _READ_DIRECTORY, _TRUNCATE = 1 << 1, 1 << 2, 1 << 3, 1 << 14
_ALL_ACCESS_OF_ABI_1 = (1 << 13) - 1
_REFER, _IOCTL_DEVICE = 1 << 13, 1 << 15
_ALL_NETWORK, _ALL_SCOPES = 3, 3

READ = _READ_FILE | _READ_DIRECTORY
LIST = _READ_DIRECTORY
WRITE = READ | _WRITE_FILE | _TRUNCATE | (_ALL_ACCESS_OF_ABI_1 & ~1)


class _RulesetAttributes(ctypes.Structure):
    _fields_ = [
        ("files", ctypes.c_uint64),
        ("network", ctypes.c_uint64),
        ("scopes", ctypes.c_uint64),
    ]


class _PathRule(ctypes.Structure):
    _pack_ = 1
    _fields_ = [("access", ctypes.c_uint64), ("descriptor", ctypes.c_int32)]


def abi_version() -> int:
    """Return the kernel's Landlock version; 0 or less where there is none."""
    return int(
        LIBC.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION_REQUEST))
    )


class Rule:
    """A file or folder held open, with what stays allowed beneath it."""

    def __init__(self, path: str, access: int) -> None:
        self.descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
        is_folder = stat.S_ISDIR(os.fstat(self.descriptor).st_mode)
        self.access = access if is_folder else access & (_READ_FILE | _WRITE_FILE | _TRUNCATE)


def restrict(rules: Iterable[Rule]) -> None:
    """Deny this process every file, port and abstract socket but what ``rules`` allow.

    Needs no_new_privs. Raises OSError where the kernel has no Landlock.
    """
    abi = checked(abi_version(), "landlock")
    handled = _ALL_ACCESS_OF_ABI_1
    for since, access in ((2, _REFER), (3, _TRUNCATE), (5, _IOCTL_DEVICE)):
        handled |= access if abi >= since else 0
    attributes = _RulesetAttributes(
        handled, _ALL_NETWORK if abi >= 4 else 0, _ALL_SCOPES if abi >= 6 else 0
    )
    size = 24 if abi >= 6 else 16 if abi >= 4 else 8
    created = LIBC.syscall(
        _CREATE_RULESET, ctypes.byref(attributes), ctypes.c_size_t(size), ctypes.c_uint32(0)
    )
    ruleset = checked(created, "landlock_create_ruleset")
    for rule in rules:
        _add(ruleset, _PathRule(rule.access & handled, rule.descriptor))
    checked(LIBC.syscall(_RESTRICT_SELF, ruleset, ctypes.c_uint32(0)), "landlock_restrict_self")
    os.close(ruleset)


def _add(ruleset: int, path_rule: _PathRule) -> None:
    result = LIBC.syscall(
        _ADD_RULE,
        ruleset,
        ctypes.c_int(_RULE_PATH_BENEATH),
        ctypes.byref(path_rule),
        ctypes.c_uint32(0),
    )
    checked(result, "landlock_add_rule")
