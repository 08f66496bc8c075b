"""The warm process: it has imported torch, runs one thread, and forks one worker per submission.

It never runs a learner's code and never reads a byte that a worker wrote.
"""

from __future__ import annotations

import gc
import os
import socket
import sys
import tempfile
import traceback
from collections.abc import Sequence

import msgspec

from . import heap, huge_pages, landlock, privileges, probe, resource_limits
from .configuration import (
    Configuration,
    Fork,
    Forked,
    Notice,
    Order,
    Reap,
    Reaped,
    Split,
    Started,
    StartFailed,
)
from .lockdown import WORKER_SOCKET, lock_down
from .namespaces import Namespace, enter, unshare

MAX_CONTROL_BYTES = 1 << 17
EXIT_NOT_LOCKED = 70
_encoder = msgspec.msgpack.Encoder()
_order_decoder: msgspec.msgpack.Decoder[Order] = msgspec.msgpack.Decoder(Order)


def main(control_descriptor: int) -> None:
    """Serve orders from the trusted side until it closes its end of the control socket."""
    control = socket.socket(fileno=control_descriptor)
    configuration = msgspec.msgpack.decode(control.recv(MAX_CONTROL_BYTES), type=Configuration)
    try:
        warm = _Warm(control, configuration)
    except Exception as error:
        control.send(_encoder.encode(StartFailed(f"{type(error).__name__}: {error}")))
        return
    control.send(_encoder.encode(Started()))
    warm.serve()


class _Warm:
    def __init__(self, control: socket.socket, configuration: Configuration) -> None:
        self._control = control
        self._configuration = configuration
        self._parts: list[int] = []
        resource_limits.lift(configuration.limits)
        if landlock.abi_version() < 1:
            raise OSError(
                "this kernel offers no Landlock (Linux 5.13 or later, landlock among its lsm)"
            )
        if configuration.namespaces:
            _own_a_pid_namespace(control)
            self._pid_namespace = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
        if configuration.preload:
            _preload()
        self._rules = [
            landlock.Rule(path, access)
            for paths, access in (
                (configuration.readable, landlock.READ),
                (configuration.listable, landlock.LIST),
                (configuration.writable, landlock.WRITE),
            )
            for path in paths
        ]
        privileges.forbid_inspection()
        threads = len(os.listdir("/proc/self/task"))
        if threads != 1:
            raise RuntimeError(
                f"the warm process must run one thread, got {threads}: its forks would hang"
            )
        gc.freeze()
        gc.enable()
        heap.fill_gaps()
        huge_pages.collapse()

    def serve(self) -> None:
        while True:
            data, descriptors, _, _ = socket.recv_fds(self._control, MAX_CONTROL_BYTES, 1)
            if not data:
                return
            match _order_decoder.decode(data):
                case Fork():
                    self._fork(descriptors[0])
                case Reap(pid):
                    _, status = os.waitpid(pid, 0)
                    self._answer(Reaped(status))
                case Split():
                    self._split(descriptors[0])

    def _answer(self, notice: Notice, descriptors: Sequence[int] = ()) -> None:
        socket.send_fds(self._control, [_encoder.encode(notice)], list(descriptors))

    def _split(self, control: int) -> None:
        """Fork: this process goes on as it was, the fork serves another lane from here on."""
        self._collect_parts()
        pid = os.fork()
        if pid:
            self._parts.append(pid)
            os.close(control)
            return
        privileges.die_with_parent()
        self._parts.clear()
        self._control.close()
        self._control = socket.socket(fileno=control)
        self._answer(Started())

    def _collect_parts(self) -> None:
        """Forget the parts that have ended with their lanes."""
        self._parts = [pid for pid in self._parts if os.waitpid(pid, os.WNOHANG)[0] == 0]

    def _fork(self, worker_socket: int) -> None:
        if self._configuration.namespaces:
            unshare(Namespace.PID)
        pid = os.fork()
        if pid == 0:
            self._become_worker(worker_socket)
        if self._configuration.namespaces:
            enter(self._pid_namespace, Namespace.PID)
        os.close(worker_socket)
        handle = os.pidfd_open(pid)
        self._answer(Forked(pid), [handle])
        os.close(handle)

    def _become_worker(self, worker_socket: int) -> None:
        """Lock down, say so with one byte, and serve the submission. Never returns."""
        try:
            try:
                lock_down(self._configuration, self._rules, worker_socket)
            except BaseException as error:
                _report(worker_socket, f"-{type(error).__name__}: {error}")
                os._exit(EXIT_NOT_LOCKED)
            os.write(WORKER_SOCKET, b"+")
            if self._configuration.preload:
                from . import worker

                worker.serve(WORKER_SOCKET, self._configuration.limits)
            else:
                os.write(WORKER_SOCKET, msgspec.json.encode(probe.what_did_not_hold()))
        finally:
            os._exit(0)


def _report(worker_socket: int, reason: str) -> None:
    """Write to the socket, which may or may not have been moved to descriptor 3 yet."""
    try:
        os.write(worker_socket, reason.encode())
    except OSError:
        os.write(WORKER_SOCKET, reason.encode())


def _own_a_pid_namespace(control: socket.socket) -> None:
    """Go on in a child that owns a pid namespace: its owner may return to it after a fork."""
    unshare(Namespace.PID)
    pid = os.fork()
    if pid:
        control.close()
        os.waitpid(pid, 0)
        os._exit(0)
    privileges.die_with_parent()


def _preload() -> None:
    """Import and use once what every submission needs, so that a fork need not."""
    with tempfile.TemporaryDirectory() as folder:
        # Matplotlib insists on a folder that it can write; it only needs it while it is imported.
        os.environ["MPLCONFIGDIR"] = folder
        import matplotlib

        matplotlib.use("agg")
        import matplotlib.pyplot
    tempfile.tempdir = None
    import IPython.core.inputtransformer2  # noqa: F401
    import torch

    from . import observation, rehearsal

    torch.set_num_threads(1)
    observation.RoutineRecorder.watch()
    rehearsal.rehearse()


def bootstrap() -> None:
    """Entry point. Arguments: the control socket, this package's folder, library folders."""
    # Imports leave little garbage, and looking for it takes a sixth of their time.
    gc.disable()
    # Everything in this package is found through the package from here on.
    sys.path.remove(sys.argv[2])
    try:
        main(int(sys.argv[1]))
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)
