"""A table is decoded as a transformer is."""

import torch

from attnbook.decoding import NextTokenModel, beam_search, greedy_decode
from attnbook.tables import TokenTable
from attnbook.transformer import Transformer, TransformerConfig

START, END = 1, 0
NOTHING = torch.zeros(1, 1, dtype=torch.int64)


def table(steps: int = 4, vocab: int = 3, seed: int = 2) -> TokenTable:
    generator = torch.Generator().manual_seed(seed)
    scores = torch.randn(steps, vocab, vocab, generator=generator, dtype=torch.float64)
    return TokenTable(scores.log_softmax(-1), pad_id=END)


def test_each_step_reads_the_row_of_the_token_before():
    each = table()
    state = each.start(NOTHING)
    for step in range(4):
        logits, state = each.step(torch.tensor([[2], [1]]), state)
        assert torch.equal(logits[:, 0], each.log_probs[step, [2, 1]])
        state = state.select(torch.tensor([1, 0]))


def test_one_beam_writes_what_greedy_decoding_writes():
    limits = {"start_id": START, "end_id": END, "max_len": 4}
    for seed in range(20):
        each = table(seed=seed)
        greedy = greedy_decode(each, NOTHING, **limits)
        assert torch.equal(greedy, beam_search(each, NOTHING, **limits, num_beams=1))


def test_a_transformer_and_a_table_offer_what_decoding_asks_for():
    small = Transformer(TransformerConfig(7, 5, 6, 3, 17, 1, 1, max_len=11, pad_id=3))
    assert isinstance(small, NextTokenModel)
    assert isinstance(table(), NextTokenModel)
    assert small.pad_id == 3
