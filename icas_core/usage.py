"""What a process has used of the machine: written at the end of a job's log, and read from it."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_LINE = re.compile(r"used ([\d.]+) s of processor time and at most (\d+) MB of memory$", re.MULTILINE)


@dataclass(frozen=True)
class Usage:
    """Seconds of processor time, and the most megabytes (10**6 bytes) of memory at once."""

    seconds: float
    megabytes: float

    def __str__(self) -> str:
        return f"used {self.seconds:.2f} s of processor time and at most {self.megabytes:.0f} MB of memory"


def usage_so_far() -> Usage:
    """What this process has used, the time of its children that have ended included."""
    times = os.times()
    return Usage(times.user + times.system + times.children_user + times.children_system, _most_memory() / 1e6)


def read_usage(log: Path | str) -> Usage | None:
    """What the job of this log used; None where there is no such log, or it does not say."""
    try:
        found = _LINE.findall(Path(log).read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return None
    return Usage(float(found[-1][0]), float(found[-1][1])) if found else None


def added(usages: Sequence[Usage]) -> Usage:
    """The time of several jobs together, and the memory of the largest."""
    return Usage(sum(one.seconds for one in usages), max((one.megabytes for one in usages), default=0.0))


def _most_memory() -> float:
    """Bytes. A process that was forked counts its parent's memory as its own (getrusage); Linux also knows better."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
        return 1024 * float(status.partition("VmHWM:")[2].split()[0])
    except (OSError, IndexError, ValueError):
        import resource

        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return float(most if sys.platform == "darwin" else most * 1024)
