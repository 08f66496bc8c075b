"""Notebooks in which one answer cannot be graded: what is said of it, where, and the remedy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .conftest import RIGHT, notebook

BROKEN = "causal_mask"
DEFINE = "def causal_mask(num_queries, num_keys=None):\n"
OWN_CELL = 4
"""Where the answer stands among the code cells of `notebook`."""

LINE = "Correct that line, run the cell and hand in again."
NAME = "Define or import that name in a cell above"
LIBRARY = "Use torch, numpy and Python's own library"
FILES = "Do not read or write files"
LOOP = "Find what takes so long (a loop without an end?), correct it and hand in again."
ENDS = "Remove what ends the process or fills its memory, and hand in again."
RUN_ALL = "Restart the kernel, run all cells"
RENAME = "rename it to causal_mask, and hand in again."
VALUE = "Give the value another name"


@dataclass(frozen=True)
class Kind:
    """A notebook, the status of the exercise, and what its message holds."""

    content: dict[str, Any]
    status: str
    says: str
    remedy: str
    cell: int = OWN_CELL


def cell(source: str, status: str, says: str, remedy: str) -> Kind:
    """The cell itself is broken."""
    return Kind(notebook({BROKEN: source}), status, says, remedy)


def called(body: str, status: str, says: str, remedy: str) -> Kind:
    """The cell runs, and its function cannot be called to an end."""
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    return cell(DEFINE + lines, status, says, remedy)


def renamed(name: str) -> Kind:
    source = RIGHT[BROKEN].replace(BROKEN, name)
    return cell(source, "missing", f"defines {name!r}", RENAME)


CELLS = {
    "a bracket that is not closed": cell(DEFINE + "    return [", "error", "SyntaxError", LINE),
    "a colon that is missing": cell(DEFINE.replace(":", ""), "error", "SyntaxError", LINE),
    "no body": cell(DEFINE, "error", "IndentationError", LINE),
    "tabs and spaces": cell(
        DEFINE + "    if num_keys:\n\tpass\n    return 1", "error", "TabError", LINE
    ),
    "typographic quotes": cell(DEFINE + "    return “mask”", "error", "SyntaxError", LINE),
    "a text that is not closed": cell(DEFINE + "    return 'mask", "error", "SyntaxError", LINE),
    "Python 2": cell(DEFINE + "    print 'mask'", "error", "SyntaxError", LINE),
    "conflict marks in a cell": cell(
        f"<<<<<<< mine\n{DEFINE}    pass\n>>>>>>> theirs", "error", "SyntaxError", LINE
    ),
    "a NUL character": cell(DEFINE + "    return '\0'", "error", "null byte", LINE),
    "a decorator that is not imported": cell(
        f"@cache\n{DEFINE}    pass", "error", "NameError: name 'cache'", NAME
    ),
    "cells in another order": cell(
        "mask_for = LENGTH\n" + DEFINE + "    pass", "error", "NameError: name 'LENGTH'", NAME
    ),
    "a library that is not installed": cell(
        f"import tensorflow\n{DEFINE}    pass", "error", "ModuleNotFoundError", LIBRARY
    ),
    "a module of their own": cell(
        "from my_masks import causal_mask", "error", "ModuleNotFoundError", LIBRARY
    ),
    "a file of their own": cell(
        f"SIZES = open('sizes.csv').read()\n{DEFINE}    pass", "error", "FileNotFoundError", FILES
    ),
    "a file of the system": cell(
        f"SIZES = open('/etc/hostname').read()\n{DEFINE}    pass", "error", "Error", FILES
    ),
    "an assertion in the cell": cell(
        f"assert 1 == 2, 'sizes differ'\n{DEFINE}    pass", "error", "sizes differ", RUN_ALL
    ),
    "a loop that never ends in the cell": cell(
        f"{DEFINE}    pass\nwhile True: pass", "timeout", "took longer than 10 seconds", LOOP
    ),
    "os._exit in the cell": cell(
        f"{DEFINE}    pass\nimport os; os._exit(0)", "crashed", "ended by itself", ENDS
    ),
    "a segmentation fault in the cell": cell(
        f"{DEFINE}    pass\nimport ctypes; ctypes.string_at(8)", "crashed", "or crashed", ENDS
    ),
    "all memory in the cell": cell(
        f"{DEFINE}    pass\nx = bytearray(10**11)", "crashed", "1.5 GB of memory", ENDS
    ),
    "a cell of megabytes": cell(
        f"{DEFINE}    pass\nDATA = '{'x' * (1 << 20)}'", "error", "at most 1048576", "Shorten"
    ),
}  # fmt: skip

NAMES = {
    "another case": renamed("Causal_Mask"),
    "camel case": renamed("causalMask"),
    "letters swapped": renamed("causal_maks"),
    "a Cyrillic letter": renamed("c\u0430usal_mask"),
    "in a comment": cell(
        "\n".join(f"# {line}" for line in RIGHT[BROKEN].splitlines()) + f"\n# def {BROKEN}(n):",
        "missing", "in a comment", "remove the #, and hand in again.",
    ),
    "inside a class": cell(
        f"class Masks:\n    {DEFINE}        pass",
        "missing", "inside something else", "move it to the left margin, and hand in again.",
    ),
    "written to a file": cell(
        f"%%writefile masks.py\n{DEFINE}    pass",
        "missing", "begins with %%writefile", "remove that line, and hand in again.",
    ),
    "in another language": cell(
        f"%%bash\n{DEFINE}    pass",
        "missing", "begins with %%bash", "remove that line, and hand in again.",
    ),
    "deleted": cell(
        f"{DEFINE}    pass\ndel causal_mask",
        "missing", "deletes causal_mask", "remove that line, and hand in again.",
    ),
    "a tensor": cell("causal_mask = torch.eye(3)", "error", "not a function", VALUE),
    "its own result": cell(
        f"{DEFINE}    return 1\ncausal_mask = causal_mask(3)", "error", "not a function", VALUE
    ),
}  # fmt: skip

CALLS = {
    "still the stub": called("raise NotImplementedError", "missing", "still the stub", "Replace"),
    "a name that does not exist": called("return torch_ones", "error", "NameError", NAME),
    "too few arguments": cell(
        "def causal_mask(): return 1", "error", "TypeError", RUN_ALL
    ),
    "a library when it is called": called(
        "import pandas\nreturn pandas", "error", "ModuleNotFoundError", LIBRARY
    ),
    "a file when it is called": called("return open('a.csv')", "error", "FileNotFound", FILES),
    "a graphics card": called("return torch.ones(3).cuda()", "error", "Error", RUN_ALL),
    "itself without end": called("return causal_mask(3)", "error", "RecursionError", RUN_ALL),
    "a loop that never ends": called("while True: pass", "timeout", "took longer than 5", LOOP),
    "sys.exit": called("import sys; sys.exit(0)", "crashed", "ended by itself", ENDS),
    "a segmentation fault": called("import ctypes; ctypes.string_at(8)", "crashed", "crash", ENDS),
    "all memory": called("x = bytearray(10**11)", "crashed", "1.5 GB of memory", ENDS),
}  # fmt: skip

KINDS = CELLS | NAMES | CALLS
