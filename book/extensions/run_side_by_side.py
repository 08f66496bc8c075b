"""Notebooks that must run do so side by side, one on each processor, before any page is read.

MyST-NB runs a notebook when it comes to its page, one after another: on two processors
that takes twice as long as it must. What has run here it finds in its cache.
"""

import os
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path, PurePosixPath

from myst_nb.core.execute import create_client
from myst_nb.core.read import create_nb_reader
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

logger = logging.getLogger(__name__)


def to_run(env: BuildEnvironment, documents: Iterable[str]) -> list[Path]:
    """Return the files that may run, the longest text first: it tends to run longest."""
    excluded = env.mystnb_config.execution_excludepatterns
    paths = [Path(env.doc2path(document)) for document in documents]
    chosen = [
        path
        for path in paths
        if path.suffix == ".md" and not any(PurePosixPath(path).match(each) for each in excluded)
    ]
    return sorted(chosen, key=lambda path: path.stat().st_size, reverse=True)


def run(path: Path, env: BuildEnvironment) -> None:
    """Run one notebook unless the cache has it; a page without a kernel is left alone.

    A kernel is a process of its own, so a thread that waits for it is enough.
    """
    text, config = path.read_text(), env.mystnb_config
    reader = create_nb_reader(str(path), env.myst_config, config, text)
    if reader is None:
        return
    begin = time.monotonic()
    with create_client(reader.read(text), str(path), config, logger, reader.read_fmt):
        seconds = time.monotonic() - begin
    if seconds > 1:
        logger.info("ran %s in %.0f s", path.relative_to(env.srcdir), seconds)


def run_side_by_side(_: Sphinx, env: BuildEnvironment, documents: list[str]) -> None:
    """Run what must run among the documents that are about to be read."""
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    with ThreadPoolExecutor(processors) as pool:
        waiting = [pool.submit(run, path, env) for path in to_run(env, documents)]
        try:
            for done in as_completed(waiting):
                done.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("env-before-read-docs", run_side_by_side)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
