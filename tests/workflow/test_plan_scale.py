"""What planning costs with 100,000 pictures (`make scale`: a million), and what one picture more or less plans."""

import json
import os
import re
import subprocess
import sys
from collections import Counter

import pytest

from tests.workflow.runs import Project, Run, environment

pytestmark = [pytest.mark.workflow, pytest.mark.slow, pytest.mark.alone]

PICTURES = int(os.environ.get("ICAS_PICTURES", "100000"))
BATCHES = -(-PICTURES // 2000)
CPU_SECONDS = 60 if PICTURES > 100_000 else 10
MEGABYTES = 2000 if PICTURES > 100_000 else 500
OF_A_BATCH = ("split", "extract", "compare", "cluster", "place_batch", "represent")
CHANGED = "0022"  # the batch of the folder 0042
OF_THE_WHOLE = {"merge": 1, "place": 1, "gallery": 1}


@pytest.fixture(scope="module")
def unmade(tmp_path_factory) -> Project:
    """Folders of 1,000 names each: planning asks for names, sizes and times and reads no picture."""
    project = Project(tmp_path_factory.mktemp("scale"))
    for number in range(PICTURES // 1000):
        folder = project.pictures / f"{number:04d}"
        folder.mkdir()
        first = folder / "IMG_0000.jpg"
        first.write_bytes(b"x")
        for picture in range(1, 1000):
            os.link(first, folder / f"IMG_{picture:04d}.jpg")
    return project


@pytest.fixture(scope="module")
def made(unmade: Project) -> Project:
    """The same with a result that Snakemake takes for its own: all files of the plan, empty, marked as made."""
    # A file that is only touched has no record of its params: the batch that is to change gets one.
    split = unmade.run(f"out/split/{CHANGED}.parquet", timeout=3600)
    assert split.ok, split.text
    plan = unmade.plan()
    for outputs in re.findall(r"^ +(?:output|benchmark): (.*)$", plan.text, re.MULTILINE):
        for output in outputs.split(", "):
            path = unmade.folder / output
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
    run = unmade.run("--touch", timeout=3600)
    assert run.ok, run.text
    return unmade


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


def planned_within_bounds(project: Project, **config: str) -> Counter[str]:
    """The jobs that -n names, having held its processor time and its memory against the bounds."""
    report = project.folder / "measured.json"
    command = [sys.executable, "-c", MEASURING, str(report), *project.command("-n", **config)]
    subprocess.run(command, cwd=project.folder, env=environment(), check=True, timeout=300)
    measured = json.loads(report.read_text(encoding="utf-8"))
    plan = Run(measured["code"], "", measured["text"])
    assert plan.ok, plan.text
    print(
        f"{PICTURES:,} pictures: {plan.planned.total()} jobs, {measured['seconds']:.1f} CPU-s, "
        f"{measured['megabytes']:.0f} MB"
    )
    assert measured["seconds"] < CPU_SECONDS
    assert measured["megabytes"] < MEGABYTES
    return plan.planned


def test_planning_stays_within_its_bounds_and_is_six_jobs_a_batch(unmade: Project):
    expected = Counter(dict.fromkeys(OF_A_BATCH, BATCHES), compare_across=136, **OF_THE_WHOLE)
    assert planned_within_bounds(unmade) == expected
    assert expected.total() <= 6 * BATCHES + 150
    assert not unmade.output.exists()


@pytest.mark.parametrize(("method", "across"), [("ssim+orb", 2 * 66), ("ssim&orb&imagehash", 3 * 45)])
def test_each_further_method_is_two_jobs_a_batch_and_none_more_for_the_whole(unmade: Project, method: str, across: int):
    further = method.count("+") + method.count("&")
    plan = planned_within_bounds(unmade, method=method)
    assert plan["compare_across"] == across
    assert plan.total() <= (6 + 2 * further) * BATCHES + 150


def test_of_a_finished_result_nothing_is_planned_and_of_a_picture_more_or_less_one_batch(made: Project):
    assert planned_within_bounds(made) == Counter()
    one_batch = Counter(dict.fromkeys(OF_A_BATCH, 1), compare_across=16, **OF_THE_WHOLE)
    folder = made.pictures / "0042"
    (folder / "IMG_2000.jpg").write_bytes(b"x")
    added = planned_within_bounds(made)
    (folder / "IMG_2000.jpg").unlink()
    (folder / "IMG_0500.jpg").unlink()
    assert (added, planned_within_bounds(made)) == (one_batch, one_batch)
