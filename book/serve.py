"""Serve the built book on this machine the way a host would: compressed.

    python book/serve.py [--port 8000] [--directory _build/html]

Python's own http.server sends files as they are, so a page's weight and speed
would look three times worse than they will be. Port 0 takes any free port.
"""

import argparse
import gzip
import io
from functools import lru_cache, partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import BinaryIO

ROOT = Path(__file__).parents[1]
TEXT = {".css", ".html", ".ipynb", ".js", ".json", ".md", ".svg", ".txt"}


@lru_cache(maxsize=512)
def compressed(path: Path, modified: int) -> bytes:  # noqa: ARG001 (part of the cache's key)
    """Return a file's content after gzip; `modified`, its time in ns, tells versions apart."""
    return gzip.compress(path.read_bytes(), compresslevel=6, mtime=0)


class CompressingHandler(SimpleHTTPRequestHandler):
    """Answers as http.server does, but sends text through gzip to whoever accepts it."""

    protocol_version = "HTTP/1.1"
    # Headers and body leave as one packet instead of waiting for each other.
    wbufsize = -1

    def send_head(self) -> BinaryIO | io.BytesIO | None:
        """Send the headers of a GET or HEAD and return the body."""
        path = Path(self.translate_path(self.path))
        accepts = "gzip" in self.headers.get("Accept-Encoding", "")
        if not (accepts and path.is_file() and path.suffix in TEXT):
            return super().send_head()
        body = compressed(path, path.stat().st_mtime_ns)
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(str(path)))
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Last-Modified", self.date_time_string(int(path.stat().st_mtime)))
        self.end_headers()
        return io.BytesIO(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (inherited name)
        """Say nothing about each request."""


def main() -> None:
    """Read the arguments and serve until interrupted."""
    parser = argparse.ArgumentParser(description="Serve the built book, compressed.")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--directory", type=Path, default=ROOT / "_build" / "html")
    arguments = parser.parse_args()
    if not (arguments.directory / "index.html").exists():
        parser.error(f"no book at {arguments.directory}; run `make book` first")
    handler = partial(CompressingHandler, directory=str(arguments.directory))
    with ThreadingHTTPServer(("127.0.0.1", arguments.port), handler) as server:
        print(f"http://127.0.0.1:{server.server_port}/", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    main()
