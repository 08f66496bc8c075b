"""What the peers test: the values, masks, gradients and precisions that our checks look at.

The text of this file goes into their notebooks and test files, so it imports torch alone.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor

Answer = Callable[..., Tensor]


def reference_weights(query: Tensor, key: Tensor, mask: Tensor | None = None) -> Tensor:
    """softmax(QKᵀ / √d) with all-zero weights where a query sees nothing."""
    scores = (query / math.sqrt(query.shape[-1])) @ key.transpose(-2, -1)
    if mask is None:
        return scores.softmax(-1)
    return scores.masked_fill(~mask, -torch.inf).softmax(-1).masked_fill(~mask, 0.0)


def draw_masked(seed: int, dtype: torch.dtype = torch.float32) -> tuple[Tensor, ...]:
    """A query, a key, a value and a mask with an empty row."""
    generator = torch.Generator().manual_seed(seed)
    query, key = (torch.randn(2, 3, n, 11, generator=generator) for n in (5, 7))
    value = torch.randn(2, 3, 7, 13, generator=generator)
    mask = torch.rand(2, 1, 5, 7, generator=generator) > 0.4
    mask[:, :, 2] = False
    return query.to(dtype), key.to(dtype), value.to(dtype), mask


def close(actual: Tensor, expected: Tensor) -> None:
    """Equal to within what the dtype allows."""
    tolerance = 2e-2 if expected.dtype in (torch.float16, torch.bfloat16) else 1e-5
    torch.testing.assert_close(actual, expected, rtol=tolerance, atol=tolerance)


def same_gradients(answer: Answer, exact: Answer, inputs: list[Tensor], mask: Tensor) -> None:
    """Equal gradients of an uneven sum of the outputs."""
    found = []
    for function in (answer, exact):
        leaves = [tensor.clone().requires_grad_() for tensor in inputs]
        output = function(*leaves, mask)
        uneven = torch.linspace(-1, 1, output.numel()).sin().reshape(output.shape)
        found.append(torch.autograd.grad(output, leaves, uneven))
    for ours, theirs in zip(*found, strict=True):
        close(ours, theirs)


def check_attention_weights(answer: Answer) -> None:
    """Eight calls and a gradient, as our five checks make."""
    for seed in range(2):
        query, key, _, mask = draw_masked(seed)
        close(answer(query, key), reference_weights(query, key))
        close(answer(query, key, mask), reference_weights(query, key, mask))
    for sign in (1, -1):
        query, key, _, mask = draw_masked(3)
        query[..., 0], key[..., 0] = sign * 300.0, 200.0
        close(answer(query, key, mask), reference_weights(query, key, mask))
    for dtype in (torch.float16, torch.bfloat16):
        query, key, _, mask = draw_masked(4, dtype)
        exact = reference_weights(query.double(), key.double(), mask).to(dtype)
        close(answer(query, key, mask), exact)
    query, key, _, mask = draw_masked(5)
    same_gradients(answer, reference_weights, [query, key], mask)


def check_scaled_dot_product_attention(answer: Answer) -> None:
    """The same for the outputs."""

    def exact(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> Tensor:
        return reference_weights(query, key, mask) @ value

    for seed in range(2):
        query, key, value, mask = draw_masked(seed)
        close(answer(query, key, value), exact(query, key, value))
        close(answer(query, key, value, mask), exact(query, key, value, mask))
    for dtype in (torch.float16, torch.bfloat16):
        query, key, value, mask = draw_masked(4, dtype)
        double = exact(query.double(), key.double(), value.double(), mask).to(dtype)
        close(answer(query, key, value, mask), double)
    query, key, value, mask = draw_masked(5)
    before = [tensor.clone() for tensor in (query, key, value)]
    same_gradients(answer, exact, [query, key, value], mask)
    answer(query, key, value, mask)
    assert all(map(torch.equal, before, (query, key, value)))


def check_causal_mask(answer: Answer) -> None:
    """Square, more keys than queries, dtype."""
    for queries, keys in ((3, None), (5, None), (7, None), (2, 5), (3, 7), (5, 11)):
        last = keys or queries
        exact = torch.ones(queries, last).tril(last - queries).bool()
        mask = answer(queries) if keys is None else answer(queries, keys)
        assert mask.dtype == torch.bool
        assert torch.equal(mask, exact)
