"""What goes wrong outside: after the fault the same command ends as an undisturbed run, and no original is changed."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from tests.workflow.runs import BATCHES_OF_SIX, Project, Run, add_pictures, kill, state, unchanged

pytestmark = pytest.mark.workflow
KEYS = BATCHES_OF_SIX
DAY = 86_400 * 10**9


Result = tuple[set[frozenset[str]], set[frozenset[str]], dict[str, int]]


def result(project: Project) -> Result:
    """What a run came to: its clusters, the pictures' digests folder by folder, and the counts."""
    folders = [folder for folder in (project.output / "clusters").iterdir() if folder.is_dir()]
    placed = {
        frozenset(
            hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir() if not path.name.startswith(".")
        )
        for folder in folders
    }
    counts = {name: count for name, count in project.summary().items() if isinstance(count, int)}
    return project.partition(), placed, counts


_UNDISTURBED: dict[str, Result] = {}


def as_undisturbed(project: Project, elsewhere: Path, batch_size: int = KEYS["batch_size"]) -> bool:
    """Whether the result is that of a run in a new folder, over the same pictures, that nothing disturbs."""
    pictures = str(sorted((name, digest) for name, (digest, _) in state(project.pictures).items()))
    if pictures not in _UNDISTURBED:
        other = Project(elsewhere / "undisturbed")
        shutil.copytree(project.pictures, other.pictures, dirs_exist_ok=True)
        run = other.run(**(KEYS | {"batch_size": batch_size}))
        assert run.ok, run.err
        _UNDISTURBED[pictures] = result(other)
    return result(project) == _UNDISTURBED[pictures]


def told(run: Run, fragment: str) -> None:
    """Assert that the run failed, said why in a line of its own, and showed nobody a traceback."""
    assert not run.ok
    assert [line for line in run.text.splitlines() if fragment in line], run.text
    assert "Traceback" not in run.text


@pytest.fixture(scope="module")
def done_elsewhere(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, Path]:
    """A project of 12 pictures in two batches after its run, and a copy to restore it from."""
    folder = tmp_path_factory.mktemp("faults")
    project = Project(folder / "project")
    add_pictures(project.pictures, scenes=4, copies=3)
    return project.finished(folder / "saved", **KEYS)


@pytest.fixture
def done(done_elsewhere: tuple[Project, Path]) -> Project:
    """That project as its run left it, for a test to change as it likes."""
    project, saved = done_elsewhere
    return project.restore(saved)


@pytest.fixture
def small_disk(project: Project) -> Iterator[Project]:
    """A project of 12 pictures whose output is a file system of its own, with room for a few of its files."""
    add_pictures(project.pictures, scenes=4, copies=3)
    project.output.mkdir()
    _mount(project, "size=160k")
    try:
        yield project
    finally:
        subprocess.run(["umount", project.output], check=True)


def _mount(project: Project, options: str, *, again: bool = False) -> None:
    way = ["-o", f"{'remount,' if again else ''}{options}"]
    command = ["mount", *way, *([] if again else ["-t", "tmpfs", "none"]), str(project.output)]
    if not shutil.which("mount") or subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip(f"needs to mount a file system: {' '.join(command)}")


def test_a_full_disk_is_told_and_with_more_room_the_same_command_ends_well(small_disk: Project, tmp_path: Path) -> None:
    before = state(small_disk.pictures)
    told(small_disk.run(**KEYS), "No space left on device")
    _mount(small_disk, "size=50m", again=True)
    run = small_disk.run(**KEYS)
    assert run.ok, run.err
    assert state(small_disk.pictures) == before
    assert as_undisturbed(small_disk, tmp_path)


def test_a_read_only_output_is_told_and_writable_again_the_same_command_goes_on(
    small_disk: Project, tmp_path: Path
) -> None:
    before = state(small_disk.pictures)
    _mount(small_disk, "size=50m", again=True)
    run = small_disk.run("--until", "extract", **KEYS)
    assert run.ok, run.err
    extracted = state(small_disk.output / "extract")
    _mount(small_disk, "ro", again=True)
    told(small_disk.run(**KEYS), "Read-only file system")
    _mount(small_disk, "rw", again=True)
    run = small_disk.run(**KEYS)
    assert run.ok, run.err
    assert run.jobs["extract"] == 0
    assert state(small_disk.output / "extract") == extracted
    assert state(small_disk.pictures) == before
    assert as_undisturbed(small_disk, tmp_path)


def test_pictures_that_vanish_change_and_arrive_while_they_are_read_are_found_by_the_next_run(
    done: Project, tmp_path: Path
) -> None:
    gone, changed, arriving = sorted(done.pictures.iterdir())[::4]
    whole = arriving.read_bytes()
    arriving.write_bytes(whole[: len(whole) // 2])
    os.utime(changed)
    os.utime(gone)
    ledger = done.output / "ledger.parquet"
    before = ledger.stat().st_mtime_ns
    process = done.start(**KEYS)
    try:
        # The ledger is written once the pictures have been looked at, and before any of them is read.
        while ledger.stat().st_mtime_ns == before and process.poll() is None:
            time.sleep(0.005)
        gone.unlink()
        shutil.copyfile(done.pictures / "2_scene_003.jpg", changed)
        with unchanged(done.pictures):
            run = done.ended(process)
    finally:
        with suppress(ProcessLookupError):
            kill(process)
    assert run.ok, run.err
    assert done.summary()["rejected"] == 2, "one has vanished, of another half has arrived"
    arriving.write_bytes(whole)
    with unchanged(done.pictures):
        run = done.run(**KEYS)
    assert run.ok, run.err
    assert done.summary()["rejected"] == 0
    assert as_undisturbed(done, tmp_path)
    assert done.plan(**KEYS).planned == Counter()


def test_after_a_clock_was_set_back_by_a_day_the_result_is_right(done: Project, tmp_path: Path) -> None:
    # All that was written before the clock was set back is from tomorrow; placed pictures have their originals' times.
    for path in (*done.output.rglob("*"), *(done.folder / ".snakemake").rglob("*")):
        if path.is_file() and path.relative_to(done.folder).parts[1] not in ("clusters", "batches"):
            at = path.stat().st_mtime_ns + DAY
            os.utime(path, ns=(at, at))
    add_pictures(done.pictures, scenes=1, copies=1, start=900)
    before = state(done.pictures)
    run = done.run(**KEYS)
    assert run.ok, run.err
    assert state(done.pictures) == before
    assert as_undisturbed(done, tmp_path)
    assert done.plan(**KEYS).planned == Counter()


def test_a_placing_killed_at_random_moments_leaves_the_result_before_or_the_whole_next_one(
    done: Project, tmp_path: Path
) -> None:
    random, seen = np.random.default_rng(3), [done.partition()]
    add_pictures(done.pictures, scenes=40, copies=1, start=500)
    keys = {**KEYS, "batch_size": 60}
    before = state(done.pictures)
    run = done.run("--until", "merge", **keys)
    assert run.ok, run.err
    for _ in range(3):
        process = done.start("out/clusters.csv", **keys)
        log = done.folder / "started.log"
        while "rule place:" not in log.read_text() and process.poll() is None:
            time.sleep(0.005)
        time.sleep(random.uniform(0.0, 0.7))
        kill(process)
        # A fast machine may have placed all before the kill.
        seen += [done.partition()] if (done.output / "clusters.csv").exists() else []
    run = done.run(**keys)
    assert run.ok, run.err
    assert all(partition in (seen[0], done.partition()) for partition in seen)
    assert state(done.pictures) == before
    assert as_undisturbed(done, tmp_path, batch_size=60)
