"""Which exercise sheets there are. The tree is the registry."""

from __future__ import annotations

from pathlib import Path

CHECKS = Path(__file__).parent / "checks"


def sheets() -> list[str]:
    """Return the stems of the sheets that can be checked, sorted."""
    return sorted(file.stem.removeprefix("test_") for file in CHECKS.glob("test_*.py"))
