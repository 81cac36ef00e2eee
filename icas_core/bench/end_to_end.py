"""Whole runs over a folder of pictures: our workflow beside the tools that people would take instead."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from icas_core.bench.rows import Row
from icas_core.errors import IcasError
from icas_core.images import is_picture_name

_METHODS = ("ssim", "imagehash")
_TURNS = 3
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
    """Rows of CPU and wall seconds for ssim and imagehash, beside each other tool that pip can install.

    Medians of a few runs of each, in turn; ours in an environment as `make` sets it up, whatever this one has beside.
    """
    count = sum(is_picture_name(path.name) for path in pictures.rglob("*"))
    if not count:
        raise IcasError(f"{pictures}: no pictures found; accepted: a folder of pictures")
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        copies = work / "pictures"
        shutil.copytree(pictures, copies)
        python = _own_python(environments or work)
        others = {name: _other(name, copies, environments or work) for name in _OTHERS}
        typical = _medians(python, copies, work, {name: other for name, other in others.items() if other})
        decoding = _decoding(copies)
    rows = []
    for method in _METHODS:
        own = typical[method]
        for name in _OTHERS:
            rows += _beside(f"{count:,} pictures, {method} beside {name}", own, typical.get(name))
        for part, cpu in _shares(own.cpu, decoding, typical["planning"].cpu).items():
            name = f"{count:,} pictures, {method}: {part}"
            rows.append(Row(name, cpu, own.cpu, cpu / own.cpu, "CPU seconds of the whole", section="end to end"))
    return rows


def _medians(python: Path, pictures: Path, work: Path, others: Mapping[str, list[str]]) -> dict[str, Spent]:
    """What each of our methods, planning alone and each other tool spends, each time from nothing."""
    runs: dict[str, list[Spent]] = {}
    for turn in range(_TURNS):
        commands = {method: _snakemake(python, pictures, work / f"{method}{turn}", method) for method in _METHODS}
        commands["planning"] = [*_snakemake(python, pictures, work / "none", _METHODS[0]), "-n", "--quiet"]
        for name, other in others.items():
            # What a tool leaves in its folder it would remove first.
            commands[name] = [*other, str(_flat_copy(pictures, work / f"{len(commands)} {turn}"))]
        for name, command in commands.items():
            runs.setdefault(name, []).append(_spent(command))
    return {
        name: Spent(median(run.cpu for run in each), median(run.wall for run in each)) for name, each in runs.items()
    }


def _flat_copy(pictures: Path, folder: Path) -> Path:
    """A copy without subfolders, into which the others do not look."""
    folder.mkdir()
    for place, path in enumerate(sorted(path for path in pictures.rglob("*") if is_picture_name(path.name))):
        shutil.copy(path, folder / f"{place:06}_{path.name}")
    return folder


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


def _snakemake(python: Path, pictures: Path, output: Path, method: str) -> list[str]:
    config = [f"images={pictures}", f"output={output}", f"method={method}"]
    return [str(python), "-m", "snakemake", "--cores", "1", "--config", *config]


def _own_python(environments: Path) -> Path:
    """The Python of an environment with our base requirements alone; every further plugin Snakemake would load."""
    python = environments / "ours" / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", environments / "ours"], check=True)
        lock = _ROOT / "requirements" / "base.lock"
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", lock], check=True)
    subprocess.run([python, "-m", "icas_core.similarity.ahead"], cwd=_ROOT, check=True)
    return python


def _other(name: str, pictures: Path, environments: Path) -> list[str] | None:
    """The command of another tool, without its pictures; None where pip cannot install it or it does not run."""
    package, script = _OTHERS[name]
    python = environments / package / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", environments / package], check=True)
        install = subprocess.run([python, "-m", "pip", "install", "--quiet", package], check=False)
        if install.returncode:
            return None
    command = [str(python), "-c", script]
    try:
        _spent([*command, str(_flat_copy(pictures, pictures.with_name(f"of_{package}")))])
    except IcasError:
        return None
    return command


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
