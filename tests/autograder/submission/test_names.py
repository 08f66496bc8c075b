"""Which names a cell defines, whether it parses or not."""

import pytest

from autograder.submission import defined_names

CASES = {
    "def a(x):\n    b = 1\n    return b": {"a"},
    "async def a(): pass": {"a"},
    "class A:\n    b = 1\n    def c(self): pass": {"A"},
    "a = b = 1": {"a", "b"},
    "(a, *b), c[0], d.e = 1, 2, 3": {"a", "b"},
    "a: int = 1\nb += 1": {"a", "b"},
    "import torch.nn as nn, os.path\nfrom torch import Tensor as T": {"nn", "os", "T"},
    "for a in []:\n    b = a\nwith open('x') as c: pass": {"a", "b", "c"},
    "if (a := 1):\n    def b(): pass\nelse:\n    c = 1": {"a", "b", "c"},
    "try: pass\nexcept ValueError as e: pass": {"e"},
    "print([x for x in y], lambda z: z)": set(),
    "": set(),
    "def a(x:\n    return x": {"a"},
    "def a x):\n    return x": {"a"},
    "  def a(x):\n return x": {"a"},
    "%matplotlib inline\ndef a(x): return x\nb = !ls": {"a", "b"},
    "def a(): return (\nclass B: pass\nc: int = 2\nif d == 1": {"a", "B", "c"},
    "a = '\0'\ndef b(): pass": {"a", "b"},
    "s = '\\d'": {"s"},
}


@pytest.mark.parametrize("source", CASES)
def test_the_names_that_a_cell_defines_are_found(source, recwarn):
    assert defined_names(source) == CASES[source]
    assert not recwarn.list


BOMBS = {
    "parentheses": "(" * 50_000,
    "brackets": "[" * 50_000 + "]" * 50_000,
    "minus signs": "a = " + "-" * 50_000 + "1",
    "a sum": "a = " + "+".join(["1"] * 50_000),
    "attributes": "a = b" + ".c" * 50_000,
    "calls": "a = f" + "()" * 50_000,
    "lambdas": "a = " + "lambda:" * 20_000 + "0",
    "conditions": "a = " + "1 if 1 else " * 10_000 + "0",
    "nested blocks": "\n".join(" " * depth + "if 1:" for depth in range(500)),
    "a long number": "a = " + "9" * 100_000,
    "ten thousand powers": "a = " + "2**" * 10_000 + "2",
    "a cell of megabytes": "a = 1\n" * 1_000_000,
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_cell_made_to_break_the_parser_is_still_searched(bomb):
    assert defined_names("def attention_weights(): pass\n" + BOMBS[bomb]) >= {"attention_weights"}
