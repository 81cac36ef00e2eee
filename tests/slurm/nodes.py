"""A real Slurm on this machine's loopback: a controller and nodes, in a folder of its own, ended with what it runs."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun")


@dataclass(frozen=True)
class Slurm:
    """A running Slurm; `environment` leads its commands to it."""

    environment: dict[str, str]

    def ask(self, *command: str) -> str:
        """What one of Slurm's commands prints."""
        return subprocess.run(
            command, env=self.environment, capture_output=True, text=True, check=True, timeout=30
        ).stdout

    def states(self, named: str = "") -> dict[str, str]:
        """All submissions so far whose names begin with `named`: number → state, as RUNNING or FAILED.

        The controller keeps them for ten minutes.
        """
        lines = self.ask("squeue", "-h", "--states=all", "-o", "%i %T %j").splitlines()
        jobs = (line.split(maxsplit=2) for line in lines)
        return {number: state for number, state, name in jobs if name.startswith(named)}


def lacking() -> str:
    """Why Slurm cannot be started here; nothing where it can."""
    missing = [program for program in PROGRAMS if shutil.which(program, path=_path()) is None]
    if os.geteuid() != 0:
        return "Slurm's daemons need root"
    if missing:
        return f"no Slurm here ({', '.join(missing)}); on Debian tests/system_packages.sh installs it as root"
    return ""


@contextmanager
def started(*, nodes: int, processors: int) -> Iterator[Slurm]:
    """Start a Slurm of so many nodes, each of so many processors; it is ended afterwards."""
    # Not in pytest's own folder, which only its owner may enter: munged refuses to serve from there.
    folder = Path(tempfile.mkdtemp(prefix="slurm"))
    folder.chmod(0o755)
    start = subprocess.run(
        ["bash", HERE / "start.sh", folder],
        env={**os.environ, "PATH": _path(), "NODES": str(nodes), "CPUS": str(processors)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert start.returncode == 0, start.stdout + start.stderr
    try:
        path = f"{folder / 'bin'}{os.pathsep}{_path()}"
        yield Slurm({**os.environ, "PATH": path, "SLURM_CONF": str(folder / "slurm.conf")})
    finally:
        subprocess.run(["bash", HERE / "stop.sh", folder], env={**os.environ, "PATH": _path()}, timeout=60, check=False)
        shutil.rmtree(folder)


def _path() -> str:
    # The daemons lie where only root's own path leads.
    return f"{os.environ['PATH']}{os.pathsep}/usr/sbin{os.pathsep}/usr/local/sbin"
