"""`snakemake estimate` says what a run takes before it, writes nothing but its log, and how wrong it was after it."""

from __future__ import annotations

import re

import pytest

from icas_core.tables import read_notes
from tests.workflow.runs import Project, Run, add_pictures

pytestmark = [pytest.mark.workflow, pytest.mark.slow]

KEYS = {"method": "ssim+imagehash", "batch_size": 25, "transfer": "symlink"}


def pairs_of(run: Run) -> dict[str, int]:
    """The pairs that the estimate names, by stage."""
    rows = re.findall(r"^(compare\w* \w+) +\d+ +([\d,]+) ", run.out, re.MULTILINE)
    return {stage: int(pairs.replace(",", "")) for stage, pairs in rows}


def test_an_estimate_before_and_after_a_run(project: Project) -> None:
    add_pictures(project.pictures, scenes=10, copies=3)
    add_pictures(project.pictures, scenes=20, copies=1, start=100)
    before = project.run("estimate", **KEYS)
    assert before.ok, before.text
    assert "50 pictures in 2 batches" in before.out
    assert "finished run" not in before.out
    assert [path.relative_to(project.output).as_posix() for path in project.output.rglob("*") if path.is_file()] == [
        "logs/estimate/all.log"
    ]
    run = project.run(**KEYS)
    assert run.ok, run.err
    after = project.run("estimate", **KEYS)
    assert re.search(r"The finished run's jobs used .* predicted were .* times\)", after.out), after.text
    predicted = pairs_of(after)
    for method in ("ssim", "imagehash"):
        for stage in ("compare", "compare_across"):
            files = (project.output / stage / method).glob("*.parquet")
            possible = sum(read_notes(file)["counts"]["possible"] for file in files)
            # Which pictures represent their batch is only known once it is clustered.
            assert predicted[f"{stage} {method}"] == pytest.approx(possible, rel=0 if stage == "compare" else 0.5)
    assert project.plan(**KEYS).planned == {}


def test_an_estimate_refuses_in_one_line_what_it_cannot_measure(project: Project) -> None:
    (project.pictures / "broken.jpg").write_text("no picture")
    run = project.run("estimate")
    assert not run.ok
    assert "none of 1 sampled pictures can be read" in run.text
    assert "Traceback" not in run.text
