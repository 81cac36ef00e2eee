"""A job ends with the process that runs it, so that it cannot write into the result of a later run."""

from __future__ import annotations

import os
import select
import signal
import threading
import time
from collections.abc import MutableMapping

_NAME = "ICAS_RUNNER"
_LOOK_EVERY = 0.5  # seconds, where the system cannot wake us
_GRACE = 10.0  # seconds for a handler of SIGTERM to keep what a person made


def announce_runner(environment: MutableMapping[str, str]) -> None:
    """Note in the environment of the jobs to come that this process runs them.

    A job on another machine is run by a process there, which announces itself in its turn.
    """
    environment[_NAME] = f"{os.getpid()} {_numbering()}"


def end_with_runner() -> None:
    """End this process (SIGTERM) once the process that announced itself has ended, however it did.

    It may have ended already. Between the two there may be a shell, which outlives the runner: so the parent is not
    what is watched. Does nothing where nobody announced itself, or where a container numbers processes anew.
    """
    pid, _, numbering = os.environ.get(_NAME, "").partition(" ")
    if not pid.isdigit() or numbering != _numbering():
        return
    if not _alive(int(pid)):
        _end()
    threading.Thread(target=_end_after, args=(int(pid),), name="runner", daemon=True).start()


def _end_after(pid: int) -> None:
    try:
        descriptor = os.pidfd_open(pid)
    except (AttributeError, OSError):  # another system, or a kernel or container that does not offer it
        while _alive(pid):
            time.sleep(_LOOK_EVERY)
    else:
        select.select([descriptor], [], [])
    _end()


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _end() -> None:
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_GRACE)
    os._exit(1)


def _numbering() -> str:
    """What tells whether two processes mean the same process by a number."""
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return ""
