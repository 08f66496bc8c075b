"""Printed text, kept up to a bound."""

from __future__ import annotations

import io


class BoundedText(io.TextIOBase):
    """A text stream that keeps the first ``limit`` characters and counts the rest."""

    encoding = "utf-8"

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._parts: list[str] = []
        self._kept = 0
        self._dropped = 0

    def writable(self) -> bool:
        """Say that text may be written."""
        return True

    def write(self, text: str) -> int:
        """Keep as much of ``text`` as the bound allows; return its whole length."""
        kept = text[: self._limit - self._kept]
        if kept:
            self._parts.append(kept)
            self._kept += len(kept)
        self._dropped += len(text) - len(kept)
        return len(text)

    def take(self) -> str:
        """Return what was kept and begin anew."""
        note = f"\n[{self._dropped} more characters]\n" if self._dropped else ""
        text = "".join(self._parts) + note
        self._parts, self._kept, self._dropped = [], 0, 0
        return text.encode("utf-8", "backslashreplace").decode()
