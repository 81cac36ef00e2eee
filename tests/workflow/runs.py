"""Real Snakemake runs in a folder of their own: make pictures, run, count jobs by rule, compare results.

project = Project(tmp_path)                    # tmp_path/pictures and tmp_path/out
add_pictures(project.pictures, scenes=12, copies=3)
run = project.run(batch_size=6, merge="all")   # the keywords are config keys, on the command line
assert run.ok, run.err
assert run.jobs["extract"] == 6                # jobs that Snakemake's log says it finished
assert project.plan(batch_size=6, merge="all").planned == Counter()   # snakemake -n
assert project.partition() == {frozenset({"a.jpg", "b.jpg"}), …}
saved = project.save(elsewhere); …; project.restore(saved)
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from icas_core.images import is_picture_name, read_rgb

ROOT = Path(__file__).parents[2]
PHOTOS = ROOT / "tests" / "data" / "photos"
# What the shared project of six batches (the fixture `finished`) was run with; a test adds or changes keys.
# tm because its jobs start quickest: what runs again does not depend on the method.
BATCHES_OF_SIX = {"batch_size": 6, "merge": "all", "method": "tm", "floor": 0.5}
_FINISHED = re.compile(r"^Finished jobid: \d+ \(Rule: (\w+)\)$", re.MULTILINE)
_STATS = re.compile(r"^Job stats:\njob +count\n[- ]+\n(.*?)\n(?:\n|\Z)", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Run:
    """What one run of Snakemake did: its exit code, what it wrote, and its jobs by rule (the rule `all` left out)."""

    code: int
    out: str
    err: str

    @property
    def ok(self) -> bool:
        """Whether it ended well."""
        return self.code == 0

    @property
    def text(self) -> str:
        """All that it wrote, stdout first: -n writes its plan there, a run its log to stderr."""
        return self.out + self.err

    @property
    def jobs(self) -> Counter[str]:
        """The jobs that were run to their end, by rule."""
        return Counter(rule for rule in _FINISHED.findall(self.text) if rule != "all")

    @property
    def planned(self) -> Counter[str]:
        """The jobs that were to be run, by rule, as Snakemake's table of job stats says; empty without a table."""
        found = _STATS.search(self.text)
        rows = (line.split() for line in found[1].splitlines()) if found else ()
        return Counter({rule: int(count) for rule, count in rows if rule not in ("all", "total")})


class Project:
    """A person's folder: pictures/ and, after a run, out/ and .snakemake/ below it; runs have it as their cwd."""

    def __init__(self, folder: Path, pictures: str = "pictures", output: str = "out") -> None:
        self.folder = folder
        self.pictures = folder / pictures
        self.output = folder / output
        self.pictures.mkdir(parents=True, exist_ok=True)

    def command(self, *arguments: str, **config: Any) -> list[str]:
        """The command of a run: `arguments` are Snakemake's (targets first), `config` goes behind --config."""
        values = {"images": self.pictures.name, "output": self.output.name, **config}
        return [
            *(sys.executable, "-m", "snakemake", *arguments),
            *("--snakefile", str(ROOT / "Snakefile"), "--directory", str(self.folder), "--cores", "2"),
            *("--config", *(f"{key}={_typed(value)}" for key, value in values.items())),
        ]

    def run(self, *arguments: str, timeout: float = 300, **config: Any) -> Run:
        """Run Snakemake to its end."""
        done = subprocess.run(
            self.command(*arguments, **config),
            cwd=self.folder,
            env=environment(),
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        return Run(done.returncode, done.stdout, done.stderr)

    def plan(self, *arguments: str, **config: Any) -> Run:
        """Ask Snakemake what it would do (-n)."""
        return self.run(*arguments, "-n", **config)

    def start(self, *arguments: str, **config: Any) -> subprocess.Popen[str]:
        """Start Snakemake in the background, in a process group of its own; its log goes to <folder>/started.log."""
        with open(self.folder / "started.log", "w", encoding="utf-8") as log:
            return subprocess.Popen(
                self.command(*arguments, **config),
                cwd=self.folder,
                env=environment(),
                stdout=log,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )

    def ended(self, process: subprocess.Popen[str], timeout: float = 300) -> Run:
        """Wait for a run started with `start`."""
        code = process.wait(timeout)
        return Run(code, "", (self.folder / "started.log").read_text(encoding="utf-8"))

    def partition(self) -> set[frozenset[str]]:
        """The clusters of clusters.csv as sets of paths, whatever their numbers; each outlier a set of its own."""
        clusters: dict[str, set[str]] = defaultdict(set)
        for row in self.rows():
            key = f"outlier {row['path']}" if row["cluster"] == "-1" else row["cluster"]
            clusters[key].add(row["path"])
        return {frozenset(members) for members in clusters.values()}

    def rows(self) -> list[dict[str, str]]:
        """The rows of clusters.csv: path, cluster, representative."""
        with open(self.output / "clusters.csv", encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def summary(self) -> dict[str, Any]:
        """summary.json: found, clusters, clustered, outliers, rejected."""
        return json.loads((self.output / "summary.json").read_text(encoding="utf-8"))

    def batches(self) -> dict[str, list[str]]:
        """Each batch's pictures, as the ledger says: batch name → paths."""
        from icas_core.batches import batch_name, read_ledger

        ledger = read_ledger(self.output / "ledger.parquet")
        assert ledger is not None, "no ledger"
        return {batch_name(number): [each.path for each in batch] for number, batch in ledger.batches.items()}

    def save(self, elsewhere: Path) -> Path:
        """Copy everything, times kept, to a new folder `elsewhere`; for `restore`."""
        shutil.copytree(self.folder, elsewhere, symlinks=True)
        return elsewhere

    def finished(self, elsewhere: Path, **config: Any) -> tuple[Project, Path]:
        """Run once, which must succeed, and save: what a fixture gives whose tests begin with `restore`."""
        run = self.run(**config)
        assert run.ok, run.err
        return self, self.save(elsewhere)

    def restore(self, saved: Path) -> Project:
        """Put everything back as it was at `save`: the place stays, since the ledger belongs to one picture folder."""
        shutil.rmtree(self.folder)
        shutil.copytree(saved, self.folder, symlinks=True)
        return self


def environment() -> dict[str, str]:
    """The environment of a run: no colours, plain UTF-8, and no Snakemake profile of the person who tests."""
    unwanted = ("SNAKEMAKE_PROFILE", "PYTHONPATH")
    return {**{k: v for k, v in os.environ.items() if k not in unwanted}, "PYTHONUTF8": "1", "NO_COLOR": "1"}


def kill(process: subprocess.Popen[str], *, group: bool = True) -> None:
    """Kill -9 a run started with `start`: its whole process group, or the main process alone."""
    if group:
        os.killpg(process.pid, signal.SIGKILL)
    else:
        os.kill(process.pid, signal.SIGKILL)
    process.wait()


def snapshot(*folders: Path) -> dict[str, tuple[int, int, int]]:
    """Everything below the folders: path → (mode, size, mtime in ns); equal snapshots mean that nothing was written."""
    found = {}
    for folder in folders:
        for path in [folder, *sorted(folder.rglob("*"))] if folder.exists() else ():
            state = path.lstat()
            found[str(path)] = state.st_mode, state.st_size, state.st_mtime_ns
    return found


def state(folder: Path) -> dict[str, tuple[str, int]]:
    """Every file below a folder: its digest and its time, to the ns."""
    return {
        path.relative_to(folder).as_posix(): (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@contextmanager
def unchanged(folder: Path) -> Iterator[None]:
    """Assert that whatever happens meanwhile leaves every file below a folder with its digest and its time."""
    before = state(folder)
    yield
    assert state(folder) == before


def add_pictures(folder: Path, *, scenes: int, copies: int, side: int = 48, seed: int = 0, start: int = 0) -> list[str]:
    """Write scenes × copies small JPEGs, `2_scene_007.jpg`, and return their names in order.

    A scene is a square piece of one of the project's photographs; its copies are brightened or darkened a little and
    moved by a pixel or two, near copies for every method. `start` is the first scene's number: pieces are drawn from
    the seed and the scene's number, so that the same number always gives the same pictures. A scene's copies lie
    far apart in path order, so that they fall into different batches.
    """
    folder.mkdir(parents=True, exist_ok=True)
    names = []
    for scene in range(start, start + scenes):
        random = np.random.default_rng([seed, scene])
        for copy, picture in enumerate(_near_copies(random, copies, side)):
            name = f"{copy}_scene_{scene:03d}.jpg"
            _, encoded = cv2.imencode(".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 95])
            (folder / name).write_bytes(encoded.tobytes())
            names.append(name)
    return sorted(names)


def photographs() -> list[np.ndarray]:
    """The project's photographs that are nobody's copy, RGB, in order of their names."""
    if not _PHOTOGRAPHS:
        alone = [path for path in sorted(PHOTOS.rglob("*")) if is_picture_name(path.name) and "_" not in path.stem]
        _PHOTOGRAPHS.extend(read_rgb(path) for path in alone)
    return _PHOTOGRAPHS


_PHOTOGRAPHS: list[np.ndarray] = []


def _near_copies(random: np.random.Generator, copies: int, side: int) -> list[np.ndarray]:
    photos = photographs()
    photo = photos[random.integers(len(photos))]
    length = int(min(photo.shape[:2]) * random.uniform(0.35, 0.6))
    top, left = (int(random.integers(2, extent - length - 2)) for extent in photo.shape[:2])
    made = []
    for copy in range(copies):
        down, right = (0, 0) if copy == 0 else random.integers(-1, 2, size=2)
        piece = photo[top + down : top + down + length, left + right : left + right + length]
        small = cv2.resize(piece, (side, side), interpolation=cv2.INTER_AREA)
        gain = 1.0 if copy == 0 else random.uniform(0.9, 1.1)
        made.append(np.clip(small * gain, 0, 255).astype(np.uint8))
    return made


def _typed(value: Any) -> str:
    return json.dumps(value) if isinstance(value, dict | list | bool) else str(value)
