"""The workload model beside the counts of a real run."""

from __future__ import annotations

import numpy as np
import pytest

from icas_core.tables import MERGED, read_table
from icas_core.workload.counted import expected_of, read_counts
from icas_core.workload.expected import Class, batch_sizes, expected_comparisons
from tests.workflow.runs import Project, add_pictures

pytestmark = [pytest.mark.workflow, pytest.mark.slow]


@pytest.fixture(scope="module")
def spread(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """40 scenes in three near copies and 30 in one, named at random, so that batches of 50 hold any of them."""
    project = Project(tmp_path_factory.mktemp("spread"))
    names = add_pictures(project.pictures, scenes=40, copies=3)
    names += add_pictures(project.pictures, scenes=30, copies=1, start=500)
    for name, number in zip(names, np.random.default_rng(3).permutation(len(names)), strict=True):
        (project.pictures / name).rename(project.pictures / f"{number:03d}.jpg")
    return project


def counts_of(project: Project) -> dict[str, dict[str, int]]:
    files = [sorted(map(str, (project.output / f"{stage}/ssim").glob("*.parquet"))) for stage in COMPARING]
    merged = read_table(project.output / "merge/clusters.parquet", MERGED)
    return read_counts(*files, ["ssim"], expected_of(merged, "outliers"))


COMPARING = ("compare", "compare_across")
KEYS = {"batch_size": 50, "transfer": "symlink", "batch_transfer": "none", "threshold": 0.7}


def test_the_model_expects_what_a_run_of_known_classes_counts(spread: Project) -> None:
    run = spread.run(**KEYS)
    assert run.ok, run.err
    counts = counts_of(spread)
    # What is known beforehand: the scenes and their copies.
    known = [Class(3, 1.0)] * 40 + [Class(1, 0.0)] * 30
    before = expected_comparisons(known, batch_sizes(150, 50), merge="outliers")
    within, across = counts["ssim within batches"], counts["ssim across batches"]
    assert within["possible"] == before.possible_within == 3 * 50 * 49 / 2
    assert across["possible"] == pytest.approx(before.possible_across, rel=0.15)
    # What is known afterwards: the clusters.
    assert across["possible"] == pytest.approx(across["expected"], rel=0.15)
    assert within["expected"] == pytest.approx(before.least_within, rel=0.15)
    for of in (within, across):
        assert of["possible"] == of["pruned"] + of["skipped"] + of["compared"]
    page = (spread.output / "report.html").read_text(encoding="utf-8")
    assert f"<td>{within['expected']:,}</td><td>{within['possible']:,}</td>" in page
    assert "Pairs of pictures" in page
