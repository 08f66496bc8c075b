"""What the warm process goes through before it forks, so that no fork needs to for itself."""

from __future__ import annotations

import torch
from torch import Tensor

from .configuration import Limits
from .grammar import TensorValue
from .messages import Backward, Call, Request, RequestHeader, RunCell, Target, encode_header
from .tensors import pack_tensors
from .worker import Worker

ROUNDS = 16
CELLS = (
    "import math\nimport torch\nfrom torch import Tensor, nn",
    """def simple(x: Tensor, visible: Tensor | None = None) -> Tensor:
    return x.softmax(-1) * 2 / math.sqrt(x.shape[-1])
""",
    """def masked(x: Tensor, visible: Tensor | None = None) -> Tensor:
    scores = x @ x.transpose(-2, -1) @ torch.ones(2, 3, dtype=x.dtype)
    hidden = ~visible[: len(x)]
    scores = scores.masked_fill(hidden, float("-inf"))
    weights = torch.softmax(scores - scores.amax(-1, keepdim=True), dim=-1)
    return torch.where(hidden.all(-1, keepdim=True), 0.0, weights).nan_to_num(0.0)
""",
    "def broken(x, visible):\n    raise ValueError(f'not {x.shape}')",
    "%matplotlib inline",
)


def rehearse() -> None:
    """Go through what notebooks do, so that what is loaded or made late is so once.

    The first gradient alone imports sympy, which takes most of a second. Python adapts the code
    that runs often to what it works on; a fork that finds it adapted writes to fewer pages.
    """
    for _ in range(ROUNDS):
        worker = Worker(Limits())
        for number, source in enumerate(CELLS, 1):
            _request(worker, RunCell(position=number, source=source))
        for name in ("masked", "simple", "broken"):
            for dtype in (torch.float32, torch.float64, torch.float16):
                inputs = torch.ones(2, 3, dtype=dtype).requires_grad_(), torch.eye(3) > 0
                call = Call(
                    target=Target(name),
                    arguments=[TensorValue(0), TensorValue(1)],
                    keywords=[],
                    grad_enabled=True,
                    seed=0,
                )
                _request(worker, call, *inputs)
        backward = Backward(graph=1, gradients=[TensorValue(0)])
        _request(worker, backward, torch.ones(2, 3))


def _request(worker: Worker, request: Request, *tensors: Tensor) -> None:
    table, memory = pack_tensors(tensors)
    worker.answer(encode_header(RequestHeader(request, table)), bytearray(b"".join(memory)))
