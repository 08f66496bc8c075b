"""The kernels touch their own rows alone."""

import math
import subprocess
import sys

import pytest
import torch

kernels = pytest.importorskip("attnbook.triton_kernels")
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
ROWS = COLUMNS = WIDTH = 16


def test_without_a_gpu_the_interpreter_runs_them():
    assert torch.cuda.is_available() or kernels.INTERPRETED


def test_forward_writes_nothing_behind_the_last_row_or_column():
    torch.manual_seed(0)
    query, key, value = (torch.randn(n, w, device=DEVICE) for n, w in [(19, 5), (23, 5), (23, 3)])
    # Everything behind the last number that is asked for keeps the mark that it had.
    output, shift, total = (torch.full((n,), 7.0, device=DEVICE) for n in (19 * 3 + 50, 69, 69))
    sizes = (19, 23, 5, 3, 1 / math.sqrt(5), math.log2(math.e))
    kernels.forward[2, 1](
        query, key, value, output, shift, total, *sizes, True, WIDTH, WIDTH, ROWS, COLUMNS
    )
    assert (output[19 * 3 :] == 7).all()
    assert (shift[19:] == 7).all()
    assert (total[19:] == 7).all()
    scores = (query @ key.T / math.sqrt(5)).masked_fill(
        torch.ones(19, 23, device=DEVICE).triu(5).bool(), -torch.inf
    )
    torch.testing.assert_close(output[: 19 * 3].view(19, 3), scores.softmax(-1) @ value)
    torch.testing.assert_close(shift[:19], scores.amax(-1))


def test_they_run_also_if_torch_imported_triton_before():
    # In a process of its own, for what is imported first decides.
    code = """
import torch
import torch.utils.flop_counter
from attnbook.triton_attention import triton_attention
x = torch.ones(3, 2)
print(triton_attention(x, x, x).tolist())
"""
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout == "[[1.0, 1.0], [1.0, 1.0], [1.0, 1.0]]\n", done.stderr
