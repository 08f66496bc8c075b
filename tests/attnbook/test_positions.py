"""What encodings of positions must do: unique, of any length, consistent in distance."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from attnbook.positions import LearnedPositions, apply_rope, shift_matrix, sinusoidal_encoding

SEEDS = st.integers(0, 10_000)
OFFSETS = st.integers(-500, 500)


def drawn(seed: int, *shape: int, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64).to(dtype)


# ---------------------------------------------------------------- sinusoidal_encoding


def test_sines_and_cosines_alternate_and_turn_ever_slower() -> None:
    encoding = sinusoidal_encoding(5, 4)
    for position, row in enumerate(encoding.tolist()):
        wanted = [f(position / slowness) for slowness in (1, 100) for f in (math.sin, math.cos)]
        assert row == pytest.approx(wanted, abs=1e-7)


def test_each_of_ten_thousand_positions_has_a_row_of_its_own() -> None:
    encoding = sinusoidal_encoding(10_000, 64)
    assert len(encoding.unique(dim=0)) == 10_000
    nearest = torch.cdist(encoding[::7].double(), encoding.double()).topk(2, largest=False)
    assert nearest.values[:, 1].min() > 0.1


@given(OFFSETS)
def test_the_distance_of_two_encodings_depends_on_their_offset_alone(offset: int) -> None:
    encoding = sinusoidal_encoding(1100, 32).double()
    here = torch.arange(500, 600)
    apart = (encoding[here] - encoding[here + offset]).norm(dim=-1)
    assert torch.allclose(apart, apart[:1], atol=1e-5)


@given(st.integers(0, 300), st.integers(0, 300))
def test_an_encoding_of_any_length_begins_like_a_shorter_one(short: int, more: int) -> None:
    assert torch.equal(
        sinusoidal_encoding(short + more, 16)[:short], sinusoidal_encoding(short, 16)
    )


def test_position_one_hundred_thousand_is_as_exact_as_position_one() -> None:
    last = sinusoidal_encoding(100_001, 64)[-1].tolist()
    angles = [100_000 / 10_000 ** (2 * pair / 64) for pair in range(32)]
    wanted = [f(angle) for angle in angles for f in (math.sin, math.cos)]
    assert last == pytest.approx(wanted, abs=1e-7)


def test_angles_in_float32_would_be_off_by_several_thousandths() -> None:
    positions = torch.arange(99_000, 100_001)[:, None]
    exponents = torch.arange(0, 64, 2) / 64
    angles = positions * 10_000.0**-exponents
    off = (angles.double() - positions * 10_000.0 ** -exponents.double()).abs().max()
    assert 0.004 < off < 0.005


def test_an_encoding_has_the_default_dtype() -> None:
    assert sinusoidal_encoding(3, 4).dtype == shift_matrix(1, 4).dtype == torch.float32
    torch.set_default_dtype(torch.float64)
    try:
        assert sinusoidal_encoding(3, 4).dtype == shift_matrix(1, 4).dtype == torch.float64
    finally:
        torch.set_default_dtype(torch.float32)


# ---------------------------------------------------------------- shift_matrix


@given(OFFSETS)
def test_one_matrix_moves_every_position_alike(offset: int) -> None:
    encoding = sinusoidal_encoding(1100, 32)
    here = torch.arange(500, 600)
    moved = encoding[here] @ shift_matrix(offset, 32)
    assert torch.allclose(moved, encoding[here + offset], atol=1e-6)


@given(OFFSETS, OFFSETS)
def test_shifts_add_up_and_the_way_back_is_the_transpose(first: int, second: int) -> None:
    both = shift_matrix(first, 16) @ shift_matrix(second, 16)
    assert torch.allclose(both, shift_matrix(first + second, 16), atol=1e-6)
    assert torch.allclose(shift_matrix(-first, 16), shift_matrix(first, 16).T, atol=1e-6)
    assert torch.equal(shift_matrix(0, 16), torch.eye(16))


# ---------------------------------------------------------------- LearnedPositions


def test_each_position_gets_a_row_of_the_table() -> None:
    positions = LearnedPositions(7, 5)
    x = drawn(1, 2, 3, 5, dtype=torch.float32)
    before = x.clone()
    assert torch.equal(positions(x), x + positions.embedding.weight[:3])
    assert torch.equal(x, before)
    assert [name for name, _ in positions.named_parameters()] == ["embedding.weight"]


def test_only_the_rows_in_use_learn() -> None:
    positions = LearnedPositions(7, 5)
    positions(drawn(1, 2, 3, 5, dtype=torch.float32)).sum().backward()
    gradient = positions.embedding.weight.grad
    assert (gradient[:3] == 2).all()
    assert (gradient[3:] == 0).all()


# ---------------------------------------------------------------- apply_rope


@given(SEEDS, OFFSETS)
def test_a_score_depends_on_the_difference_of_positions_alone(seed: int, offset: int) -> None:
    query, key = drawn(seed, 5, 12), drawn(seed + 1, 7, 12)
    at_query, at_key = torch.arange(5), torch.arange(7)
    scores = apply_rope(query, at_query) @ apply_rope(key, at_key).T
    moved = apply_rope(query, at_query + offset) @ apply_rope(key, at_key + offset).T
    assert torch.allclose(scores, moved, atol=1e-10)


@given(SEEDS)
def test_turning_changes_no_length_and_position_zero_nothing(seed: int) -> None:
    x = drawn(seed, 2, 3, 5, 12)
    turned = apply_rope(x, torch.arange(5))
    assert torch.allclose(turned.norm(dim=-1), x.norm(dim=-1))
    assert torch.equal(turned[..., 0, :], x[..., 0, :])


def test_neighbors_turn_counterclockwise() -> None:
    x = torch.tensor([[1.0, 0.0, 0.0, 1.0]])
    turned = apply_rope(x, torch.tensor([3]), base=100.0)
    wanted = [math.cos(3), math.sin(3), -math.sin(0.3), math.cos(0.3)]
    assert turned[0].tolist() == pytest.approx(wanted, abs=1e-6)


@given(SEEDS, OFFSETS)
def test_turning_a_row_of_the_encoding_is_shifting_it(seed: int, offset: int) -> None:
    # (sin a, cos a) turned counterclockwise by b is (sin(a - b), cos(a - b)).
    encoding = sinusoidal_encoding(1100, 16)[500:505]
    turned = apply_rope(encoding, torch.full((5,), -offset))
    assert torch.allclose(turned, encoding @ shift_matrix(offset, 16), atol=1e-5)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_far_positions_are_exact_in_every_dtype(dtype: torch.dtype) -> None:
    x = drawn(3, 2, 64).to(dtype)
    far = torch.tensor([100_000, 100_001])
    turned = apply_rope(x, far)
    assert turned.dtype == dtype
    tolerance = 8 * torch.finfo(dtype).eps
    assert torch.allclose(turned.double(), apply_rope(x.double(), far), tolerance, tolerance)


def test_rope_has_the_right_gradient() -> None:
    x = drawn(5, 3, 6).requires_grad_()
    assert torch.autograd.gradcheck(lambda each: apply_rope(each, torch.arange(3)), (x,))


# ---------------------------------------------------------------- errors


@pytest.mark.usefixtures("as_users_call")
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: sinusoidal_encoding(3, 5), "d_model must be even.*got d_model=5"),
        (lambda: shift_matrix(3, 5), "d_model must be even.*got d_model=5"),
        (
            lambda: apply_rope(torch.zeros(3, 7), torch.arange(3)),
            "d_head must be even.*got d_head=7",
        ),
        (
            lambda: apply_rope(torch.zeros(3, 8), torch.arange(5)),
            "one position for each row of x, got 5 positions and 3 rows",
        ),
        (
            lambda: LearnedPositions(4, 6)(torch.zeros(2, 5, 6)),
            "not be longer than max_len, got length=5 and max_len=4",
        ),
    ],
)
def test_what_cannot_be_is_refused_with_the_rule_and_the_values(call, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
