"""The smallest case that fails, as a learner reads it."""

from typing import Any

import torch

from autograder.faults import fault_models
from autograder.faults.diagnose import diagnose

MODELS = fault_models("attention")


def said(exercise: str, answer: Any) -> str:
    return diagnose(MODELS[exercise], answer).counterexample


def test_a_small_case_shows_inputs_what_is_expected_and_what_came() -> None:
    ahead = MODELS["causal_mask"].faulty(["sees one position ahead"])
    assert said("causal_mask", ahead).splitlines() == [
        "causal_mask, 2 queries",
        "  num_queries 2",
        "  expected    [[True, False], [True, True]]  bool[2, 2]",
        "  yours       [[True, True], [True, True]]  bool[2, 2]",
    ]


def test_an_error_is_shown_in_one_line() -> None:
    def broken(query: Any, key: Any, mask: Any = None) -> None:
        raise KeyError("q")

    assert "yours       raised KeyError: 'q'" in said("attention_weights", broken)


def test_a_changed_input_is_named() -> None:
    changes = MODELS["attention_weights"].faulty(["an input is changed in place"])
    assert "yours       changed query" in said("attention_weights", changes)


def test_a_missing_gradient_is_said() -> None:
    cut = MODELS["scaled_dot_product_attention"].faulty(["no gradient flows through the weights"])
    text = said("scaled_dot_product_attention", cut)
    assert "yours       no gradient arrives" in text


def test_a_large_result_shows_the_first_element_that_differs() -> None:
    def wrong_in_batches(query: Any, key: Any, mask: Any = None) -> Any:
        weights = MODELS["attention_weights"].faulty()(query, key, mask)
        return weights * 2 if weights.dim() == 4 else weights

    text = said("attention_weights", wrong_in_batches)
    assert "a batch of 2, 3 heads" in text
    assert "expected[0, 0, 0, 1]" in text
    assert "float32[2, 3, 5, 4]" in text


def test_of_several_results_the_first_that_differs_is_shown() -> None:
    model = fault_models("efficient")["attend_with_cache"]
    text = diagnose(model, model.faulty(["the cache comes back without the new"])).counterexample
    assert "result      2 of 3" in text
    expected, yours = text.splitlines()[-2:]
    assert expected.endswith("float32[3, 2]")
    assert yours.endswith("float32[2, 2]")


def test_a_wrong_gradient_shows_which_input() -> None:
    class Doubled(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x.clone()

        @staticmethod
        def backward(ctx: Any, gradient: Any) -> Any:
            return 2 * gradient

    def doubled(query: Any, key: Any, mask: Any = None) -> Any:
        return MODELS["attention_weights"].faulty()(Doubled.apply(query), key, mask)

    assert "gradient    of floating-point input 1" in said("attention_weights", doubled)
