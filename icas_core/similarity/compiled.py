"""Compile the inner loops with numba, keeping the machine code where this user may write."""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numba
from llvmlite import binding  # type: ignore[import-untyped]

from icas_core.absent import absent

# The kernels multiply no matrices; to be ready for it, numba would load scipy's linear algebra into every job.
with absent("scipy.linalg"), suppress(ImportError):
    from numba.np import arraymath as arraymath


def _writable(folder: Path) -> bool:
    """Whether `folder` exists or can be made, is this user's own, and takes files."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Machine code is loaded from here: a folder that somebody else owns must not be trusted.
        if hasattr(os, "getuid") and folder.stat().st_uid != os.getuid():
            return False
        with tempfile.TemporaryFile(dir=folder):
            return True
    except (OSError, RuntimeError):
        return False


def _bases() -> list[Path]:
    """Folders in which a cache may live, the best first."""
    bases = []
    if given := os.environ.get("XDG_CACHE_HOME"):
        bases.append(Path(given) / "icas")
    home = os.path.expanduser("~")
    if os.path.isabs(home):
        bases.append(Path(home) / ".cache" / "icas")
    user = os.getuid() if hasattr(os, "getuid") else "user"
    return [*bases, Path(tempfile.gettempdir()) / f"icas-kernels-{user}"]


# From Linux's asm/prctl.h: arch_prctl(ARCH_REQ_XCOMP_PERM, XFEATURE_XTILE_DATA).
_ARCH_PRCTL, _REQUEST_PERMISSION, _TILE_REGISTERS = 158, 0x1023, 18


def has_feature(name: str) -> bool:
    """Whether numba compiles for a processor with this feature, by LLVM's name for it."""
    chosen, features = (getattr(numba.config, setting) for setting in ("CPU_NAME", "CPU_FEATURES"))
    if features is not None:
        return f"+{name}" in features
    return chosen in (None, "host") and bool(binding.get_host_cpu_features().get(name))


def _may_use_matrix_unit() -> bool:
    """Ask the system to let this process use the matrix unit, whose registers it keeps only for those who ask."""
    if not (sys.platform == "linux" and platform.machine() == "x86_64"):
        return False
    if not all(has_feature(name) for name in ("amx-tile", "amx-int8", "avx512bitalg", "avx512bw")):
        return False
    try:
        return ctypes.CDLL(None).syscall(_ARCH_PRCTL, _REQUEST_PERMISSION, _TILE_REGISTERS) == 0
    except (OSError, AttributeError):
        return False


MATRIX_UNIT = _may_use_matrix_unit()


def cache_folder() -> Path | None:
    """The folder for this processor, numba, installation and version of the kernels; None when nowhere is writable.

    Numba numbers its cache files one after another, so two machines with different processors that share
    a home could write each other's; a folder for each keeps every writer to the same names and content.
    """
    if given := os.environ.get("NUMBA_CACHE_DIR"):
        return Path(given) if _writable(Path(given)) else None
    machine = (
        f"{binding.get_host_cpu_name()} {binding.get_host_cpu_features().flatten()} {numba.__version__} {__file__}"
    )
    digest = hashlib.sha256(f"{machine} {MATRIX_UNIT}".encode())
    # Numba looks at the file of the compiled function alone: a change in a file that it calls would go unseen.
    for source in sorted((Path(__file__).parent / "kernels").glob("*.py")):
        digest.update(source.read_bytes())
    name = digest.hexdigest()[:16]
    return next((base / name for base in _bases() if _writable(base / name)), None)


_CACHE = cache_folder()
if _CACHE is not None:
    setattr(numba.config, "CACHE_DIR", str(_CACHE))  # noqa: B010 - numba makes its settings when it is imported


def kernel(function: Callable[..., Any] | None = None, **options: Any) -> Any:
    """Compile a function of numpy arrays, without the interpreter's lock, cached on disk where that is possible."""
    decorate = numba.njit(nogil=True, cache=_CACHE is not None, **options)
    return decorate if function is None else decorate(function)
