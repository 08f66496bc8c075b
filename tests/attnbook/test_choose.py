"""A choice follows from the table, and from nothing else."""

import pytest

from attnbook.choose import (
    EXACT,
    Choice,
    Measurement,
    Situation,
    Table,
    choose,
    crossover,
    measured_table,
)

# Times and bytes grow as the square of the length for the exact one, as the length for the others.
TABLE = Table(
    num_heads=2,
    d_head=8,
    measurements=tuple(
        row
        for n in (100, 1000)
        for row in (
            Measurement(EXACT, True, n, n * n / 1e4, n * n, 0.0),
            Measurement("near", True, n, n / 20, n * 10, 0.01),
            Measurement("rough", True, n, n / 50, n * 5, n / 1e4),
        )
    ),
)


SITUATION = Situation(1000, 8, 2, causal=True, memory_budget=2**40, tolerance=1.0)


def chosen(**changes) -> Choice:
    return choose(SITUATION._replace(**changes), TABLE)


def with_times(factor: float, exact_factor: float) -> Table:
    """Return the table with all times multiplied."""
    return TABLE._replace(
        measurements=tuple(
            m._replace(
                milliseconds=m.milliseconds * (exact_factor if m.mechanism == EXACT else factor)
            )
            for m in TABLE.measurements
        )
    )


def test_the_fastest_that_fits_is_chosen():
    assert chosen().mechanism == "rough"
    assert chosen(tolerance=0.05).mechanism == "near"
    assert chosen(tolerance=0.0).mechanism == EXACT
    assert chosen(length=100).mechanism == EXACT
    assert chosen(tolerance=0.05, memory_budget=10_000).mechanism == "near"


@pytest.mark.parametrize("length", [50, 300, 1000, 5000])
def test_costs_are_interpolated_and_extended_as_powers_of_the_length(length):
    found = chosen(length=length, tolerance=0.0)
    assert found.milliseconds == pytest.approx(length**2 / 1e4)
    assert found.peak_bytes == pytest.approx(length**2, abs=1)


def test_heads_and_width_scale_the_costs():
    found = chosen(d_head=16, num_heads=6, tolerance=0.0)
    assert found.milliseconds == pytest.approx(6 * 100)
    assert found.peak_bytes == 6 * 10**6


def test_between_two_lengths_the_larger_error_counts():
    # On a line the error at 300 would be .03; at 1,000 it is .1.
    assert chosen(length=300, tolerance=0.09).mechanism == EXACT
    assert chosen(length=300, tolerance=0.1).mechanism == "rough"


def test_it_says_why():
    assert chosen(memory_budget=500_000, tolerance=0.05).why == (
        "near is the fastest that fits: 50.0 ms, 10,000 bytes, error 0.01",
        "exact needs 1,000,000 bytes",
        "rough errs by 0.1",
    )
    assert chosen().why[1:] == ("near fits and takes 50.0 ms", "exact fits and takes 100.0 ms")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"length": 0}, "length must be at least 1, got length=0"),
        ({"tolerance": -0.1}, "tolerance must not be negative, got tolerance=-0.1"),
        (
            {"memory_budget": 7, "tolerance": 0.0},
            "nothing fits memory_budget=7 and tolerance=0: exact needs 1,000,000 bytes; near needs",
        ),
    ],
)
def test_what_cannot_be_is_refused_with_the_reasons(changes, message):
    with pytest.raises(ValueError, match=message):
        chosen(**changes)


def test_the_crossover_is_where_the_lines_of_the_times_meet():
    # n²/10⁴ = n/20 at 500, and n/50 at 200.
    assert crossover("near", True, TABLE) == pytest.approx(500)
    assert crossover("rough", True, TABLE) == pytest.approx(200)
    assert crossover("near", True, with_times(99, 1)) is None
    assert crossover("near", True, with_times(1, 99)) == 100
    with pytest.raises(ValueError, match="'near', causal=False, must be measured"):
        crossover("near", False, TABLE)


@pytest.mark.parametrize("causal", [False, True])
def test_the_table_of_the_package_answers_any_situation(causal):
    assert measured_table().mechanisms(causal)[0] == EXACT
    for length in (64, 1500, 10**6):
        asked = Situation(length, 64, 8, causal=causal, memory_budget=2**50, tolerance=0.0)
        assert choose(asked).mechanism == EXACT
        assert choose(asked._replace(tolerance=9.0)).why
