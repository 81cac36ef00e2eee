"""Whole runs over a folder of pictures: our workflow beside the tools that people would take instead."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from icas_core.bench.rows import Row
from icas_core.errors import IcasError
from icas_core.images import is_picture_name

_ROOT = Path(__file__).parents[2]
# Each is the tool's own documented use, without processes of its own beside the first.
_IMAGEDEDUP = """
import sys
from imagededup.methods import PHash
if __name__ == "__main__":
    PHash(verbose=False).find_duplicates(image_dir=sys.argv[1], num_enc_workers=0, num_dist_workers=0)
"""
_ORIGINAL = """
import sys
from clusterimg.Clusteror import Clusteror
from clusterimg.helper_exceptions import FinishException
try:
    Clusteror(sys.argv[1], "SSIM", 2000, threshold=0.64, num_of_threads=1, size=(24, 24), overwrite=True)()
except FinishException:
    pass
"""
_OTHERS = {"imagededup's PHash": ("imagededup", _IMAGEDEDUP), "the original package's SSIM": ("icas", _ORIGINAL)}
_DECODE = """
import sys, time
from pathlib import Path
from icas_core.images import is_picture_name, read_rgb
files = [path for path in Path(sys.argv[1]).rglob("*") if is_picture_name(path.name)]
start = time.process_time()
for path in files:
    read_rgb(path)
print(time.process_time() - start)
"""


@dataclass(frozen=True)
class Spent:
    """Of one command and all that it started: CPU seconds, seconds by the clock."""

    cpu: float
    wall: float


def whole_runs(pictures: Path, environments: Path | None) -> list[Row]:
    """Rows of CPU and wall seconds for ssim and imagehash, beside each other tool that pip can install."""
    count = sum(is_picture_name(path.name) for path in pictures.rglob("*"))
    if not count:
        raise IcasError(f"{pictures}: no pictures found; accepted: a folder of pictures")
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        copies = work / "pictures"
        shutil.copytree(pictures, copies)
        others = {name: _other(name, copies, environments or work) for name in _OTHERS}
        ours = {method: _spent(_snakemake(copies, work / method, method)) for method in ("ssim", "imagehash")}
        planning = _spent([*_snakemake(copies, work / "none", "ssim"), "-n", "--quiet"])
        decoding = _decoding(copies)
    rows = []
    for method, own in ours.items():
        for name, spent in others.items():
            rows += _beside(f"{count:,} pictures, {method} beside {name}", own, spent)
        for part, cpu in _shares(own.cpu, decoding, planning.cpu).items():
            name = f"{count:,} pictures, {method}: {part}"
            rows.append(Row(name, cpu, own.cpu, cpu / own.cpu, "CPU seconds of the whole", section="end to end"))
    return rows


def _shares(whole: float, decoding: float, planning: float) -> dict[str, float]:
    rest = whole - decoding - planning
    return {"decoding": decoding, "Snakemake's start and plan": planning, "jobs, with their starts": rest}


def _beside(name: str, own: Spent, other: Spent | None) -> list[Row]:
    rows = []
    for unit in ("cpu", "wall"):
        ours, theirs = getattr(own, unit), getattr(other, unit, None)
        kind = {"cpu": "CPU seconds", "wall": "seconds"}[unit]
        note = "" if other else "not installable here"
        ratio = theirs / ours if theirs else None
        rows.append(Row(f"{name}, {kind}", ours, theirs, ratio, kind, section="end to end", note=note))
    return rows


def _snakemake(pictures: Path, output: Path, method: str) -> list[str]:
    config = [f"images={pictures}", f"output={output}", f"method={method}"]
    return [sys.executable, "-m", "snakemake", "--cores", "1", "--config", *config]


def _other(name: str, pictures: Path, environments: Path) -> Spent | None:
    """What the tool spends; None where pip cannot install it or it does not run."""
    package, script = _OTHERS[name]
    python = environments / package / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", environments / package], check=True)
        install = subprocess.run([python, "-m", "pip", "install", "--quiet", package], check=False)
        if install.returncode:
            return None
    mine = pictures.with_name(f"of_{package}")
    mine.mkdir()
    for place, path in enumerate(sorted(path for path in pictures.rglob("*") if is_picture_name(path.name))):
        # Neither looks into subfolders.
        shutil.copy(path, mine / f"{place:06}_{path.name}")
    try:
        return _spent([str(python), "-c", script, str(mine)])
    except IcasError:
        return None


def _decoding(pictures: Path) -> float:
    run = subprocess.run(
        [sys.executable, "-c", _DECODE, pictures], cwd=_ROOT, capture_output=True, text=True, check=True
    )
    return float(run.stdout)


def _spent(command: Sequence[str]) -> Spent:
    """Run a command and wait for it; IcasError with its last line where it fails."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    start = time.perf_counter()
    with tempfile.TemporaryFile("w+") as output:
        child = subprocess.Popen(command, cwd=_ROOT, env=environment, stdout=output, stderr=output)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        wall = time.perf_counter() - start
        if child.returncode:
            output.seek(0)
            raise IcasError(f"{command[0]} failed: {(output.read().strip().splitlines() or [''])[-1]}")
    return Spent(usage.ru_utime + usage.ru_stime, wall)
