"""Running notebook cells one by one in one namespace, as a kernel does, without a kernel."""

from __future__ import annotations
import __future__

import builtins
import linecache
import sys
import types
from typing import Any

from IPython.core.inputtransformer2 import TransformerManager

_FUTURE_FLAGS = sum(
    getattr(__future__, name).compiler_flag for name in __future__.all_feature_names
)
# Magics whose body is part of the notebook's program.
_TRANSPARENT_MAGICS = frozenset({"time", "capture"})


def cell_filename(position: int) -> str:
    """Return the name that tracebacks show for a cell."""
    return f"<cell {position}>"


class Cells:
    """The namespace of a notebook, and the running of its cells."""

    def __init__(self) -> None:
        self.module = types.ModuleType("__main__")
        self.namespace: dict[Any, Any] = self.module.__dict__
        self._transform = TransformerManager().transform_cell
        self._future_flags = 0
        shell = InertShell(self)
        self.namespace.update(get_ipython=lambda: shell, display=lambda *objects, **options: None)
        self._injected = frozenset(self.namespace)

    def install(self) -> None:
        """Make the namespace the main module, so that dataclasses and type hints find it."""
        sys.modules["__main__"] = self.module
        builtins.display = self.namespace["display"]  # type: ignore[attr-defined]
        # The interpreter was started without the module that defines these.
        builtins.exit = builtins.quit = sys.exit  # type: ignore[assignment]

    def run(self, position: int, source: str) -> None:
        """Run one cell. Whatever it raises, SyntaxError included, comes out."""
        filename = cell_filename(position)
        linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)
        self.execute(source, filename)

    def execute(self, source: str, filename: str) -> None:
        """Compile and run ``source``; magics and shell commands become inert calls."""
        try:
            code = self._compile(source, filename)
        except SyntaxError:
            code = self._compile(self._transform(source), filename)
        self._future_flags |= code.co_flags & _FUTURE_FLAGS
        exec(code, self.namespace)

    def public_names(self) -> tuple[list[str], list[str]]:
        """Return the names of callables and of other values that the cells defined, no modules."""
        functions: list[str] = []
        values: list[str] = []
        for name, value in list(self.namespace.items()):
            hidden = not isinstance(name, str) or name.startswith("_") or name in self._injected
            if hidden or isinstance(value, types.ModuleType) or len(name) > 200:
                continue
            (functions if callable(value) else values).append(name)
        return functions, values

    def _compile(self, source: str, filename: str) -> types.CodeType:
        code: types.CodeType = compile(
            source, filename, "exec", self._future_flags, dont_inherit=True
        )
        return code


class InertShell:
    """What ``get_ipython()`` returns: every service exists and does nothing."""

    def __init__(self, cells: Cells) -> None:
        self._cells = cells
        self.user_ns = cells.namespace

    def run_cell_magic(self, magic_name: str, line: str, cell: str) -> None:
        """Run the body of ``%%time`` and ``%%capture``; ignore every other magic with its body."""
        if magic_name in _TRANSPARENT_MAGICS:
            self._cells.execute(cell, "<cell magic>")

    def run_line_magic(self, magic_name: str, line: str, _stack_depth: int = 1) -> None:
        """Run the statement after ``%time``; ignore every other magic."""
        if magic_name in _TRANSPARENT_MAGICS and line.strip():
            self._cells.execute(line, "<line magic>")

    def getoutput(self, command: str, *options: Any, **more: Any) -> list[str]:
        """Return no output: shell commands do not run."""
        return []

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *arguments, **options: None
