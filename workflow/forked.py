"""What a forked process does to be as if it had started anew."""

from __future__ import annotations

import atexit
import gc
import logging
import os
import sys
import tempfile
import threading
import traceback
import weakref
from collections.abc import Mapping
from contextlib import suppress
from types import ModuleType

INTERRUPTED = 130  # the exit status after Ctrl-C
_NOT_WRITTEN = 120  # Python's, where it cannot write out what was printed


def forget_the_workflow() -> None:
    """Leave to the workflow's own process what that has to do at its end, such as removing its temporary folders."""
    atexit._clear()
    weakref.finalize._registry.clear()  # type: ignore[attr-defined]
    weakref.finalize._registered_with_atexit = False  # type: ignore[attr-defined]
    # What the standard library registers once only, as it is imported.
    atexit.register(logging.shutdown)
    if util := sys.modules.get("multiprocessing.util"):
        util._finalizer_registry.clear()
        atexit.register(util._exit_function)


def call_itself(name: str) -> None:
    """Give this process a name, of at most 15 bytes, by which `ps` and `top` show it."""
    with suppress(OSError), open("/proc/self/comm", "wb") as own:
        own.write(name.encode())


def flush() -> bool:
    """Write out what is printed; whether that could be done."""
    written = True
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and not stream.closed:
            try:
                stream.flush()
            except OSError:
                written = False
    return written


def run_script(script: str, name: str, folder: str, environment: Mapping[str, str]) -> int:
    """Run a Python script to its end, as Python itself would; gives its exit status."""
    call_itself(name)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    tempfile.tempdir = None  # it was settled by another environment
    gc.enable()
    status = _executed(script)
    # As Python does at its end, but for the modules, which have nothing to do but give memory back.
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.modules["__main__"].__dict__.clear()  # closes what the script left open
    gc.collect()
    return status if flush() else status or _NOT_WRITTEN


def _executed(script: str) -> int:
    main = ModuleType("__main__")
    main.__file__ = script
    sys.modules["__main__"] = main
    sys.argv = [script]
    sys.path.insert(0, os.path.dirname(script))
    try:
        with open(script, "rb") as file:
            code = compile(file.read(), script, "exec")
        exec(code, main.__dict__)  # noqa: S102 - the script that Snakemake wrote
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return (end.code or 0) & 0xFF
        print(end.code, file=sys.stderr)
        return 1
    except BaseException as error:  # noqa: BLE001 - whatever ends a script ends it with a traceback, of its own frames
        frames = error.__traceback__ and error.__traceback__.tb_next
        traceback.print_exception(error.with_traceback(frames))
        return INTERRUPTED if isinstance(error, KeyboardInterrupt) else 1
    return 0
