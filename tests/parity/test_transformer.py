"""The whole transformer against `nn.Transformer` and Hugging Face's Marian."""

import pytest
import torch
from torch import Tensor, nn
from transformers import MarianConfig, MarianMTModel
from transformers.models.bart.modeling_bart import shift_tokens_right

from attnbook.decoding import beam_search, greedy_decode, greedy_decode_uncached
from attnbook.masks import causal_mask, padding_mask
from attnbook.training import masked_cross_entropy, shift_right
from attnbook.transformer import Decoder, Encoder, TransformerConfig

from .block_weights import (
    from_marian,
    from_torch_decoder_layer,
    from_torch_encoder_layer,
    gradients,
    shuffled_norms,
)

# Relative and absolute, by dtype.
TOLERANCES = {torch.float64: (1e-12, 1e-12), torch.float32: (1e-5, 1e-5)}
LENGTHS = torch.tensor([7, 4])
each_dtype = pytest.mark.parametrize("dtype", TOLERANCES, ids=str)


def agree(pairs: dict[str, tuple[Tensor, Tensor]]) -> None:
    """Demand that both of each pair are equal; print the largest difference."""
    largest = max((a - b).abs().max().item() for a, b in pairs.values())
    dtype = next(iter(pairs.values()))[0].dtype
    print(f"{dtype}: largest difference {largest:.2g}")
    rtol, atol = TOLERANCES[dtype]
    for name, (a, b) in pairs.items():
        torch.testing.assert_close(a, b, rtol=rtol, atol=atol, msg=lambda m, n=name: f"{n}: {m}")


def torchs(norm_first: bool, dtype: torch.dtype) -> nn.Transformer:
    torch.manual_seed(3)
    theirs = nn.Transformer(
        21, 3, 2, 2, 34, dropout=0, batch_first=True, norm_first=norm_first, dtype=dtype
    )
    if not norm_first:
        # torch adds a norm at the end of a post-norm stack as well, which the paper has not.
        theirs.encoder.norm = theirs.decoder.norm = None
    shuffled_norms(theirs)
    return theirs


@each_dtype
@pytest.mark.parametrize("norm_first", [True, False], ids=["pre-norm", "post-norm"])
def test_encoder_and_decoder_agree_with_torch(dtype: torch.dtype, norm_first: bool) -> None:
    theirs = torchs(norm_first, dtype)
    encoder, decoder = Encoder(sizes(norm_first)).to(dtype), Decoder(sizes(norm_first)).to(dtype)
    encoder.blocks = nn.ModuleList(map(from_torch_encoder_layer, theirs.encoder.layers))
    decoder.blocks = nn.ModuleList(map(from_torch_decoder_layer, theirs.decoder.layers))
    if norm_first:
        encoder.norm, decoder.norm = theirs.encoder.norm, theirs.decoder.norm
    generator = torch.Generator().manual_seed(5)
    source = torch.randn(2, 7, 21, generator=generator, dtype=dtype).requires_grad_()
    target = torch.randn(2, 5, 21, generator=generator, dtype=dtype).requires_grad_()
    mask, causal = padding_mask(LENGTHS, 7), causal_mask(5)
    hidden = ~mask[:, 0, 0]
    ours = decoder(target, encoder(source, mask), causal, mask)
    expected = theirs(
        source,
        target,
        tgt_mask=~causal,
        src_key_padding_mask=hidden,
        memory_key_padding_mask=hidden,
    )
    inputs = {"source": source, "target": target}
    mine, others = gradients(ours, inputs), gradients(expected, inputs)
    agree({"output": (ours, expected)} | {name: (mine[name], others[name]) for name in inputs})


def sizes(norm_first: bool) -> TransformerConfig:
    # No embedding is made from this: widths need not be even.
    return TransformerConfig(2, 2, 21, 3, 34, 2, 2, norm_first=norm_first)


def marian(dtype: torch.dtype) -> MarianMTModel:
    torch.manual_seed(7)
    config = MarianConfig(
        vocab_size=23,
        d_model=20,
        encoder_layers=2,
        decoder_layers=3,
        encoder_attention_heads=5,
        decoder_attention_heads=5,
        encoder_ffn_dim=34,
        decoder_ffn_dim=34,
        max_position_embeddings=32,
        activation_function="relu",
        scale_embedding=True,
        dropout=0.0,
        pad_token_id=0,
        eos_token_id=2,
        decoder_start_token_id=1,
        forced_eos_token_id=None,
        attn_implementation="eager",
        init_std=0.5,
    )
    theirs = MarianMTModel(config).to(dtype).eval()
    shuffled_norms(theirs)
    return theirs


@each_dtype
def test_the_whole_model_agrees_with_marian(dtype: torch.dtype) -> None:
    theirs = marian(dtype)
    ours = from_marian(theirs)
    generator = torch.Generator().manual_seed(11)
    source = torch.randint(3, 23, (2, 7), generator=generator)
    source[1, 4:] = 0
    target = torch.randint(3, 23, (2, 5), generator=generator)
    seen = (source != 0).long()
    expected = theirs(source, attention_mask=seen, decoder_input_ids=target).logits
    logits = ours(source, target)
    loss = masked_cross_entropy(logits, target, 0)
    their_loss = nn.functional.cross_entropy(expected.flatten(0, 1), target.flatten())
    weights = {
        "an encoder weight": "encoder.layers.0.fc1",
        "a decoder weight": "decoder.layers.2.fc2",
    }
    pairs = {"logits": (logits, expected), "loss": (loss, their_loss)}
    loss.backward()
    mine = [ours.encoder.blocks[0].feed_forward[0], ours.decoder.blocks[2].feed_forward[2]]
    grads = [layer.weight.grad.clone() for layer in mine]
    ours.zero_grad()
    theirs.zero_grad()
    their_loss.backward()
    for (name, path), grad in zip(weights.items(), grads, strict=True):
        pairs[name] = (grad, theirs.model.get_submodule(path).weight.grad)
    agree(pairs)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_the_loss_agrees_with_torch(smoothing: float) -> None:
    # torch shares out the smoothing among all classes, ours leaves padding out: so the
    # padding class is made impossible, and torch is given one class less.
    generator = torch.Generator().manual_seed(3)
    logits = torch.randn(2, 5, 7, generator=generator, dtype=torch.float64)
    targets = torch.randint(1, 7, (2, 5), generator=generator)
    targets[1, 3:] = 0
    logits[..., 0] = -80.0  # exp(-80) is below the last digit
    expected = nn.functional.cross_entropy(
        logits[..., 1:].flatten(0, 1),
        targets.flatten() - 1,
        ignore_index=-1,
        label_smoothing=smoothing,
    )
    agree({"loss": (masked_cross_entropy(logits, targets, 0, smoothing), expected)})


def varied_marian() -> MarianMTModel:
    """A model whose next token depends on what was written."""
    theirs = marian(torch.float64)
    for name, parameter in theirs.model.decoder.named_parameters():
        # Random attention to a memory that never changes would say the same again and again.
        if "out_proj" in name:
            parameter.data /= 10
        elif "fc" in name:
            parameter.data *= 2
    return theirs


def some_sources() -> Tensor:
    source = torch.randint(3, 23, (13, 7), generator=torch.Generator().manual_seed(13))
    source[1, 4:] = 0
    return source


def test_greedy_decoding_agrees_with_generate() -> None:
    theirs, source = varied_marian(), some_sources()
    ours = from_marian(theirs)
    given = {"input_ids": source, "attention_mask": (source != 0).long(), "max_new_tokens": 11}
    expected = theirs.generate(**given, num_beams=1, do_sample=False)[:, 1:]
    lengths = ((expected == 2).cumsum(1) == 0).sum(1)
    assert lengths.unique().numel() > 2, "sequences must end at different places"
    ends = {"start_id": 1, "end_id": 2, "max_len": 11}
    assert torch.equal(greedy_decode(ours, source, **ends), expected)
    assert torch.equal(greedy_decode_uncached(ours, source, **ends), expected)
    assert torch.equal(beam_search(ours, source, **ends, num_beams=1), expected)


@pytest.mark.parametrize("num_beams", [2, 3, 5])
def test_beam_search_agrees_with_generate_where_no_sequence_ends(num_beams: int) -> None:
    # Theirs sets an ended sequence aside and refills its place, ours keeps it among the beams:
    # with an end the two are different searches, and test_decoding tries every sequence instead.
    theirs, source = varied_marian(), some_sources()
    ours = from_marian(theirs)
    theirs.generation_config.eos_token_id = None
    given = {"input_ids": source, "attention_mask": (source != 0).long(), "max_new_tokens": 11}
    expected = theirs.generate(**given, num_beams=num_beams, do_sample=False)[:, 1:]
    ends = {"start_id": 1, "end_id": -1, "max_len": 11}
    greedy = greedy_decode(ours, source, **ends)
    assert (greedy != expected).any(dim=1).sum() > 5, "more beams must find something else"
    assert torch.equal(beam_search(ours, source, **ends, num_beams=num_beams), expected)


def test_the_shift_agrees_with_hugging_face() -> None:
    targets = torch.randint(3, 11, (5, 7), generator=torch.Generator().manual_seed(1))
    assert torch.equal(shift_right(targets, 2), shift_tokens_right(targets, 1, 2))
