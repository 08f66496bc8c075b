"""How far two results may lie apart and still be the same function."""

from __future__ import annotations

from collections.abc import Mapping

# (relative, absolute), by the dtype's name: what another order of operations may cost. Much
# smaller than what any fault changes on a probe.
TOLERANCES: Mapping[str, tuple[float, float]] = {
    "float64": (1e-6, 1e-9),
    "float32": (1e-3, 1e-5),
    "float16": (2e-2, 4e-3),
    "bfloat16": (6e-2, 3e-2),
}
