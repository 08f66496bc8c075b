"""Notebooks that must run do so side by side, one on each processor, before any page is read.

MyST-NB runs a notebook when it comes to its page, one after another: on two processors
that takes twice as long as it must. What has run here it finds in its cache.
"""

import os
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from pathlib import Path, PurePosixPath

from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn, JupyterCacheAbstract
from myst_nb.core.read import create_nb_reader
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.errors import SphinxError
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


def run(path: Path, env: BuildEnvironment, cache: JupyterCacheAbstract) -> None:
    """Run a notebook that the cache does not have; a page without a kernel is left alone.

    A kernel is a process of its own, so a thread that waits for it is enough.

    Raises:
        SphinxError: If a cell fails or takes too long; with the file's name, the cell, the error.
    """
    text, config = path.read_text(), env.mystnb_config
    reader = create_nb_reader(str(path), env.myst_config, config, text)
    if reader is None:
        return
    notebook = reader.read(text)
    with suppress(KeyError):
        cache.match_cache_notebook(notebook)
        return
    name, begin = path.relative_to(env.srcdir), time.monotonic()
    # A kernel sends what a cell prints in pieces that depend on the moment, and MyST-NB would
    # break a line where a piece ends inside it: the pieces are joined here.
    client = NotebookClient(
        notebook,
        timeout=config.execution_timeout,
        resources={"metadata": {"path": str(path.parent)}},
        coalesce_streams=True,
        record_timing=False,  # the cache knows a notebook by its cells and all their metadata
    )
    try:
        client.execute()
    except (CellExecutionError, CellTimeoutError) as error:
        raise SphinxError(f"{name} does not run to its end.\n{error}") from error
    seconds = time.monotonic() - begin
    bundle = CacheBundleIn(notebook, str(path), data={"execution_seconds": seconds})
    cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)
    logger.info("ran %s in %.0f s", name, seconds)


def run_side_by_side(_: Sphinx, env: BuildEnvironment, documents: list[str]) -> None:
    """Run what must run among the documents that are about to be read."""
    cache = get_cache(env.mystnb_config.execution_cache_path)
    # Asked for here, since two notebooks that end at the same moment would both make its tables.
    cache.db  # noqa: B018
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    with ThreadPoolExecutor(processors) as pool:
        waiting = [pool.submit(run, path, env, cache) for path in to_run(env, documents)]
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
