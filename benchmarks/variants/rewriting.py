"""Rewriting a cell so that it says the same in other words. Nothing that it computes changes."""

from __future__ import annotations

import ast
import random
import re
from collections.abc import Callable

LATIN = ("a", "tmp", "out_", "res", "xs", "value_of", "Q_", "my_var", "l1", "_hidden")
OTHER_SCRIPTS = ("α", "β_", "ключ", "查询", "maße", "é", "ω", "слово", "値")
UNICODE_COMMENTS = (
    "# √d → 1 ✓",
    "# Łódź, naïve, 東京, שלום",
    "# 🙂🙃 e\u0301",
    "# \u202eabc\u202c",
)


def unparsed(source: str) -> str:
    """As Python itself would write it: no comments, no blank lines, other quotes."""
    return ast.unparse(ast.parse(source))


def reindented(source: str, chance: random.Random) -> str:
    """With tabs, or two spaces, or eight, in place of four."""
    unit = chance.choice(("\t", "  ", "        ", " "))
    lines = ast.unparse(ast.parse(source)).split("\n")
    return "\n".join(unit * (_indent(line) // 4) + line.lstrip(" ") for line in lines)


def respaced(source: str, chance: random.Random) -> str:
    """With blank lines, trailing blanks and other line ends."""
    lines = []
    for line in ast.unparse(ast.parse(source)).split("\n"):
        lines += [""] * chance.choice((0, 0, 1, 3))
        lines.append(line + " " * chance.choice((0, 0, 1, 7)))
    return chance.choice(("\n", "\r\n")).join(lines) + "\n" * chance.randrange(4)


def renamed(source: str, chance: random.Random) -> str:
    """With other names for parameters and variables."""
    return _with_names(source, LATIN, chance)


def renamed_in_other_scripts(source: str, chance: random.Random) -> str:
    """With Greek, Cyrillic and Chinese names for parameters and variables."""
    return _with_names(source, OTHER_SCRIPTS, chance)


def without_annotations(source: str) -> str:
    """Without types."""
    return ast.unparse(_Untyped().visit(ast.parse(source)))


def with_comments(source: str, chance: random.Random) -> str:
    """With comments in many scripts."""
    lines = []
    for line in ast.unparse(ast.parse(source)).split("\n"):
        if chance.random() < 0.4:
            lines.append(" " * _indent(line) + chance.choice(UNICODE_COMMENTS))
        lines.append(line)
    return "\n".join([*lines, chance.choice(UNICODE_COMMENTS)])


def with_dead_code(source: str, chance: random.Random) -> str:
    """With statements in every function that do nothing."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            extra = chance.choice(("if False:\n    raise SystemExit", "_ = [1, 2][0]", "pass"))
            node.body = [*ast.parse(extra).body, *node.body]
    return ast.unparse(ast.fix_missing_locations(tree))


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _with_names(source: str, names: tuple[str, ...], chance: random.Random) -> str:
    tree = ast.parse(source)
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    for node in [*tree.body, *(part for one in classes for part in one.body)]:
        if isinstance(node, ast.FunctionDef):
            start = chance.randrange(100)
            local = sorted(_local_names(node))
            fresh = {name: f"{chance.choice(names)}{start + n}" for n, name in enumerate(local)}
            _Renamed(fresh).visit(node)
    return ast.unparse(tree)


def _local_names(function: ast.FunctionDef) -> set[str]:
    """Return what a function binds. Arguments by keyword alone keep the names that callers use."""
    names = set()
    kept = {argument.arg for argument in function.args.kwonlyargs}
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.arg):
            names.add(node.arg)
    return names - kept


class _Renamed(ast.NodeTransformer):
    def __init__(self, names: dict[str, str]) -> None:
        self._names = names

    def visit_Name(self, node: ast.Name) -> ast.Name:
        node.id = self._names.get(node.id, node.id)
        return node

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.arg = self._names.get(node.arg, node.arg)
        return node


class _Untyped(ast.NodeTransformer):
    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        node.returns = None
        self.generic_visit(node)
        return node

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.annotation = None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.stmt:
        if node.value is None:
            return node
        return ast.copy_location(ast.Assign([node.target], node.value), node)


# ---------------------------------------------------------------- around the function


# In what stands around an answer: the answer itself, its name, and a function of their own.
OWN, NAME, HELPER = (re.compile(rf"\b{word}\b") for word in ("OWN", "NAME", "HELPER"))


def rewritten(kind: str, source: str, exercise: str, chance: random.Random) -> str:
    """Return a cell that says the same in the way of ``kind``; as it is if that is no such way."""
    if kind in ALWAYS_ALIKE:
        return ALWAYS_ALIKE[kind](source)
    if kind in BY_CHANCE:
        return BY_CHANCE[kind](source, chance)
    if kind in AROUND:
        own = f"_own_{exercise}"
        helper = HELPER.sub(f"_helper_of_{exercise}", AROUND[kind])
        defined = NAME.sub(exercise, OWN.sub(own, helper))
        return f"{source}\n{own} = {exercise}\n{defined}"
    return source


AROUND: dict[str, str] = {
    "helper functions": (
        "def HELPER(*inputs, **named):\n    return OWN(*inputs, **named)\n"
        "def NAME(*inputs, **named):\n    return HELPER(*inputs, **named)"
    ),
    "lambdas": "NAME = lambda *inputs, **named: OWN(*inputs, **named)",
    "classes with __call__": (
        "class Answer:\n    own = staticmethod(OWN)\n"
        "    def __call__(self, *inputs, **named):\n        return self.own(*inputs, **named)\n"
        "NAME = Answer()"
    ),
    "modules": (
        "class Layer(torch.nn.Module):\n    def forward(self, *inputs, **named):\n"
        "        return OWN(*inputs, **named)\nNAME = Layer()"
    ),
    "bound methods": (
        "class Sheet:\n    def NAME(self, *inputs, **named):\n"
        "        return OWN(*inputs, **named)\nNAME = Sheet().NAME"
    ),
    "decorators": (
        "import functools\ndef logged(function):\n    @functools.wraps(function)\n"
        "    def inner(*inputs, **named):\n        return function(*inputs, **named)\n"
        "    return inner\n@logged\n@logged\ndef NAME(*inputs, **named):\n"
        "    return OWN(*inputs, **named)"
    ),
    "partial functions": "import functools\nNAME = functools.partial(OWN)",
    "printed noise": (
        "import sys, warnings\ndef NAME(*inputs, **named):\n"
        "    print('shape', inputs, '\\x1b[31m' * 50)\n    warnings.warn('check this')\n"
        "    print('debug', file=sys.stderr)\n    return OWN(*inputs, **named)"
    ),
    "more parameters": (
        "def NAME(*inputs, dropout=0.0, verbose=False, **named):\n    return OWN(*inputs, **named)"
    ),
    "results through a variable": (
        "RESULT = None\ndef NAME(*inputs, **named):\n    global RESULT\n"
        "    RESULT = OWN(*inputs, **named)\n    return RESULT"
    ),
    "caught and raised again": (
        "def NAME(*inputs, **named):\n    try:\n        return OWN(*inputs, **named)\n"
        "    except ValueError as error:\n        raise error\n    finally:\n        pass"
    ),
}

ALWAYS_ALIKE: dict[str, Callable[[str], str]] = {
    "reformatted: unparsed": unparsed,
    "annotations removed": without_annotations,
}
BY_CHANCE: dict[str, Callable[[str, random.Random], str]] = {
    "reformatted: indentation": reindented,
    "reformatted: blanks and line ends": respaced,
    "renamed variables": renamed,
    "renamed variables, other scripts": renamed_in_other_scripts,
    "comments in Unicode": with_comments,
    "dead code": with_dead_code,
}
KINDS = ("as written", *ALWAYS_ALIKE, *BY_CHANCE, *AROUND)
