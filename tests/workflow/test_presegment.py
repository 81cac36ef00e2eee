"""snakemake presegment: label maps for a folder, only those that are missing, whatever happens meanwhile."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest

from icas_core.segmentation.presegmenting import Presegmented
from tests.workflow.runs import Project, add_pictures, kill, snapshot, state, unchanged

pytestmark = pytest.mark.workflow
KEYS = {"batch_size": 40, "segment_method": "graph"}


def maps_of(project: Project, method: str = "graph") -> Path:
    return project.output / "presegment" / method / "segments"


@pytest.fixture(scope="module")
def two_hundred(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, Path]:
    """A project of 200 small pictures in five batches, killed with kill -9 in the midst of presegment and run again."""
    folder = tmp_path_factory.mktemp("presegment")
    project = Project(folder / "project")
    add_pictures(project.pictures, scenes=100, copies=2)
    with unchanged(project.pictures):
        _killed_and_run_again(project)
    return project, project.save(folder / "saved")


def _killed_and_run_again(project: Project) -> None:
    process = project.start("presegment", **KEYS)
    try:
        end = time.monotonic() + 200
        while len(list(maps_of(project).glob("*.png"))) < 60:
            assert process.poll() is None, (project.folder / "started.log").read_text()
            assert time.monotonic() < end
            time.sleep(0.005)
        kill(process)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    before = state(maps_of(project))
    whole = {name: before[name] for name in before if name.endswith(".png") and not name.startswith(".")}
    assert 60 <= len(whole) < 200
    run = project.run("presegment", **KEYS)
    assert run.ok, run.err
    assert 1 <= run.jobs["presegment_batch"] <= 5
    after = state(maps_of(project))
    assert len(after) == 200
    assert {name: after[name] for name in whole} == whole
    assert f"icas: 200 label maps in {project.output.name}" in run.err


@pytest.fixture
def presegmented(two_hundred: tuple[Project, Path]) -> Project:
    project, saved = two_hundred
    return project.restore(saved)


def test_after_kill_9_the_same_command_finishes_what_is_missing_and_nothing_else(presegmented: Project) -> None:
    maps = Presegmented(maps_of(presegmented), presegmented.pictures, "graph")
    labels = [maps(path.name) for path in sorted(presegmented.pictures.iterdir())]
    assert all(each is not None and each.shape == (48, 48) for each in labels)
    before = snapshot(maps_of(presegmented))
    run = presegmented.run("presegment", **KEYS)
    assert run.ok, run.err
    assert run.jobs == Counter()
    assert snapshot(maps_of(presegmented)) == before


def test_an_added_picture_makes_one_batch_run_again_and_one_map(presegmented: Project) -> None:
    before = state(maps_of(presegmented))
    (name,) = add_pictures(presegmented.pictures, scenes=1, copies=1, start=900)
    run = presegmented.run("presegment", **KEYS)
    assert run.ok, run.err
    assert run.jobs == Counter(split=1, presegment_batch=1, presegment=1)
    after = state(maps_of(presegmented))
    assert set(after) - set(before) == {f"{name}.png"}
    assert {name: after[name] for name in before} == before


def test_a_bad_picture_is_named_and_counted_and_a_deleted_ones_map_goes(presegmented: Project) -> None:
    bad, gone = sorted(presegmented.pictures.iterdir())[:2]
    bad.write_bytes(bad.read_bytes()[:200])
    gone.unlink()
    run = presegmented.run("presegment", **KEYS)
    assert run.ok, run.err
    assert run.jobs["presegment_batch"] == 1
    assert "icas: 198 label maps" in run.err
    assert f"1 pictures could not be read: {bad.name} (" in run.err
    assert "Traceback" not in run.text
    left = set(state(maps_of(presegmented)))
    assert len(left) == 198
    assert not left & {f"{bad.name}.png", f"{gone.name}.png"}


def test_another_method_has_maps_of_its_own_and_going_back_makes_nothing(presegmented: Project) -> None:
    before = state(maps_of(presegmented))
    other = presegmented.run("presegment", **{**KEYS, "segment_method": "superpixel"})
    assert other.ok, other.err
    assert other.jobs["presegment_batch"] == 5
    assert len(state(maps_of(presegmented, "superpixel"))) == 200
    assert presegmented.plan("presegment", **KEYS).planned == Counter()
    changed = presegmented.plan("presegment", **KEYS, graph={"scale": 300})
    assert changed.planned["presegment_batch"] == 5
    assert state(maps_of(presegmented)) == before


def test_a_method_that_needs_a_person_ends_in_one_line(project: Project) -> None:
    add_pictures(project.pictures, scenes=1, copies=1)
    run = project.run("presegment", segment_method="grabcut")
    assert run.code != 0
    assert "icas: config key 'segment_method': found grabcut, which needs a person's strokes" in run.err
    assert "Traceback" not in run.text
    assert not project.output.exists()
