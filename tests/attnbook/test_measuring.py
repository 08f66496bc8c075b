"""What measures is itself measured."""

import pytest
import torch

from attnbook.measuring import cpu_seconds, growth, median_ratio, peak_bytes


def test_runs_take_turns_and_the_first_round_is_not_counted():
    order = []
    taken = cpu_seconds({"a": lambda: order.append("a"), "b": lambda: order.append("b")}, rounds=3)
    assert order == ["a", "b"] * 4
    assert {name: len(each) for name, each in taken.items()} == {"a": 3, "b": 3}
    assert all(second >= 0 for each in taken.values() for second in each)


def test_no_round_is_refused():
    with pytest.raises(ValueError, match="rounds must be at least 1, got rounds=0"):
        cpu_seconds({}, rounds=0)


def test_a_ratio_is_taken_round_by_round():
    # The medians are 2 and 2; what was slow in one round was slow for both.
    assert median_ratio([2, 40, 2], [1, 20, 2]) == 2


def test_peak_memory_counts_what_is_held_at_once():
    def one_after_another() -> None:
        for _ in range(3):
            torch.empty(1 << 20, dtype=torch.uint8)

    def together() -> list[torch.Tensor]:
        return [torch.empty(1 << 20, dtype=torch.uint8) for _ in range(3)]

    assert peak_bytes(one_after_another) == 1 << 20
    assert peak_bytes(together) == 3 << 20
    assert peak_bytes(lambda: None) == 0


def test_growth_is_the_exponent():
    sizes = [2, 3, 7, 19]
    assert growth(sizes, [5 * n**2 for n in sizes]) == pytest.approx(2)
    assert growth(sizes, [7 * n for n in sizes]) == pytest.approx(1)


@pytest.mark.parametrize(("sizes", "amounts"), [([5, 5], [1, 2]), ([2, 3], [0, 1])])
def test_growth_refuses_what_has_no_slope(sizes, amounts):
    with pytest.raises(ValueError, match="two different sizes at least, and positive amounts"):
        growth(sizes, amounts)
