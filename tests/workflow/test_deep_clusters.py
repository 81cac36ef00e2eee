"""`method: deep` in whole runs: features, clusters by competing models, one merge, and the same folders and page."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sklearn.metrics import normalized_mutual_info_score

from icas_core.evaluate.groundtruth import read_groups
from tests.workflow.runs import PHOTOS, ROOT, Project, add_pictures, state

pytestmark = pytest.mark.workflow

MODELS = {"kmeans", "agglomerative", "dbscan", "gaussian_mixture", "hdbscan"}
SMALL_FEATURES = f"{ROOT / 'tests/unit/deep/own_models.py'}:SmallFeatures"
# No torch, and few values to try: what is tried here is which jobs run.
HOG = {"method": "deep", "batch_size": 12, "deep": {"model": "hog", "compete": ["kmeans", "agglomerative"]}}
ENDING = Counter(merge_deep=1, draw_deep=1, place=1, gallery=1)


def scores_of(project: Project) -> list[dict[str, str]]:
    with open(project.output / "model_scores.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def check_result(project: Project, pictures: int) -> None:
    """What a run leaves agrees with itself: the table, the folders, the counts, the page, the drawings."""
    rows = project.rows()
    summary = project.summary()
    assert summary["found"] == len(rows) + summary["rejected"] == pictures
    assert summary["clustered"] + summary["outliers"] == len(rows)
    sizes = Counter(int(row["cluster"]) for row in rows)
    assert summary["clusters"] == len(sizes.keys() - {-1}) >= 2
    assert summary["outliers"] == sizes[-1]
    for number, size in sizes.items():
        folder = project.output / "clusters" / ("outliers" if number == -1 else f"cluster_{number:04d}")
        assert len([path for path in folder.iterdir() if not path.name.startswith(".")]) == size
    chosen = Counter(int(row["cluster"]) for row in rows if row["representative"] == "1")
    assert chosen == Counter(dict.fromkeys(sizes.keys() - {-1}, 1))
    scores = scores_of(project)
    assert sum(row["chosen"] == "1" for row in scores) == 1
    assert all(float(row["coverage"]) >= 0.7 for row in scores if row["chosen"] == "1")
    for name in ("map", "scores"):
        with Image.open(project.output / f"draw_deep/{name}.png") as drawing:
            assert min(drawing.size) > 300
    page = (project.output / "report.html").read_text(encoding="utf-8")
    assert "Map of the pictures" in page
    assert "Scores of the clustering models" in page


@pytest.mark.slow
def test_photographs_are_clustered_by_what_they_show(project: Project) -> None:
    originals = state(PHOTOS)
    run = project.run(images=str(PHOTOS), method="deep", batch_size=40)
    assert run.ok, run.err
    each = Counter(split=2, extract_deep=2, cluster_deep=2, represent_deep=2, place_batch=2)
    assert run.jobs == each + ENDING
    check_result(project, 78)
    assert state(PHOTOS) == originals
    assert {row["model"] for row in scores_of(project)} == MODELS
    assert {row["batch"] for row in scores_of(project)} == {"all"}
    group_of = read_groups(ROOT / "tests/data/groundtruth.csv")
    rows = [row for row in project.rows() if row["path"] in group_of]
    groups = [group_of[row["path"]] for row in rows]
    assert normalized_mutual_info_score(groups, [row["cluster"] for row in rows]) > 0.75


@pytest.mark.slow
@pytest.mark.parametrize("loss", ["mse", "l1", "perceptual"])
def test_an_autoencoder_learns_and_its_codes_are_clustered(loss: str, project: Project) -> None:
    deep = {"model": "autoencoder", "loss": loss, "loss_model": SMALL_FEATURES, "epochs": 2, "code": 8, "batch": 16}
    run = project.run(images=str(PHOTOS), method="deep", deep=deep, size=[32, 32], batch_transfer="none")
    assert run.ok, run.err
    assert run.jobs == Counter(train=1, split=1, extract_deep=1, cluster_deep=1) + ENDING
    check_result(project, 78)
    page = (project.output / "report.html").read_text(encoding="utf-8")
    assert page.count("data:image/png;base64,") == 4
    assert "How the model learnt" in page


@pytest.fixture(scope="module")
def clustered(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, Path]:
    """A project of three batches after its run with HOG, and a copy to restore it from."""
    folder = tmp_path_factory.mktemp("clustered")
    project = Project(folder / "project")
    add_pictures(project.pictures, scenes=9, copies=4)
    return project.finished(folder / "saved", **HOG)


def test_a_changed_picture_runs_its_batch_and_the_merge_again_and_nothing_else(
    clustered: tuple[Project, Path],
) -> None:
    project = clustered[0].restore(clustered[1])
    check_result(project, 36)
    assert not project.plan(**HOG).planned
    add_pictures(project.pictures, scenes=1, copies=2, start=50)
    run = project.run(**HOG)
    assert run.ok, run.err
    one = Counter(split=1, extract_deep=1, cluster_deep=1, represent_deep=1, place_batch=1)
    assert run.jobs == one + ENDING
    check_result(project, 38)
    again, other = project.partition(), Project(project.folder / "fresh", output="out")
    run = other.run(**HOG, images=str(project.pictures))
    assert run.ok, run.err
    # A picture keeps its batch, so that the batches, and with them the means, are others than from scratch.
    fresh = [len(cluster) for cluster in other.partition()]
    assert sum(fresh) == sum(map(len, again)) == 38


@pytest.mark.parametrize(
    ("change", "jobs"),
    [
        ({"deep": {**HOG["deep"], "merge": "first"}}, {"represent_deep": 3}),
        ({"merge": "representatives"}, {"represent_deep": 3}),
        ({"merge": "all"}, {}),
        ({"merge": "none"}, {}),
        ({"deep": {**HOG["deep"], "selection": "minmax"}}, {"cluster_deep": 3, "represent_deep": 3, "place_batch": 3}),
    ],
    ids=str,
)
def test_another_way_to_merge_or_to_choose_runs_what_depends_on_it(
    change: dict[str, Any], jobs: dict[str, int], clustered: tuple[Project, Path]
) -> None:
    project = clustered[0].restore(clustered[1])
    run = project.run(**{**HOG, **change})
    assert run.ok, run.err
    assert not {"split", "extract_deep", "train"} & run.jobs.keys()
    # What comes out equal to what was there may be left as it is.
    assert run.jobs["merge_deep"] == 1
    assert {rule: run.jobs[rule] for rule in jobs if rule != "place_batch"} == {
        rule: count for rule, count in jobs.items() if rule != "place_batch"
    }
    rows = project.rows()
    assert len(rows) == project.summary()["found"] == 36
    if change.get("merge") == "none":
        assert {row["batch"] for row in scores_of(project)} == {"0001", "0002", "0003"}


def test_a_correction_by_hand_stops_placing_until_overwrite_is_said(clustered: tuple[Project, Path]) -> None:
    project = clustered[0].restore(clustered[1])
    moved = next((project.output / "clusters/cluster_0001").glob("*.jpg"))
    moved.rename(project.output / "clusters/cluster_0002" / f"mine {moved.name}")
    assert not project.plan(**HOG).planned
    run = project.run(**HOG, transfer="hardlink")
    assert not run.ok
    assert any("changed by hand" in line and "overwrite=true" in line for line in run.err.splitlines())
    run = project.run(**HOG, transfer="hardlink", overwrite=True)
    assert run.ok, run.err
    check_result(project, 36)


def test_two_pictures_are_outliers_and_a_line_says_why(project: Project) -> None:
    add_pictures(project.pictures, scenes=1, copies=2)
    run = project.run(**HOG)
    assert run.ok, run.err
    assert project.summary()["outliers"] == 2
    assert "icas: no clustering model made acceptable clusters" in run.err


def test_a_wrong_grid_is_one_line_before_anything_runs(project: Project) -> None:
    add_pictures(project.pictures, scenes=1, copies=2)
    for deep, message in (
        ({"kmeans": {"clusters": 3}}, "'deep.kmeans.clusters': there is no such key; did you mean 'deep.kmeans.n_clu"),
        ({"compete": ["spectral"]}, "config key 'deep': found"),
        ({"dbscan": {"eps": 0}}, "config key 'deep': found"),
    ):
        run = project.run(method="deep", deep={"model": "hog", **deep})
        assert run.code == 1
        lines = [line for line in run.err.splitlines() if line.startswith("icas:")]
        assert len(lines) == 1
        assert message in lines[0]
