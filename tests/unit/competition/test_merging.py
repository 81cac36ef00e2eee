"""The whole folder's clusters from those of its batches."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from sklearn.metrics import adjusted_rand_score

from icas_core.competition.batch import cluster_embeddings
from icas_core.competition.competing import Outcome, Rules
from icas_core.competition.condensing import condense, mean_count, read_means, represent
from icas_core.competition.merging import Embedded
from icas_core.competition.models import MODELS
from icas_core.competition.scores_table import join_scores, read_scores, table_of, write_scores
from icas_core.competition.similarity import cosine_of
from icas_core.competition.whole import merge_embeddings
from icas_core.similarity.features import Features, write_features
from icas_core.tables import MERGED, OUTLIER
from tests.unit.competition.test_competing import blobs

RULES = Rules({model: {} for model in MODELS})
BATCHES = ("0001", "0002", "0003")


class Folder:
    """Batches of embeddings on disk, clustered, and what stands for them, as the rules make them."""

    def __init__(self, folder: Path, rows: np.ndarray, *, batches: tuple[str, ...] = BATCHES, rules: Rules = RULES):
        self.folder, self.rules = folder, rules
        self.files, self.features, self.clusters = {}, {}, {}
        for name, part in zip(batches, np.array_split(np.arange(len(rows)), len(batches)), strict=True):
            features = Features([f"{row:04}.jpg" for row in part], (rows[part].astype(np.float32),))
            self.files[name] = str(folder / f"{name}.parquet")
            write_features(features, self.files[name])
            self.features[name] = features
            how: dict[str, Any] = {"components": 8, "representative": "medoid"}
            self.clusters[name], _ = cluster_embeddings(
                features, rules, **how, similarity_of=cosine_of([self.files[name]])
            )

    def merged(self, **config: Any) -> tuple[pa.Table, Outcome | None]:
        config = {"merge": "outliers", "through": "means", **config}
        represented = {name: str(self.folder / f"{name}.represented.parquet") for name in self.files}
        for name, file in represented.items():
            represent(self.features[name], self.clusters[name], file, **config, components=8, seed=0)
        return merge_embeddings(
            self.clusters,
            Embedded(self.files),
            represented,
            self.rules,
            **config,
            components=8,
            representative="medoid",
            similarity_of=cosine_of(list(self.files.values())),
        )


def labels_of(merged: pa.Table) -> np.ndarray:
    assert merged.schema == MERGED
    assert merged["path"].to_pylist() == sorted(merged["path"].to_pylist())
    return merged["cluster"].to_numpy()


def mixed(count: int, clusters: int, **how: Any) -> tuple[np.ndarray, np.ndarray]:
    """Blobs of which every batch holds some of each."""
    points, truth = blobs(count, clusters, **how)
    order = np.random.default_rng(9).permutation(count)
    return points[order], truth[order]


@pytest.mark.parametrize("config", [{"through": "means"}, {"through": "first"}, {"merge": "all"}], ids=str)
def test_clusters_that_are_far_apart_are_the_same_over_batches(config: dict[str, str], tmp_path: Path) -> None:
    rows, truth = mixed(240, 5)
    merged, outcome = Folder(tmp_path, rows).merged(**config)
    assert outcome is not None
    assert adjusted_rand_score(truth, labels_of(merged)) > 0.95
    assert set(merged["batch"].to_pylist()) == set(BATCHES)
    chosen = merged.filter(merged["representative"])
    assert sorted(chosen["cluster"].to_pylist()) == sorted({*labels_of(merged).tolist()} - {OUTLIER})


def test_a_kind_of_which_no_batch_but_one_holds_any_is_found(tmp_path: Path) -> None:
    rows, truth = blobs(240, 6)  # in order: each batch holds two of the six
    merged, _ = Folder(tmp_path, rows).merged()
    assert adjusted_rand_score(truth, labels_of(merged)) > 0.95


def test_means_stand_for_all_pictures_and_keep_their_mean() -> None:
    rows = blobs(500, 7, apart=3)[0].astype(np.float32)
    means = condense(rows, components=4)
    assert len(means.rows) == mean_count(500) == 88
    assert means.sizes.sum() == 500
    np.testing.assert_allclose(np.average(means.rows, axis=0, weights=means.sizes), rows.mean(axis=0), atol=1e-5)
    few = condense(rows[:20], components=4)
    np.testing.assert_array_equal(few.rows, rows[:20])


def test_means_come_back_from_their_file(tmp_path: Path) -> None:
    means = condense(blobs(90, 3)[0].astype(np.float32), components=4)
    means.write(tmp_path / "means.parquet")
    again = read_means(tmp_path / "means.parquet")
    np.testing.assert_array_equal(again.rows, means.rows)
    np.testing.assert_array_equal(again.sizes, means.sizes)
    condense(np.empty((0, 0), np.float32), components=4).write(tmp_path / "none.parquet")
    assert len(read_means(tmp_path / "none.parquet").rows) == 0


def test_without_a_merge_or_with_one_batch_the_batches_own_clusters_stay(tmp_path: Path) -> None:
    rows, truth = mixed(120, 4)
    folder = Folder(tmp_path, rows)
    merged, outcome = folder.merged(merge="none")
    assert outcome is None
    assert merged["cluster"].to_numpy().max() == sum(
        int(table["cluster"].to_numpy().max()) for table in folder.clusters.values()
    )
    merged, outcome = Folder(tmp_path, rows, batches=("0001",)).merged()
    assert outcome is None
    assert adjusted_rand_score(truth, labels_of(merged)) > 0.95


def test_outliers_of_a_batch_take_part_or_stay_as_they_are(tmp_path: Path) -> None:
    # A kind of which each batch holds one picture only: none sees a cluster in it.
    rows, _ = mixed(120, 3)
    rows = np.insert(rows, [0, 40, 80], 60.0, axis=0)
    alone = [0, 41, 82]
    density = Rules({"dbscan": {"eps": [0.5, 1.0, 1.5], "min_samples": 2}})
    folder = Folder(tmp_path, rows, rules=density)
    for through in ("means", "first"):
        with_them, _ = folder.merged(merge="outliers", through=through)
        assert len(set(labels_of(with_them)[alone])) == 1
        assert labels_of(with_them)[alone[0]] != OUTLIER
        without, _ = folder.merged(merge="representatives", through=through)
        assert set(labels_of(without)[alone]) == {OUTLIER}


@pytest.mark.parametrize("through", ["means", "first"])
def test_where_nothing_fits_the_batches_own_clusters_stay(
    through: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    merged, outcome = Folder(tmp_path, np.ones((40, 5))).merged(through=through)
    assert outcome is not None
    assert outcome.refusals
    assert set(labels_of(merged)) == {OUTLIER}
    assert "the batches' own clusters stay as they are" in caplog.text


def test_embeddings_that_are_no_numbers_are_named_and_outliers(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rows, truth = mixed(120, 4)
    rows[[3, 50]] = np.nan
    for config in ({"through": "means"}, {"through": "first"}, {"merge": "all"}):
        merged, _ = Folder(tmp_path, rows).merged(**config)
        found = labels_of(merged)
        assert set(found[[3, 50]]) == {OUTLIER}
        assert adjusted_rand_score(np.delete(truth, [3, 50]), np.delete(found, [3, 50])) > 0.95
    assert "'0003.jpg': the embedding is no number" in caplog.text


def test_the_table_of_scores_has_a_row_for_each_candidate(tmp_path: Path) -> None:
    rows, _ = mixed(120, 4)
    folder = Folder(tmp_path, rows)
    _, outcome = folder.merged()
    assert outcome is not None
    write_scores(table_of(outcome.rows, "0001"), tmp_path / "0001.csv")
    join_scores(outcome, [], tmp_path / "all.csv")
    whole = read_scores(tmp_path / "all.csv")
    assert len(whole) == len(outcome.rows)
    assert {row["batch"] for row in whole} == {"all"}
    assert [row["chosen"] for row in whole].count("1") == 1
    assert all((row["rating"] == "") == bool(row["refused"]) for row in whole)
    join_scores(None, [str(tmp_path / "0001.csv")] * 2, tmp_path / "joined.csv")
    assert len(read_scores(tmp_path / "joined.csv")) == 2 * len(whole)
