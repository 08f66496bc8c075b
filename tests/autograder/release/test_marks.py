"""Solutions are taken out whole, or the sheet is refused with the line."""

import pytest

from autograder.release.marks import MarkError, check_marks, remove_solutions


def test_a_solution_becomes_a_line_that_names_the_function():
    source = (
        "def causal_mask(n):\n"
        '    """Doc."""\n'
        "    ### BEGIN SOLUTION\n"
        "    secret = 1\n"
        "\n"
        "    return secret\n"
        "    ### END SOLUTION\n"
        "\n"
        "after = 1"
    )
    assert remove_solutions(source) == (
        "def causal_mask(n):\n"
        '    """Doc."""\n'
        '    raise NotImplementedError("write causal_mask here")\n'
        "\n"
        "after = 1"
    )


def test_a_solution_in_a_method_names_its_class():
    source = (
        "class Heads(nn.Module):\n    def __init__(self):\n        pass\n\n"
        "    def forward(\n        self, x\n    ):\n        ### BEGIN SOLUTION\n"
        "        return x\n        ### END SOLUTION"
    )
    stub = remove_solutions(source)
    assert stub.endswith('    ):\n        raise NotImplementedError("write Heads.forward here")')


def test_a_solution_outside_of_a_function_and_two_in_one_cell():
    source = (
        "### BEGIN SOLUTION\nx = 1\n### END SOLUTION\n"
        "def f():\n  ### BEGIN SOLUTION\n  return 1\n  ### END SOLUTION\ny = 2"
    )
    assert remove_solutions(source) == (
        'raise NotImplementedError("write your answer here")\n'
        'def f():\n  raise NotImplementedError("write f here")\ny = 2'
    )


def test_a_cell_without_marks_stays_as_it_is():
    assert remove_solutions("a = 1\n\n# BEGIN\nb = 2") == "a = 1\n\n# BEGIN\nb = 2"


FENCE = "```"
UNBALANCED = {
    "x\n### BEGIN SOLUTION\n": "line 2: ### BEGIN SOLUTION without ### END SOLUTION",
    "### BEGIN SOLUTION\n### BEGIN SOLUTION\n### END SOLUTION": "line 1: .* before line 2",
    "x\n\n### END SOLUTION": "line 3: ### END SOLUTION without ### BEGIN SOLUTION",
    f"### BEGIN SOLUTION\n{FENCE}\n### END SOLUTION": "line 1: .* before line 2",
    "# BEGIN SOLUTION": "line 1: write the mark as ### BEGIN SOLUTION",
    "### begin solution": "line 1: write the mark as",
    "### BEGIN SOLUTION\nx\n### END SOLUTION.": "line 3: write the mark as",
    "return 1  ### END SOLUTION": "line 1: write the mark as .* alone on its line",
}


@pytest.mark.parametrize("text", UNBALANCED)
def test_a_mark_without_its_other_half_is_refused_with_its_line(text):
    with pytest.raises(MarkError, match=UNBALANCED[text]):
        check_marks(text)
