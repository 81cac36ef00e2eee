"""How the jobs start: forked from a process that has loaded their libraries, where that is possible.

Snakemake starts a Python for each script. Loading Python, numpy, pyarrow, OpenCV and numba takes longer than most of
our jobs, and a run may have thousands of them.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import os
import subprocess
import sys
import threading
from contextlib import suppress
from functools import partial
from typing import Any

from snakemake.benchmark import benchmarked
from snakemake.script import PythonScript

from workflow.forkserver import ForkServer, NotStarted

# Those of which a run has many, or that everybody waits for. The others open windows, or load what bears no fork.
FORKED = (
    *("split", "extract", "compare", "cluster", "represent", "place_batch", "compare_across", "merge", "place"),
    *("gallery", "estimate"),
)
_LIBRARIES = (
    *("pyarrow.parquet", "pyarrow.compute", "cv2", "PIL.JpegImagePlugin", "threadpoolctl", "jinja2"),
    *("snakemake.iocontainers", "snakemake.logging"),
    *("icas_core.similarity.across", "icas_core.similarity.extraction", "icas_core.similarity.stored"),
    *("icas_core.clustering.placing", "icas_core.merging", "icas_core.report.gallery"),
)
# As Snakemake sets them for a script.
_THREADS = (
    *("OMP_NUM_THREADS", "GOTO_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"),
    *("VECLIB_MAXIMUM_THREADS", "NUMEXPR_NUM_THREADS"),
)
_FOLDERS = ("TMPDIR", "TMP", "TEMPDIR", "TEMP")


def may_fork() -> bool:
    """Whether jobs of this process can be forked: on Linux, while it has one thread, and unless ICAS_FORK=0 says no."""
    return sys.platform == "linux" and threading.active_count() == 1 and os.environ.get("ICAS_FORK") != "0"


def fork_jobs() -> None:
    """From now on fork this process's jobs, but those with an environment of their own, which start as ever."""
    server = ForkServer(_load)
    atexit.register(server.close)
    start_anew = PythonScript.execute_script

    def execute_script(self: Any, fname: str, edit: bool = False) -> None:
        elsewhere = self.conda_env, self.container_img, self.env_modules, self.shadow_dir
        if self.rulename not in FORKED or edit or any(elsewhere):
            return start_anew(self, fname, edit)
        try:
            watched = partial(benchmarked, benchmark_record=self.bench_record)
            status = server.run(fname, name=self.rulename, environment=_environment(self), watched=watched)
        except NotStarted:
            return start_anew(self, fname, edit)
        if status:
            raise subprocess.CalledProcessError(status, f"{sys.executable} {fname}")
        return None

    PythonScript.execute_script = execute_script


def leave_promptly() -> None:
    """Let the process end once its work is done; to be called in `onsuccess` and `onerror`.

    Snakemake leaves timers behind that would look for more jobs in a second's time, and Python would wait for them.
    """
    for thread in threading.enumerate():
        if isinstance(thread, threading.Timer):
            thread.cancel()


def _load() -> None:
    # The workflow's own process is told to do without it.
    if "pandas" in sys.modules and sys.modules["pandas"] is None:
        del sys.modules["pandas"]
    gc.disable()
    for name in _LIBRARIES:
        with suppress(Exception, SystemExit):  # the job that needs it tells
            importlib.import_module(name)
    with suppress(Exception, SystemExit):
        _ready_numba()
    gc.freeze()  # what a job's collector would look through, it would copy


def _ready_numba() -> None:
    """Numba makes itself ready as the first kernel is called."""
    import numpy as np

    from icas_core.similarity.kernels.forest import roots

    roots(np.zeros(1, np.int64), np.zeros(1, np.int64), np.zeros(1, np.int64))


def _environment(script: Any) -> dict[str, str]:
    folder = script.resources.get("tmpdir")
    folders = dict.fromkeys(_FOLDERS, str(folder)) if folder else {}
    return {**os.environ, **dict.fromkeys(_THREADS, str(script.threads)), **folders}
