"""Which exercise sheets there are. The tree is the registry."""

from __future__ import annotations

from pathlib import Path

CHECKS = Path(__file__).parent / "checks"


def sheets() -> list[str]:
    """Return the stems of the sheets that can be checked, sorted."""
    return sorted(file.stem.removeprefix("test_") for file in CHECKS.glob("test_*.py"))


def stem_of(label: str) -> str:
    """Return the sheet whose chapter has a label such as ``encoder-decoder-mask``; "" if none has.

    A label begins with its chapter's stem, written with hyphens.
    """
    stems = [stem for stem in sheets() if f"{label}-".startswith(stem.replace("_", "-") + "-")]
    return max(stems, key=len, default="")
