"""Several clustering models compete: they are scikit-learn's own, and the labels that were scored are those used."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from sklearn.cluster import DBSCAN, HDBSCAN, AgglomerativeClustering, KMeans
from sklearn.metrics import (
    adjusted_rand_score,
    calinski_harabasz_score,
    davies_bouldin_score,
    silhouette_score,
)
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import NearestNeighbors

from icas_core.competition.competing import Rules, compete, without_singles
from icas_core.competition.grids import cluster_counts, radii
from icas_core.competition.models import MODELS, Candidate, Fitting, candidates_of
from icas_core.competition.points import fit_projection
from icas_core.competition.scores import score, stratified
from icas_core.errors import IcasError
from icas_core.tables import OUTLIER

EVERY: dict[str, Any] = {model: {} for model in MODELS}
SEED = 3
OF_SKLEARN = [
    (Candidate("kmeans", {"n_clusters": 4}), KMeans(4, n_init=10, random_state=SEED)),
    (Candidate("agglomerative", {"n_clusters": 4, "linkage": "ward"}), AgglomerativeClustering(4)),
    (
        Candidate("agglomerative", {"n_clusters": 7, "linkage": "average"}),
        AgglomerativeClustering(7, linkage="average"),
    ),
    (Candidate("dbscan", {"eps": 0.9, "min_samples": 4}), DBSCAN(eps=0.9, min_samples=4)),
    (
        Candidate("gaussian_mixture", {"n_components": 4, "covariance_type": "diag"}),
        GaussianMixture(4, covariance_type="diag", reg_covar=1e-3, random_state=SEED),
    ),
    (Candidate("hdbscan", {"min_cluster_size": 5}), HDBSCAN(min_cluster_size=5, copy=True)),
]


def blobs(count: int, clusters: int, *, apart: float = 12, seed: int = 0) -> tuple[Any, Any]:
    """Points around so many places, all as far from one another, and which place each belongs to."""
    rng = np.random.default_rng(seed)
    truth = np.sort(np.arange(count) % clusters)
    return np.eye(clusters)[truth] * apart + rng.normal(size=(count, clusters)), truth


@pytest.mark.parametrize(("candidate", "own"), OF_SKLEARN, ids=lambda each: str(getattr(each, "model", "")))
def test_a_models_labels_are_those_of_scikit_learn(candidate: Candidate, own: Any) -> None:
    points = blobs(120, 5, apart=4)[0]
    fitting = Fitting(points, None, SEED)
    for _ in range(2):  # the second time from what the first has shared
        found = fitting.labels(candidate)
        assert adjusted_rand_score(own.fit_predict(points), found) == 1
    fitting.close()


def test_several_cuts_of_one_tree_are_those_of_trees_of_their_own() -> None:
    points = blobs(80, 6, apart=4)[0]
    fitting = Fitting(points, None, SEED)
    for count in (2, 9, 5):
        found = fitting.labels(Candidate("agglomerative", {"n_clusters": count, "linkage": "ward"}))
        assert adjusted_rand_score(AgglomerativeClustering(count).fit_predict(points), found) == 1
    fitting.close()


def test_the_scores_are_those_of_scikit_learn_over_the_points_that_are_no_noise() -> None:
    points, truth = blobs(90, 3, apart=4)
    labels = np.where(np.arange(90) % 9 == 0, OUTLIER, truth)
    kept = labels != OUTLIER
    scores = score(points, labels)
    assert (scores.clusters, scores.coverage) == (3, pytest.approx(80 / 90))
    assert scores.silhouette == pytest.approx(silhouette_score(points[kept], labels[kept]))
    assert scores.davies_bouldin == pytest.approx(davies_bouldin_score(points[kept], labels[kept]))
    assert scores.calinski_harabasz == pytest.approx(calinski_harabasz_score(points[kept], labels[kept]))


def test_a_sample_takes_of_each_cluster_its_share_and_never_less_than_two() -> None:
    labels = np.repeat([0, 1, 2], [9000, 995, 5])
    rows = stratified(labels, 1000, seed=0)
    assert np.bincount(labels[rows]).tolist() == [900, 100, 2]
    points = np.random.default_rng(0).normal(size=(10000, 3)) + labels[:, None] * 4
    whole = silhouette_score(points[::3], labels[::3])
    assert score(points, labels).silhouette == pytest.approx(whole, abs=0.02)


def test_the_numbers_of_clusters_go_from_two_to_the_square_root() -> None:
    assert cluster_counts(3) == []
    assert cluster_counts(4) == [2]
    counts = cluster_counts(10_000)
    assert (counts[0], counts[:9]) == (2, [2, 3, 4, 5, 6, 7, 8, 10, 12])
    assert counts[-1] <= 100
    assert all(b <= max(a + 1, 1.25 * a) for a, b in pairwise(counts))


def test_the_radii_lie_on_the_curve_of_the_distances_to_the_nearest_points() -> None:
    points = blobs(100, 4)[0]
    curve = np.sort(NearestNeighbors(n_neighbors=5).fit(points).kneighbors(points)[0][:, -1])
    found = radii(points, 5)
    assert len(found) >= 5
    assert curve[0] <= min(found) * 1.001
    assert max(found) <= curve[-1] * 1.001
    assert radii(np.zeros((10, 2)), 5) == []


def test_what_the_user_gives_is_the_whole_grid() -> None:
    points = blobs(50, 3)[0]
    grid = {"n_clusters": [3, 40], "linkage": "single"}
    found = candidates_of("agglomerative", grid, points, 50)
    assert [dict(each.settings) for each in found] == [
        {"n_clusters": 3, "linkage": "single"},
        {"n_clusters": 40, "linkage": "single"},
    ]
    assert len(candidates_of("dbscan", {"eps": 2.0, "min_samples": [3, 4]}, points, 50)) == 2


@pytest.mark.parametrize("model", MODELS)
def test_each_model_alone_finds_clusters_that_are_far_apart(model: str) -> None:
    points, truth = blobs(150, 5)
    outcome = compete(points, Rules({model: {}}))
    assert {row.candidate.model for row in outcome.rows} == {model}
    assert adjusted_rand_score(truth, outcome.labels) > 0.97


@pytest.mark.parametrize("selection", ["rank", "silhouette", "minmax"])
def test_of_all_models_one_is_chosen_whose_labels_are_those_that_were_scored(selection: str) -> None:
    points, truth = blobs(160, 6)
    outcome = compete(points, Rules(EVERY, selection))
    chosen = [row for row in outcome.rows if row.chosen]
    assert len(chosen) == 1
    assert score(points, outcome.labels) == chosen[0].scores
    assert adjusted_rand_score(truth, outcome.labels) > 0.95
    assert {row.candidate.model for row in outcome.rows} == set(MODELS)
    assert not any(row.rating > chosen[0].rating for row in outcome.rows if not row.refused)


def test_the_same_seed_gives_the_same_outcome() -> None:
    points = blobs(120, 5, apart=4)[0]
    first, second = (compete(points, Rules(EVERY, seed=7)) for _ in range(2))
    assert (first.labels == second.labels).all()
    assert str(first.rows) == str(second.rows)


def test_more_clusters_than_the_square_root_only_if_asked_for() -> None:
    points, truth = blobs(60, 12)
    assert max(row.scores.clusters for row in compete(points, Rules(EVERY)).rows if not row.refused) <= 7
    asked = compete(points, Rules({**EVERY, "kmeans": {"n_clusters": [6, 12]}}))
    assert adjusted_rand_score(truth, asked.labels) == 1


def test_points_with_sizes_count_as_often_as_they_stand_for() -> None:
    points = np.array([[0.0, 0], [1, 0], [10, 0], [11, 0]])
    sizes = np.array([1000, 1, 1, 1])
    judged = np.repeat(points, 3, axis=0)
    outcome = compete(points, Rules({"kmeans": {"n_clusters": 2}}), sizes=sizes, judged=judged, pictures=1003)
    assert outcome.assignment is not None
    heavy = outcome.assignment.places[np.argmin(outcome.assignment.places[:, 0])]
    assert heavy[0] == pytest.approx(1 / 1001)
    assert outcome.labels.tolist() == [outcome.labels[0]] * 6 + [outcome.labels[-1]] * 6


def test_a_cluster_of_one_is_none() -> None:
    assert without_singles(np.array([3, 1, 3, -1, 2, 2])).tolist() == [3, -1, 3, -1, 2, 2]


def test_an_unknown_model_is_named() -> None:
    with pytest.raises(IcasError, match="deep.compete: found 'spectral'; accepted: kmeans"):
        compete(blobs(20, 2)[0], Rules({"spectral": {}}))


def test_a_projection_keeps_the_directions_that_differ_most() -> None:
    rng = np.random.default_rng(0)
    rows = (rng.normal(size=(200, 30)) * np.r_[np.full(3, 5.0), np.full(27, 0.01)]).astype(np.float32)
    project = fit_projection(rows, 3)
    points = project(rows)
    assert points.shape == (200, 3)
    assert np.square(points).mean() == pytest.approx(1, rel=0.02)
    between = np.linalg.norm(rows[0] - rows[1])
    assert np.linalg.norm(points[0] - points[1]) / project.scale == pytest.approx(between, rel=0.01)
