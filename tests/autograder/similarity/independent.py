"""Answers that people write without seeing one another's: each choice is drawn for itself.

Correct and half correct alike. What is popular in tutorials is popular here, so that many of
these answers are the same by chance, and none of them may count as a copy.
"""

from __future__ import annotations

import random
from collections.abc import Callable

SHORT_NAMES = ("scores", "s", "attn", "att", "logits", "e", "dots", "raw", "scaled", "x", "sim")


def independent_answers(chance: random.Random) -> dict[str, str]:
    """Return one learner's four cells of the sheet `attention`."""
    return {name: answer(chance) for name, answer in ANSWERS.items()}


def weights_answer(chance: random.Random) -> str:
    """Return an `attention_weights` in the usual order of steps."""
    pick = _picker(chance)
    scores, weights = chance.choice(SHORT_NAMES), pick("weights 3|w|probs|attention|out|alpha|a")
    turned = pick(
        "key.transpose(-2, -1) 5|key.transpose(-1, -2) 3|key.mT 2|key.swapaxes(-2, -1)"
        "|key.swapaxes(-1, -2)|torch.transpose(key, -2, -1)"
    )
    product = pick(f"query @ {turned} 5|torch.matmul(query, {turned}) 5|query.matmul({turned})")
    width = pick("query.shape[-1] 3|query.size(-1) 3|key.shape[-1]|key.size(-1)")
    lines = []
    if pick("name it|do not") == "name it":
        name = pick("d_k 4|d_head 4|d 2|dim|head_dim")
        lines, width = [f"{name} = {width}"], name
    root = pick(f"math.sqrt({width}) 5|{width} ** 0.5 3|torch.sqrt(torch.tensor({width}))")
    if pick("at once 3|later") == "at once":
        product = f"({product})" if chance.random() < 0.4 else product
        lines += [f"{scores} = {product} / {root}"]
    else:
        lines += [
            f"{scores} = {product}",
            pick(f"{scores} = {scores} / {root} 3|{scores} /= {root}"),
        ]
    lines += _masked_softmax(chance, scores, weights)
    return _function(
        "query: Tensor, key: Tensor, mask: Tensor | None = None", "attention_weights", lines
    )


def _masked_softmax(chance: random.Random, scores: str, weights: str) -> list[str]:
    pick = _picker(chance)
    infinity = pick("float('-inf') 6|-math.inf 3|-torch.inf 3|-1e9 3|float('-infinity')")
    hidden = pick("~mask 6|mask == 0 3|mask == False 2|mask.logical_not()|torch.logical_not(mask)")
    fill = pick(
        f"{scores} = {scores}.masked_fill({hidden}, {infinity}) 7"
        f"|{scores} = torch.where(mask, {scores}, {infinity}) 2"
        f"|{scores} = torch.masked_fill({scores}, {hidden}, {infinity})"
        f"|{scores}[{hidden}] = {infinity}"
    )
    softmax = pick(
        f"torch.softmax({scores}, dim=-1) 5|{scores}.softmax(dim=-1) 3|{scores}.softmax(-1) 2"
        f"|torch.nn.functional.softmax({scores}, dim=-1) 3"
    )
    mend = pick(
        f"{weights} = torch.nan_to_num({weights}) 3|{weights} = {weights}.nan_to_num(0.0) 2"
        f"|{weights} = torch.nan_to_num({weights}, nan=0.0) 2"
        f"|{weights} = {weights}.masked_fill({hidden}, 0.0) 3|{weights} = {weights} * mask"
        f"|{weights} = torch.where({weights}.isnan(), 0.0, {weights})|pass 3"
    )
    question = pick("if mask is not None: 8|if mask != None:|if torch.is_tensor(mask):")
    lines = [question, f"    {fill}", f"{weights} = {softmax}"]
    if mend != "pass":
        lines += [question, f"    {mend}"] if "mask" in mend or chance.random() < 0.3 else [mend]
    return [*lines, f"return {weights}"]


def attention_answer(chance: random.Random) -> str:
    """Return a `scaled_dot_product_attention`: one line, or two."""
    pick = _picker(chance)
    call = pick("attention_weights(query, key, mask) 5|attention_weights(query, key, mask=mask)")
    if pick("one|two") == "one":
        lines = [pick(f"return {call} @ value 3|return torch.matmul({call}, value)")]
    else:
        name = pick("weights 4|w 2|attn|probs")
        lines = [f"{name} = {call}"]
        lines += [pick(f"return {name} @ value 3|return torch.matmul({name}, value) 2")]
    arguments = "query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None"
    return _function(arguments, "scaled_dot_product_attention", lines)


def causal_answer(chance: random.Random) -> str:
    """Return a `causal_mask`."""
    pick = _picker(chance)
    lines = pick(
        "if num_keys is None:\n    num_keys = num_queries 6"
        "|num_keys = num_queries if num_keys is None else num_keys 2"
        "|num_keys = num_keys or num_queries"
    ).split("\n")
    offset = pick("num_keys - num_queries 5|offset 3|k 2|shift")
    if len(offset) < 9:
        lines += [f"{offset} = num_keys - num_queries"]
    ones = pick(
        "torch.ones(num_queries, num_keys, dtype=torch.bool) 5"
        "|torch.ones((num_queries, num_keys), dtype=torch.bool) 3"
        "|torch.ones(num_queries, num_keys).bool() 2|torch.ones(num_queries, num_keys) 2"
    )
    body = pick(
        f"torch.tril({ones}, diagonal={offset}) 5|{ones}.tril(diagonal={offset}) 3"
        f"|{ones}.tril({offset}) 2|~torch.triu({ones}, diagonal={offset} + 1) 2"
        f"|torch.arange(num_keys)[None, :] <= torch.arange(num_queries)[:, None] + {offset} 3"
    )
    lines += pick(f"return {body} 3|mask = {body}\nreturn mask 2").split("\n")
    return _function("num_queries: int, num_keys: int | None = None", "causal_mask", lines)


def padding_answer(chance: random.Random) -> str:
    """Return a `padding_mask`."""
    pick = _picker(chance)
    places = pick(
        "torch.arange(num_keys) 6|torch.arange(num_keys, device=lengths.device) 3"
        "|torch.arange(0, num_keys)"
    )
    lines, name = [], pick("inline 2|positions 3|idx|pos|arange")
    if name != "inline":
        lines, places = [f"{name} = {places}"], name
    left = pick(f"{places} 4|{places}[None, :] 3|{places}.unsqueeze(0) 2")
    right = pick(
        "lengths[:, None] 5|lengths.unsqueeze(1) 3|lengths.unsqueeze(-1)|lengths.view(-1, 1)"
    )
    real = pick(f"{left} < {right} 8|{right} > {left}")
    mask = pick("mask 4|m|real|result")
    axes = pick("[:, None, None, :] 5|.unsqueeze(1).unsqueeze(1) 3|.unsqueeze(1).unsqueeze(2) 2")
    lines += pick(f"return ({real}){axes} 2|{mask} = {real}\nreturn {mask}{axes} 3").split("\n")
    return _function("lengths: Tensor, num_keys: int", "padding_mask", lines)


ANSWERS: dict[str, Callable[[random.Random], str]] = {
    "attention_weights": weights_answer,
    "scaled_dot_product_attention": attention_answer,
    "causal_mask": causal_answer,
    "padding_mask": padding_answer,
}


def _picker(chance: random.Random) -> Callable[[str], str]:
    """Return a function that draws from "first 3|second": the first is three times as likely."""

    def pick(choices: str) -> str:
        texts, weights = [], []
        for choice in choices.split("|"):
            head, _, last = choice.rpartition(" ")
            weighted = bool(head) and last.isdigit() and choice != "Tensor"
            texts.append(head if weighted else choice)
            weights.append(int(last) if weighted else 1)
        return chance.choices(texts, weights)[0]

    return pick


def _function(arguments: str, name: str, lines: list[str]) -> str:
    return "\n".join([f"def {name}({arguments}) -> Tensor:", *(f"    {line}" for line in lines)])
