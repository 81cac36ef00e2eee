"""A job ends with its runner, through a shell in between, and in no other case."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from icas_core.runner import announce_runner

ROOT = Path(__file__).parents[2]
JOB = """
import os, select, signal, sys, time
from icas_core.runner import end_with_runner
{before}
end_with_runner()
print("works", flush=True)
time.sleep(600)
"""
# A runner that starts the job through a shell that stays, as Snakemake may, and waits for it.
RUNNER = """
import os, subprocess, sys
from icas_core.runner import announce_runner
announce_runner(os.environ)
subprocess.run(["sh", "-c", '"$0" -c "$1"; true', sys.executable, sys.argv[1]])
"""


def started(*arguments: str, environment: dict[str, str] | None = None) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", *arguments]
    where = {**os.environ, **(environment or {}), "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=where, start_new_session=True)


@pytest.fixture
def run_and_kill():
    """Start a job below a runner, kill -9 the runner while the job works, and give what the job says until it ends."""
    runners = []

    def start(before: str = "") -> str:
        runner = started(RUNNER, JOB.format(before=before))
        runners.append(runner)
        assert runner.stdout.readline() == "works\n"
        runner.kill()
        runner.wait()
        # This ends once no process holds the other end: the job has ended too.
        return runner.stdout.read()

    yield start
    for runner in runners:
        with suppress(ProcessLookupError):
            os.killpg(runner.pid, signal.SIGKILL)


def test_a_killed_runner_ends_its_job(run_and_kill):
    assert run_and_kill() == ""


def test_also_where_the_system_cannot_tell_of_an_ended_process(run_and_kill):
    assert run_and_kill("del os.pidfd_open") == ""


def test_a_job_may_keep_something_before_it_ends(run_and_kill):
    keep = "signal.signal(signal.SIGTERM, lambda *_: (print('kept', flush=True), sys.exit(1)))"
    assert run_and_kill(keep) == "kept\n"


def test_a_job_whose_runner_is_gone_before_it_begins_does_not_begin():
    announced: dict[str, str] = {}
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    announce_runner(announced)
    [(name, value)] = announced.items()
    job = started(JOB.format(before=""), environment={name: value.replace(str(os.getpid()), str(gone.pid), 1)})
    assert job.communicate(timeout=60)[0] == ""
    assert job.returncode == -signal.SIGTERM


@pytest.mark.parametrize("announced", [{}, {"ICAS_RUNNER": "2147483 pid:[1]"}], ids=["nobody", "in another container"])
def test_a_job_that_nobody_on_this_machine_runs_goes_on(announced):
    job = started(JOB.format(before="time.sleep = lambda _: None"), environment={"ICAS_RUNNER": "", **announced})
    assert job.communicate(timeout=60)[0] == "works\n"
    assert job.returncode == 0
