"""What a person may want to know: ready-made routines that are called, imports that are tried.

Both can be evaded by someone who sets out to; they never decide a mark.
"""

from __future__ import annotations

import sys
import types
from collections.abc import Callable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from typing import Any

from torch.overrides import TorchFunctionMode

WATCHED_ROUTINES = ("scaled_dot_product", "multi_head_attention")
REFUSED_PACKAGES = ("attnbook", "autograder")
_MAX_NAMES = 16


class RoutineRecorder(TorchFunctionMode):
    """Notes torch routines that do a whole exercise by themselves, under any alias."""

    def __init__(self) -> None:
        super().__init__()
        self._names: dict[str, None] = {}

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: Sequence[Any] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Run ``func`` as if nobody watched."""
        name = getattr(func, "__name__", "")
        if "attention" in name or "scaled_dot" in name:
            self._note(name)
        return func(*args, **(kwargs or {}))

    def _note(self, name: str) -> None:
        if any(watched in name for watched in WATCHED_ROUTINES) and len(self._names) < _MAX_NAMES:
            self._names[name.strip("_")[:80]] = None

    def take(self) -> list[str]:
        """Return the names noted since the last time."""
        names = list(self._names)
        self._names = {}
        return names


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
