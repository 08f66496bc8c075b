"""Which names a cell defines, so that an error in it can be charged to the right exercise."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from functools import lru_cache

MAX_PARSED = 200_000
"""Characters; a longer cell is only searched, so that parsing it costs no time or stack."""

DEFINITION = re.compile(r"^[ \t]*(?:async[ \t]+)?(?:def|class)[ \t]+(\w+)", re.MULTILINE)
ASSIGNMENT = re.compile(r"^([^\W\d]\w*)[ \t]*(?::[^=\n]+)?=(?!=)", re.MULTILINE)


@lru_cache(maxsize=4096)  # most cells of a class are the sheet's own
def defined_names(source: str) -> frozenset[str]:
    """Return the names that ``source`` binds at the top level of a notebook.

    A cell that does not parse (a syntax error, a magic) is searched for what looks like a
    definition.
    """
    if len(source) <= MAX_PARSED:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # an invalid escape in a learner's string
                return frozenset(_bound(ast.parse(source)))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            pass  # searched below
    return frozenset({*DEFINITION.findall(source), *ASSIGNMENT.findall(source)})


def _bound(node: ast.AST) -> Iterator[str]:
    """Yield the names bound in ``node``, leaving out what is local to functions and classes."""
    pending: list[ast.AST] = [node]
    while pending:  # not recursive: a learner's expression may be nested as deeply as it parses
        current = pending.pop()
        match current:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield current.name
                pending += current.decorator_list
                continue
            case (
                ast.Lambda() | ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp()
            ):
                continue
            case ast.Name(id=name, ctx=ast.Store()):
                yield name
            case ast.alias(name=name, asname=asname):
                yield asname or name.partition(".")[0]
            case ast.ExceptHandler(name=str(name)):
                yield name
        pending += ast.iter_child_nodes(current)
