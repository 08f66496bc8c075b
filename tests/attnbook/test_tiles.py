"""What tiled and row-tiled attention stand on."""

import pytest
import torch

from attnbook.attention import scaled_dot_product_attention
from attnbook.masks import causal_mask
from attnbook.tiles import LOG2_E, Tiles, blocks, exp_, wide_dtype


@pytest.mark.parametrize(("length", "size"), [(0, 3), (1, 3), (7, 3), (9, 3), (7, 11)])
def test_blocks_cover_every_position_once(length: int, size: int) -> None:
    covered = [position for block in blocks(length, size) for position in range(length)[block]]
    assert covered == list(range(length))
    assert all(block.stop - block.start == size for block in list(blocks(length, size))[:-1])


@pytest.mark.parametrize("size", [0, -3])
def test_a_block_of_nothing_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match=f"block_size must be at least 1, got block_size={size}"):
        next(blocks(7, size))


@pytest.mark.parametrize(
    ("dtype", "wide"),
    [(torch.float16, torch.float32), (torch.bfloat16, torch.float32)]
    + [(dtype, dtype) for dtype in (torch.float32, torch.float64)],
    ids=str,
)
def test_sums_are_never_made_in_half_precision(dtype: torch.dtype, wide: torch.dtype) -> None:
    assert wide_dtype(torch.zeros(1, dtype=dtype)) == wide


@pytest.mark.parametrize("count", [1, 5, 16, 67])
def test_exponentials_of_large_scores_are_exact_up_to_one_factor_for_each_row(count: int) -> None:
    # Multiplied by log2(e) and rounded before the shift, they would be off by 1e-5 and more.
    scores = 990 + torch.randint(0, 11, (13, count)).float()
    scores[:, 0] = 1000
    found = exp_(scores.clone(), torch.full((13, 1), 1000 * LOG2_E))
    exact = (scores.double() - 1000).exp()
    assert (found.double() / found[:, :1].double() - exact).abs().max() < 3e-7


def test_scores_of_all_tiles_together_are_the_table() -> None:
    torch.manual_seed(3)
    query, key, value = torch.randn(2, 5, 11), torch.randn(2, 7, 11), torch.randn(2, 7, 3)
    tiles = Tiles(query, key, value, torch.rand(5, 7) > 0.4, causal=True)
    assert tiles.mask is not None
    table = torch.cat(
        [
            torch.cat([tiles.scores(rows, columns) for columns in blocks(7, 3)], dim=-1)
            for rows in blocks(5, 2)
        ],
        dim=-2,
    )
    visible = tiles.mask & causal_mask(5, 7)
    assert torch.allclose(
        table.masked_fill(table == -torch.inf, 0.0),
        (query @ key.mT / 11**0.5).masked_fill(~visible, 0.0),
        atol=1e-6,
    )
    assert ((table == -torch.inf) == ~visible).all()


@pytest.mark.parametrize(("queries", "keys"), [(5, 7), (7, 5), (7, 7)])
def test_a_causal_block_needs_the_keys_up_to_its_last_query(queries: int, keys: int) -> None:
    x = torch.zeros(queries, 3), torch.zeros(keys, 3), torch.zeros(keys, 3)
    for rows in blocks(queries, 3):
        seen = causal_mask(queries, keys)[rows].any(dim=0).sum().item()
        assert Tiles(*x, None, causal=True).seen_by(rows) == seen
        assert Tiles(*x, None, causal=False).seen_by(rows) == keys


def test_gradients_are_those_of_plain_attention() -> None:
    torch.manual_seed(5)
    inputs = [torch.randn(length, 3, dtype=torch.float64).requires_grad_() for length in (5, 7, 7)]
    output = scaled_dot_product_attention(*inputs)
    grad = torch.randn_like(output)
    expected = torch.autograd.grad(output, inputs, grad)
    tiles = Tiles(*(x.detach() for x in inputs), None, causal=False)
    scores = tiles.scores(slice(0, 5), slice(0, 7))
    shift = LOG2_E * scores.amax(dim=-1, keepdim=True)
    total = exp_(scores, shift).sum(dim=-1, keepdim=True)
    found = tiles.gradients(grad, 2, output.detach(), shift, total)
    assert all(map(torch.allclose, found, expected))
