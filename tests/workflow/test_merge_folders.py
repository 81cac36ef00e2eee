"""Merging a folder of batch folders: ours as a run left them, or corrected by hand."""

from __future__ import annotations

import csv
import json
import shutil
from collections import Counter
from pathlib import Path

import pytest

from tests.workflow.conftest import BATCHES_OF_NINE
from tests.workflow.runs import Project, Run, snapshot

pytestmark = pytest.mark.workflow


def merged(project: Project, merge: str, **config: object) -> tuple[Run, Path]:
    """Run merge_folders on the project's batch folders; the run and its result folder."""
    run = project.run("merge_folders", **{"output": "", "folders": "out/batches", "merge": merge, **config})
    return run, project.folder / "results" / "out_merged"


def partition(result: Path) -> set[frozenset[str]]:
    """clusters.csv as sets of paths; each outlier a set of its own."""
    sets: dict[str, set[str]] = {}
    with open(result / "clusters.csv", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            sets.setdefault(row["path"] if row["cluster"] == "-1" else row["cluster"], set()).add(row["path"])
    return {frozenset(members) for members in sets.values()}


def own_clusters(batches: Path) -> set[frozenset[str]]:
    """The clusters that lie in the batch folders, each outlier a set of its own."""
    sets: set[frozenset[str]] = set()
    for folder in batches.glob("*/*/"):
        paths = [path.relative_to(batches).as_posix() for path in folder.iterdir()]
        sets |= {frozenset([path]) for path in paths} if folder.name == "outliers" else {frozenset(paths)}
    return sets


def scenes(result: Path) -> Counter[tuple[str, ...]]:
    """Each cluster as the scenes that its pictures show."""
    return Counter(
        tuple(sorted({path.rpartition("_")[2].removesuffix(".jpg") for path in members}))
        for members in partition(result)
    )


@pytest.mark.parametrize("merge", ["representatives", "outliers", "all"])
def test_batch_folders_are_merged_and_what_lies_together_stays_together(two_batches: Project, merge: str) -> None:
    batches, before = two_batches.output / "batches", snapshot(two_batches.output / "batches", two_batches.pictures)
    run, result = merged(two_batches, merge)
    assert run.ok, run.err
    assert run.jobs == Counter(merge_folders=1)
    for own in own_clusters(batches):
        assert any(own <= together for together in partition(result))
    assert sum(map(len, partition(result))) == 17
    if merge == "representatives":
        assert len(partition(result)) == len(own_clusters(batches)) - 1, "one scene has a cluster in both batches"
    else:
        assert scenes(result) == Counter({(f"{number:03d}",): 1 for number in range(5)})
    placed = [path for path in (result / "clusters").glob("*/*") if not path.name.startswith(".")]
    assert len(placed) == 17
    counts = json.loads((result / "summary.json").read_text(encoding="utf-8"))
    assert counts["found"] == counts["clustered"] + counts["outliers"] == 17
    assert f"icas: {counts['line']}" in run.err.splitlines()
    assert "<html" in (result / "report.html").read_text(encoding="utf-8")
    assert snapshot(two_batches.output / "batches", two_batches.pictures) == before


def test_without_a_merge_the_folders_are_the_clusters(two_batches: Project) -> None:
    run, result = merged(two_batches, "none")
    assert run.ok, run.err
    assert partition(result) == own_clusters(two_batches.output / "batches")


def test_what_a_person_put_together_is_kept_and_a_picture_in_two_batches_arrives_twice(two_batches: Project) -> None:
    batches = two_batches.output / "batches"
    one, other = sorted((batches / "0001").glob("cluster_*"))[:2]
    moved = next(one.iterdir())
    moved.rename(other / moved.name)
    picture = next((batches / "0002" / "cluster_0001").iterdir())
    shutil.copy(picture, batches / "0001" / "outliers" / "mine.jpg")
    (batches / "0001" / "my own cluster").mkdir()
    (batches / "0002" / "outliers" / "broken.jpg").write_text("no picture")
    run, result = merged(two_batches, "outliers")
    assert run.ok, run.err
    found = partition(result)
    corrected = {path.relative_to(batches).as_posix() for path in other.iterdir()}
    assert any(corrected <= together for together in found)
    again = {"0001/outliers/mine.jpg", picture.relative_to(batches).as_posix()}
    assert any(again <= together for together in found), "a copy is like the picture"
    assert sum(map(len, found)) == 18
    assert "broken.jpg" in (result / "report.html").read_text(encoding="utf-8")


def test_the_result_is_kept_where_a_person_corrected_it(two_batches: Project) -> None:
    _, result = merged(two_batches, "none")
    (result / "clusters" / "cluster_0001" / "mine.jpg").write_text("mine")
    run, _ = merged(two_batches, "outliers")
    assert run.code != 0
    assert [line for line in run.err.splitlines() if "changed by hand" in line and "overwrite=true" in line], run.err
    assert (result / "clusters" / "cluster_0001" / "mine.jpg").exists()


def test_a_result_of_something_else_is_never_replaced(two_batches: Project) -> None:
    shutil.copytree(two_batches.output / "batches", two_batches.folder / "other" / "batches")
    run, result = merged(two_batches, "none")
    assert run.ok, run.err
    own, its = two_batches.output / "batches", two_batches.folder / "other/batches"
    for folders, output, source in (("other/batches", result, own), ("other/batches", "out", two_batches.pictures)):
        before = snapshot(result, two_batches.output)
        refused, _ = merged(two_batches, "none", folders=folders, output=output)
        assert refused.code != 0
        lines = [line for line in refused.text.splitlines() if "made from the" in line]
        assert len(lines) == 1, refused.text
        assert f" {source.resolve()}; choose another output" in lines[0]
        assert "Traceback" not in refused.text
        assert snapshot(result, two_batches.output) == before
    again, _ = merged(two_batches, "none", folders="other/batches")
    assert again.ok, again.err
    assert partition(two_batches.folder / "results" / "other_merged") == own_clusters(its)


def test_results_inside_the_picture_folder_are_no_pictures_of_another_run(two_batches: Project) -> None:
    run, _ = merged(two_batches, "none", output="pictures/merged")
    assert run.ok, run.err
    shutil.copytree(two_batches.output, two_batches.pictures / "sub" / "earlier")
    again = two_batches.plan(**BATCHES_OF_NINE)
    assert again.ok, again.err
    assert again.planned == Counter(), "copies in results were counted as pictures"


@pytest.mark.parametrize(
    ("folders", "says"),
    [("nowhere", "not a folder"), ("pictures", "found the picture"), ("empty", "holds no pictures")],
)
def test_a_folder_of_no_batch_folders_is_named(two_batches: Project, folders: str, says: str) -> None:
    (two_batches.folder / "empty").mkdir()
    run, result = merged(two_batches, "outliers", folders=folders)
    assert run.code != 0
    assert "Traceback" not in run.text
    assert [line for line in run.text.splitlines() if folders in line and says in line], run.text
    assert not (result.parent / f"{folders}_merged" / "clusters").exists()
