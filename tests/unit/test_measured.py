"""What rules took, from the files that runs leave, next to what a profile asks for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from icas_core.errors import IcasError
from icas_core.usage import Usage
from workflow.measured import HEADER, PROFILE, Measured, measured, read_asked, table

COLUMNS = "s\th:m:s\tmax_rss\tmax_vms\tmax_uss\tmax_pss\tio_in\tio_out\tmean_load\tcpu_time\n"


def job(output: Path, rule: str, name: str, *, seconds: float, max_rss: str, log: Usage | None = None) -> None:
    """The files that a job leaves: Snakemake's benchmark and its log."""
    for folder in ("benchmarks", "logs"):
        (output / folder / rule).mkdir(parents=True, exist_ok=True)
    line = f"{seconds}\t0:00:01\t{max_rss}\t2.00\t1.00\t1.00\t0.00\t0.00\t0.00\t0.10\n"
    (output / f"benchmarks/{rule}/{name}.tsv").write_text(COLUMNS + line, encoding="utf-8")
    (output / f"logs/{rule}/{name}.log").write_text(f"begun\n{log or ''}\n", encoding="utf-8")


@pytest.fixture
def output(tmp_path: Path) -> Path:
    job(tmp_path, "extract", "ssim.0001", seconds=12.5, max_rss="480.25", log=Usage(30.0, 400.0))
    job(tmp_path, "extract", "ssim.0002", seconds=20.0, max_rss="301.00")
    job(tmp_path, "split", "0001", seconds=0.2, max_rss="NA", log=Usage(0.2, 105.0))
    job(tmp_path, "split", "0002", seconds=0.3, max_rss="3.09")
    return tmp_path


def test_a_rule_took_the_most_of_its_jobs_by_snakemake_or_by_their_own_logs(output: Path):
    assert measured([output]) == {"extract": Measured(2, 480.25, 20.0), "split": Measured(2, 105e6 / 2**20, 0.3)}


def test_several_runs_count_together(output: Path, tmp_path_factory: pytest.TempPathFactory):
    other = tmp_path_factory.mktemp("other")
    job(other, "split", "0001", seconds=9.0, max_rss="50.0")
    assert measured([output, other])["split"] == Measured(3, 105e6 / 2**20, 9.0)


def test_a_rule_stands_beside_its_own_request_or_the_default_one(output: Path):
    asked = {"default": {"mem_mb": "attempt * 7", "runtime": 3}, "extract": {"mem_mb": 900}}
    assert table(measured([output]), asked).splitlines() == [
        *HEADER.splitlines(),
        "| `extract` | 2 | 481 | 900 | 20.0 | 3 |",
        "| `split` | 2 | 101 | attempt * 7 | 0.3 | 3 |",
    ]


def test_the_profile_of_slurm_is_the_default(output: Path):
    command = [sys.executable, "-m", "workflow.measured", str(output)]
    printed = subprocess.run(command, cwd=PROFILE.parents[1], capture_output=True, text=True, check=True).stdout
    assert printed == table(measured([output]), read_asked(PROFILE)) + "\n"


def test_a_folder_without_benchmarks_and_one_without_a_profile_are_refused(tmp_path: Path):
    with pytest.raises(IcasError, match=r"found no benchmarks/<rule>/\*\.tsv; accepted: the output"):
        measured([tmp_path])
    with pytest.raises(IcasError, match=r"--profile: .*config\.yaml: no such file; accepted: a folder"):
        read_asked(tmp_path)
