"""What a change makes run again, counted by rule in Snakemake's own log, and that the result is as from scratch."""

import os
from collections import Counter
from itertools import combinations
from pathlib import Path

import pytest

from tests.workflow.runs import BATCHES_OF_SIX, Project, Run, add_pictures, snapshot

pytestmark = pytest.mark.workflow

ENDING = Counter(merge=1, place=1, gallery=1)
OF_A_BATCH = ("split", "extract", "compare", "cluster", "place_batch", "represent")
OUTLIERS_MERGED = {**BATCHES_OF_SIX, "merge": "outliers"}
# One of six batches: it is compared with the five others, each being a block of its own.
ONE_OF_SIX = Counter(dict.fromkeys(OF_A_BATCH, 1), compare_across=5) + ENDING
CLUSTER_ON = Counter(cluster=6, place_batch=6, represent=6) + ENDING


@pytest.fixture(scope="module")
def outliers_merged_elsewhere(finished_elsewhere, tmp_path_factory) -> tuple[Project, Path]:
    """The project of six batches after one more run, merged through its representatives and outliers."""
    project, saved = finished_elsewhere
    run = run_as_planned(project.restore(saved), **OUTLIERS_MERGED)
    assert run.jobs == Counter(represent=6, compare_across=15) + ENDING
    return project, project.save(tmp_path_factory.mktemp("outliers") / "saved")


@pytest.fixture
def outliers_merged(outliers_merged_elsewhere) -> Project:
    """That project as its run left it, for a test to change as it likes."""
    project, saved = outliers_merged_elsewhere
    return project.restore(saved)


def run_as_planned(project: Project, *arguments: str, **config) -> Run:
    """Run; before it -n must have named the very jobs, and have written nothing."""
    before = snapshot(project.pictures, project.output)
    plan = project.plan(*arguments, **config)
    assert plan.ok, plan.text
    assert snapshot(project.pictures, project.output) == before
    run = project.run(*arguments, **config)
    assert run.ok, run.err
    assert run.jobs == plan.planned
    return run


def from_scratch(project: Project, **config) -> set[frozenset[str]]:
    """The partition that a first run into a new output folder gives, all pictures in one batch."""
    scratch = Project(project.folder, output="scratch")
    run = scratch.run("scratch/clusters.csv", **{**config, "output": "scratch", "batch_size": 1000})
    assert run.ok, run.err
    return scratch.partition()


def exchange(folder: Path, *names: str) -> None:
    """Give each picture the content of the next one."""
    contents = [(folder / name).read_bytes() for name in names]
    for name, content in zip(names, [*contents[1:], contents[0]], strict=True):
        (folder / name).write_bytes(content)


def test_nothing_changed_runs_nothing(finished):
    before = snapshot(finished.folder / ".snakemake" / "metadata", finished.output, finished.pictures)
    assert run_as_planned(finished, **BATCHES_OF_SIX).jobs == Counter()
    assert snapshot(finished.folder / ".snakemake" / "metadata", finished.output, finished.pictures) == before


def test_a_picture_touched_with_equal_content_runs_at_most_its_batch_and_changes_nothing(finished):
    partition = finished.partition()
    os.utime(finished.pictures / "1_scene_004.jpg")
    assert run_as_planned(finished, **BATCHES_OF_SIX).jobs in (Counter(), ONE_OF_SIX)
    assert finished.partition() == partition == from_scratch(finished, **BATCHES_OF_SIX)
    assert run_as_planned(finished, **BATCHES_OF_SIX).jobs == Counter()


def test_an_edited_picture_runs_its_batch_and_what_is_compared_with_it(finished):
    partition, batches = finished.partition(), finished.batches()
    (finished.pictures / "0_scene_002.jpg").write_bytes((finished.pictures / "0_scene_007.jpg").read_bytes())
    assert run_as_planned(finished, **BATCHES_OF_SIX).jobs == ONE_OF_SIX
    assert finished.batches() == batches
    assert finished.partition() != partition
    assert finished.partition() == from_scratch(finished, **BATCHES_OF_SIX)


def test_a_deleted_picture_and_one_that_takes_its_place_run_one_batch(finished):
    deleted, batches = "1_scene_004.jpg", finished.batches()
    (finished.pictures / deleted).unlink()
    assert run_as_planned(finished, **BATCHES_OF_SIX).jobs == ONE_OF_SIX
    assert finished.partition() == from_scratch(finished, **BATCHES_OF_SIX)

    [added] = add_pictures(finished.pictures, scenes=1, copies=1, start=50)
    assert run_as_planned(finished, **BATCHES_OF_SIX).jobs == ONE_OF_SIX
    assert {
        name: sorted({deleted if each == added else each for each in pictures})
        for name, pictures in finished.batches().items()
    } == batches
    assert finished.partition() == from_scratch(finished, **BATCHES_OF_SIX)


def test_a_picture_more_than_the_batches_hold_opens_a_new_batch_alone(finished):
    batches = finished.batches()
    [added] = add_pictures(finished.pictures, scenes=1, copies=1, start=50)
    run = run_as_planned(finished, **BATCHES_OF_SIX)
    assert run.jobs == Counter(dict.fromkeys(OF_A_BATCH, 1), compare_across=6) + ENDING
    assert finished.batches() == {**batches, "0007": [added]}
    assert finished.partition() == from_scratch(finished, **BATCHES_OF_SIX)


def test_an_emptied_batch_is_pruned_and_its_name_never_used_again(finished):
    gone = finished.batches()["0003"]
    for name in gone:
        (finished.pictures / name).unlink()
    assert run_as_planned(finished, **BATCHES_OF_SIX).jobs == ENDING
    left = [path for path in finished.output.rglob("*") if "0003" in path.name or "_03." in path.name]
    left += list(finished.output.rglob("*03_*"))
    assert [path for path in left if "cluster_0003" not in path.as_posix()] == []
    assert finished.partition() == from_scratch(finished, **BATCHES_OF_SIX)

    [added] = add_pictures(finished.pictures, scenes=1, copies=1, start=50)
    run = run_as_planned(finished, **BATCHES_OF_SIX)
    assert run.jobs == Counter(dict.fromkeys(OF_A_BATCH, 1), compare_across=5) + ENDING
    assert sorted(finished.batches()) == ["0001", "0002", "0004", "0005", "0006", "0007"]
    assert finished.batches()["0007"] == [added]


def test_a_threshold_above_the_floor_compares_nothing_and_one_below_it_extracts_nothing(finished):
    higher = {**BATCHES_OF_SIX, "threshold": 0.999}
    partition = finished.partition()
    assert run_as_planned(finished, **higher).jobs == CLUSTER_ON
    assert finished.partition() != partition
    assert finished.partition() == from_scratch(finished, **higher)

    lower = {**BATCHES_OF_SIX, "threshold": 0.4}
    assert run_as_planned(finished, **lower).jobs == CLUSTER_ON + Counter(compare=6, compare_across=15)
    assert finished.partition() == from_scratch(finished, **lower)


def test_another_method_runs_all_but_split_and_the_first_one_again_compares_nothing(finished):
    partition = finished.partition()
    another = {**BATCHES_OF_SIX, "method": "imagehash"}
    run = run_as_planned(finished, **another)
    # Of four blocks two hold two batches each: six pairs of different blocks, and those two with themselves.
    assert run.jobs == CLUSTER_ON + Counter(extract=6, compare=6, compare_across=8)
    assert finished.partition() == from_scratch(finished, **another)
    assert run_as_planned(finished, **another).jobs == Counter()

    assert run_as_planned(finished, **BATCHES_OF_SIX).jobs == CLUSTER_ON
    assert finished.partition() == partition


def test_a_second_method_joins_fewer_blocks_and_each_way_of_joining_them_compares_once(finished):
    partition = finished.partition()
    two = {**BATCHES_OF_SIX, "method": "tm+imagehash"}
    run = run_as_planned(finished, **two)
    # 11 blocks instead of 16, so that what tm compared across does not serve here.
    assert run.jobs == CLUSTER_ON + Counter(extract=6, compare=6, compare_across=2 * 15)
    assert finished.partition() == from_scratch(finished, **two)
    assert run_as_planned(finished, **BATCHES_OF_SIX).jobs == CLUSTER_ON
    assert finished.partition() == partition

    for name in finished.batches()["0003"]:
        (finished.pictures / name).unlink()
    assert run_as_planned(finished, **two).jobs == CLUSTER_ON - Counter(cluster=1, place_batch=1, represent=1)
    left = [path.name for path in (finished.output / "compare_across").rglob("*.parquet")]
    assert sorted(left) == sorted(
        f"{i:02d}_{j:02d}_of_{blocks}.parquet" for blocks in (11, 11, 16) for i, j in combinations((1, 2, 4, 5, 6), 2)
    )


@pytest.mark.parametrize("change", [{"size": [12, 12]}, {"variants": "mirror"}, {"decode": "fast"}])
def test_what_changes_the_features_extracts_all_again(finished, change):
    plan = finished.plan(**{**BATCHES_OF_SIX, **change})
    assert plan.planned == CLUSTER_ON + Counter(extract=6, compare=6, compare_across=15)


@pytest.mark.parametrize(
    ("change", "jobs"),
    [
        ({"transfer": "hardlink"}, Counter(place=1)),
        ({"batch_size": 100}, Counter()),
        ({"representative": "first"}, CLUSTER_ON),
    ],
)
def test_what_does_not_change_the_features_compares_nothing(finished, change, jobs):
    assert finished.plan(**{**BATCHES_OF_SIX, **change}).planned == jobs


def _edited(folder: Path) -> None:
    exchange(folder, "0_scene_002.jpg", "0_scene_004.jpg")


def _added(folder: Path) -> None:
    add_pictures(folder, scenes=1, copies=3, start=50)


def _deleted(folder: Path) -> None:
    (folder / "2_scene_001.jpg").unlink()


def _touched(folder: Path) -> None:
    os.utime(folder / "1_scene_004.jpg")


def _emptied(folder: Path) -> None:
    # The third of six batches of six, in the order of their names.
    for name in sorted(path.name for path in folder.iterdir())[12:18]:
        (folder / name).unlink()


def _nothing(folder: Path) -> None:
    pass


@pytest.mark.parametrize(
    ("change", "keys"),
    [
        *((change, {}) for change in (_edited, _added, _deleted, _touched, _emptied)),
        (_nothing, {"threshold": 0.999}),
        (_nothing, {"method": "imagehash"}),
    ],
    ids=["edited", "added", "deleted", "touched", "emptied", "threshold", "method"],
)
def test_after_each_change_representatives_give_what_a_forced_run_on_the_same_ledger_gives(
    outliers_merged, change, keys
):
    project = outliers_merged
    change(project.pictures)
    table, config = f"{project.output.name}/clusters.csv", {**OUTLIERS_MERGED, **keys}
    run = project.run(table, **config)
    assert run.ok, run.err
    partition, batches = project.partition(), project.batches()

    forced = project.run(table, "--forceall", **config)
    assert forced.ok, forced.err
    assert forced.jobs["compare"] == forced.jobs["represent"] == len(batches) >= 5
    assert project.batches() == batches
    assert project.partition() == partition
