"""Greedy and beam search against what can be worked out by trying everything."""

import itertools

import pytest
import torch
from torch import Tensor

from attnbook.decoding import beam_search, greedy_decode, greedy_decode_uncached
from attnbook.transformer import Transformer, TransformerConfig

START, END, PAD = 1, 2, 0
VOCAB, MAX_LEN = 5, 4
ENDS = {"start_id": START, "end_id": END, "max_len": MAX_LEN}


def model(seed: int = 3) -> Transformer:
    """A model whose next token depends on what came before, which a random one's hardly does."""
    torch.manual_seed(seed)
    small = Transformer(TransformerConfig(7, VOCAB, 6, 3, 17, 1, 2, max_len=11)).double()
    for name, parameter in small.named_parameters():
        if "feed_forward.2" in name or "target" in name:
            parameter.data *= 3
    return small


def source() -> Tensor:
    return torch.randint(3, 7, (11, 5), generator=torch.Generator().manual_seed(5))


def log_probabilities(
    each: Transformer, source: Tensor, sequences: list[tuple[int, ...]]
) -> list[float]:
    """Return the log-probability of each sequence; those of one length are worked out at once."""
    found = {}
    for length in sorted({len(tokens) for tokens in sequences}):
        written = torch.tensor([tokens for tokens in sequences if len(tokens) == length])
        fed = torch.cat([torch.full_like(written[:, :1], START), written[:, :-1]], dim=1)
        logits = each(source.expand(len(written), -1), fed).log_softmax(-1)
        chosen = logits.gather(-1, written[..., None])[..., 0].sum(-1)
        found |= dict(zip(map(tuple, written.tolist()), chosen.tolist(), strict=True))
    return [found[tokens] for tokens in sequences]


def every_sequence() -> list[tuple[int, ...]]:
    """Every sequence that ends, or is as long as one may be."""
    found = []
    for length in range(1, MAX_LEN + 1):
        for tokens in itertools.product(range(VOCAB), repeat=length):
            whole = END not in tokens[:-1] and (tokens[-1] == END or length == MAX_LEN)
            found += [tokens] if whole else []
    return found


def padded(tokens: tuple[int, ...], length: int) -> list[int]:
    return [*tokens, *[PAD] * (length - len(tokens))]


@pytest.mark.parametrize("length_penalty", [0.0, 0.6, 2.0])
def test_a_beam_that_holds_everything_finds_the_best_of_all(length_penalty: float) -> None:
    each, sources = model(), source()[:2]
    found = beam_search(
        each, sources, **ENDS, num_beams=VOCAB**MAX_LEN, length_penalty=length_penalty
    )
    for row, written in zip(sources, found.tolist(), strict=True):
        with torch.no_grad():
            totals = log_probabilities(each, row, every_sequence())
        penalized = {
            tokens: total / ((5 + len(tokens)) / 6) ** length_penalty
            for tokens, total in zip(every_sequence(), totals, strict=True)
        }
        best = max(penalized, key=penalized.__getitem__)
        assert written == padded(best, len(written))


@pytest.mark.parametrize("seed", range(5))
def test_caches_change_no_token(seed: int) -> None:
    expected = greedy_decode_uncached(model(seed), source(), **ENDS)
    assert torch.equal(greedy_decode(model(seed), source(), **ENDS), expected)


@pytest.mark.parametrize("seed", range(5))
def test_a_single_beam_is_greedy(seed: int) -> None:
    greedy = greedy_decode(model(seed), source(), **ENDS)
    assert torch.equal(beam_search(model(seed), source(), **ENDS, num_beams=1), greedy)


def test_a_batch_is_decoded_as_each_source_alone() -> None:
    together = beam_search(model(), source(), **ENDS, num_beams=3)
    for row, written in zip(source(), together.tolist(), strict=True):
        alone = beam_search(model(), row[None], **ENDS, num_beams=3)[0].tolist()
        assert padded(tuple(alone), len(written)) == written


def test_nothing_but_padding_follows_the_end() -> None:
    for written in greedy_decode(model(), source(), **ENDS).tolist():
        if END in written:
            assert set(written[written.index(END) + 1 :]) <= {PAD}


def test_what_is_written_can_be_trained_on() -> None:
    each = model()
    for decode in (greedy_decode, greedy_decode_uncached, beam_search):
        written = decode(each, source(), **ENDS)
        each(source(), written).sum().backward()


def test_no_room_for_a_token_is_refused() -> None:
    for decode in (greedy_decode, greedy_decode_uncached, beam_search):
        with pytest.raises(ValueError, match="there must be room for a token, got max_len=0"):
            decode(model(), source(), start_id=START, end_id=END, max_len=0)


def test_a_search_without_beams_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one beam, got num_beams=0"):
        beam_search(model(), source(), **ENDS, num_beams=0)
