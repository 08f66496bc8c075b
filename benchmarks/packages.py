"""The approximations beside packages that offer them: exact invariants, and CPU time in turns.

    python benchmarks/packages.py [--rounds 9] [--save]

Runs in the environment of the peers (`make peers`), one thread. Both sides get the same
inputs, weights, directions, hashes. A ratio of times is the median, round by round, of theirs
divided by ours: more than 1 means that ours is faster.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import io
import math
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import msgspec
import torch
from torch import Tensor

from attnbook.attention import scaled_dot_product_attention
from attnbook.linformer import linformer_attention
from attnbook.local import local_attention
from attnbook.masks import causal_mask
from attnbook.measuring import cpu_seconds, median_ratio
from attnbook.multihead import grouped_query_attention
from attnbook.performer import favor_features, orthogonal_projection, performer_attention
from attnbook.reformer import lsh_attention

PEERS = Path(__file__).parents[1] / ".venv-peers" / "bin" / "python"
MEASURED = Path(__file__).parent / "measured" / "packages.json"
D_HEAD, NUM_FEATURES, RANK, BUCKET, ROUNDS_OF_HASHING, WINDOW = 64, 256, 128, 32, 4, 128
TIMED = (1024, 4096)
DRAWS = 4000


class Finding(msgspec.Struct, frozen=True):
    """One figure of both sides, or how far they are apart."""

    package: str
    what: str
    theirs: float
    ours: float | None = None


def largest(left: Tensor, right: Tensor | float) -> float:
    """Return the largest difference."""
    return (left - right).abs().max().item()


def relative_error(output: Tensor, exact: Tensor) -> float:
    """Return the length of the difference over that of what is exact."""
    return ((output - exact).norm() / exact.norm()).item()


def draw(length: int, num: int = 3, d: int = D_HEAD) -> list[Tensor]:
    """Return ``num`` inputs of two heads, the same at each call."""
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(1, 2, length, d, generator=generator) for _ in range(num)]


def times(
    package: str, what: str, theirs: Callable[[], object], ours: Callable[[], object], rounds: int
) -> Finding:
    """Return milliseconds of CPU of both, theirs scaled to the median ratio."""
    with torch.inference_mode():
        taken = cpu_seconds({"theirs": theirs, "ours": ours}, rounds)
    mine = 1e3 * sorted(taken["ours"])[rounds // 2]
    return Finding(package, what, mine * median_ratio(taken["theirs"], taken["ours"]), mine)


def performer(rounds: int) -> Iterator[Finding]:
    """Compare with `performer_pytorch.FastAttention`, given the same random directions."""
    from performer_pytorch import FastAttention
    from performer_pytorch.performer_pytorch import gaussian_orthogonal_random_matrix

    report = partial(Finding, "performer-pytorch")
    generator = torch.Generator().manual_seed(0)
    for sign in (1, -1):
        x = torch.full((1, 8), sign * 0.5 * 8**0.25 / math.sqrt(8))
        exact = math.exp(x.square().sum() / math.sqrt(8))
        torch.manual_seed(0)
        means = [
            sum(favor_features(x, make()).square().sum().item() for _ in range(DRAWS)) / DRAWS
            for make in (
                partial(gaussian_orthogonal_random_matrix, 8, 8),
                partial(orthogonal_projection, 8, 8, generator),
            )
        ]
        side = "positive" if sign > 0 else "negative"
        yield report(
            f"mean of φ(x)·φ(x) / exp(x·x/√d), {DRAWS:,} draws, d = 8, {side} x; right: 1",
            *(mean / exact for mean in means),
        )
    q, k, v = draw(256)
    later = torch.cat([k[..., :-1, :], 3 * k[..., -1:, :]], dim=-2)
    for causal in (False, True):
        with contextlib.redirect_stdout(io.StringIO()):  # it says that it has no CUDA code
            module = FastAttention(D_HEAD, nb_features=NUM_FEATURES, causal=causal)
        ours = partial(performer_attention, projection=module.projection_matrix, causal=causal)
        kind = "causal" if causal else "full"
        ones = torch.ones_like(v)
        yield report(
            f"{kind}: largest error where all values are 1",
            *(largest(f(q, k, ones), 1.0) for f in (module, ours)),
        )
        if causal:
            yield report(
                "causal: how much a longer last key moves the outputs before it",
                *(
                    largest(f(q, later, v)[..., :-1, :], f(q, k, v)[..., :-1, :])
                    for f in (module, ours)
                ),
            )
        for scale in (0.5, 1.0):
            mask = causal_mask(256) if causal else None
            exact = scaled_dot_product_attention(scale * q, scale * k, v, mask)
            yield report(
                f"{kind}: relative error from softmax, normal inputs times {scale}",
                *(relative_error(f(scale * q, scale * k, v), exact) for f in (module, ours)),
            )
        for length in TIMED:
            inputs = draw(length)
            yield times(
                "performer-pytorch",
                f"{kind}: ms of CPU, length {length:,}",
                partial(module, *inputs),
                partial(ours, *inputs),
                rounds,
            )


def linformer(rounds: int) -> Iterator[Finding]:
    """Compare with `linformer.LinformerSelfAttention`, given the same weights."""
    from linformer import LinformerSelfAttention

    report = partial(Finding, "linformer")

    def ours(module: LinformerSelfAttention, x: Tensor) -> Tensor:
        q, k, v = (
            linear(x).unflatten(-1, (2, D_HEAD)).transpose(1, 2)
            for linear in (module.to_q, module.to_k, module.to_v)
        )
        mixed = linformer_attention(q, k, v, module.proj_k, module.proj_v)
        return module.to_out(mixed.transpose(1, 2).flatten(-2))

    for length in TIMED:
        torch.manual_seed(0)
        module = LinformerSelfAttention(2 * D_HEAD, length, k=RANK, heads=2)
        (x,) = draw(length, 1, 2 * D_HEAD)
        x = x[:, 0]
        if length == TIMED[0]:
            difference = largest(module(x), ours(module, x))
            yield report("largest difference between the two", difference)
        run = partial(ours, module, x)
        yield times("linformer", f"ms of CPU, length {length:,}", partial(module, x), run, rounds)


def reformer(rounds: int) -> Iterator[Finding]:
    """Compare with `reformer_pytorch.LSHAttention`, given the same hashes."""
    from reformer_pytorch import LSHAttention

    report = partial(Finding, "reformer-pytorch")
    strict = {"attend_across_buckets": False, "allow_duplicate_attention": False}

    def theirs(module: LSHAttention, x: Tensor, value: Tensor) -> Tensor:
        torch.manual_seed(0)
        return module(x, value)[0]

    def ours(x: Tensor, value: Tensor, causal: bool) -> Tensor:
        torch.manual_seed(0)
        num_buckets = x.shape[-2] // BUCKET
        drawn = torch.randn(1, D_HEAD, ROUNDS_OF_HASHING, num_buckets // 2)
        return lsh_attention(x, value, drawn[0].transpose(0, 1), BUCKET, causal)

    for causal in (False, True):
        kind = "causal" if causal else "full"
        make = partial(LSHAttention, bucket_size=BUCKET, n_hashes=ROUNDS_OF_HASHING, causal=causal)
        defaults, careful = make().eval(), make(**strict).eval()
        x, v = (each[0] for each in draw(256, 2))
        run = partial(ours, causal=causal)
        for module, name in ((careful, "own buckets, pairs once"), (defaults, "its defaults")):
            difference = relative_error(theirs(module, x, v), run(x, v))
            yield report(f"{kind}, {name}: relative difference", difference)
        ones = torch.ones_like(v)
        yield report(
            f"{kind}: largest error where all values are 1",
            largest(theirs(careful, x, ones), 1.0),
            largest(run(x, ones), 1.0),
        )
        for length in TIMED:
            inputs = [each[0] for each in draw(length, 2)]
            yield times(
                "reformer-pytorch",
                f"{kind}: ms of CPU, length {length:,}",
                partial(theirs, careful, *inputs),
                partial(run, *inputs),
                rounds,
            )


def dealt(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Return grouped attention in which neighboring heads read from different heads of keys."""
    times = query.shape[1] // key.shape[1]
    return scaled_dot_product_attention(
        query, key.repeat(1, times, 1, 1), value.repeat(1, times, 1, 1)
    )


def windows(rounds: int) -> Iterator[Finding]:
    """Compare with `local_attention.LocalAttention` and with x-transformers' `max_attend_past`."""
    from local_attention import LocalAttention
    from x_transformers.attend import Attend
    from x_transformers.x_transformers import Attention

    report = partial(Finding, "local-attention")
    # Its window counts the keys before the query's own, ours the own one too.
    make = partial(LocalAttention, WINDOW - 1, look_backward=1, use_rotary_pos_emb=False)
    module = make(causal=True, exact_windowsize=True, autopad=True)
    q, k, v = draw(1000)
    difference = largest(module(q, k, v), local_attention(q, k, v, WINDOW))
    yield report("causal, exact window: largest difference", difference)
    rough = make(causal=True, autopad=True)
    difference = relative_error(rough(q, k, v), local_attention(q, k, v, WINDOW))
    yield report("causal, its default window: relative difference", difference)
    both = make(causal=False, exact_windowsize=True, autopad=True)
    yield report(
        "both sides, padded: largest error where all values are 1 (ours: causal)",
        largest(both(q, k, torch.ones_like(v)), 1.0),
        largest(local_attention(q, k, torch.ones_like(v), WINDOW), 1.0),
    )
    torch.manual_seed(0)
    layer = Attention(
        2 * D_HEAD, heads=2, dim_head=D_HEAD, causal=True, max_attend_past=WINDOW - 1
    ).eval()

    def ours(x: Tensor) -> Tensor:
        q, k, v = (
            linear(x).unflatten(-1, (2, D_HEAD)).transpose(1, 2)
            for linear in (layer.to_q, layer.to_k, layer.to_v)
        )
        return layer.to_out(local_attention(q, k, v, WINDOW).transpose(1, 2).flatten(-2))

    x = draw(1024, 1, 2 * D_HEAD)[0][:, 0]
    difference = largest(layer(x), ours(x))
    yield Finding("x-transformers", "a window: largest difference", difference)
    query, key, value = torch.randn(1, 6, 50, 8), *torch.randn(2, 1, 2, 50, 8)
    shared = Attend(causal=False)(query, key, value)[0]
    for name, spread in (("neighbors", grouped_query_attention), ("dealt", dealt)):
        difference = largest(shared, spread(query, key, value))
        what = f"6 heads of queries, 2 of keys, {name}: largest difference"
        yield Finding("x-transformers", what, difference)
    for length in TIMED:
        inputs, x = draw(length), draw(length, 1, 2 * D_HEAD)[0][:, 0]
        what = f"ms of CPU, length {length:,}"
        run = partial(local_attention, *inputs, WINDOW)
        yield times("local-attention", what, partial(module, *inputs), run, rounds)
        yield times("x-transformers", what, partial(layer, x), partial(ours, x), rounds)


def main() -> None:
    """Print what was found, and keep it if asked to."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=9, help="interleaved rounds (default: 9)")
    parser.add_argument("--save", action="store_true", help=f"write {MEASURED.name}")
    options = parser.parse_args()
    if importlib.util.find_spec("performer_pytorch") is None:
        if not PEERS.exists():
            parser.error("the packages are not installed: make peers")
        again = subprocess.run([str(PEERS), *sys.argv], check=False)
        raise SystemExit(again.returncode)
    warnings.filterwarnings("ignore")  # of packages that were written for older versions of torch
    torch.set_num_threads(1)
    findings = []
    print(f"{'':88}{'theirs':>11}{'ours':>11}{'ratio':>7}")
    for compare in (performer, linformer, reformer, windows):
        for found in compare(options.rounds):
            findings.append(found)
            line = f"{found.package:18}{found.what:70}{found.theirs:11.3g}"
            if found.ours is not None:
                line += f"{found.ours:11.3g}"
                line += f"{found.theirs / found.ours:7.2f}" if "ms of" in found.what else ""
            print(line, flush=True)
    if options.save:
        encoded = msgspec.json.format(msgspec.json.encode(findings), indent=1)
        MEASURED.write_bytes(encoded + b"\n")


if __name__ == "__main__":
    main()
