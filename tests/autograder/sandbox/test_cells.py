"""A notebook's cells run one by one, and one that fails costs no other."""

import contextlib

import pytest
import torch

from autograder.sandbox import CellError, Isolation, Lane, Limits, Student, WorkerLost

GOOD = "def good(): return 1"
SDPA = "f calls torch's scaled_dot_product_attention"


def failures(student: Student) -> list[tuple[int, str]]:
    return [(error.cell, error.kind) for error in student.cell_errors]


def test_a_syntax_error_costs_its_own_cell(lane: Lane) -> None:
    with lane.open([GOOD, "def bad(:\n  pass", "def other(): return good() + 1"]) as student:
        assert failures(student) == [(2, "SyntaxError")]
        assert "<cell 2>" in student.cell_errors[0].traceback
        assert student.other() == 2
        assert "bad" not in student.names


def test_what_a_failing_cell_defined_before_it_failed_remains(lane: Lane) -> None:
    with lane.open([GOOD + "\n1 / 0\ndef late(): pass"]) as student:
        assert failures(student) == [(1, "ZeroDivisionError")]
        assert student.good() == 1
        assert student.names == {"good"}


@pytest.mark.parametrize(
    ("cell", "kind"),
    [
        ("while True: pass", "timeout"),
        ("import os; os._exit(0)", "crashed"),
        ("import ctypes; ctypes.string_at(8)", "crashed"),
        ("import torch\nb = []\nwhile True: b.append(torch.empty(1 << 26))", "crashed"),
        ("import sys; sys.exit(0)", "SystemExit"),
        ("exit()", "SystemExit"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("assert False, 'my own test'", "AssertionError"),
        ("x = 1 +", "SyntaxError"),
        ("pass\0", "SyntaxError"),
        ("import no_such_package", "ModuleNotFoundError"),
        ("(" * 100_000, "SyntaxError"),
        ("x" * (2 << 20), "TooLarge"),
    ],
    ids=lambda text: text[:24],
)
def test_a_cell_that_fails_or_kills_is_recorded_and_the_others_count(
    lane: Lane, cell: str, kind: str
) -> None:
    with lane.open([GOOD, cell, "def other(): return good() + 1"]) as student:
        assert [error.cell for error in student.cell_errors] == [2]
        assert student.cell_errors[0].kind in (kind, "MemoryError")
        assert student.other() == 2
        student.restart()
        assert [error.cell for error in student.cell_errors] == [2]
        assert student.other() == 2


def test_the_last_definition_of_a_name_counts(lane: Lane) -> None:
    with lane.open(["def f(): return 1", "def f(): return 2"]) as student:
        assert student.f() == 2


def test_magics_shell_commands_and_help_do_nothing(lane: Lane) -> None:
    cells = [
        "%matplotlib inline\n%load_ext autoreload\n%autoreload 2",
        "!rm -rf /",
        "files = !ls\ndef count(): return len(files)",
        "%%bash\nrm -rf /",
        "len?",
        "get_ipython().run_line_magic('cd', '/')\nget_ipython().system('ls')",
        "    def indented():\n        return 'indented'",
    ]
    with lane.open(cells) as student:
        assert student.cell_errors == []
        assert student.count() == 0
        assert student.indented() == "indented"


def test_timed_cells_and_lines_run(lane: Lane) -> None:
    with lane.open(
        ["%%time\ndef f(): return 1", "%time x = f() + 1", "%%timeit\ny = 1"]
    ) as student:
        assert student.cell_errors == []
        assert (student.f(), student.x) == (1, 2)
        assert "y" not in student.names


def test_plots_are_drawn_and_thrown_away(lane: Lane) -> None:
    cell = """
import matplotlib.pyplot as plt
plt.plot([1, 2]); plt.title('α'); plt.show()
figure, axes = plt.subplots()
"""
    with lane.open([cell, "def open_figures(): return len(plt.get_fignums())"]) as student:
        assert student.cell_errors == []
        assert student.open_figures() == 0


def test_check_cells_are_inert(lane: Lane) -> None:
    cells = [
        "from autograder import check",
        GOOD,
        "check(good)",
        "import autograder; autograder.check(good, seed=1)",
    ]
    with lane.open(cells) as student:
        assert student.cell_errors == []
        assert student.flags == []


def test_a_future_import_holds_in_later_cells(lane: Lane) -> None:
    cells = ["from __future__ import annotations", "def f(x: undefined) -> undefined: return x"]
    with lane.open(cells) as student:
        assert student.cell_errors == []
        assert student.f(1) == 1


def test_a_function_can_read_its_own_source(lane: Lane) -> None:
    with lane.open(["import inspect\ndef f():\n    return inspect.getsource(f)"]) as student:
        assert student.f().startswith("def f():")


def test_dataclasses_and_main_work_as_in_a_notebook(lane: Lane) -> None:
    cell = """
from dataclasses import dataclass
@dataclass
class Config:
    width: "int" = 3
def width(): return Config().width
if __name__ == "__main__":
    ran = True
"""
    with lane.open([cell]) as student:
        assert student.cell_errors == []
        assert (student.width(), student.ran) == (3, True)


def test_display_is_there(lane: Lane) -> None:
    with lane.open(
        ["display(1)\nfrom IPython.display import display as d, HTML\nd(HTML('x'))"]
    ) as student:
        assert student.cell_errors == []


def test_output_is_kept_up_to_its_bounds(lane: Lane) -> None:
    shout = "def shout(): print('x' * 100_000)"
    with lane.open(
        ["print('cell')\nimport sys; print('error', file=sys.stderr)", shout]
    ) as student:
        assert student.output == "cell\nerror\n"
        for _ in range(6):
            student.shout()
        assert len(student.output) == lane.limits.output_total
        assert "more characters]" in student.output


def test_output_is_not_repeated_when_cells_are_replayed(lane: Lane) -> None:
    with lane.open(["print('once')", "import os; os._exit(1)", "print('twice')"]) as student:
        student.restart()
        assert student.output == "once\ntwice\n"


@pytest.mark.parametrize(
    ("body", "flag"),
    [
        ("return F.scaled_dot_product_attention(x, x, x)", SDPA),
        ("return alias(x, x, x)", SDPA),
        ("return helper(x)", SDPA),
        (
            "return torch.nn.MultiheadAttention(4, 2)(x, x, x)[0]",
            "f calls torch's multi_head_attention_forward",
        ),
        ("return torch.ops.aten.scaled_dot_product_attention(x, x, x)", SDPA),
        ("return torch.ops.aten.scaled_dot_product_attention.default(x, x, x)", SDPA),
        ("return torch._scaled_dot_product_attention_math(x, x, x)[0]", f"{SDPA}_math"),
        ("import attnbook", "f tries to import attnbook"),
        ("from autograder.checks import test_attention", "f tries to import autograder"),
        ("return x.softmax(-1) @ x", None),
    ],
)  # fmt: skip
def test_a_ready_made_routine_or_a_refused_import_is_flagged(
    lane: Lane, body: str, flag: str | None
) -> None:
    cells = [
        "import torch, torch.nn.functional as F\nalias = F.scaled_dot_product_attention",
        "alias(*[torch.ones(1, 2, 4)] * 3)\ndef helper(x): return alias(x, x, x)",
        f"def f(x):\n    {body}",
    ]
    with lane.open(cells) as student:
        assert student.flags == []
        with contextlib.suppress(ModuleNotFoundError):
            student.f(torch.ones(3, 4, 4))
        assert student.flags == ([flag] if flag else [])


def test_the_reference_package_cannot_be_imported_by_a_cell(lane: Lane) -> None:
    with lane.open(["import attnbook", GOOD]) as student:
        assert failures(student) == [(1, "ModuleNotFoundError")]
        assert student.flags == ["cell 1 tries to import attnbook"]
        assert student.good() == 1


@pytest.mark.slow
def test_a_submission_that_used_up_its_time_is_over() -> None:
    limits = Limits(call_seconds=0.5, cell_seconds=0.5, submission_seconds=0.8)
    with Lane(Isolation.FULL, limits) as short:
        student = short.open([GOOD, *["while True: pass"] * 4, "def late(): return 1"])
        assert [error.cell for error in student.cell_errors] == [2, 3, 4, 5, 6]
        assert {error.kind for error in student.cell_errors} == {"timeout"}
        assert student.cell_errors[-1].message.startswith("not run: ")
        with pytest.raises(WorkerLost):
            student.late()
        with pytest.raises(WorkerLost, match=r"used up its 0\.8 seconds"):
            student.good()


def test_no_cells_is_a_submission_without_names(lane: Lane) -> None:
    with lane.open([]) as student:
        assert student.names == frozenset()
        assert student.cell_errors == []


def test_a_cell_error_says_where_and_what(lane: Lane) -> None:
    with lane.open(["", "raise ValueError('no')"]) as student:
        [error] = student.cell_errors
        assert isinstance(error, CellError)
        assert (error.cell, error.kind, error.message) == (2, "ValueError", "no")
