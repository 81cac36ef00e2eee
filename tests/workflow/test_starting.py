"""Jobs are forked from one process that has their libraries; what they make is what jobs that start anew make."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import pytest

from tests.workflow.runs import Project, add_pictures, environment

pytestmark = [
    pytest.mark.workflow,
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="jobs are forked on Linux only"),
]

# Python runs this as it starts, and not where it is forked.
RECORDER = """
import os, sys
if file := os.environ.get("STARTS_OF_PYTHON"):
    with open(file, "a") as starts:
        starts.write(" ".join(sys.orig_argv) + "\\n")
"""
RULES = {"split", "extract", "compare", "cluster", "represent", "compare_across", "merge", "place", "place_batch"}


def run(folder: Path, project: Project, **surroundings: str) -> list[str]:
    """Run the project; the commands of the Pythons that were started for it, its own first."""
    (folder / "site").mkdir(exist_ok=True)
    (folder / "site/sitecustomize.py").write_text(RECORDER)
    starts = folder / f"{project.output.name}.starts"
    variables = {**environment(), "PYTHONPATH": str(folder / "site"), "STARTS_OF_PYTHON": str(starts), **surroundings}
    command = project.command(batch_size=8, merge="all", method="ssim+imagehash")
    done = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return starts.read_text().splitlines()


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str], list[str]]:
    """A folder with forked/ and anew/, two runs over the same pictures, and the Pythons that each started."""
    folder = tmp_path_factory.mktemp("starting")
    forked, anew = Project(folder, output="forked"), Project(folder, output="anew")
    add_pictures(forked.pictures, scenes=8, copies=2)
    return folder, run(folder, forked), run(folder, anew, ICAS_FORK="0")


def test_no_job_of_the_main_job_starts_a_python(both: tuple[Path, list[str], list[str]]) -> None:
    _, forked, anew = both
    assert len(forked) == 1, forked
    assert {command.split(".")[-2] for command in anew[1:]} == {*RULES, "gallery"}


def test_both_make_the_same(both: tuple[Path, list[str], list[str]]) -> None:
    folder, _, _ = both
    names = ["clusters.csv", "summary.json"]
    for part in ("split", "extract", "compare", "cluster", "represent", "compare_across"):
        names += [path.relative_to(folder / "anew").as_posix() for path in (folder / "anew" / part).rglob("*.parquet")]
    assert len(names) > 15
    for name in names:
        made = (folder / "forked" / name).read_bytes().replace(b"forked", b"anew")
        assert made == (folder / "anew" / name).read_bytes(), name


def test_snakemake_measures_the_jobs_own_processes(both: tuple[Path, list[str], list[str]]) -> None:
    """Each with its libraries in memory from the first look on; a shell before it would have next to nothing."""
    folder, _, _ = both
    files = list((folder / "forked/benchmarks").rglob("*.tsv"))
    assert {file.parent.name for file in files} == {*RULES, "gallery"}
    for file in files:
        with open(file, encoding="utf-8", newline="") as lines:
            (row,) = csv.DictReader(lines, delimiter="\t")
        assert float(row["max_rss"]) > 30, file
