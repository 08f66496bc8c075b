"""Copy the weights of blocks that others wrote into ours, one function for each counterpart."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from transformers import MarianMTModel
from transformers.models.bert.modeling_bert import BertLayer

from attnbook.blocks import DecoderBlock, EncoderBlock
from attnbook.transformer import Transformer, TransformerConfig

from . import multihead_weights

PROJECTIONS = {"q_proj": "query_proj", "k_proj": "key_proj", "v_proj": "value_proj"}


def from_torch_encoder_layer(theirs: nn.TransformerEncoderLayer) -> EncoderBlock:
    """Return our block with the weights of torch's."""
    attention = theirs.self_attn
    sizes = (attention.embed_dim, attention.num_heads, theirs.linear1.out_features)
    ours = EncoderBlock(*sizes, theirs.norm_first).to(theirs.linear1.weight.dtype)
    ours.attention = multihead_weights.from_torch(attention)
    ours.attention_norm, ours.feed_forward_norm = theirs.norm1, theirs.norm2
    ours.feed_forward[0], ours.feed_forward[2] = theirs.linear1, theirs.linear2
    return ours


def from_torch_decoder_layer(theirs: nn.TransformerDecoderLayer) -> DecoderBlock:
    """Return our block with the weights of torch's."""
    attention = theirs.self_attn
    sizes = (attention.embed_dim, attention.num_heads, theirs.linear1.out_features)
    ours = DecoderBlock(*sizes, theirs.norm_first).to(theirs.linear1.weight.dtype)
    ours.self_attention = multihead_weights.from_torch(attention)
    ours.cross_attention = multihead_weights.from_torch(theirs.multihead_attn)
    ours.self_attention_norm, ours.cross_attention_norm = theirs.norm1, theirs.norm2
    ours.feed_forward_norm = theirs.norm3
    ours.feed_forward[0], ours.feed_forward[2] = theirs.linear1, theirs.linear2
    return ours


def from_bert_layer(theirs: BertLayer) -> EncoderBlock:
    """Return our post-norm block with the weights of Hugging Face's BERT."""
    attention, output = theirs.attention.self, theirs.attention.output
    width, d_ff = theirs.intermediate.dense.in_features, theirs.intermediate.dense.out_features
    ours = EncoderBlock(width, attention.num_attention_heads, d_ff, norm_first=False)
    ours = ours.to(output.dense.weight.dtype)
    ours.attention.query_proj, ours.attention.key_proj = attention.query, attention.key
    ours.attention.value_proj, ours.attention.output_proj = attention.value, output.dense
    ours.attention_norm, ours.feed_forward_norm = output.LayerNorm, theirs.output.LayerNorm
    ours.feed_forward[0], ours.feed_forward[2] = theirs.intermediate.dense, theirs.output.dense
    return ours


def from_marian(theirs: MarianMTModel) -> Transformer:
    """Return our transformer with the weights of Hugging Face's Marian.

    And with its positions, which hold all sines before all cosines.
    """
    sizes = theirs.config
    ours = Transformer(
        TransformerConfig(
            source_vocab_size=sizes.vocab_size,
            target_vocab_size=sizes.vocab_size,
            d_model=sizes.d_model,
            num_heads=sizes.encoder_attention_heads,
            d_ff=sizes.encoder_ffn_dim,
            num_encoder_layers=sizes.encoder_layers,
            num_decoder_layers=sizes.decoder_layers,
            max_len=sizes.max_position_embeddings,
            pad_id=sizes.pad_token_id,
        )
    ).to(theirs.dtype)
    state = dict(ours.state_dict())
    embedding = theirs.model.shared.weight
    state |= {"source.tokens.weight": embedding, "target.tokens.weight": embedding}
    for name, tensor in theirs.state_dict().items():
        if ".layers." in name:
            state[_our_name(name)] = tensor
    ours.load_state_dict(state)
    ours.source.positions = theirs.model.encoder.embed_positions.weight.detach()
    ours.target.positions = theirs.model.decoder.embed_positions.weight.detach()
    return ours


def _our_name(name: str) -> str:
    """Return what a Marian parameter, such as model.encoder.layers.0.fc1.bias, is called here."""
    side, _, place, rest = name.removeprefix("model.").split(".", 3)
    own = "self_attention" if side == "decoder" else "attention"
    for theirs, ours in {
        "self_attn_layer_norm": f"{own}_norm",
        "encoder_attn_layer_norm": "cross_attention_norm",
        "final_layer_norm": "feed_forward_norm",
        "self_attn": own,
        "encoder_attn": "cross_attention",
        "fc1": "feed_forward.0",
        "fc2": "feed_forward.2",
        "out_proj": "output_proj",
        **PROJECTIONS,
    }.items():
        rest = ".".join(ours if part == theirs else part for part in rest.split("."))
    return f"{side}.blocks.{place}.{rest}"


def shuffled_norms(module: nn.Module) -> None:
    """Give norms and biases random values: ones and zeros would hide what is forgotten."""
    generator = torch.Generator().manual_seed(13)
    for name, parameter in module.named_parameters():
        if parameter.dim() == 1:
            center = 1.0 if "norm" in name.lower() and name.endswith("weight") else 0.0
            numbers = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
            parameter.data.copy_(center + numbers / 4)


def gradients(output: Tensor, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the gradient of an uneven sum of ``output`` for each input."""
    uneven = torch.linspace(-1, 1, output.numel(), dtype=output.dtype).sin().reshape(output.shape)
    found = torch.autograd.grad(output, list(inputs.values()), uneven, retain_graph=True)
    return dict(zip(inputs, found, strict=True))
