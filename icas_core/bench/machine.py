"""What a figure was measured on."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version

_PACKAGES = ("numpy", "numba", "opencv-contrib-python", "scikit-image", "ImageHash", "datasketch", "snakemake")


def description() -> str:
    """Processor, cores, memory, system and the versions that matter, in one line."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    versions = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    cores = f"{os.cpu_count()} cores, {memory:.0f} GB"
    return f"{_processor()}, {cores}, {platform.system()}, Python {platform.python_version()}, {versions}"


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def pin(cores: int) -> None:
    """Keep this process on its last `cores` processors, where the system lets it."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-cores:])
