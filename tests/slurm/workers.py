"""What a second worker brings: the same run with one and with two, by the clock.

python -m tests.slurm.workers PHOTOS     (make workers PHOTOS=folder)

With one core and with two (`--cores`), then through profiles/cluster-generic on a real Slurm of one node and of two,
each of one processor. Snakemake's own process, which plans and submits, runs beside the workers in every case. A
folder of some thousand pictures takes one worker a minute or more; on anything but a quiet machine of two processors
or more the ratios mean nothing.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from icas_core.batches import scan
from tests.slurm.nodes import lacking, started
from tests.workflow.runs import ROOT, environment

PROFILE = (
    # Asked more often than the profile does: its five seconds are much of a minute, after each of three stages.
    *("--profile", str(ROOT / "profiles/cluster-generic"), "--seconds-between-status-checks", "2"),
    *("--cluster-generic-status-cmd", str(ROOT / "profiles/cluster-generic/status.sh")),
    # Of one processor, one after the other also in a submission of several.
    *("--cores", "1", "--set-threads", "extract=1", "compare=1", "compare_across=1"),
)


def main() -> None:
    """Measure, and print a line for each run and a ratio for each pair of runs."""
    parser = argparse.ArgumentParser(prog="python -m tests.slurm.workers", description=__doc__.partition("\n")[0])
    parser.add_argument("pictures", type=Path)
    parser.add_argument("--method", default="orb")
    parser.add_argument("--batch-size", type=int, default=100)
    parser.add_argument("--of", nargs="+", choices=("cores", "nodes"), default=("cores", "nodes"))
    given = parser.parse_args()
    pictures = scan(given.pictures)
    for picture in pictures:  # into memory, so that the first run does not wait for the disk alone
        (given.pictures / picture.path).read_bytes()
    print(f"{len(pictures):,} pictures, {given.method}, merge=all, batch_size={given.batch_size}; by the clock:")
    config = (f"images={given.pictures.resolve()}", f"method={given.method}", "merge=all")
    config += (f"batch_size={given.batch_size}",)
    if "cores" in given.of:
        tell("cores", [timed(["--cores", str(count)], config, environment()) for count in (1, 2)])
    if "nodes" in given.of:
        if reason := lacking():
            sys.exit(reason)
        tell("Slurm nodes", [on_nodes(count, config) for count in (1, 2)])


def on_nodes(count: int, config: tuple[str, ...]) -> float:
    """Seconds of a run on so many nodes, the time that Slurm takes to start left out."""
    with started(nodes=count, processors=1) as slurm:
        led = {name: slurm.environment[name] for name in ("PATH", "SLURM_CONF")}
        return timed(PROFILE, config, {**environment(), **led})


def timed(arguments: list[str] | tuple[str, ...], config: tuple[str, ...], variables: Mapping[str, str]) -> float:
    """Seconds of a run from nothing, which must succeed."""
    folder = Path(tempfile.mkdtemp(prefix="workers", dir=os.environ.get("TMPDIR")))
    command = [sys.executable, "-m", "snakemake", *arguments, "--snakefile", str(ROOT / "Snakefile")]
    command += ["--directory", str(folder), "--config", *config, "output=result"]
    try:
        start = time.perf_counter()
        done = subprocess.run(command, cwd=folder, env=dict(variables), capture_output=True, text=True, check=False)
        seconds = time.perf_counter() - start
    finally:
        shutil.rmtree(folder)
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    return seconds


def tell(what: str, seconds: list[float]) -> None:
    """Print the seconds of one and of two workers, and how many times as fast two are."""
    one, two = seconds
    print(f"{what}: one {one:.1f} s, two {two:.1f} s, {one / two:.2f} times as fast", flush=True)


if __name__ == "__main__":
    main()
