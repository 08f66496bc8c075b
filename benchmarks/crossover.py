"""From which length on each cheaper attention takes less time than torch's fused one.

    python benchmarks/crossover.py [--lengths 256 4096] [--rounds 9] [--save]

One thread, forward, the mechanisms in turns on the same inputs; the figure that is kept is
torch's median time divided by the median ratio, round by round. Memory is the peak of what
torch allocates besides inputs and output. Errors are of the output, on queries, keys and values of
the trained model of book/approximate.md; those of random features, maps and hashes are means over
three draws. `--save` writes the table that `attnbook.choose` reads.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention as torch_attention

from attnbook.choose import EXACT, MEASURED, Measurement, Table, crossover
from attnbook.linear_attention import chunked_linear_attention, linear_attention
from attnbook.linformer import linformer_attention, random_map
from attnbook.local import local_attention, two_sided_local_attention
from attnbook.measuring import cpu_seconds, growth, median_ratio, peak_bytes
from attnbook.performer import orthogonal_projection, performer_attention
from attnbook.reformer import lsh_attention, random_rotations, shared_query_key_attention
from attnbook.stream_model import (
    RECIPE,
    SHARED_RECIPE,
    attention_inputs,
    trained_stream_model,
)

NUM_HEADS, D_HEAD = 4, 64
D_HEAD_OF_MODEL = RECIPE.d_model // RECIPE.num_heads
WINDOW, RANK, NUM_FEATURES, CHUNK, HASHES = 128, 128, 256, 64, 4
DRAWS = 3

Attention = Callable[[Tensor, Tensor, Tensor], Tensor]


def exact(query: Tensor, key: Tensor, value: Tensor, *, causal: bool) -> Tensor:
    """Return what the others are compared with."""
    return torch_attention(query, key, value, is_causal=causal)


def mechanisms(length: int, d_head: int, causal: bool, seed: int) -> dict[str, Attention]:
    """Return each way to attend, with its random numbers drawn."""
    generator = torch.Generator().manual_seed(seed)
    projection = orthogonal_projection(NUM_FEATURES, d_head, generator)
    num_buckets = max(2, length // CHUNK // 2 * 2)
    rotations = random_rotations(HASHES, d_head, num_buckets, generator)
    found: dict[str, Attention] = {
        EXACT: partial(exact, causal=causal),
        "window": local_attention if causal else two_sided_local_attention,
        "linear": partial(chunked_linear_attention, chunk_size=CHUNK)
        if causal
        else linear_attention,
        "Performer": partial(performer_attention, projection=projection, causal=causal),
        "LSH": lambda query, _, value: lsh_attention(query, value, rotations, CHUNK, causal),
    }
    found["window"] = partial(found["window"], window=min(WINDOW, length))
    if not causal:
        maps = [random_map(length, RANK, generator) for _ in range(2)]
        found["Linformer"] = partial(linformer_attention, key_map=maps[0], value_map=maps[1])
    return found


def costs(length: int, causal: bool, rounds: int) -> dict[str, tuple[float, int]]:
    """Return milliseconds and extra bytes of each mechanism."""
    torch.manual_seed(0)
    inputs = [torch.randn(1, NUM_HEADS, length, D_HEAD) for _ in range(3)]
    runs = {
        name: partial(attention, *inputs)
        for name, attention in mechanisms(length, D_HEAD, causal, 0).items()
    }
    with torch.inference_mode():
        taken = cpu_seconds(runs, rounds)
        peaks = {name: peak_bytes(run) - inputs[2].nbytes for name, run in runs.items()}
    base = 1e3 * statistics.median(taken[EXACT])
    return {
        name: (base * median_ratio(each, taken[EXACT]), max(peaks[name], 0))
        for name, each in taken.items()
    }


def errors(length: int, causal: bool) -> dict[str, float]:
    """Return the relative error of each mechanism, the mean over blocks and draws.

    LSH needs keys that are the queries, so it is asked on the model that learned with such.
    """
    found: dict[str, list[float]] = {EXACT: [0.0]}
    for seed in range(DRAWS):
        ways = mechanisms(length, D_HEAD_OF_MODEL, causal, seed)
        for name in ways.keys() - {EXACT}:
            recipe = SHARED_RECIPE if name == "LSH" else RECIPE
            for query, key, value in attention_inputs(trained_stream_model(recipe), length, seed):
                if name == "LSH":
                    right = shared_query_key_attention(query, value, causal)
                else:
                    right = exact(query[None], key[None], value[None], causal=causal)[0]
                off = ways[name](query, key, value) - right
                found.setdefault(name, []).append((off.norm() / right.norm()).item())
    return {name: statistics.mean(each) for name, each in found.items()}


def measure(lengths: Sequence[int], rounds: int) -> Iterator[Measurement]:
    """Yield a row for each length and mechanism, printed as it comes."""
    print(f"{'':10}{'':8}{'length':>7}{'ms CPU':>10}{'exact / it':>12}{'MiB':>9}{'error':>8}")
    for causal in (False, True):
        for length in lengths:
            found, wrong = costs(length, causal, rounds), errors(length, causal)
            for name, (milliseconds, peak) in found.items():
                row = Measurement(
                    name, causal, length, round(milliseconds, 3), peak, round(wrong[name], 4)
                )
                kind = "causal" if causal else "full"
                print(
                    f"{name:10}{kind:8}{length:7}{milliseconds:10.2f}"
                    f"{found[EXACT][0] / milliseconds:12.2f}{peak / 2**20:9.2f}{row.error:8.3f}",
                    flush=True,
                )
                yield row


def print_crossovers(table: Table) -> None:
    """Print where each mechanism overtakes, and how its time grows at the end."""
    for causal in (False, True):
        for name in table.mechanisms(causal):
            rows = table.of(name, causal)[-3:]
            slope = growth([m.length for m in rows], [m.milliseconds for m in rows])
            meets = crossover(name, causal, table)
            where = "never" if meets is None else f"from {meets:,.0f}"
            where = "" if name == EXACT else f"{where}; "
            kind = "causal" if causal else "full"
            print(f"{name:10}{kind:8}{where}time grows as length^{slope:.2f}")


def main() -> None:
    """Print the table and the crossovers, and keep the table if asked to."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    lengths = [256, 512, 1024, 2048, 4096, 8192]
    parser.add_argument("--lengths", type=int, nargs="*", default=lengths)
    parser.add_argument("--rounds", type=int, default=9, help="interleaved rounds (default: 9)")
    parser.add_argument("--save", action="store_true", help=f"write {MEASURED.name}")
    options = parser.parse_args()
    torch.set_num_threads(1)
    rows = tuple(measure(options.lengths, options.rounds))
    table = Table(NUM_HEADS, D_HEAD, rows)
    print_crossovers(table)
    if options.save:
        kept = table._asdict() | {"measurements": [row._asdict() for row in rows]}
        MEASURED.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
