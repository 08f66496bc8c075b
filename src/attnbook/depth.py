"""Deep stacks with and without residuals, and a task to train them on. Chapter: book/blocks.md."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal, NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state, vmap

from attnbook.blocks import EncoderBlock

Kind = Literal["no residual", "post-norm", "pre-norm"]
KINDS: tuple[Kind, ...] = ("no residual", "post-norm", "pre-norm")
NUM_TOKENS, LENGTH, BATCH = 10, 8, 16
D_MODEL, NUM_HEADS, D_FF = 32, 4, 64
LAST = 10  # over so many of the last steps a final loss is averaged


class BlockWithoutResidual(EncoderBlock):
    """A pre-norm block whose sublayers replace the stream instead of adding to it.

    Args:
        d_model: Width of the block.
        num_heads: Number of heads of the attention.
        d_ff: Width inside the feed-forward network.
    """

    def __init__(self, d_model: int, num_heads: int, d_ff: int) -> None:
        super().__init__(d_model, num_heads, d_ff, norm_first=True)

    def forward(
        self, x: Float[Tensor, "batch length d_model"], mask: Tensor | None = None
    ) -> Float[Tensor, "batch length d_model"]:
        """Return what the two sublayers make of ``x``, and nothing of ``x`` itself."""
        y = self.attention_norm(x)
        gathered = self.attention(y, y, y, mask)
        output: Tensor = self.feed_forward(self.feed_forward_norm(gathered))
        return output


class Reverser(nn.Module):
    """Reads ten kinds of tokens and names them in reverse order.

    Args:
        kind: How the blocks treat the residual stream.
        num_layers: Number of blocks.
    """

    def __init__(self, kind: Kind, num_layers: int) -> None:
        super().__init__()
        self.tokens = nn.Embedding(NUM_TOKENS, D_MODEL)
        self.places = nn.Embedding(LENGTH, D_MODEL)
        for embedding in (self.tokens, self.places):  # so that their sum has variance 1
            nn.init.normal_(embedding.weight, std=0.5**0.5)
        self.blocks = nn.ModuleList(_block(kind) for _ in range(num_layers))
        # The last post-norm block has normed its output already.
        self.norm = nn.Identity() if kind == "post-norm" else nn.LayerNorm(D_MODEL)
        self.logits = nn.Linear(D_MODEL, NUM_TOKENS)

    def states(
        self, tokens: Int[Tensor, "batch length"]
    ) -> list[Float[Tensor, "batch length d_model"]]:
        """Return the residual stream before the first block and after each."""
        states = [self.tokens(tokens) + self.places.weight]
        for block in self.blocks:
            states.append(block(states[-1]))
        return states

    def loss(self, tokens: Int[Tensor, "batch length"], end: Tensor) -> Float[Tensor, ""]:
        """Return the mean surprise at the reversed tokens, in nats, from the last state."""
        logits = self.logits(self.norm(end)).flatten(0, 1)
        return nn.functional.cross_entropy(logits, tokens.flip(1).flatten())

    def forward(self, tokens: Int[Tensor, "batch length"]) -> Float[Tensor, ""]:
        """Return the loss on a batch."""
        return self.loss(tokens, self.states(tokens)[-1])


def draw_tokens(seed: int, num_batches: int) -> Int[Tensor, "num_batches batch length"]:
    """Return random batches that depend on the seed alone."""
    generator = torch.Generator().manual_seed(1000 + seed)
    return torch.randint(NUM_TOKENS, (num_batches, BATCH, LENGTH), generator=generator)


def fresh(kind: Kind, num_layers: int, seed: int) -> Reverser:
    """Return a model as it is before training."""
    torch.manual_seed(seed)
    return Reverser(kind, num_layers)


class StreamProfile(NamedTuple):
    """What the residual stream is like by depth.

    The first and the last two have an element for each place: before the first block and
    after each. The other two have one for each block.

    Attributes:
        size: Root mean square of the stream.
        attention: Root mean square of what the attention makes.
        feed_forward: Root mean square of what the feed-forward network makes.
        similarity: Mean cosine between different positions of the same sequence: 1 where
            all positions say the same.
        gradient: Norm of the loss's gradient.
    """

    size: Float[Tensor, " places"]
    attention: Float[Tensor, " num_layers"]
    feed_forward: Float[Tensor, " num_layers"]
    similarity: Float[Tensor, " places"]
    gradient: Float[Tensor, " places"]


def stream_profile(model: Reverser, tokens: Int[Tensor, "batch length"]) -> StreamProfile:
    """Return what the residual stream of a model is like on a batch."""
    made: dict[str, list[Tensor]] = {"attention": [], "feed_forward": []}
    hooks = [
        getattr(block, name).register_forward_hook(lambda *seen, to=name: made[to].append(seen[2]))
        for block in model.blocks
        for name in made
    ]
    try:
        states = model.states(tokens)
    finally:
        for hook in hooks:
            hook.remove()
    gradients = torch.autograd.grad(model.loss(tokens, states[-1]), states)
    return StreamProfile(
        size=_each(states, _root_mean_square),
        attention=_each(made["attention"], _root_mean_square),
        feed_forward=_each(made["feed_forward"], _root_mean_square),
        similarity=_each(states, _similarity),
        gradient=_each(gradients, torch.norm),
    )


def final_losses(
    kind: Kind,
    num_layers: int,
    seeds: Iterable[int],
    *,
    rate: float,
    num_steps: int,
    warmup_steps: int = 0,
) -> Float[Tensor, " seeds"]:
    """Return the loss of each seed after training with Adam: the mean of the last ten steps.

    The models of all seeds are trained side by side, as one model with one more axis.

    Args:
        kind: How the blocks treat the residual stream.
        num_layers: Number of blocks.
        seeds: One model is trained for each, on batches of its own.
        rate: Learning rate.
        num_steps: Number of steps, with a new batch each.
        warmup_steps: During so many steps the rate rises evenly up to ``rate``.
    """
    seeds = list(seeds)
    models = [fresh(kind, num_layers, seed) for seed in seeds]
    parameters, _ = stack_module_state(models)
    batches = torch.stack([draw_tokens(seed, num_steps) for seed in seeds], dim=1)
    optimizer = torch.optim.Adam(parameters.values(), fused=True)
    losses_of = vmap(lambda own, tokens: functional_call(models[0], own, (tokens,)))
    history = []
    for step, tokens in enumerate(batches, start=1):
        optimizer.param_groups[0]["lr"] = rate * min(1.0, step / max(1, warmup_steps))
        losses = losses_of(parameters, tokens)
        optimizer.zero_grad()
        losses.sum().backward()
        optimizer.step()
        history.append(losses.detach())
    return torch.stack(history[-LAST:]).mean(dim=0)


def _block(kind: Kind) -> EncoderBlock:
    if kind == "no residual":
        return BlockWithoutResidual(D_MODEL, NUM_HEADS, D_FF)
    return EncoderBlock(D_MODEL, NUM_HEADS, D_FF, norm_first=kind == "pre-norm")


def _each(tensors: Iterable[Tensor], measure: Callable[[Tensor], Tensor]) -> Tensor:
    return torch.stack([measure(tensor).detach() for tensor in tensors])


def _root_mean_square(x: Tensor) -> Tensor:
    return x.square().mean().sqrt()


def _similarity(x: Float[Tensor, "batch length d_model"]) -> Float[Tensor, ""]:
    directions = nn.functional.normalize(x, dim=-1)
    cosines = directions @ directions.mT
    others = ~torch.eye(x.shape[1], dtype=torch.bool)
    return cosines[:, others].mean()
