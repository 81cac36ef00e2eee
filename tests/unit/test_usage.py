"""What a process used stands at the end of its job's log."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from icas_core.logs import reporting_errors
from icas_core.usage import Usage, added, read_usage, usage_so_far

ROOT = Path(__file__).parents[2]


def test_a_jobs_log_ends_with_what_it_used(tmp_path: Path) -> None:
    log = tmp_path / "job.log"
    reporting_errors(lambda job: None, SimpleNamespace(log=[str(log)]))
    used = read_usage(log)
    assert used is not None
    assert 0 < used.seconds <= usage_so_far().seconds + 0.01
    assert 5 < used.megabytes <= usage_so_far().megabytes + 1


def test_a_failed_job_says_nothing_of_it(tmp_path: Path) -> None:
    log = tmp_path / "job.log"
    with pytest.raises(SystemExit):
        reporting_errors(lambda job: 1 / 0, SimpleNamespace(log=[str(log)]))
    assert read_usage(log) is None
    assert read_usage(tmp_path / "no such log") is None


def test_the_memory_is_the_processs_own_and_not_its_parents() -> None:
    """A small process started by one that holds 200 MB."""
    code = (
        "import subprocess, sys; held = bytearray(b'1') * 200_000_000; "
        "subprocess.run([sys.executable, '-c', 'from icas_core.usage import usage_so_far as u; print(u().megabytes)'])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert float(done.stdout) < 100


def test_the_time_of_several_jobs_adds_up_and_the_largest_memory_counts() -> None:
    assert added([Usage(1.5, 100), Usage(2, 300), Usage(0.5, 200)]) == Usage(4, 300)
    assert added([]) == Usage(0, 0)
