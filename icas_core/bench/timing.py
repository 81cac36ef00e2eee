"""Measure CPU seconds and memory of this process."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable
from typing import Any

_LEAST = 0.05  # seconds that a measurement takes at least: the clock's steps and a call's start must not count


def cpu_seconds(work: Callable[[], Any], least: float = _LEAST) -> tuple[float, Any]:
    """CPU seconds of one call, as the mean over as many as take `least` seconds, and what the first one returned."""
    start = time.process_time()
    first = work()
    calls, spent = 1, time.process_time() - start
    while spent < least:
        more = max(1, min(int(least / max(spent / calls, 1e-7)) // 2, 10_000))
        start = time.process_time()
        for _ in range(more):
            work()
        spent += time.process_time() - start
        calls += more
    return spent / calls, first


def wall_seconds(work: Callable[[], Any]) -> float:
    """Seconds by the clock on the wall of one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def peak_megabytes() -> float:
    """The most memory that this process has held so far."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 1024
