"""The numbers at a threshold are those of a run at that threshold."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from skimage.metrics import structural_similarity

from icas_core.clustering.components import cluster_batch
from icas_core.errors import IcasError
from icas_core.extraction import features_of
from icas_core.similarity.pairs import similar_pairs, write_edges
from icas_core.tables import EDGES, OUTLIER, read_table
from icas_core.threshold.command import Job, measured
from icas_core.threshold.curve import Curve, write_curve
from icas_core.threshold.sample import sampled


@pytest.mark.parametrize("threshold", [0.0, 0.2, 0.5, 0.64, 0.9, 0.99, 1.0])
def test_pairs_and_clusters_are_those_of_the_stages_of_a_run(
    job: Job, curve: Curve, threshold: float, tmp_path: Path
) -> None:
    features, _ = features_of(job.images, job.paths, **job.extract)
    edges = similar_pairs(features, method="ssim", threshold=threshold)
    write_edges(edges, features.paths, features.paths, tmp_path / "edges.parquet")
    table = cluster_batch(features.paths, read_table(tmp_path / "edges.parquet", EDGES), representative="first")
    clusters = np.array(table["cluster"].to_pylist())
    clustered = clusters[clusters != OUTLIER]
    at = curve.at(threshold)
    assert at.pairs == at.expected == len(edges.a)
    assert at.clustered == at.pictures == len(clustered)
    assert at.clusters == len(set(clustered))
    assert at.largest == (np.bincount(clustered).max() if len(clustered) else 0)


def test_a_pair_at_the_threshold_is_similar(curve: Curve) -> None:
    similarity = float(curve.similarity[40])
    assert curve.count(similarity) >= 41
    assert curve.count(float(np.nextafter(np.float32(similarity), np.float32(2)))) <= 40


def test_examples_lie_next_to_the_line_on_their_own_sides_and_show_different_pictures(curve: Curve) -> None:
    above, below = curve.examples(0.64, 5)
    assert len(above) == len(below) == 5
    assert min(pair.similarity for pair in above) >= np.float32(0.64) > max(pair.similarity for pair in below)
    assert above[0].similarity == curve.similarity[curve.count(0.64) - 1]
    assert below[0].similarity == curve.similarity[curve.count(0.64)]
    for pairs in (above, below):
        shown = [path for pair in pairs for path in (pair.a, pair.b)]
        assert len(set(shown)) == len(shown)
    assert curve.examples(-1.0, 5)[1] == []
    assert curve.examples(1.01, 5)[0] == []


def test_a_pair_shown_has_the_similarity_that_the_library_gives(job: Job, curve: Curve) -> None:
    for pair in curve.examples(0.64, 3)[0]:
        features, _ = features_of(job.images, [pair.a, pair.b], **job.extract)
        a, b = (np.asarray(features.variants[0][row]) for row in range(2))
        assert structural_similarity(a, b, data_range=255) == pytest.approx(pair.similarity, abs=1e-5)


def test_what_is_expected_of_the_folder_comes_from_a_sample_of_neighbours_and_strangers() -> None:
    """4,000 pictures, each like its neighbour of the same ten, and every hundredth like all other hundredths."""
    count = 4000
    rng = np.random.default_rng(3)

    def similar(i: np.ndarray, j: np.ndarray) -> np.ndarray:
        near = (i // 10 == j // 10) & (np.abs(i - j) == 1)
        return near | ((i % 25 == 0) & (j % 25 == 0))

    a, b = np.triu_indices(count, 1)
    true = int(similar(a, b).sum())
    paths = [f"{number:05d}" for number in range(count)]
    estimates = []
    for _ in range(8):
        shift = int(rng.integers(count))
        places = np.array(sampled([*paths[shift:], *paths[:shift]], 800))
        first, second = np.triu_indices(len(places), 1)
        values = similar(places[first], places[second]).astype(np.float32)
        curve = Curve.of([paths[place] for place in places], places.tolist(), count, first, second, values)
        estimates.append(curve.at(0.5).expected)
        assert curve.at(-1.0).expected == pytest.approx(count * (count - 1) / 2)
    assert np.mean(estimates) == pytest.approx(true, rel=0.2)


def test_the_csv_holds_the_same_numbers(curve: Curve, tmp_path: Path) -> None:
    write_curve(curve, tmp_path / "curve.csv")
    with open(tmp_path / "curve.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [rows[0]["threshold"], rows[-1]["threshold"]] == ["0.000", "1.000"]
    for row in rows[::20]:
        at = curve.at(float(row["threshold"]))
        assert int(row["expected_similar_pairs"]) == at.pairs == int(row["similar_pairs_in_sample"])
        assert int(row["clustered_in_sample"]) == at.clustered
        assert int(row["clusters_in_sample"]) == at.clusters
    counts = [int(row["similar_pairs_in_sample"]) for row in rows]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] > counts[64] > 0


def test_pictures_that_cannot_be_read_are_left_out(job: Job, tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    names = [*job.paths[:4], "broken.jpg"]
    for name in names[:-1]:
        (folder / name).write_bytes((Path(job.images) / name).read_bytes())
    (folder / "broken.jpg").write_bytes(b"\xff\xd8 nothing")
    broken = Job(**{**vars(job), "images": str(folder), "paths": sorted(names), "places": [0, 1, 2, 3, 4], "folder": 5})
    found = measured(broken)
    assert found.paths == job.paths[:4]
    assert found.folder == 4


def test_fewer_than_two_pictures_are_refused(job: Job, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"nothing")
    alone = Job(**{**vars(job), "images": str(tmp_path), "paths": ["a.jpg"], "places": [0], "folder": 1})
    with pytest.raises(IcasError, match="only 0 of 1 sampled pictures can be read"):
        measured(alone)
