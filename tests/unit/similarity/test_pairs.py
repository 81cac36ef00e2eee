from __future__ import annotations

import numpy as np
import pytest

from icas_core.similarity.features import Features
from icas_core.similarity.forest import Forest
from icas_core.similarity.pairs import merge_edges, similar_pairs, write_edges
from icas_core.tables import EDGES, read_notes, read_table


def ramp(count: int) -> Features:
    """Pictures in a chain: each is like its neighbours, and less and less like those further off."""
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (20, 20 + count * 2), dtype=np.uint8)
    smooth = noise.astype(float)
    for _ in range(3):
        smooth = (smooth + np.roll(smooth, 1, 1) + np.roll(smooth, -1, 1)) / 3
    stack = np.stack([smooth[:, k : k + 20] for k in range(count)]).astype(np.uint8)
    return Features([f"{count - k:04}.png" for k in range(count)], (stack,))


def test_a_chain_is_one_component_although_its_ends_are_unlike():
    edges = similar_pairs(ramp(30), method="ssim", threshold=0.6)
    pairs = set(zip(edges.a.tolist(), edges.b.tolist(), strict=True))
    assert {(k, k + 1) for k in range(29)} <= pairs
    assert (0, 29) not in pairs


def test_edges_are_sorted_and_each_pair_comes_once():
    edges = similar_pairs(ramp(60), method="ssim", threshold=0.3, threads=2)
    pairs = list(zip(edges.a.tolist(), edges.b.tolist(), strict=True))
    assert pairs == sorted(set(pairs))
    assert all(a < b for a, b in pairs)
    assert edges.a.dtype == edges.b.dtype == np.int64


def test_pairs_already_connected_are_skipped_also_in_a_later_call(monkeypatch):
    monkeypatch.setattr("icas_core.similarity.pairs.TILE", 8)
    features, forest = ramp(64), Forest()
    first = similar_pairs(features, method="ssim", threshold=0.6, forest=forest)
    again = similar_pairs(features, method="ssim", threshold=0.6, forest=forest)
    assert len(first.a) == 63
    assert len(again.a) == 0
    assert again.counts == {"possible": 2016, "pruned": 0, "skipped": 2016, "compared": 0}


def test_a_forest_knows_pictures_by_path_not_by_row():
    features, forest = ramp(20), Forest()
    similar_pairs(features.take(range(10)), method="ssim", threshold=0.6, forest=forest)
    assert forest.connected(features.paths[0], features.paths[9])
    assert not forest.connected(features.paths[0], features.paths[10])
    similar_pairs(features.take([9]), features.take(range(10, 20)[::-1]), method="ssim", threshold=0.6, forest=forest)
    assert forest.connected(features.paths[0], features.paths[10])


def test_the_sample_does_not_depend_on_the_order_of_the_pictures():
    features = ramp(200)
    shuffled = features.take(np.random.default_rng(1).permutation(200))
    histogram = similar_pairs(features, method="ssim", threshold=0.9).histogram
    np.testing.assert_array_equal(similar_pairs(shuffled, method="ssim", threshold=0.9).histogram, histogram)
    assert histogram.shape == (200,)
    assert histogram.sum() == 1000


def test_all_pairs_of_a_small_set_are_sampled():
    edges = similar_pairs(ramp(12), method="ssim", threshold=0.9)
    assert edges.histogram.sum() == 66
    assert similar_pairs(ramp(3), ramp(4), method="ssim", threshold=0.9).histogram.sum() == 12


@pytest.mark.parametrize(("left", "right"), [(0, None), (1, None), (0, 5), (5, 0)])
def test_nothing_to_compare_gives_no_edges(left, right):
    other = None if right is None else ramp(6).take(range(right))
    edges = similar_pairs(ramp(6).take(range(left)), other, method="ssim", threshold=0)
    assert len(edges.a) == edges.counts["possible"] == edges.histogram.sum() == 0


def test_progress_is_told_of_every_pair():
    class Counter:
        n = 0

        def advance(self, n: int = 1) -> None:
            self.n += n

    told = Counter()
    similar_pairs(ramp(50), method="ssim", threshold=0.5, progress=told, threads=2)
    assert told.n == 50 * 49 // 2


def test_written_edges_name_pictures_in_order_with_their_counts(tmp_path):
    features = ramp(12)
    edges = similar_pairs(features, method="ssim", threshold=0.6)
    write_edges(edges, features.paths, None, tmp_path / "edges.parquet")
    table = read_table(tmp_path / "edges.parquet", EDGES)
    first, second = table["image_a"].to_pylist(), table["image_b"].to_pylist()
    assert all(a < b for a, b in zip(first, second, strict=True))
    assert list(zip(first, second, strict=True)) == sorted(zip(first, second, strict=True))
    assert sorted(table["similarity"].to_pylist()) == sorted(edges.similarity.tolist())
    notes = read_notes(tmp_path / "edges.parquet")
    assert notes["threshold"] == 0.6
    assert notes["counts"]["compared"] + notes["counts"]["pruned"] == 66
    assert sum(notes["histogram"]) == 66


def test_no_edges_are_written_as_an_empty_table(tmp_path):
    features = ramp(3)
    edges = similar_pairs(features, method="ssim", threshold=1.0)
    write_edges(edges, features.paths, features.paths, tmp_path / "edges.parquet")
    assert read_table(tmp_path / "edges.parquet", EDGES).num_rows == 0


def test_merged_edges_add_up():
    features = ramp(30)
    left, right = features.take(range(15)), features.take(range(15, 30))
    parts = [
        similar_pairs(right, method="ssim", threshold=0.5).shifted(15, 15),
        similar_pairs(left, right, method="ssim", threshold=0.5).shifted(0, 15),
        similar_pairs(left, method="ssim", threshold=0.5),
    ]
    merged, whole = merge_edges(parts), similar_pairs(features, method="ssim", threshold=0.5)
    np.testing.assert_array_equal(merged.a, whole.a)
    np.testing.assert_array_equal(merged.b, whole.b)
    assert merged.counts == whole.counts
    assert merge_edges([]).counts["possible"] == 0
