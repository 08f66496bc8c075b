"""Compare what a learner's function returned with what is right, in plain words."""

from __future__ import annotations

import torch
from torch import Tensor

# (relative, absolute), by the dtype of the answer. The reference is computed in
# float64, so this is what the answer's own rounding may cost, in any order of operations.
TOLERANCES = {
    torch.float64: (1e-7, 1e-9),
    torch.float32: (1e-3, 1e-5),
    torch.float16: (2e-2, 5e-3),
    torch.bfloat16: (8e-2, 4e-2),
}


class Mismatch(AssertionError):
    """A check that does not hold; the message is for the learner."""


def demand(holds: bool, otherwise: str) -> None:
    """Raise `Mismatch` with the sentence ``otherwise`` unless ``holds``."""
    if not holds:
        raise Mismatch(otherwise)


def same_tensor(actual: object, expected: Tensor, *, what: str = "the result") -> None:
    """Demand that ``actual`` is a tensor with the shape, dtype and values of ``expected``.

    Args:
        actual: What the learner's function returned; anything at all.
        expected: What is right. A floating-point tensor may be of higher precision
            than the dtype that is asked for; see `as_asked`.
        what: What is being compared, as the start of a sentence.

    Raises:
        Mismatch: With the first thing that differs.
    """
    if not isinstance(actual, Tensor):
        raise Mismatch(f"{what} must be a tensor, got {_kind(actual)}")
    demand(
        actual.shape == expected.shape,
        f"{what} must have the shape {tuple(expected.shape)}, got {tuple(actual.shape)}",
    )
    demand(
        actual.dtype == expected.dtype,
        f"{what} must have the dtype {_name(expected)}, got {_name(actual)}",
    )
    actual, expected = actual.detach(), expected.detach()
    if not expected.is_floating_point():
        wrong = int((actual != expected).sum())
        demand(wrong == 0, f"{wrong} of {expected.numel()} elements of {what} are wrong")
        return
    rtol, atol = TOLERANCES[expected.dtype]
    close = torch.isclose(actual, expected, rtol=rtol, atol=atol, equal_nan=True)
    if close.all():
        return
    infinite = int((expected.isfinite() & ~actual.isfinite()).sum())
    demand(infinite == 0, f"{infinite} of {actual.numel()} elements of {what} are not finite")
    apart = (actual.double() - expected.double()).abs().nan_to_num(0.0)
    raise Mismatch(
        f"{int((~close).sum())} of {expected.numel()} elements of {what} are wrong; "
        f"the largest difference is {float(apart.max()):.2g}",
    )


def _kind(value: object) -> str:
    if isinstance(value, (tuple, list)):
        return f"a {type(value).__name__} of {len(value)}"
    return "nothing (None)" if value is None else f"a value of type {type(value).__name__}"


def _name(value: Tensor) -> str:
    return str(value.dtype).removeprefix("torch.")
