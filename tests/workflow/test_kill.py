"""Runs that are killed, and runs beside another run: no batch changes its name and no result is lost."""

import os
import re
import shutil
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import psutil
import pytest

from icas_core.batches import Plan, plan_batches, scan, write_ledger
from tests.workflow.runs import Project, add_pictures, kill, snapshot, unchanged
from workflow.starting import FORKED

pytestmark = pytest.mark.workflow

KEYS = {"batch_size": 6, "merge": "all", "method": "tm"}
# Batches as they are after a history that no scan of the pictures tells.
NAMES = {1: 2, 2: 5, 3: 9}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> set[frozenset[str]]:
    """What an undisturbed run makes of the pictures."""
    project = Project(tmp_path_factory.mktemp("undisturbed"))
    _add_pictures(project)
    run = project.run("out/clusters.csv", **KEYS)
    assert run.ok, run.err
    return project.partition()


@pytest.fixture
def with_history(project) -> Iterator[Project]:
    """A project of three batches, named 0002, 0005 and 0009, that has not run yet; its pictures must stay the same."""
    _add_pictures(project)
    plan = plan_batches(scan(project.pictures), None, folder=str(project.pictures.resolve()), batch_size=6)
    renamed = Plan(plan.folder, 12, {NAMES[number]: batch for number, batch in plan.batches.items()})
    write_ledger(renamed, project.output / "ledger.parquet")
    with unchanged(project.pictures):
        yield project


def _add_pictures(project: Project) -> None:
    add_pictures(project.pictures, scenes=5, copies=3)
    add_pictures(project.pictures, scenes=3, copies=1, start=100)


@contextmanager
def started(project: Project, **config) -> Iterator[subprocess.Popen[str]]:
    """A run in the background; whatever is left of it is killed in the end."""
    process = project.start(**config)
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait_for(project: Project, pattern: str, process: subprocess.Popen[str], timeout: float = 120) -> str:
    """Wait until the log of a started run holds the pattern; gives the log."""
    end = time.monotonic() + timeout
    while True:
        log = (project.folder / "started.log").read_text(encoding="utf-8")
        if re.search(pattern, log, re.MULTILINE):
            return log
        assert process.poll() is None, f"the run ended before {pattern!r}:\n{log}"
        assert time.monotonic() < end, f"{pattern!r} never came:\n{log}"
        time.sleep(0.01)


@pytest.mark.parametrize("group", [True, False], ids=["with its jobs", "alone"])
@pytest.mark.parametrize("rule", ["split", "cluster"])
def test_after_kill_9_the_same_command_keeps_every_batch_and_ends_as_if_undisturbed(
    with_history, undisturbed, rule, group
):
    batches = with_history.batches()
    with started(with_history, **KEYS) as process:
        log = wait_for(with_history, rf"^(local)?rule {rule}:", process)
        kill(process, group=group)
        assert log.count(f"(Rule: {rule})") < len(NAMES)
        # As `written_atomically` leaves it when it is killed in between.
        (with_history.output / "split").mkdir(exist_ok=True)
        (with_history.output / "split" / ".0002.parquet.k1ll3d_x").write_bytes(b"PAR1")
        run = with_history.run(**KEYS)
    assert run.ok, run.err
    assert run.jobs[rule] > 0
    assert with_history.batches() == batches
    assert sorted(path.stem for path in (with_history.output / "split").iterdir()) == ["0002", "0005", "0009"]
    assert with_history.partition() == undisturbed
    assert list(with_history.output.rglob(".*.*.*")) == []
    assert with_history.plan(**KEYS).planned == Counter()


# `make faults` asks for 50.
KILLS = int(os.environ.get("ICAS_KILLS", "5"))


def killed_at_random(project: Project, random: np.random.Generator) -> str:
    """Start a run, kill a part of it at a random moment, and say which part; 'ended' where it had none left."""
    with started(project, **KEYS) as process:
        while process.poll() is None and "Select jobs" not in (project.folder / "started.log").read_text():
            time.sleep(0.01)
        time.sleep(random.uniform(0, 3))
        if process.poll() is not None:
            assert process.returncode == 0, (project.folder / "started.log").read_text()
            return "ended"
        victim = random.choice(["the run with its jobs", "Snakemake alone", "a job", "what forks the jobs"])
        if victim in ("a job", "what forks the jobs"):
            while process.poll() is None and not (jobs := jobs_of(process, *FORKED)):
                time.sleep(0.01)
            with suppress(psutil.NoSuchProcess):
                if process.poll() is None:
                    (jobs[0] if victim == "a job" else jobs[0].parent()).kill()
            assert "Traceback" not in project.ended(process).text
        else:
            kill(process, group=victim == "the run with its jobs")
    return victim


def test_kills_of_the_run_and_of_jobs_at_random_moments_lose_nothing(with_history, undisturbed):
    batches, random = with_history.batches(), np.random.default_rng(20)
    ledger = (with_history.output / "ledger.parquet").read_bytes()
    killed: Counter[str] = Counter()
    while killed.total() - killed["ended"] < KILLS:
        victim = killed_at_random(with_history, random)
        killed[victim] += 1
        assert with_history.batches() == batches
        if victim == "ended":
            assert with_history.partition() == undisturbed
            shutil.rmtree(with_history.output)
            with_history.output.mkdir()
            (with_history.output / "ledger.parquet").write_bytes(ledger)
    run = with_history.run(**KEYS)
    assert run.ok, run.err
    assert with_history.partition() == undisturbed
    assert list(with_history.output.rglob(".*.*.*")) == []
    assert with_history.plan(**KEYS).planned == Counter()


def test_beside_a_run_a_plan_writes_nothing_and_another_run_refuses_in_one_line(with_history, undisturbed):
    with started(with_history, **KEYS) as process:
        wait_for(with_history, r"^Finished jobid: \d+ \(Rule: extract\)", process)
        # Stopped for a while, so that all that is written meanwhile is written by the others.
        os.killpg(process.pid, signal.SIGSTOP)
        before = snapshot(with_history.output, with_history.pictures)
        plan, second = with_history.plan(**KEYS), with_history.run(**KEYS)
        assert snapshot(with_history.output, with_history.pictures) == before
        os.killpg(process.pid, signal.SIGCONT)
        run = with_history.ended(process)

    assert plan.ok, plan.text
    assert sum(plan.planned.values()) > 0
    assert not second.ok
    assert second.jobs == Counter()
    [line] = [line for line in second.text.splitlines() if "icas:" in line]
    assert line == "icas: output: out is in use by another run; wait for it, or choose another output"
    assert "Traceback" not in second.text
    assert run.ok, run.err
    assert with_history.partition() == undisturbed


def jobs_of(process: subprocess.Popen[str], *rules: str) -> list[psutil.Process]:
    """The forked jobs of a run, of these rules, by which each is called; asked of Linux, since they are short."""
    found = []
    for server in children_of(process.pid):
        for job in children_of(server):
            with suppress(OSError, psutil.NoSuchProcess):
                if Path(f"/proc/{job}/comm").read_text().strip() in rules:
                    found.append(psutil.Process(job))
    return found


def children_of(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:  # it has ended
        return []


def stopped(process: psutil.Process) -> bool:
    """Stop a process; False where it had ended before."""
    with suppress(psutil.NoSuchProcess):
        process.suspend()
        while (status := process.status()) != psutil.STATUS_ZOMBIE:
            if status == psutil.STATUS_STOPPED:
                return True
    return False


@pytest.mark.parametrize("rule", ["extract", "cluster"])
def test_a_job_that_outlives_its_run_ends_and_writes_nothing_into_a_later_result(with_history, undisturbed, rule):
    orphans: list[psutil.Process] = []
    with started(with_history, **KEYS) as process:
        try:
            wait_for(with_history, rf"^(local)?rule {rule}:", process)
            while not orphans:
                assert process.poll() is None
                orphans = [job for job in jobs_of(process, rule) if stopped(job)]
            kill(process, group=False)
            run = with_history.run(**KEYS)
            assert run.ok, run.err
            before = snapshot(with_history.output)
            assert all(each.status() == psutil.STATUS_STOPPED for each in orphans)
            for each in orphans:
                each.resume()
            _, alive = psutil.wait_procs(orphans, timeout=60)
            assert not alive
        finally:
            for each in orphans:
                with suppress(psutil.NoSuchProcess):
                    each.kill()
    assert snapshot(with_history.output) == before
    assert with_history.partition() == undisturbed
