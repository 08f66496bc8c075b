"""Who may attend to whom."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from attnbook.masks import causal_mask, padding_mask

COUNTS = st.integers(0, 13)


@given(COUNTS, COUNTS)
def test_a_query_sees_its_own_position_and_every_earlier_one(queries: int, keys: int) -> None:
    mask = causal_mask(queries, keys)
    assert mask.dtype == torch.bool
    assert mask.shape == (queries, keys)
    for query in range(queries):
        own = query + keys - queries
        assert mask[query].tolist() == [key <= own for key in range(keys)]


@given(st.integers(1, 13), COUNTS)
def test_rows_for_new_queries_are_the_last_rows_of_the_whole_mask(new: int, cached: int) -> None:
    assert torch.equal(causal_mask(new, cached + new), causal_mask(cached + new)[cached:])


@given(st.lists(COUNTS, max_size=5), st.integers(13, 17))
def test_tokens_are_visible_and_padding_is_hidden(lengths: list[int], keys: int) -> None:
    mask = padding_mask(torch.tensor(lengths, dtype=torch.long), keys)
    assert mask.dtype == torch.bool
    assert mask.shape == (len(lengths), 1, 1, keys)
    for row, length in zip(mask[:, 0, 0], lengths, strict=True):
        assert row.tolist() == [True] * length + [False] * (keys - length)


def test_both_masks_combine_by_and() -> None:
    both = causal_mask(5) & padding_mask(torch.tensor([2, 0]), 5)
    assert both.shape == (2, 1, 5, 5)
    assert both[0, 0].sum().item() == 1 + 2 * 4
    assert not both[1].any()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: causal_mask(-1), "got num_queries=-1 and num_keys=-1"),
        (lambda: causal_mask(3, -2), "got num_queries=3 and num_keys=-2"),
        (lambda: padding_mask(torch.tensor([3, 8]), 7), r"num_keys=7, got \[3, 8\]"),
        (lambda: padding_mask(torch.tensor([-1]), 7), r"between 0 and num_keys=7, got \[-1\]"),
    ],
)
def test_counts_that_cannot_be_are_refused_with_the_rule_and_the_values(
    call: object, message: str
) -> None:
    assert callable(call)
    with pytest.raises(ValueError, match=message):
        call()
