"""A fresh model: who sees whom, how near, and with which attention."""

import dataclasses

import pytest
import torch
from torch import Tensor

from attnbook.reformer import shared_query_key_attention
from attnbook.stream_blocks import StreamBlock, StreamModel, StreamRecipe

TINY = StreamRecipe(d_model=8, d_ff=6, num_layers=2, num_near=3)
SHARED = dataclasses.replace(TINY, shared=True, query_gain=4.0)
both = pytest.mark.parametrize("recipe", [TINY, SHARED], ids=["plain", "shared"])


def blind(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    return torch.zeros_like(value)


def fresh(recipe: StreamRecipe) -> StreamModel:
    torch.manual_seed(0)
    return StreamModel(recipe)


def moved(recipe: StreamRecipe, place: int, attention=None) -> list[bool]:
    """Return which outputs move when one token of eleven changes."""
    model, tokens = fresh(recipe), torch.arange(11)[None]
    changed = tokens.clone()
    changed[0, place] = 50
    with torch.no_grad():
        pair = model(tokens, attention), model(changed, attention)
    return (pair[0] - pair[1]).abs().amax(dim=-1)[0].gt(1e-6).tolist()


@both
def test_a_change_reaches_all_that_is_later_and_nothing_before(recipe):
    assert moved(recipe, 4) == [False] * 4 + [True] * 7


def test_without_attention_it_reaches_as_far_as_a_position_knows_its_neighbors():
    assert moved(TINY, 4, blind) == [False] * 4 + [True] * TINY.num_near + [False] * 4


def test_shared_attention_is_that_of_the_reformer():
    model = fresh(SHARED)
    query, key, value = model.inputs(torch.arange(9)[None])[1]
    assert torch.equal(query, key)
    expected = shared_query_key_attention(query, value, causal=True)
    torch.testing.assert_close(model.attention(query, key, value), expected)


def test_a_gain_multiplies_the_first_weights_of_the_queries():
    plain, shared = (fresh(each).blocks[0] for each in (TINY, SHARED))
    assert isinstance(shared, StreamBlock)
    torch.testing.assert_close(
        shared.query_proj.weight.std(), 4 * plain.query_proj.weight.std(), rtol=0.3, atol=0
    )


def test_half_of_the_features_are_turned_and_half_stand_still():
    block = fresh(TINY).blocks[0]
    query = block.inputs(torch.ones(1, 4, 8))[0][0]
    torch.testing.assert_close(query[:, :, 2:], query[:, :1, 2:].expand(-1, 4, -1))
    assert not torch.allclose(query[:, 1, :2], query[:, 0, :2])
    torch.testing.assert_close(query.norm(dim=-1), query.norm(dim=-1)[:, :1].expand(-1, 4))
