"""Shared queries and keys, and the hash, against Hugging Face's Reformer."""

import pytest
import torch
from torch import Tensor
from transformers import ReformerConfig
from transformers.models.reformer.modeling_reformer import LSHSelfAttention

from attnbook.multihead import split_heads
from attnbook.reformer import lsh_attention, lsh_buckets, shared_query_key_attention

HEADS, D_HEAD, LENGTH = 3, 11, 29


def reformer(causal: bool, rounds: int, chunk_size: int) -> LSHSelfAttention:
    torch.manual_seed(3)
    config = ReformerConfig(
        hidden_size=HEADS * D_HEAD,
        num_attention_heads=HEADS,
        attention_head_size=D_HEAD,
        is_decoder=causal,
        num_hashes=rounds,
        num_buckets=6,
        lsh_attn_chunk_length=chunk_size,
        lsh_attention_probs_dropout_prob=0.0,
        hash_seed=5,
    )
    return LSHSelfAttention(config).double().eval()


def projected(theirs: LSHSelfAttention) -> tuple[Tensor, Tensor, Tensor]:
    """Return an input, and what their maps make of it: queries that are keys, and values."""
    generator = torch.Generator().manual_seed(7)
    x = torch.randn(2, LENGTH, HEADS * D_HEAD, generator=generator, dtype=torch.float64)
    return x, split_heads(theirs.query_key(x), HEADS), split_heads(theirs.value(x), HEADS)


@pytest.mark.parametrize("causal", [False, True])
def test_where_everything_is_one_chunk_the_output_agrees(causal: bool) -> None:
    theirs = reformer(causal, rounds=1, chunk_size=LENGTH)
    x, query_key, value = projected(theirs)
    expected = split_heads(theirs(x).hidden_states, HEADS)
    # Theirs does not divide the scores by √d_head, so the queries here are longer by it.
    longer = query_key * D_HEAD**0.5
    one_bucket = torch.zeros(1, D_HEAD, 1)
    outputs = {
        "all pairs": shared_query_key_attention(longer, value, causal),
        "one bucket": lsh_attention(longer, value, one_bucket, LENGTH, causal),
    }
    for name, output in outputs.items():
        print(f"{name}: largest difference {(output - expected).abs().max().item():.2g}")
        # Theirs adds 1e-6 to the mean square of a key before the root.
        torch.testing.assert_close(output, expected, rtol=1e-5, atol=1e-5)


def test_the_buckets_agree_in_every_round() -> None:
    theirs = reformer(causal=False, rounds=4, chunk_size=7)
    _, query_key, _ = projected(theirs)
    found = theirs._hash_vectors(query_key, num_hashes=4, attention_mask=None)
    # Each of their rounds has buckets with numbers of its own.
    expected = found.unflatten(-1, (4, LENGTH)) - 6 * torch.arange(4)[:, None]
    torch.manual_seed(5)  # what they seed their draws with
    rotations = torch.randn(HEADS, D_HEAD, 4, 3, dtype=torch.float64).movedim(2, 1)
    for head in range(HEADS):
        assert torch.equal(lsh_buckets(query_key[:, head], rotations[head]), expected[:, head])
