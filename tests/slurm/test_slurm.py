"""The same workflow on a real Slurm: equal results, few submissions, lost jobs made up for."""

from __future__ import annotations

import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.workflow.runs import ROOT, Project, Run, add_pictures, environment, unchanged

pytestmark = [pytest.mark.slow, pytest.mark.workflow, pytest.mark.timeout(400), pytest.mark.alone]

SLURM = (
    *("--profile", str(ROOT / "profiles/slurm"), "--slurm-status-command", "squeue"),
    *("--slurm-init-seconds-before-status-checks", "1"),
)
GENERIC = (
    *("--profile", str(ROOT / "profiles/cluster-generic"), "--seconds-between-status-checks", "1"),
    *("--cluster-generic-status-cmd", str(ROOT / "profiles/cluster-generic/status.sh")),
)
# Smaller than the profiles ask for: the nodes of the tests have two processors and one disk, and few comparisons. A
# batch takes a whole node: so submissions end one after the other, and the plugin, which asks ever more seldom while
# none does, soon sees it.
SMALL = (
    *("--latency-wait", "10", "--set-threads", "extract=2", "compare=2", "compare_across=1"),
    *("--group-components", "across=5"),
)
ENOUGH = ("--set-resources", "merge:mem_mb=600", "place:mem_mb=600", "gallery:mem_mb=600")
# Snakemake alone needs more than 60 MB; the attempts may use 60, 960 and 4,860 MB.
TOO_LITTLE = ("--set-resources", *(f"{rule}:mem_mb=60*attempt**4" for rule in ("merge", "place", "gallery")))
OF_A_BATCH = ("split", "extract", "compare", "cluster", "represent", "place_batch")
RESULT = Counter(merge=1, place=1, gallery=1)
# imagehash joins the batches to the fewest blocks: four, of two batches each.
EIGHT = {"method": "imagehash", "batch_size": 5}
ACROSS = 10


def start_on_cluster(project: Project, slurm, *profile: str) -> subprocess.Popen[str]:
    """Start a run of eight batches through a profile; its log goes to started.log."""
    command = project.command(*profile, *SMALL, **EIGHT)
    # No --cores, which a local run of the tests asks for: the cluster's profile is all that a person names.
    at = command.index("--cores")
    del command[at : at + 2]
    with open(project.folder / "started.log", "w", encoding="utf-8") as log:
        return subprocess.Popen(
            ["timeout", "--kill-after=5", "300", *command],
            cwd=project.folder,
            env={**environment(), **{name: slurm.environment[name] for name in ("PATH", "SLURM_CONF")}},
            stdout=log,
            stderr=subprocess.STDOUT,
            text=True,
        )


def ended(project: Project, running: subprocess.Popen[str]) -> Run:
    run = project.ended(running)
    assert run.ok, run.text[-4000:]
    return run


def project_with_the_pictures_of(local: Project, folder: Path) -> Project:
    project = Project(folder)
    for picture in local.pictures.iterdir():
        (project.pictures / picture.name).hardlink_to(picture)
    return project


@pytest.fixture(scope="module")
def local(tmp_path_factory) -> Iterator[Project]:
    """40 pictures in eight batches, clustered on this machine alone; all runs read the very same files."""
    project = Project(tmp_path_factory.mktemp("local"))
    add_pictures(project.pictures, scenes=12, copies=3)
    add_pictures(project.pictures, scenes=4, copies=1, start=100)
    with unchanged(project.pictures):
        run = project.run(**EIGHT)
        assert run.ok, run.text
        yield project


@dataclass(frozen=True)
class Disturbed:
    """A run through Slurm of which one submission was cancelled while it ran, and one had too little memory."""

    project: Project
    run: Run
    cancelled: str
    states: dict[str, str]


@pytest.fixture(scope="module")
def disturbed(local, slurm, tmp_path_factory) -> Disturbed:
    project = project_with_the_pictures_of(local, tmp_path_factory.mktemp("disturbed"))
    running = start_on_cluster(project, slurm, *SLURM, *TOO_LITTLE)
    while not (mine := [job for job, state in slurm.states().items() if state == "RUNNING"]):
        assert running.poll() is None, (project.folder / "started.log").read_text(encoding="utf-8")
        time.sleep(0.2)
    slurm.ask("scancel", mine[0])
    return Disturbed(project, ended(project, running), mine[0], slurm.states())


class Ended(NamedTuple):
    """A run on the cluster that came to its end, and how many submissions it made."""

    project: Project
    run: Run
    submissions: int


@dataclass(frozen=True)
class Afterwards:
    """After that run two at once, since they wait more than work: one picture more, and other engines' commands."""

    added: Ended
    generic: Ended


@pytest.fixture(scope="module")
def afterwards(local, disturbed, slurm, tmp_path_factory) -> Afterwards:
    before = set(slurm.states())
    more, anew = disturbed.project, project_with_the_pictures_of(local, tmp_path_factory.mktemp("generic"))
    (more.pictures / "9_new.jpg").write_bytes((local.pictures / "0_scene_001.jpg").read_bytes())
    added = start_on_cluster(more, slurm, *SLURM, *ENOUGH)
    generic = start_on_cluster(anew, slurm, *GENERIC, *ENOUGH)
    runs = ended(more, added), ended(anew, generic)
    # What cluster-generic submits is a script of its own, named snakejob.…
    of_generic = slurm.states(named="snakejob").keys() - before
    of_added = slurm.states().keys() - before - of_generic
    return Afterwards(Ended(more, runs[0], len(of_added)), Ended(anew, runs[1], len(of_generic)))


def test_eight_batches_through_slurm_give_what_a_local_run_gives(local, disturbed):
    assert disturbed.project.partition() == local.partition()
    assert disturbed.run.jobs == Counter(dict.fromkeys(OF_A_BATCH, 8)) + Counter(compare_across=ACROSS) + RESULT


def test_a_batch_is_one_submission_and_so_are_some_comparisons_and_the_result(disturbed):
    assert Counter(disturbed.states.values())["COMPLETED"] == 8 + ACROSS // 5 + 1


def test_a_cancelled_submission_and_one_over_its_memory_are_made_again(disturbed):
    assert disturbed.states[disturbed.cancelled] == "CANCELLED"
    over_memory = [state for state in disturbed.states.values() if state in ("FAILED", "OUT_OF_MEMORY")]
    assert len(over_memory) in (1, 2)


def test_one_picture_more_submits_its_batch_alone(afterwards):
    project, run, submissions = afterwards.added
    assert run.jobs == Counter(dict.fromkeys(OF_A_BATCH, 1)) + Counter(compare_across=4) + RESULT
    # Its batch, the comparisons that it takes part in, the result.
    assert submissions == 1 + 1 + 1
    assert next(each for each in project.partition() if "9_new.jpg" in each) > {"9_new.jpg", "0_scene_001.jpg"}


def test_eight_batches_through_other_engines_commands_give_what_a_local_run_gives(local, afterwards):
    project, run, submissions = afterwards.generic
    assert project.partition() == local.partition()
    assert run.jobs == Counter(dict.fromkeys(OF_A_BATCH, 8)) + Counter(compare_across=ACROSS) + RESULT
    assert submissions == 8 + ACROSS // 5 + 1
