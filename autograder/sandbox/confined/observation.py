"""What a person may want to know: ready-made routines that are called, imports that are tried.

Both can be evaded by someone who sets out to; they never decide a mark.
"""

from __future__ import annotations

import functools
import sys
import types
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from typing import Any, ClassVar

import torch

WATCHED_ROUTINES = ("scaled_dot_product", "multi_head_attention")
REFUSED_PACKAGES = ("attnbook", "autograder")
_MAX_NAMES = 16


class RoutineRecorder:
    """Notes torch routines that do a whole exercise by themselves, under any alias.

    What is called within ``with recorder:`` is noted, not what that itself calls. `watch` must
    have been called before anybody could take a name for a routine.
    """

    _current: ClassVar[RoutineRecorder | None] = None

    def __init__(self) -> None:
        self._names: dict[str, None] = {}

    def __enter__(self) -> None:
        RoutineRecorder._current = self

    def __exit__(self, *raised: object) -> None:
        RoutineRecorder._current = None

    @staticmethod
    def watch() -> None:
        """Have routines say that they are called, wherever torch has a name for them.

        A watch over all that torch does would find the same, and costs as much as small tensors
        cost to multiply.
        """
        operators = {
            name.removeprefix("aten::").partition(".")[0]
            for name in torch._C._dispatch_get_all_op_names()
            if name.startswith("aten::")
        }
        for place, names in (
            (torch, dir(torch)),
            (torch.nn.functional, dir(torch.nn.functional)),
            (torch._C._nn, dir(torch._C._nn)),
            (torch.ops.aten, operators),
        ):
            for name in names:
                if any(watched in name for watched in WATCHED_ROUTINES):
                    setattr(place, name, _watched(getattr(place, name), name.strip("_")[:80]))

    @contextmanager
    def noted(self, name: str) -> Iterator[None]:
        """Note a routine's name, and none that the block calls."""
        if len(self._names) < _MAX_NAMES:
            self._names[name] = None
        RoutineRecorder._current = None
        try:
            yield
        finally:
            RoutineRecorder._current = self

    @classmethod
    def current(cls) -> RoutineRecorder | None:
        """Return the recorder whose block is running."""
        return cls._current

    def take(self) -> list[str]:
        """Return the names noted since the last time."""
        names = list(self._names)
        self._names = {}
        return names


class _WatchedOperator:
    """One of ``torch.ops.aten``, which has attributes: its overloads."""

    def __init__(self, operator: Any, name: str) -> None:
        self._operator = operator
        self._name = name
        self.__name__ = name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call it."""
        return _called(self._operator, self._name, args, kwargs)

    def __getattr__(self, attribute: str) -> Any:
        found = getattr(self._operator, attribute)
        return (
            _WatchedOperator(found, self._name)
            if isinstance(found, torch._ops.OpOverload)
            else found
        )


def _watched(routine: Any, name: str) -> Any:
    if isinstance(routine, torch._ops.OpOverloadPacket):
        return _WatchedOperator(routine, name)

    @functools.wraps(routine)
    def call(*args: Any, **kwargs: Any) -> Any:
        return _called(routine, name, args, kwargs)

    return call


def _called(routine: Any, name: str, args: Any, kwargs: Any) -> Any:
    recorder = RoutineRecorder.current()
    if recorder is None:
        return routine(*args, **kwargs)
    with recorder.noted(name):
        return routine(*args, **kwargs)


class ImportGuard(MetaPathFinder):
    """Refuses this project's packages, with a clear message, and notes the attempt."""

    def __init__(self) -> None:
        self._names: dict[str, None] = {}

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,
        target: types.ModuleType | None = None,
    ) -> ModuleSpec | None:
        """Raise ModuleNotFoundError for a refused package; leave others to the next finder."""
        package = fullname.partition(".")[0]
        if package not in REFUSED_PACKAGES:
            return None
        self._names[package] = None
        raise ModuleNotFoundError(
            f"{fullname} is not available while an exercise is graded", name=fullname
        )

    def take(self) -> list[str]:
        """Return the names noted since the last time."""
        names = list(self._names)
        self._names = {}
        return names


def install_inert_autograder() -> None:
    """Let ``from autograder import check`` work: in grading the check cells do nothing."""
    module = types.ModuleType("autograder")
    module.__path__ = []
    module.check = lambda *functions, **options: None  # type: ignore[attr-defined]
    sys.modules["autograder"] = module
