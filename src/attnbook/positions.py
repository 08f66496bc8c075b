"""Positions: what tells a set from a sequence. Chapter: book/positions.md."""

import torch
from jaxtyping import Float, Real
from torch import Tensor, nn


def sinusoidal_encoding(num_positions: int, d_model: int) -> Float[Tensor, "positions d_model"]:
    """Return one row of sines and cosines for each position, from 0 up.

    Columns 2r and 2r + 1 hold the sine and the cosine of position / 10000^(2r / d_model).
    Vaswani et al. (2017), section 3.5.

    Args:
        num_positions: Number of rows.
        d_model: Width of a row.

    Raises:
        ValueError: If d_model is odd.
    """
    angles = _angles(torch.arange(num_positions), d_model, "d_model")
    pairs = torch.stack([angles.sin(), angles.cos()], dim=-1)
    return pairs.flatten(start_dim=-2).to(torch.get_default_dtype())


def shift_matrix(offset: int, d_model: int) -> Float[Tensor, "d_model d_model"]:
    """Return the matrix M with PE(p + offset) = PE(p) @ M for every position p.

    Each pair of columns turns by an angle of its own, whatever p is: the reason that
    Vaswani et al. (2017), section 3.5, give for their choice.

    Args:
        offset: How far to move, in positions; may be negative.
        d_model: Width of an encoding.

    Raises:
        ValueError: If d_model is odd.
    """
    angles = _angles(torch.tensor([offset]), d_model, "d_model")[0]
    sin, cos = angles.sin(), angles.cos()
    blocks = torch.stack([cos, -sin, sin, cos], dim=-1).unflatten(-1, (2, 2))
    return torch.block_diag(*blocks).to(torch.get_default_dtype())


class LearnedPositions(nn.Module):
    """A table with one learned row for each position, added to what comes in.

    Gehring et al. (2017), section 3.1. Such a table ends: position max_len has no row.

    Args:
        max_len: Number of rows.
        d_model: Width of a row.
    """

    def __init__(self, max_len: int, d_model: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(max_len, d_model)

    def forward(
        self, x: Float[Tensor, "batch length d_model"]
    ) -> Float[Tensor, "batch length d_model"]:
        """Return ``x`` with the row of each position added.

        Args:
            x: One row for each position, from 0 up.

        Raises:
            ValueError: If there are more positions than rows.
        """
        length, max_len = x.shape[-2], self.embedding.num_embeddings
        if length > max_len:
            raise ValueError(
                "a sequence must not be longer than max_len, "
                f"got length={length} and max_len={max_len}"
            )
        return x + self.embedding.weight[:length]


def apply_rope(
    x: Float[Tensor, "*batch length d_head"],
    positions: Real[Tensor, " length"],
    base: float = 10000.0,
) -> Float[Tensor, "*batch length d_head"]:
    """Return ``x`` with each pair of neighboring features turned by the row's position.

    Features 2r and 2r + 1 turn by position / base^(2r / d_head). Turn queries and keys
    alike, and a score depends on their positions by the difference alone.
    Su et al. (2021), section 3.4.2, equation 34.

    Args:
        x: Queries or keys, one row for each position.
        positions: Where each row stands.
        base: Sets the slowest turn; larger is slower.

    Raises:
        ValueError: If d_head is odd, or positions do not match the rows of x.
    """
    if len(positions) != x.shape[-2]:
        raise ValueError(
            "there must be one position for each row of x, "
            f"got {len(positions)} positions and {x.shape[-2]} rows"
        )
    angles = _angles(positions, x.shape[-1], "d_head", base)
    sin, cos = angles.sin().to(x.dtype), angles.cos().to(x.dtype)
    a, b = x[..., 0::2], x[..., 1::2]
    return torch.stack([a * cos - b * sin, a * sin + b * cos], dim=-1).flatten(start_dim=-2)


def _angles(positions: Tensor, width: int, width_name: str, base: float = 10000.0) -> Tensor:
    """Return the angle of each position and each pair of features, in radians."""
    if width % 2:
        raise ValueError(f"{width_name} must be even, for it holds pairs, got {width_name}={width}")
    # In float64: float32 is off by almost 0.005 radians at position 100,000.
    exponents = torch.arange(0, width, 2, dtype=torch.float64, device=positions.device) / width
    return positions.double()[:, None] * base**-exponents
