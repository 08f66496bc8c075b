"""The shapes in the reference package's signatures are checked whenever tests run."""

import pytest
import torch
from jaxtyping import TypeCheckError

from attnbook.attention import attention_weights
from attnbook.masks import causal_mask


def test_a_wrong_shape_is_an_error_in_tests():
    with pytest.raises(TypeCheckError, match="attention_weights"):
        attention_weights(torch.zeros(5, 4), torch.zeros(7, 3))


def test_a_wrong_type_is_an_error_in_tests():
    with pytest.raises(TypeCheckError, match="causal_mask"):
        causal_mask("3")
