"""What planning costs with 100,000 pictures, and that one more picture plans one batch."""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.workflow.runs import Project, Run, environment

pytestmark = [pytest.mark.workflow, pytest.mark.slow, pytest.mark.alone]

CPU_SECONDS = 10
MEGABYTES = 500


@pytest.fixture(scope="module")
def hundred_thousand(tmp_path_factory) -> Project:
    """100 folders of 1,000 files: planning asks for names, sizes and times and reads no picture."""
    project = Project(tmp_path_factory.mktemp("scale"))
    for number in range(100):
        folder = project.pictures / f"{number:03d}"
        folder.mkdir()
        for picture in range(1000):
            _write(folder / f"IMG_{picture:04d}.jpg")
    return project


def _write(path: Path) -> None:
    file = os.open(path, os.O_CREAT | os.O_WRONLY)
    os.write(file, b"x")
    os.close(file)


# A process of its own between pytest and Snakemake: Linux counts the peak memory of the process that forks as its
# child's, and pytest has used more than the bound by the time that this test runs among others.
MEASURING = """
import json, resource, subprocess, sys
done = subprocess.run(sys.argv[2:], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
seconds, megabytes = used.ru_utime + used.ru_stime, used.ru_maxrss / 1024
with open(sys.argv[1], "w", encoding="utf-8") as file:
    json.dump({"code": done.returncode, "text": done.stdout, "seconds": seconds, "megabytes": megabytes}, file)
"""


def planned_within_bounds(project: Project, *arguments: str) -> Counter[str]:
    """The jobs that -n names, having held its processor time and its memory against the bounds."""
    report = project.folder / "measured.json"
    command = [sys.executable, "-c", MEASURING, str(report), *project.command(*arguments, "-n")]
    subprocess.run(command, cwd=project.folder, env=environment(), check=True, timeout=300)
    measured = json.loads(report.read_text(encoding="utf-8"))
    plan = Run(measured["code"], "", measured["text"])
    assert plan.ok, plan.text
    assert measured["seconds"] < CPU_SECONDS
    assert measured["megabytes"] < MEGABYTES
    return plan.planned


def test_planning_100_000_pictures_stays_within_10_processor_seconds_and_500_megabytes(hundred_thousand):
    stages = ("split", "extract", "compare", "cluster", "place_batch", "represent")
    expected = Counter(dict.fromkeys(stages, 50), compare_across=136, merge=1, place=1, gallery=1)
    assert planned_within_bounds(hundred_thousand) == expected
    assert not hundred_thousand.output.exists()


def test_one_picture_more_among_100_000_plans_one_batch(hundred_thousand):
    run = hundred_thousand.run("--until", "split")
    assert run.ok, run.err
    assert run.jobs == Counter(split=50)
    _write(hundred_thousand.pictures / "042" / "IMG_2000.jpg")
    assert planned_within_bounds(hundred_thousand, "--until", "split") == Counter(split=1)
