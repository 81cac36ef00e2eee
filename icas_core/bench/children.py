"""Each set of figures is measured in a process of its own, on one core."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from icas_core.bench.rows import Row
from icas_core.errors import IcasError

_PARTS, _QUICK_PARTS = 5, 3
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


def in_child(task: str, pictures: Path, *, quick: bool) -> Any:
    """What `run` gives for a task, from a process of its own."""
    command = [sys.executable, "-m", "icas_core.bench", "--pictures", str(pictures), "--task", task]
    environment = {**os.environ, **dict.fromkeys(_ONE_THREAD, "1"), "PYTHONPATH": os.pathsep.join(sys.path)}
    output = output_of([*command, *(["--quick"] if quick else [])], task, env=environment)
    return json.loads(output.splitlines()[-1])


def output_of(command: Sequence[str], task: str, **how: Any) -> str:
    """What a command prints; IcasError with its last line where it fails. how: as subprocess.run takes it."""
    run = subprocess.run(command, capture_output=True, text=True, check=False, **how)
    if run.returncode:
        raise IcasError(f"bench: {task} failed: {(run.stderr.strip().splitlines() or ['no message'])[-1]}")
    return run.stdout


def rows_in_child(task: str, pictures: Path, *, quick: bool) -> list[Row]:
    """The rows of a task."""
    return [Row(**content) for content in in_child(task, pictures, quick=quick)]


def group_rows(key: str, pictures: Path, *, quick: bool) -> list[Row]:
    """A group's rows, with the peak memory of a process that does our part alone and of one that does the library's."""
    rows = rows_in_child(f"compare:{key}", pictures, quick=quick)
    ours, theirs = (in_child(f"{side}:{key}", pictures, quick=quick)["peak"] for side in ("ours", "theirs"))
    return [replace(row, memory_ours=ours, memory_theirs=theirs) for row in rows]


def run(task: str, pictures: Path, *, quick: bool) -> Any:
    """Do one task in this process; what it gives goes through JSON."""
    from icas_core.bench.machine import pin
    from icas_core.bench.pictures import Photographs
    from icas_core.similarity.threads import libraries_in_one_thread

    kind, _, key = task.partition(":")
    pin(2 if kind == "threads" else 1)
    with libraries_in_one_thread():
        return _run(kind, key, Photographs(pictures), quick)


def _run(kind: str, key: str, photographs: Any, quick: bool) -> Any:
    from icas_core.bench import others

    if kind in ("compare", "ours", "theirs"):
        return _compare(kind, key, photographs, quick)
    if kind == "errors":
        rows = others.errors_of(key, photographs, quick=quick)
    elif kind == "extraction":
        rows = others.hash_extraction(photographs, quick=quick)
    elif kind == "threads":
        rows = others.two_threads(photographs, quick=quick)
    else:
        return others.growth(photographs, quick=quick)
    return [row.content() for row in rows]


def _compare(kind: str, key: str, photographs: Any, quick: bool) -> Any:
    from icas_core.bench.comparing import by_library, compare_all, compare_once, parts_of, pictures_needed
    from icas_core.bench.figures import GROUPS
    from icas_core.bench.others import extracted
    from icas_core.bench.timing import peak_megabytes

    group = GROUPS[key]
    count = (_QUICK_PARTS if quick else _PARTS) if kind == "compare" else 1
    pictures = islice(photographs.endless(), pictures_needed(group, count))
    features = extracted(pictures, group.method, group.side, group.settled)
    if kind == "compare":
        return [row.content() for row in compare_all(group, features, count, quick=quick)]
    part = parts_of(group, features, 1)[0]
    if kind == "ours":
        compare_once(group, part)
    else:
        by_library(group, part, every=16)
    return {"peak": peak_megabytes()}
