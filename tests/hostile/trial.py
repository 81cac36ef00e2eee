"""Read each file of a folder by itself, in a process of its own: `python -m tests.hostile.trial FOLDER LIMIT <
names.json`.

Prints a line of JSON for each: whether it was read, rejected (and why), crashed or hung; processor seconds, and the
most memory at once.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from icas_core import limits
from icas_core.errors import RejectedPicture
from icas_core.images import read_rgb, upright_size
from icas_core.usage import usage_so_far

_MORE = 30  # seconds of processor time beyond the limit of one picture, after which it counts as hung
_PATIENCE = 600  # by the clock: a process that waits uses no processor time


@dataclass(frozen=True)
class Outcome:
    """What became of a file: `read`, `rejected`, `crashed` or `hung`; processor seconds and megabytes."""

    name: str
    became: str
    why: str
    seconds: float
    megabytes: float


def main() -> None:
    """Try the files whose names come as JSON on stdin, with a limit of so many seconds of processor time."""
    limits.MAX_SECONDS = float(sys.argv[2])
    for name in json.load(sys.stdin):
        print(json.dumps(asdict(tried(Path(sys.argv[1]), name))), flush=True)


def tried(folder: Path, name: str) -> Outcome:
    """Read one file in a process that is forked for it."""
    allowed = int(limits.MAX_SECONDS) + _MORE
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        resource.setrlimit(resource.RLIMIT_CPU, (allowed, allowed + 5))
        os.write(write, json.dumps(_read(folder / name)).encode())
        os._exit(0)
    os.close(write)
    until = time.monotonic() + _PATIENCE
    while not (ended := os.wait4(child, os.WNOHANG))[0]:
        if time.monotonic() > until:
            os.kill(child, signal.SIGKILL)
        time.sleep(0.001)
    with os.fdopen(read, "rb") as answer:
        found = json.loads(answer.read() or b"{}")
    _, status, used = ended
    seconds = used.ru_utime + used.ru_stime
    if found:
        return Outcome(name, found["became"], found["why"], seconds, found["megabytes"])
    code = os.waitstatus_to_exitcode(status)
    hung = -code in (signal.SIGXCPU, signal.SIGKILL) and (seconds >= allowed or time.monotonic() > until)
    return Outcome(name, "hung" if hung else "crashed", f"exit code {code}", seconds, used.ru_maxrss / 1000)


def _read(path: Path) -> dict[str, object]:
    became, why = "read", ""
    for reading in (upright_size, read_rgb):
        try:
            reading(path)
        except RejectedPicture as reason:
            became, why = "rejected", str(reason)
        except BaseException as error:  # noqa: BLE001 - what the program would end with
            return {"became": "crashed", "why": repr(error)[:200], "megabytes": usage_so_far().megabytes}
    return {"became": became, "why": why, "megabytes": usage_so_far().megabytes}


if __name__ == "__main__":
    main()
