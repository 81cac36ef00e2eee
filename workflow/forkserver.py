"""A process that forks itself for each job, so that Python and the libraries are loaded once and not by every job.

It is forked from the workflow's own process, early, while that has a single thread of Python and little in memory, and
loads what jobs need as the first one comes. A job remains a process of its own: its memory, its signals and its end are
its own.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import socket
import struct
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, suppress
from typing import Any, NoReturn

from workflow.forked import INTERRUPTED, call_itself, flush, forget_the_workflow, run_script

_LARGEST = 2**20  # bytes of a request: the environment, for the most part
_PATIENCE = 10.0  # seconds for a server to end that has nothing more to do

# What comes back from a job: its number, its status as it knows it, its status as the system told the server.
_MESSAGE = struct.Struct("=cq")
_BEGINS, _ENDS, _ENDED = b"b", b"e", b"E"
_GO = b"g"
_INTERRUPT = {signal.SIGINT}


class NotStarted(Exception):
    """The script has not begun: the server has ended, or cannot take it."""


class ForkServer:
    """The server; it ends with this process, or when it is closed."""

    def __init__(self, load: Callable[[], None]) -> None:
        """Fork it from this process. load: is called in the server before its first job."""
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        flush()
        signal.pthread_sigmask(signal.SIG_BLOCK, _INTERRUPT)  # until the server has its own way with it
        self._pid = os.fork()
        if self._pid == 0:
            try:
                self._control.close()
                forget_the_workflow()
                call_itself("icas forks jobs")
                _Server(theirs, load).serve()
            except BaseException:  # noqa: BLE001 - it must not go on as the workflow
                traceback.print_exc()
            finally:
                os._exit(1)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _INTERRUPT)
        theirs.close()

    def run(
        self,
        script: str,
        *,
        name: str,
        environment: Mapping[str, str],
        watched: Callable[[int], AbstractContextManager[object]],
    ) -> int:
        """Run a Python script as a job, in this process's folder; its exit status, negative for a signal.

        name: by which `ps` and `top` tell the job. watched: is given the number of its process, and entered before the
        script begins. May be called from several threads. Raises NotStarted where the script has not begun.
        """
        job = {"script": os.path.abspath(script), "name": name, "folder": os.getcwd(), "environment": dict(environment)}
        request = json.dumps({"asked": time.monotonic(), "job": job}).encode()
        if len(request) > _LARGEST:
            raise NotStarted
        ours, theirs = socket.socketpair()
        with ours:
            with theirs:
                try:
                    socket.send_fds(self._control, [request], [theirs.fileno()])
                except OSError as error:
                    raise NotStarted from error
            kind, pid = _read(ours)
            if kind != _BEGINS:
                raise NotStarted
            with watched(pid):
                with suppress(OSError):  # it is gone already
                    ours.sendall(_GO)
                return _outcome(ours)

    def close(self) -> None:
        """End the server, once its jobs have ended."""
        self._control.close()
        until = time.monotonic() + _PATIENCE
        with suppress(ChildProcessError):
            while os.waitpid(self._pid, os.WNOHANG)[0] == 0 and time.monotonic() < until:
                time.sleep(0.002)


def _read(channel: socket.socket) -> tuple[bytes, int]:
    """The next message; nothing once nobody holds the other side."""
    try:
        message = channel.recv(_MESSAGE.size, socket.MSG_WAITALL)
    except OSError:
        return b"", 0
    return _MESSAGE.unpack(message) if len(message) == _MESSAGE.size else (b"", 0)


def _outcome(channel: socket.socket) -> int:
    """Wait until the job's process has ended, and give its status; its own word for it where the server was killed."""
    status = 1
    while True:
        kind, told = _read(channel)
        if kind:
            status = told
        if kind != _ENDS:
            return status


def _tell(channel: socket.socket, kind: bytes, number: int) -> None:
    with suppress(OSError):  # nobody listens any more
        channel.sendall(_MESSAGE.pack(kind, number))


class _Server:
    """The server's side: forks a process for each request, and tells how each ended."""

    def __init__(self, control: socket.socket, load: Callable[[], None]) -> None:
        self._control, self._load, self._loaded = control, load, False
        self._jobs: dict[int, socket.socket] = {}
        self._handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
        self._interrupted = float("-inf")

    def serve(self) -> NoReturn:
        """Go on until no request can come and all jobs have ended."""
        # So that a job that ends between two looks wakes the next one.
        woken, waker = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
        for number in (signal.SIGCHLD, signal.SIGTERM):  # it ends with the workflow, which a SIGTERM is for as well
            signal.signal(number, lambda *_: None)
        if self._handlers[signal.SIGINT] is not signal.SIG_IGN:
            signal.signal(signal.SIGINT, self._note_interrupt)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _INTERRUPT)
        with selectors.DefaultSelector() as selector:
            selector.register(woken, selectors.EVENT_READ)
            selector.register(self._control, selectors.EVENT_READ)
            asking = True
            while asking or self._jobs:
                ready = [key.fileobj for key, _ in selector.select()]
                if woken in ready:
                    os.read(woken, 4096)
                self._tell_ended()
                if self._control in ready and not self._answer():
                    selector.unregister(self._control)
                    asking = False
                    # The workflow was killed. A job that is stopped just now must not go on when it is woken.
                    for pid in self._jobs:
                        os.kill(pid, signal.SIGTERM)
        os._exit(0)

    def _note_interrupt(self, *_: object) -> None:
        self._interrupted = time.monotonic()

    def _answer(self) -> bool:
        """Fork the job of the next request; whether there was one."""
        message, descriptors, _, _ = socket.recv_fds(self._control, _LARGEST, 1)
        if not message:
            return False
        told = socket.socket(fileno=descriptors[0])
        told.set_inheritable(False)
        request = json.loads(message)
        if not self._loaded:
            self._load()
            self._loaded = True
        signal.pthread_sigmask(signal.SIG_BLOCK, _INTERRUPT)
        try:
            pid = os.fork()
        except OSError:
            pid = -1
            told.close()  # by which the other side knows
        if pid == 0:
            self._be_job(request["job"], told)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _INTERRUPT)
        if pid > 0:
            self._jobs[pid] = told
            # A Ctrl-C since the job was asked for came too early for its process.
            if self._interrupted >= request["asked"]:
                os.kill(pid, signal.SIGINT)
        return True

    def _be_job(self, job: Mapping[str, Any], told: socket.socket) -> NoReturn:
        """Run a script, and end this process. Its channel stays open until then: the other side sees it close."""
        status = 1
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for other in (self._control, *self._jobs.values()):
                other.close()
            _tell(told, _BEGINS, os.getpid())
            if told.recv(len(_GO)) == _GO:
                for number, handler in self._handlers.items():
                    signal.signal(number, handler)
                signal.pthread_sigmask(signal.SIG_UNBLOCK, _INTERRUPT)
                status = run_script(**job)
        except KeyboardInterrupt:
            status = INTERRUPTED
        except BaseException:  # noqa: BLE001 - it must not go on as the server
            traceback.print_exc()
        finally:
            _tell(told, _ENDS, status)
            os._exit(status)

    def _tell_ended(self) -> None:
        while self._jobs:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            if told := self._jobs.pop(pid, None):  # else a library's own
                with told:
                    _tell(told, _ENDED, os.waitstatus_to_exitcode(status))
